"""The audit trail: every change of every posting, in a chain that shows if anybody touched it.

    entry 1            entry 2            entry 3                     head
    previous: zeros ┌─ previous: hash 1 ┌─ previous: hash 2 ┌──────── seq 3, hash 3
    posting, cause  │  posting, cause   │  posting, cause   │
    hash 1 ─────────┘  hash 2 ──────────┘  hash 3 ──────────┘
                       └── anchor of 20 November: seq 2, hash 2 (here, and in the log)

There is a chain for each Stripe account. An entry's hash covers all that it says, the hash before
it included: who changes, removes, inserts or moves one has to make every later hash anew, the head
and the anchors among them, and the anchors are in the log, too.

What may be personal data is not in the chain: it lies beside it as evidence, and the entry has its
digest, salted so that nobody can guess what it was once salt and evidence are erased.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tieout.domain.canonical import canonical, canonical_digest
from tieout.domain.causes import Cause, SourceEvent
from tieout.domain.postings import Posting

# How an entry is written before it is hashed: `domain.canonical`, with these very fields.
FORM = 1
MAIN = "main"
NOTHING_BEFORE = "0" * 64
# Of each text that is kept as evidence; requests of ordinary documents have a few thousand.
EVIDENCE_LENGTH_MAX = 60_000
# What persons write, or Intacct, may name a customer.
TEXTS = ("reason_text", "decision")

Plain = str | int | bool


class Action(StrEnum):
    """What an entry tells of."""

    WRITTEN = "written"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Entry:
    """One change, as it stays for ever.

    Attributes:
        account: the Stripe account whose chain it is in; `main` for the company's own.
        seq: its place in the chain, from 1.
        at_unix: when, by the clock of the worker that wrote it.
        previous: hash of the entry before it.
        key: of the posting; of what was erased, the customer's.
        posting: as it was written, without what may be personal data and what says nothing.
        events, customer, snapshot_digest: see `domain.causes.Cause`.
        worker: which process wrote it.
        evidence_digest: of the evidence beside it; empty if there is none.
        erased: evidence digests of entries before, whose evidence is no more.
        hash: over all of this.
    """

    account: str
    seq: int
    at_unix: int
    previous: str
    action: Action
    key: str
    posting: Mapping[str, Plain]
    events: tuple[SourceEvent, ...] = ()
    customer: str = ""
    snapshot_digest: str = ""
    worker: str = ""
    evidence_digest: str = ""
    erased: tuple[str, ...] = ()
    form: int = FORM
    hash: str = ""

    @property
    def version(self) -> int:
        """Of the posting; 0 if it tells of none."""
        version = self.posting.get("version")
        return version if isinstance(version, int) else 0

    @property
    def ids(self) -> frozenset[str]:
        """Every id by which somebody may ask for it."""
        named = (self.posting.get(name, "") for name in _IDS)
        ids = {self.key, self.customer, *map(str, named), *(each.id for each in self.events)}
        return frozenset(ids - {""})


_IDS = ("control_id", "number", "record_no", "message_id")


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain."""

    account: str
    seq: int = 0
    hash: str = NOTHING_BEFORE


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a chain's end was when a day was over.

    Attributes:
        day: ISO day of the company's.
        at_unix: when that was looked at: the first run of the poller after the day.
    """

    account: str
    day: str
    seq: int
    hash: str
    at_unix: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an entry rests on and may be personal data.

    Attributes:
        content: texts by name: `request_xml`, `reply_xml`, and those of `TEXTS`.
        salt: random.
        erased_by: number of the entry that tells of the erasure; content and salt are empty then.
    """

    content: Mapping[str, str]
    salt: bytes
    erased_by: int = 0

    @property
    def digest(self) -> str:
        """What the entry keeps of it."""
        return hashlib.sha256(self.salt + canonical(self.content).encode()).hexdigest()


def chain_of(posting: Posting) -> str:
    """Return the account whose chain tells of a posting."""
    return posting.subject.account or MAIN


def evidence_texts(posting: Posting, cause: Cause) -> Mapping[str, str]:
    """Return what is kept beside an entry, each text within bounds; empty if there is nothing."""
    texts = {name: getattr(posting, name) for name in TEXTS}
    if cause.exchange is not None:
        texts["request_xml"] = cause.exchange.request_xml
        texts["reply_xml"] = cause.exchange.reply_xml
    return {name: _bounded(text) for name, text in texts.items() if text}


def _bounded(text: str) -> str:
    if len(text) <= EVIDENCE_LENGTH_MAX:
        return text
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return f"{text[:EVIDENCE_LENGTH_MAX]}\n[cut here: {len(text)} characters, SHA-256 {sha256}]"


def kept(posting: Posting) -> Mapping[str, Plain]:
    """Return a posting as an entry keeps it.

    What is empty, zero or false is left out, so that fields that come later change no old entry.
    """
    fields = (each.name for each in dataclasses.fields(posting) if each.name not in TEXTS)
    values = {name: getattr(posting, name) for name in fields}
    plain = {name: str(value) if name == "subject" else value for name, value in values.items()}
    return {name: value for name, value in plain.items() if value}


def written(
    head: Head, posting: Posting, cause: Cause, worker: str, evidence_digest: str = ""
) -> Entry:
    """Return the entry of a posting that is about to be written, made on the head of its chain."""
    entry = Entry(
        account=head.account,
        seq=head.seq + 1,
        at_unix=posting.updated_at_unix,
        previous=head.hash,
        action=Action.WRITTEN,
        key=posting.key,
        posting=kept(posting),
        events=cause.events,
        customer=cause.customer,
        snapshot_digest=cause.snapshot_digest,
        worker=worker,
        evidence_digest=evidence_digest,
    )
    return sealed(entry)


def erased(head: Head, key: str, digests: tuple[str, ...], who: str, now_unix: int) -> Entry:
    """Return the entry that tells of an erasure, made on the head of its chain.

    Args:
        head: of the chain.
        key: of the customer whose data it was.
        digests: of the evidence that is erased.
        who: erased it.
        now_unix: when.
    """
    entry = Entry(
        account=head.account,
        seq=head.seq + 1,
        at_unix=now_unix,
        previous=head.hash,
        action=Action.ERASED,
        key=key,
        posting={},
        worker=who,
        erased=digests,
    )
    return sealed(entry)


def sealed(entry: Entry) -> Entry:
    """Return the entry with the hash over everything else in it."""
    return dataclasses.replace(entry, hash=hash_of(entry))


def hash_of(entry: Entry) -> str:
    """Return the hash that the entry should have."""
    return canonical_digest(_content(entry))


def head_after(entry: Entry) -> Head:
    """Return where the chain ends once the entry is in it."""
    return Head(entry.account, entry.seq, entry.hash)


def text_of(entry: Entry) -> str:
    """Return what is hashed of an entry; it is also how the entry is stored."""
    return canonical(_content(entry))


def entry_of(text: str, stated_hash: str) -> Entry:
    """Return the entry that `text_of` wrote, with the hash that it is stored under.

    Raises:
        ValueError: the text is no entry's.
    """
    try:
        fields = json.loads(text)
        events = tuple(SourceEvent(**each) for each in fields.pop("events"))
        erased_digests = tuple(fields.pop("erased"))
        action = Action(fields.pop("action"))
        entry = Entry(
            **fields, events=events, erased=erased_digests, action=action, hash=stated_hash
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the text is no entry's") from error
    kinds = (entry.seq, int), (entry.posting, dict), (entry.key, str), (entry.account, str)
    # Spaces, or a name that stands twice, are lost in reading, and so to the hash.
    if not all(type(value) is kind for value, kind in kinds) or text_of(entry) != text:
        raise ValueError("the text is no entry's")
    return entry


_CONTENT = tuple(each.name for each in dataclasses.fields(Entry) if each.name != "hash")


def _content(entry: Entry) -> Mapping[str, object]:
    return {name: getattr(entry, name) for name in _CONTENT}
