"""How far each pass of the poller has come, in the state table."""

import dataclasses
from typing import TYPE_CHECKING

from tieout.services.ports import Progress
from tieout.store import items
from tieout.store.attributes import attributes, plains
from tieout.store.aws_faults import aws_faults

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_FIELDS = frozenset(each.name for each in dataclasses.fields(Progress))


class DynamoCursors:
    """The `Cursors` port's real adapter.

    Both methods raise `TransientFault` when DynamoDB cannot be used now and `ConfigurationFault`
    when it cannot be used at all.
    """

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def get(self, name: str) -> Progress:
        """Return the progress of the pass; of one that never began, an empty one."""
        with aws_faults(f"dynamodb:GetItem on {self._table_name}"):
            answer = self._client.get_item(
                TableName=self._table_name,
                Key=items.key_of(items.cursor_id(name)),
                ConsistentRead=True,
            )
        values = plains(answer.get("Item", {}))
        return Progress(**{field: values[field] for field in _FIELDS & values.keys()})

    def put(self, name: str, progress: Progress) -> None:
        """Store the progress of the pass, in one write: half a record would not be true."""
        with aws_faults(f"dynamodb:PutItem on {self._table_name}"):
            self._client.put_item(
                TableName=self._table_name,
                Item=attributes(id=items.cursor_id(name), **dataclasses.asdict(progress)),
            )
