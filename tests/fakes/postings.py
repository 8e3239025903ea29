"""A postings table in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tests.fakes.faults import Faulty
from tests.fakes.trail import FakeTrail
from tieout.domain.causes import NO_CAUSE, Cause
from tieout.domain.errors import StalePosting
from tieout.domain.postings import Posting, Worklist
from tieout.domain.subjects import Subject
from tieout.services.trail_ports import StoredPosting


class FakePostings(Faulty):
    """The `Postings` port in memory.

    Attributes:
        by_key: what is stored now.
        history: every write, in order.
        trail: where each write is told of; what is there from the start is older than it.
    """

    def __init__(self, *postings: Posting, trail: FakeTrail | None = None) -> None:
        super().__init__()
        self.trail = FakeTrail() if trail is None else trail
        self._numbers: dict[str, int] = {}
        self.by_key: dict[str, Posting] = {posting.key: posting for posting in postings}
        self.history: list[Posting] = list(postings)

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Posting]:
        self._may_fail()
        return {key: self.by_key[key] for key in keys if key in self.by_key}

    def numbered(self, keys: Iterable[str]) -> Mapping[str, StoredPosting]:
        found = self.get_many(keys)
        return {key: StoredPosting(each, self._numbers.get(key, 0)) for key, each in found.items()}

    def put(self, posting: Posting, cause: Cause = NO_CAUSE) -> None:
        self._may_fail()
        assert posting.version >= 1, "a posting's first write has version 1"
        stored = self.by_key.get(posting.key)
        if posting.version != (stored.version if stored else 0) + 1:
            raise StalePosting(posting.key)
        self._numbers[posting.key] = self.trail.write(posting, cause).seq
        self.by_key[posting.key] = posting
        self.history.append(posting)

    def put_all(self, writes: Sequence[tuple[Posting, Cause]]) -> frozenset[str]:
        stale = set()
        for posting, cause in writes:
            try:
                self.put(posting, cause)
            except StalePosting:
                stale.add(posting.key)
        return frozenset(stale)

    def on_worklist(self, worklist: Worklist) -> Iterable[Posting]:
        self._may_fail()
        found = [posting for posting in self.by_key.values() if posting.worklist is worklist]
        return sorted(found, key=lambda posting: posting.updated_at_unix)

    def open_invoices(self, since_unix: int, until_unix: int | None) -> Iterable[str]:
        self._may_fail()
        found = [posting for posting in self.by_key.values() if posting.is_open_invoice]
        found.sort(key=lambda posting: posting.source_created_unix)
        return [
            posting.key.removeprefix("invoice/")
            for posting in found
            if since_unix <= posting.source_created_unix
            and (until_unix is None or posting.source_created_unix <= until_unix)
        ]

    def everything(self) -> Iterator[StoredPosting]:
        self._may_fail()
        for key, posting in self.by_key.items():
            yield StoredPosting(posting, self._numbers.get(key, 0))

    def of_subject(self, subject: Subject) -> Sequence[Posting]:
        self._may_fail()
        found = [posting for posting in self.by_key.values() if posting.subject == subject]
        return sorted(found, key=lambda posting: posting.key)
