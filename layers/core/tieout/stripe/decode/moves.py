"""How an object moved Stripe's balance, and what Stripe kept of that."""

from tieout.planning.snapshots import Fee
from tieout.stripe.decode.fields import Fields

# The balance transactions of a charge or refund, to be expanded: its own, and its failure's.
MOVES = ("balance_transaction", "failure_balance_transaction")


def moved_at(fields: Fields, name: str) -> int | None:
    """Return when a charge or refund moved the balance; None where it did not.

    Args:
        fields: the charge or refund.
        name: one of `MOVES`.

    Raises:
        Refused: the balance transaction cannot be read, or is only named.
    """
    movement = _movement(fields, name)
    return None if movement is None else movement.moment("created")


def fees(fields: Fields) -> tuple[Fee, ...]:
    """Return what Stripe kept of the movements of a charge or refund.

    Raises:
        Refused: a balance transaction cannot be read, or is only named.

    Source: stripe-api dossier section 4.7.
    """
    movements = [_movement(fields, name) for name in MOVES]
    return tuple(
        Fee(movement.text("id"), amount_minor, movement.currency())
        for movement in movements
        if movement is not None and (amount_minor := movement.integer("fee"))
    )


def _movement(fields: Fields, name: str) -> Fields | None:
    if fields.identifier(name) is None:
        return None
    movement = fields.expanded(name)
    if movement is None:
        raise fields.refusal(f"{name}.created", "is missing: it is not expanded")
    return movement
