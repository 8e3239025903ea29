"""Tie-out: does the clearing account show what Stripe has, and if not, why not?

    Stripe   balance now, less every movement since        = closing balance of the day
    Intacct  every line on the clearing account until then = balance of the books

Their difference is the residual. It is explained item by item: by postings that are not booked, by
movements nobody has read, by entries that somebody made by hand. What is left over is unknown, and
calls somebody. Nothing is written to Stripe or Intacct.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain

from tieout.domain import effects
from tieout.domain.dates import accounting_date, day_bounds
from tieout.domain.errors import Unavailable
from tieout.domain.keys import sales_summary_key
from tieout.domain.policy import Policy
from tieout.domain.postings import Posting, State, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.tie_outs import Cause, OpenItem, Residue, TieOut, with_rest
from tieout.planning.activity import evidence
from tieout.planning.plan import plan
from tieout.planning.snapshots import ActivitySnapshot, BalanceTransaction
from tieout.services.clearing_effects import clearing_effect, drift_effect, on_clearing
from tieout.services.operate import is_stuck
from tieout.services.ports import (
    Books,
    Clock,
    LedgerRow,
    Postings,
    StripeReader,
)
from tieout.services.receivables import Control, Receivables

# How far back unread movements are looked for: the journal of the day before may be late.
LOOK_BACK_DAYS = 1
# How far back entries that somebody made by hand are: they may be dated into the past.
BY_HAND_DAYS = 31
# The balance moves while it is read; three attempts find a quiet moment in any but the busiest.
ATTEMPTS_MAX = 3
# How the references of Tieout's own documents begin: with Stripe's ids, or with the day of an
# activity; of a further account with the account's.
_OWN_REFERENCE = re.compile(
    r"(acct|in|inpay|pi|ch|py|re|pyr|cn|cbtxn|txn|po|du|dp|tu)_|\d{4}-\d{2}-\d{2}-", re.ASCII
)

Found = Iterator[tuple[str, Residue]]


@dataclass(frozen=True, slots=True)
class _Case:
    """What is compared, and what Stripe says of it.

    Attributes:
        since: the first day of the movements.
        company: today's policy, of all accounts.
        policy: the account's own.
        before: residues of the day before, by currency.
        balance_minor: now, by currency.
        movements: from some days before the day until now, by (created, id).
    """

    day: date
    since: date
    account: str | None
    company: Policy
    policy: Policy
    before: Mapping[str, Sequence[Residue]]
    balance_minor: Mapping[str, int]
    movements: Sequence[BalanceTransaction]
    now_unix: int


class TieOuts:
    """The use case behind the daily tie-out."""

    def __init__(
        self, stripe: StripeReader, books: Books, postings: Postings, clock: Clock
    ) -> None:
        self._stripe = stripe
        self._books = books
        self._postings = postings
        self._clock = clock
        self._receivables = Receivables(stripe, books, postings)

    def of_day(
        self,
        day: date,
        policy: Policy,
        before: Sequence[TieOut] = (),
        account: str | None = None,
        look_back_days: int = LOOK_BACK_DAYS,
    ) -> Sequence[TieOut]:
        """Return the tie-out of each currency of a Stripe account at the end of a day that is over.

        Args:
            day: the company's.
            policy: today's: its clearing accounts are compared.
            before: the tie-outs of the day before, for the age of what they had already.
            account: the further or connected account; None for the main one, with which the open
                invoices of all accounts are compared, in whatever currency.
            look_back_days: how many days before are searched for movements that nobody has read.

        Raises:
            TransientFault: Stripe or Intacct did not answer, or the balance never stood still.
            ConfigurationFault: a key or a permission.
            Refused: there are more movements than can be read.
        """
        case = self._case(day, policy, before, account, look_back_days)
        clearing = {currency: each.account for currency, each in case.policy.clearing.items()}
        shown = self._books.balances(set(clearing.values()), day)
        residues: dict[str, list[Residue]] = defaultdict(list)
        for currency, residue in (
            *self._unposted(case),
            *self._unseen(case),
            *self._by_hand(case),
        ):
            residues[currency].append(residue)
        items, control = self._owed(policy) if account is None else ((), None)
        currencies = {
            *clearing,
            *case.balance_minor,
            *(each.currency for each in items if each.currency),
            *(control.currencies if control else ()),
        }
        made = [
            _tie_out(
                case,
                currency,
                clearing.get(currency, ""),
                shown.get((clearing.get(currency, ""), currency), 0),
                residues[currency],
                [each for each in items if each.currency == currency],
            )
            for currency in sorted(currencies)
        ]
        return [control.beside(each) for each in made] if control else made

    def _owed(self, policy: Policy) -> tuple[Sequence[OpenItem], Control | None]:
        """Return what the whole company's customers owe, invoice by invoice and as a whole."""
        items = self._receivables.open_items((None, *policy.accounts))
        account = policy.receivable_account
        return items, None if account is None else self._receivables.control(account)

    def _case(
        self,
        day: date,
        company: Policy,
        before: Sequence[TieOut],
        account: str | None,
        look_back_days: int,
    ) -> _Case:
        """Read the balance and what moved it; again, if it moved meanwhile."""
        policy = company.of_account(account) or company
        since = day - timedelta(days=look_back_days)
        balance = self._stripe.balance(account)
        for _ in range(ATTEMPTS_MAX):
            movements = list(self._movements(since, policy, account))
            after = self._stripe.balance(account)
            if after == balance:
                known = {each.currency: each.residues for each in before}
                return _Case(
                    *(day, since, account, company, policy, known),
                    *(balance, movements, self._clock.now_unix()),
                )
            balance = after
        raise Unavailable("Stripe's balance moves faster than its movements can be read")

    def _movements(
        self, since: date, policy: Policy, account: str | None
    ) -> Iterator[BalanceTransaction]:
        """Yield what moved the balance since a day, read day by day: of a day there is a bound."""
        now_unix = self._clock.now_unix()
        while (bounds := day_bounds(since, policy.zone))[0] <= now_unix:
            yield from self._stripe.movements(bounds[0], min(bounds[1], now_unix), account)
            since += timedelta(days=1)

    # --- Why they differ ----------------------------------------------------------------------

    def _unposted(self, case: _Case) -> Found:
        """Yield what the lists of exceptions say that the clearing accounts lack."""
        for worklist, cause in _CAUSES.items():
            postings = list(self._postings.on_worklist(worklist))
            listed = {posting.key for posting in postings}
            for posting in postings:
                dated = posting.posting_date or _day_text(posting.created_at_unix, case.policy)
                if posting.subject.account != case.account or dated > case.day.isoformat():
                    continue
                if posting.is_accepted and not _may_stand(posting, case):
                    continue
                if posting.state in {State.POSTED, State.CLOSED}:
                    why, more = Cause.DRIFT, drift_effect(posting, case.policy)
                else:
                    lacking = clearing_effect(posting, case.policy, listed)
                    is_under_way = cause is Cause.IN_TRANSIT
                    is_left = is_under_way and is_stuck(posting, case.now_unix)
                    why = Cause.STUCK if is_left else cause
                    more = {currency: -amount for currency, amount in lacking.items()}
                for currency, amount_minor in more.items():
                    yield (
                        currency,
                        Residue(posting.key, why, amount_minor, dated, posting.reason_text),
                    )

    def _unseen(self, case: _Case) -> Found:
        """Yield what Stripe moved of which the postings know nothing."""
        yield from _remembered(case, Cause.IGNORED, case.since)
        for snapshot in _days(case):
            yield from self._unseen_sources(snapshot, case)
            yield from self._unbooked_day(snapshot, case)

    def _unseen_sources(self, snapshot: ActivitySnapshot, case: _Case) -> Found:
        """Yield what no posting is there for, and the sales that wait for their day's journal."""
        known, day = self._postings.get_many(evidence(snapshot)), snapshot.day
        dated = day.isoformat()
        waiting: Counter[tuple[str, str]] = Counter()
        for movement in snapshot.movements:
            (key,) = evidence(ActivitySnapshot(day, (movement,))) or (None,)
            if key is None:
                continue
            currency, amount_minor = _gross(movement)
            if key not in known:
                text = f"{movement.type} {movement.source or ''}".rstrip()
                yield currency, Residue(key, Cause.NOT_READ, -amount_minor, dated, text)
            elif known[key].reason is Reason.IN_DAILY_SUMMARY:
                waiting[sales_summary_key(day, currency, case.account), currency] += amount_minor
            elif known[key].reason is Reason.IGNORED_BY_POLICY:
                why = known[key].reason_text
                yield currency, Residue(key, Cause.IGNORED, -amount_minor, dated, why)
        booked = self._postings.get_many(key for key, _ in waiting)
        for (key, currency), amount_minor in waiting.items():
            if key not in booked:
                yield currency, Residue(key, Cause.DAY_OPEN, -amount_minor, dated)

    def _unbooked_day(self, snapshot: ActivitySnapshot, case: _Case) -> Found:
        day = snapshot.day.isoformat()
        subject = Subject(SubjectKind.ACTIVITY, day, case.account)
        planned = plan(subject, snapshot, case.company)
        booked = self._postings.get_many(planned.keys)
        for document in planned.documents:
            if document.key in booked:
                continue
            sums = effects.by_place(effects.effects(document))
            for currency, amount_minor in on_clearing(sums, case.policy).items():
                yield currency, Residue(document.key, Cause.DAY_OPEN, -amount_minor, day)

    def _by_hand(self, case: _Case) -> Found:
        """Yield the entries that are not Tieout's, and what stands of those of long ago."""
        since = case.day - timedelta(days=BY_HAND_DAYS)
        yield from _remembered(case, Cause.BY_HAND, since)
        currency_of = {each.account: currency for currency, each in case.policy.clearing.items()}
        accounts, day_before = currency_of.keys(), case.day - timedelta(days=1)
        for row in chain(
            self._books.rows(accounts, since, day_before, journals_only=True),
            self._books.rows(accounts, case.day, case.day),
        ):
            if is_own(row):
                continue
            named = f"entry {row.entry}"
            residue = Residue(named, Cause.BY_HAND, row.amount_minor, row.day.isoformat(), row.text)
            yield currency_of[row.account], residue


def _tie_out(
    case: _Case,
    currency: str,
    ledger_account: str,
    books_minor: int,
    residues: Sequence[Residue],
    items: Sequence[OpenItem],
) -> TieOut:
    begin_unix, end_unix = day_bounds(case.day, case.policy.zone)
    balance_minor = case.balance_minor.get(currency, 0)
    closing_minor = balance_minor - _net(case.movements, currency, end_unix + 1)
    moved_minor = _net(case.movements, currency, begin_unix, end_unix)
    rest = with_rest(books_minor - closing_minor, residues, case.day, case.before.get(currency, ()))
    return TieOut(
        account=case.account or "",
        currency=currency,
        day=case.day.isoformat(),
        opening_minor=closing_minor - moved_minor,
        moved_minor=moved_minor,
        closing_minor=closing_minor,
        ledger_account=ledger_account,
        books_minor=books_minor,
        residues=rest,
        open_items=tuple(each for each in items if each.stripe_minor != each.books_minor),
        receivable_stripe_minor=sum(each.stripe_minor for each in items),
        receivable_books_minor=sum(each.books_minor for each in items),
        made_at_unix=case.now_unix,
    )


_CAUSES: Mapping[Worklist, Cause] = {
    Worklist.ATTENTION: Cause.PARKED,
    Worklist.IN_FLIGHT: Cause.IN_TRANSIT,
    Worklist.NOT_BOOKED: Cause.NOT_BOOKED,
    Worklist.ACCEPTED: Cause.DRIFT,
}


def is_own(row: LedgerRow) -> bool:
    """Return whether a line on the clearing account is of one of Tieout's documents.

    Whether Intacct shows a payment's reference here is not documented; without one nobody can tell.
    """
    if not row.document:
        return not row.of_ledger
    return _OWN_REFERENCE.match(row.document) is not None


def _remembered(case: _Case, cause: Cause, since: date) -> Found:
    """Yield what the day before knew for a cause, of days before those that are read now."""
    for currency, residues in case.before.items():
        for each in residues:
            if each.cause is cause and each.since < since.isoformat():
                yield currency, each


def _may_stand(posting: Posting, case: _Case) -> bool:
    """Return whether the clearing account may still show a difference that a person accepted.

    Nobody says whether an entry by hand corrected it. What takes it off is looked for as long as
    such entries are; once it did not count for that long, it counts no more.
    """
    counted = {each.id for residues in case.before.values() for each in residues}
    since = case.day - timedelta(days=BY_HAND_DAYS)
    accepted = accounting_date(posting.updated_at_unix, case.policy.zone)
    return accepted >= since or posting.key in counted


def _day_text(at_unix: int, policy: Policy) -> str:
    return accounting_date(at_unix, policy.zone).isoformat()


def _days(case: _Case) -> Iterator[ActivitySnapshot]:
    """Yield what moved on each day until the one tied out, as that day's subject would read it."""
    by_day: dict[date, list[BalanceTransaction]] = defaultdict(list)
    for each in case.movements:
        by_day[accounting_date(each.created_unix, case.policy.zone)].append(each)
    books_from = case.policy.books_from
    for day, movements in sorted(by_day.items()):
        if day <= case.day and (books_from is None or day >= books_from):
            yield ActivitySnapshot(day, tuple(movements))


def _gross(movement: BalanceTransaction) -> tuple[str, int]:
    """Return what the document of a movement's source moves: its own amount and currency."""
    origin = movement.origin
    if origin is None or origin.currency is None or origin.currency == movement.currency:
        return movement.currency, movement.amount_minor
    amount_minor = origin.amount_minor or 0
    return origin.currency, amount_minor if movement.amount_minor > 0 else -amount_minor


def _net(
    movements: Iterable[BalanceTransaction],
    currency: str,
    since_unix: int,
    until_unix: int | None = None,
) -> int:
    return sum(
        each.net_minor
        for each in movements
        if each.currency == currency
        and each.created_unix >= since_unix
        and (until_unix is None or each.created_unix <= until_unix)
    )
