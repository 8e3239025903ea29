"""Goal: what waits behind a batch is taken once, in whole or in part, and a queue that fails only
makes the batch smaller.

Method: SQS in this process (moto) and a stubbed client.
"""

import pytest
from botocore.stub import Stubber

from tests.support.aws import Aws
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.messages import encode
from tieout.services.ports import WorkItem
from tieout.services.process import ReceivedMessage
from tieout.store.backlog import Backlog
from tieout.store.work_queue import SqsWorkQueue


def item(number: int) -> WorkItem:
    subject = Subject(SubjectKind.INVOICE, f"in_{number}")
    return WorkItem(subject, f"evt_{number}", f"cus_{number}", f"evt_{number}", livemode=False)


def filled(aws: Aws, messages: int) -> str:
    """Return the URL of a queue with so many messages, each of another group."""
    url = aws.queue()
    for number in range(messages):
        SqsWorkQueue(aws.sqs, url).send(item(number))
    return url


@pytest.mark.parametrize(
    ("waiting", "wanted", "expected"), [(23, 100, 23), (23, 12, 12), (3, 0, 0)]
)
def test_it_takes_what_there_is_and_no_more_than_wanted(
    aws: Aws, waiting: int, wanted: int, expected: int
) -> None:
    taken = Backlog(aws.sqs, filled(aws, waiting)).take(wanted)
    assert len({each.message.message_id for each in taken}) == len(taken) == expected


def test_a_message_is_told_as_lambda_tells_it(aws: Aws) -> None:
    (taken,) = Backlog(aws.sqs, filled(aws, 1)).take(10)
    message = taken.message
    assert message == ReceivedMessage(
        message.message_id, encode(item(0)), 1, message.sent_at_unix, "cus_0"
    )
    assert 1_500_000_000 < message.sent_at_unix < 5_000_000_000  # seconds, not milliseconds


def test_what_is_deleted_is_gone_and_the_rest_is_not(aws: Aws) -> None:
    url = filled(aws, 23)
    backlog = Backlog(aws.sqs, url)
    *done, last = backlog.take(100)
    backlog.delete(done)
    aws.sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=last.receipt_handle, VisibilityTimeout=0
    )
    assert [each.message for each in backlog.take(100)] == [
        ReceivedMessage(
            last.message.message_id,
            last.message.body,
            2,
            last.message.sent_at_unix,
            last.message.group,
        )
    ]


def test_a_queue_that_fails_midway_leaves_what_was_taken(aws: Aws) -> None:
    received = {
        "MessageId": "m1",
        "Body": encode(item(0)),
        "ReceiptHandle": "handle",
        "Attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795219200000"},
    }
    with Stubber(aws.sqs) as stubber:
        stubber.add_response("receive_message", {"Messages": [received]})
        stubber.add_client_error("receive_message", "ServiceUnavailable", http_status_code=503)
        taken = Backlog(aws.sqs, "https://sqs/queue.fifo").take(100)
    assert [each.receipt_handle for each in taken] == ["handle"]


def test_a_message_that_cannot_be_deleted_harms_nobody(aws: Aws) -> None:
    (taken,) = Backlog(aws.sqs, filled(aws, 1)).take(10)
    with Stubber(aws.sqs) as stubber:
        stubber.add_client_error("delete_message_batch", "AccessDenied", http_status_code=403)
        Backlog(aws.sqs, "https://sqs/queue.fifo").delete([taken])
