"""What is recognised but not booked yet: visible with its amount, never dropped."""

from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.planning.draft import PlanDraft
from tieout.planning.snapshots import ChargeSnapshot, OtherSnapshot


def plan_charge(draft: PlanDraft, charge: ChargeSnapshot, _policy: Policy) -> None:
    """Plan a charge: its invoices book the payment; a sale without an invoice is recorded.

    A charge that failed or only reserved money has moved nothing.
    """
    if charge.invoices or charge.status != "succeeded" or not charge.captured:
        return
    draft.not_booked(
        f"charge/{charge.id}",
        Reason.NOT_YET_PLANNED,
        "a sale without an invoice",
        charge.amount_minor,
        charge.currency,
    )


def plan_other(draft: PlanDraft, other: OtherSnapshot, _policy: Policy) -> None:
    """Record an object of a kind that is not booked yet."""
    draft.not_booked(
        f"{other.kind}/{other.id}",
        Reason.NOT_YET_PLANNED,
        f"{other.kind} {other.status}".rstrip(),
        other.amount_minor,
        other.currency,
    )
