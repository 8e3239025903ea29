"""Trace: the story of everything that an id leads to, each entry checked as it is read.

    keys ──> postings ──> entries, their evidence, the entries after them ──> events ──> a story

A story has every entry of its postings, in the order of the chain, between them the events that
asked for it and the readings of Stripe that it rests on.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from tieout.domain.postings import Posting
from tieout.domain.trail import (
    MAIN,
    NOTHING_BEFORE,
    Action,
    Entry,
    Evidence,
    Head,
    chain_of,
    hash_of,
)
from tieout.domain.trail_check import Breach, Tampering, wrong_with_evidence
from tieout.services.operate import CannotBeDone
from tieout.services.trace_keys import SHARED, Roles, Sources, belonging, found
from tieout.services.trail_ports import ReceivedEvent, StoredPosting, Trail
from tieout.services.verify import DEPLOYMENT_SECONDS, differing

Place = tuple[str, int]
"""Account and number of an entry."""
# A key of DynamoDB's has 2,048 bytes, and nothing that we know an id of half as many characters.
_ID_LENGTH_MAX = 500
_SHOWN_LENGTH_MAX = 80
_FIRST = 1
# The year 5138; a calendar ends not much later.
_END_OF_TIME_UNIX = 100_000_000_000


class What(IntEnum):
    """What happened at a moment; of one second, in this order."""

    HAPPENED = 0  # in Stripe, as it dates the event
    RECEIVED = 1
    READ = 2  # Stripe, for what the next entry says
    WRITTEN = 3


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened.

    Attributes:
        entry: that was written, or the first that tells of the reading.
    """

    at_unix: int
    what: What
    event: ReceivedEvent | None = None
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """All there is of an id.

    Attributes:
        asked: the id.
        roles: what it is to each posting that it leads to.
        keys: of these postings and of those that belong to them.
        events: that asked for it, by id, as far as the inbox still has them.
        entries: of the postings, by account and number.
        evidence: beside the entries, by their places.
        postings: as they are now.
        breaches: what is not as it was written.
    """

    asked: str
    roles: Roles
    keys: Sequence[str]
    events: Mapping[str, ReceivedEvent]
    entries: Sequence[Entry]
    evidence: Mapping[Place, Evidence]
    postings: Mapping[str, Posting]
    breaches: Sequence[Breach]

    def breaches_at(self, entry: Entry) -> Sequence[Breach]:
        """Return what is wrong with an entry."""
        place = entry.account, entry.seq
        return [each for each in self.breaches if (each.account, each.seq) == place]

    @property
    def is_proved(self) -> bool:
        """Whether all of it is as the audit trail has it."""
        return bool(self.entries) and not self.breaches and not self._untold

    @property
    def verdict(self) -> str:
        """Whether what was read is as it was written, and what is not proved by that."""
        if self.breaches:
            count = len(self.breaches)
            return f"NOT as it was written: {'1 breach' if count == 1 else f'{count:,} breaches'}"
        if not self.entries:
            return "NOTHING IS PROVED: no entry of the audit trail tells of this"
        entries = "1 entry" if len(self.entries) == 1 else f"{len(self.entries):,} entries"
        text = f"{entries}: each fits its hash, the entries around it and its evidence"
        return f"{text}; no entry tells of {', '.join(self._untold)}" if self._untold else text

    @property
    def _untold(self) -> Sequence[str]:
        return sorted(self.postings.keys() - {each.key for each in self.entries})

    def timeline(self) -> Sequence[Moment]:
        """Return what happened, in order; entries of a chain always in that of the chain.

        The clocks of two workers may differ, so an entry counts as no older than the one before.
        """
        moments, read, latest = list[Moment](), set[tuple[str, int]](), dict[str, int]()
        for each in self.events.values():
            moments.append(Moment(each.event.hint.created_unix, What.HAPPENED, event=each))
            moments.append(Moment(each.event.received_at_unix, What.RECEIVED, event=each))
        for entry in self.entries:
            read_at_unix = _unix(entry.posting.get("read_at_unix"))
            reading = entry.snapshot_digest, read_at_unix
            if entry.snapshot_digest and reading not in read:
                read.add(reading)
                moments.append(Moment(read_at_unix, What.READ, entry=entry))
            latest[entry.account] = max(_unix(entry.at_unix), latest.get(entry.account, 0))
            moments.append(Moment(latest[entry.account], What.WRITTEN, entry=entry))
        return sorted(moments, key=lambda each: (each.at_unix, each.what))


def _unix(value: object) -> int:
    """Return a moment; 0 for what somebody put in its place."""
    return value if isinstance(value, int) and 0 <= value < _END_OF_TIME_UNIX else 0


def trace(at: Sources, asked: str, tell: Callable[[str], None] = lambda _: None) -> Sequence[Story]:
    """Return the story of an id; of one that several things share, one for each of them.

    Args:
        at: where to look.
        asked: any id that a person may have at hand.
        tell: hears how far it has come.

    Raises:
        CannotBeDone: it leads nowhere; the text says what was looked through.
        Refused, TransientFault, ConfigurationFault: as the tables and Stripe say.
    """
    asked = asked.strip()
    if not (0 < len(asked) <= _ID_LENGTH_MAX and asked.isprintable()):
        # DynamoDB would refuse such a key.
        raise CannotBeDone(_nowhere(at.trail, asked))
    roles = found(at, asked)
    groups = [[key] for key in roles] if _is_shared(roles) else [list(roles)]
    stories: list[Story] = []
    for keys in groups:
        if not any(key in each.keys for each in stories for key in keys):
            stories.append(_story(at, asked, roles, keys, tell))
    if not (roles or stories[0].events):
        raise CannotBeDone(_nowhere(at.trail, asked))
    return stories


def _is_shared(roles: Roles) -> bool:
    return bool(roles) and all(of_key <= SHARED for of_key in roles.values())


def _story(
    at: Sources, asked: str, roles: Roles, named: Sequence[str], tell: Callable[[str], None]
) -> Story:
    further = belonging(at, {key: roles[key] for key in named})
    # In this order: what is written meanwhile must not look like a breach.
    postings = at.postings.numbered([*named, *further])
    concerned = {chain_of(each.posting) for each in postings.values()}
    heads = _heads(at.trail, concerned)
    indexed = _places(_entries(at.trail, [*named, *further], tell))
    entries = [each for _, each in sorted((indexed | _named_by(at.trail, postings)).items())]
    concerned |= {each.account for each in entries}
    evidence, after = _beside(at.trail, entries, concerned)
    ids = dict.fromkeys([asked, *(event.id for each in entries for event in each.events)])
    events = at.events.received(ids)
    check = _Check(entries, evidence, after, heads, postings, indexed.keys())
    breaches = [
        *check.entries_fit(),
        *check.none_is_missing(),
        *check.postings_are_as_written(),
        *check.postings_have_entries(),
        *_as_anchored(at.trail, concerned, entries),
        *_bodies_fit(entries, events),
    ]
    keys = [*_in_order(named, entries), *_in_order(further, entries)]
    return Story(
        asked,
        roles,
        keys,
        {each: events[each] for each in ids if each in events},
        entries,
        evidence,
        {key: postings[key].posting for key in keys if key in postings},
        breaches,
    )


def _in_order(keys: Iterable[str], entries: Sequence[Entry]) -> Sequence[str]:
    """Return keys in the order in which they were first written, however they were found."""
    first = {each.key: place for place, each in reversed([*enumerate(entries)])}
    return sorted(keys, key=lambda key: (first.get(key, len(entries)), key))


def _entries(trail: Trail, keys: Sequence[str], tell: Callable[[str], None]) -> Iterator[Entry]:
    """Yield every entry of some postings, and what took the place of one."""
    for number, key in enumerate(keys, 1):
        tell(f"reading the trail of {number:,} of {len(keys):,} postings")
        for each in trail.of_id(key):
            if each.key == key or hash_of(each) != each.hash:
                yield each


def _places(entries: Iterable[Entry]) -> dict[Place, Entry]:
    return {(each.account, each.seq): each for each in entries}


def _named_by(trail: Trail, postings: Mapping[str, StoredPosting]) -> dict[Place, Entry]:
    """Return the entries that postings name as theirs, whether or not their keys lead there."""
    numbers: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for key, each in postings.items():
        if each.seq:
            numbers[chain_of(each.posting)][each.seq] = key
    found: dict[Place, Entry] = {}
    for account, wanted in numbers.items():
        for seq, entry in trail.at(account, wanted.keys()).items():
            if entry.key == wanted[seq] or hash_of(entry) != entry.hash:
                found[account, seq] = entry
    return found


def _heads(trail: Trail, accounts: Iterable[str]) -> Mapping[str, Head]:
    return {each: trail.head(each) for each in {*trail.accounts(), *accounts}}


def _beside(
    trail: Trail, entries: Sequence[Entry], accounts: Iterable[str]
) -> tuple[Mapping[Place, Evidence], Mapping[Place, Entry]]:
    """Return the evidence of entries, and further entries that tell what is right with them."""
    evidence: dict[Place, Evidence] = {}
    others: dict[Place, Entry] = {}
    for account in accounts:
        numbers = [each.seq for each in entries if each.account == account]
        kept = trail.evidence(account, numbers)
        around = {each for seq in numbers for each in (seq - 1, seq + 1)}
        wanted = {_FIRST, *around, *(each.erased_by for each in kept.values())} - {0}
        evidence |= {(account, seq): each for seq, each in kept.items()}
        others |= {(account, seq): each for seq, each in trail.at(account, wanted).items()}
    return evidence, others


@dataclass(frozen=True, slots=True)
class _Check:
    """Compares the entries of a story with what lies around them.

    Attributes:
        others: the entries before and after them, those that tell of erasures, and the first.
        heads: where each chain ended before any of this was read.
        postings: of the story, read before that.
        indexed: places of the entries that the keys of these postings lead to.
    """

    entries: Sequence[Entry]
    evidence: Mapping[Place, Evidence]
    others: Mapping[Place, Entry]
    heads: Mapping[str, Head]
    postings: Mapping[str, StoredPosting]
    indexed: Collection[Place]

    def entries_fit(self) -> Iterator[Breach]:
        """Yield the entries that do not fit their hash, the entry after them or their evidence."""
        for each in self.entries:
            if hash_of(each) != each.hash:
                yield Breach.of(each, Tampering.CHANGED, "what it says does not fit its own hash")
            elif not (self._follows(each) and self._is_followed(each)):
                text = "the entry before it, or after it, is not the one it was, or is gone"
                yield Breach.of(each, Tampering.CHANGED, text)
            evidence = self.evidence.get((each.account, each.seq))
            erased_by = evidence.erased_by if evidence else 0
            erasure = self.others.get((each.account, erased_by))
            wrong = wrong_with_evidence(each, evidence, erasure)
            if wrong is not None:
                yield Breach.of(each, *wrong)

    def _follows(self, entry: Entry) -> bool:
        """Whether it was made on the entry before it."""
        before = self.others.get((entry.account, entry.seq - 1))
        expected = NOTHING_BEFORE if entry.seq == _FIRST else before and before.hash
        return entry.previous == expected

    def _is_followed(self, entry: Entry) -> bool:
        """Whether the chain goes on from it, or ends with it."""
        after = self.others.get((entry.account, entry.seq + 1))
        if after is not None:
            return after.previous == entry.hash
        head = self.heads.get(entry.account, Head(entry.account))
        return head.seq < entry.seq or (head.seq, head.hash) == (entry.seq, entry.hash)

    def none_is_missing(self) -> Iterator[Breach]:
        """Yield where a posting's versions have a gap: its entry is gone, or is not found."""
        last: dict[str, int] = {}
        for each in self.entries:
            if each.action is Action.WRITTEN:
                before = last.get(each.key, each.version - 1 if self._is_older(each) else 0)
                if each.version != before + 1:
                    text = f"it tells of version {each.version}, and none of version {before + 1}"
                    yield Breach.of(each, Tampering.REMOVED, text)
                last[each.key] = each.version

    def _is_older(self, entry: Entry) -> bool:
        """Whether its posting may have been written before there was a trail."""
        return _unix(entry.posting.get("created_at_unix")) <= self._began(entry.account)

    def _began(self, account: str) -> int:
        """Return until when postings may have been written without an entry."""
        first = self.others.get((account, _FIRST))
        return _unix(first and first.at_unix) + DEPLOYMENT_SECONDS

    def postings_have_entries(self) -> Iterator[Breach]:
        """Yield the postings that the trail must tell of, and does not, or not by their keys."""
        told_of, places = {each.key for each in self.entries}, _places(self.entries)
        for key, stored in self.postings.items():
            account = chain_of(stored.posting)
            place = account, stored.seq
            removed = Breach(account, stored.seq, key, Tampering.REMOVED, "")
            if stored.seq and place not in places:
                text = "the posting names this entry as its own, and it is not there"
                yield dataclasses.replace(removed, text=text)
            elif stored.seq and place not in self.indexed:
                text = "what leads from the posting's key to its entry is gone"
                yield dataclasses.replace(removed, text=text)
            elif key not in told_of and self._is_younger(stored.posting):
                text = "the posting was written behind the trail: no entry tells of it"
                yield Breach(account, 0, key, Tampering.INSERTED, text)

    def _is_younger(self, posting: Posting) -> bool:
        """Whether it was written when there was a trail; not known of one without a beginning."""
        account = chain_of(posting)
        return (account, _FIRST) in self.others and posting.updated_at_unix > self._began(account)

    def postings_are_as_written(self) -> Iterator[Breach]:
        """Yield the postings that are not what the entry of their version says."""
        by_version = {(each.key, each.version): each for each in self.entries}
        newest = {each.key: each for each in self.entries if each.action is Action.WRITTEN}
        for key, last in newest.items():
            stored = self.postings.get(key)
            if stored is None:
                yield Breach.of(last, Tampering.REMOVED, "the posting that it tells of is gone")
                continue
            posting = stored.posting
            entry = by_version.get((key, posting.version))
            if entry is None:
                text = f"the posting has version {posting.version}, of which no entry tells"
                yield Breach.of(last, Tampering.CHANGED, text)
                continue
            wrong = differing(posting, entry, self.evidence.get((entry.account, entry.seq)))
            if wrong:
                text = f"the posting was changed behind the trail: {', '.join(wrong)}"
                yield Breach.of(entry, Tampering.CHANGED, text)


def _as_anchored(
    trail: Trail, accounts: Iterable[str], entries: Iterable[Entry]
) -> Iterator[Breach]:
    """Yield where an anchor stands for more than is there, or for something else."""
    here = _places(entries)
    for account in sorted(accounts):
        # In this order: what is anchored meanwhile is no breach.
        anchors, head = trail.anchors(account), trail.head(account)
        for anchor in anchors:
            entry = here.get((account, anchor.seq))
            if entry is not None and entry.hash != anchor.hash:
                text = f"the anchor of {anchor.day} has another hash"
                yield Breach.of(entry, Tampering.CHANGED, text)
        last = max(anchors, key=lambda each: each.seq, default=None)
        if last is not None and last.seq > head.seq:
            text = f"the chain ends with {head.seq}, and the anchor of {last.day} is of {last.seq}"
            yield Breach(account, head.seq + 1, "", Tampering.REMOVED, text)


def _bodies_fit(entries: Iterable[Entry], events: Mapping[str, ReceivedEvent]) -> Iterator[Breach]:
    """Yield the events whose bodies are not what was signed, as the entries have it."""
    told: dict[str, Entry] = {}
    signed: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        for each in entry.events:
            told.setdefault(each.id, entry)
            signed[each.id].add(each.sha256)
    for event_id, event in events.items():
        raw, subject = event.event.raw, event.event.hint.subject
        stated = signed[event_id] | {event.raw_sha256 or ""}
        stated |= set() if raw is None else {sha256(raw).hexdigest()}
        if len(stated - {""}) > 1:
            text = f"{event_id} in the inbox is not what Stripe signed"
            nowhere = Breach(subject.account or MAIN, 0, str(subject), Tampering.CHANGED, text)
            known = told.get(event_id)
            yield Breach.of(known, Tampering.CHANGED, text) if known else nowhere


def _nowhere(trail: Trail, asked: str) -> str:
    accounts = " and ".join(trail.accounts()) or "no account, for nothing was written yet"
    shown = asked if len(asked) <= _SHOWN_LENGTH_MAX else f"{asked[:_SHOWN_LENGTH_MAX]}…"
    return (
        f"nothing is known of {shown!r}.\n"
        "  Looked for as: posting, Stripe object, customer, event, queue message, Intacct record "
        "number, document\n  number, control id, place in the audit trail\n"
        f"  Looked through: the audit trail of {accounts}; the postings; the events received\n"
        "  Is it mistyped (capitals count)? Of another Stripe account, mode or installation? What "
        "was last written\n  before the audit trail began is found by posting or Stripe object "
        "alone. What Stripe has and Tieout\n  has not seen is shown by: tieout plan ID"
    )
