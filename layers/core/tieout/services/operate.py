"""Operate: what people see of the postings, and what they decide about them.

    list ──> solve the cause ──> retry     Tieout books it
         └─> solve it by hand ─> close     Tieout never sends it, and books what waited for it

Nothing here speaks to Intacct or Stripe. A decision is a conditional write like any other, so a
processor that works on the same posting at the same moment is never overruled; and a retry only
queues the subject, which is safe at any time: what is booked already is not booked again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches

from tieout.domain import postings as posting_states
from tieout.domain.errors import StalePosting, TieoutError
from tieout.domain.postings import Posting, State, Work, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind, parse_subject
from tieout.services.ports import Postings, WorkItem, WorkQueue

# A message in the queue comes again, and says so on its postings, within the processor's longest
# pause, which is an hour. The margin is for a queue with a backlog.
STUCK_AFTER_SECONDS = 4_500

_UNREAD = "/unread"
_SIMILAR_KEYS_MAX = 3


class CannotBeDone(TieoutError):
    """What was asked for cannot be done; the text is all that the operator needs."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who decides, and when."""

    who: str
    now_unix: int

    @property
    def text(self) -> str:
        """The signature as people read it."""
        return f"{self.who}, {datetime.fromtimestamp(self.now_unix, UTC):%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What a person must look at.

    Attributes:
        parked: what will not pass as it is.
        stuck: what was under way and that no message works on any more.
        in_flight: how many others are under way.
    """

    parked: Sequence[Posting]
    stuck: Sequence[Posting]
    in_flight: int


def is_stuck(posting: Posting, now_unix: int) -> bool:
    """Return whether no message works any more on what is under way."""
    return now_unix - posting.updated_at_unix > STUCK_AFTER_SECONDS


def exceptions(postings: Postings, now_unix: int) -> Exceptions:
    """Return what a person must look at, oldest change first.

    Raises:
        TransientFault, ConfigurationFault: the table cannot be read.
    """
    under_way = list(postings.on_worklist(Worklist.IN_FLIGHT))
    stuck = [each for each in under_way if is_stuck(each, now_unix)]
    parked = list(postings.on_worklist(Worklist.ATTENTION))
    return Exceptions(parked, stuck, len(under_way) - len(stuck))


def totals(postings: Iterable[Posting]) -> dict[str, int]:
    """Return the sum of the amounts for each currency, in its minor unit, by currency."""
    sums: dict[str, int] = {}
    for posting in postings:
        if posting.amount_minor is not None and posting.currency is not None:
            sums[posting.currency] = sums.get(posting.currency, 0) + posting.amount_minor
    return dict(sorted(sums.items()))


def kind_of(posting: Posting) -> str:
    """Return what kind of thing a posting is about: its key without the ids.

    `payout/po_1` is a `payout`, `invoice/in_1/credit-balance` an `invoice credit-balance`,
    `dispute/du_1/txn_1` a `dispute` and every journal of a day an `activity`.
    """
    account = posting.subject.account
    kind, _, *more = posting.key.removeprefix(f"{account}/").split("/")
    if kind == SubjectKind.ACTIVITY:
        return kind
    return " ".join([kind, *(each for each in more if "_" not in each)])


def look_up(postings: Postings, keys: Sequence[str]) -> Sequence[Posting]:
    """Return the postings of these keys, in this order.

    Raises:
        CannotBeDone: there is none under a key; the text names similar ones.
        TransientFault, ConfigurationFault: the table cannot be read.
    """
    found = postings.get_many(keys)
    for key in keys:
        if key not in found:
            raise CannotBeDone(f"there is no posting {key!r}{_similar(postings, key)}")
    return [found[key] for key in dict.fromkeys(keys)]


def _similar(postings: Postings, key: str) -> str:
    listed = [each.key for worklist in Worklist for each in postings.on_worklist(worklist)]
    similar = get_close_matches(key, listed, _SIMILAR_KEYS_MAX)
    return f"; did you mean {' or '.join(similar)}?" if similar else ""


def close(
    postings: Postings,
    keys: Sequence[str],
    signature: Signature,
    note: str,
    record_no: str | None = None,
) -> Sequence[Posting]:
    """Close what a person solved by hand, and return the postings as they are now.

    Nothing is written unless all of them can be closed.

    Args:
        postings: where they are.
        keys: what was solved.
        signature: of the person.
        note: how it was solved; kept with the signature.
        record_no: RECORDNO of the record that was made by hand; for a single key.

    Raises:
        CannotBeDone: there is nothing to close, or it is being sent right now.
        TransientFault, ConfigurationFault: the table cannot be used.
    """
    found = look_up(postings, keys)
    if record_no is not None and len(found) > 1:
        raise CannotBeDone("one Intacct record cannot stand for several documents: name one key")
    for posting in found:
        _refuse_to_close(posting, signature.now_unix)
    text = f"{note} (closed by {signature.text})"
    closed = [
        posting_states.closed(each, signature.now_unix, signature.who, text, record_no)
        for each in found
    ]
    return _written(postings, closed)


def _refuse_to_close(posting: Posting, now_unix: int) -> None:
    lease_seconds = posting.lease_expires_at_unix - now_unix
    if posting.state is State.SENDING and lease_seconds > 0:
        raise CannotBeDone(
            f"{posting.key} is being sent right now: try again in {lease_seconds} seconds"
        )
    if posting.worklist not in {None, Worklist.ACCEPTED} or posting.reason is Reason.BEFORE_BOOKS:
        return
    if posting.may_be_corrected and not posting.is_accepted:
        return
    match posting.state:
        case State.CLOSED:
            raise CannotBeDone(f"{posting.key} is closed already: {posting.reason_text}")
        case State.POSTED:
            raise CannotBeDone(
                f"{posting.key} is posted as Stripe calls for it: there is nothing to close"
            )
        case _:
            raise CannotBeDone(
                f"{posting.key} is on no list: there is nothing to close ({posting.reason_text})"
            )


def waiting_for(postings: Postings, posting: Posting) -> Sequence[Posting]:
    """Return the parked postings of the same subject that wait for another document.

    Raises:
        TransientFault, ConfigurationFault: the table cannot be read.
    """
    return [
        each
        for each in postings.of_subject(posting.subject)
        if each.reason is Reason.WAITS_FOR_PARKED and each.key != posting.key
    ]


def reopen(
    postings: Postings, keys: Sequence[str], signature: Signature, *, record_is_gone: bool = False
) -> Sequence[Posting]:
    """Undo a close, and return the postings as they are now.

    What was never posted is planned anew by the next retry, which looks it up in Intacct before it
    sends it. An accepted difference is back on the exceptions list at once.

    Args:
        postings: where they are.
        keys: what was closed.
        signature: of the person.
        record_is_gone: the records that the closes named are no more in Intacct.

    Raises:
        CannotBeDone: it is not closed, or names a record that it would be booked beside.
        TransientFault, ConfigurationFault: the table cannot be used.
    """
    found = look_up(postings, keys)
    return _written(
        postings, [_reopened(each, signature, record_is_gone=record_is_gone) for each in found]
    )


def _reopened(posting: Posting, signature: Signature, *, record_is_gone: bool) -> Posting:
    if posting.state is State.CLOSED:
        if posting.record_no is not None and not record_is_gone:
            raise CannotBeDone(
                f"{posting.key} was closed with Intacct record {posting.record_no}: reopened, it "
                "would be booked beside it; take that record back in Intacct first, then reopen "
                "with --record-is-gone"
            )
        note = f"reopened by {signature.text}"
        return posting_states.reopened(posting, signature.now_unix, signature.who, note)
    if not posting.is_accepted:
        raise CannotBeDone(f"{posting.key} is not closed: it is {posting.state}")
    work = Work(
        subject=posting.subject,
        policy_version=posting.policy_version,
        message_id=posting.message_id,
        trigger=signature.who,
        now_unix=signature.now_unix,
        read_at_unix=posting.read_at_unix,
        lease_seconds=0,
    )
    text = f"the difference was accepted: {posting.reason_text}; reopened by {signature.text}"
    return posting_states.drifted(
        posting, work, posting.drift_digest, text, planned=posting.planned_effects
    )


def _written(postings: Postings, after: Sequence[Posting]) -> Sequence[Posting]:
    for posting in after:
        try:
            postings.put(posting)
        except StalePosting as stale:
            done = [each.key for each in after[: after.index(posting)]]
            before = f"; done before it: {', '.join(done)}" if done else ""
            raise CannotBeDone(f"{posting.key} changed meanwhile: look again{before}") from stale
    return after


def subjects_of(postings: Postings, names: Sequence[str]) -> Sequence[Subject]:
    """Return the subjects that stand behind keys of postings, or that are named themselves.

    Raises:
        CannotBeDone: a name is neither a posting's key nor a Stripe object.
        TransientFault, ConfigurationFault: the table cannot be read.
    """
    found = postings.get_many(names)
    return [found[name].subject if name in found else _named(name, postings) for name in names]


def _named(name: str, postings: Postings) -> Subject:
    try:
        subject = parse_subject(name.removesuffix(_UNREAD))
    except ValueError:
        kinds = ", ".join(f"{kind}/..." for kind in SubjectKind)
        raise CannotBeDone(
            f"{name!r} is neither a posting nor a Stripe object{_similar(postings, name)}; "
            f"name the object that it belongs to: {kinds}"
        ) from None
    if not subject.id:
        raise CannotBeDone(f"{name!r} has no id")
    return subject


def retry(
    queue: WorkQueue,
    subjects: Iterable[Subject],
    who: str,
    new_id: Callable[[], str],
    *,
    livemode: bool,
) -> Sequence[Subject]:
    """Queue the subjects again, each once, and return them.

    Args:
        queue: the processor's.
        subjects: what to look at again.
        who: named on the postings that change.
        new_id: makes an id that was never used, so that the queue takes no retry for a repeat.
        livemode: the mode of the installation.

    Raises:
        TransientFault: the queue did not take one; those before it are queued.
        ConfigurationFault: the queue cannot be used at all.
    """
    distinct = list(dict.fromkeys(subjects))
    for subject in distinct:
        # As webhooks group a customer's own events; the customer of others is not known here.
        is_customer = subject.kind is SubjectKind.CUSTOMER
        queue.send(
            WorkItem(
                subject=subject,
                trigger=f"retry by {who}",
                group=subject.id if is_customer else str(subject),
                deduplication_id=f"retry:{new_id()}",
                livemode=livemode,
            )
        )
    return distinct
