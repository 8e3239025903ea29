"""What is recognised but not booked yet: visible with its amount, never dropped."""

from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.planning.draft import PlanDraft
from tieout.planning.periods import is_before_books
from tieout.planning.snapshots import OtherSnapshot


def plan_other(draft: PlanDraft, other: OtherSnapshot, _policy: Policy) -> None:
    """Record an object of a kind that is not booked yet.

    A void credit note changes nothing, and of one that was refunded the refunds book everything.
    """
    nothing_left = other.amount_minor == 0 or (other.kind, other.status) == ("credit_note", "void")
    draft.not_booked(
        f"{other.kind}/{other.id}",
        Reason.NOTHING_TO_BOOK if nothing_left else Reason.NOT_YET_PLANNED,
        f"{other.kind} {other.status}".rstrip(),
        other.amount_minor,
        other.currency,
    )


def reason_not_planned(at_unix: int | None, policy: Policy) -> Reason:
    """Return why a movement of this moment is not booked; one of unknown time is not in the books.

    Args:
        at_unix: when it moved Stripe's balance, in unix seconds.
        policy: the company's.
    """
    return Reason.BEFORE_BOOKS if is_before_books(at_unix, policy) else Reason.NOT_YET_PLANNED
