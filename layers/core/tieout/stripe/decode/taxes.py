"""Taxes of a line, an invoice or a credit note, in either shape, and shipping before tax."""

from tieout.planning.snapshots import ShippingCost, TaxAmount
from tieout.stripe.decode.fields import Fields

_BEHAVIORS = frozenset({"inclusive", "exclusive"})


def taxes(fields: Fields, today: str, before_basil: str) -> tuple[TaxAmount, ...]:
    """Return the tax amounts of a line, an invoice or a credit note.

    Args:
        fields: the line, invoice or credit note.
        today: name of the array since basil (`taxes`, `total_taxes`).
        before_basil: name of the array before (`tax_amounts`, `total_tax_amounts`).

    Raises:
        Refused: a tax cannot be read.

    Source: stripe-api dossier sections 3.1 and 3.2.
    """
    since_basil = fields.children(today)
    if since_basil is not None:
        return tuple(_since_basil(each) for each in since_basil)
    return tuple(_before_basil(each) for each in fields.children(before_basil) or ())


def shipping(shipping_cost: Fields | None) -> ShippingCost | None:
    """Return what shipping costs before tax, and its tax; None where there is none.

    Raises:
        Refused: an amount cannot be read.
    """
    if shipping_cost is None:
        return None
    tax_minor = shipping_cost.integer("amount_tax")
    # The subtotal may include tax; the total always does.
    return ShippingCost(
        amount_minor=shipping_cost.integer("amount_total") - tax_minor, tax_minor=tax_minor
    )


def _since_basil(tax: Fields) -> TaxAmount:
    details = tax.child("tax_rate_details")
    return TaxAmount(
        amount_minor=tax.integer("amount"),
        inclusive=tax.one_of("tax_behavior", _BEHAVIORS) == "inclusive",
        tax_rate=None if details is None else details.identifier("tax_rate"),
    )


def _before_basil(tax: Fields) -> TaxAmount:
    if not tax.has("inclusive"):
        raise tax.refusal("inclusive")
    return TaxAmount(
        amount_minor=tax.integer("amount"),
        inclusive=tax.boolean("inclusive"),
        tax_rate=tax.identifier("tax_rate"),
    )
