"""Erase: forget a customer where the law asks for it, and let the audit trail say so.

What is forgotten: the raw events that Stripe delivered, what was said to Intacct and answered, and
what persons or Intacct wrote about the customer's documents. What stays: ids, amounts, accounts and
dates, which the books need, and the chain, in which an entry tells who erased what and when.

The entry comes first: who dies between the two runs it again, and nothing is gone that no entry
tells of.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from tieout.domain import postings as posting_states
from tieout.domain.errors import StalePosting
from tieout.domain.keys import customer_key
from tieout.domain.postings import Posting, State
from tieout.domain.trail import Entry, Head, erased
from tieout.services.operate import CannotBeDone, Signature
from tieout.services.ports import Postings
from tieout.services.trail_ports import Erasure, EventErasure, Trail

# An entry is one item of a table; so many digests fit many times over.
DIGESTS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Erased:
    """What was forgotten.

    Attributes:
        evidence: entries whose evidence is gone.
        texts: postings whose texts are gone.
        events: events whose body is gone.
    """

    evidence: int
    texts: int
    events: int


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of a customer.

    Attributes:
        entries: that have to do with its documents.
        keys: of these documents.
        evidence: those of the entries that have evidence.
    """

    entries: Sequence[Entry]
    keys: Sequence[str]
    evidence: Sequence[Entry]


class Eraser:
    """The use case behind `tieout erase`."""

    def __init__(
        self, trail: Trail, erasure: Erasure, postings: Postings, events: EventErasure
    ) -> None:
        self._trail = trail
        self._erasure = erasure
        self._postings = postings
        self._events = events

    def find(self, customer: str) -> Found:
        """Return what there is of a customer; nothing is changed.

        Args:
            customer: Stripe's id of it.

        Raises:
            TransientFault, ConfigurationFault: a table cannot be read.
        """
        own = self._trail.of_id(customer)
        keys = sorted({each.key for each in own} | {customer_key(customer)})
        entries = {
            (each.account, each.seq): each for key in keys for each in self._trail.of_id(key)
        }
        in_order = [entries[place] for place in sorted(entries)]
        return Found(in_order, keys, list(self._with_evidence(in_order)))

    def erase(self, customer: str, signature: Signature) -> Erased:
        """Forget a customer; doing it again forgets what came since.

        Args:
            customer: Stripe's id of it.
            signature: of the person who does it.

        Raises:
            CannotBeDone: something of the customer is being worked on right now.
            TransientFault, ConfigurationFault: a table cannot be used; run it again.
        """
        texts = self._forget_texts(self.find(customer).keys, signature)
        found = self.find(customer)
        for account in sorted({each.account for each in found.evidence}):
            of_account = iter([each for each in found.evidence if each.account == account])
            while chunk := list(islice(of_account, DIGESTS_MAX)):
                self._forget_evidence(customer, account, chunk, signature)
        event_ids = {event.id for entry in found.entries for event in entry.events}
        events = self._events.erase_bodies(customer, event_ids)
        return Erased(len(found.evidence), texts, events)

    def _with_evidence(self, entries: Sequence[Entry]) -> Iterable[Entry]:
        for account in sorted({each.account for each in entries}):
            of_account = [each for each in entries if each.account == account]
            kept = self._trail.evidence(account, [each.seq for each in of_account])
            for each in of_account:
                if each.seq in kept and not kept[each.seq].erased_by:
                    yield each

    def _forget_texts(self, keys: Sequence[str], signature: Signature) -> int:
        stored = self._postings.get_many(keys).values()
        told = [each for each in stored if posting_states.tells(each)]
        for posting in told:
            _refuse_if_sending(posting, signature.now_unix)
        for posting in told:
            after = posting_states.forgotten(posting, signature.now_unix, signature.who)
            try:
                self._postings.put(after)
            except StalePosting as stale:
                raise CannotBeDone(f"{posting.key} changed meanwhile: run it again") from stale
        return len(told)

    def _forget_evidence(
        self, customer: str, account: str, entries: Sequence[Entry], signature: Signature
    ) -> None:
        key, digests = customer_key(customer), tuple(each.evidence_digest for each in entries)

        def make(head: Head) -> Entry:
            return erased(head, key, digests, signature.who, signature.now_unix)

        told = self._erasure.append(account, make)
        for each in entries:
            self._erasure.erase(each, told.seq)


def _refuse_if_sending(posting: Posting, now_unix: int) -> None:
    rest_seconds = posting.lease_expires_at_unix - now_unix
    if posting.state is State.SENDING and rest_seconds > 0:
        raise CannotBeDone(
            f"{posting.key} is being sent right now: try again in {rest_seconds} seconds"
        )
