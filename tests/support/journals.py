"""What journal entries move, by account: for tests that look at debits and credits alone."""

from collections import Counter
from collections.abc import Iterable

from tests.factories import the
from tieout.domain.documents import JournalEntry
from tieout.domain.plans import Plan


def debits(made: Plan, key: str) -> dict[str, int]:
    """What the entry under `key` debits (positive) and credits (negative) each account with."""
    return dict(sums([the(made, key, JournalEntry)]))


def sums(entries: Iterable[JournalEntry]) -> Counter[str]:
    """The same of several entries, accounts that are left with nothing left out."""
    moved: Counter[str] = Counter()
    for entry in entries:
        for line in entry.lines:
            moved[line.account] += line.amount_minor
    return Counter({account: amount for account, amount in moved.items() if amount})
