"""How far each poll has come, in the state table."""

from typing import TYPE_CHECKING

from tieout.store import items
from tieout.store.aws_faults import Declined, aws_faults
from tieout.store.conditional import CONDITION_FAILED

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_REACHED = "reached_unix"


class DynamoCursors:
    """The `Cursors` port's real adapter.

    Both methods raise `TransientFault` when DynamoDB cannot be used now and `ConfigurationFault`
    when it cannot be used at all.
    """

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def get(self, name: str) -> int | None:
        """Return the cursor (unix seconds), None before the first run."""
        with aws_faults(f"dynamodb:GetItem on {self._table_name}"):
            answer = self._client.get_item(
                TableName=self._table_name,
                Key=items.key_of(items.cursor_id(name)),
                ConsistentRead=True,
            )
        item = answer.get("Item")
        return None if item is None else int(item[_REACHED]["N"])

    def advance(self, name: str, to_unix: int) -> None:
        """Move the cursor forward; never back."""
        # The first run ever.
        no_cursor_yet = "attribute_not_exists(#reached)"
        # Two runs may overlap, and the slower one knows less.
        behind = "#reached < :to"
        try:
            with aws_faults(
                f"dynamodb:UpdateItem on {self._table_name}", frozenset({CONDITION_FAILED})
            ):
                self._client.update_item(
                    TableName=self._table_name,
                    Key=items.key_of(items.cursor_id(name)),
                    UpdateExpression="SET #reached = :to",
                    ConditionExpression=f"{no_cursor_yet} OR {behind}",
                    ExpressionAttributeNames={"#reached": _REACHED},
                    ExpressionAttributeValues={":to": {"N": str(to_unix)}},
                )
        except Declined:
            # It is there or further already, which is all that was asked for.
            return
