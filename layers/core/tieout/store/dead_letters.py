"""Redrive: move what lies in the dead-letter queue back to the queue, which is the replay button.

SQS does it by itself (StartMessageMoveTask). Where the endpoint has no such thing, as in an
embedded AWS, the messages are moved one by one:

    receive ──> send ──> delete
             │        └─ dying here leaves the message in both queues: it is processed, found there
             │           again by the next redrive, and processing it again books nothing
             └────────── dying here leaves it where it was

Either way a message that is redriven is a new one: new id, new time, receive count back at zero.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tieout.domain.errors import Unavailable
from tieout.store.aws_faults import Declined, aws_faults
from tieout.store.work_queue import sqs_name

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

MESSAGES_MAX = 10_000
WAIT_SECONDS_MAX = 300
_POLL_SECONDS = 2
# How an endpoint without the operation says so; the first is MiniStack's answer, the others are
# what AWS's own protocols define for it.
_NOT_OFFERED = frozenset(
    {"InvalidAction", "NotImplemented", "UnknownOperation", "UnknownOperationException"}
)
# Source: SQS API reference, ReceiveMessage.
_BATCH_MAX = 10
# Longer than a send and a delete take, SDK retries included.
_RECEIVE_VISIBILITY_SECONDS = 60


def move_dead_letters(
    client: "SQSClient",
    dead_letter_queue_url: str,
    queue_url: str,
    messages_max: int = MESSAGES_MAX,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Move the dead letters back to the queue and return how many were moved.

    Args:
        client: SQS's.
        dead_letter_queue_url: where they lie.
        queue_url: where they go.
        messages_max: how many to move at most where they are moved one by one. SQS's own task
            takes all of them.
        sleep: waits between looks at SQS's own task.

    Raises:
        Unavailable: SQS did not answer, or its task is still at it after five minutes; what was
            moved by then stays moved.
        ConfigurationFault: a queue does not exist, or a permission is missing.
    """
    source_arn = _arn(client, dead_letter_queue_url)
    try:
        with aws_faults(f"sqs:StartMessageMoveTask on {dead_letter_queue_url}", _NOT_OFFERED):
            client.start_message_move_task(
                SourceArn=source_arn, DestinationArn=_arn(client, queue_url)
            )
    except Declined:
        return _move_one_by_one(client, dead_letter_queue_url, queue_url, messages_max)
    return _wait_for_task(client, source_arn, sleep)


def _wait_for_task(client: "SQSClient", source_arn: str, sleep: Callable[[float], None]) -> int:
    operation = f"sqs:ListMessageMoveTasks on {source_arn}"
    for _ in range(WAIT_SECONDS_MAX // _POLL_SECONDS):
        with aws_faults(operation):
            answer = client.list_message_move_tasks(SourceArn=source_arn, MaxResults=1)
        # The newest task comes first, and SQS runs one at a time for each queue.
        newest = answer["Results"][0]
        if newest["Status"] == "COMPLETED":
            return newest["ApproximateNumberOfMessagesMoved"]
        if newest["Status"] != "RUNNING":
            raise Unavailable(f"{operation}: {newest['Status']} {newest.get('FailureReason', '')}")
        sleep(_POLL_SECONDS)
    raise Unavailable(f"{operation}: still running after {WAIT_SECONDS_MAX} seconds")


def _move_one_by_one(
    client: "SQSClient", dead_letter_queue_url: str, queue_url: str, messages_max: int
) -> int:
    moved = 0
    while moved < messages_max:
        with aws_faults(f"sqs:ReceiveMessage from {dead_letter_queue_url}"):
            answer = client.receive_message(
                QueueUrl=dead_letter_queue_url,
                MaxNumberOfMessages=min(_BATCH_MAX, messages_max - moved),
                MessageSystemAttributeNames=["MessageGroupId"],
                VisibilityTimeout=_RECEIVE_VISIBILITY_SECONDS,
            )
        messages = answer.get("Messages", [])
        if not messages:
            break
        # One after the other, so that the messages of a group stay in order.
        for message in messages:
            _move(client, dead_letter_queue_url, queue_url, message)
            moved += 1
    return moved


def _move(
    client: "SQSClient", dead_letter_queue_url: str, queue_url: str, message: "MessageTypeDef"
) -> None:
    with aws_faults(f"sqs:SendMessage to {queue_url}"):
        client.send_message(
            QueueUrl=queue_url,
            MessageBody=message["Body"],
            MessageGroupId=message["Attributes"]["MessageGroupId"],
            # Not the message's own deduplication id: within five minutes of its first send the
            # queue would swallow the repeat, and we would delete the only copy. Its id is new with
            # every redrive, and the same when we come by again after dying before the delete.
            MessageDeduplicationId=sqs_name(f"redrive:{message['MessageId']}"),
        )
    with aws_faults(f"sqs:DeleteMessage from {dead_letter_queue_url}"):
        client.delete_message(
            QueueUrl=dead_letter_queue_url, ReceiptHandle=message["ReceiptHandle"]
        )


def _arn(client: "SQSClient", queue_url: str) -> str:
    with aws_faults(f"sqs:GetQueueAttributes of {queue_url}"):
        answer: Any = client.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])
