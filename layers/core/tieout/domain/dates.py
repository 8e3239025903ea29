"""Accounting dates: the day an instant belongs to in the company's time zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def accounting_date(at_unix: int, zone: ZoneInfo) -> date:
    """Return the day in `zone` on which the instant `at_unix` (unix seconds) falls."""
    return datetime.fromtimestamp(at_unix, tz=UTC).astimezone(zone).date()
