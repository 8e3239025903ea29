"""Writing the audit trail: postings and their entries together, or neither.

    worker                                  DynamoDB, in one transaction
      │ head as this process knows it         head       if it is what the first entry was made on
      │ entries made on it                    postings   if their predecessors are stored
      ├──────────────────────────────────>    entries    if there are none of their numbers
      │                                       evidence, and what leads from ids to the entries
      │ <── the head has moved: here it is
      │ entries made anew on that ───────>    ...

Nothing is read before: the head is known from the last write, and a refusal brings the new one.
"""

import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from tieout.domain.causes import Cause
from tieout.domain.errors import ConfigurationFault, Unavailable
from tieout.domain.postings import Posting
from tieout.domain.reasons import Reason
from tieout.domain.trail import (
    Entry,
    Evidence,
    Head,
    chain_of,
    evidence_texts,
    head_after,
    written,
)
from tieout.store import trail_items
from tieout.store.attributes import Item, attribute
from tieout.store.aws_faults import Declined, aws_faults
from tieout.store.conditional import Condition, conditional_put, is_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef, TransactWriteItemTypeDef

# So often entries are made anew; in between come the entries of others, so somebody gets on.
ATTEMPTS_MAX = 12
_PAUSE_FIRST_SECONDS = 0.005
_PAUSE_MAX_SECONDS = 0.4
# Source: DynamoDB API reference, TransactWriteItems: 100 items, of which one is the head.
_ITEMS_MAX = 99
_CANCELLED = "TransactionCanceledException"
_HOLDS = "None"
_CONDITION_FAILED = "ConditionalCheckFailed"
# Others were at the same items at the same moment, or more than the table takes at once.
_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
SALT_BYTES = 16

_Reasons = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class PostingWrite:
    """A posting to be written.

    Attributes:
        put: writes it, from `conditional_put`.
    """

    posting: Posting
    cause: Cause
    put: "PutTypeDef"


@dataclass(frozen=True, slots=True)
class _Step:
    """An entry to be written, and what is written with it.

    Attributes:
        make: makes it on a head.
        key: of the posting that it tells of.
        put: of that posting.
        evidence: to lie beside it.
    """

    make: Callable[[Head], Entry]
    key: str = ""
    put: "PutTypeDef | None" = None
    evidence: Evidence | None = None


class TrailWriter:
    """Appends to the chains of the trail table.

    Args:
        client: DynamoDB's.
        table_name: the trail table.
        worker: names this process in its entries.
        new_salt: makes random bytes.
        sleep: waits for so many seconds.
        chance: a random number from 0 to 1.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table_name: str,
        worker: str,
        *,
        new_salt: Callable[[], bytes] = lambda: secrets.token_bytes(SALT_BYTES),
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._worker = worker
        self._new_salt = new_salt
        self._sleep = sleep
        self._chance = chance
        self._heads: dict[str, Head] = {}

    def write(self, writes: Sequence[PostingWrite]) -> Mapping[str, Item]:
        """Write postings with their entries, as many at once as DynamoDB takes.

        One that somebody else was at before is left out; it does not keep the others.

        Returns:
            By key of those that were left out, what is stored instead.

        Raises:
            TransientFault: of some nobody knows whether they were written, or too many were at it.
            ConfigurationFault: a table cannot be written.
        """
        by_account: dict[str, list[_Step]] = {}
        for each in writes:
            by_account.setdefault(chain_of(each.posting), []).append(self._step(each))
        refused: dict[str, Item] = {}
        for account, steps in by_account.items():
            for group in self._groups(account, steps):
                refused |= self._append(account, group)
        return refused

    def append(self, account: str, make: Callable[[Head], Entry]) -> Entry:
        """Append an entry that tells of no posting, and return it as it was written.

        Args:
            account: whose chain it goes to.
            make: makes it on a head.

        Raises:
            TransientFault, ConfigurationFault: as `write`.
        """
        made: list[Entry] = []

        def make_and_keep(head: Head) -> Entry:
            made.append(make(head))
            return made[-1]

        self._append(account, [_Step(make_and_keep)])
        return made[-1]

    def _step(self, write: PostingWrite) -> _Step:
        posting, cause = write.posting, write.cause
        texts = evidence_texts(posting, cause)
        evidence = Evidence(texts, self._new_salt()) if texts else None
        digest = "" if evidence is None else evidence.digest

        def make(head: Head) -> Entry:
            return written(head, posting, cause, self._worker, digest)

        return _Step(make, posting.key, write.put, evidence)

    def _groups(self, account: str, steps: Sequence[_Step]) -> Iterator[Sequence[_Step]]:
        """Divide steps into transactions."""
        group, count = list[_Step](), 0
        for step in steps:
            # A first entry takes one more than any other.
            more = len(self._puts(step, step.make(Head(account))))
            if group and count + more > _ITEMS_MAX:
                yield group
                group, count = [], 0
            group.append(step)
            count += more
        if group:
            yield group

    def _append(self, account: str, steps: Sequence[_Step]) -> Mapping[str, Item]:
        """Write entries and what belongs to them, but for postings that are not as expected."""
        refused: dict[str, Item] = {}
        waiting = list(steps)
        for attempt in range(ATTEMPTS_MAX):
            before = after = self._heads.get(account, Head(account))
            puts: list[Sequence[PutTypeDef]] = []
            for step in waiting:
                entry = step.make(after)
                puts.append(self._puts(step, entry))
                after = head_after(entry)
            reasons = self._transact([self._end(before, after), *chain.from_iterable(puts)])
            if reasons is None:
                self._heads[account] = after
                return refused
            self._learn(account, reasons[0])
            stale = _stale(puts, reasons[1:])
            for place, stored in stale.items():
                step = waiting[place]
                if step.put is not None and not is_of(step.put, stored):
                    refused[step.key] = stored
            waiting = [step for place, step in enumerate(waiting) if place not in stale]
            if not waiting:
                return refused
            if not stale:
                self._wait(attempt, reasons)
        raise Unavailable(
            f"dynamodb:TransactWriteItems on {self._table_name}: the chain of {account} moved on, "
            f"or its head does not fit its entries, {ATTEMPTS_MAX} times running"
        )

    def _learn(self, account: str, reason: Mapping[str, Any]) -> None:
        """Take over the head that a refusal brought, if that is what it was about."""
        if reason.get("Code") == _CONDITION_FAILED:
            stored = reason.get("Item")
            self._heads[account] = trail_items.head_from(stored) if stored else Head(account)

    def _end(self, before: Head, after: Head) -> "PutTypeDef":
        """Return the write of the head."""
        there_is_no_chain = Condition("attribute_not_exists(#last)", {"#last": trail_items.LAST})
        it_is_what_entries_were_made_on = Condition(
            "#last = :last AND #hash = :hash",
            {"#last": trail_items.LAST, "#hash": trail_items.HASH},
            {":last": before.seq, ":hash": before.hash},
        )
        condition = it_is_what_entries_were_made_on if before.seq else there_is_no_chain
        return conditional_put(self._table_name, trail_items.head_item(after), condition)

    def _puts(self, step: _Step, entry: Entry) -> "Sequence[PutTypeDef]":
        """Return what is written of a step, the posting first."""
        puts: list[PutTypeDef] = []
        if step.put is not None:
            marked = {**step.put["Item"], trail_items.TRAIL_SEQ: attribute(entry.seq)}
            puts.append({**step.put, "Item": marked})
        item = trail_items.entry_item(entry)
        puts.append(conditional_put(self._table_name, item, trail_items.NEVER_WRITTEN))
        beside = [trail_items.id_item(entry, each) for each in sorted(entry.ids)]
        if step.evidence is not None:
            beside.append(trail_items.evidence_item(entry, step.evidence))
        if entry.seq == 1:
            beside.append(trail_items.chain_item(entry.account))
        puts.extend(map(self._plain_put, beside))
        return puts

    def _plain_put(self, item: Item) -> "PutTypeDef":
        return {"TableName": self._table_name, "Item": item}

    def _transact(self, puts: "Sequence[PutTypeDef]") -> _Reasons | None:
        """Write all; if that is refused, return why, in the same order."""
        tables = sorted({each["TableName"] for each in puts})
        operation = f"dynamodb:TransactWriteItems on {' and '.join(tables)}"
        listed: list[TransactWriteItemTypeDef] = [{"Put": each} for each in puts]
        try:
            with aws_faults(operation, frozenset({_CANCELLED})):
                self._client.transact_write_items(TransactItems=listed)
        except Declined as declined:
            reasons: _Reasons = declined.answer.get("CancellationReasons", [])
            codes = {each.get("Code", _HOLDS) for each in reasons}
            beyond_help = codes - _PASSING - {_HOLDS, _CONDITION_FAILED}
            if beyond_help or not reasons:
                text = f"{operation} was refused: {', '.join(sorted(beyond_help))}"
                raise ConfigurationFault(Reason.AWS_REFUSED, text) from None
            return reasons
        return None

    def _wait(self, attempt: int, reasons: _Reasons) -> None:
        """Give way to others, unless all that is new is the head."""
        if attempt or any(each.get("Code") in _PASSING for each in reasons):
            longest_seconds = min(_PAUSE_FIRST_SECONDS * 2**attempt, _PAUSE_MAX_SECONDS)
            self._sleep(self._chance() * longest_seconds)


def _stale(puts: "Sequence[Sequence[PutTypeDef]]", reasons: _Reasons) -> Mapping[int, Item]:
    """Return, by the place of a step whose posting is not as expected, what is stored instead."""
    found: dict[int, Item] = {}
    first = 0
    for place, of_step in enumerate(puts):
        reason = reasons[first]
        is_posting = trail_items.CHAIN not in of_step[0]["Item"]
        if is_posting and reason.get("Code") == _CONDITION_FAILED:
            found[place] = reason.get("Item", {})
        first += len(of_step)
    return found
