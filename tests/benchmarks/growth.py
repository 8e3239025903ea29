"""Whether an event costs the same, in time and memory, however many others wait behind it.

The product keeps nothing between two invocations but the session and the policy; what it could do
is to look through tables or replies that have grown. Its own processor time is measured, without
the doubles', and the most memory that an invocation takes on top of what was there.
"""

import statistics
import time
import tracemalloc
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from functions.processor.app import MESSAGES_MAX
from tests.benchmarks.bench import Bench, take
from tests.benchmarks.fifo_queue import FifoQueue, Groups
from tests.benchmarks.figures import Figure
from tieout.services.process import ReceivedMessage

# Of a paid invoice, and the customer's that goes with the first; some are new or get money back.
EVENTS_PER_CUSTOMER = 6.15
EVENTS = (1_000, 10_000)
# Takes minutes, nearly all of them the doubles': asked for by name.
LONG = (*EVENTS, 100_000)
RATIO_MAX = 1.2
# Tracing memory takes time of its own, so that what is traced is not timed, and of a long queue it
# is some from all along it.
TRACED_ONE_IN = 3
TRACED_MAX = 40
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Grown:
    """A backlog that was worked off.

    Attributes:
        own_ms: processor time per event, without the doubles', of each invocation but those traced.
        peak_mb: the most memory that each traced invocation took.
    """

    events: int
    own_ms: Sequence[float]
    peak_mb: Sequence[float]


def figures(events: Sequence[int] = EVENTS) -> Iterable[Figure]:
    """Yield what an event costs by the length of the queue, and how that grows.

    Args:
        events: how long the queues are, the shortest first.
    """
    grown = [work_off(each) for each in events]
    medians = [statistics.median(each.own_ms) for each in grown]
    for each, median in zip(grown, medians, strict=True):
        low, _, high = statistics.quantiles(each.own_ms, n=4)
        name = f"growth, {each.events} events: processor time per event"
        yield Figure(name, median, "ms", low, high, detail=f"{len(each.own_ms)} invocations")
    yield Figure(
        "growth: processor time per event, longest queue to shortest",
        medians[-1] / medians[0],
        "x",
        target=RATIO_MAX,
    )
    shortest_mb, *_, longest_mb = (statistics.median(each.peak_mb) for each in grown)
    yield Figure(
        "growth: memory of an invocation, longest queue to shortest",
        longest_mb / shortest_mb,
        "x",
        target=RATIO_MAX,
        detail=f"{longest_mb:.1f} MB against {shortest_mb:.1f} MB",
    )


def work_off(events: int) -> Grown:
    """Let so many events queue up, about, and work them off."""
    bench = Bench(round(events / EVENTS_PER_CUSTOMER))
    queue = FifoQueue(bench.messages, Groups.MIXED)
    traced_one_in = max(TRACED_ONE_IN, len(bench.messages) // MESSAGES_MAX // TRACED_MAX)
    own_ms: list[float] = []
    peak_mb: list[float] = []
    for number in count():
        batch = take(queue)
        if not batch:
            break
        if number % traced_one_in == 1:
            peak_mb.append(_peak_mb(bench, batch))
        else:
            own_ms.append(_own_ms(bench, batch) / len(batch))
        queue.finish(batch)
    bench.spine.check_books()
    return Grown(len(bench.messages), own_ms, peak_mb)


def _own_ms(bench: Bench, batch: Sequence[ReceivedMessage]) -> float:
    doubles_seconds, began = bench.meter.doubles_seconds, time.process_time()
    bench.spine.process(batch)
    own_seconds = time.process_time() - began - (bench.meter.doubles_seconds - doubles_seconds)
    return own_seconds * 1000


def _peak_mb(bench: Bench, batch: Sequence[ReceivedMessage]) -> float:
    tracemalloc.start()
    try:
        bench.spine.process(batch)
        return tracemalloc.get_traced_memory()[1] / _MEGABYTE
    finally:
        tracemalloc.stop()
