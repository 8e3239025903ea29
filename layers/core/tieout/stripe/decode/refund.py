"""Refunds."""

from tieout.planning.snapshots import RefundFacts
from tieout.stripe.decode.fields import object_of
from tieout.stripe.decode.moves import MOVES, fees, move

_STATUSES = frozenset({"pending", "requires_action", "succeeded", "failed", "canceled"})


def refund(raw: object) -> RefundFacts:
    """Return the facts of a refund whose balance transactions are expanded.

    Raises:
        Refused: the object cannot be read, or a balance transaction is only named, so that nothing
            says when the money moved.

    Source: stripe-api dossier section 4.5.
    """
    fields = object_of(raw, "refund")
    moved, returned = (move(fields, each) for each in MOVES)
    return RefundFacts(
        id=fields.text("id"),
        amount_minor=fields.integer("amount"),
        currency=fields.currency(),
        status=fields.one_of("status", _STATUSES),
        created_unix=fields.moment("created"),
        moved_at_unix=None if moved is None else moved.created_unix,
        returned_at_unix=None if returned is None else returned.created_unix,
        charge=fields.identifier("charge"),
        payment_intent=fields.identifier("payment_intent"),
        reason=fields.text_or_empty("reason"),
        fees=fees((moved, returned)),
    )
