"""Late failures: the receipt is reversed, and what comes after it goes on from there.

Method: charges and invoices through `plan`, with the payment shown in each way that Stripe might.
"""

import dataclasses
from datetime import date

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_charge,
    a_movement,
    a_paid_invoice,
    a_payment,
    a_policy,
    an_invoice,
    keys_of,
    planned,
    the,
    the_finding,
)
from tieout.domain.documents import (
    ArPayment,
    CashAccount,
    JournalEntry,
    PaymentReversal,
    dependencies,
    digest,
)
from tieout.domain.plans import Disposition
from tieout.domain.policy import Periods
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import plan

RETURNED = NOON + 6 * DAY_SECONDS
FAILURE = a_movement(-10_000, id="txn_back", type="payment_failure_refund", created_unix=RETURNED)
PAYMENT = a_payment()
FAILED = a_charge(
    status="failed",
    payment_intent="pi_1",
    invoices=("in_1",),
    payments=(PAYMENT,),
    failure=FAILURE,
)
WENT_BACK = dataclasses.replace(PAYMENT, status="canceled", returned_at_unix=RETURNED)
AGAIN = a_payment(id="inpay_2", payment_intent="pi_2", paid_at_unix=RETURNED + DAY_SECONDS)


def test_each_receipt_of_a_charge_that_failed_later_is_reversed_on_that_day() -> None:
    other = a_payment(2_500, id="inpay_b", invoice="in_2")
    made = planned(dataclasses.replace(FAILED, payments=(PAYMENT, other)))
    assert keys_of(made) == ["receipt/inpay_1/returned", "receipt/inpay_b/returned"]
    assert the(made, "receipt/inpay_1/returned", PaymentReversal) == PaymentReversal(
        key="receipt/inpay_1/returned",
        receipt_key="receipt/inpay_1",
        reversal_date=date(2026, 11, 8),
        currency="usd",
        amount_minor=10_000,
        description="Money of inpay_1 went back, txn_back",
    )


def test_a_charge_whose_money_stayed_reverses_nothing() -> None:
    stayed = a_charge(payment_intent="pi_1", invoices=("in_1",), payments=(PAYMENT,))
    assert keys_of(planned(stayed)) == []


def test_a_return_in_a_closed_period_is_moved_and_says_so() -> None:
    periods = Periods(closed_through=date(2026, 11, 30), when_closed="next_open_date")
    made = planned(FAILED, a_policy(periods=periods))
    reversal = the(made, "receipt/inpay_1/returned", PaymentReversal)
    assert reversal.reversal_date == date(2026, 12, 1)
    assert reversal.description.endswith(", dated 2026-11-08")


def test_the_receipt_stays_whether_stripe_still_calls_it_paid_or_not() -> None:
    still_paid = planned(a_paid_invoice())
    canceled = planned(an_invoice(payments=(WENT_BACK,), amount_paid_minor=0))
    one, other = (the(each, "receipt/inpay_1", ArPayment) for each in (still_paid, canceled))
    assert digest(one) == digest(other)


def test_the_next_payment_settles_what_the_return_reopened_and_waits_for_it() -> None:
    made = planned(a_paid_invoice(payments=(WENT_BACK, AGAIN), amount_paid_minor=10_000))
    receipt = the(made, "receipt/inpay_2", ArPayment)
    assert receipt.amount_minor == 10_000
    assert dependencies(receipt) == ("invoice/in_1", "receipt/inpay_1/returned")
    assert made.findings == ()


def test_a_return_at_a_time_nobody_knows_makes_room_when_it_is_needed() -> None:
    unknown = dataclasses.replace(WENT_BACK, returned_at_unix=None)
    made = planned(a_paid_invoice(payments=(unknown, AGAIN), amount_paid_minor=10_000))
    assert the(made, "receipt/inpay_2", ArPayment).after == ("receipt/inpay_1/returned",)


def test_what_went_to_the_credit_balance_is_parked_and_not_reversed_with_the_receipt() -> None:
    payment = a_payment(13_000)
    invoice = a_paid_invoice(payments=(payment,), amount_overpaid_minor=3_000)
    made = planned(dataclasses.replace(FAILED, payments=(payment,), paid_invoices=(invoice,)))
    assert the(made, "receipt/inpay_1/returned", PaymentReversal).amount_minor == 10_000
    finding = the_finding(made, "receipt/inpay_1/excess/returned")
    assert (finding.reason, finding.amount_minor) == (Reason.REFUND_OVER_PAYMENT, 3_000)


def test_what_paid_back_what_was_owed_before_is_owed_again() -> None:
    """Nothing of it was for the invoice here, so there is no receipt to reverse."""
    owed_before = a_paid_invoice(
        lines=(), total_minor=0, credit_balance_applied_minor=-10_000, payments=(PAYMENT,)
    )
    failed = dataclasses.replace(FAILED, paid_invoices=(owed_before,))
    brought = the(planned(owed_before), "receipt/inpay_1/excess", JournalEntry)
    then = dataclasses.replace(a_policy(), clearing={"usd": CashAccount("1299")}, version="new")
    booked_under = {brought.key: a_policy()}
    made = plan(Subject(SubjectKind.CHARGE, "ch_1"), failed, then, booked_under)
    assert keys_of(made) == ["receipt/inpay_1/excess/returned"]
    back = the(made, "receipt/inpay_1/excess/returned", JournalEntry)
    assert [(each.account, each.amount_minor) for each in back.lines] == [
        (each.account, -each.amount_minor) for each in brought.lines
    ]
    assert back.posting_date == date(2026, 11, 8)
    assert dependencies(back) == (brought.key,)


def test_the_next_payment_brings_what_was_owed_before_again() -> None:
    before = dataclasses.replace(WENT_BACK, amount_paid_minor=13_000)
    again = dataclasses.replace(AGAIN, amount_paid_minor=13_000)
    made = planned(
        a_paid_invoice(
            payments=(before, again), amount_paid_minor=13_000, credit_balance_applied_minor=-3_000
        )
    )
    assert the(made, "receipt/inpay_2", ArPayment).amount_minor == 10_000
    assert the(made, "receipt/inpay_2/excess", JournalEntry).amount_minor == 3_000
    assert made.findings == ()


def test_while_stripe_still_calls_it_paid_a_second_payment_is_a_persons_to_judge() -> None:
    made = planned(a_paid_invoice(payments=(PAYMENT, AGAIN), amount_paid_minor=10_000))
    assert the_finding(made, "receipt/inpay_2").reason is Reason.OVER_APPLICATION


def test_while_stripe_still_calls_it_paid_nobody_asks_for_it_and_a_person_must_know() -> None:
    failed = dataclasses.replace(FAILED, paid_invoices=(a_paid_invoice(),))
    finding = the_finding(planned(failed), "invoice/in_1/owed-again/inpay_1")
    assert (finding.disposition, finding.reason) == (Disposition.PARKED, Reason.OWED_AGAIN)
    assert (finding.amount_minor, finding.currency) == (10_000, "usd")
    assert finding.day == date(2026, 11, 8)
    assert finding.text == (
        "Money of inpay_1 went back, txn_back: the books ask for 100.00 usd of invoice in_1 again, "
        "which Stripe shows as paid, with that payment"
    )


def test_once_stripe_asks_for_it_again_nobody_need_know() -> None:
    shown = dataclasses.replace(FAILED, payments=(WENT_BACK,))
    assert "invoice/in_1/owed-again/inpay_1" not in planned(shown).keys
    reopened = planned(an_invoice(payments=(WENT_BACK,), amount_paid_minor=0))
    assert "invoice/in_1/owed-again/inpay_1" in reopened.supersedes


def test_what_went_back_before_the_books_begin_calls_nobody() -> None:
    made = planned(FAILED, a_policy(books_from=date(2026, 12, 1)))
    finding = the_finding(made, "invoice/in_1/owed-again/inpay_1")
    assert finding.reason is Reason.BEFORE_BOOKS
