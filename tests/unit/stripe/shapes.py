"""The same invoice as Stripe renders it today and as it did before basil (2025-03-31).

Written from the list of changed fields in the Stripe dossier, section 3.1; each builder takes the
facts of one invoice, so a pair differs in shape and in nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

INVOICE = "in_1Shape"
CUSTOMER = "cus_1Shape"
PAYMENT_INTENT = "pi_1Shape"
CHARGE = "ch_1Shape"
INVOICE_PAYMENT = "inpay_1Shape"
FINALIZED_AT = 1_760_000_100
PAID_AT = 1_760_000_200


@dataclass(frozen=True)
class Tax:
    """A tax on a line; minor units."""

    amount: int
    inclusive: bool = False
    rate: str = "txr_1Shape"


@dataclass(frozen=True)
class Line:
    """A line; minor units."""

    id: str
    amount: int
    product: str | None = "prod_1"
    price: str | None = "price_1"
    proration: bool = False
    from_subscription: bool = True
    discounts: tuple[int, ...] = ()
    taxes: tuple[Tax, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """What happened, without a shape; minor units.

    Attributes:
        out_of_band: it was paid, but not through Stripe.
        by_charge: it was paid by a charge without payment intent (before 2019-03-15).
        frozen_customer: the customer's name as of finalisation.
    """

    status: str = "open"
    lines: tuple[Line, ...] = (Line("il_1", 2_000),)
    amount_due: int = 2_000
    total: int = 2_000
    out_of_band: bool = False
    by_charge: bool = False
    starting_balance: int = 0
    ending_balance: int | None = 0
    shipping: Mapping[str, int] | None = None
    frozen_customer: str = "Frozen Ltd"
    deleted_customer: bool = False

    @property
    def paid(self) -> bool:
        return self.status == "paid"

    @property
    def taxes(self) -> tuple[Tax, ...]:
        return tuple(tax for line in self.lines for tax in line.taxes)


def today(facts: Facts) -> Json:
    """Render as of 2026-10-28.endive, with `customer` and `payments` expanded."""
    paid_minor = facts.amount_due if facts.paid else 0
    payments = [_invoice_payment(facts)] if paid_minor and not facts.out_of_band else []
    return {
        **_unchanged(facts),
        "effective_at": None if facts.status == "draft" else FINALIZED_AT,
        "amount_paid": paid_minor,
        "amount_remaining": 0 if facts.paid else facts.amount_due,
        "amount_overpaid": 0,
        "lines": _list([_line_today(line) for line in facts.lines]),
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": "sub_1", "metadata": {}},
            "quote_details": None,
        },
        "payments": _list(payments),
        "total_taxes": [_tax_today(tax) for tax in facts.taxes],
        "total_pretax_credit_amounts": [],
    }


def before_basil(facts: Facts) -> Json:
    """Render as of 2023-10-16."""
    through_stripe = facts.paid and not facts.out_of_band
    paid_minor = facts.amount_due if through_stripe else 0
    return {
        **_unchanged(facts),
        "amount_paid": paid_minor,
        "amount_remaining": facts.amount_due - paid_minor,
        "charge": CHARGE if paid_minor else None,
        "discount": None,
        "lines": _list([_line_before_basil(line) for line in facts.lines]),
        "paid": facts.paid,
        "paid_out_of_band": facts.paid and facts.out_of_band,
        "payment_intent": None if facts.by_charge else PAYMENT_INTENT,
        "subscription": "sub_1",
        "tax": sum(tax.amount for tax in facts.taxes) or None,
        "total_tax_amounts": [_tax_before_basil(tax) for tax in facts.taxes],
    }


def _unchanged(facts: Facts) -> Json:
    drafted = facts.status == "draft"
    return {
        "id": INVOICE,
        "object": "invoice",
        "created": 1_760_000_000,
        "currency": "usd",
        "customer": _customer(facts),
        "customer_name": facts.frozen_customer,
        "customer_email": "frozen@example.com",
        "customer_phone": None,
        "customer_address": {
            "line1": "1 Old Road",
            "line2": None,
            "city": "Oldtown",
            "state": None,
            "postal_code": "11111",
            "country": "US",
        },
        "due_date": None,
        "livemode": False,
        "metadata": {"order": "42"},
        "number": None if drafted else "SHAPE-0001",
        "status": facts.status,
        "status_transitions": {
            "finalized_at": None if drafted else FINALIZED_AT,
            "marked_uncollectible_at": PAID_AT if facts.status == "uncollectible" else None,
            "paid_at": PAID_AT if facts.paid else None,
            "voided_at": PAID_AT if facts.status == "void" else None,
        },
        "amount_due": facts.amount_due,
        "total": facts.total,
        "starting_balance": facts.starting_balance,
        "ending_balance": None if drafted else facts.ending_balance,
        "pre_payment_credit_notes_amount": 0,
        "post_payment_credit_notes_amount": 0,
        "shipping_cost": facts.shipping,
    }


def _customer(facts: Facts) -> Json:
    if facts.deleted_customer:
        return {"id": CUSTOMER, "object": "customer", "deleted": True}
    return {
        "id": CUSTOMER,
        "object": "customer",
        "name": "Live Ltd",
        "email": "live@example.com",
        "phone": "+1 555 0100",
        "address": None,
        "metadata": {"department": "D100"},
        "livemode": False,
    }


def _line_today(line: Line) -> Json:
    kind = "subscription_item_details" if line.from_subscription else "invoice_item_details"
    details = {"proration": line.proration, "invoice_item": None, "subscription": "sub_1"}
    return {
        **_line_unchanged(line),
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": None,
            "type": kind,
            kind: details,
        },
        "pretax_credit_amounts": [
            {"amount": amount, "type": "discount", "discount": "di_1"} for amount in line.discounts
        ],
        "pricing": None
        if line.price is None
        else {
            "type": "price_details",
            "price_details": {"price": line.price, "product": line.product},
            "unit_amount_decimal": str(line.amount),
        },
        "subtotal": line.amount,
        "taxes": [_tax_today(tax) for tax in line.taxes],
    }


def _line_before_basil(line: Line) -> Json:
    priced: Json = {"id": line.price, "product": line.product, "metadata": {}}
    return {
        **_line_unchanged(line),
        "plan": None if line.price is None else {**priced, "object": "plan"},
        "price": None if line.price is None else {**priced, "object": "price"},
        "proration": line.proration,
        "tax_amounts": [_tax_before_basil(tax) for tax in line.taxes],
        "tax_rates": [],
        "type": "subscription" if line.from_subscription else "invoiceitem",
        "amount_excluding_tax": line.amount,
    }


def _line_unchanged(line: Line) -> Json:
    return {
        "id": line.id,
        "object": "line_item",
        "amount": line.amount,
        "currency": "usd",
        "description": f"Line {line.id}",
        "discount_amounts": [{"amount": each, "discount": "di_1"} for each in line.discounts],
        "discounts": [],
        "livemode": False,
        "metadata": dict(line.metadata),
        "period": {"start": 1_760_000_000, "end": 1_762_592_000},
        "quantity": 1,
    }


def _tax_today(tax: Tax) -> Json:
    return {
        "amount": tax.amount,
        "tax_behavior": "inclusive" if tax.inclusive else "exclusive",
        "tax_rate_details": {"tax_rate": tax.rate},
        "taxability_reason": "standard_rated",
        "taxable_amount": 1_000,
        "type": "tax_rate_details",
    }


def _tax_before_basil(tax: Tax) -> Json:
    return {"amount": tax.amount, "inclusive": tax.inclusive, "tax_rate": tax.rate}


def _invoice_payment(facts: Facts) -> Json:
    kind = "charge" if facts.by_charge else "payment_intent"
    return {
        "id": INVOICE_PAYMENT,
        "object": "invoice_payment",
        "amount_paid": facts.amount_due,
        "amount_requested": facts.amount_due,
        "created": FINALIZED_AT,
        "currency": "usd",
        "invoice": INVOICE,
        "is_default": True,
        "livemode": False,
        "payment": {"type": kind, kind: CHARGE if facts.by_charge else PAYMENT_INTENT},
        "status": "paid",
        "status_transitions": {"paid_at": PAID_AT, "canceled_at": None},
    }


def _list(rows: list[Json]) -> Json:
    return {"object": "list", "data": rows, "has_more": False, "url": "/v1/somewhere"}
