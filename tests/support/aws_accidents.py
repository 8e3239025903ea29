"""Accidents between an AWS client and AWS, arranged with botocore's own event hooks."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def lose_first_answer(
    client: "DynamoDBClient", operation: str, meanwhile: Callable[[], object] = lambda: None
) -> None:
    """Have the next `operation` executed, its answer lost, and the SDK send it again.

    Args:
        client: whose next call it is.
        operation: name in the API, such as `PutItem`.
        meanwhile: what happens between the two attempts.
    """
    lost = False

    # The first answer to this event that is not None makes the SDK send again, after so many
    # seconds.
    def retry_once(**_: Any) -> Any:  # noqa: ANN401 - botocore types no handler that answers
        nonlocal lost
        if lost:
            return None
        lost = True
        meanwhile()
        return 0.0

    client.meta.events.register_first(f"needs-retry.dynamodb.{operation}", retry_once)


class Calls:
    """Counts the calls that a client makes."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - a client of any service
        self.operations: list[str] = []
        client.meta.events.register("before-call", self._note)

    def _note(self, model: Any, **_: Any) -> None:  # noqa: ANN401 - botocore passes what it has
        self.operations.append(model.name)
