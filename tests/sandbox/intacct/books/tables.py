"""Tables with an undo log, so that a failed function or transaction leaves no trace.

Records are frozen; a change is a ``put`` of a new record. Every change registers its own
opposite, and rolling back plays the opposites backwards. That makes ``transaction="true"``
(dossier 2.5) cheap however large the company is.
"""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class UndoLog:
    """Opposites of the changes since the last commit, oldest first."""

    def __init__(self) -> None:
        self._opposites: list[Callable[[], None]] = []

    def record(self, opposite: Callable[[], None]) -> None:
        """Remember how to take one change back."""
        self._opposites.append(opposite)

    def mark(self) -> int:
        """Return the point that a later ``rollback`` can return to."""
        return len(self._opposites)

    def rollback(self, mark: int = 0) -> None:
        """Take back every change since ``mark``."""
        while len(self._opposites) > mark:
            self._opposites.pop()()

    def commit(self) -> None:
        """Make every change so far permanent."""
        self._opposites.clear()


class Table(Generic[K, V]):
    """A mapping of frozen records whose changes can be taken back."""

    def __init__(self, log: UndoLog) -> None:
        self._log = log
        self._rows: dict[K, V] = {}

    def __contains__(self, key: K) -> bool:
        return key in self._rows

    def __getitem__(self, key: K) -> V:
        return self._rows[key]

    def __iter__(self) -> Iterator[V]:
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, key: K) -> V | None:
        """Return the record or None."""
        return self._rows.get(key)

    def keys(self) -> list[K]:
        """List the keys."""
        return list(self._rows)

    def put(self, key: K, record: V) -> None:
        """Insert or replace a record."""
        if key in self._rows:
            before = self._rows[key]
            self._log.record(lambda: self._rows.__setitem__(key, before))
        else:
            self._log.record(lambda: self._rows.__delitem__(key))
        self._rows[key] = record

    def remove(self, key: K) -> None:
        """Delete a record that must exist."""
        before = self._rows.pop(key)
        self._log.record(lambda: self._rows.__setitem__(key, before))
