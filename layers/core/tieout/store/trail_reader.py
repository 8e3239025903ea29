"""Reading the audit trail, anchoring it, and taking out what must be forgotten."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from tieout.domain.trail import MAIN, Action, Anchor, Entry, Evidence, Head
from tieout.store import trail_items
from tieout.store.attributes import Item, Plain, attributes, plains
from tieout.store.aws_faults import aws_faults
from tieout.store.batches import get_items
from tieout.store.conditional import put_if
from tieout.store.trail import TrailWriter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoTrail:
    """The real adapter of the ports `Trail`, `Anchors` and `Erasure`.

    Every method raises `TransientFault` when DynamoDB cannot be used now and `ConfigurationFault`
    when it cannot be used at all.

    Args:
        client: DynamoDB's.
        table_name: the trail table.
        worker: names this process in what it writes.
    """

    def __init__(self, client: "DynamoDBClient", table_name: str, worker: str = "") -> None:
        self._client = client
        self._table_name = table_name
        self._writer = TrailWriter(client, table_name, worker)

    def accounts(self) -> Sequence[str]:
        """Return the accounts that have a chain, `main` first."""
        found = {plains(item)[trail_items.NAME] for item in self._query(trail_items.CHAINS)}
        return sorted(found, key=lambda name: (name != MAIN, name))

    def head(self, account: str) -> Head:
        """Return where a chain ends, as is stored; number 0 if there is none."""
        item = self._get(trail_items.key(account, trail_items.HEAD_SEQ))
        return Head(account) if item is None else trail_items.head_from(item)

    def entries(self, account: str, after: int = 0) -> Iterator[Entry]:
        """Yield the entries whose place is behind a number, in the order of their places."""
        return map(_entry, self._query(account, max(after, trail_items.HEAD_SEQ)))

    def at(self, account: str, numbers: Collection[int]) -> Mapping[int, Entry]:
        """Return the entries of these places, of those there are."""
        found = self._get_many(account, numbers)
        return {seq: _entry(item) for seq, item in found.items()}

    def of_id(self, identifier: str) -> Sequence[Entry]:
        """Return every entry that has to do with an id, by account and number."""
        found: list[Entry] = []
        for account in self.accounts():
            listed = self._query(trail_items.id_chain(account, identifier))
            numbers = [plains(item)[trail_items.SEQ] for item in listed]
            by_number = self.at(account, numbers)
            found += [by_number[seq] for seq in numbers if seq in by_number]
        return found

    def evidence(self, account: str, numbers: Collection[int]) -> Mapping[int, Evidence]:
        """Return the evidence of the entries of these numbers, of those that have any."""
        found = self._get_many(trail_items.evidence_chain(account), numbers)
        return {seq: _evidence(item) for seq, item in found.items()}

    def anchors(self, account: str) -> Sequence[Anchor]:
        """Return the anchors of a chain, by day."""
        return [
            trail_items.anchor_from(item) for item in self._query(trail_items.anchor_chain(account))
        ]

    def anchor_of(self, account: str, day: str) -> Anchor | None:
        """Return the anchor of a day; None if there is none."""
        item = self._get(trail_items.anchor_key(account, day))
        return None if item is None else trail_items.anchor_from(item)

    def keep(self, anchor: Anchor) -> bool:
        """Store an anchor; False if that day has one already, which stays."""
        item = trail_items.anchor_item(anchor)
        return put_if(self._client, self._table_name, item, trail_items.NEVER_WRITTEN) is None

    def append(self, account: str, make: Callable[[Head], Entry]) -> Entry:
        """Append an entry that tells of no posting, and return it as it was written."""
        return self._writer.append(account, make)

    def erase(self, entry: Entry, erased_by: int) -> None:
        """Put in the place of an entry's evidence who erased it."""
        item = trail_items.erased_item(entry.account, entry.seq, erased_by)
        with aws_faults(f"dynamodb:PutItem on {self._table_name}"):
            self._client.put_item(TableName=self._table_name, Item=item)

    def _get(self, key: Item) -> Item | None:
        with aws_faults(f"dynamodb:GetItem on {self._table_name}"):
            answer = self._client.get_item(TableName=self._table_name, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def _get_many(self, chain: str, numbers: Collection[int]) -> Mapping[int, Item]:
        keys = [trail_items.key(chain, seq) for seq in dict.fromkeys(numbers)]
        found = get_items(self._client, self._table_name, keys)
        return {plains(item)[trail_items.SEQ]: item for item in found}

    def _query(self, chain: str, after: int = -1) -> Iterator[Item]:
        """Yield the items of a partition behind a number, in order, page by page."""
        values: dict[str, Plain] = {":chain": chain, ":after": after}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table_name,
            ConsistentRead=True,
            KeyConditionExpression="#chain = :chain AND #seq > :after",
            ExpressionAttributeNames={"#chain": trail_items.CHAIN, "#seq": trail_items.SEQ},
            ExpressionAttributeValues=attributes(**values),
        )
        with aws_faults(f"dynamodb:Query on {self._table_name}"):
            for page in pages:
                yield from page["Items"]


def _entry(item: Item) -> Entry:
    """Return an item's entry; of what nobody can read, one that does not fit its hash."""
    try:
        return trail_items.entry_from(item)
    except (ValueError, KeyError):
        values = plains(item)
        account, seq = values[trail_items.CHAIN], values[trail_items.SEQ]
        return Entry(account, seq, 0, "", Action.WRITTEN, "", {}, hash="cannot be read")


def _evidence(item: Item) -> Evidence:
    """Return an item's evidence; of what nobody can read, one that fits no digest."""
    try:
        return trail_items.evidence_from(item)
    except (ValueError, KeyError):
        return Evidence({}, b"")
