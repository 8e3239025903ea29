"""Goal: the model of the queue gives out what SQS would, no better batches than real ones.

Method: small queues whose messages are named after their group, drained by hand.
"""

from collections.abc import Sequence

import pytest

from tests.benchmarks.fifo_queue import FifoQueue, Groups
from tieout.services.process import ReceivedMessage


def messages(*names: str) -> list[ReceivedMessage]:
    """`a1` is the message `a1` of group `a`."""
    return [ReceivedMessage(name, "", 1, 0, group=name[0]) for name in names]


def names(batch: Sequence[ReceivedMessage]) -> list[str]:
    return [each.message_id for each in batch]


ARRIVED = ("a1", "b1", "a2", "c1", "a3", "b2")


@pytest.mark.parametrize(
    ("groups", "first", "second"),
    [
        (Groups.IN_RUNS, ["a1", "a2", "a3", "b1"], ["c1"]),
        (Groups.MIXED, ["a1", "b1", "c1", "a2"], []),
    ],
)
def test_a_batch_draws_on_groups_in_their_order_and_locks_them(
    groups: Groups, first: list[str], second: list[str]
) -> None:
    queue = FifoQueue(messages(*ARRIVED), groups, batch_max=4)
    assert names(queue.receive()) == first
    assert names(queue.receive()) == second, "groups that are being worked on give nothing"


@pytest.mark.parametrize("groups", Groups)
def test_everything_comes_once_and_each_group_in_order(groups: Groups) -> None:
    queue = FifoQueue(messages(*ARRIVED), groups, batch_max=2)
    received: list[str] = []
    while batch := queue.receive():
        received += names(batch)
        queue.finish(batch)
    assert sorted(received) == sorted(ARRIVED)
    for group in "abc":
        of_group = [name for name in received if name.startswith(group)]
        assert of_group == sorted(of_group)


def test_a_batch_holds_ten_messages_at_most() -> None:
    queue = FifoQueue(messages(*(f"a{number}" for number in range(11))), Groups.IN_RUNS)
    assert len(queue.receive()) == 10
    assert len(queue) == 1
