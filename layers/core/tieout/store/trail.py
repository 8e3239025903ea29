"""Writing the audit trail: a posting and its entry together, or neither.

    worker                                  DynamoDB, in one transaction
      │ head as this process knows it         posting    if its predecessor is stored
      │ entry made on it                      entry      if there is none of its number
      ├──────────────────────────────────>    head       if it is what the entry was made on
      │                                       evidence, and what leads from ids to the entry
      │ <── the head has moved: here it is
      │ entry made anew on that ─────────>    ...

Nothing is read before: the head is known from the last write, and a refusal brings the new one.
"""

import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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

# So often an entry is made anew; in between come the entries of others, so somebody gets on.
ATTEMPTS_MAX = 12
_PAUSE_FIRST_SECONDS = 0.005
_PAUSE_MAX_SECONDS = 0.4
_CANCELLED = "TransactionCanceledException"
_HOLDS = "None"
_CONDITION_FAILED = "ConditionalCheckFailed"
# Others were at the same items at the same moment, or more than the table takes at once.
_PASSING = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
SALT_BYTES = 16

_Reasons = Sequence[Mapping[str, Any]]


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

    def write(self, posting: Posting, cause: Cause, put: "PutTypeDef") -> Item | None:
        """Write a posting with its entry; return what is stored instead if it is not written.

        Args:
            posting: what the entry tells of.
            cause: what led to it.
            put: writes the posting, from `conditional_put`.

        Raises:
            TransientFault: nobody knows whether it was written, or too many were at it.
            ConfigurationFault: a table cannot be written.
        """
        texts = evidence_texts(posting, cause)
        evidence = Evidence(texts, self._new_salt()) if texts else None
        digest = "" if evidence is None else evidence.digest

        def writes(head: Head) -> "tuple[Entry, Sequence[PutTypeDef]]":
            entry = written(head, posting, cause, self._worker, digest)
            marked = {**put["Item"], trail_items.TRAIL_SEQ: attribute(entry.seq)}
            beside = [] if evidence is None else [trail_items.evidence_item(entry, evidence)]
            return entry, [{**put, "Item": marked}, *map(self._put, beside)]

        refusal = self._append(chain_of(posting), writes)
        return None if refusal is None or is_of(put, refusal) else refusal

    def append(self, account: str, make: Callable[[Head], Entry]) -> Entry:
        """Append an entry that tells of no posting, and return it as it was written.

        Args:
            account: whose chain it goes to.
            make: makes it on a head.

        Raises:
            TransientFault, ConfigurationFault: as `write`.
        """
        made: list[Entry] = []

        def writes(head: Head) -> "tuple[Entry, Sequence[PutTypeDef]]":
            made.append(make(head))
            return made[-1], []

        self._append(account, writes)
        return made[-1]

    def _append(
        self, account: str, writes: "Callable[[Head], tuple[Entry, Sequence[PutTypeDef]]]"
    ) -> Item | None:
        """Write an entry and what belongs to it; if the first of that is refused, what is there.

        The first of what `writes` returns may have a condition of its own.
        """
        for attempt in range(ATTEMPTS_MAX):
            entry, own = writes(self._heads.get(account, Head(account)))
            reasons = self._transact([*self._chained(entry), *own, *self._indexed(entry)])
            if reasons is None:
                self._heads[account] = head_after(entry)
                return None
            head, _, *others = reasons
            if head.get("Code") == _CONDITION_FAILED:
                stored = head.get("Item")
                self._heads[account] = trail_items.head_from(stored) if stored else Head(account)
            if own and others[0].get("Code") == _CONDITION_FAILED:
                found: Item = others[0].get("Item", {})
                return found
            self._wait(attempt, reasons)
        raise Unavailable(
            f"dynamodb:TransactWriteItems on {self._table_name}: the chain of {account} moved on, "
            f"or its head does not fit its entries, {ATTEMPTS_MAX} times running"
        )

    def _chained(self, entry: Entry) -> "Sequence[PutTypeDef]":
        """Return the writes of the head and of the entry itself."""
        head = trail_items.head_item(head_after(entry))
        names = {"#last": trail_items.LAST, "#hash": trail_items.HASH}
        there_is_no_chain = Condition("attribute_not_exists(#last)", {"#last": trail_items.LAST})
        it_ends_before_the_entry = Condition(
            "#last = :last AND #hash = :hash",
            names,
            {":last": entry.seq - 1, ":hash": entry.previous},
        )
        condition = there_is_no_chain if entry.seq == 1 else it_ends_before_the_entry
        never_written = Condition("attribute_not_exists(#chain)", {"#chain": trail_items.CHAIN})
        return [
            conditional_put(self._table_name, head, condition),
            conditional_put(self._table_name, trail_items.entry_item(entry), never_written),
        ]

    def _indexed(self, entry: Entry) -> "Iterator[PutTypeDef]":
        for identifier in sorted(entry.ids):
            yield self._put(trail_items.id_item(entry, identifier))
        if entry.seq == 1:
            yield self._put(trail_items.chain_item(entry.account))

    def _put(self, item: Item) -> "PutTypeDef":
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
