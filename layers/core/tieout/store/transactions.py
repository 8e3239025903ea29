"""How many Intacct transactions each month had, in the state table."""

from typing import TYPE_CHECKING

from tieout.store import items
from tieout.store.attributes import attributes, plains
from tieout.store.aws_faults import aws_faults

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_COUNT = "transactions"


class DynamoTransactions:
    """The `TransactionCounts` port's real adapter.

    Both methods raise `TransientFault` when DynamoDB cannot be used now and `ConfigurationFault`
    when it cannot be used at all.
    """

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table_name = table_name

    def add(self, month: str, transactions: int) -> None:
        """Add to a month's (`2026-11`); concurrent additions all count."""
        with aws_faults(f"dynamodb:UpdateItem on {self._table_name}"):
            self._client.update_item(
                TableName=self._table_name,
                Key=items.key_of(items.transactions_id(month)),
                UpdateExpression="ADD #count :more",
                ExpressionAttributeNames={"#count": _COUNT},
                ExpressionAttributeValues=attributes(**{":more": transactions}),
            )

    def of(self, month: str) -> int:
        """Return how many there were in a month so far."""
        with aws_faults(f"dynamodb:GetItem on {self._table_name}"):
            answer = self._client.get_item(
                TableName=self._table_name, Key=items.key_of(items.transactions_id(month))
            )
        counted: int = plains(answer.get("Item", {})).get(_COUNT, 0)
        return counted
