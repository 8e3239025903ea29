"""Accounting dates: the day an instant belongs to in the company's time zone."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def accounting_date(at_unix: int, zone: ZoneInfo) -> date:
    """Return the day in `zone` on which the instant `at_unix` (unix seconds) falls."""
    return datetime.fromtimestamp(at_unix, tz=UTC).astimezone(zone).date()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """Return the first and the last second of a day in `zone`, in unix seconds.

    A day on which clocks change has 23 or 25 hours.
    """
    began = datetime.combine(day, time(), zone)
    next_began = datetime.combine(day + timedelta(days=1), time(), zone)
    return int(began.timestamp()), int(next_began.timestamp()) - 1
