"""A model of an SQS FIFO queue with a backlog, as far as it decides what is in a batch.

Kept in order is each message group, not the queue. A group of which messages are being worked on
gives out no others. Which groups share a batch is SQS's choice, and differs from one receive to the
next; the two ends of that choice are modelled.

Source: Amazon SQS Developer Guide, "FIFO queue delivery logic": a receive first takes as many
messages of one group as it can, up to ten.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import islice

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
        self._groups = groups
        self._batch_max = batch_max
        self._waiting: dict[str, deque[tuple[int, ReceivedMessage]]] = {}
        for position, each in enumerate(messages):
            self._waiting.setdefault(each.group, deque()).append((position, each))
        # The groups that are not locked, by where the first of their messages stands.
        self._free = [(waiting[0][0], group) for group, waiting in self._waiting.items()]
        heapq.heapify(self._free)

    def __len__(self) -> int:
        """Return how many messages wait to be received."""
        return sum(len(waiting) for waiting in self._waiting.values())

    def receive(self) -> Sequence[ReceivedMessage]:
        """Take a batch, and lock its groups until it is finished; empty if nothing is free."""
        in_runs = self._groups is Groups.IN_RUNS
        candidates: list[tuple[int, int, str]] = []
        groups = 0
        while self._free and (len(candidates) if in_runs else groups) < self._batch_max:
            _, group = heapq.heappop(self._free)
            waiting = islice(self._waiting[group], self._batch_max)
            for rank, (position, _) in enumerate(waiting):
                candidates.append((groups if in_runs else rank, position, group))
            groups += 1
        chosen = sorted(candidates)[: self._batch_max]
        return [self._waiting[group].popleft()[1] for _, _, group in chosen]

    def finish(self, batch: Sequence[ReceivedMessage]) -> None:
        """Delete the messages of a batch and unlock its groups."""
        for group in {each.group for each in batch}:
            if waiting := self._waiting[group]:
                heapq.heappush(self._free, (waiting[0][0], group))
