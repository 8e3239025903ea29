"""The audit trail in memory."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from tests.fakes.faults import Faulty
from tieout.domain.causes import Cause
from tieout.domain.postings import Posting
from tieout.domain.trail import (
    MAIN,
    Anchor,
    Entry,
    Evidence,
    Head,
    chain_of,
    evidence_texts,
    head_after,
    written,
)

WORKER = "fake"


class FakeTrail(Faulty):
    """The ports `Trail`, `Anchors` and `Erasure` in memory.

    Attributes:
        chains: entries by account and number; who tampers with the trail does so here.
        heads: where each chain ends.
        kept: evidence by account and number.
        anchored: anchors by account and day.
    """

    def __init__(self) -> None:
        super().__init__()
        self.chains: defaultdict[str, dict[int, Entry]] = defaultdict(dict)
        self.heads: dict[str, Head] = {}
        self.kept: dict[tuple[str, int], Evidence] = {}
        self.anchored: dict[tuple[str, str], Anchor] = {}
        self._numbers: defaultdict[tuple[str, str], list[int]] = defaultdict(list)

    def write(self, posting: Posting, cause: Cause) -> Entry:
        """Append the entry of a posting that is being written."""
        texts = evidence_texts(posting, cause)
        evidence = Evidence(texts, len(self.kept).to_bytes(16, "big")) if texts else None
        digest = "" if evidence is None else evidence.digest
        entry = self.append(
            chain_of(posting), lambda head: written(head, posting, cause, WORKER, digest)
        )
        if evidence is not None:
            self.kept[entry.account, entry.seq] = evidence
        return entry

    def append(self, account: str, make: Callable[[Head], Entry]) -> Entry:
        self._may_fail()
        entry = make(self.heads.get(account, Head(account)))
        self.chains[account][entry.seq] = entry
        self.heads[account] = head_after(entry)
        for identifier in entry.ids:
            self._numbers[account, identifier].append(entry.seq)
        return entry

    def forget(self, account: str, identifier: str) -> None:
        """Take away what leads from an id to its entries."""
        del self._numbers[account, identifier]

    def accounts(self) -> Sequence[str]:
        self._may_fail()
        return sorted(self.heads, key=lambda name: (name != MAIN, name))

    def head(self, account: str) -> Head:
        self._may_fail()
        return self.heads.get(account, Head(account))

    def entries(self, account: str, after: int = 0) -> Iterator[Entry]:
        self._may_fail()
        for seq in sorted(self.chains.get(account, {})):
            if seq > after:
                yield self.chains[account][seq]

    def at(self, account: str, numbers: Collection[int]) -> Mapping[int, Entry]:
        self._may_fail()
        chain = self.chains.get(account, {})
        return {seq: chain[seq] for seq in numbers if seq in chain}

    def of_id(self, identifier: str) -> Sequence[Entry]:
        self._may_fail()
        return [
            self.chains[account][seq]
            for account in self.accounts()
            for seq in self._numbers.get((account, identifier), ())
            if seq in self.chains[account]
        ]

    def evidence(self, account: str, numbers: Collection[int]) -> Mapping[int, Evidence]:
        self._may_fail()
        return {seq: self.kept[account, seq] for seq in numbers if (account, seq) in self.kept}

    def anchors(self, account: str) -> Sequence[Anchor]:
        self._may_fail()
        found = [each for (of, _), each in self.anchored.items() if of == account]
        return sorted(found, key=lambda each: each.day)

    def anchor_of(self, account: str, day: str) -> Anchor | None:
        self._may_fail()
        return self.anchored.get((account, day))

    def keep(self, anchor: Anchor) -> bool:
        self._may_fail()
        return self.anchored.setdefault((anchor.account, anchor.day), anchor) is anchor

    def erase(self, entry: Entry, erased_by: int) -> None:
        self._may_fail()
        self.kept[entry.account, entry.seq] = Evidence({}, b"", erased_by)
