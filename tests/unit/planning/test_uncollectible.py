"""Uncollectible invoices: written off, and taken back from bad debt when Stripe says otherwise.

Method: invoice snapshots through `plan`, the documents summed by account.
"""

import dataclasses
from collections.abc import Mapping
from datetime import date

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_credit_note,
    a_credit_note_of,
    a_payment,
    a_policy,
    a_tax,
    an_invoice,
    planned,
    the,
    the_finding,
)
from tests.unit.planning.test_credit_balance import moved
from tieout.domain.documents import (
    Application,
    ArAdjustment,
    ArPayment,
    CreditApplication,
    JournalEntry,
    dependencies,
    digest,
)
from tieout.domain.plans import Disposition
from tieout.domain.reasons import Reason
from tieout.planning.snapshots import InvoiceSnapshot

MARKED = NOON + 5 * DAY_SECONDS
LATER = MARKED + DAY_SECONDS


def written_off(**changes: object) -> InvoiceSnapshot:
    return an_invoice(
        **{"status": "uncollectible", "marked_uncollectible_at_unix": MARKED, **changes}
    )


def test_what_is_open_is_written_off_to_bad_debt_and_applied() -> None:
    made = planned(written_off(payments=(a_payment(4_000),)))
    memo = the(made, "invoice/in_1/write-off", ArAdjustment)
    assert [(line.account, line.amount_minor) for line in memo.lines] == [("6800", -6_000)]
    assert the(made, "invoice/in_1/write-off/applied", CreditApplication).amount_minor == 6_000
    assert "accounts receivable" not in moved(made)


def test_paid_later_it_is_asked_for_again_and_the_receipt_settles_that() -> None:
    paid = written_off(status="paid", paid_at_unix=LATER, payments=(a_payment(paid_at_unix=LATER),))
    made = planned(paid)
    again = the(made, "receipt/inpay_1/recovered", ArAdjustment)
    assert [(line.account, line.amount_minor) for line in again.lines] == [("6800", 10_000)]
    receipt = the(made, "receipt/inpay_1", ArPayment)
    assert receipt.applications == (Application("receipt/inpay_1/recovered", 10_000),)
    assert moved(made) == {"4000 location=100": -10_000, "1200": 10_000}


def test_the_write_off_stays_as_it_was_when_it_is_paid_in_part() -> None:
    before = the(planned(written_off()), "invoice/in_1/write-off", ArAdjustment)
    some = planned(written_off(payments=(a_payment(2_500, paid_at_unix=LATER),)))
    assert digest(the(some, "invoice/in_1/write-off", ArAdjustment)) == digest(before)
    assert moved(some)["6800 location=100"] == 7_500


def test_voided_later_revenue_and_tax_are_taken_back_from_bad_debt() -> None:
    invoice = written_off(
        status="void", voided_at_unix=LATER, taxes=(a_tax(1_900),), payments=(a_payment(1_190),)
    )
    made = planned(invoice)
    entry = the(made, "invoice/in_1/void/write-off", JournalEntry)
    assert [(line.account, line.amount_minor) for line in entry.lines] == [
        ("4000", 9_000),
        ("2210", 1_710),
        ("6800", -10_710),
    ]
    assert "invoice/in_1/void" not in made.keys
    assert "6800 location=100" not in moved(made)


def test_voided_later_the_balance_that_was_used_goes_back_too() -> None:
    invoice = written_off(status="void", voided_at_unix=LATER, credit_balance_applied_minor=4_000)
    assert moved(planned(invoice)) == {}


def test_a_credit_note_on_what_was_written_off_takes_it_back_from_bad_debt() -> None:
    invoice = written_off(credit_notes=(a_credit_note(4_000, created_unix=LATER),))
    made = planned(a_credit_note_of(invoice))
    entry = the(made, "credit_note/cn_1", JournalEntry)
    assert [(line.account, line.amount_minor) for line in entry.lines] == [
        ("4000", 4_000),
        ("6800", -4_000),
    ]


def test_without_bad_debt_account_it_is_parked() -> None:
    made = planned(written_off(), a_policy(bad_debt_account=None))
    finding = the_finding(made, "invoice/in_1/write-off")
    assert (finding.disposition, finding.reason) == (
        Disposition.PARKED,
        Reason.ACCOUNT_NOT_IN_POLICY,
    )
    assert "bad_debt_account" in finding.text


def test_a_mark_without_a_time_is_parked() -> None:
    made = planned(an_invoice(status="uncollectible"))
    assert the_finding(made, "invoice/in_1/write-off").reason is Reason.UNREADABLE_OBJECT


def test_what_went_back_and_is_given_up_again_is_a_write_off_of_its_own() -> None:
    """Stripe only tells of the second time; the first is what was booked."""
    back = a_payment(status="canceled", paid_at_unix=LATER, returned_at_unix=LATER + DAY_SECONDS)
    again = LATER + 2 * DAY_SECONDS
    invoice = written_off(
        payments=(back,),
        written_off_before_unix=(MARKED,),
        marked_uncollectible_at_unix=again,
    )
    made = planned(invoice)
    first = the(made, "invoice/in_1/write-off", ArAdjustment)
    assert digest(first) == digest(the(planned(written_off()), first.key, ArAdjustment))
    second = the(made, "invoice/in_1/write-off/2", ArAdjustment)
    assert (second.number, second.total_minor) == ("ACME-0001-WRITEOFF-2", -10_000)
    assert second.happened_at_unix == again
    applied = the(made, "invoice/in_1/write-off/2/applied", CreditApplication)
    assert applied.applications == (Application("receipt/inpay_1/recovered", 10_000),)
    assert "receipt/inpay_1/returned" in dependencies(applied)
    third = planned(dataclasses.replace(invoice, written_off_before_unix=(again, MARKED)))
    assert third.keys == made.keys


def test_what_a_payment_opened_again_that_came_and_went_unseen_is_owed() -> None:
    """Stripe does not show what it brought, only that the invoice is given up no more."""
    forgotten = a_payment(0, status="canceled", paid_at_unix=None, returned_at_unix=LATER)
    made = planned(written_off(status="open", payments=(forgotten,)))
    assert moved(made)["accounts receivable"] == 10_000
    memo = the(made, "receipt/inpay_1/recovered", ArAdjustment)
    assert (memo.total_minor, memo.adjustment_date) == (10_000, date(2026, 11, 8))
    again = a_payment(id="inpay_2", payment_intent="pi_2", paid_at_unix=LATER + DAY_SECONDS)
    booked = dataclasses.replace(forgotten, reopened_at_unix=LATER)
    paid = planned(written_off(status="paid", paid_at_unix=LATER, payments=(booked, again)))
    assert made.keys < paid.keys
    receipt = the(paid, "receipt/inpay_2", ArPayment)
    assert receipt.applications == (Application(memo.key, 10_000),)


@pytest.mark.parametrize(
    "ended",
    [
        {"status": "paid", "payments": (a_payment(paid_at_unix=LATER, id="inpay_2"),)},
        {"status": "void", "voided_at_unix": LATER},
    ],
    ids=["paid otherwise", "voided"],
)
def test_an_attempt_that_was_canceled_before_the_end_opens_nothing(
    ended: Mapping[str, object],
) -> None:
    """It looks the same as one that came and went, and it never brought anything."""
    dead = a_payment(0, status="canceled", paid_at_unix=None, returned_at_unix=LATER - 1)
    invoice = written_off(**ended)
    made = planned(dataclasses.replace(invoice, payments=(dead, *invoice.payments)))
    assert made == planned(invoice)


@pytest.mark.parametrize(
    "ended",
    [
        {"payments": (a_payment(paid_at_unix=LATER, id="inpay_2"),)},
        {"credit_notes": (a_credit_note(created_unix=LATER),)},
        {"status": "void", "voided_at_unix": LATER},
        {"status": "uncollectible"},
    ],
    ids=["paid otherwise", "credited", "voided", "given up still"],
)
def test_a_payment_that_was_canceled_for_another_reason_opens_nothing(
    ended: Mapping[str, object],
) -> None:
    canceled = a_payment(0, status="canceled", paid_at_unix=None, returned_at_unix=LATER)
    invoice = written_off(**{"status": "open", **ended})
    made = planned(dataclasses.replace(invoice, payments=(canceled, *invoice.payments)))
    assert "receipt/inpay_1/recovered" not in made.keys


def test_what_goes_back_of_an_invoice_that_stays_given_up_is_written_off_that_day() -> None:
    early = a_payment(4_000, status="canceled", returned_at_unix=LATER)
    made = planned(written_off(payments=(early,)))
    memo = the(made, "invoice/in_1/write-off/2", ArAdjustment)
    assert (memo.total_minor, memo.adjustment_date) == (-4_000, date(2026, 11, 8))
