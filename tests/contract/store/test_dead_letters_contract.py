"""Goal: a redrive on the embedded AWS moves what a redrive on AWS moves.

Method: dead letters on the emulator, which has no move task, so that they are moved one by one.
What happens when that dies half-way is tried in the unit tests.
"""

from collections.abc import Sequence

import pytest

from tests.support.aws import Aws
from tieout.store.dead_letters import move_dead_letters

pytestmark = pytest.mark.emulator


def send(aws: Aws, url: str, group: str, *bodies: str) -> None:
    for body in bodies:
        aws.sqs.send_message(
            QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=body
        )


def received(aws: Aws, url: str, group: str) -> Sequence[str]:
    """Take what there is from a queue and return the bodies of the group."""
    found = []
    while messages := aws.sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["MessageGroupId"]
    ).get("Messages"):
        for message in messages:
            if message["Attributes"]["MessageGroupId"] == group:
                found.append(message["Body"])
            aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_all_are_moved_and_a_group_stays_in_order(embedded_aws: Aws) -> None:
    dead, queue = embedded_aws.queue(), embedded_aws.queue()
    bodies = [f"m{number:02}" for number in range(12)]
    send(embedded_aws, dead, "cus_1", *bodies)
    send(embedded_aws, dead, "cus_2", "other")
    assert move_dead_letters(embedded_aws.sqs, dead, queue) == 13
    assert received(embedded_aws, queue, "cus_1") == bodies
    assert move_dead_letters(embedded_aws.sqs, dead, queue) == 0


def test_what_the_queue_had_within_five_minutes_is_not_swallowed(embedded_aws: Aws) -> None:
    dead, queue = embedded_aws.queue(), embedded_aws.queue()
    send(embedded_aws, queue, "cus_1", "m1")
    assert received(embedded_aws, queue, "cus_1") == ["m1"]
    # The queue swallows a plain repeat: that is what a redrive must get around.
    send(embedded_aws, queue, "cus_1", "m1")
    assert received(embedded_aws, queue, "cus_1") == []
    send(embedded_aws, dead, "cus_1", "m1")
    assert move_dead_letters(embedded_aws.sqs, dead, queue) == 1
    assert received(embedded_aws, queue, "cus_1") == ["m1"]
