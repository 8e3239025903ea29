"""Reading many items at once, in as few requests as DynamoDB allows."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from tieout.domain.errors import Throttled
from tieout.store.attributes import Item
from tieout.store.aws_faults import aws_faults

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesUnionTypeDef

# Source: DynamoDB API reference, BatchGetItem: 100 items, and no key twice.
_KEYS_MAX = 100
# DynamoDB hands back keys that it had no capacity (or, over 16 MB, no room) for.
_ATTEMPTS_MAX = 8
_BACK_OFF_FIRST_SECONDS = 0.05

Sleep = Callable[[float], None]


def get_many(
    client: "DynamoDBClient",
    table_name: str,
    key_name: str,
    keys: Iterable[str],
    projection: Sequence[str] = (),
    sleep: Sleep = time.sleep,
) -> Iterator[Item]:
    """Yield the items that exist among the keys, read consistently, in no order.

    Args:
        client: DynamoDB's.
        table_name: table to read.
        key_name: name of its partition key, whose values `keys` are.
        keys: may repeat themselves.
        projection: attributes to return; none means all.
        sleep: waits between attempts.

    Raises:
        Throttled: DynamoDB left some keys unread again and again.
        Unavailable, ConfigurationFault: as `aws_faults` has it.
    """
    distinct = ({key_name: {"S": key}} for key in dict.fromkeys(keys))
    return get_items(client, table_name, distinct, projection, sleep)


def get_items(
    client: "DynamoDBClient",
    table_name: str,
    keys: Iterable[Item],
    projection: Sequence[str] = (),
    sleep: Sleep = time.sleep,
) -> Iterator[Item]:
    """Yield the items that exist among whole keys, none of which repeats itself, as `get_many`."""
    remaining = iter(keys)
    while chunk := list(islice(remaining, _KEYS_MAX)):
        asked: KeysAndAttributesUnionTypeDef = {"Keys": chunk, "ConsistentRead": True}
        if projection:
            names = {f"#{index}": name for index, name in enumerate(projection)}
            asked["ProjectionExpression"] = ", ".join(names)
            asked["ExpressionAttributeNames"] = names
        yield from _get_chunk(client, table_name, asked, sleep)


def _get_chunk(
    client: "DynamoDBClient",
    table_name: str,
    asked: "KeysAndAttributesUnionTypeDef",
    sleep: Sleep,
) -> Iterator[Item]:
    operation = f"dynamodb:BatchGetItem on {table_name}"
    request: dict[str, Any] = {table_name: asked}
    for attempt in range(_ATTEMPTS_MAX):
        if attempt:
            sleep(_BACK_OFF_FIRST_SECONDS * 2 ** (attempt - 1))
        with aws_faults(operation):
            answer = client.batch_get_item(RequestItems=request)
        yield from answer["Responses"].get(table_name, [])
        request = dict(answer.get("UnprocessedKeys", {}))
        if not request:
            return
    raise Throttled(f"{operation}: keys left unread after {_ATTEMPTS_MAX} attempts")
