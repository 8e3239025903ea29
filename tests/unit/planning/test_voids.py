"""Voids: an unpaid invoice is reversed, of a partly settled one the rest is credited.

Method: voided invoice snapshots through `plan`; credit memo and payments must sum to the invoice.
"""

from datetime import date

from tests.factories import (
    DAY_SECONDS,
    NOON,
    NOON_DAY,
    a_credit_note,
    a_line,
    a_payment,
    a_policy,
    a_tax,
    an_invoice,
    keys_of,
    planned,
    the,
    the_finding,
)
from tieout.domain.documents import (
    Application,
    ArAdjustment,
    CreditApplication,
    InvoiceReversal,
    dependencies,
)
from tieout.domain.plans import Disposition
from tieout.domain.policy import Periods
from tieout.domain.reasons import Reason
from tieout.planning.snapshots import CreditNoteLine, InvoiceSnapshot

VOIDED = NOON + 9 * DAY_SECONDS
VOIDED_DAY = date(2026, 11, 11)


def a_void_invoice(**changes: object) -> InvoiceSnapshot:
    return an_invoice(**{"status": "void", "voided_at_unix": VOIDED, **changes})


def test_an_unpaid_invoice_is_reversed_on_the_day_it_was_voided() -> None:
    made = planned(a_void_invoice())
    assert keys_of(made) == ["customer/cus_1", "invoice/in_1", "invoice/in_1/void"]
    assert the(made, "invoice/in_1/void", InvoiceReversal) == InvoiceReversal(
        key="invoice/in_1/void",
        invoice_key="invoice/in_1",
        reversal_date=VOIDED_DAY,
        currency="usd",
        amount_minor=10_000,
        description="Stripe voided in_1",
    )


def test_after_a_part_payment_the_rest_of_every_line_is_credited_and_applied() -> None:
    lines = (a_line(10_000), a_line(-1_000, id="il_2", price="price_setup"))
    invoice = a_void_invoice(lines=lines, taxes=(a_tax(900),), payments=(a_payment(3_333),))
    made = planned(invoice)
    assert keys_of(made) == [
        "customer/cus_1",
        "invoice/in_1",
        "receipt/inpay_1",
        "invoice/in_1/void",
        "invoice/in_1/void/applied",
    ]
    memo = the(made, "invoice/in_1/void", ArAdjustment)
    assert memo.total_minor == -(9_900 - 3_333)
    # 3333 of 9900 settled 3367 of the plan, -337 of the credit and 303 of the tax.
    assert [(line.account, line.amount_minor) for line in memo.lines] == [
        ("4000", -6_633),
        ("4010", 663),
        ("2210", -597),
    ]
    assert (memo.number, memo.invoice_number) == ("ACME-0001-VOID", "ACME-0001")
    assert (memo.adjustment_date, memo.posting_date) == (VOIDED_DAY, VOIDED_DAY)
    applied = the(made, "invoice/in_1/void/applied", CreditApplication)
    assert applied == CreditApplication(
        key="invoice/in_1/void/applied",
        adjustment_key="invoice/in_1/void",
        invoice_key="invoice/in_1",
        application_date=VOIDED_DAY,
        currency="usd",
        amount_minor=6_567,
        memo="Stripe voided in_1",
    )


def test_what_a_credit_note_took_off_before_is_not_taken_off_again() -> None:
    lines = (a_line(6_000), a_line(4_000, id="il_2", price="price_setup"))
    note = a_credit_note(4_000, lines=(CreditNoteLine("cnli_1", 4_000, invoice_line="il_2"),))
    made = planned(a_void_invoice(lines=lines, credit_notes=(note,)))
    memo = the(made, "invoice/in_1/void", ArAdjustment)
    assert [(line.account, line.amount_minor) for line in memo.lines] == [("4000", -6_000)]


def test_nothing_is_left_to_void_when_everything_was_settled() -> None:
    made = planned(a_void_invoice(payments=(a_payment(),)))
    assert keys_of(made) == ["customer/cus_1", "invoice/in_1", "receipt/inpay_1"]


def test_what_a_payment_settled_whose_money_went_back_is_taken_back_too() -> None:
    lines = (a_line(6_000), a_line(4_000, id="il_2", price="price_setup"))
    went_back = a_payment(status="canceled", returned_at_unix=VOIDED - DAY_SECONDS)
    made = planned(a_void_invoice(lines=lines, payments=(went_back,), amount_paid_minor=0))
    memo = the(made, "invoice/in_1/void", ArAdjustment)
    assert [(line.account, line.amount_minor) for line in memo.lines] == [
        ("4000", -6_000),
        ("4010", -4_000),
    ]
    assert the(made, "invoice/in_1/void/applied", CreditApplication).amount_minor == 10_000


def test_money_that_came_after_the_void_and_went_back_changes_nothing() -> None:
    late = a_payment(paid_at_unix=VOIDED + 1, status="canceled", returned_at_unix=VOIDED + 2)
    made = planned(a_void_invoice(payments=(late,), amount_paid_minor=0))
    assert the(made, "invoice/in_1/void", InvoiceReversal).amount_minor == 10_000


def test_credit_balance_that_was_used_goes_back_to_the_customer() -> None:
    made = planned(a_void_invoice(credit_balance_applied_minor=4_000))
    memo = the(made, "invoice/in_1/void", ArAdjustment)
    assert [(line.account, line.amount_minor) for line in memo.lines] == [
        ("4000", -10_000),
        ("2400", 4_000),
    ]
    assert the(made, "invoice/in_1/void/applied", CreditApplication).amount_minor == 6_000
    used = the(made, "invoice/in_1/credit-balance", ArAdjustment)
    assert [(line.account, line.amount_minor) for line in used.lines] == [("2400", -4_000)]
    assert made.findings == ()


def test_a_payment_after_the_void_is_parked_and_does_not_change_the_void() -> None:
    late = a_payment(10_000, paid_at_unix=VOIDED + 1)
    made = planned(a_void_invoice(payments=(late,)))
    assert the(made, "invoice/in_1/void", InvoiceReversal).amount_minor == 10_000
    finding = the_finding(made, "receipt/inpay_1")
    assert (finding.disposition, finding.reason) == (Disposition.PARKED, Reason.OVER_APPLICATION)
    assert "void" in finding.text


def test_a_void_in_a_closed_period_is_moved_and_says_so() -> None:
    periods = Periods(closed_through=date(2026, 11, 30), when_closed="next_open_date")
    made = planned(a_void_invoice(), a_policy(periods=periods))
    reversal = the(made, "invoice/in_1/void", InvoiceReversal)
    assert reversal.reversal_date == date(2026, 12, 1)
    assert reversal.description == "Stripe voided in_1, dated 2026-11-11"


def test_a_closed_invoice_day_parks_the_invoice_but_not_its_void() -> None:
    periods = Periods(closed_through=NOON_DAY, when_closed="park")
    made = planned(a_void_invoice(), a_policy(periods=periods))
    assert the_finding(made, "invoice/in_1").reason is Reason.PERIOD_CLOSED_BY_POLICY
    assert "invoice/in_1/void" in keys_of(made)


def test_a_void_that_does_not_say_when_is_parked() -> None:
    made = planned(a_void_invoice(voided_at_unix=None, payments=(a_payment(4_000),)))
    assert the_finding(made, "invoice/in_1/void").reason is Reason.UNREADABLE_OBJECT
    assert the_finding(made, "invoice/in_1/void/applied").reason is Reason.UNREADABLE_OBJECT
    assert "receipt/inpay_1" in keys_of(made)


def test_the_number_of_the_credit_memo_fits() -> None:
    made = planned(a_void_invoice(number="N" * 30, payments=(a_payment(4_000),)))
    assert len(the(made, "invoice/in_1/void", ArAdjustment).number) == 30


def test_what_goes_back_after_the_void_is_not_owed_again() -> None:
    """The reversal of the receipt opens the invoice, so what the payment had paid goes, too."""
    lines = (a_line(10_000), a_line(-1_000, id="il_2", price="price_setup"))
    back = a_payment(3_333, status="canceled", returned_at_unix=VOIDED + DAY_SECONDS)
    made = planned(a_void_invoice(lines=lines, taxes=(a_tax(900),), payments=(back,)))
    memo = the(made, "invoice/in_1/void/inpay_1", ArAdjustment)
    assert [(line.account, line.amount_minor) for line in memo.lines] == [
        ("4000", -3_367),
        ("4010", 337),
        ("2210", -303),
    ]
    assert (memo.number, memo.posting_date) == ("ACME-0001-VOID-inpay_1", date(2026, 11, 12))
    applied = the(made, "invoice/in_1/void/inpay_1/applied", CreditApplication)
    assert applied.applications == (Application("invoice/in_1", 3_333),)
    assert dependencies(applied) == (memo.key, "invoice/in_1", "receipt/inpay_1/returned")


def test_the_memo_of_a_void_waits_until_what_went_back_before_is_owed_again() -> None:
    back = a_payment(3_333, status="canceled", returned_at_unix=VOIDED - DAY_SECONDS)
    applied = the(
        planned(a_void_invoice(payments=(back,))), "invoice/in_1/void/applied", CreditApplication
    )
    assert applied.amount_minor == 10_000
    assert "receipt/inpay_1/returned" in dependencies(applied)
