"""A backlog of a known make-up, and the processor that works it off in virtual time."""

import gc
from collections import deque
from collections.abc import Iterator, Sequence

from functions.processor.app import FIRST_MESSAGES_MAX, MESSAGES_MAX
from tests.benchmarks.backlog import billing_run
from tests.benchmarks.fifo_queue import FifoQueue, Groups
from tests.benchmarks.one_call import in_order
from tests.benchmarks.spine import Spine
from tests.benchmarks.virtual_time import (
    NEAR,
    Latencies,
    Meter,
    MeteredStripeWire,
    MeteredWire,
    VirtualPool,
)
from tieout.domain.documents import Document
from tieout.planning.plan import parts, plan
from tieout.services.messages import decode
from tieout.services.process import Done, ReceivedMessage

NEW_ONE_IN = 10
# As `tieout.bootstrap` has it.
READS_AT_A_TIME = 4
# Half of the time in which requests are begun: of the function's 120 seconds one may take 60, and
# 10 are kept to write down what came of it.
TAKING_SECONDS = 25


class Bench:
    """A spine with a backlog, whose requests take virtual time."""

    def __init__(self, customers: int, latencies: Latencies = NEAR) -> None:
        self.meter = Meter(latencies)
        self.spine = Spine(
            wire_of=lambda gateway: MeteredWire(gateway, self.meter),
            stripe_wire_of=lambda double: MeteredStripeWire(double, self.meter),
        )
        new = customers // NEW_ONE_IN
        known = [self.spine.sign_up(number) for number in range(customers - new)]
        set_up = FifoQueue(self.spine.new_messages(), Groups.IN_RUNS)
        while batch := take(set_up):
            self.spine.process(batch)
            set_up.finish(batch)
        billing_run(self.spine, known, new)
        self.messages = self.spine.new_messages()
        # In our functions there is no Stripe account to search for garbage.
        gc.freeze()

    def invocation(self, queue: FifoQueue) -> Iterator[float] | None:
        """Return an invocation of the processor that yields what each batch takes; None if idle.

        As `functions/processor/app.py` has it: it takes more while it has the time, and Stripe is
        asked for a batch while the one before it is sent.
        """
        first = take(queue, FIRST_MESSAGES_MAX)
        return self._invocation(queue, first) if first else None

    def _invocation(self, queue: FifoQueue, first: Sequence[ReceivedMessage]) -> Iterator[float]:
        pool, in_hand = VirtualPool(self.meter, READS_AT_A_TIME), deque[Sequence[ReceivedMessage]]()

        def batches() -> Iterator[Sequence[ReceivedMessage]]:
            batch, wanted = first, FIRST_MESSAGES_MAX
            while batch:
                in_hand.append(batch)
                yield batch
                is_plenty = len(batch) >= wanted and pool.now() < TAKING_SECONDS
                wanted = MESSAGES_MAX
                batch = take(queue) if is_plenty else ()

        turns = self.spine.processor(pool).in_turn(batches())
        while True:
            with pool.at_work():
                began, results = pool.now(), next(turns, None)
                seconds = pool.now() - began
            if results is None:
                return
            assert set(results.values()) == {Done()}
            yield seconds
            queue.finish(in_hand.popleft())

    def documents(self) -> Sequence[Sequence[Document]]:
        """Return what the backlog calls for and is not booked, by customer."""
        seen, groups = set(self.spine.postings.by_key), dict[str, list[Document]]()
        for message in self.messages:
            subject = decode(message.body, message.group).subject
            snapshot = self.spine.reader.snapshot(subject)
            for each, of in parts(subject, snapshot):
                for document in plan(each, of, self.spine.policy).documents:
                    if document.key not in seen:
                        seen.add(document.key)
                        groups.setdefault(message.group, []).append(document)
        return [in_order(group) for group in groups.values()]


def take(queue: FifoQueue, messages_max: int = MESSAGES_MAX) -> Sequence[ReceivedMessage]:
    """Receive what the processor works on at a time."""
    batch: list[ReceivedMessage] = []
    while len(batch) < messages_max and (more := queue.receive()):
        batch += more
    return batch
