"""Erase: forget a customer where the law asks for it, and let the audit trail say so.

What is forgotten: the raw events that Stripe delivered, what was said to Intacct and answered, and
what persons or Intacct wrote about the customer's documents, in tie-outs as well. What stays: ids,
amounts, accounts and dates, which the books need, and the chain, in which an entry tells who erased
what and when.

The entry comes first: who dies between the two runs it again, and nothing is gone that no entry
tells of.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from tieout.domain import postings as posting_states
from tieout.domain.errors import StalePosting
from tieout.domain.keys import customer_key, path_of
from tieout.domain.postings import ERASED, Posting, State
from tieout.domain.subjects import SubjectKind
from tieout.domain.tie_outs import without_texts
from tieout.domain.trail import Entry, Head, erased
from tieout.services.operate import CannotBeDone, Signature
from tieout.services.ports import Postings, TieOutStore
from tieout.services.trail_ports import Erasure, EventErasure, Trail
from tieout.services.walk import days

# An entry is one item of a table; so many digests fit many times over.
DIGESTS_MAX = 1_000
DAYS_AT_ONCE = 100
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Erased:
    """What was forgotten.

    Attributes:
        evidence: entries whose evidence is gone.
        texts: postings whose texts are gone.
        events: events whose body is gone.
        tie_outs: days whose tie-outs quoted such texts.
    """

    evidence: int
    texts: int
    events: int
    tie_outs: int


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
        self,
        trail: Trail,
        erasure: Erasure,
        postings: Postings,
        events: EventErasure,
        tie_outs: TieOutStore,
    ) -> None:
        self._trail = trail
        self._erasure = erasure
        self._postings = postings
        self._events = events
        self._tie_outs = tie_outs

    def find(self, customer: str) -> Found:
        """Return what there is of a customer; nothing is changed.

        Args:
            customer: Stripe's id of it.

        Raises:
            TransientFault, ConfigurationFault: a table cannot be read.
        """
        keys = self._keys(customer)
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
        for posting in self._postings.get_many(found.keys).values():
            # A text without its evidence would look as if somebody had changed it.
            if posting_states.tells(posting):
                raise CannotBeDone(f"{posting.key} changed meanwhile: run it again")
        for account in sorted({each.account for each in found.evidence}):
            of_account = iter([each for each in found.evidence if each.account == account])
            while chunk := list(islice(of_account, DIGESTS_MAX)):
                self._forget_evidence(customer, account, chunk, signature)
        event_ids = {event.id for entry in found.entries for event in entry.events}
        events = self._events.erase_bodies(self._mentions(customer, found.keys), event_ids)
        tie_outs = self._forget_in_tie_outs(found, signature.now_unix)
        return Erased(len(found.evidence), texts, events, tie_outs)

    def _keys(self, customer: str) -> Sequence[str]:
        """Return the keys of a customer's documents.

        What of them was written by a person, or before Stripe told whose it is, names no customer.
        """
        # In Intacct another customer may have a number that looks like this id.
        own = {each.key for each in self._trail.of_id(customer) if each.customer == customer}
        own.add(customer_key(customer))
        subjects = {each.subject for each in self._postings.get_many(own).values()}
        of_one = [each for each in subjects if each.kind is not SubjectKind.ACTIVITY]
        of_subjects = (each.key for of in of_one for each in self._postings.of_subject(of))
        return sorted(own.union(of_subjects))

    def _mentions(self, customer: str, keys: Sequence[str]) -> frozenset[str]:
        """Return what events call the customer by: a dispute's has a name, and only a charge's id.

        Source: docs.stripe.com/api/disputes/object (`evidence`).
        """
        subjects = {each.subject.id for each in self._postings.get_many(keys).values()}
        named = {part for key in keys for part in key.split("/")} | subjects
        return frozenset({customer, *(each for each in named if path_of(each))})

    def _forget_in_tie_outs(self, found: Found, now_unix: int) -> int:
        """Take what tie-outs quote of the postings out of those of every day since the first."""
        postings = self._postings.get_many(found.keys).values()
        created = [each.created_at_unix for each in postings]
        written = [each.at_unix for each in found.entries]
        first_unix = min(filter(None, [*created, *written, now_unix]))
        # By whatever zone the company counts.
        listed = days(_day(first_unix) - _A_DAY, _day(now_unix) + _A_DAY)
        count = 0
        while chunk := list(islice(listed, DAYS_AT_ONCE)):
            for day, made in self._tie_outs.of_days(chunk).items():
                after = [without_texts(each, found.keys, ERASED) for each in made]
                if after != [*made]:
                    self._tie_outs.save(day, after)
                    count += 1
        return count

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


def _day(at_unix: int) -> date:
    return datetime.fromtimestamp(at_unix, UTC).date()


def _refuse_if_sending(posting: Posting, now_unix: int) -> None:
    rest_seconds = posting.lease_expires_at_unix - now_unix
    if posting.state is State.SENDING and rest_seconds > 0:
        raise CannotBeDone(
            f"{posting.key} is being sent right now: try again in {rest_seconds} seconds"
        )
