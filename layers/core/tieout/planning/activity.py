"""Activity days: what moved Stripe's balance on a day, as far as no other document books it.

Fees and whatever else comes often are summed up in one journal for each balance, what is rare has
a journal of its own; charges and refunds that Stripe converted are carried over to the balance of
another currency.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from tieout.domain.documents import JournalEntry
from tieout.domain.errors import Refused
from tieout.domain.keys import (
    activity_key,
    conversion_key,
    dispute_key,
    movement_key,
    payout_key,
    payout_return_key,
    refund_failure_key,
    refund_key,
    sale_key,
    sale_return_key,
    sales_summary_key,
    topup_key,
    topup_return_key,
)
from tieout.domain.movement_policy import Category
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.balance_types import BookedBy, row_of
from tieout.planning.clearing_entries import Heading, clearing_entry
from tieout.planning.conversion import GROSS_BOOKED_ELSEWHERE, converted_from, fx_line
from tieout.planning.draft import PlanDraft
from tieout.planning.fees import Bucket, kept, summed_up
from tieout.planning.movements import add_movement, category_lines
from tieout.planning.sales import summarised_sales
from tieout.planning.snapshots import ActivitySnapshot, BalanceTransaction

Named = tuple[str, Subject]


def _by(kind: SubjectKind, key: Callable[[str], str]) -> Callable[[BalanceTransaction, str], Named]:
    return lambda _movement, source: (key(source), Subject(kind, source))


def _sale(movement: BalanceTransaction, source: str) -> Named:
    intent = movement.origin.payment_intent if movement.origin else None
    return sale_key(intent or source), Subject(SubjectKind.CHARGE, source)


def _returned_sale(movement: BalanceTransaction, source: str) -> Named:
    origin = movement.origin
    # The failure of a payment may come as a refund that names the charge.
    charge = (origin.charge if origin else None) or source
    intent = origin.payment_intent if origin else None
    return sale_return_key(intent or charge), Subject(SubjectKind.CHARGE, charge)


def _dispute(movement: BalanceTransaction, source: str) -> Named:
    return dispute_key(source, movement.id), Subject(SubjectKind.DISPUTE, source)


_EVIDENCE: Mapping[BookedBy, Callable[[BalanceTransaction, str], Named]] = {
    BookedBy.SALE: _sale,
    BookedBy.RETURNED_SALE: _returned_sale,
    BookedBy.REFUND: _by(SubjectKind.REFUND, refund_key),
    BookedBy.RETURNED_REFUND: _by(SubjectKind.REFUND, refund_failure_key),
    BookedBy.DISPUTE: _dispute,
    BookedBy.PAYOUT: _by(SubjectKind.PAYOUT, payout_key),
    BookedBy.RETURNED_PAYOUT: _by(SubjectKind.PAYOUT, payout_return_key),
    BookedBy.TOPUP: _by(SubjectKind.TOPUP, topup_key),
    BookedBy.RETURNED_TOPUP: _by(SubjectKind.TOPUP, topup_return_key),
}


def evidence(day: ActivitySnapshot) -> Mapping[str, Subject]:
    """Return what other subjects' documents book of a day.

    Args:
        day: every movement of the day, with its origin.

    Returns:
        By document key, the subject that brings the document about.
    """
    found = (
        _EVIDENCE[booked_by](each, each.source)
        for each in day.movements
        if (booked_by := row_of(each).booked_by) in _EVIDENCE and each.source is not None
    )
    return dict(found)


@dataclass(slots=True)
class _Balance:
    """What a day's journal of one balance sums up.

    Attributes:
        debits: in minor units; negative is a credit.
        received: from charges and refunds in another currency, by that; in the balance's.
        given: the same, in that other currency.
    """

    debits: Counter[Bucket] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)


def plan_activity(
    draft: PlanDraft,
    snapshot: ActivitySnapshot,
    policy: Policy,
    booked_under: Mapping[str, Policy],
    account: str | None,
) -> None:
    """Plan a day: every movement of it is in one document, here or of another subject.

    Args:
        draft: where the documents go.
        snapshot: the day, which is over.
        policy: today's.
        booked_under: by key, the policies under which sales were booked or decided.
        account: the Stripe account, None for the main one.
    """
    balances: dict[str, _Balance] = defaultdict(_Balance)
    for movement in snapshot.movements:
        _sum_up(draft, movement, balances[movement.currency], policy)
    day = _Day(snapshot.day, account, policy)
    for currency, balance in sorted(balances.items()):
        _add_balance(draft, day, currency, balance)
        for other in sorted(balance.given):
            _add_conversion(draft, day, currency, other, balance.given[other])
    _add_sales(draft, day, snapshot, booked_under)
    if not draft.has_entries:
        # Without a trace nobody could tell a quiet day from one that was never read.
        key = Subject(SubjectKind.ACTIVITY, snapshot.day.isoformat(), account).key
        draft.not_booked(key, Reason.NOTHING_TO_BOOK, "nothing moved that no other document books")


def _sum_up(
    draft: PlanDraft, movement: BalanceTransaction, balance: _Balance, policy: Policy
) -> None:
    row = row_of(movement)
    if row.booked_by in GROSS_BOOKED_ELSEWHERE:
        balance.debits.update(kept(movement, Category.PROCESSING_FEES, policy))
        _carry_over(draft, movement, balance)
    elif row.booked_by is BookedBy.DAY and row.category is not None:
        balance.debits.update(summed_up(movement, row.category, policy))
    elif row.booked_by is BookedBy.ITSELF:
        add_movement(draft, movement, policy)
    elif movement.source is None:
        text = f"{movement.type} {movement.id}: Stripe does not name the object behind it"
        draft.refused(
            movement_key(movement.id),
            Refused(Reason.UNREADABLE_OBJECT, text),
            movement.net_minor,
            movement.currency,
        )


def _carry_over(draft: PlanDraft, movement: BalanceTransaction, balance: _Balance) -> None:
    try:
        converted = converted_from(movement)
    except Refused as refused:
        key = movement_key(movement.id)
        draft.refused(key, refused, movement.amount_minor, movement.currency)
        return
    if converted is not None:
        currency, given_minor = converted
        balance.received[currency] += movement.amount_minor
        balance.given[currency] += given_minor


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    account: str | None
    policy: Policy

    def heading(self, key: str, title: str, currency: str) -> Heading:
        name = key.replace("activity/", "").replace("/from-", "-").replace("/", "-")
        return Heading(key, self.day.isoformat(), title, name, self.day, currency)


def _add_balance(draft: PlanDraft, of: _Day, currency: str, balance: _Balance) -> None:
    received = {other: amount for other, amount in balance.received.items() if amount}
    if not (any(balance.debits.values()) or received):
        return
    day = of.day.isoformat()
    key = activity_key(of.day, currency, of.account)
    heading = of.heading(key, f"Stripe activity {day} {currency}", currency)

    def kept_together() -> JournalEntry:
        lines = category_lines(balance.debits, of.policy)
        lines += [
            fx_line(-amount, f"Converted from {other}", of.policy)
            for other, amount in sorted(received.items())
        ]
        return clearing_entry(heading, lines, of.policy)

    moved_minor = balance.received.total() - balance.debits.total()
    draft.document(key, kept_together, moved_minor, currency)


def _add_conversion(
    draft: PlanDraft, of: _Day, currency: str, other: str, given_minor: int
) -> None:
    if not given_minor:
        return
    key = conversion_key(of.day, currency, other, of.account)
    title = f"Stripe activity {of.day.isoformat()} {currency} from {other}"
    heading = of.heading(key, title, other)

    def carried_over() -> JournalEntry:
        line = fx_line(given_minor, f"Converted to {currency}", of.policy)
        return clearing_entry(heading, [line], of.policy)

    draft.document(key, carried_over, -given_minor, other)


def _add_sales(
    draft: PlanDraft, of: _Day, snapshot: ActivitySnapshot, booked_under: Mapping[str, Policy]
) -> None:
    """Plan the sales that the day books, each currency apart from the other and from all fees."""
    by_currency: dict[str, list[BalanceTransaction]] = defaultdict(list)
    for movement in snapshot.movements:
        if movement.origin is not None and movement.origin.currency is not None:
            by_currency[movement.origin.currency].append(movement)
    for currency, movements in sorted(by_currency.items()):
        alone = dataclasses.replace(snapshot, movements=tuple(movements))
        key = sales_summary_key(of.day, currency, of.account)
        heading = of.heading(key, f"Stripe sales {of.day.isoformat()} {currency}", currency)
        try:
            lines = summarised_sales(alone, booked_under).get(currency, ())
        except Refused as refused:
            draft.refused(key, refused)
            continue
        if lines:
            draft.document(
                key,
                partial(clearing_entry, heading, lines, of.policy),
                -sum(line.amount_minor for line in lines),
                currency,
            )
