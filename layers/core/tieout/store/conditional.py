"""Conditional puts that recognise their own work.

    adapter          AWS SDK                     DynamoDB
       │ put ─────────> 1st attempt ───────────────> condition holds: written
       │                     x <──── answer lost ─────
       │                2nd attempt ───────────────> condition fails: an item is there already
       │                     <── that item; its write_id is ours, so it was us
       │ <─ written

Without the write_id a worker would give up a document that nobody else is going to send. Comparing
the items' content instead is not enough: two workers that do the same in the same second write the
same content, and both would believe that they were first.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tieout.store.attributes import Item, Plain, attribute, attributes
from tieout.store.aws_faults import Declined, aws_faults

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef

WRITE_ID = "write_id"
CONDITION_FAILED = "ConditionalCheckFailedException"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition expression.

    Attributes:
        names: what each `#name` stands for. Every attribute goes by such a name, because DynamoDB
            reserves hundreds of words.
        values: what each `:value` stands for, under its name with the colon.
    """

    expression: str
    names: Mapping[str, str]
    values: Mapping[str, Plain] = field(default_factory=dict)


def conditional_put(table_name: str, item: Item, condition: Condition) -> "PutTypeDef":
    """Return the request to put an item if the condition holds, marked as this very call's."""
    request: PutTypeDef = {
        "TableName": table_name,
        "Item": {**item, WRITE_ID: attribute(uuid.uuid4().hex)},
        "ConditionExpression": condition.expression,
        "ExpressionAttributeNames": condition.names,
        # Saves a second read, and cannot show a later state than the one that refused us.
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if condition.values:
        request["ExpressionAttributeValues"] = attributes(**condition.values)
    return request


def is_of(request: "PutTypeDef", stored: Item) -> bool:
    """Whether what is stored was written by this very request, on an earlier attempt."""
    return stored.get(WRITE_ID) == request["Item"][WRITE_ID]


def put_if(
    client: "DynamoDBClient", table_name: str, item: Item, condition: Condition
) -> Item | None:
    """Put the item if the condition holds; return what is stored instead if it does not.

    None means that this very call wrote the item, on whichever attempt.

    Raises:
        TransientFault: nobody knows whether it was written.
        ConfigurationFault: the table cannot be written.
    """
    request = conditional_put(table_name, item, condition)
    try:
        with aws_faults(f"dynamodb:PutItem on {table_name}", frozenset({CONDITION_FAILED})):
            client.put_item(**request)
    except Declined as declined:
        stored: Item = declined.answer.get("Item", {})
        return None if is_of(request, stored) else stored
    return None
