"""Replay: everything of a range planned again, as Stripe is now, beside what is posted.

    what Stripe created in the range ────────────┐
    what its charges paid, and its days show ────┤
    what is dated in it and older in Stripe ─────┴─> planned as it was booked ─┐
    what is posted and no plan has ────────────────────────────────────────────┴─> verdict

The reading, the planning and the comparison are those of the preview, and so the processor's own.
Nothing is posted and nothing is written, anywhere.
"""

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Protocol

from tieout.domain.documents import (
    Customer,
    Document,
    amount_of,
    digest,
    posted_digests,
    posting_date_of,
)
from tieout.domain.effects import by_place, effects, read, taken_back
from tieout.domain.money import Money
from tieout.domain.plans import Disposition, Finding
from tieout.domain.postings import NO_LONGER_PLANNED, Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject
from tieout.planning.corrections import Correction, corrections, month_of
from tieout.services.ports import Clock, PolicySource, StripeReader
from tieout.services.preview import (
    SUBJECTS_AT_ONCE,
    Change,
    Item,
    Preview,
    Previewer,
    Recorded,
    day_difference,
    other_difference,
)
from tieout.services.seen import Seen
from tieout.services.trail_ports import EveryPosting


class Outcome(StrEnum):
    """What became of something when it was planned again."""

    SAME = "same"  # posted, and the plan has the same digest
    ACCEPTED = "accepted"  # a person closed it, or let the difference stand
    KEPT = "kept"  # a customer: of the company's own, or to be amended with its next change
    NOT_BOOKED = "not_booked"  # recognised, and by policy or by kind no document
    DIFFERS = "differs"  # posted otherwise; or corrected by hand, and Stripe changed since
    REWORDED = "reworded"  # posted with the same ones, and the digest differs
    WITHDRAWN = "withdrawn"  # posted or booked by hand, and nothing calls for it any more
    NEW = "new"  # called for, and not posted
    PARKED = "parked"  # called for, and on the exceptions list; or posted, and not planned now
    UNDER_WAY = "under_way"  # being sent, in doubt, or changed while it was looked at
    UNREAD = "unread"  # Stripe, or the policy of its booking, does not tell it now


# Of what Stripe does not, or not yet, call for; policies have others.
_NOT_CALLED_FOR = frozenset({Reason.NOTHING_TO_BOOK, Reason.WAITS_FOR_STRIPE, Reason.WITHDRAWN})
_TAKE_BACK = (
    "Called for as posted again: take back what was entered by hand for the difference, if it "
    "was; then `tieout retry` and `tieout close` it."
)
# Where the books are as they should be.
AGREE = frozenset({Outcome.SAME, Outcome.ACCEPTED, Outcome.KEPT, Outcome.NOT_BOOKED})
_OF_NO_INTEREST = frozenset({Outcome.SAME, Outcome.KEPT, Outcome.NOT_BOOKED})
_UNREAD = frozenset(
    {
        Reason.OBJECT_MISSING_IN_STRIPE,
        Reason.UNREADABLE_OBJECT,
        Reason.SNAPSHOT_TOO_LARGE,
        Reason.NOT_READ,
        Reason.POLICY_INVALID,
        Reason.UNEXPECTED_ERROR,
    }
)


@dataclass(frozen=True, slots=True)
class Replayed:
    """Something that is not simply the same.

    Attributes:
        subject: which Stripe object it was planned with.
        planned: what Stripe calls for now; None for nothing.
        posting: what is recorded of it; None if that is nothing.
        text: why, for the controller.
        corrections: of what differs or is withdrawn: what makes the books right, where that is
            known.
    """

    key: str
    subject: Subject
    outcome: Outcome
    planned: Document | Finding | None = None
    posting: Posting | None = None
    text: str = ""
    corrections: tuple[Correction, ...] = ()

    @property
    def document(self) -> Document | None:
        """The document that Stripe calls for now; None if it calls for none."""
        return None if isinstance(self.planned, Finding) else self.planned


@dataclass(slots=True)
class Tally:
    """What a replay comes to; does not grow with the range.

    Attributes:
        subjects: how many were planned again.
        documents: how many there are, planned or posted, by what became of them.
        findings: how many things are no documents, by reason and what became of them.
    """

    subjects: int = 0
    documents: Counter[Outcome] = field(default_factory=Counter)
    findings: Counter[tuple[Outcome, Reason]] = field(default_factory=Counter)

    def add(self, replayed: Replayed) -> None:
        """Count a verdict."""
        posting, planned = replayed.posting, replayed.planned
        is_posted = posting is not None and posting.record_no is not None
        if isinstance(planned, Finding) and not is_posted:
            self.findings[replayed.outcome, planned.reason] += 1
        else:
            self.documents[replayed.outcome] += 1

    @property
    def agrees(self) -> bool:
        """Whether the books are as Stripe and the policies call for."""
        outcomes = {*self.documents, *(outcome for outcome, _ in self.findings)}
        return outcomes <= AGREE


class ReplayedPostings(Recorded, EveryPosting, Protocol):
    """The postings table, for reading."""


class Replay:
    """The use case behind `tieout replay`.

    Attributes:
        tally: what was replayed so far.
    """

    def __init__(
        self,
        stripe: StripeReader,
        postings: ReplayedPostings,
        policies: PolicySource,
        clock: Clock,
    ) -> None:
        self._previewer = Previewer(stripe, postings, policies, clock)
        self._postings = postings
        self._policies = policies
        self._began_at_unix = clock.now_unix()
        self._seen = Seen()
        self.tally = Tally()

    def replay(self, subjects: Iterable[Subject]) -> Iterator[Replayed]:
        """Plan subjects again, each once; yield what is not simply the same.

        So are the older ones that they lead to: what a charge paid, and what moved the balance on a
        day. A document that was never posted has no posting to be found by.

        Raises:
            ConfigurationFault: Stripe refuses our key, or a table cannot be used at all.
            TransientFault: a table cannot be used now.
        """
        fresh = (each for each in subjects if self._seen.add(f"subject {each}"))
        older: list[Subject] = []
        for preview in self._previewer.preview(fresh):
            self.tally.subjects += 1
            if preview.tells_all:
                self._seen.add(f"all of {preview.subject}")
            for each in self._verdicts(preview):
                yield from self._told(each)
            led_to = (*preview.leads_to, *preview.moved_by)
            older += [each for each in led_to if f"subject {each}" not in self._seen]
        if older:
            yield from self.replay(older)

    def left_over(
        self, first_day: str, last_day: str, accounts: Collection[str | None]
    ) -> Iterator[Replayed]:
        """Look through all postings for what `replay` has not seen; yield what is not the same.

        That is what is dated in the range and hangs on older objects, which are planned again, too,
        and what is posted and no plan has any more.

        Args:
            first_day: ISO day, the first of the range.
            last_day: ISO day, its last.
            accounts: the Stripe accounts that are looked at; None is the main one.

        Raises:
            ConfigurationFault, TransientFault: as `replay`.
        """
        for chunk in self._chunks(accounts):
            dated = [each for each in chunk if first_day <= each.posting_date <= last_day]
            yield from self.replay(each.subject for each in dated)
        # Once more: what belongs to a subject may have come before what is dated in the range.
        for chunk in self._chunks(accounts):
            for posting in filter(self._is_left_over, chunk):
                yield from self._told(self._uncalled_for(posting))

    def _chunks(self, accounts: Collection[str | None]) -> Iterator[Sequence[Posting]]:
        stored = self._postings.everything()
        while chunk := list(islice(stored, SUBJECTS_AT_ONCE)):
            yield [each.posting for each in chunk if each.posting.subject.account in accounts]

    # --- Verdicts -------------------------------------------------------------------------------

    def _told(self, replayed: Replayed) -> Iterator[Replayed]:
        self.tally.add(replayed)
        if replayed.outcome not in _OF_NO_INTEREST:
            yield replayed

    def _verdicts(self, preview: Preview) -> Iterator[Replayed]:
        if preview.text and not preview.items:
            key, text = preview.subject.key, preview.text
            yield Replayed(key, preview.subject, Outcome.UNDER_WAY, text=text)
        customers = [each for each in preview.context if isinstance(each.planned, Customer)]
        fresh = [each for each in (*customers, *preview.items) if self._seen.add(each.key)]
        yield from _without_cancelling([self._verdict(each, preview) for each in fresh])

    def _verdict(self, item: Item, preview: Preview) -> Replayed:
        posting, subject = item.posting, preview.subject
        if isinstance(item.planned, Finding):
            return self._verdict_on_finding(item, item.planned, subject)
        if posting is None or posting.state is not State.POSTED:
            outcome, text = _not_posted(item, item.planned)
            return Replayed(item.key, subject, outcome, item.planned, posting, text)
        outcome, text = _posted(item, item.planned, posting)
        if outcome is Outcome.DIFFERS:
            return self._different(item, item.planned, posting, preview)
        return Replayed(item.key, subject, outcome, item.planned, posting, text)

    def _different(
        self, item: Item, document: Document, posting: Posting, preview: Preview
    ) -> Replayed:
        """Return what differs of a posted document, and what makes it right."""
        origin, made = self._origin(posting), tuple[Correction, ...]()
        corrected = _maybe_corrected(posting, origin)
        if corrected is None:
            made = corrections(posting, document, preview.documents, origin)
        if corrected is None and not made:
            texts = [other_difference(document, posting)]
        else:
            texts = [day_difference(document, posting)]
        if corrected is not None:
            if posting.digest in posted_digests(document):
                texts.append(_TAKE_BACK)
            wanted = by_place(effects(document, preview.documents))
            now = _sums_text(wanted, amount_of(document))
            texts.append(f"{_if_corrected(corrected)}; called for now: {now}")
        if posting.policy_version != item.policy_version:
            texts.append(_planned_otherwise(item, posting))
        is_same = corrected is None and not made and _says_the_same(document, posting)
        outcome = Outcome.REWORDED if is_same else Outcome.DIFFERS
        text = " ".join(filter(None, texts))
        return Replayed(item.key, preview.subject, outcome, document, posting, text, made)

    def _verdict_on_finding(self, item: Item, finding: Finding, subject: Subject) -> Replayed:
        posting = item.posting
        text = f"{finding.reason}: {finding.text}"
        if posting is None or posting.state is not State.POSTED:
            if posting is not None and _is_by_hand(posting) and finding.reason in _NOT_CALLED_FOR:
                return self._withdrawn(posting, finding, subject)
            outcome = _of_finding(finding, posting)
            if outcome is Outcome.ACCEPTED and posting is not None:
                text = _decided(posting)
        elif posting.is_customer:
            outcome = Outcome.KEPT
        elif finding.reason in _UNREAD or self._policies.of(posting.policy_version) is None:
            outcome = Outcome.UNREAD
        elif posting.is_accepted and posting.drift_digest == text:
            outcome, text = Outcome.ACCEPTED, _decided(posting)
        elif finding.disposition is Disposition.PARKED:
            outcome = Outcome.PARKED
            text = f"posted, and cannot be planned now, so it is not compared: {text}"
        else:
            return self._withdrawn(posting, finding, subject)
        return Replayed(item.key, subject, outcome, finding, posting, text)

    def _withdrawn(self, posting: Posting, finding: Finding | None, subject: Subject) -> Replayed:
        """Return what is booked and not called for; the whole of it is to be taken back."""
        text = "nothing calls for it any more"
        if finding is not None:
            text = f"{finding.reason}: {finding.text}"
        elif posting.is_accepted and posting.drift_digest == NO_LONGER_PLANNED:
            text = _decided(posting)
            return Replayed(posting.key, subject, Outcome.ACCEPTED, finding, posting, text)
        made: tuple[Correction, ...] = ()
        origin = self._origin(posting)
        if _is_by_hand(posting):
            text = f"{_by_hand_text(posting)}, and {text}: {_decided(posting)}"
        elif (corrected := _maybe_corrected(posting, origin)) is not None:
            text = f"{text}. {_if_corrected(corrected)}"
        else:
            made = corrections(posting, None, {}, origin)
        return Replayed(posting.key, subject, Outcome.WITHDRAWN, finding, posting, text, made)

    def _uncalled_for(self, posting: Posting) -> Replayed:
        """Return what no plan has; of what is in doubt, Intacct may have it all the same."""
        if posting.state is State.POSTED or _is_by_hand(posting):
            return self._withdrawn(posting, None, posting.subject)
        text = (
            f"it is {posting.state}, and nothing calls for it any more: look whether Intacct has "
            f"{posting.number or 'it'}, take that back there, and `tieout close` it"
        )
        return Replayed(posting.key, posting.subject, Outcome.UNDER_WAY, None, posting, text)

    def _is_left_over(self, posting: Posting) -> bool:
        """Return whether no plan has what is or may be booked, and of which the plan would tell.

        What was written after the replay began may be of a newer reading.
        """
        is_booked = posting.record_no is not None or posting.state is not State.POSTED
        return (
            ((posting.may_be_booked and is_booked) or _is_by_hand(posting))
            and not posting.is_customer
            and posting.read_at_unix < self._began_at_unix
            and f"all of {posting.subject}" in self._seen
            and posting.key not in self._seen
        )

    def _origin(self, posting: Posting) -> Posting | None:
        """Return the posting of what a posted reversal takes back."""
        keys = [key for place in read(posting.effects) if (key := taken_back(place))]
        found = self._postings.get_many(keys) if keys else {}
        return next(iter(found.values()), None)


def _not_posted(item: Item, document: Document) -> tuple[Outcome, str]:
    posting = item.posting
    if posting is None:
        return Outcome.NEW, item.text or "not posted yet"
    why = f"{posting.reason}: {posting.reason_text}" if posting.reason else posting.reason_text
    match posting.state:
        case State.CLOSED if item.change is Change.DIFFERS:
            now = _amount_text(amount_of(document))
            by_hand = f"{_by_hand_text(posting)}, now planned over {now}"
            return Outcome.DIFFERS, f"{by_hand}: {_decided(posting)}"
        case State.CLOSED:
            return Outcome.ACCEPTED, _decided(posting)
        case State.PARKED | State.REJECTED:
            return Outcome.PARKED, why
        case State.NOT_BOOKED:
            return Outcome.NEW, f"not booked before ({why})"
        case _:
            return Outcome.UNDER_WAY, why or f"it is {posting.state}"


def _posted(item: Item, document: Document, posting: Posting) -> tuple[Outcome, str]:
    """Return what a posted document is beside its plan, as far as digests tell."""
    if posting.digest in posted_digests(document):
        return Outcome.DIFFERS if posting.may_be_corrected else Outcome.SAME, ""
    if posting.is_accepted and posting.drift_digest == digest(document):
        return Outcome.ACCEPTED, _decided(posting)
    if isinstance(document, Customer) and item.change is not Change.DIFFERS:
        return Outcome.KEPT, ""
    if item.change is not Change.POSTED:
        return Outcome.DIFFERS, ""
    if posting.policy_version != item.policy_version:
        text = "only the amount was compared, and it is the same"
        return Outcome.UNREAD, f"{text} {_planned_otherwise(item, posting)}"
    return Outcome.UNDER_WAY, "it changed while it was replayed"


def _says_the_same(document: Document, posting: Posting) -> bool:
    """Return whether amount and day are those that are posted."""
    day, amount = posting_date_of(document), amount_of(document)
    return (day is None or posting.posting_date in {"", day.isoformat()}) and (
        amount in {None, (posting.amount_minor, posting.currency)}
    )


def _planned_otherwise(item: Item, posting: Posting) -> str:
    return (
        f"(planned under policy {item.policy_version}: {posting.policy_version}, under which it "
        "was booked, cannot be read now or calls for no such document)"
    )


def _of_finding(finding: Finding, posting: Posting | None) -> Outcome:
    if posting is not None and posting.state is State.CLOSED:
        return Outcome.ACCEPTED
    if posting is not None and posting.may_be_booked:
        return Outcome.UNDER_WAY
    if finding.reason in _UNREAD:
        return Outcome.UNREAD
    parked = finding.disposition is Disposition.PARKED
    return Outcome.PARKED if parked else Outcome.NOT_BOOKED


def _decided(posting: Posting) -> str:
    """Return what a person decided last, and who."""
    return (posting.decision or posting.reason_text).rpartition("\n")[2]


# --- What was done by hand ------------------------------------------------------------------------


def _is_by_hand(posting: Posting) -> bool:
    """Return whether a person booked it, and named the record."""
    return posting.state is State.CLOSED and posting.record_no is not None


def _by_hand_text(posting: Posting) -> str:
    done = "closed" if posting.record_no is None else "booked by hand"
    if posting.amount_minor is None or posting.currency is None:
        return done
    return f"{done} over {_amount_text((posting.amount_minor, posting.currency))}"


def _maybe_corrected(*postings: Posting | None) -> Posting | None:
    """Return the first that differs from what is booked for it, if a correction was entered."""
    found = (each for each in postings if each is not None and each.may_be_corrected)
    return next(found, None)


def _if_corrected(posting: Posting) -> str:
    """Return why nothing is computed, and from where to go on."""
    accepted, currency = "", posting.currency
    is_document = posting.is_accepted and ": " not in posting.drift_digest
    if is_document and posting.planned_effects and currency is not None:
        accepted = f": {_sums_text(read(posting.planned_effects), (0, currency))}"
    return (
        f"No correction is computed, since a person let a difference of {posting.key} stand and "
        f"may have entered one: {_decided(posting)}. If it was corrected by hand, start from what "
        f"was accepted{accepted}; if it was not, from what is posted"
    )


def _sums_text(sums: Mapping[str, int], amount: tuple[int, str] | None) -> str:
    """Return sums by place, in the currency of the amount."""
    if amount is None or not sums:
        return "nothing on any account"
    return ", ".join(
        f"{'credit' if sum_minor < 0 else 'debit'} {_amount_text((abs(sum_minor), amount[1]))} "
        f"{place}"
        for place, sum_minor in sorted(sums.items())
    )


def _amount_text(amount: tuple[int, str] | None) -> str:
    if amount is None:
        return "no amount"
    return f"{Money(*amount).decimal():,f} {amount[1].upper()}"


# --- What cancels ---------------------------------------------------------------------------------


def _without_cancelling(verdicts: Sequence[Replayed]) -> Iterator[Replayed]:
    """Yield verdicts on a subject; what a document and its reversal both lack nobody need enter."""
    partners: dict[str, str] = {}
    by_key = {each.key: each for each in verdicts if each.corrections}
    for each in by_key.values():
        assert each.posting is not None
        for origin in filter(None, map(taken_back, read(each.posting.effects))):
            if origin in by_key and _cancel(each.corrections, by_key[origin].corrections):
                partners |= {each.key: origin, origin: each.key}
    for each in verdicts:
        if each.key in partners:
            text = f"its correction cancels that of {partners[each.key]}: enter neither"
            text = f"{each.text} {text}".strip()
            yield dataclasses.replace(each, text=text, corrections=())
        else:
            yield each


def _cancel(some: Sequence[Correction], others: Sequence[Correction]) -> bool:
    """Return whether nothing is left in any month, if both are entered."""
    left: Counter[tuple[str, str, str]] = Counter()
    for each in (*some, *others):
        for place, amount_minor in each.lines.items():
            left[month_of(each.day), each.currency, place] += amount_minor
    return not any(left.values())
