"""Goal: throughput is measured on work that was done, in a time that can be worked out by hand.

Method: jobs of known length, and the smallest backlog, booked by every client. Nothing here depends
on how fast this machine is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.benchmarks import latency, throughput
from tests.benchmarks.bench import Bench
from tests.benchmarks.one_call import OneCallClient
from tests.benchmarks.virtual_time import (
    FUNCTION_SECONDS,
    REQUEST_SECONDS,
    Latencies,
    Meter,
    VirtualPool,
    side_by_side,
)

CUSTOMERS = 10  # of which one is new and one gets some money back
DOCUMENTS = 2 * 10 + 1 + 1


def test_a_worker_takes_the_next_job_when_it_comes_free() -> None:
    jobs, finished = [[3.0], [1.0, 0.5], [1.0], [2.0]], list[float]()

    def steps(job: list[float]) -> Iterator[float]:
        for seconds in job:
            yield seconds
            finished.append(seconds)

    busy = side_by_side(2, lambda: steps(jobs.pop(0)) if jobs else None)
    assert finished == [1.0, 0.5, 1.0, 3.0, 2.0]
    assert busy == (3 + 1.5 + 1 + 2) / 2


def test_what_is_locked_is_asked_for_again_when_a_job_gets_on() -> None:
    free, done = ["a1", "b1"], list[str]()

    def steps(job: str) -> Iterator[float]:
        done.append(job)
        yield 1.0
        if job == "a1":
            free.append("a2")

    side_by_side(3, lambda: steps(free.pop(0)) if free else None)
    assert done == ["a1", "b1", "a2"]


@dataclass
class Hand(Meter):
    """A clock on which our own code takes the time that it is told to."""

    own: float = 0.0

    def own_seconds(self) -> float:
        return self.own

    def compute(self, seconds: float) -> None:
        self.own += seconds

    def wait(self, seconds: float) -> None:
        self.modelled_seconds += seconds


def test_threads_wait_side_by_side_and_compute_in_turn() -> None:
    meter = Hand()
    pool = VirtualPool(meter, threads=2)

    def read() -> None:
        meter.wait(1.0)
        meter.compute(0.25)

    tasks = [pool.submit(read) for _ in range(3)]
    assert pool.now() == 0.0
    ended = []
    for each in tasks:
        assert not each.done()
        each.result()
        ended.append(pool.now())
    assert ended == [1.25, 1.5, 2.5]


def test_what_is_read_while_a_request_is_under_way_takes_no_time() -> None:
    meter = Hand()
    pool = VirtualPool(meter, threads=1)
    task = pool.submit(lambda: meter.wait(1.0))
    meter.wait(5.0)
    assert task.done()
    task.result()
    assert pool.now() == 5.0


def test_a_worker_does_not_age_while_others_work() -> None:
    meter = Hand()
    pool = VirtualPool(meter, threads=1)
    meter.wait(7.0)
    with pool.at_work():
        meter.wait(1.0)
    meter.wait(7.0)
    with pool.at_work():
        assert pool.now() == 1.0


@pytest.mark.parametrize(
    ("connect", "requests", "transactions"),
    [
        (throughput.sdk_program, 3 * DOCUMENTS, 2 * DOCUMENTS),  # sign in, write, read back
        (throughput.sdk_loop, 1 + DOCUMENTS, DOCUMENTS),
        (throughput.encoder_loop, 1 + DOCUMENTS, DOCUMENTS),
    ],
)
def test_every_client_books_the_same_documents(
    connect: Callable[[Bench], OneCallClient], requests: int, transactions: int
) -> None:
    run = throughput.one_call("a client", CUSTOMERS, 2, connect)
    assert run.documents == DOCUMENTS
    assert (run.counts.gateway_requests, run.counts.transactions) == (requests, transactions)
    # Signing in once for all of them may be given for free.
    timed = requests // DOCUMENTS * DOCUMENTS
    assert run.seconds * 2 > timed * (REQUEST_SECONDS + FUNCTION_SECONDS)


def test_tieout_books_them_too() -> None:
    run = throughput.tieout(CUSTOMERS, 2)
    assert run.documents == run.counts.transactions == DOCUMENTS
    requests = run.counts.gateway_requests
    assert run.seconds * 2 > requests * REQUEST_SECONDS + DOCUMENTS * FUNCTION_SECONDS


def test_stripes_time_only_counts_where_nothing_is_sent_meanwhile() -> None:
    slow = Latencies(stripe_read=0.1)
    at_once, waiting = (throughput.tieout(CUSTOMERS, 1, each) for each in (Latencies(), slow))
    longer = waiting.seconds - at_once.seconds
    # One batch, read by four threads before anything is sent, and nothing twice.
    assert waiting.counts.stripe_reads == at_once.counts.stripe_reads
    assert 0 < longer < waiting.counts.stripe_reads * 0.1 / 3


def test_how_much_farther_intacct_is_matters_once_for_each_request() -> None:
    far = 2 * REQUEST_SECONDS
    latencies = Latencies(request=far)
    near = [
        throughput.tieout(CUSTOMERS, 2),
        throughput.one_call("one call each", CUSTOMERS, 2, throughput.encoder_loop),
    ]
    farther = [
        throughput.tieout(CUSTOMERS, 2, latencies),
        throughput.one_call("one call each", CUSTOMERS, 2, throughput.encoder_loop, latencies),
    ]
    measured = farther[0].per_second / farther[1].per_second
    assert latency.times_at(far, near[0], near[1]) == pytest.approx(measured, rel=0.2)
    assert latency.possible_times(REQUEST_SECONDS) == pytest.approx(370 / 120)
