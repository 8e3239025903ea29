"""Payouts and top-ups: journals between a clearing account and the company's bank.

A payout is dated when it left Stripe's balance, so that clearing equals that balance on every day.
"""

from datetime import UTC, date, datetime

from tieout.domain.dates import accounting_date
from tieout.domain.documents import JournalEntry
from tieout.domain.errors import Refused
from tieout.domain.keys import (
    payout_arrival_key,
    payout_key,
    payout_return_key,
    topup_key,
    topup_return_key,
)
from tieout.domain.movement_policy import Category, PayoutAccounts
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.planning.balance_types import BookedBy, row_of
from tieout.planning.clearing_entries import Heading, clearing_entry, entry
from tieout.planning.draft import PlanDraft
from tieout.planning.fees import kept
from tieout.planning.fields import amount_text
from tieout.planning.movements import category_lines, named_line
from tieout.planning.snapshots import BalanceTransaction, PayoutSnapshot, TopupSnapshot

_DAY_SECONDS = 86_400
_CANCELED = "payout_cancel"


def plan_payout(draft: PlanDraft, payout: PayoutSnapshot, policy: Policy) -> None:
    """Plan a payout, its arrival where policy asks for one, and its return."""
    for movement in payout.movements:
        match row_of(movement).booked_by:
            case BookedBy.PAYOUT:
                _add_payout(draft, payout, movement, policy)
            case BookedBy.RETURNED_PAYOUT:
                event = "canceled" if movement.type == _CANCELED else "failed"
                heading = _heading(payout_return_key(payout.id), payout.id, event, movement, policy)
                via = "account" if _has_arrived(payout) else "in_transit"
                _add(draft, heading, movement, via, policy)
    if not draft.has_entries:
        _record(draft, payout_key(payout.id), payout)


def plan_topup(draft: PlanDraft, topup: TopupSnapshot, policy: Policy) -> None:
    """Plan a top-up and its return; both touch the bank that payouts of the currency go to."""
    for movement in topup.movements:
        match row_of(movement).booked_by:
            case BookedBy.TOPUP:
                heading = _heading(topup_key(topup.id), topup.id, "", movement, policy)
                _add(draft, heading, movement, "account", policy)
            case BookedBy.RETURNED_TOPUP:
                key = topup_return_key(topup.id)
                heading = _heading(key, topup.id, "reversed", movement, policy)
                _add(draft, heading, movement, "account", policy)
    if not draft.has_entries:
        _record(draft, topup_key(topup.id), topup)


def _add_payout(
    draft: PlanDraft, payout: PayoutSnapshot, movement: BalanceTransaction, policy: Policy
) -> None:
    heading = _heading(payout_key(payout.id), payout.id, "", movement, policy)

    def leaves() -> JournalEntry:
        _refuse_other_content(payout)
        return _entry(heading, movement, "in_transit", policy)

    draft.document(heading.key, leaves, movement.net_minor, movement.currency)
    named = policy.movements.payouts.get(movement.currency)
    if named is None or named.in_transit is None or not _has_arrived(payout):
        return
    arrival = Heading(
        payout_arrival_key(payout.id),
        payout.id,
        f"Stripe payout {payout.id} arrived",
        f"{payout.id}-arrived",
        max(_arrival_day(payout, policy), heading.day),
        movement.currency,
        (heading.key,),
    )
    in_transit, amount_minor = named.in_transit, -movement.amount_minor

    def arrives() -> JournalEntry:
        where = f"payouts.{movement.currency}"
        bank = named_line(named.account, amount_minor, arrival.title, f"{where}.account", policy)
        left = named_line(in_transit, -amount_minor, arrival.title, f"{where}.in_transit", policy)
        return entry(arrival, [bank, left], policy)

    draft.document(arrival.key, arrives, amount_minor, movement.currency)


def _has_arrived(payout: PayoutSnapshot) -> bool:
    """Return whether the payout counted as paid, now or until it failed.

    Stripe may show one as paid and find out later that the bank sent it back. An arrival that was
    booked then stays booked, so its return must come from the bank. The status was read before the
    movements, so that of one which has come back it may not tell yet.
    Source: docs.stripe.com/api/payouts/object (status).
    """
    returned = [
        each for each in payout.movements if row_of(each).booked_by is BookedBy.RETURNED_PAYOUT
    ]
    if returned:
        last = max(returned, key=lambda each: each.created_unix)
        return last.type != _CANCELED and last.created_unix >= payout.arrival_unix
    return payout.status == "paid"


def _arrival_day(payout: PayoutSnapshot, policy: Policy) -> date:
    """Return the day of the arrival: Stripe writes a calendar day as midnight UTC."""
    if payout.arrival_unix % _DAY_SECONDS == 0:
        return datetime.fromtimestamp(payout.arrival_unix, UTC).date()
    return accounting_date(payout.arrival_unix, policy.zone)


def _refuse_other_content(payout: PayoutSnapshot) -> None:
    if payout.content_minor is not None and payout.content_minor != payout.amount_minor:
        raise Refused(
            Reason.DOES_NOT_ADD_UP,
            f"payout {payout.id} is over {amount_text(payout.amount_minor, payout.currency)}, but "
            f"what it pays out sums to {amount_text(payout.content_minor, payout.currency)}",
        )


def _heading(
    key: str, stripe_id: str, event: str, movement: BalanceTransaction, policy: Policy
) -> Heading:
    kind = key.partition("/")[0]
    return Heading(
        key,
        stripe_id,
        f"Stripe {kind} {stripe_id} {event}".rstrip(),
        f"{stripe_id}-{event}" if event else stripe_id,
        accounting_date(movement.created_unix, policy.zone),
        movement.currency,
    )


def _add(
    draft: PlanDraft, heading: Heading, movement: BalanceTransaction, via: str, policy: Policy
) -> None:
    draft.document(
        heading.key,
        lambda: _entry(heading, movement, via, policy),
        movement.net_minor,
        movement.currency,
    )


def _entry(
    heading: Heading, movement: BalanceTransaction, via: str, policy: Policy
) -> JournalEntry:
    setting = f"payouts.{movement.currency}"
    named = policy.movements.payouts.get(movement.currency)
    if named is None:
        raise Refused(Reason.ACCOUNT_NOT_IN_POLICY, f"no account is named: `{setting}.account`")
    account, chosen = _account(named, via)
    lines = [
        named_line(account, -movement.amount_minor, heading.title, f"{setting}.{chosen}", policy),
        *category_lines(kept(movement, Category.PAYOUT_FEES, policy), policy),
    ]
    return clearing_entry(heading, lines, policy)


def _account(named: PayoutAccounts, via: str) -> tuple[str, str]:
    """Return the account and the setting that names it; without one in transit it is the bank."""
    if via == "in_transit" and named.in_transit is not None:
        return named.in_transit, via
    return named.account, "account"


def _record(draft: PlanDraft, key: str, moved: PayoutSnapshot | TopupSnapshot) -> None:
    ended = moved.status in {"failed", "canceled", "reversed"}
    draft.not_booked(
        key,
        Reason.NOTHING_TO_BOOK if ended else Reason.WAITS_FOR_STRIPE,
        f"{moved.status}; no money has moved",
        moved.amount_minor,
        moved.currency,
    )
