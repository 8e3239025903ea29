"""Accounting dates: the day an instant belongs to in the company's time zone."""

from collections.abc import Iterable, Iterator
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


def spans(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """Yield the first and the last day of each run of consecutive days; `days` are in order."""
    first = last = None
    for day in days:
        if first is None or last is None:
            first = day
        elif day != last + timedelta(days=1):
            yield first, last
            first = day
        last = day
    if first is not None and last is not None:
        yield first, last


def span_text(first: date, last: date) -> str:
    """Return days as people name them: `2026-10-03`, or `2026-10-03 to 2026-10-09`."""
    return str(first) if first == last else f"{first} to {last}"
