"""How fast a backlog is booked, against the gateway's ceiling and against one call per document.

Everybody books the same documents on the same double, in virtual time: of new customers, invoices
with lines, payments and refunds. The ceiling is what as many connections carry if functions were
all they did. Who makes one request for each document, and no other, uses 120 of 370 milliseconds of
it: nobody can be more than 3.08 times as fast as that. The target is for who makes more.
"""

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from functions.processor.app import MESSAGES_MAX
from tests.benchmarks.backlog import billing_run
from tests.benchmarks.fifo_queue import FifoQueue, Groups
from tests.benchmarks.figures import Figure
from tests.benchmarks.one_call import (
    EncoderLoop,
    OneCallClient,
    SdkLoop,
    SdkProgram,
    in_order,
    sdk_over,
)
from tests.benchmarks.spine import Counts, Spine
from tests.benchmarks.virtual_time import (
    FUNCTION_SECONDS,
    REQUEST_SECONDS,
    Meter,
    MeteredWire,
    side_by_side,
)
from tests.sandbox.stripe.api import StripeApi as StripeDouble
from tests.support.wires import StripeWire
from tieout.domain.documents import Document, dependencies
from tieout.planning.plan import parts, plan
from tieout.services.messages import decode
from tieout.services.ports import Submission
from tieout.services.process import ReceivedMessage

CUSTOMERS = 400
# Who sends every document alone needs no more of them to be measured.
CUSTOMERS_OF_OTHERS = 60
NEW_ONE_IN = 10
CONCURRENCIES = (2, 6)
CEILING_SHARE_MIN = 0.9
TIMES_AS_FAST_MIN = 8.0


@dataclass(frozen=True, slots=True)
class Run:
    """A backlog that was booked.

    Attributes:
        seconds: of virtual time. counts: what the doubles were asked meanwhile.
    """

    name: str
    concurrency: int
    documents: int
    seconds: float
    counts: Counts

    @property
    def per_second(self) -> float:
        """Return how many documents were booked in a second."""
        return self.documents / self.seconds

    @property
    def ceiling_share(self) -> float:
        """Return how much of what the gateway could do at most was used."""
        return self.per_second * FUNCTION_SECONDS / self.concurrency


class Bench:
    """A spine with a backlog, whose requests take virtual time."""

    def __init__(self, customers: int) -> None:
        self.meter = Meter()
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

    def finished(self, name: str, concurrency: int, seconds: float, before: Counts) -> Run:
        """Check the books and return what it took to write them."""
        self.spine.check_books()
        counts = self.spine.counts().since(before)
        documents = counts.transactions - counts.look_ups
        return Run(name, concurrency, documents, seconds, counts)

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


class MeteredStripeWire(StripeWire):
    """Takes the reads to the double, whose own time does not count."""

    def __init__(self, double: StripeDouble, meter: Meter) -> None:
        super().__init__(double)
        self._meter = meter

    def request(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on as given
        began = time.process_time()
        try:
            return super().request(*arguments, **options)
        finally:
            self._meter.doubles_seconds += time.process_time() - began


def figures(customers: int = CUSTOMERS, others: int = CUSTOMERS_OF_OTHERS) -> Iterable[Figure]:
    """Yield documents per second of everybody, and how much faster than the others we are."""
    for concurrency in CONCURRENCIES:
        ours = tieout(customers, concurrency)
        theirs = [
            one_call("sageintacctsdk as its makers use it", others, concurrency, sdk_program),
            one_call("sageintacctsdk, as in its README", others, concurrency, sdk_loop),
            one_call("a loop over our own encoder", others, concurrency, encoder_loop),
        ]
        yield _rate(ours)
        yield Figure(
            f"throughput, {concurrency} at a time: Tieout's share of the ceiling",
            ours.ceiling_share,
            "",
            least=CEILING_SHARE_MIN,
            detail=f"the ceiling is {concurrency / FUNCTION_SECONDS:.1f} documents a second",
        )
        for other in theirs:
            yield _rate(other)
            yield _times(ours, other)


def _rate(run: Run) -> Figure:
    counts = run.counts
    return Figure(
        f"throughput, {run.concurrency} at a time: {run.name}",
        run.per_second,
        "documents/s",
        detail=f"{run.documents} documents in {counts.gateway_requests} requests and "
        f"{counts.transactions} transactions, {run.ceiling_share:.2f} of the ceiling",
    )


def _times(ours: Run, other: Run) -> Figure:
    seconds = other.counts.gateway_requests / other.documents * (REQUEST_SECONDS + FUNCTION_SECONDS)
    possible = seconds / FUNCTION_SECONDS
    return Figure(
        f"throughput, {ours.concurrency} at a time: times as fast as {other.name}",
        ours.per_second / other.per_second,
        "x",
        least=TIMES_AS_FAST_MIN if possible > TIMES_AS_FAST_MIN else None,
        detail=f"{possible:.2f} x is what the ceiling allows",
    )


def sdk_program(_: Bench) -> OneCallClient:
    """Return the client that connects for each document."""
    return SdkProgram()


def sdk_loop(_: Bench) -> OneCallClient:
    """Return the client that connects now."""
    return SdkLoop()


def encoder_loop(bench: Bench) -> OneCallClient:
    """Return the client that signs in with the first document."""
    return EncoderLoop(bench.spine.ledger)


def tieout(customers: int, concurrency: int) -> Run:
    """Book the backlog with Tieout's processor."""
    bench = Bench(customers)
    queue = FifoQueue(bench.messages, Groups.IN_RUNS)
    before = bench.spine.counts()

    def seconds_of(batch: Sequence[ReceivedMessage]) -> float:
        return bench.meter.seconds(lambda: bench.spine.process(batch))

    seconds = side_by_side(concurrency, lambda: take(queue) or None, seconds_of, queue.finish)
    return bench.finished("Tieout", concurrency, seconds, before)


def take(queue: FifoQueue) -> Sequence[ReceivedMessage]:
    """Receive what an invocation works on: a batch, and what the processor takes behind it."""
    batch: list[ReceivedMessage] = []
    while len(batch) < MESSAGES_MAX and (more := queue.receive()):
        batch += more
    return batch


def one_call(
    name: str, customers: int, concurrency: int, connect: Callable[[Bench], OneCallClient]
) -> Run:
    """Book the backlog with a client that makes a call for each document."""
    bench = Bench(customers)
    groups = list(reversed(bench.documents()))
    numbers = {
        key: each.record_no for key, each in bench.spine.postings.by_key.items() if each.record_no
    }
    before = bench.spine.counts()

    def work(client: OneCallClient, documents: Sequence[Document]) -> None:
        for document in documents:
            known = {key: numbers[key] for key in dependencies(document)}
            submission = Submission(document, f"one-call:{document.key}", record_numbers=known)
            numbers[document.key] = client.post(submission)

    with sdk_over(MeteredWire(bench.spine.gateway, bench.meter)):
        client = connect(bench)
        seconds = side_by_side(
            concurrency,
            lambda: groups.pop() if groups else None,
            lambda documents: bench.meter.seconds(lambda: work(client, documents)),
            lambda _: None,
        )
    return bench.finished(name, concurrency, seconds, before)
