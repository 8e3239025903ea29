"""Goal: keys that DynamoDB hands back unread are asked for again, with pauses, and not for ever.

Method: a stubbed client hands keys back; moto never does.
"""

from typing import Any

import pytest
from botocore.stub import Stubber

from tests.support.aws import Aws
from tieout.domain.errors import Throttled, Unavailable
from tieout.store.batches import get_many


def asked(*keys: str) -> dict[str, Any]:
    return {"inbox": {"Keys": [{"id": {"S": key}} for key in keys], "ConsistentRead": True}}


def answer(read: tuple[str, ...], unread: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "Responses": {"inbox": [{"id": {"S": key}} for key in read]},
        "UnprocessedKeys": asked(*unread) if unread else {},
    }


def test_keys_left_unread_are_asked_for_again_after_a_growing_pause(aws: Aws) -> None:
    pauses: list[float] = []
    with Stubber(aws.dynamodb) as stubber:
        for keys, read, unread in (
            (("a", "b", "c"), ("b",), ("a", "c")),
            (("a", "c"), (), ("a", "c")),
            (("a", "c"), ("c", "a"), ()),
        ):
            stubber.add_response(
                "batch_get_item", answer(read, unread), {"RequestItems": asked(*keys)}
            )
        found = list(get_many(aws.dynamodb, "inbox", "id", "abc", sleep=pauses.append))
        stubber.assert_no_pending_responses()
    assert [item["id"]["S"] for item in found] == ["b", "c", "a"]
    assert pauses == [0.05, 0.1]


def test_asking_again_has_an_end(aws: Aws) -> None:
    pauses: list[float] = []
    with Stubber(aws.dynamodb) as stubber:
        for _ in range(8):
            stubber.add_response("batch_get_item", answer((), ("a",)))
        with pytest.raises(Throttled, match="BatchGetItem on inbox: keys left unread"):
            list(get_many(aws.dynamodb, "inbox", "id", "a", sleep=pauses.append))
        stubber.assert_no_pending_responses()
    assert sum(pauses) < 10


def test_an_answer_that_does_not_come_is_no_missing_item(aws: Aws) -> None:
    with Stubber(aws.dynamodb) as stubber:
        stubber.add_client_error("batch_get_item", "InternalServerError", http_status_code=500)
        with pytest.raises(Unavailable):
            list(get_many(aws.dynamodb, "inbox", "id", "a"))
