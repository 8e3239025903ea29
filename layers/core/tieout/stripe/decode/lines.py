"""Invoice lines, in either shape."""

from dataclasses import dataclass

from tieout.planning.snapshots import InvoiceLine
from tieout.stripe.decode.fields import Fields
from tieout.stripe.decode.taxes import taxes

# Pretax credits repeat the discounts; only this type says something new.
# Source: stripe-api dossier section 4.1.
_BILLING_CREDIT = "credit_balance_transaction"
_PRETAX_CREDITS = frozenset({_BILLING_CREDIT, "discount"})


def line(fields: Fields) -> InvoiceLine:
    """Return an invoice line; its amount is Stripe's own, never quantity times price.

    Raises:
        Refused: the line cannot be read.

    Source: stripe-api dossier sections 4.2 and 5.
    """
    sold = _sold(fields)
    period = fields.child("period")
    details = _details(fields)
    credited = _credited(details)
    return InvoiceLine(
        id=fields.text("id"),
        amount_minor=fields.integer("amount"),
        description=fields.text_or_empty("description"),
        discount_minor=sum(
            discount.integer("amount") for discount in fields.children("discount_amounts") or ()
        ),
        billing_credit_minor=sum(
            credit.integer("amount")
            for credit in fields.children("pretax_credit_amounts") or ()
            if credit.one_of("type", _PRETAX_CREDITS) == _BILLING_CREDIT
        ),
        taxes=taxes(fields, "taxes", "tax_amounts"),
        product=sold.product,
        price=sold.price,
        proration=details.boolean("proration"),
        period_start_unix=None if period is None else period.moment_or_none("start"),
        period_end_unix=None if period is None else period.moment_or_none("end"),
        metadata=fields.metadata(),
        credited_invoice=None if credited is None else credited.identifier("invoice"),
        credited_lines=() if credited is None else credited.texts("invoice_line_items"),
    )


@dataclass(frozen=True, slots=True)
class _Sold:
    product: str | None
    price: str | None


def _sold(fields: Fields) -> _Sold:
    pricing = fields.child("pricing")
    if pricing is not None:
        details = pricing.child("price_details")
        if details is None:
            return _Sold(None, None)
        return _Sold(details.identifier("product"), details.identifier("price"))
    # Plans became prices in 2020 and kept their ids.
    for name in ("price", "plan"):
        legacy = fields.child(name)
        if legacy is not None:
            return _Sold(legacy.identifier("product"), legacy.identifier("id"))
    return _Sold(None, None)


def _details(fields: Fields) -> Fields:
    """Return what says how a line came about: the parent's details, or the line before basil."""
    parent = fields.child("parent")
    if parent is None:
        return fields
    return parent.child(parent.text("type")) or Fields({}, fields.owner)


def _credited(details: Fields) -> Fields | None:
    proration = details.child("proration_details")
    return None if proration is None else proration.child("credited_items")
