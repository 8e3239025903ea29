"""The inbox table: every event as it was received, kept as evidence."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from tieout.services.ports import Clock, StoredEvent
from tieout.services.trail_ports import ReceivedEvent
from tieout.store import items
from tieout.store.attributes import Item
from tieout.store.aws_faults import Declined, aws_faults
from tieout.store.batches import get_many
from tieout.store.conditional import CONDITION_FAILED, Condition, put_if

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DAY_SECONDS = 86_400
_RAW = "raw"
# Whole texts of JSON: where an id is only a part of one, somebody else may be meant.
_TEXT = re.compile(rb'(?="([^"\\]+)")')


class DynamoInbox:
    """The `Inbox` port's real adapter.

    Every method raises `TransientFault` when DynamoDB cannot be used now and `ConfigurationFault`
    when it cannot be used at all.
    """

    def __init__(
        self, client: "DynamoDBClient", table_name: str, retention_days: int, clock: Clock
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._retention_seconds = retention_days * _DAY_SECONDS
        self._clock = clock

    def store(self, event: StoredEvent) -> bool:
        """Store the event once; False if it was there already.

        A body that does not fit into an item even when compressed is represented by its digest and
        size: Stripe still has it for 30 days, and what is booked is read from Stripe anyway.
        """
        item = items.event_item(event, self._clock.now_unix() + self._retention_seconds)
        never_seen = Condition("attribute_not_exists(#id)", {"#id": items.ID})
        return put_if(self._client, self._table_name, item, never_seen) is None

    def seen(self, event_ids: Iterable[str]) -> frozenset[str]:
        """Return those of the ids that are stored."""
        wanted = {items.event_id_key(event_id): event_id for event_id in event_ids}
        found = get_many(self._client, self._table_name, items.ID, wanted, projection=(items.ID,))
        return frozenset(wanted[item[items.ID]["S"]] for item in found)

    def received(self, event_ids: Iterable[str]) -> Mapping[str, ReceivedEvent]:
        """Return those of the events that are stored, by id, with their evidence."""
        wanted = map(items.event_id_key, event_ids)
        found = map(items.event_from, get_many(self._client, self._table_name, items.ID, wanted))
        return {each.event.hint.event_id: each for each in found}

    def erase_bodies(self, mentioned: Collection[str], event_ids: Collection[str]) -> int:
        """Forget the bodies that mention any of these ids or are of these events; return how many.

        Digest and size stay, so what the audit trail says of an event can still be compared.
        """
        count, wanted = 0, {each.encode() for each in mentioned}
        for item in self._items_with_a_body():
            record = items.event_from(item)
            raw, hint = record.event.raw or b"", record.event.hint
            if hint.event_id in event_ids or not wanted.isdisjoint(_TEXT.findall(raw)):
                self._forget_body(hint.event_id)
                count += 1
        return count

    def _items_with_a_body(self) -> Iterator[Item]:
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table_name,
            FilterExpression="attribute_exists(#raw)",
            ExpressionAttributeNames={"#raw": _RAW},
        )
        with aws_faults(f"dynamodb:Scan on {self._table_name}"):
            for page in pages:
                yield from page["Items"]

    def _forget_body(self, event_id: str) -> None:
        operation = f"dynamodb:UpdateItem on {self._table_name}"
        with suppress(Declined), aws_faults(operation, frozenset({CONDITION_FAILED})):
            self._client.update_item(
                TableName=self._table_name,
                Key=items.key_of(items.event_id_key(event_id)),
                # Not of one that has expired meanwhile: an update would make it anew.
                ConditionExpression="attribute_exists(#id)",
                UpdateExpression="REMOVE #raw",
                ExpressionAttributeNames={"#raw": _RAW, "#id": items.ID},
            )
