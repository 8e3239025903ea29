"""Goal: what a company booked by hand before Tieout is never planned again, and what comes after
it always is.

Method: snapshots from both sides of `books_from` through `plan`, looking at keys and findings.
"""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    NOON_DAY,
    a_line,
    a_movement,
    a_paid_invoice,
    a_payment,
    a_policy,
    a_refund,
    a_refund_of,
    a_sale,
    an_invoice,
    keys_of,
    planned,
    the,
    the_finding,
)
from tieout.domain.documents import ArAdjustment, JournalEntry
from tieout.domain.plans import Disposition, Plan, invoice_state
from tieout.domain.policy import Periods, Policy
from tieout.domain.reasons import Reason
from tieout.domain.sale_policy import SaleRules
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import plan

# The factories date an invoice on NOON_DAY, its payment a day later and its refund two days later.
FROM_NEXT_DAY = date(2026, 11, 3)
LATER = date(2026, 12, 1)
INVOICE = Subject(SubjectKind.INVOICE, "in_1")
BY_HAND = (Disposition.NOT_BOOKED, Reason.BEFORE_BOOKS)
RECORD_NO = (Disposition.PARKED, Reason.RECORD_NO_MISSING)


def books_from(day: date, **changes: object) -> Policy:
    return a_policy(books_from=day, **changes)


def found(made: Plan) -> dict[str, tuple[Disposition, Reason]]:
    return {each.key: (each.disposition, each.reason) for each in made.findings}


def test_an_invoice_of_the_first_day_is_booked() -> None:
    made = planned(an_invoice(), books_from(NOON_DAY))
    assert (keys_of(made), made.findings) == (["customer/cus_1", "invoice/in_1"], ())


def test_an_open_invoice_of_the_day_before_is_left_alone_and_its_customer_too() -> None:
    made = planned(an_invoice(), books_from(FROM_NEXT_DAY))
    assert made.documents == ()
    assert found(made) == {"invoice/in_1": BY_HAND}
    finding = the_finding(made, "invoice/in_1")
    assert finding.text == "dated 2026-11-02, before `books_from` (2026-11-03)"
    assert (finding.amount_minor, finding.currency) == (10_000, "usd")
    assert made.source_state == invoice_state("open", 0, 10_000), "or the poller asks for ever"


@pytest.mark.parametrize(
    ("zone", "is_booked"), [("UTC", True), ("America/New_York", False), ("Asia/Tokyo", True)]
)
def test_the_first_day_begins_at_midnight_of_the_company(zone: str, *, is_booked: bool) -> None:
    first_second = NOON - DAY_SECONDS // 2
    invoice = an_invoice(effective_at_unix=first_second)
    made = planned(invoice, books_from(NOON_DAY, zone=ZoneInfo(zone)))
    assert ("invoice/in_1" in keys_of(made)) is is_booked


def test_what_was_paid_before_is_left_alone_too() -> None:
    made = planned(a_paid_invoice(), books_from(LATER))
    assert made.documents == ()
    assert found(made) == {"invoice/in_1": BY_HAND, "receipt/inpay_1": BY_HAND}


def test_a_payment_since_then_is_booked_against_the_invoice_that_was_booked_by_hand() -> None:
    before = a_payment(4_000, paid_at_unix=NOON)
    since = a_payment(6_000, id="inpay_2")
    invoice = a_paid_invoice(payments=(before, since))
    made = planned(invoice, books_from(FROM_NEXT_DAY))
    assert keys_of(made) == ["customer/cus_1", "receipt/inpay_2"]
    assert found(made) == {"invoice/in_1": RECORD_NO, "receipt/inpay_1": BY_HAND}
    assert "invoice/in_1 is dated 2026-11-02" in the_finding(made, "invoice/in_1").text


def test_a_void_since_then_reverses_the_invoice_that_was_booked_by_hand() -> None:
    invoice = an_invoice(status="void", voided_at_unix=NOON + DAY_SECONDS)
    made = planned(invoice, books_from(FROM_NEXT_DAY))
    assert keys_of(made) == ["customer/cus_1", "invoice/in_1/void"]
    assert found(made) == {"invoice/in_1": RECORD_NO}


def test_a_void_after_a_part_payment_credits_the_rest_and_needs_the_customer() -> None:
    invoice = an_invoice(
        status="void",
        voided_at_unix=NOON + DAY_SECONDS,
        payments=(a_payment(4_000, paid_at_unix=NOON),),
    )
    made = planned(invoice, books_from(FROM_NEXT_DAY))
    assert keys_of(made) == ["customer/cus_1", "invoice/in_1/void", "invoice/in_1/void/applied"]
    assert found(made) == {"invoice/in_1": RECORD_NO, "receipt/inpay_1": BY_HAND}


def test_an_invoice_that_was_voided_before_is_left_alone() -> None:
    made = planned(an_invoice(status="void", voided_at_unix=NOON + 1), books_from(FROM_NEXT_DAY))
    assert made.documents == ()
    assert found(made) == {"invoice/in_1": BY_HAND, "invoice/in_1/void": BY_HAND}


def test_a_refund_since_then_waits_for_the_invoice_that_was_booked_by_hand() -> None:
    made = planned(a_refund_of(a_refund(), a_paid_invoice()), books_from(date(2026, 11, 4)))
    (journal,) = made.documents
    assert (journal.key, made.findings) == ("refund/re_1", ())
    assert getattr(journal, "after") == ("invoice/in_1",)  # noqa: B009 - of a journal entry


def test_a_refund_before_is_left_alone() -> None:
    made = planned(a_refund_of(a_refund(), a_paid_invoice()), books_from(LATER))
    assert (made.documents, found(made)) == ((), {"refund/re_1": BY_HAND})


def test_a_failure_since_then_needs_the_record_of_the_refund() -> None:
    refund = a_refund(status="failed", returned_at_unix=NOON + 9 * DAY_SECONDS)
    made = planned(a_refund_of(refund, a_paid_invoice()), books_from(date(2026, 11, 11)))
    assert keys_of(made) == ["refund/re_1/failed"]
    assert found(made) == {"refund/re_1": RECORD_NO}


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "sek"},
        {"customer": None},
        {"lines": (a_line(-10_000),)},
        {"payments": (a_payment(10_000, paid_at_unix=NOON, currency="eur"),)},
        {"payments": (a_payment(10_000), a_payment(500, id="inpay_2"))},
        {"status": "uncollectible", "marked_uncollectible_at_unix": NOON},
        {"credit_balance_applied_minor": 4_000},
        {"amount_overpaid_minor": 500, "payments": (a_payment(10_500),)},
    ],
    ids=[
        "currency not in policy",
        "no customer",
        "negative",
        "currencies that differ",
        "nothing left to settle",
        "uncollectible",
        "credit balance",
        "overpaid",
    ],
)
def test_nobody_is_asked_about_what_is_in_the_books_already(changes: dict[str, object]) -> None:
    made = planned(an_invoice(**changes), books_from(LATER))
    assert made.documents == ()
    assert set(found(made).values()) == {BY_HAND}


def test_what_happens_since_then_is_booked_though_the_invoice_is_older() -> None:
    too_much = a_paid_invoice(payments=(a_payment(10_500),), amount_overpaid_minor=500)
    made = planned(too_much, books_from(FROM_NEXT_DAY))
    assert the(made, "receipt/inpay_1/excess", JournalEntry).amount_minor == 500
    lost = an_invoice(status="uncollectible", marked_uncollectible_at_unix=NOON + DAY_SECONDS)
    made = planned(lost, books_from(FROM_NEXT_DAY))
    assert the(made, "invoice/in_1/write-off", ArAdjustment).total_minor == -10_000


def test_a_closed_period_moves_nothing_into_the_books_that_was_before_them() -> None:
    periods = Periods(closed_through=date(2026, 12, 31), when_closed="next_open_date")
    made = planned(a_paid_invoice(), books_from(LATER, periods=periods))
    assert made.documents == ()


def test_sales_count_when_they_moved_the_balance() -> None:
    """A charge of the day before may be captured, and then move money, days later."""
    policy = books_from(FROM_NEXT_DAY, sales=SaleRules("other_receipt"))
    before = planned(a_sale(), policy)
    assert found(before) == {"sale/pi_1": BY_HAND}
    moved_at_unix = NOON + DAY_SECONDS
    movement = a_movement(created_unix=moved_at_unix)
    since = planned(a_sale(moved_at_unix=moved_at_unix, movement=movement), policy)
    assert keys_of(since) == ["sale/pi_1"]


def test_a_refund_of_a_sale_counts_when_money_last_moved() -> None:
    before = planned(a_refund_of(a_refund()), books_from(LATER))
    assert found(before) == {"refund/re_1": BY_HAND}
    returned = a_refund(status="failed", returned_at_unix=NOON + 40 * DAY_SECONDS)
    made = planned(a_refund_of(returned), books_from(LATER))
    assert the_finding(made, "refund/re_1").reason is Reason.NOT_YET_PLANNED


def test_what_is_booked_stays_planned_as_it_was_booked() -> None:
    """A later day in a new policy speaks about the future."""
    older = a_policy()
    today = books_from(LATER, version="policy-2")
    keys = ("invoice/in_1", "receipt/inpay_1")
    made = plan(INVOICE, a_paid_invoice(), today, dict.fromkeys(keys, older))
    assert keys_of(made) == list(keys)
    assert made.findings == ()
    assert dict(made.older_policies) == dict.fromkeys(keys, "policy-1")
