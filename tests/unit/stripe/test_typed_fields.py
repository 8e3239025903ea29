"""Goal: at the pinned version we read no field that does not exist, and miss none that counts.

Method: decode full objects that remember what is looked at, and compare with the typed classes of
the `stripe` package, which are made from Stripe's specification. Every amount and every time of
the objects that are booked is either read or listed here with the reason why not; so is every
field of their top level. A new version of the package with a new field fails until somebody
decides about it.
"""

from collections.abc import Mapping
from typing import Any

import pytest
import stripe

from tests.unit.stripe import money as shapes_of_money
from tests.unit.stripe import shapes
from tests.unit.stripe.recorded_reads import RecordedObject
from tests.unit.stripe.shapes import Facts, Line, Tax
from tests.unit.stripe.typed_fields import exists, fields_of, integer_paths
from tieout.stripe import decode

CLASSES: Mapping[str, type] = {
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "credit_note": stripe.CreditNote,
    "credit_note_line_item": stripe.CreditNoteLineItem,
    "customer": stripe.Customer,
    "customer_balance_transaction": stripe.CustomerBalanceTransaction,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "line_item": stripe.InvoiceLineItem,
    "payout": stripe.Payout,
    "price": stripe.Price,
    "refund": stripe.Refund,
    "tax_rate": stripe.TaxRate,
    "topup": stripe.Topup,
}
BOOKED = (
    stripe.BalanceTransaction,
    stripe.CreditNote,
    stripe.CreditNoteLineItem,
    stripe.CustomerBalanceTransaction,
    stripe.Invoice,
    stripe.InvoiceLineItem,
    stripe.InvoicePayment,
    stripe.Payout,
    stripe.Refund,
    stripe.Topup,
)

# Looked at for shapes from before basil; not needed where today's fields are there.
OLDER_SHAPES = {"Charge.invoice", "Invoice.paid_out_of_band"}

NOT_NEEDED: Mapping[str, tuple[str, ...]] = {
    "sums of what is read one by one": (
        "CreditNote.amount",
        "CreditNote.amount_shipping",
        "CreditNote.discount_amount",
        "CreditNote.discount_amounts",
        "CreditNote.discount_amounts[].amount",
        "CreditNote.pretax_credit_amounts",
        "CreditNote.pretax_credit_amounts[].amount",
        "CreditNote.shipping_cost.amount_subtotal",
        "CreditNote.shipping_cost.taxes[].amount",
        "CreditNote.shipping_cost.taxes[].taxable_amount",
        "CreditNote.subtotal",
        "CreditNote.subtotal_excluding_tax",
        "CreditNote.total_excluding_tax",
        "CreditNote.total_taxes[].taxable_amount",
        "CreditNoteLineItem.discount_amounts",
        "CreditNoteLineItem.discount_amounts[].amount",
        "CreditNoteLineItem.pretax_credit_amounts",
        "CreditNoteLineItem.pretax_credit_amounts[].amount",
        "CreditNoteLineItem.taxes[].taxable_amount",
        "CustomerBalanceTransaction.ending_balance",
        "Invoice.amount_due",
        "Invoice.amount_paid_off_stripe",
        "Invoice.amount_shipping",
        "Invoice.shipping_cost.amount_subtotal",
        "Invoice.shipping_cost.taxes[].amount",
        "Invoice.shipping_cost.taxes[].taxable_amount",
        "Invoice.subtotal",
        "Invoice.subtotal_excluding_tax",
        "Invoice.total_discount_amounts",
        "Invoice.total_discount_amounts[].amount",
        "Invoice.total_excluding_tax",
        "Invoice.total_pretax_credit_amounts",
        "Invoice.total_pretax_credit_amounts[].amount",
        "Invoice.total_taxes[].taxable_amount",
        "InvoiceLineItem.subtotal",
        "InvoiceLineItem.taxes[].taxable_amount",
    ),
    "how an amount came about; Stripe's result is what is booked": (
        "BalanceTransaction.exchange_rate",
        "CreditNoteLineItem.quantity",
        "CreditNoteLineItem.tax_rates",
        "CreditNoteLineItem.unit_amount",
        "CreditNoteLineItem.unit_amount_decimal",
        "Invoice.automatic_tax",
        "Invoice.default_tax_rates",
        "Invoice.discounts",
        "Invoice.threshold_reason",
        "Invoice.threshold_reason.amount_gte",
        "Invoice.threshold_reason.item_reasons[].usage_gte",
        "InvoiceLineItem.discountable",
        "InvoiceLineItem.discounts",
        "InvoiceLineItem.quantity",
        "InvoiceLineItem.quantity_decimal",
    ),
    "when Stripe does something next, or did it; no date of the books": (
        "BalanceTransaction.available_on",
        "BalanceTransaction.status",
        "Topup.expected_availability_date",
        "Invoice.attempt_count",
        "Invoice.attempted",
        "Invoice.auto_advance",
        "Invoice.automatically_finalizes_at",
        "Invoice.next_payment_attempt",
        "Invoice.webhooks_delivered_at",
        "InvoicePayment.created",
        "Refund.next_action",
        "Refund.next_action.display_details.email_sent.email_sent_at",
        "Refund.next_action.display_details.expires_at",
    ),
    "the window in which items are gathered, not the service period of a line": (
        "Invoice.period_end",
        "Invoice.period_start",
    ),
    "what was asked for, not what was paid": (
        "InvoicePayment.amount_requested",
        "InvoicePayment.is_default",
    ),
    "what the buyer saw; the invoice's or charge's currency is booked": (
        "Refund.presentment_details",
        "Refund.presentment_details.presentment_amount",
    ),
    "how payment is collected": (
        "Payout.destination",
        "Payout.payout_method",
        "Payout.statement_descriptor",
        "Payout.type",
        "Topup.payment_method",
        "Topup.payment_method_options",
        "Topup.source",
        "Topup.statement_descriptor",
        "Topup.transfer_group",
        "Invoice.collection_method",
        "Invoice.confirmation_secret",
        "Invoice.default_payment_method",
        "Invoice.default_source",
        "Invoice.payment_settings",
        "Invoice.payment_settings.payment_method_options.payto.mandate_options.amount",
        "Invoice.payment_settings.payment_method_options.pix.expires_after_seconds",
        "Invoice.payment_settings.payment_method_options.upi.mandate_options.amount",
        "Invoice.payment_settings.payment_method_options.upi.mandate_options.end_date",
        "Invoice.statement_descriptor",
        "Refund.destination_details",
        "Refund.instructions_email",
        "Refund.payment_method",
    ),
    "how the document looks and where it is": (
        "CreditNote.memo",
        "CreditNote.pdf",
        "Payout.description",
        "Topup.description",
        "Invoice.account_tax_ids",
        "Invoice.custom_fields",
        "Invoice.description",
        "Invoice.footer",
        "Invoice.hosted_invoice_url",
        "Invoice.invoice_pdf",
        "Invoice.receipt_number",
        "Invoice.rendering",
        "Invoice.rendering.template_version",
        "Refund.description",
        "Refund.receipt_number",
    ),
    "why it exists or which other object it came from": (
        "CreditNote.reason",
        "CreditNoteLineItem.type",
        "CustomerBalanceTransaction.checkout_session",
        "Payout.failure_code",
        "Payout.failure_message",
        "Payout.original_payout",
        "Payout.reversed_by",
        "Topup.failure_code",
        "Topup.failure_message",
        "Topup.initiated_by",
        "Invoice.billing_reason",
        "Invoice.from_invoice",
        "Invoice.last_finalization_error",
        "Invoice.latest_revision",
        "Invoice.parent",
        "Invoice.parent.subscription_details.subscription_proration_date",
        "Invoice.status_details",
        "Invoice.test_clock",
        "InvoiceLineItem.invoice",
        "InvoiceLineItem.subscription",
        "Refund.failure_reason",
        "Refund.pending_reason",
    ),
    "who we are; one deployment has one account": (
        "Invoice.account_country",
        "Invoice.account_name",
        "Invoice.issuer",
    ),
    "Connect, which is recorded and not booked": (
        "Payout.application_fee",
        "Payout.application_fee_amount",
        "Invoice.application",
        "Invoice.on_behalf_of",
        "Refund.source_transfer_reversal",
        "Refund.transfer_reversal",
    ),
    "the customer of the books is `customer`": (
        "CreditNote.customer",
        "CreditNote.customer_account",
        "CustomerBalanceTransaction.customer",
        "CustomerBalanceTransaction.customer_account",
        "Invoice.customer_account",
        "Invoice.customer_shipping",
        "Invoice.customer_tax_exempt",
        "Invoice.customer_tax_ids",
        "Invoice.shipping_details",
        "Refund.customer",
        "Refund.customer_account",
    ),
    "only in the answer to a deletion": ("Invoice.deleted",),
    "said by the list that it is in": (
        "CreditNoteLineItem.object",
        "InvoiceLineItem.object",
    ),
    "the same as the invoice's": (
        "CreditNoteLineItem.livemode",
        "InvoiceLineItem.currency",
        "InvoiceLineItem.livemode",
    ),
    "checked by the reader, for every object": (
        "CreditNote.livemode",
        "CustomerBalanceTransaction.livemode",
        "Payout.livemode",
        "Topup.livemode",
        "Invoice.livemode",
        "InvoicePayment.livemode",
    ),
    "read by their source, the failure's too": (
        "Payout.balance_transaction",
        "Payout.failure_balance_transaction",
        "Topup.balance_transaction",
    ),
    "the books have one clearing account for all parts of a balance": (
        "BalanceTransaction.balance_type",
        "Payout.source_type",
    ),
    "the credit note's type follows from its amounts": ("CreditNote.type",),
    "free text for the company; what is booked of it follows the invoice": (
        "CreditNoteLineItem.metadata",
        "Payout.metadata",
        "Topup.metadata",
        "Refund.metadata",
    ),
}


def full_invoice() -> dict[str, Any]:
    facts = Facts(
        status="paid",
        lines=(
            Line("il_1", 2_000, discounts=(100,), taxes=(Tax(190),)),
            Line("il_2", 10, from_subscription=False, proration=True),
        ),
        shipping={"amount_subtotal": 5, "amount_tax": 1, "amount_total": 6},
    )
    raw = shapes.today(facts)
    credit = {"amount": 5, "type": "credit_balance_transaction"}
    raw["lines"]["data"][0]["pretax_credit_amounts"].append(credit)
    return raw


@pytest.fixture(scope="module")
def reads() -> set[str]:
    """Every path that decoding full objects of today's shape looks at."""
    found: set[str] = set()
    names = {kind: cls.__name__ for kind, cls in CLASSES.items()}

    def recorded(raw: dict[str, Any]) -> RecordedObject:
        return RecordedObject(raw, names, found)

    payment = full_invoice()["payments"]["data"][0]
    nameless = {**full_invoice()["customer"], "name": None, "address": {"city": "Leeds"}}
    money = {"amount": 1, "currency": "usd", "created": 1, "status": "succeeded"}
    tax = {"amount": 1, "tax_behavior": "exclusive", "tax_rate_details": {"tax_rate": "txr_1"}}
    fee = {"type": "tax", "amount": 1}
    moved = shapes_of_money.moved(fee_details=[fee])
    decode.invoice(recorded(full_invoice()))
    decode.invoice(recorded(full_invoice() | {"customer": "cus_1"}))
    decode.invoice_row(recorded(full_invoice()))
    decode.invoice_payment(recorded(payment))
    decode.customer(recorded(nameless))
    refund = {"id": "re_1", "object": "refund", **money, "balance_transaction": moved}
    decode.refund(recorded(refund | {"failure_balance_transaction": moved}))
    charge = {"id": "ch_1", "object": "charge", **money, "captured": True}
    decode.charge(recorded(charge | {"balance_transaction": moved}))
    decode.movement(recorded(moved))
    decode.credit_note(
        recorded(
            shapes_of_money.credit_note(
                customer_balance_transaction="cbtxn_1",
                refunds=[{"refund": "re_1", "amount_refunded": 1}],
                shipping_cost={"amount_total": 2, "amount_tax": 1},
                total_taxes=[tax],
                lines={"data": [shapes_of_money.credit_note_line(taxes=[tax])]},
            )
        )
    )
    decode.balance_change(recorded(shapes_of_money.balance_change()))
    decode.dispute(recorded(shapes_of_money.dispute()), ())
    decode.payout(recorded(shapes_of_money.payout()), ())
    decode.tells_content(recorded(shapes_of_money.payout()))
    decode.topup(recorded(shapes_of_money.topup()), ())
    event = {"id": "evt_1", "object": "event", "type": "invoice.paid", "created": 1}
    decode.event_hint(recorded(event | {"data": {"object": full_invoice()}}))
    return found


def steps(path: str) -> tuple[str, ...]:
    return tuple(path.replace("[]", ".[]").split(".")[1:])


def cls_of(path: str) -> type:
    name = path.partition(".")[0]
    return next(cls for cls in CLASSES.values() if cls.__name__ == name)


def not_needed() -> list[str]:
    return [path for paths in NOT_NEEDED.values() for path in paths]


def test_every_field_we_read_exists_at_the_pinned_version(reads: set[str]) -> None:
    missing = {path for path in reads if not exists(cls_of(path), steps(path))}

    assert missing == OLDER_SHAPES


@pytest.mark.parametrize("cls", BOOKED)
def test_every_amount_and_time_is_read_or_there_is_a_reason(cls: type, reads: set[str]) -> None:
    assert set(integer_paths(cls)) - reads - set(not_needed()) == set()


@pytest.mark.parametrize("cls", BOOKED)
def test_every_field_is_read_or_there_is_a_reason(cls: type, reads: set[str]) -> None:
    declared = {f"{cls.__name__}.{name}" for name in fields_of(cls)}

    assert declared - reads - set(not_needed()) == set()


def test_the_reasons_are_about_fields_that_exist_and_are_not_read(reads: set[str]) -> None:
    listed = not_needed()

    assert len(listed) == len(set(listed))
    assert [path for path in listed if not exists(cls_of(path), steps(path))] == []
    assert sorted(set(listed) & reads) == []


def test_the_walk_sees_what_is_not_there() -> None:
    assert exists(stripe.Invoice, steps("Invoice.lines.data[].pricing.price_details.product"))
    assert not exists(stripe.Invoice, steps("Invoice.lines.data[].price"))
    assert not exists(stripe.Invoice, steps("Invoice.paid"))
    assert "Invoice.total_taxes[].amount" in set(integer_paths(stripe.Invoice))
