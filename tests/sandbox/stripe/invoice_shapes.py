"""The JSON of invoices and their lines, built from specs and figures."""

from decimal import Decimal
from fractions import Fraction

from tests.sandbox.stripe.amounts import rounded
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.figures import LineFigures, RateTotal, TaxShare
from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.specs import InvoiceSpec, LineSpec


def blank_invoice(spec: InvoiceSpec, invoice_id: str, now: int, *, livemode: bool) -> JsonObject:
    """Return a draft without lines and amounts. Source: stripe-api 4.1 and the typed class."""
    sent = spec.days_until_due is not None
    return {
        "id": invoice_id,
        "object": "invoice",
        "account_tax_ids": None,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "automatically_finalizes_at": None,
        "billing_reason": "manual" if spec.subscription is None else "subscription_cycle",
        "collection_method": "send_invoice" if sent else "charge_automatically",
        "created": now,
        "currency": spec.currency,
        "custom_fields": None,
        "customer": spec.customer,
        "customer_account": None,
        "default_payment_method": None,
        "default_source": None,
        "description": spec.description,
        "due_date": now + spec.days_until_due * 86_400 if spec.days_until_due is not None else None,
        "effective_at": None,
        "ending_balance": None,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "livemode": livemode,
        "metadata": dict(spec.metadata),
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": _invoice_parent(spec),
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": now,
        "period_start": now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_details": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "draft",
        "status_details": None,
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "test_clock": None,
        "threshold_reason": None,
        "webhooks_delivered_at": None,
    }


def customer_snapshot(customer: JsonObject) -> JsonObject:
    """Return the invoice fields copied from the customer (frozen at finalisation)."""
    return {
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": customer["shipping"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [],
    }


def line_amount(spec: LineSpec, price: JsonObject | None) -> int:
    """Return a line's amount in minor units: its own, or quantity times price, rounded once.

    Raises:
        StripeError: the line has both or neither of price and amount.
    """
    if spec.amount_minor is not None:
        return spec.amount_minor
    if price is None:
        raise refused("An invoice line needs a price or an amount")
    return rounded(Fraction(Decimal(price["unit_amount_decimal"])) * spec.quantity)


def invoice_line(
    spec: LineSpec,
    invoice: JsonObject,
    figures: LineFigures,
    *,
    ids: tuple[str, str],
    own_discounts: list[str],
    price: JsonObject | None,
) -> JsonObject:
    """Return a line item; ``ids`` are its own and its invoice item's. Source: stripe-api 4.2."""
    start, end = spec.period or (invoice["created"], invoice["created"])
    discounts = [
        {"amount": amount, "discount": discount} for discount, amount in figures.discounts if amount
    ]
    return {
        "id": ids[0],
        "object": "line_item",
        "amount": figures.amount_minor,
        "currency": invoice["currency"],
        "description": spec.description,
        "discount_amounts": discounts,
        "discountable": not spec.proration,
        "discounts": own_discounts,
        "invoice": invoice["id"],
        "livemode": invoice["livemode"],
        "metadata": dict(spec.metadata),
        "parent": _line_parent(spec, invoice, ids[1]),
        "period": {"end": end, "start": start},
        "pretax_credit_amounts": [_pretax_credit(each) for each in discounts],
        "pricing": _pricing(price),
        "quantity": spec.quantity,
        "quantity_decimal": str(spec.quantity),
        "subscription": _subscription_of(invoice),
        "subtotal": figures.amount_minor,
        "taxes": [tax_entry(each) for each in figures.taxes],
    }


def tax_entry(part: TaxShare | RateTotal) -> JsonObject:
    """Return one element of ``taxes`` or ``total_taxes``."""
    return {
        "amount": part.amount_minor,
        "tax_behavior": "inclusive" if part.term.inclusive else "exclusive",
        "tax_rate_details": {"tax_rate": part.term.rate_id},
        "taxability_reason": part.term.reason,
        "taxable_amount": part.taxable_minor,
        "type": "tax_rate_details",
    }


def discount_totals(figures: list[LineFigures]) -> JsonObject:
    """Return the invoice's discounts per discount id, in order of first appearance."""
    sums: dict[str, int] = {}
    for line in figures:
        for discount, amount in line.discounts:
            if amount:
                sums[discount] = sums.get(discount, 0) + amount
    entries = [{"amount": amount, "discount": discount} for discount, amount in sums.items()]
    return {
        "total_discount_amounts": entries,
        "total_pretax_credit_amounts": [_pretax_credit(each) for each in entries],
    }


def _pretax_credit(discount_amount: JsonObject) -> JsonObject:
    return {**discount_amount, "credit_balance_transaction": None, "type": "discount"}


def _pricing(price: JsonObject | None) -> JsonObject | None:
    if price is None:
        return None
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def _invoice_parent(spec: InvoiceSpec) -> JsonObject | None:
    if spec.subscription is None:
        return None
    return {
        "quote_details": None,
        "subscription_details": {
            "metadata": {},
            "subscription": spec.subscription,
            "subscription_proration_date": None,
        },
        "type": "subscription_details",
    }


def _subscription_of(invoice: JsonObject) -> str | None:
    if invoice["parent"] is None:
        return None
    return str(invoice["parent"]["subscription_details"]["subscription"])


def _line_parent(spec: LineSpec, invoice: JsonObject, item_id: str) -> JsonObject:
    credited = None
    if spec.credited_invoice is not None:
        credited = {
            "invoice": spec.credited_invoice,
            "invoice_line_items": list(spec.credited_lines),
        }
    details = {
        "invoice_item": item_id,
        "proration": spec.proration,
        "proration_details": {"credited_items": credited},
        "subscription": _subscription_of(invoice),
    }
    if spec.subscription_item is None:
        return {
            "invoice_item_details": details,
            "subscription_item_details": None,
            "type": "invoice_item_details",
        }
    details |= {
        "invoice_item": item_id if spec.proration else None,
        "subscription_item": spec.subscription_item,
    }
    return {
        "invoice_item_details": None,
        "subscription_item_details": details,
        "type": "subscription_item_details",
    }
