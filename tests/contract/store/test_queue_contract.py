"""Goal: what is sent is received as it was sent, repeats are swallowed, and order holds in a group.

Method: one suite over the fake, SQS in this process (moto) and the embedded AWS.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from tests.fakes import FakeQueue
from tests.support.aws import Aws
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.messages import decode
from tieout.services.ports import WorkItem, WorkQueue
from tieout.store.work_queue import SqsWorkQueue


@dataclass(frozen=True)
class Pair:
    """A queue and the other end of it.

    Attributes:
        received: gives what came out, in order, and takes it from the queue.
    """

    queue: WorkQueue
    received: Callable[[], Sequence[WorkItem]]


@pytest.fixture
def pair(aws: Aws | None) -> Pair:
    if aws is None:
        fake = FakeQueue()
        return Pair(fake, lambda: fake.items)
    url = aws.queue()
    return Pair(SqsWorkQueue(aws.sqs, url), lambda: _receive_all(aws, url))


def _receive_all(aws: Aws, url: str) -> Sequence[WorkItem]:
    found: list[WorkItem] = []
    while messages := aws.sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
    ).get("Messages"):
        for message in messages:
            attributes = message["Attributes"]
            names = attributes["MessageGroupId"], attributes["MessageDeduplicationId"]
            found.append(decode(message["Body"], *names))
            aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def item(event_id: str, group: str = "cus_1", invoice: str = "in_1") -> WorkItem:
    return WorkItem(Subject(SubjectKind.INVOICE, invoice), event_id, group, event_id, livemode=True)


def test_an_item_arrives_as_it_was_sent(pair: Pair) -> None:
    sent = WorkItem(
        Subject(SubjectKind.REFUND, "re_1", "acct_1"),
        trigger="poll",
        group="acct_1/refund/re_1",
        deduplication_id="poll:re_1:not-open:0:100",
        livemode=False,
    )
    pair.queue.send(sent)
    assert pair.received() == [sent]


def test_the_items_of_a_customer_arrive_in_order(pair: Pair) -> None:
    sent = [item(f"evt_{number}", invoice=f"in_{number}") for number in range(12)]
    for each in sent:
        pair.queue.send(each)
    assert pair.received() == sent


def test_a_repeat_is_swallowed(pair: Pair) -> None:
    pair.queue.send(item("evt_1"))
    pair.queue.send(item("evt_1"))
    pair.queue.send(item("evt_2"))
    assert [each.trigger for each in pair.received()] == ["evt_1", "evt_2"]
