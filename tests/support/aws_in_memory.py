"""The AWS that the webhook needs, in this process: as strict as the real one about what it is sent,
and fast enough for a hundred thousand calls. It stands in for the boto3 clients.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from botocore.exceptions import ClientError

Item: TypeAlias = dict[str, dict[str, Any]]

# Source: "Constraints in Amazon DynamoDB": partition keys, numbers, items.
_KEY_BYTES_MAX = 2_048
_NUMBER = re.compile(r"[+-]?\d{1,38}")
_ITEM_BYTES_MAX = 400 * 1024
# Source: SQS API reference, SendMessage: names, characters and size of a message.
_SQS_NAME = re.compile(r"[\x21-\x7e]{1,128}")
_SQS_TEXT = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")
_MESSAGE_BYTES_MAX = 1024 * 1024


class AwsInMemory:
    """A table, a queue that only grows, and one secret, under the methods of their clients.

    Attributes:
        items: by their id.
        messages: what was sent to the queue, in order.
    """

    def __init__(self, secret: str) -> None:
        self.items: dict[str, Item] = {}
        self.messages: list[Mapping[str, Any]] = []
        self._secret = secret

    def put_item(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as boto3 has it
        item: Item = request["Item"]
        _check(item)
        # Whoever puts here asks for a new item; no time passes in which one could expire.
        assert "attribute_not_exists(#id)" in request["ConditionExpression"]
        stored = self.items.setdefault(item["id"]["S"], item)
        if stored is not item:
            raise _refusal("ConditionalCheckFailedException", {"Item": stored})
        return {}

    def update_item(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as boto3 has it
        # Powertools sets `#name = :name` for each attribute.
        names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
        item = self.items[request["Key"]["id"]["S"]]
        item |= {names[f"#{name[1:]}"]: value for name, value in values.items()}
        _check(item)
        return {}

    def send_message(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as boto3 has it
        body = request["MessageBody"]
        if not _SQS_TEXT.fullmatch(body) or len(body.encode()) > _MESSAGE_BYTES_MAX:
            raise _refusal("InvalidMessageContents")
        for name in (request["MessageGroupId"], request["MessageDeduplicationId"]):
            if not _SQS_NAME.fullmatch(name):
                raise _refusal("InvalidParameterValue")
        self.messages.append(request)
        return {"MessageId": str(len(self.messages))}

    def get_secret_value(self, **_: object) -> Mapping[str, Any]:
        return {"SecretString": self._secret, "VersionId": "1"}


def _check(item: Item) -> None:
    """Refuse what DynamoDB refuses, and what boto3 would not even send."""
    size = sum(len(name) + _size(value) for name, value in item.items())
    if size > _ITEM_BYTES_MAX or not 0 < _size(item["id"]) <= _KEY_BYTES_MAX:
        raise _refusal("ValidationException")


def _size(value: Mapping[str, Any]) -> int:
    match value:
        case {"S": str(text)}:
            try:
                return len(text.encode())
            except UnicodeEncodeError:
                raise _refusal("SerializationException") from None
        case {"N": str(number)} if _NUMBER.fullmatch(number):
            return len(number)
        case {"B": bytes(data)}:
            return len(data)
        case {"BOOL": bool()} | {"NULL": True}:
            return 1
        case _:
            raise _refusal("ValidationException")


def _refusal(code: str, evidence: Mapping[str, Any] | None = None) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": code}, **(evidence or {})}
    return ClientError(answer, "Any")
