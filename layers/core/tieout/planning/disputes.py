"""Disputes: a journal for each movement of their money, in the currency of the balance.

What customers claim back stays on the disputes account until it is given back or, if policy names
an account for it, lost.
"""

from tieout.domain.dates import accounting_date
from tieout.domain.documents import JournalEntry
from tieout.domain.keys import dispute_key, dispute_lost_key
from tieout.domain.movement_policy import Category
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.planning.balance_types import BookedBy, row_of
from tieout.planning.clearing_entries import Heading, clearing_entry, entry
from tieout.planning.draft import PlanDraft
from tieout.planning.fees import Bucket, kept
from tieout.planning.movements import category_lines, named_line
from tieout.planning.snapshots import BalanceTransaction, DisputeSnapshot

_CAME_TO_NOTHING = frozenset({"warning_closed", "prevented", "won"})


def plan_dispute(draft: PlanDraft, dispute: DisputeSnapshot, policy: Policy) -> None:
    """Plan a dispute; an inquiry, or one that moved nothing yet, is only recorded.

    A fee for countering it is a movement of its own, which the day books.
    """
    movements = [each for each in dispute.movements if row_of(each).booked_by is BookedBy.DISPUTE]
    if not movements:
        closed = dispute.status in _CAME_TO_NOTHING
        draft.not_booked(
            f"dispute/{dispute.id}",
            Reason.NOTHING_TO_BOOK if closed else Reason.WAITS_FOR_STRIPE,
            f"{dispute.status}; no money has moved",
            dispute.amount_minor,
            dispute.currency,
        )
    for movement in movements:
        _add_movement(draft, dispute, movement, policy)
    lost_account = policy.movements.disputes_lost_account
    if dispute.status == "lost" and lost_account is not None and movements:
        _add_loss(draft, dispute, movements, lost_account, policy)


def _add_movement(
    draft: PlanDraft, dispute: DisputeSnapshot, movement: BalanceTransaction, policy: Policy
) -> None:
    what = "withdrawn" if movement.amount_minor < 0 else "reinstated"
    heading = Heading(
        dispute_key(dispute.id, movement.id),
        dispute.id,
        f"Stripe dispute {dispute.id} {what}",
        movement.id,
        accounting_date(movement.created_unix, policy.zone),
        movement.currency,
    )
    debits = kept(movement, Category.DISPUTE_FEES, policy)
    debits[Bucket(Category.DISPUTES)] -= movement.amount_minor
    draft.document(
        heading.key,
        lambda: clearing_entry(heading, category_lines(debits, policy), policy),
        movement.net_minor,
        movement.currency,
    )


def _add_loss(
    draft: PlanDraft,
    dispute: DisputeSnapshot,
    movements: list[BalanceTransaction],
    lost_account: str,
    policy: Policy,
) -> None:
    """Plan the loss, on the day of the last movement: Stripe does not tell when it was decided."""
    lost_minor, currency = -sum(each.amount_minor for each in movements), movements[-1].currency
    if not lost_minor:
        return
    heading = Heading(
        dispute_lost_key(dispute.id),
        dispute.id,
        f"Stripe dispute {dispute.id} lost",
        f"{dispute.id}-lost",
        accounting_date(movements[-1].created_unix, policy.zone),
        currency,
        tuple(dispute_key(dispute.id, each.id) for each in movements),
    )

    def loss() -> JournalEntry:
        lost = named_line(lost_account, lost_minor, heading.title, "disputes_lost_account", policy)
        claimed = category_lines({Bucket(Category.DISPUTES): -lost_minor}, policy)
        return entry(heading, [lost, *claimed], policy)

    draft.document(heading.key, loss, lost_minor, currency)
