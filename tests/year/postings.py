"""The fake postings table with an index: a year has too many postings to look through."""

from collections import defaultdict
from collections.abc import Sequence

from tests.fakes import FakePostings
from tieout.domain.errors import StalePosting
from tieout.domain.postings import Posting
from tieout.domain.subjects import Subject


class IndexedPostings(FakePostings):
    """The `Postings` port in memory, fast for any number of postings; keeps no history."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: defaultdict[Subject, set[str]] = defaultdict(set)

    def put(self, posting: Posting) -> None:
        stored = self.by_key.get(posting.key)
        if posting.version != (stored.version if stored else 0) + 1:
            raise StalePosting(posting.key)
        if stored is not None:
            self._keys[stored.subject].discard(posting.key)
        self._keys[posting.subject].add(posting.key)
        self.by_key[posting.key] = posting

    def of_subject(self, subject: Subject) -> Sequence[Posting]:
        return [self.by_key[key] for key in sorted(self._keys[subject])]
