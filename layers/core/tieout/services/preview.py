"""Preview: what would be posted, and how it differs from what is. Nothing is written, anywhere.

It is the processor's reading and planning, and its comparison with the postings, with another last
step: each planned document is told with what would become of it.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Protocol

from tieout.domain.documents import (
    Customer,
    Document,
    amount_of,
    dependencies,
    digest,
    posting_date_of,
)
from tieout.domain.effects import by_place, effects, read
from tieout.domain.errors import ConfigurationFault
from tieout.domain.plans import Disposition, Finding, Plan, in_order
from tieout.domain.policy import Policy
from tieout.domain.postings import Posting, State, Work
from tieout.domain.reasons import Reason
from tieout.domain.sale_decisions import IN_THE_DAY
from tieout.domain.steps import Step, next_step
from tieout.domain.subjects import Subject
from tieout.planning.activity import evidence
from tieout.planning.plan import plan, reversed_by
from tieout.planning.sales import sale_keys
from tieout.planning.snapshots import ActivitySnapshot
from tieout.services.day_sales import DaySales
from tieout.services.ports import Clock, PolicySource, StripeReader
from tieout.services.readings import (
    UNEXPECTED_DELIVERIES_MAX,
    UNREAD_DELIVERIES_MAX,
    Part,
    Reading,
    Readings,
    origins,
)

# So many subjects are compared with one reading of the postings; no more are held at a time.
SUBJECTS_AT_ONCE = 50
# What cannot be read or planned is told, not tried again.
_DELIVERIES = max(UNREAD_DELIVERIES_MAX, UNEXPECTED_DELIVERIES_MAX)


class Change(StrEnum):
    """What would become of something planned."""

    NEW = "new"
    AMENDED = "amended"
    IN_DOUBT = "in_doubt"  # sent before, outcome unknown: looked up first, and sent if absent
    POSTED = "posted"
    DIFFERS = "differs"
    UNDER_WAY = "under_way"
    WAITS = "waits"
    CLOSED = "closed"
    PARKED = "parked"
    NOT_BOOKED = "not_booked"


_NOTHING_READ = frozenset({Reason.OBJECT_MISSING_IN_STRIPE, Reason.NOT_READ})
TO_SEND = frozenset({Change.NEW, Change.AMENDED, Change.IN_DOUBT})
_CHANGES = {
    Step.SEND: Change.NEW,
    Step.AMEND: Change.AMENDED,
    Step.LOOK_UP: Change.IN_DOUBT,
    Step.WAIT: Change.UNDER_WAY,
    Step.DRIFT: Change.DIFFERS,
    Step.AGREE: Change.POSTED,
    Step.NOTHING: Change.POSTED,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Where what is posted and what is planned are not the same.

    Attributes:
        place: account and dimensions.
        posted_minor, planned_minor: positive debit, negative credit; minor units.
    """

    place: str
    posted_minor: int
    planned_minor: int


@dataclass(frozen=True, slots=True)
class Item:
    """Something planned, and what would become of it.

    Attributes:
        posting: what is recorded of it so far.
        policy_version: under which it is planned; an older one for what was booked under that.
        text: what to know of the change: what it waits for, what differs besides lines.
        differences: lines of which the sums differ from what is posted.
        source_created_unix: when the invoice that it belongs to was created; 0 if not known.
    """

    planned: Document | Finding
    change: Change
    posting: Posting | None
    policy_version: str
    text: str = ""
    differences: Sequence[Difference] = ()
    source_created_unix: int = 0

    @property
    def key(self) -> str:
        """The document's key."""
        return self.planned.key

    @property
    def stays_as_it_is(self) -> bool:
        """Whether it is a customer that Intacct had before us, and that the company keeps."""
        planned, posting = self.planned, self.posting
        is_kept = isinstance(planned, Customer) and planned.amend == "if_created"
        return is_kept and self.change is Change.POSTED and posting is not None and posting.adopted


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be posted for a subject.

    Attributes:
        items: its own, in the order of posting.
        context: what belongs to other subjects and was planned along: a refund's invoices.
        leads_to: subjects that would be looked at too.
        moved_by: of a day, whose documents book what moved the balance on it.
        text: why it could not be looked at now, if so.
        taken_back: what other subjects book and this one reverses; nothing becomes of it here.
        tells_all: whether nothing else is called for on behalf of the subject.
    """

    subject: Subject
    items: Sequence[Item]
    context: Sequence[Item] = ()
    leads_to: Sequence[Subject] = ()
    moved_by: Sequence[Subject] = ()
    text: str = ""
    taken_back: Sequence[Document] = ()
    tells_all: bool = False

    @property
    def everything(self) -> Sequence[Item]:
        """Context and items, in the order of posting."""
        return (*self.context, *self.items)

    @property
    def documents(self) -> Mapping[str, Document]:
        """Every planned document by key, and what they take back."""
        planned = [
            each.planned for each in self.everything if not isinstance(each.planned, Finding)
        ]
        return {each.key: each for each in (*self.taken_back, *planned)}

    @property
    def nothing_known(self) -> Finding | None:
        """Why there is nothing to show; None if there is: a plan, or what was recorded before."""
        found = [
            each.planned
            for each in self.items
            if isinstance(each.planned, Finding)
            and each.planned.reason in _NOTHING_READ
            and each.posting is None
        ]
        return found[0] if found and len(found) == len(self.items) else None

    def kept(self, policy_version: str) -> Sequence[Item]:
        """Return what stays under another policy than this one: that it was booked under."""
        return [each for each in self.items if each.policy_version != policy_version]

    def to_send(self) -> Mapping[str, str]:
        """Return the digests of what would be sent, by key."""
        return {
            each.key: digest(each.planned)
            for each in self.everything
            if each.change in TO_SEND and not isinstance(each.planned, Finding)
        }


class Uncounted:
    """Metrics of a command: nobody watches them."""

    def count(self, name: str, value: int = 1) -> None:
        """Forget it."""


class Pinned:
    """One policy as the current one, whatever is published; older ones as they were.

    It is what `plan --policy FILE` asks about, and what an approved plan was made under.
    """

    def __init__(self, policy: Policy, published: PolicySource) -> None:
        self._policy = policy
        self._published = published

    def current(self) -> Policy:
        """Return the pinned policy."""
        return self._policy

    def of(self, version: str) -> Policy | None:
        """Return a policy that was published once; see `PolicySource.of`."""
        return self._policy if version == self._policy.version else self._published.of(version)


class Recorded(Protocol):
    """The part of `Postings` that a preview asks."""

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Posting]:
        """See `Postings.get_many`."""
        ...


class NothingRecorded:
    """Postings as they were before anything was booked: what is planned against them is new."""

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Posting]:  # noqa: ARG002 - none of them
        """Return that there are none."""
        return {}


class Previewer:
    """Reads, plans and compares; writes nothing."""

    def __init__(
        self, stripe: StripeReader, postings: Recorded, policies: PolicySource, clock: Clock
    ) -> None:
        self._readings = Readings(stripe, policies, clock, Uncounted())
        self._postings = postings
        self._policies = policies
        self._clock = clock
        self._day_sales = DaySales(lambda charge: [each.plan for each in self._read(charge).parts])

    def preview(self, subjects: Iterable[Subject]) -> Iterator[Preview]:
        """Yield the preview of each subject, holding only some at a time.

        What Stripe does not have, or not now, is told as a parked finding.

        Raises:
            ConfigurationFault: Stripe refuses our key, or a table cannot be used at all.
            TransientFault: a table cannot be used now.
        """
        waiting = iter(subjects)
        while chunk := list(islice(waiting, SUBJECTS_AT_ONCE)):
            yield from self._compared([(each, self._read(each)) for each in chunk])

    def _read(self, subject: Subject) -> Reading:
        reading = self._readings.read(subject, self._policies.current(), _DELIVERIES)
        if reading.answer is not None and reading.answer.waits_for_person:
            (finding,) = reading.parts[0].plan.findings
            raise ConfigurationFault(finding.reason, finding.text)
        return reading

    def _compared(self, read_now: Sequence[tuple[Subject, Reading]]) -> Iterator[Preview]:
        policy = self._policies.current()
        found: dict[str, Posting] = {}
        parts = [part for _, reading in read_now for part in reading.parts]
        reversed_parts = [
            Part(plan(subject, snapshot, policy), snapshot)
            for part in parts
            if part.snapshot is not None
            for subject, snapshot in reversed_by(part.plan.subject, part.snapshot)
        ]
        self._find(found, [*parts, *reversed_parts])
        taken_back = {
            document.key: document
            for part in reversed_parts
            for document in self._readings.as_booked(part, policy, found).plan.documents
        }
        booked = [
            (subject, reading, [self._as_booked(each, policy, found) for each in reading.parts])
            for subject, reading in read_now
        ]
        # Older policies may call for what today's does not.
        self._find(found, [part for _, _, as_booked in booked for part in as_booked])
        for subject, reading, as_booked in booked:
            made = self._preview(subject, reading, as_booked, found)
            keys = [
                key
                for part in as_booked
                for key in sorted(origins(part, policy))
                if key in taken_back
            ]
            yield dataclasses.replace(made, taken_back=[taken_back[key] for key in keys])

    def _as_booked(self, part: Part, policy: Policy, found: Mapping[str, Posting]) -> Part:
        """Plan again what keeps its policy, and a day with the sales that it would sum up."""
        if not isinstance(part.snapshot, ActivitySnapshot):
            booked = self._readings.as_booked(part, policy, found)
            self._day_sales.note(booked.plan)
            return booked
        keys = sale_keys(part.snapshot)
        undecided = [
            key for key in keys if not ((posting := found.get(key)) and posting.keeps_its_policy)
        ]
        decided = self._day_sales.of_day(
            part.plan.subject, part.snapshot, undecided, policy.version
        )
        self._day_sales.forget(keys)
        return self._readings.as_booked(part, policy, found, dict.fromkeys(decided, IN_THE_DAY))

    def _find(self, found: dict[str, Posting], parts: Iterable[Part]) -> None:
        policy = self._policies.current()
        keys = {key for part in parts for key in (*part.plan.keys, *origins(part, policy))}
        found |= self._postings.get_many(keys - found.keys())

    def _preview(
        self,
        subject: Subject,
        reading: Reading,
        parts: Sequence[Part],
        found: Mapping[str, Posting],
    ) -> Preview:
        comparison = _Comparison(found, self._clock.now_unix(), reading.read_at_unix)
        items: dict[str, Item] = {}
        of_subject = [part for part in parts if part.plan.subject == subject]
        own = frozenset[str]().union(*(part.plan.keys for part in of_subject))
        for part in parts:
            for planned in (*part.plan.documents, *part.plan.findings):
                if planned.key not in items:
                    items[planned.key] = comparison.item(planned, part.plan)
        ordered = [items[each.key] for each in in_order(each.planned for each in items.values())]
        return Preview(
            subject,
            [each for each in ordered if each.key in own],
            [each for each in ordered if each.key not in own],
            reading.leads_to,
            _moved_by(subject, of_subject),
            reading.answer.text if reading.answer is not None else "",
            tells_all=bool(of_subject)
            and all(part.snapshot is not None and part.plan.tells_all for part in of_subject),
        )


def _moved_by(subject: Subject, parts: Iterable[Part]) -> Sequence[Subject]:
    return [
        dataclasses.replace(each, account=subject.account)
        for part in parts
        if isinstance(part.snapshot, ActivitySnapshot)
        for each in dict.fromkeys(evidence(part.snapshot).values())
    ]


class _Comparison:
    """What is planned for a subject, in the order of posting, against what is recorded."""

    def __init__(self, found: Mapping[str, Posting], now_unix: int, read_at_unix: int) -> None:
        self._found = found
        self._now_unix = now_unix
        self._read_at_unix = read_at_unix
        self._there: set[str] = set()

    def item(self, planned: Document | Finding, plan: Plan) -> Item:
        posting = self._found.get(planned.key)
        version = plan.older_policies.get(planned.key, plan.policy_version)
        created_unix = plan.source_created_unix
        if isinstance(planned, Finding):
            change = _change_of_finding(planned, posting)
            return Item(planned, change, posting, version, source_created_unix=created_unix)
        work = Work(plan.subject, version, "", "preview", self._now_unix, self._read_at_unix, 0)
        step = next_step(planned, posting, work, self._now_unix)
        change = _CHANGES[step]
        if posting is not None and posting.state is State.CLOSED and change is Change.POSTED:
            change = Change.CLOSED
        text = ""
        differences: Sequence[Difference] = ()
        if change in TO_SEND:
            missing = [key for key in dependencies(planned) if not self._is_there(key)]
            if missing:
                change, text = Change.WAITS, f"waits for {missing[0]}, which is not posted"
        if change in {Change.DIFFERS, Change.AMENDED}:
            assert posting is not None
            differences = _differences(planned, posting)
            text = "" if differences else other_difference(planned, posting)
        if change is not Change.WAITS:
            self._there.add(planned.key)
        return Item(planned, change, posting, version, text, differences, created_unix)

    def _is_there(self, key: str) -> bool:
        posting = self._found.get(key)
        return key in self._there or (posting is not None and posting.record_no is not None)


def _change_of_finding(finding: Finding, posting: Posting | None) -> Change:
    if posting is not None and posting.state is State.CLOSED:
        return Change.CLOSED
    if posting is not None and posting.state is State.POSTED:
        return Change.DIFFERS
    return Change.PARKED if finding.disposition is Disposition.PARKED else Change.NOT_BOOKED


def _differences(document: Document, posting: Posting) -> Sequence[Difference]:
    """Return the places of which the sums differ; none if the posting does not tell its own."""
    if not posting.effects:
        return ()
    there, planned = read(posting.effects), by_place(effects(document))
    return [
        Difference(place, there.get(place, 0), planned.get(place, 0))
        for place in sorted(there.keys() | planned.keys())
        if there.get(place, 0) != planned.get(place, 0)
    ]


def other_difference(document: Document, posting: Posting) -> str:
    """Return what differs where the lines agree, or where nobody knows what they were."""
    if text := day_difference(document, posting):
        return text
    if amount_of(document) not in {None, (posting.amount_minor, posting.currency)}:
        text = "another amount than was posted"
        unknown = "; which lines is not known of what was posted before"
        return f"{text}{unknown}" if effects(document) else text
    return "the same amounts on the same accounts; texts, numbers or names differ"


def day_difference(document: Document, posting: Posting) -> str:
    """Return how the day differs; empty if it does not, or is not known."""
    day = posting_date_of(document)
    if not posting.posting_date or day is None or posting.posting_date == day.isoformat():
        return ""
    return f"posted on {posting.posting_date}, now dated {day.isoformat()}"
