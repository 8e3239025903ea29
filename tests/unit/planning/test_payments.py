"""Receipts: which payment lands where, and that receipts never exceed their invoice.

Method: one invoice snapshot per case through `plan`, looking at receipts and findings.
"""

import dataclasses
from datetime import date

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_charge,
    a_paid_invoice,
    a_payment,
    a_policy,
    an_invoice,
    keys_of,
    planned,
    the,
    the_finding,
)
from tieout.domain.documents import ArInvoice, ArPayment, CashAccount, digest
from tieout.domain.keys import REFERENCE_LENGTH_MAX
from tieout.domain.plans import Disposition, Plan
from tieout.domain.policy import Periods
from tieout.domain.reasons import Reason
from tieout.planning.snapshots import InvoicePayment, InvoiceSnapshot


def receipts_of(made: Plan) -> dict[str, int]:
    return {each.key: each.amount_minor for each in made.documents if isinstance(each, ArPayment)}


def test_a_payment_through_stripe_lands_in_clearing() -> None:
    receipt = the(planned(a_paid_invoice()), "receipt/inpay_1", ArPayment)
    assert receipt == ArPayment(
        key="receipt/inpay_1",
        stripe_id="inpay_1",
        customer_id="cus_1",
        invoice_key="invoice/in_1",
        reference="inpay_1",
        payment_date=date(2026, 11, 3),
        posting_date=date(2026, 11, 3),
        currency="usd",
        amount_minor=10_000,
        method="Credit Card",
        cash_account=CashAccount("1200"),
        description="inpay_1 pi_1",
        happened_at_unix=NOON + DAY_SECONDS,
    )


def test_a_receipt_names_the_setting_that_chose_its_account_and_no_content_hangs_on_it() -> None:
    receipt = the(planned(a_paid_invoice()), "receipt/inpay_1", ArPayment)
    assert receipt.cash_account.why == "clearing.usd"
    unsaid = dataclasses.replace(receipt, cash_account=CashAccount("1200"))
    assert digest(unsaid) == digest(receipt)
    payment = a_payment(out_of_band=True, payment_intent=None, payment_record="pr_1")
    outside = the(planned(a_paid_invoice(payments=(payment,))), "receipt/inpay_1", ArPayment)
    assert outside.cash_account.why == "out_of_band.usd"


def test_each_payment_of_an_invoice_has_its_own_receipt_in_order_of_payment() -> None:
    later = a_payment(6_000, id="inpay_a", paid_at_unix=NOON + 5 * DAY_SECONDS)
    sooner = a_payment(4_000, id="inpay_b")
    made = planned(a_paid_invoice(payments=(later, sooner)))
    assert list(receipts_of(made).items()) == [
        ("receipt/inpay_b", 4_000),
        ("receipt/inpay_a", 6_000),
    ]
    assert made.findings == ()


@pytest.mark.parametrize("status", ["open", "canceled"])
def test_a_payment_that_brought_nothing_has_no_receipt(status: str) -> None:
    payment = a_payment(0, status=status, paid_at_unix=None)
    made = planned(an_invoice(payments=(payment,)))
    assert receipts_of(made) == {}
    assert made.findings == ()


def test_a_partial_payment_leaves_the_rest_open() -> None:
    assert receipts_of(planned(an_invoice(payments=(a_payment(2_500),)))) == {
        "receipt/inpay_1": 2_500
    }


def test_a_payment_record_lands_in_the_out_of_band_account() -> None:
    payment = a_payment(out_of_band=True, payment_intent=None, payment_record="pr_1")
    receipt = the(planned(a_paid_invoice(payments=(payment,))), "receipt/inpay_1", ArPayment)
    assert receipt.cash_account == CashAccount("1010", "BANK-OTHER")
    assert receipt.method == "EFT"
    assert receipt.description == "Paid outside Stripe, pr_1"


def test_a_payment_outside_stripe_without_record_goes_by_its_own_id() -> None:
    payment = a_payment(out_of_band=True, payment_intent=None)
    receipt = the(planned(a_paid_invoice(payments=(payment,))), "receipt/inpay_1", ArPayment)
    assert receipt.description == "Paid outside Stripe, inpay_1"


def test_what_no_payment_explains_was_paid_out_of_band() -> None:
    made = planned(a_paid_invoice(payments=(a_payment(4_000),), amount_paid_minor=10_000))
    assert receipts_of(made) == {"receipt/inpay_1": 4_000, "receipt/in_1/out-of-band": 6_000}
    rest = the(made, "receipt/in_1/out-of-band", ArPayment)
    assert rest.cash_account == CashAccount("1010", "BANK-OTHER")
    assert rest.payment_date == date(2026, 11, 3)
    assert rest.description == "Paid outside Stripe, in_1"


@pytest.mark.parametrize("invoice_id", ["in_1", "in_1SQk4hLkdIwHu7ixA1b2C3d4"])
def test_a_receipt_without_payment_has_another_reference_than_its_invoice(invoice_id: str) -> None:
    made = planned(a_paid_invoice(id=invoice_id, payments=(), amount_paid_minor=10_000))
    receipt = the(made, f"receipt/{invoice_id}/out-of-band", ArPayment)
    assert receipt.reference != the(made, f"invoice/{invoice_id}", ArInvoice).reference
    assert receipt.reference[:4] == invoice_id[:4]
    assert len(receipt.reference) <= REFERENCE_LENGTH_MAX


@pytest.mark.parametrize(
    "invoice",
    [
        an_invoice(amount_paid_minor=6_000),
        a_paid_invoice(
            payments=(a_payment(0, status="open", paid_at_unix=None),), amount_paid_minor=6_000
        ),
    ],
    ids=["not paid yet", "a payment is still open"],
)
def test_money_that_a_payment_may_still_explain_is_not_called_out_of_band(
    invoice: InvoiceSnapshot,
) -> None:
    made = planned(invoice)
    assert receipts_of(made) == {}
    finding = the_finding(made, "receipt/in_1/out-of-band")
    assert (finding.disposition, finding.amount_minor) == (Disposition.NOT_BOOKED, 6_000)


def test_a_currency_without_clearing_account_parks_the_receipt_with_its_invoice() -> None:
    made = planned(a_paid_invoice(currency="gbp"))
    assert keys_of(made) == ["customer/cus_1"]
    finding = the_finding(made, "receipt/inpay_1")
    assert finding.reason is Reason.CURRENCY_NOT_IN_POLICY
    assert "gbp" in finding.text
    assert (finding.amount_minor, finding.currency) == (10_000, "gbp")


def test_an_out_of_band_payment_without_account_names_the_setting() -> None:
    payment = a_payment(out_of_band=True)
    made = planned(a_paid_invoice(payments=(payment,)), a_policy(out_of_band={}))
    finding = the_finding(made, "receipt/inpay_1")
    assert finding.reason is Reason.ACCOUNT_NOT_IN_POLICY
    assert "out_of_band.usd" in finding.text


def test_what_is_beyond_the_invoice_and_in_nobodys_balance_is_parked() -> None:
    made = planned(a_paid_invoice(payments=(a_payment(10_050),)))
    assert receipts_of(made) == {"receipt/inpay_1": 10_000}
    finding = the_finding(made, "receipt/inpay_1/excess")
    assert (finding.disposition, finding.reason, finding.amount_minor) == (
        Disposition.PARKED,
        Reason.OVER_APPLICATION,
        50,
    )


def test_a_payment_that_finds_nothing_left_is_parked() -> None:
    again = a_payment(10_000, id="inpay_2", paid_at_unix=NOON + 2 * DAY_SECONDS)
    made = planned(a_paid_invoice(payments=(a_payment(), again)))
    assert receipts_of(made) == {"receipt/inpay_1": 10_000}
    finding = the_finding(made, "receipt/inpay_2")
    assert (finding.disposition, finding.reason, finding.amount_minor) == (
        Disposition.PARKED,
        Reason.OVER_APPLICATION,
        10_000,
    )


def test_a_payment_that_does_not_say_when_is_parked() -> None:
    made = planned(a_paid_invoice(payments=(a_payment(paid_at_unix=None),)))
    assert the_finding(made, "receipt/inpay_1").reason is Reason.UNREADABLE_OBJECT


def test_a_payment_in_another_currency_than_its_invoice_is_parked() -> None:
    made = planned(a_paid_invoice(payments=(a_payment(currency="eur"),)))
    finding = the_finding(made, "receipt/inpay_1")
    assert finding.reason is Reason.DOES_NOT_ADD_UP
    assert "eur" in finding.text


def test_a_receipt_in_a_closed_period_is_moved_and_says_so() -> None:
    periods = Periods(closed_through=date(2026, 11, 30), when_closed="next_open_date")
    receipt = the(
        planned(a_paid_invoice(), a_policy(periods=periods)), "receipt/inpay_1", ArPayment
    )
    assert (receipt.payment_date, receipt.posting_date) == (date(2026, 11, 3), date(2026, 12, 1))
    assert receipt.description == "inpay_1 pi_1, dated 2026-11-03"


def test_real_ids_fit_into_reference_and_description() -> None:
    payment = a_payment(
        id="inpay_1M3USa2eZvKYlo2CBjuwbq0N", payment_intent="pi_3MtwBwLkdIwHu7ix28a3tqPa"
    )
    periods = Periods(closed_through=date(2026, 11, 30), when_closed="next_open_date")
    made = planned(a_paid_invoice(payments=(payment,)), a_policy(periods=periods))
    receipt = the(made, f"receipt/{payment.id}", ArPayment)
    assert len(receipt.reference) == 20
    assert receipt.description == f"{payment.id} {payment.payment_intent}, dated 2026-11-03"


@pytest.mark.parametrize(
    ("payment", "sale"),
    [
        (a_payment(payment_intent="pi_1"), "sale/pi_1"),
        (a_payment(payment_intent=None, charge="ch_1"), "sale/ch_1"),
    ],
)
def test_a_payment_is_no_sale_of_its_own_whatever_its_charge_said_before(
    payment: InvoicePayment, sale: str
) -> None:
    charge = a_charge(payment_intent=payment.payment_intent)
    assert [each.key for each in planned(charge).findings] == [sale]
    assert planned(a_paid_invoice(payments=(payment,))).supersedes == (sale,)


@pytest.mark.parametrize(
    "payment",
    [
        a_payment(0, status="open", paid_at_unix=None),
        a_payment(payment_intent=None, out_of_band=True),
    ],
    ids=["not paid yet", "paid outside Stripe"],
)
def test_without_money_through_stripe_no_sale_is_covered(payment: InvoicePayment) -> None:
    assert planned(an_invoice(payments=(payment,))).supersedes == ()


def test_a_payment_from_before_invoice_payments_existed_goes_by_its_payment_intent() -> None:
    payment = a_payment(id="pi_1")
    receipt = the(planned(a_paid_invoice(payments=(payment,))), "receipt/pi_1", ArPayment)
    assert receipt.description == "pi_1"
