"""Refunds: a journal entry against the accounts that the refunded invoice earned on.

Which part of which line is the matter of `planning.refund_lines`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tieout.domain.dates import accounting_date
from tieout.domain.documents import JournalEntry, JournalLine
from tieout.domain.keys import reference, refund_failure_key, refund_key
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.accounts import clearing
from tieout.planning.deferral import as_of
from tieout.planning.draft import PlanDraft
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX
from tieout.planning.periods import is_before_books, posting_date
from tieout.planning.refund_lines import TakenBack, taken_back
from tieout.planning.refund_shares import has_failed
from tieout.planning.sale_refunds import add_sale_refund
from tieout.planning.snapshots import RefundFacts, RefundSnapshot
from tieout.planning.taking_back import Against, taking_back


@dataclass(frozen=True, slots=True)
class _Rules:
    """The policy for what is new, and the older ones that something was booked under."""

    today: Policy
    booked_under: Mapping[str, Policy]

    def of(self, key: str) -> Policy:
        return self.booked_under.get(key, self.today)


def plan_refund(
    draft: PlanDraft,
    snapshot: RefundSnapshot,
    policy: Policy,
    booked_under: Mapping[str, Policy],
) -> None:
    """Plan a refund, and its failure if it failed; the invoices it takes back are planned apart.

    Args:
        draft: where the documents go.
        snapshot: the refund, its siblings and its invoices.
        policy: today's.
        booked_under: by key, the older policies of what is booked: a refund takes back from the
            accounts that its invoices earned on, a failure gives back what the refund took.
    """
    refund = snapshot.refund
    rules = _Rules(policy, booked_under)
    last_moved_at_unix = refund.returned_at_unix or _moved_at_unix(refund)
    if not _has_moved_money(refund):
        reason = Reason.NOTHING_TO_BOOK if has_failed(refund) else Reason.WAITS_FOR_STRIPE
        _not_booked(draft, refund, reason, f"{refund.status}; no money has moved")
    elif snapshot.sale is not None:
        add_sale_refund(draft, snapshot, snapshot.sale, policy, booked_under)
    elif not snapshot.invoices:
        before_books = is_before_books(last_moved_at_unix, policy)
        reason = Reason.BEFORE_BOOKS if before_books else Reason.NOT_YET_PLANNED
        _not_booked(draft, refund, reason, f"{refund.status}; Stripe names no charge of it")
    else:
        draft.document(
            refund_key(refund.id),
            lambda: _refund_entry(snapshot, rules),
            refund.amount_minor,
            refund.currency,
        )
        if has_failed(refund):
            _add_failure(draft, snapshot, rules)


def _has_moved_money(refund: RefundFacts) -> bool:
    moved = refund.moved_at_unix is not None or refund.status == "succeeded"
    return moved and refund.amount_minor > 0


def _moved_at_unix(refund: RefundFacts) -> int:
    return refund.created_unix if refund.moved_at_unix is None else refund.moved_at_unix


def _not_booked(draft: PlanDraft, refund: RefundFacts, reason: Reason, text: str) -> None:
    draft.not_booked(refund_key(refund.id), reason, text, refund.amount_minor, refund.currency)


def _add_failure(draft: PlanDraft, snapshot: RefundSnapshot, rules: _Rules) -> None:
    refund = snapshot.refund
    key = refund_failure_key(refund.id)
    if refund.returned_at_unix is None:
        text = f"{refund.status}, but the money is not back in Stripe's balance yet"
        draft.not_booked(key, Reason.WAITS_FOR_STRIPE, text, refund.amount_minor, refund.currency)
        return
    returned_at_unix = refund.returned_at_unix
    draft.document(
        key,
        lambda: _failure_entry(snapshot, returned_at_unix, rules),
        refund.amount_minor,
        refund.currency,
    )


def _refund_entry(snapshot: RefundSnapshot, rules: _Rules) -> JournalEntry:
    refund, policy = snapshot.refund, rules.today
    posted = posting_date(accounting_date(_moved_at_unix(refund), policy.zone), policy)
    taken = taken_back(snapshot, rules.of)
    return JournalEntry(
        key=refund_key(refund.id),
        stripe_id=refund.id,
        journal=policy.journal,
        posting_date=posted.day,
        currency=refund.currency,
        title=clean(f"Stripe refund {refund.id}{posted.note}", DESCRIPTION_LENGTH_MAX),
        reference=reference(refund.id),
        lines=_lines(taken, refund, policy),
        after=tuple(dict.fromkeys(each.key for each in taken)),
    )


def _failure_entry(snapshot: RefundSnapshot, returned_at_unix: int, rules: _Rules) -> JournalEntry:
    """Return the exact mirror of the refund, on the day its money came back."""
    refund, policy = snapshot.refund, rules.today
    posted = posting_date(accounting_date(returned_at_unix, policy.zone), policy)
    as_refunded = rules.of(refund_key(refund.id))
    lines = _lines(taken_back(snapshot, rules.of), refund, as_refunded, sign=-1)
    return JournalEntry(
        key=refund_failure_key(refund.id),
        stripe_id=refund.id,
        journal=policy.journal,
        posting_date=posted.day,
        currency=refund.currency,
        title=clean(f"Stripe refund {refund.id} failed{posted.note}", DESCRIPTION_LENGTH_MAX),
        reference=reference(f"{refund.id}-failed"),
        lines=lines,
        after=(refund_key(refund.id),),
    )


def _lines(
    taken: Sequence[TakenBack], refund: RefundFacts, policy: Policy, sign: int = 1
) -> tuple[JournalLine, ...]:
    account = clearing(refund.currency, policy).account
    against = Against(account, f"Stripe refund {refund.id}", "clearing account")
    day = accounting_date(_moved_at_unix(refund), policy.zone)
    earned = as_of((each.earned for each in taken), day)
    return taking_back(earned, against, refund.currency, policy, sign)
