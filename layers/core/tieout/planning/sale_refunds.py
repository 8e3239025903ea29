"""Refunds of sales: a journal entry against the account that the sale earned on."""

from collections.abc import Mapping
from dataclasses import dataclass

from tieout.domain.dates import accounting_date
from tieout.domain.documents import JournalEntry
from tieout.domain.errors import Refused
from tieout.domain.keys import reference, refund_failure_key, refund_key, sale_key
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.draft import PlanDraft
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX, amount_text
from tieout.planning.periods import posting_date
from tieout.planning.refund_shares import has_failed, refund_shares
from tieout.planning.sale_documents import refuse_unbooked
from tieout.planning.sale_lines import booked_before, source_id, taken_back
from tieout.planning.snapshots import ChargeSnapshot, RefundFacts, RefundSnapshot


@dataclass(frozen=True, slots=True)
class _Taking:
    """A refund of a sale.

    Attributes:
        original: the policy that the sale was first planned under.
        today: today's.
    """

    refund: RefundFacts
    siblings: tuple[RefundFacts, ...]
    charge: ChargeSnapshot
    original: Policy
    today: Policy


def add_sale_refund(
    draft: PlanDraft,
    snapshot: RefundSnapshot,
    charge: ChargeSnapshot,
    policy: Policy,
    booked_under: Mapping[str, Policy],
) -> None:
    """Plan the refund of a sale, and its failure if it failed; the sale is planned apart.

    What was released of an authorisation looks like a refund and moved nothing: it waits for a
    movement that never comes, and takes nothing of what later refunds can take.

    Args:
        draft: where the documents go.
        snapshot: the refund and its siblings.
        charge: the sale.
        policy: today's.
        booked_under: by key, the policies of what is booked or decided, the sale among it.
    """
    refund = snapshot.refund
    amount = refund.amount_minor, refund.currency
    original = booked_under.get(sale_key(source_id(charge)), policy)
    taking = _Taking(refund, snapshot.siblings, charge, original, policy)
    key, moved_at_unix = refund_key(refund.id), refund.moved_at_unix
    if moved_at_unix is None:
        text = f"{refund.status}; it has not moved Stripe's balance"
        draft.not_booked(key, Reason.WAITS_FOR_STRIPE, text, *amount)
        return
    draft.document(key, lambda: _refund(taking, moved_at_unix), *amount)
    if not has_failed(refund):
        return
    key, returned_at_unix = refund_failure_key(refund.id), refund.returned_at_unix
    if returned_at_unix is None:
        text = f"{refund.status}, but the money is not back in Stripe's balance yet"
        draft.not_booked(key, Reason.WAITS_FOR_STRIPE, text, *amount)
        return
    draft.document(key, lambda: _failure(taking, returned_at_unix, booked_under), *amount)


def _refund(taking: _Taking, moved_at_unix: int) -> JournalEntry:
    refund, charge, policy = taking.refund, taking.charge, taking.today
    refuse_unbooked(charge, taking.original)
    _refuse_over_payment(taking)
    posted = posting_date(accounting_date(moved_at_unix, policy.zone), policy)
    return JournalEntry(
        key=refund_key(refund.id),
        stripe_id=refund.id,
        journal=policy.journal,
        posting_date=posted.day,
        currency=refund.currency,
        title=clean(f"Stripe refund {refund.id}{posted.note}", DESCRIPTION_LENGTH_MAX),
        reference=reference(refund.id),
        lines=taken_back(
            charge, refund.amount_minor, f"Refund of {charge.id}", taking.original, policy
        ),
        after=booked_before(charge, taking.original, policy),
    )


def _failure(
    taking: _Taking, returned_at_unix: int, booked_under: Mapping[str, Policy]
) -> JournalEntry:
    """Return the exact mirror of the refund, on the day its money came back."""
    refund, charge, policy = taking.refund, taking.charge, taking.today
    refuse_unbooked(charge, taking.original)
    _refuse_over_payment(taking)
    posted = posting_date(accounting_date(returned_at_unix, policy.zone), policy)
    as_refunded = booked_under.get(refund_key(refund.id), policy)
    return JournalEntry(
        key=refund_failure_key(refund.id),
        stripe_id=refund.id,
        journal=policy.journal,
        posting_date=posted.day,
        currency=refund.currency,
        title=clean(f"Stripe refund {refund.id} failed{posted.note}", DESCRIPTION_LENGTH_MAX),
        reference=reference(f"{refund.id}-failed"),
        lines=taken_back(
            charge, -refund.amount_minor, f"Refund of {charge.id}", taking.original, as_refunded
        ),
        after=(refund_key(refund.id),),
    )


def _refuse_over_payment(taking: _Taking) -> None:
    refund, charge = taking.refund, taking.charge
    refunds = {each.id: each for each in (*taking.siblings, refund)}
    moved = [each for each in refunds.values() if each.moved_at_unix is not None]
    shares = refund_shares([charge.amount_minor], moved)
    if refund.currency != charge.currency or refund.id not in shares:
        raise Refused(
            Reason.REFUND_OVER_PAYMENT,
            f"a refund of {amount_text(refund.amount_minor, refund.currency)}, but the charge "
            f"brought {amount_text(charge.amount_minor, charge.currency)}, less what other "
            "refunds took back",
        )
