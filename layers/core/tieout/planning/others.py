"""What is recognised and calls for no document of its own: visible, never dropped."""

from tieout.domain.reasons import Reason
from tieout.planning.draft import PlanDraft
from tieout.planning.snapshots import OtherSnapshot

# What only tells of money that moves by another object, whose own subject books it.
_BOOKED_BY_OTHERS = frozenset({"checkout.session"})


def plan_other(draft: PlanDraft, other: OtherSnapshot) -> None:
    """Record an object of a kind without documents.

    A checkout session ends in an invoice or a charge; those are booked, and it is not.
    """
    elsewhere = other.kind in _BOOKED_BY_OTHERS or other.amount_minor == 0
    text = f"{other.kind} {other.status}".rstrip()
    draft.not_booked(
        f"{other.kind}/{other.id}",
        Reason.NOTHING_TO_BOOK if elsewhere else Reason.NOT_YET_PLANNED,
        f"{text}; its invoice or charge is booked" if elsewhere else text,
        other.amount_minor,
        other.currency,
    )
