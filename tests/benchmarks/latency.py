"""How many times as fast as one call per document we are, by how far away Intacct is.

With the way there and back taking no time, everybody is as fast as the functions; the longer it
takes, the more is gained by going once for many. Two distances are measured, the others follow from
the nearer one: requests there take longer, and nothing else does.
"""

from collections.abc import Iterable

from tests.benchmarks.figures import Figure
from tests.benchmarks.throughput import (
    CUSTOMERS,
    CUSTOMERS_OF_OTHERS,
    Run,
    encoder_loop,
    one_call,
    tieout,
)
from tests.benchmarks.virtual_time import FUNCTION_SECONDS, REQUEST_SECONDS, Latencies

WORKERS = 2
MEASURED = (REQUEST_SECONDS, 0.9)
FOLLOWING = (0.5, 1.5, 3.0)


def figures(customers: int = CUSTOMERS, others: int = CUSTOMERS_OF_OTHERS) -> Iterable[Figure]:
    """Yield our factor at each distance, the nearest first, beside what the ceiling allows."""
    runs = {each: _measured(each, customers, others) for each in MEASURED}
    for request_seconds in sorted({*MEASURED, *FOLLOWING}):
        known = runs.get(request_seconds)
        yield Figure(
            f"latency, {request_seconds * 1000:.0f} + {FUNCTION_SECONDS * 1000:.0f} ms: "
            "times as fast as one call for each document",
            _times(*known) if known else times_at(request_seconds, *runs[REQUEST_SECONDS]),
            "x",
            detail=f"{possible_times(request_seconds):.2f} x is what the ceiling allows; "
            + ("measured" if known else f"from what {REQUEST_SECONDS * 1000:.0f} ms came to"),
        )


def possible_times(request_seconds: float) -> float:
    """Return how many times as fast as one call for each document anybody can be."""
    return (request_seconds + FUNCTION_SECONDS) / FUNCTION_SECONDS


def times_at(request_seconds: float, ours: Run, theirs: Run) -> float:
    """Return our factor at another distance than the one at which both were measured."""
    farther_seconds = request_seconds - REQUEST_SECONDS
    return _farther(theirs, farther_seconds) / _farther(ours, farther_seconds)


def _farther(run: Run, seconds: float) -> float:
    """Return what a document takes a worker if each request takes so much longer."""
    return run.concurrency / run.per_second + seconds * run.counts.gateway_requests / run.documents


def _times(ours: Run, theirs: Run) -> float:
    return ours.per_second / theirs.per_second


def _measured(request_seconds: float, customers: int, others: int) -> tuple[Run, Run]:
    latencies = Latencies(request=request_seconds)
    loop = one_call("one call each", others, WORKERS, encoder_loop, latencies)
    return tieout(customers, WORKERS, latencies), loop
