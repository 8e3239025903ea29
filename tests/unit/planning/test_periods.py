"""Goal: a document is dated in an open period or not at all, whichever side of it the day is on.

Method: tables of days around the boundary, in the company's own zone. The mistake most likely made
is being off by the boundary's own day.
"""

from datetime import UTC, date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import pytest

from tests.factories import NOON_DAY, a_paid_invoice, a_policy, an_invoice, planned, the_finding
from tieout.domain.errors import Refused
from tieout.domain.plans import Disposition
from tieout.domain.policy import Periods, Policy
from tieout.domain.reasons import Reason
from tieout.planning.periods import PostingDate, posting_date, waits_for

OCTOBER = date(2026, 10, 31)
When = Literal["park", "wait", "next_open_date"]


def closed(when: When, through: date | None = OCTOBER, **changes: object) -> Policy:
    return a_policy(periods=Periods(closed_through=through, when_closed=when), **changes)


@pytest.mark.parametrize("when", ["park", "wait", "next_open_date"])
@pytest.mark.parametrize(
    ("through", "day"),
    [
        (None, date(1999, 12, 31)),
        (OCTOBER, date(2026, 11, 1)),
        (date(2028, 2, 28), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2027, 1, 1)),
    ],
)
def test_an_open_day_stays_as_it_is(when: When, through: date | None, day: date) -> None:
    policy = closed(when, through)
    assert posting_date(day, policy) == PostingDate(day)
    assert not waits_for(day, policy)


@pytest.mark.parametrize(
    ("through", "day", "next_open"),
    [
        (OCTOBER, OCTOBER, date(2026, 11, 1)),
        (OCTOBER, date(2026, 10, 30), date(2026, 11, 1)),
        (OCTOBER, date(2025, 1, 1), date(2026, 11, 1)),
        (date(2028, 2, 28), date(2028, 2, 28), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2026, 12, 31), date(2027, 1, 1)),
    ],
)
def test_a_closed_day_follows_policy(through: date, day: date, next_open: date) -> None:
    moved = posting_date(day, closed("next_open_date", through))
    assert moved == PostingDate(next_open, f", dated {day}")
    for when, reason in (
        ("park", Reason.PERIOD_CLOSED_BY_POLICY),
        ("wait", Reason.WAITS_FOR_PERIOD),
    ):
        policy = a_policy(periods=Periods(through, when))  # type: ignore[arg-type]
        with pytest.raises(Refused, match=f"dated {day}, .* closed through {through}") as refused:
            posting_date(day, policy)
        assert (refused.value.reason, refused.value.day) == (reason, day)
        assert waits_for(day, policy) is (when == "wait")


def test_what_waits_is_recorded_with_its_amount_and_the_day_it_waits_for() -> None:
    found = the_finding(planned(an_invoice(), closed("wait", NOON_DAY)), "invoice/in_1")
    assert (found.disposition, found.reason) == (Disposition.NOT_BOOKED, Reason.WAITS_FOR_PERIOD)
    assert (found.amount_minor, found.currency) == (10_000, "usd")
    assert (found.day, found.waits_for_day) == (NOON_DAY, NOON_DAY)


def test_each_document_waits_for_its_own_day() -> None:
    plan = planned(a_paid_invoice(), closed("wait", date(2026, 11, 30)))
    days = {each.key: each.waits_for_day for each in plan.findings}
    assert days == {"invoice/in_1": date(2026, 11, 2), "receipt/inpay_1": date(2026, 11, 3)}


@pytest.mark.parametrize(
    ("zone", "waits"), [("UTC", True), ("Pacific/Auckland", False), ("America/Los_Angeles", True)]
)
def test_the_last_evening_of_a_period_is_the_companys(zone: str, *, waits: bool) -> None:
    evening_unix = int(datetime(2026, 10, 31, 23, tzinfo=UTC).timestamp())
    invoice = an_invoice(effective_at_unix=evening_unix)
    plan = planned(invoice, closed("wait", zone=ZoneInfo(zone)))
    assert ("invoice/in_1" in {each.key for each in plan.findings}) is waits
