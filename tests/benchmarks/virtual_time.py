"""Virtual time: what a backlog takes when every request to Intacct takes as long as the model says.

Nobody sleeps. A worker's time is what the model adds for its requests plus the processor time that
its own code really took, without the doubles'; workers run side by side, in the order in which they
come free. That a gateway may queue what it is sent, and a network lose it, is not modelled.
"""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tests.sandbox.intacct import Gateway
from tests.support.wires import IntacctWire
from tieout.intacct.transport import HttpReply

# A request costs its way there and back, each function in it the server's work.
REQUEST_SECONDS = 0.250
FUNCTION_SECONDS = 0.120

Job = TypeVar("Job")


@dataclass(slots=True)
class Meter:
    """What the requests took so far.

    Attributes:
        modelled_seconds: as the model says.
        doubles_seconds: processor time of the doubles, which stand for other people's machines.
    """

    modelled_seconds: float = 0.0
    doubles_seconds: float = 0.0

    def seconds(self, work: Callable[[], object]) -> float:
        """Do the work; return how long it takes in virtual time."""
        modelled, doubles = self.modelled_seconds, self.doubles_seconds
        began = time.process_time()
        work()
        own_seconds = time.process_time() - began - (self.doubles_seconds - doubles)
        return own_seconds + self.modelled_seconds - modelled


class MeteredWire(IntacctWire):
    """Takes requests to the double and notes what they would take."""

    def __init__(self, double: Gateway, meter: Meter) -> None:
        super().__init__(double)
        self._counters, self._meter = double.counters, meter

    def post(self, endpoint: str, body: bytes, timeout_seconds: int) -> HttpReply:
        functions, began = self._counters.functions, time.process_time()
        reply = super().post(endpoint, body, timeout_seconds)
        served = self._counters.functions - functions
        self._meter.modelled_seconds += REQUEST_SECONDS + FUNCTION_SECONDS * served
        self._meter.doubles_seconds += time.process_time() - began
        return reply


def side_by_side(
    workers: int,
    take: Callable[[], Job | None],
    seconds_of: Callable[[Job], float],
    finish: Callable[[Job], None],
) -> float:
    """Work off what `take` gives out; return how long a worker was busy, in seconds, on average.

    The average, not the last one's: that is how long it takes to work off a backlog so large that
    its end, when some workers have nothing left to do, does not matter.

    Args:
        workers: how many jobs are worked on at a time.
        take: returns the next job; None if there is none before another one is finished.
        seconds_of: does a job and returns how long it takes.
        finish: called when that time is over.
    """
    busy: list[tuple[float, int, Job]] = []
    now = busy_seconds = 0.0
    number = 0
    while True:
        while len(busy) < workers and (job := take()) is not None:
            seconds = seconds_of(job)
            busy_seconds += seconds
            number += 1
            heapq.heappush(busy, (now + seconds, number, job))
        if not busy:
            return busy_seconds / workers
        now, _, job = heapq.heappop(busy)
        finish(job)
