"""Goal: a refund of a sale takes back what the sale earned, to the unit, on the account it used.

Method: refunds with their charge through `plan`, in each mode.
"""

import dataclasses
from datetime import date

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_refund,
    a_refund_of_sale,
    a_sale,
    budgeted,
    keys_of,
    planned,
    selling,
    the,
    the_finding,
)
from tieout.domain.documents import JournalEntry
from tieout.domain.plans import Disposition, Plan
from tieout.domain.policy import Policy, RevenueCategory
from tieout.domain.reasons import Reason
from tieout.domain.sale_decisions import SaleDecision
from tieout.domain.sale_policy import SaleMode
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import parts, plan

REFUND = Subject(SubjectKind.REFUND, "re_1")
BACK = NOON + 9 * DAY_SECONDS


def lines(made: Plan, key: str = "refund/re_1") -> list[tuple[str, int]]:
    entry = the(made, key, JournalEntry)
    return [(line.account, line.amount_minor) for line in entry.lines]


def elsewhere(policy: Policy) -> Policy:
    """The policy of a later version, with another account for services."""
    categories = {**policy.revenue.categories, "services": RevenueCategory("services", "4999")}
    revenue = dataclasses.replace(policy.revenue, categories=categories)
    return dataclasses.replace(policy, version="2", revenue=revenue)


@pytest.mark.parametrize(
    ("mode", "after"),
    [("other_receipt", ("sale/pi_1",)), ("invoice", ("sale/pi_1",)), ("daily_summary", ())],
)
def test_a_refund_takes_back_revenue_and_waits_for_what_booked_it(
    mode: SaleMode, after: tuple[str, ...]
) -> None:
    made = planned(a_refund_of_sale(a_refund(4_000), a_sale()), selling(mode))
    assert lines(made) == [("4010", 4_000), ("1200", -4_000)]
    entry = the(made, "refund/re_1", JournalEntry)
    assert (entry.after, entry.posting_date) == (after, date(2026, 11, 4))


def test_a_refund_of_a_sale_that_the_budget_put_into_the_day_waits_for_no_document() -> None:
    """Nor does one become a refund of a receipt when the month is over."""
    policy = budgeted("other_receipt", "daily_summary")
    refunded = a_refund_of_sale(a_refund(4_000), a_sale())
    decided = {"sale/pi_1": SaleDecision("daily_summary", "above the budget: 9 of 9")}
    for made in (
        planned(refunded, policy.in_month("9 of 9")),
        plan(REFUND, refunded, policy, decided=decided),
    ):
        assert lines(made) == [("4010", 4_000), ("1200", -4_000)]
        entry = the(made, "refund/re_1", JournalEntry)
        assert entry.after == ()
        assert entry.lines[0].why.endswith("above the budget: 9 of 9")


def test_a_refund_says_its_share_of_the_sale_and_why_that_was_booked_so() -> None:
    made = planned(a_refund_of_sale(a_refund(4_000), a_sale()), selling("other_receipt"))
    revenue, _ = the(made, "refund/re_1", JournalEntry).lines
    share, _, why = revenue.why.partition(": ")
    assert share == "40.00 of 100.00"
    assert why.startswith("as booked under policy-1, ")
    assert why.endswith("category services")


def test_it_takes_back_from_the_account_that_the_sale_was_booked_on() -> None:
    first = selling("other_receipt", version="1")
    made = plan(
        REFUND, a_refund_of_sale(a_refund(), a_sale()), elsewhere(first), {"sale/pi_1": first}
    )
    assert lines(made) == [("4010", 10_000), ("1200", -10_000)]


def test_what_is_ignored_is_ignored_when_it_goes_back() -> None:
    finding = the_finding(
        planned(a_refund_of_sale(a_refund(), a_sale()), selling("ignore")), "refund/re_1"
    )
    assert (finding.disposition, finding.reason) == (
        Disposition.NOT_BOOKED,
        Reason.IGNORED_BY_POLICY,
    )


def test_nobody_can_take_back_what_nobody_decided_how_to_book() -> None:
    finding = the_finding(planned(a_refund_of_sale(a_refund(), a_sale())), "refund/re_1")
    assert (finding.disposition, finding.reason) == (
        Disposition.PARKED,
        Reason.ACCOUNT_NOT_IN_POLICY,
    )


def test_a_failed_refund_is_mirrored_when_the_money_is_back() -> None:
    failed = a_refund(4_000, status="failed", returned_at_unix=BACK)
    made = planned(a_refund_of_sale(failed, a_sale()), selling("other_receipt"))
    assert keys_of(made) == ["refund/re_1", "refund/re_1/failed"]
    assert lines(made, "refund/re_1/failed") == [("4010", -4_000), ("1200", 4_000)]
    mirror = the(made, "refund/re_1/failed", JournalEntry)
    assert (mirror.posting_date, mirror.after) == (date(2026, 11, 11), ("refund/re_1",))


def test_a_failed_refund_waits_for_its_money() -> None:
    made = planned(a_refund_of_sale(a_refund(status="failed"), a_sale()), selling("other_receipt"))
    assert the_finding(made, "refund/re_1/failed").reason is Reason.WAITS_FOR_STRIPE


@pytest.mark.parametrize(
    "refund",
    [a_refund(10_001), a_refund(currency="eur"), a_refund(6_001, created_unix=BACK)],
    ids=["more than was paid", "another currency", "more than the first refund left"],
)
def test_more_than_the_charge_brought_cannot_go_back(refund: object) -> None:
    earlier = a_refund(4_000, id="re_0") if refund.created_unix == BACK else None  # type: ignore[attr-defined]
    siblings = (earlier,) if earlier else ()
    made = planned(a_refund_of_sale(refund, a_sale(), *siblings), selling("other_receipt"))  # type: ignore[arg-type]
    assert the_finding(made, "refund/re_1").reason is Reason.REFUND_OVER_PAYMENT


def test_what_was_released_of_an_authorisation_takes_nothing_back() -> None:
    """60.00 of 100.00 was captured; Stripe shows the other 40.00 as a refund without movement."""
    released = a_refund(4_000, id="re_0", moved_at_unix=None)
    sale, policy = a_sale(6_000), selling("other_receipt")
    made = planned(a_refund_of_sale(a_refund(6_000), sale, released), policy)
    assert lines(made) == [("4010", 6_000), ("1200", -6_000)]
    made = planned(a_refund_of_sale(released, sale, a_refund(6_000)), policy)
    assert the_finding(made, "refund/re_0").reason is Reason.WAITS_FOR_STRIPE


def test_the_sale_is_planned_before_its_refund() -> None:
    snapshot = a_refund_of_sale(a_refund(), a_sale())
    assert [str(subject) for subject, _ in parts(REFUND, snapshot)] == [
        "charge/ch_1",
        "refund/re_1",
    ]
