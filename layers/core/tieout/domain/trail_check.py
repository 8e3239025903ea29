"""Checking a chain of the audit trail: what was changed, removed, inserted or moved.

It is read from its beginning to its end, with no more of it in memory than the entry before, so it
may be of any length.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tieout.domain.trail import Action, Anchor, Entry, Evidence, Head, hash_of


class Tampering(StrEnum):
    """What was done to a chain, or to what hangs on it."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True)
class Breach:
    """Something that is not as it was written.

    Attributes:
        account: whose chain it is in.
        seq: number of the entry; of several in a row, of the first; 0 if it is of no entry.
        key: of the posting; empty if what is gone took its name along.
        text: for the controller: what is wrong, and with what it was compared.
    """

    account: str
    seq: int
    key: str
    tampering: Tampering
    text: str

    @classmethod
    def of(cls, entry: Entry, tampering: Tampering, text: str) -> "Breach":
        """Return what is wrong with an entry, under its own account, number and key."""
        return cls(entry.account, entry.seq, entry.key, tampering, text)

    @property
    def line(self) -> str:
        """What is wrong, and where, on one line."""
        place = f"{self.account}/{self.seq}" if self.seq else self.account
        return f"{place}  {self.key}  {self.tampering}: {self.text}"


def wrong_with_evidence(
    entry: Entry, evidence: Evidence | None, erasure: Entry | None
) -> tuple[Tampering, str] | None:
    """Return what was done to the evidence beside an entry; None if it is as it was.

    Args:
        entry: whose evidence it is.
        evidence: as it lies there; None if there is none.
        erasure: the entry that the evidence names as having erased it, if there is such a one.
    """
    if evidence is None and entry.evidence_digest:
        return Tampering.REMOVED, "its evidence is gone, and no entry tells of an erasure"
    if evidence is None:
        return None
    if not entry.evidence_digest:
        return Tampering.INSERTED, "it was written without the evidence that lies beside it"
    if not evidence.erased_by:
        fits = evidence.digest == entry.evidence_digest
        return None if fits else (Tampering.CHANGED, "its evidence was changed")
    if (
        erasure is None
        or erasure.action is not Action.ERASED
        or entry.evidence_digest not in erasure.erased
    ):
        text = f"its evidence is gone, and entry {evidence.erased_by} tells of no erasure of it"
        return Tampering.REMOVED, text
    return None


def verify(
    entries: Iterable[Entry], anchors: Iterable[Anchor], head: Head, begins: Head | None = None
) -> Iterator[Breach]:
    """Yield every breach of a chain as it is met.

    Args:
        entries: of one chain, as they are stored, in the order of their places.
        anchors: of that chain.
        head: where it ends, as is stored.
        begins: the last entry that is taken for true without a look; None to look at all.
    """
    walk = _Walk(begins or Head(head.account), anchors)
    for entry in entries:
        yield from walk.step(entry)
    yield from walk.end(head)


class _Walk:
    """A chain as far as it was read.

    Attributes:
        _last: what the next entry must be made on.
        _key: of that entry.
        _gaps: numbers that should have come before; each is moved, or gone.
    """

    def __init__(self, begins: Head, anchors: Iterable[Anchor]) -> None:
        self._last = begins
        self._key = ""
        self._gaps: list[range] = []
        self._anchors = sorted(
            (each for each in anchors if each.seq > begins.seq), key=lambda each: each.seq
        )

    def step(self, entry: Entry) -> Iterator[Breach]:
        account, expected = self._last.account, self._last.seq + 1
        fits_itself = hash_of(entry) == entry.hash
        if not fits_itself:
            text = "what it says does not fit its own hash"
            yield Breach(account, entry.seq, entry.key, Tampering.CHANGED, text)
        if entry.account != account:
            text = f"it is of the chain of {entry.account}"
            yield Breach(account, entry.seq, entry.key, Tampering.INSERTED, text)
        if entry.seq < expected:
            yield self._out_of_place(entry)
            return
        if entry.seq > expected:
            self._gaps.append(range(expected, entry.seq))
        elif fits_itself and entry.previous != self._last.hash:
            yield self._does_not_follow(entry)
        self._last, self._key = Head(account, entry.seq, entry.hash), entry.key
        yield from self._anchored(entry)

    def _does_not_follow(self, entry: Entry) -> Breach:
        """Return that an entry was made on another one than the last, which was so touched."""
        if self._last.seq == 0:
            text = "it does not begin the chain"
            return Breach.of(entry, Tampering.CHANGED, text)
        text = f"entry {entry.seq}, {entry.key}, was made on another one"
        return Breach(entry.account, self._last.seq, self._key, Tampering.CHANGED, text)

    def _out_of_place(self, entry: Entry) -> Breach:
        for place, gap in enumerate(self._gaps):
            if entry.seq in gap:
                rest = range(gap.start, entry.seq), range(entry.seq + 1, gap.stop)
                self._gaps[place : place + 1] = [each for each in rest if each]
                text = f"it comes after entry {self._last.seq}"
                return Breach.of(entry, Tampering.REORDERED, text)
        text = "there is another entry of this number"
        return Breach.of(entry, Tampering.INSERTED, text)

    def _anchored(self, entry: Entry) -> Iterator[Breach]:
        while self._anchors and self._anchors[0].seq <= entry.seq:
            anchor = self._anchors.pop(0)
            if anchor.seq == entry.seq and anchor.hash != entry.hash:
                text = f"the anchor of {anchor.day} has another hash"
                yield Breach.of(entry, Tampering.CHANGED, text)

    def end(self, head: Head) -> Iterator[Breach]:
        account, last = self._last.account, self._last
        for gap in self._gaps:
            yield _gone(account, gap, "they are not there, and what comes after is")
        ends = [(head.seq, "the head of the chain")]
        ends += [(each.seq, f"the anchor of {each.day}") for each in self._anchors]
        furthest, named_by = max(ends)
        if furthest > last.seq:
            yield _gone(account, range(last.seq + 1, furthest + 1), f"{named_by} knows them")
        if head.seq < last.seq:
            text = f"it comes after the head of the chain, {head.seq}"
            yield Breach(account, last.seq, self._key, Tampering.INSERTED, text)
        if head.seq == last.seq and head.hash != last.hash:
            text = "the head of the chain has another hash"
            yield Breach(account, last.seq, self._key, Tampering.CHANGED, text)


def _gone(account: str, numbers: range, text: str) -> Breach:
    first, last = numbers[0], numbers[-1]
    said = f"entry {first}" if first == last else f"entries {first} to {last}"
    return Breach(account, first, "", Tampering.REMOVED, f"{said}: {text}")
