"""Goal: throughput is measured on work that was done, in a time that can be worked out by hand.

Method: jobs of known length, and the smallest backlog, booked by every client. Nothing here depends
on how fast this machine is.
"""

from collections.abc import Callable

import pytest

from tests.benchmarks import throughput
from tests.benchmarks.one_call import OneCallClient
from tests.benchmarks.throughput import Bench
from tests.benchmarks.virtual_time import FUNCTION_SECONDS, REQUEST_SECONDS, side_by_side

CUSTOMERS = 10  # of which one is new and one gets some money back
DOCUMENTS = 2 * 10 + 1 + 1


def test_a_worker_takes_the_next_job_when_it_comes_free() -> None:
    jobs, finished = [3.0, 1.0, 1.0, 2.0], list[float]()
    busy = side_by_side(2, lambda: jobs.pop(0) if jobs else None, float, finished.append)
    assert finished == [1.0, 1.0, 3.0, 2.0]
    assert busy == (3 + 1 + 1 + 2) / 2


def test_what_is_locked_is_asked_for_again_when_a_job_is_finished() -> None:
    free, locked = ["a1", "b1"], {"a1": "a2"}

    def finish(job: str) -> None:
        if job in locked:
            free.append(locked.pop(job))

    done: list[str] = []

    def seconds_of(job: str) -> float:
        done.append(job)
        return 1.0

    side_by_side(3, lambda: free.pop(0) if free else None, seconds_of, finish)
    assert done == ["a1", "b1", "a2"]


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
