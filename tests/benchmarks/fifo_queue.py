"""A model of an SQS FIFO queue with a backlog, as far as it decides what is in a batch.

Kept in order is each message group, not the queue. A group of which messages are being worked on
gives out no others. Which groups share a batch is SQS's choice, and differs from one receive to the
next; the two ends of that choice are modelled.

Source: Amazon SQS Developer Guide, "FIFO queue delivery logic": a receive first takes as many
messages of one group as it can, up to ten.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import Enum

from tieout.services.process import ReceivedMessage

BATCH_MAX = 10


class Groups(Enum):
    """How a batch is made up of groups."""

    IN_RUNS = "in runs"  # all of one group, then of the next
    MIXED = "mixed"  # one of each group, then a second of each


class FifoQueue:
    """The queue, seen by those who work it off."""

    def __init__(
        self,
        messages: Iterable[ReceivedMessage],
        groups: Groups,
        batch_max: int = BATCH_MAX,
    ) -> None:
        self._waiting = list(messages)
        self._groups = groups
        self._batch_max = batch_max
        self._locked: set[str] = set()

    def __len__(self) -> int:
        """Return how many messages wait to be received."""
        return len(self._waiting)

    def receive(self) -> Sequence[ReceivedMessage]:
        """Take a batch, and lock its groups until it is finished; empty if nothing is free."""
        free = [each for each in self._waiting if each.group not in self._locked]
        batch = self._in_order_of_receipt(free)[: self._batch_max]
        taken = {each.message_id for each in batch}
        self._waiting = [each for each in self._waiting if each.message_id not in taken]
        self._locked |= {each.group for each in batch}
        return batch

    def finish(self, batch: Sequence[ReceivedMessage]) -> None:
        """Delete the messages of a batch and unlock its groups."""
        self._locked -= {each.group for each in batch}

    def _in_order_of_receipt(self, free: Sequence[ReceivedMessage]) -> list[ReceivedMessage]:
        first: dict[str, int] = {}
        earlier: Counter[str] = Counter()
        ranks: dict[str, int] = {}
        for position, each in enumerate(free):
            if self._groups is Groups.IN_RUNS:
                ranks[each.message_id] = first.setdefault(each.group, position)
            else:
                ranks[each.message_id] = earlier[each.group]
                earlier[each.group] += 1
        return sorted(free, key=lambda each: ranks[each.message_id])
