"""How an object moved Stripe's balance, and what Stripe kept of that."""

from collections.abc import Iterable

from tieout.planning.snapshots import BalanceTransaction, Fee
from tieout.stripe.decode.fields import Fields
from tieout.stripe.decode.movement import movement

# The balance transactions of a charge or refund, to be expanded: its own, and its failure's.
MOVES = ("balance_transaction", "failure_balance_transaction")


def move(fields: Fields, name: str) -> BalanceTransaction | None:
    """Return how a charge or refund moved the balance; None where it did not.

    Args:
        fields: the charge or refund.
        name: one of `MOVES`.

    Raises:
        Refused: the balance transaction cannot be read, or is only named.
    """
    if fields.identifier(name) is None:
        return None
    expanded = fields.expanded(name)
    if expanded is None:
        raise fields.refusal(f"{name}.created", "is missing: it is not expanded")
    return movement(expanded.raw)


def fees(movements: Iterable[BalanceTransaction | None]) -> tuple[Fee, ...]:
    """Return what Stripe kept of movements.

    Source: stripe-api dossier section 4.7.
    """
    return tuple(
        Fee(each.id, each.fee_minor, each.currency)
        for each in movements
        if each is not None and each.fee_minor
    )
