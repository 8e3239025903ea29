"""Goal: a redrive moves every dead letter back, in order, and loses none wherever it dies.

Method: SQS's own task is stubbed, since nothing but AWS has it; moving one by one runs on moto.
"""

from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from tests.support.aws import Aws
from tieout.domain.errors import ConfigurationFault, Unavailable
from tieout.store.dead_letters import move_dead_letters

DEAD, QUEUE = "https://sqs/dead.fifo", "https://sqs/queue.fifo"


def without_task(aws: Aws) -> None:
    """Have SQS answer as an endpoint that does not know the operation."""

    def refuse(**_: object) -> None:
        response: Any = {"Error": {"Code": "InvalidAction"}}
        raise ClientError(response, "StartMessageMoveTask")

    aws.sqs.meta.events.register("before-call.sqs.StartMessageMoveTask", refuse)


def send(aws: Aws, url: str, *messages: str, group: str = "cus_1") -> None:
    for message in messages:
        aws.sqs.send_message(
            QueueUrl=url,
            MessageBody=message,
            MessageGroupId=group,
            MessageDeduplicationId=message,
        )


def received(aws: Aws, url: str) -> Sequence[tuple[str, str]]:
    """Take what there is from a queue: bodies and groups."""
    found = []
    while messages := aws.sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["MessageGroupId"]
    ).get("Messages"):
        for message in messages:
            found.append((message["Body"], message["Attributes"]["MessageGroupId"]))
            aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_without_a_task_messages_are_moved_one_by_one_in_order(aws: Aws) -> None:
    without_task(aws)
    dead, queue = aws.queue(), aws.queue()
    bodies = [f"m{number:02}" for number in range(12)]
    send(aws, dead, *bodies)
    send(aws, dead, "other", group="cus_2")
    assert move_dead_letters(aws.sqs, dead, queue) == 13
    moved = received(aws, queue)
    assert [body for body, group in moved if group == "cus_1"] == bodies
    assert [body for body, group in moved if group == "cus_2"] == ["other"]
    assert received(aws, dead) == []
    assert move_dead_letters(aws.sqs, dead, queue) == 0


def test_a_message_is_moved_although_the_queue_had_it_five_minutes_ago(aws: Aws) -> None:
    without_task(aws)
    dead, queue = aws.queue(), aws.queue()
    send(aws, queue, "m1")
    received(aws, queue)
    send(aws, dead, "m1")
    move_dead_letters(aws.sqs, dead, queue)
    (message,) = aws.sqs.receive_message(
        QueueUrl=queue, MessageSystemAttributeNames=["MessageDeduplicationId"]
    )["Messages"]
    # moto forgets a message that was deleted, AWS does not: the id must be another one.
    assert message["Attributes"]["MessageDeduplicationId"] != "m1"


def test_no_more_are_moved_than_asked_for(aws: Aws) -> None:
    without_task(aws)
    dead, queue = aws.queue(), aws.queue()
    send(aws, dead, *(f"m{number:02}" for number in range(12)))
    assert move_dead_letters(aws.sqs, dead, queue, messages_max=11) == 11
    assert len(received(aws, queue)) == 11


def test_dying_between_send_and_delete_loses_nothing(aws: Aws) -> None:
    without_task(aws)
    dead, queue = aws.queue(), aws.queue()
    send(aws, dead, "m1", "m2")

    def die(**_: object) -> None:
        raise KeyboardInterrupt

    aws.sqs.meta.events.register("before-call.sqs.DeleteMessage", die, unique_id="die")
    with pytest.raises(KeyboardInterrupt):
        move_dead_letters(aws.sqs, dead, queue)
    aws.sqs.meta.events.unregister("before-call.sqs.DeleteMessage", unique_id="die")
    assert received(aws, queue) == [("m1", "cus_1")]
    counts = aws.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["All"])["Attributes"]
    waiting = int(counts["ApproximateNumberOfMessages"])
    in_flight = int(counts["ApproximateNumberOfMessagesNotVisible"])
    assert waiting + in_flight == 2


def task(status: str, moved: int = 0) -> dict[str, Any]:
    return {"Results": [{"Status": status, "ApproximateNumberOfMessagesMoved": moved}]}


def run_task(aws: Aws, *answers: dict[str, Any]) -> tuple[int, Sequence[float]]:
    """Move with SQS's own task, which goes through these answers; return count and pauses."""
    pauses: list[float] = []
    with Stubber(aws.sqs) as stubber:
        for name in ("dead", "queue"):
            stubber.add_response(
                "get_queue_attributes", {"Attributes": {"QueueArn": f"arn:{name}"}}
            )
        stubber.add_response(
            "start_message_move_task",
            {"TaskHandle": "task"},
            {"SourceArn": "arn:dead", "DestinationArn": "arn:queue"},
        )
        for answer in answers:
            stubber.add_response("list_message_move_tasks", answer)
        return move_dead_letters(aws.sqs, DEAD, QUEUE, sleep=pauses.append), pauses


def test_where_sqs_has_a_task_it_is_started_and_waited_for(aws: Aws) -> None:
    moved, pauses = run_task(aws, task("RUNNING"), task("RUNNING", 40), task("COMPLETED", 57))
    assert moved == 57
    assert pauses == [2, 2]


def test_a_task_that_failed_says_why(aws: Aws) -> None:
    failed = task("FAILED")
    failed["Results"][0]["FailureReason"] = "CouldNotReceiveMessage"
    with pytest.raises(Unavailable, match="FAILED CouldNotReceiveMessage"):
        run_task(aws, failed)


def test_waiting_for_a_task_has_an_end(aws: Aws) -> None:
    with pytest.raises(Unavailable, match="still running after 300 seconds"):
        run_task(aws, *([task("RUNNING")] * 150))


def test_a_missing_permission_is_not_taken_for_a_missing_operation(aws: Aws) -> None:
    with Stubber(aws.sqs) as stubber:
        for name in ("dead", "queue"):
            stubber.add_response(
                "get_queue_attributes", {"Attributes": {"QueueArn": f"arn:{name}"}}
            )
        stubber.add_client_error("start_message_move_task", "AccessDenied", "not for you")
        with pytest.raises(ConfigurationFault, match=r"StartMessageMoveTask.*not for you"):
            move_dead_letters(aws.sqs, DEAD, QUEUE)
