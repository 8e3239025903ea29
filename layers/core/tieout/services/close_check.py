"""Close check: whether a month can be closed, and what stands in the way if it cannot.

Closing a month closes everything through its end, so whatever is dated earlier and not in the books
stands in the way as well; and so does what nobody can date.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tieout.domain.dates import accounting_date, day_bounds, span_text, spans
from tieout.domain.keys import customer_of, unread_key
from tieout.domain.policy import Policy
from tieout.domain.postings import Posting, Worklist
from tieout.domain.reasons import WAY_OUT, Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.tie_outs import TieOut
from tieout.services.passes import EVENTS, INVOICES, OPEN_INVOICES, pass_name
from tieout.services.ports import Clock, Cursors, Postings, TieOutStore
from tieout.services.walk import days

# Since the tie-out was made somebody may have booked into the month.
TIE_OUT_AGE_SECONDS_MAX = 86_400
# What finds, between them, everything that no webhook told of.
POLLER_PASSES = (EVENTS, INVOICES, OPEN_INVOICES)


class Kind(StrEnum):
    """What stands in the way of closing a month."""

    NOT_OVER = "not_over"
    PARKED = "parked"
    WAITING = "waiting"
    UNDER_WAY = "under_way"
    DAY_NOT_BOOKED = "day_not_booked"
    NOT_COMPARED = "not_compared"
    NOT_TIED_OUT = "not_tied_out"
    OLD_TIE_OUT = "old_tie_out"
    RESIDUAL = "residual"
    OPEN_ITEM = "open_item"
    CONTROL = "control"


_WAYS_OUT: Mapping[Kind, str] = {
    Kind.NOT_OVER: "Wait until it is.",
    Kind.PARKED: "`tieout retry KEY` looks it up in Intacct before it sends it.",
    Kind.WAITING: WAY_OUT[Reason.WAITS_FOR_PERIOD],
    Kind.UNDER_WAY: "Wait some minutes; if it does not move, `tieout parked` lists it as stuck.",
    Kind.NOT_COMPARED: (
        "Wait for the poller's next runs, each half an hour after the other; if it stays, raise "
        "`PollerReadBudget`, or look at the poller's log."
    ),
    Kind.NOT_TIED_OUT: "`tieout tie-out DAY --now`, or wait for the poller, which does so daily.",
    Kind.OLD_TIE_OUT: "`tieout tie-out DAY --now` makes it again.",
    Kind.RESIDUAL: "`tieout tie-out DAY --now` itemises it, and keeps what it finds.",
    Kind.OPEN_ITEM: "`tieout retry KEY`; if they still differ, compare the invoice in both.",
    Kind.CONTROL: (
        "In Intacct, list the journal entries on the account and take them back, or book them as "
        "invoices and adjustments; then `tieout tie-out DAY --now`."
    ),
}


_OPEN_IN_BOOKS_ALONE = (
    "Look for its number in Intacct: the description there names the Stripe invoice, for "
    "`tieout retry invoice/in_...`; if they still differ, compare the invoice in both."
)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that stands in the way.

    Attributes:
        key: what to look at: a posting's key, a day or some (`activity/2026-10-03 to 2026-10-09`),
            a pass of the poller or a clearing account.
        amount_minor: minor units of `currency`, where there is an amount.
    """

    kind: Kind
    key: str
    text: str
    way_out: str
    amount_minor: int | None = None
    currency: str | None = None


class CloseCheck:
    """Asks the postings, the poller's progress and the stored tie-outs; writes nothing."""

    def __init__(
        self, postings: Postings, cursors: Cursors, tie_outs: TieOutStore | None, clock: Clock
    ) -> None:
        self._postings = postings
        self._cursors = cursors
        self._tie_outs = tie_outs
        self._clock = clock

    def obstacles(self, month: date, policy: Policy) -> Iterator[Obstacle]:
        """Yield what stands in the way of closing a month; nothing if it can be closed.

        Args:
            month: its first day.
            policy: the one in force, for the company's time zone and its first day in Tieout.

        Raises:
            TransientFault, ConfigurationFault: a table cannot be read.
        """
        last = last_day_of(month)
        end_unix = day_bounds(last, policy.zone)[1]
        if self._clock.now_unix() <= end_unix:
            text = f"the month is not over: it lasts until {last}"
            yield _obstacle(Kind.NOT_OVER, f"{month:%Y-%m}", text)
        yield from self._unposted(last)
        for account in (None, *policy.accounts):
            own = policy.of_account(account) or policy
            yield from self._days(month, last, own, account)
            yield from self._passes(own, end_unix, account)
        yield from self._residuals(last)

    def _unposted(self, last: date) -> Iterator[Obstacle]:
        for worklist, kind in (
            (Worklist.ATTENTION, Kind.PARKED),
            (Worklist.NOT_BOOKED, Kind.WAITING),
            (Worklist.IN_FLIGHT, Kind.UNDER_WAY),
        ):
            for posting in self._postings.on_worklist(worklist):
                if kind is Kind.WAITING and posting.reason is not Reason.WAITS_FOR_PERIOD:
                    continue
                # What hangs on a customer that is parked is parked itself, and has a day.
                if customer_of(posting.key) is None and _may_be_dated_by(posting, last):
                    yield _unposted(kind, posting)

    def _days(
        self, month: date, last: date, policy: Policy, account: str | None
    ) -> Iterator[Obstacle]:
        """Yield the days whose own journal is not booked, consecutive ones together.

        What of a day is parked is listed before. A day that is not over has no journal yet.
        """
        why: dict[date, str] = {}
        for day in days(max(month, policy.books_from or month), last):
            end_unix = day_bounds(day, policy.zone)[1]
            if self._clock.now_unix() <= end_unix:
                break
            subject = Subject(SubjectKind.ACTIVITY, day.isoformat(), account)
            # That it could not be read is no reading, not even once somebody set it aside.
            unread = unread_key(str(subject))
            found = [each for each in self._postings.of_subject(subject) if each.key != unread]
            if not found:
                why[day] = "what moved the balance was never read"
            elif max(each.read_at_unix for each in found) <= end_unix:
                why[day] = "the balance was read before the day was over"
        for text in sorted(set(why.values())):
            for span in spans(day for day in why if why[day] == text):
                yield _not_booked(*span, account, text)

    def _passes(self, policy: Policy, end_unix: int, account: str | None) -> Iterator[Obstacle]:
        """Yield the comparisons with Stripe of which none began after the month and is complete."""
        for kind in POLLER_PASSES:
            name = pass_name(kind, account)
            complete_unix = self._cursors.get(name).complete_unix
            if complete_unix is None or complete_unix <= end_unix:
                text = (
                    "what no webhook told of may be missing: Stripe was not compared after the "
                    f"month's end; {_last_one(complete_unix, policy)}"
                )
                yield _obstacle(Kind.NOT_COMPARED, name, text)

    def _residuals(self, last: date) -> Iterator[Obstacle]:
        made = self._tie_outs.of_days([last]).get(last, ()) if self._tie_outs else ()
        if not made:
            yield _obstacle(Kind.NOT_TIED_OUT, last.isoformat(), "tie-out: not run")
        old_unix = self._clock.now_unix() - TIE_OUT_AGE_SECONDS_MAX
        if any(each.made_at_unix < old_unix for each in made):
            text = "tie-out: made over a day ago; somebody may have booked into the month since"
            yield _obstacle(Kind.OLD_TIE_OUT, last.isoformat(), text)
        for each in made:
            yield from _residual(each)


def last_day_of(month: date) -> date:
    """Return the last day of a month, given any day of it."""
    a_day_of_the_next = month.replace(day=28) + timedelta(days=4)
    return a_day_of_the_next.replace(day=1) - timedelta(days=1)


def _may_be_dated_by(posting: Posting, last: date) -> bool:
    return posting.posting_date <= last.isoformat()


def _unposted(kind: Kind, posting: Posting) -> Obstacle:
    dated = posting.posting_date or "nobody knows when"
    reason = f"{posting.reason}: " if posting.reason else ""
    text = f"{posting.state}, dated {dated}; {reason}{posting.reason_text}".rstrip("; ")
    way_out = WAY_OUT[posting.reason] if posting.reason else _WAYS_OUT[kind]
    return Obstacle(kind, posting.key, text, way_out, posting.amount_minor, posting.currency)


def _not_booked(first: date, last: date, account: str | None, text: str) -> Obstacle:
    key = str(Subject(SubjectKind.ACTIVITY, span_text(first, last), account))
    if first == last:
        way_out = f"`tieout retry {key}`."
    else:
        of_account = f" --account {account}" if account else ""
        way_out = f"`tieout backfill --from {first} --until {last} --again{of_account}`."
    return Obstacle(Kind.DAY_NOT_BOOKED, key, text, way_out)


def _last_one(complete_unix: int | None, policy: Policy) -> str:
    if complete_unix is None:
        return "no comparison is complete yet"
    return f"the last complete one began on {accounting_date(complete_unix, policy.zone)}"


def _residual(made: TieOut) -> Iterator[Obstacle]:
    where = f"{made.account} {made.currency}".strip()
    if made.residual_minor:
        causes = ", ".join(str(cause) for cause in made.by_cause())
        yield Obstacle(
            Kind.RESIDUAL,
            where,
            f"on {made.day} the clearing account is not Stripe's balance: {causes}",
            _WAYS_OUT[Kind.RESIDUAL].replace("DAY", made.day),
            made.residual_minor,
            made.currency,
        )
    if made.control_difference_minor:
        yield Obstacle(
            Kind.CONTROL,
            f"account {made.control_account}",
            "the control account is not what customers owe by their open items",
            _WAYS_OUT[Kind.CONTROL].replace("DAY", made.day),
            made.control_difference_minor,
            made.currency,
        )
    for item in made.open_items:
        if item.accepted:
            continue
        yield Obstacle(
            Kind.OPEN_ITEM,
            item.subject or item.invoice,
            f"Stripe and the books do not ask for the same. {item.text}".rstrip(),
            _WAYS_OUT[Kind.OPEN_ITEM] if item.subject else _OPEN_IN_BOOKS_ALONE,
            item.books_minor - item.stripe_minor,
            item.currency,
        )


def _obstacle(kind: Kind, key: str, text: str) -> Obstacle:
    return Obstacle(kind, key, text, _WAYS_OUT[kind].replace("DAY", key))
