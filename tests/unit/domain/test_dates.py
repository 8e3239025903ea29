"""Accounting dates: the day an instant belongs to depends on the company's time zone.

Method: instants around midnight and around a change to winter time.
"""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tieout.domain.dates import accounting_date, day_bounds, span_text, spans

# 2026-10-31 23:30 UTC
LATE = 1_793_489_400


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("UTC", date(2026, 10, 31)),
        ("Europe/Berlin", date(2026, 11, 1)),
        ("America/New_York", date(2026, 10, 31)),
        ("Asia/Tokyo", date(2026, 11, 1)),
    ],
)
def test_a_month_may_end_earlier_elsewhere(zone: str, day: date) -> None:
    assert accounting_date(LATE, ZoneInfo(zone)) == day


def test_a_day_of_25_hours_is_one_day() -> None:
    # Berlin's 25 October 2026 lasts from 22:00 UTC to 23:00 UTC of the next day.
    berlin = ZoneInfo("Europe/Berlin")
    begin = LATE - 23 * 3600 - 1800 - 6 * 86_400 - 2 * 3600
    assert accounting_date(begin, berlin) == date(2026, 10, 25)
    assert accounting_date(begin - 1, berlin) == date(2026, 10, 24)
    assert accounting_date(begin + 25 * 3600 - 1, berlin) == date(2026, 10, 25)
    assert accounting_date(begin + 25 * 3600, berlin) == date(2026, 10, 26)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 10, 25), 25), (date(2026, 10, 26), 24), (date(2026, 3, 29), 23)],
)
def test_the_bounds_of_a_day_are_its_first_and_last_second(day: date, hours: int) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first, last = day_bounds(day, berlin)
    assert last - first + 1 == hours * 3600
    assert accounting_date(first, berlin) == accounting_date(last, berlin) == day
    assert accounting_date(first - 1, berlin) < day < accounting_date(last + 1, berlin)


def test_consecutive_days_are_told_as_spans() -> None:
    days = [date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 3)]
    told = [span_text(*each) for each in spans(days)]
    assert told == ["2026-10-30 to 2026-11-01", "2026-11-03"]
    assert list(spans([])) == []
