"""Verdicts: what became of a document, as far as the message that asked for it is concerned."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settled:
    """The document needs nothing more: it is posted, or recorded as not booked."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A person must look; the posting says why."""

    text: str


@dataclass(frozen=True, slots=True)
class Pending:
    """Nothing was decided; the queue should bring it again.

    Attributes:
        after_seconds: the shortest sensible pause, before back-off.
        waits_for_person: nothing will change until somebody acts, so the pauses may grow long.
    """

    text: str
    after_seconds: int = 0
    waits_for_person: bool = False


Verdict = Settled | Parked | Pending


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return what the message gets: a pending document needs it again, a parked one fails it."""
    found: Verdict = Settled()
    for verdict in verdicts:
        if isinstance(verdict, Pending):
            return verdict
        if isinstance(verdict, Parked):
            found = verdict
    return found
