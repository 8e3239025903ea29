"""How fast a backlog is booked, against the gateway's ceiling and against one call per document.

Everybody books the same documents on the same double, in virtual time: of new customers, invoices
with lines, payments and refunds. The ceiling is what as many connections carry if functions were
all they did. Who makes one request for each document, and no other, uses 120 of 370 milliseconds of
it: nobody can be more than 3.08 times as fast as that. The target is for who makes more.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.bench import READS_AT_A_TIME, Bench
from tests.benchmarks.fifo_queue import FifoQueue, Groups
from tests.benchmarks.figures import Figure
from tests.benchmarks.one_call import EncoderLoop, OneCallClient, SdkLoop, SdkProgram, sdk_over
from tests.benchmarks.spine import Counts
from tests.benchmarks.virtual_time import (
    FUNCTION_SECONDS,
    NEAR,
    REQUEST_SECONDS,
    Latencies,
    MeteredWire,
    side_by_side,
)
from tieout.domain.documents import Document, dependencies
from tieout.services.ports import Submission

CUSTOMERS = 500
# Who sends every document alone needs no more of them to be measured.
CUSTOMERS_OF_OTHERS = 60
CONCURRENCIES = (2, 6)
CEILING_SHARE_MIN = 0.9
TIMES_AS_FAST_MIN = 8.0
STRIPE_READ_SECONDS = 0.1
# What `StripeReadsPerSecond` says for so many workers: as the template has it, and nearly all that
# Stripe allows.
READS_PER_SECOND = {2: 60, 6: 90}
# More than half of the ceiling with as many workers as the template has.
SHARE_WITH_STRIPE_MIN = {2: 0.5}


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
        yield _with_stripe(customers, concurrency)
        for other in theirs:
            yield _rate(other)
            yield _times(ours, other)


def _with_stripe(customers: int, concurrency: int) -> Figure:
    """Return the share of the ceiling when Stripe takes its time, and is asked no more than it may.

    Threads that keep to an allowance take as long as if each read did.
    """
    per_second = READS_PER_SECOND[concurrency]
    paced_seconds = READS_AT_A_TIME * concurrency / per_second
    latencies = Latencies(stripe_read=max(STRIPE_READ_SECONDS, paced_seconds))
    run = tieout(customers, concurrency, latencies)
    return Figure(
        f"throughput, {concurrency} at a time: share of the ceiling with Stripe's time counted",
        run.ceiling_share,
        "",
        least=SHARE_WITH_STRIPE_MIN.get(concurrency),
        detail=f"{run.counts.stripe_reads} reads of {STRIPE_READ_SECONDS * 1000:.0f} ms, "
        f"{per_second} a second at most",
    )


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


def tieout(customers: int, concurrency: int, latencies: Latencies = NEAR) -> Run:
    """Book the backlog with Tieout's processor."""
    bench = Bench(customers, latencies)
    queue = FifoQueue(bench.messages, Groups.IN_RUNS)
    before = bench.spine.counts()
    seconds = side_by_side(concurrency, lambda: bench.invocation(queue))
    return _finished(bench, "Tieout", concurrency, seconds, before)


def one_call(
    name: str,
    customers: int,
    concurrency: int,
    connect: Callable[[Bench], OneCallClient],
    latencies: Latencies = NEAR,
) -> Run:
    """Book the backlog with a client that makes a call for each document."""
    bench = Bench(customers, latencies)
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

        def booked(documents: Sequence[Document]) -> Iterator[float]:
            yield bench.meter.seconds(lambda: work(client, documents))

        seconds = side_by_side(concurrency, lambda: booked(groups.pop()) if groups else None)
    return _finished(bench, name, concurrency, seconds, before)


def _finished(bench: Bench, name: str, concurrency: int, seconds: float, before: Counts) -> Run:
    """Check the books and return what it took to write them."""
    bench.spine.check_books()
    counts = bench.spine.counts().since(before)
    return Run(name, concurrency, counts.transactions - counts.look_ups, seconds, counts)
