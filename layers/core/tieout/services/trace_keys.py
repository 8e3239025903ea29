"""Which postings an id leads to, and what else belongs to them.

    id ──> the trail's own index (keys, numbers, events, messages, customers)
      ├──> postings of the Stripe object that it is, in whichever Stripe account
      ├──> what the event was a hint of, if nothing was written because of it
      └──> Stripe: what books a movement of its balance; no table knows those by their ids

Nothing says of a refund which invoice it is of. But what is booked speaks of it: a refund's journal
names the invoice's number, a charge's record the invoice that it pays. So of one customer's
postings those belong together of which one names the other.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tieout.domain.dates import accounting_date
from tieout.domain.documents import ArInvoice
from tieout.domain.errors import Refused
from tieout.domain.keys import (
    activity_key,
    conversion_key,
    failure_key,
    movement_key,
    path_of,
    sales_summary_key,
)
from tieout.domain.policy import Policy
from tieout.domain.postings import Posting
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind, parse_subject
from tieout.domain.trail import MAIN, Entry
from tieout.planning.activity import evidence
from tieout.planning.snapshots import ActivitySnapshot, BalanceTransaction
from tieout.services.operate import CannotBeDone
from tieout.services.ports import StripeReader
from tieout.services.trail_ports import NumberedPostings, ReceivedEvents, Trail


class Role(StrEnum):
    """What an id is to a posting that it leads to."""

    KEY = "posting"
    OBJECT = "Stripe object"
    CUSTOMER = "Stripe customer"
    EVENT = "event"
    MOVEMENT = "movement of Stripe's balance"
    RECORD_NO = "Intacct record number"
    NUMBER = "document number"
    CONTROL_ID = "control id"
    MESSAGE = "queue message"
    PLACE = "place in the audit trail"


Roles = Mapping[str, frozenset[Role]]
"""By the key of a posting, what the id is to it."""

# Intacct counts the records of each type from 1, and a number may be given to two documents.
SHARED = frozenset({Role.RECORD_NO, Role.NUMBER})
# These lead by themselves to all that they have to do with.
_COMPLETE = frozenset({Role.CUSTOMER, Role.MESSAGE})
_OF_POSTING = {
    "record_no": Role.RECORD_NO,
    "number": Role.NUMBER,
    "control_id": Role.CONTROL_ID,
    "message_id": Role.MESSAGE,
}
_PLACE = re.compile(r"(main|acct_\w+)/([1-9][0-9]{0,14})")
_INVOICE = ArInvoice.__name__
_WORD = re.compile(r"[\w-]+")
# What is only digits may as well be an amount.
_NUMBER_LENGTH_MIN = 5
# The objects behind these have no end of postings, which have nothing else in common.
_OF_ALL = frozenset({SubjectKind.CUSTOMER, SubjectKind.ACTIVITY})


@dataclass(frozen=True, slots=True)
class Sources:
    """Where is looked.

    Attributes:
        trail, postings, events: of this installation.
        stripe: connects to Stripe; called only for a movement that no table knows.
        policy: the one in force; None if there is none, and then no day can be named.
    """

    trail: Trail
    postings: NumberedPostings
    events: ReceivedEvents
    stripe: Callable[[], StripeReader]
    policy: Policy | None

    @property
    def accounts(self) -> Sequence[str | None]:
        """Every Stripe account that there may be something of; None is the main one."""
        named = self.policy.accounts if self.policy else ()
        known = [None if each == MAIN else each for each in self.trail.accounts()]
        return list(dict.fromkeys([None, *known, *named]))


def found(at: Sources, asked: str) -> Roles:
    """Return the postings that an id leads to, with what it is to each; empty if to none.

    Raises:
        CannotBeDone: it leads to an entry that nobody can read any more.
        Refused, TransientFault, ConfigurationFault: as the tables and Stripe say.
    """
    roles: defaultdict[str, set[Role]] = defaultdict(set)
    entries, at_place = at.trail.of_id(asked), _at_place(at.trail, asked)
    for entry in entries:
        if entry.key:
            roles[entry.key] |= _roles(entry, asked)
    for entry in at_place:
        if entry.key:
            roles[entry.key].add(Role.PLACE)
    if (unreadable := [*entries, *at_place]) and not roles:
        place = f"{unreadable[0].account}/{unreadable[0].seq}"
        raise CannotBeDone(
            f"{asked} leads to entry {place} of the audit trail, which somebody changed so that it "
            "cannot be read any more; `tieout verify` lists everything of this kind"
        )
    for subject in _subjects(at, asked):
        for key in _keys_of(at, subject):
            roles[key].add(Role.OBJECT)
    path = path_of(asked)
    for key in at.postings.get_many([asked, *([f"{path}/{asked}"] if path else [])]):
        roles[key].add(Role.KEY if key == asked else Role.OBJECT)
    if not roles:
        return _found_behind(at, asked)
    return {key: frozenset(each) for key, each in roles.items()}


def _found_behind(at: Sources, asked: str) -> Roles:
    """Return the postings that an id leads to only by what is behind it."""
    for event in at.events.received([asked]).values():
        keys = _keys_of(at, event.event.hint.subject)
        return dict.fromkeys(keys, frozenset({Role.EVENT}))
    if path_of(asked) == path_of("txn_"):
        booked = at.postings.get_many(_booking(at, asked))
        return dict.fromkeys(booked, frozenset({Role.MOVEMENT}))
    return {}


def _roles(entry: Entry, asked: str) -> set[Role]:
    roles = {role for name, role in _OF_POSTING.items() if entry.posting.get(name) == asked}
    if entry.key == asked:
        roles.add(Role.KEY)
    if entry.customer == asked:
        roles.add(Role.CUSTOMER)
    if any(each.id == asked for each in entry.events):
        roles.add(Role.EVENT)
    return roles


def _at_place(trail: Trail, asked: str) -> Collection[Entry]:
    place = _PLACE.fullmatch(asked)
    return [] if place is None else trail.at(place[1], [int(place[2])]).values()


def _subjects(at: Sources, asked: str) -> Iterator[Subject]:
    """Yield the Stripe objects, or days, that an id may be of."""
    try:
        yield parse_subject(asked)
    except ValueError:
        kind = path_of(asked)
        if isinstance(kind, SubjectKind):
            yield from (Subject(kind, asked, account) for account in at.accounts)
    try:
        day = date.fromisoformat(asked).isoformat()
    except ValueError:
        return
    yield from (Subject(SubjectKind.ACTIVITY, day, account) for account in at.accounts)


def _keys_of(at: Sources, subject: Subject) -> Sequence[str]:
    """Return the keys of a subject's postings; that a message failed is for the processor."""
    listed = at.postings.of_subject(subject)
    return [each.key for each in listed if each.key != failure_key(str(subject))]


def _booking(at: Sources, movement: str) -> Sequence[str]:
    """Return the keys of what books a movement of Stripe's balance, as Stripe and policy say."""
    for account in at.accounts:
        try:
            shown = at.stripe().movement(movement, account)
        except Refused as refused:
            if refused.reason is not Reason.OBJECT_MISSING_IN_STRIPE:
                raise
        else:
            own = at.policy and at.policy.of_account(account)
            return [] if own is None else list(_booked_by(shown, own, account))
    return []


def _booked_by(movement: BalanceTransaction, policy: Policy, account: str | None) -> Iterator[str]:
    day, origin = accounting_date(movement.created_unix, policy.zone), movement.origin
    yield movement_key(movement.id)
    yield from evidence(ActivitySnapshot(day, (movement,)))
    yield activity_key(day, movement.currency, account)
    given = (origin and origin.currency) or movement.currency
    yield conversion_key(day, movement.currency, given, account)
    yield sales_summary_key(day, given, account)


@dataclass(frozen=True, slots=True)
class _Speech:
    """By which words a posting is named, and which words it is written in."""

    names: frozenset[str]
    words: frozenset[str]


def belonging(at: Sources, roles: Roles) -> Sequence[str]:
    """Return the keys of what belongs to postings that were found, without themselves.

    Args:
        at: where to look.
        roles: what was found.

    Raises:
        TransientFault, ConfigurationFault: a table cannot be read.
    """
    asked_for = [key for key, of_key in roles.items() if not of_key & _COMPLETE]
    return _Family(at).of(asked_for)


class _Family:
    """Postings that belong together, found step by step."""

    def __init__(self, at: Sources) -> None:
        self._at = at
        self._speeches: dict[str, _Speech] = {}
        self._customers: set[str] = set()

    def of(self, keys: Sequence[str]) -> Sequence[str]:
        """Return what belongs to the postings of these keys, the nearest first."""
        known, fresh = dict.fromkeys(keys), set(keys)
        while fresh:
            told = {key: posting for key, posting in self._read(fresh).items() if _is_one(posting)}
            found = [
                *(key for each in _subjects_of(told) for key in _keys_of(self._at, each)),
                *self._named_by(told),
                *self._naming(told),
            ]
            fresh = set(found) - known.keys()
            known |= dict.fromkeys(key for key in found if key in fresh)
        return [key for key in known if key not in keys]

    def _read(self, keys: Collection[str]) -> Mapping[str, Posting]:
        """Return the postings of these keys; what they and their customers' others say is known."""
        entries = [entry for key in keys for entry in self._at.trail.of_id(key)]
        customers = {each.customer for each in entries if each.key in keys} - {""}
        for customer in customers - self._customers:
            entries += self._at.trail.of_id(customer)
        self._customers |= customers
        by_key: defaultdict[str, dict[tuple[str, int], Entry]] = defaultdict(dict)
        for each in entries:
            by_key[each.key][each.account, each.seq] = each
        postings = self._at.postings.get_many(by_key.keys() | set(keys))
        texts = self._texts([each for of_key in by_key.values() for each in of_key.values()])
        for key, posting in postings.items():
            if key not in self._speeches and _is_one(posting):
                said = (texts[place] for place in by_key[key])
                self._speeches[key] = _speech(posting, said)
        return {key: postings[key] for key in keys if key in postings}

    def _texts(self, entries: Sequence[Entry]) -> Mapping[tuple[str, int], str]:
        """Return what each entry says in words, its evidence included."""
        texts: dict[tuple[str, int], str] = {}
        for account in {each.account for each in entries}:
            of_account = [each for each in entries if each.account == account]
            kept = self._at.trail.evidence(account, [each.seq for each in of_account])
            for each in of_account:
                content = kept[each.seq].content if each.seq in kept else {}
                said = (content.get(name, "") for name in ("request_xml", "reason_text"))
                texts[account, each.seq] = " ".join([*said, str(each.posting.get("chosen_by", ""))])
        return texts

    def _named_by(self, told: Iterable[str]) -> Sequence[str]:
        """Return the postings of the Stripe objects that some speak of."""
        words = {word for key in told for word in self._speeches[key].words}
        keys = {f"{path}/{word}" for word in words if (path := path_of(word)) not in _NO_OBJECT}
        return [key for key, each in self._at.postings.get_many(keys).items() if _is_one(each)]

    def _naming(self, told: Iterable[str]) -> Iterator[str]:
        """Yield what speaks of some by their names, or is spoken of by its number."""
        names = {name for key in told for name in self._speeches[key].names}
        words = {word for key in told for word in self._speeches[key].words}
        for key, speech in self._speeches.items():
            if speech.words & names or speech.names & words:
                yield key


_NO_OBJECT = frozenset({None, SubjectKind.CUSTOMER})


def _is_one(posting: Posting) -> bool:
    return posting.subject.kind not in _OF_ALL


def _subjects_of(postings: Mapping[str, Posting]) -> Iterable[Subject]:
    return dict.fromkeys(each.subject for each in postings.values())


def _speech(posting: Posting, texts: Iterable[str]) -> _Speech:
    number = posting.number
    names = {posting.subject.id, *(part for part in posting.key.split("/") if path_of(part))}
    if len(number) >= _NUMBER_LENGTH_MIN and not number.isdecimal():
        names.add(number)
    words = _WORD.findall(" ".join([posting.reason_text, posting.chosen_by, *texts]))
    if posting.document_type == _INVOICE:
        # What is billed is described by people, who may name whatever number they like.
        words = [each for each in words if path_of(each)]
    return _Speech(frozenset(names), frozenset(words))
