"""Taxes of a line or an invoice, in either shape."""

from tieout.planning.snapshots import TaxAmount
from tieout.stripe.decode.fields import Fields

_BEHAVIORS = frozenset({"inclusive", "exclusive"})


def taxes(fields: Fields, today: str, before_basil: str) -> tuple[TaxAmount, ...]:
    """Return the tax amounts of a line or an invoice.

    Args:
        fields: the line or invoice.
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
