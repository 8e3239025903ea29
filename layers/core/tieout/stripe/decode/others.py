"""Objects that are recognised, but have no documents of their own."""

from tieout.planning.snapshots import OtherSnapshot
from tieout.stripe.decode.fields import object_of


def other(raw: object, kind: str) -> OtherSnapshot:
    """Return what a person needs to find an object that is not booked yet.

    Args:
        raw: the object.
        kind: Stripe's name of it (`checkout.session`, ...).

    Raises:
        Refused: the object cannot be read.
    """
    fields = object_of(raw, kind)
    amount_minor = fields.integer_or_none("amount")
    return OtherSnapshot(
        id=fields.text("id"),
        kind=kind,
        status=fields.text_or_empty("status"),
        # A checkout session calls it so.
        amount_minor=fields.integer_or_none("amount_total")
        if amount_minor is None
        else amount_minor,
        currency=None if fields.text_or_none("currency") is None else fields.currency(),
    )
