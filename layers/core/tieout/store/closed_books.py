"""Through which days Intacct's books are closed: one item of the state table."""

import json
from datetime import date
from typing import TYPE_CHECKING

from tieout.services.ports import ClosedDates
from tieout.store import items
from tieout.store.attributes import attributes, plains
from tieout.store.aws_faults import aws_faults

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TOP_LEVEL = ""


class DynamoClosedBooks:
    """The `ClosedBooks` port's real adapter.

    Both methods raise `TransientFault` when DynamoDB cannot be used now and `ConfigurationFault`
    when it cannot be used at all.
    """

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def dates(self) -> ClosedDates:
        """Return what was stored last."""
        with aws_faults(f"dynamodb:GetItem on {self._table_name}"):
            answer = self._client.get_item(
                TableName=self._table_name,
                Key=items.key_of(items.CLOSED_BOOKS_ID),
                ConsistentRead=True,
            )
        values = plains(answer.get("Item", {}))
        by_entity: dict[str, str] = json.loads(values.get("by_entity", "{}"))
        return ClosedDates(
            {entity or None: date.fromisoformat(day) for entity, day in by_entity.items()},
            values.get("asked_at_unix"),
        )

    def save(self, dates: ClosedDates) -> None:
        """Store it, in place of what was there before."""
        by_entity = {
            entity or _TOP_LEVEL: day.isoformat() for entity, day in dates.by_entity.items()
        }
        item = attributes(
            id=items.CLOSED_BOOKS_ID,
            by_entity=json.dumps(by_entity, sort_keys=True),
            asked_at_unix=dates.asked_at_unix,
        )
        with aws_faults(f"dynamodb:PutItem on {self._table_name}"):
            self._client.put_item(TableName=self._table_name, Item=item)
