"""Days of the balance whose events never came: the world weeks after its movements."""

from typing import Any

from tests.factories import a_movement, a_payout, a_sale, an_origin
from tests.unit.services.world import World, of
from tieout.domain.subjects import SubjectKind
from tieout.planning.snapshots import BalanceTransaction

DAY = of(SubjectKind.ACTIVITY, "2026-11-02")
CHARGE = of(SubjectKind.CHARGE, "ch_1")
PAYOUT = of(SubjectKind.PAYOUT, "po_1")


def charged(number: int = 1, **changes: Any) -> BalanceTransaction:  # noqa: ANN401 - as the factory
    origin = an_origin(id=f"ch_{number}", payment_intent=f"pi_{number}")
    return a_movement(id=f"txn_{number}", source=f"ch_{number}", origin=origin, **changes)


def paid_out(**changes: Any) -> BalanceTransaction:  # noqa: ANN401 - as the factory
    return a_movement(-5_000, id="txn_po", type="payout", source="po_1", **changes)


def world(*movements: BalanceTransaction) -> World:
    """Return a world weeks after the movements; of every charge there is a sale to be read."""
    made = World()
    made.stripe.moved[None] = list(movements)
    for each in movements:
        if each.type == "charge" and each.source and each.origin:
            made.stripe.snapshots[of(SubjectKind.CHARGE, each.source)] = a_sale(
                id=each.source, payment_intent=each.origin.payment_intent, movement=each
            )
    made.stripe.snapshots[PAYOUT] = a_payout(paid_out())
    return made
