"""Every object the double shows is one that Stripe's own typed class describes.

Method: play a history that touches everything, render every object, event and list, and walk the
annotations of the ``stripe`` package's classes: no field that they do not declare, none missing
that they require, every enum and type right. The walker itself is tried on broken objects first.
"""

import pytest
import stripe

from tests.sandbox.stripe import PINNED_VERSION, StripeAccount
from tests.sandbox.stripe.expanding import EXPANDABLE, Expander
from tests.unit.sandbox.stripe.business import busy_account
from tests.unit.sandbox.stripe.typed_shape import expandable, problems

TYPED: dict[str, type] = {
    "application_fee": stripe.ApplicationFee,
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "coupon": stripe.Coupon,
    "credit_note": stripe.CreditNote,
    "customer": stripe.Customer,
    "customer_balance_transaction": stripe.CustomerBalanceTransaction,
    "discount": stripe.Discount,
    "dispute": stripe.Dispute,
    "fee_refund": stripe.ApplicationFeeRefund,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "payment_intent": stripe.PaymentIntent,
    "payment_record": stripe.PaymentRecord,
    "payout": stripe.Payout,
    "price": stripe.Price,
    "product": stripe.Product,
    "refund": stripe.Refund,
    "tax_rate": stripe.TaxRate,
    "topup": stripe.Topup,
    "transfer": stripe.Transfer,
    "transfer_reversal": stripe.TransferReversal,
}


@pytest.fixture(scope="module")
def account() -> StripeAccount:
    return busy_account()


def test_the_history_touches_every_kind(account: StripeAccount) -> None:
    assert account.store.kinds().keys() == TYPED.keys()


@pytest.mark.parametrize("kind", TYPED)
def test_objects_have_the_fields_of_the_typed_class(account: StripeAccount, kind: str) -> None:
    shown = [account.show(obj) for obj in account.store.all(kind)]
    assert shown
    assert [problem for obj in shown for problem in problems(obj, TYPED[kind])] == []


def test_events_have_the_fields_of_the_typed_class(account: StripeAccount) -> None:
    bodies = [record.body(PINNED_VERSION) for record in account.event_log]
    assert [problem for body in bodies for problem in problems(body, stripe.Event)] == []
    kinds = {body["data"]["object"]["object"] for body in bodies}
    assert {"invoice", "invoice_payment", "charge", "refund", "payout", "dispute"} <= kinds


def test_the_balance_has_the_fields_of_the_typed_class(account: StripeAccount) -> None:
    assert problems(account.balance(), stripe.Balance) == []


@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        ("invoice", ["payments.data.payment.payment_intent", "customer", "discounts"]),
        ("invoice", ["amount_paid_off_stripe", "shipping_cost.taxes", "lines.data.discounts"]),
        ("balance_transaction", ["source"]),
        ("charge", ["refunds", "balance_transaction.source", "payment_intent.latest_charge"]),
        ("customer", ["tax_ids", "sources"]),
        ("invoice_payment", ["payment.payment_record", "payment.payment_intent", "invoice"]),
        ("credit_note", ["refunds.refund", "invoice", "customer_balance_transaction"]),
        ("discount", ["source.coupon"]),
    ],
)
def test_expanded_objects_keep_the_shape(
    account: StripeAccount, kind: str, paths: list[str]
) -> None:
    expander = Expander(account.store, account.show, lambda _: None)
    for obj in account.store.all(kind):
        shown = account.show(obj)
        expander.expand(shown, paths)
        assert problems(shown, TYPED[kind]) == []


@pytest.mark.parametrize(("kind", "path"), sorted(EXPANDABLE))
def test_what_can_be_expanded_is_expandable_in_the_typed_class(kind: str, path: str) -> None:
    cls = {**TYPED, "line_item": stripe.InvoiceLineItem}[kind]
    assert expandable(cls, path)


def test_the_walker_knows_what_cannot_be_expanded() -> None:
    assert not expandable(stripe.Invoice, "number")
    assert not expandable(stripe.InvoiceLineItem, "pricing.price_details.product")


def test_the_walker_sees_what_is_wrong(account: StripeAccount) -> None:
    invoice = account.show(account.store.all("invoice")[0])
    del invoice["subtotal"]
    invoice["paid"] = True
    invoice["status_transitions"]["paid_on"] = 1
    invoice["lines"]["data"][0]["amount"] = "12"
    assert sorted(problems(invoice, stripe.Invoice)) == [
        "Invoice.lines.data[0].amount: '12' is not int",
        "Invoice.paid: no such field",
        "Invoice.status_transitions.paid_on: no such field",
        "Invoice.subtotal: required",
    ]
