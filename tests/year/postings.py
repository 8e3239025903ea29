"""The fake postings table with an index: a year has too many postings to look through."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from tests.fakes import FakePostings
from tieout.domain.causes import NO_CAUSE, Cause
from tieout.domain.errors import StalePosting
from tieout.domain.postings import Posting, Worklist
from tieout.domain.subjects import Subject


class IndexedPostings(FakePostings):
    """The `Postings` port in memory, fast for any number of postings; keeps no history."""

    def __init__(self) -> None:
        super().__init__()
        self._of_subject: defaultdict[Subject, set[str]] = defaultdict(set)
        self._listed: defaultdict[Worklist, set[str]] = defaultdict(set)
        self._open_invoices: set[str] = set()

    def put(self, posting: Posting, cause: Cause = NO_CAUSE) -> None:  # noqa: ARG002 - a year has too many entries to keep
        stored = self.by_key.get(posting.key)
        if posting.version != (stored.version if stored else 0) + 1:
            raise StalePosting(posting.key)
        if stored is not None:
            self._of_subject[stored.subject].discard(posting.key)
            if stored.worklist is not None:
                self._listed[stored.worklist].discard(posting.key)
        self._of_subject[posting.subject].add(posting.key)
        if posting.worklist is not None:
            self._listed[posting.worklist].add(posting.key)
        self._open_invoices.discard(posting.key)
        if posting.is_open_invoice:
            self._open_invoices.add(posting.key)
        self.by_key[posting.key] = posting

    def on_worklist(self, worklist: Worklist) -> Iterable[Posting]:
        found = [self.by_key[key] for key in self._listed[worklist]]
        return sorted(found, key=lambda posting: (posting.updated_at_unix, posting.key))

    def open_invoices(self, since_unix: int, until_unix: int | None) -> Iterable[str]:
        found = FakePostings(*(self.by_key[key] for key in sorted(self._open_invoices)))
        return found.open_invoices(since_unix, until_unix)

    def of_subject(self, subject: Subject) -> Sequence[Posting]:
        return [self.by_key[key] for key in sorted(self._of_subject[subject])]
