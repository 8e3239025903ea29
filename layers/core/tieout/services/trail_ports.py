"""What the use cases around the audit trail need of the outside world.

Written it is with the postings (`services.ports.Postings.put`); these read it, anchor it and take
out what must be forgotten. Adapter and fake pass the same contract suite.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tieout.domain.postings import Posting
from tieout.domain.trail import Anchor, Entry, Evidence, Head
from tieout.services.ports import Postings, StoredEvent


class Trail(Protocol):
    """The audit trail, for reading.

    Every method raises `TransientFault` when it cannot be read now and `ConfigurationFault` when it
    cannot be read at all.
    """

    def accounts(self) -> Sequence[str]:
        """Return the accounts that have a chain, `main` first."""
        ...

    def head(self, account: str) -> Head:
        """Return where a chain ends, as is stored; number 0 if there is none."""
        ...

    def entries(self, account: str, after: int = 0) -> Iterator[Entry]:
        """Yield the entries whose place is behind a number, in the order of their places.

        They are read page by page, so a chain may be of any length. One that cannot be read comes
        as an entry of its place that says nothing, and so does not fit its hash.
        """
        ...

    def at(self, account: str, numbers: Collection[int]) -> Mapping[int, Entry]:
        """Return the entries of these places, of those there are."""
        ...

    def of_id(self, identifier: str) -> Sequence[Entry]:
        """Return every entry that has to do with an id, by account and number.

        An id is a posting's key, Intacct's record number, a document's number, a control id, a
        message, an event or a Stripe customer.
        """
        ...

    def evidence(self, account: str, numbers: Collection[int]) -> Mapping[int, Evidence]:
        """Return the evidence of the entries of these numbers, of those that have any."""
        ...

    def anchors(self, account: str) -> Sequence[Anchor]:
        """Return the anchors of a chain, by day."""
        ...


class Anchors(Protocol):
    """Where anchors are kept."""

    def accounts(self) -> Sequence[str]:
        """Return the accounts that have a chain, `main` first."""
        ...

    def head(self, account: str) -> Head:
        """Return where a chain ends, as is stored; number 0 if there is none."""
        ...

    def anchor_of(self, account: str, day: str) -> Anchor | None:
        """Return the anchor of a day; None if there is none."""
        ...

    def keep(self, anchor: Anchor) -> bool:
        """Store an anchor; False if that day has one already, which stays."""
        ...


class Erasure(Protocol):
    """Takes out of the trail what must be forgotten."""

    def append(self, account: str, make: Callable[[Head], Entry]) -> Entry:
        """Append an entry that tells of no posting, and return it as it was written.

        Args:
            account: whose chain it goes to.
            make: makes it on a head; called again if the chain has moved on.
        """
        ...

    def erase(self, entry: Entry, erased_by: int) -> None:
        """Put in the place of an entry's evidence who erased it.

        Args:
            entry: whose evidence it is.
            erased_by: number of the entry that tells of it.
        """
        ...


class EventErasure(Protocol):
    """Takes the bodies out of received events; that they were received is still known."""

    def erase_bodies(self, mentioned: Collection[str], event_ids: Collection[str]) -> int:
        """Forget the bodies that mention any of these ids or are of these events; return how many.

        Every event is looked at, so this takes its time.
        """
        ...


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event as it is stored.

    Attributes:
        raw_sha256: of the body that Stripe signed; None if there was none.
        raw_size_bytes: of that body. Both are kept even when the body itself is too large to be,
            or was erased: `event.raw` is None then.
    """

    event: StoredEvent
    raw_sha256: str | None = None
    raw_size_bytes: int | None = None


class ReceivedEvents(Protocol):
    """The events that were received, for reading."""

    def received(self, event_ids: Iterable[str]) -> Mapping[str, ReceivedEvent]:
        """Return those of the events that are stored, by id, with their evidence.

        Raises:
            TransientFault, ConfigurationFault: they cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoredPosting:
    """A posting as it is stored, and the number of the entry that was written with it.

    Attributes:
        seq: 0 for what was written before there was a trail.
        is_listed: whether the lists that people read show it as it is; looked at only where every
            posting is.
    """

    posting: Posting
    seq: int
    is_listed: bool = True


class NumberedPostings(Postings, Protocol):
    """The postings table, each posting with the entry that was written with it."""

    def numbered(self, keys: Iterable[str]) -> Mapping[str, StoredPosting]:
        """Return the postings that exist, by key, read consistently."""
        ...


class EveryPosting(Protocol):
    """All postings there are."""

    def everything(self) -> Iterator[StoredPosting]:
        """Yield every posting, in no order, page by page."""
        ...
