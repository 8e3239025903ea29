"""Charges, and the objects that are recognised but not booked yet."""

from collections.abc import Sequence

from tieout.planning.snapshots import ChargeSnapshot, OtherSnapshot
from tieout.stripe.decode.fields import object_of


def charge(raw: object, invoices: Sequence[str] | None = None) -> ChargeSnapshot:
    """Return the snapshot of a charge.

    Args:
        raw: the charge.
        invoices: ids of the invoices that it paid; None takes the one that a charge named before
            basil, if it does.

    Raises:
        Refused: the object cannot be read.

    Source: stripe-api dossier section 4.5.
    """
    fields = object_of(raw, "charge")
    named = fields.identifier("invoice")
    return ChargeSnapshot(
        id=fields.text("id"),
        amount_minor=fields.integer("amount"),
        currency=fields.currency(),
        status=fields.text("status"),
        created_unix=fields.moment("created"),
        captured=fields.boolean("captured"),
        invoices=tuple(invoices) if invoices is not None else (named,) if named else (),
    )


def other(raw: object, kind: str) -> OtherSnapshot:
    """Return what a person needs to find an object that is not booked yet.

    Args:
        raw: the object.
        kind: Stripe's name of it (`credit_note`, `checkout.session`, ...).

    Raises:
        Refused: the object cannot be read.
    """
    fields = object_of(raw, kind)
    amount_minor = fields.integer_or_none("amount")
    if amount_minor is None:
        # A checkout session calls it so.
        amount_minor = fields.integer_or_none("amount_total")
    return OtherSnapshot(
        id=fields.text("id"),
        kind=kind,
        status=fields.text_or_empty("status"),
        amount_minor=amount_minor,
        currency=None if fields.text_or_none("currency") is None else fields.currency(),
    )
