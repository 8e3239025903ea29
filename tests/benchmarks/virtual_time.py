"""Virtual time: what a backlog takes when every request to Intacct takes as long as the model says.

Nobody sleeps. A worker's time is what the model adds for its requests plus the processor time that
its own code really took, without the doubles'; workers run side by side, in the order in which they
come free. What a worker does while it waits for Intacct takes none of its time, unless it waits for
that, too. That a gateway may queue what it is sent, and a network lose it, is not modelled.
"""

import heapq
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.sandbox.intacct import Gateway
from tests.sandbox.stripe.api import StripeApi as StripeDouble
from tests.support.wires import IntacctWire, StripeWire
from tieout.intacct.transport import HttpReply

# A request costs its way there and back, each function in it the server's work.
REQUEST_SECONDS = 0.250
FUNCTION_SECONDS = 0.120


@dataclass(frozen=True, slots=True)
class Latencies:
    """What the model says that others take, in seconds.

    Attributes:
        request: to Intacct and back. function: the work on one of its functions.
        stripe_read: one answer of Stripe's.
    """

    request: float = REQUEST_SECONDS
    function: float = FUNCTION_SECONDS
    stripe_read: float = 0.0


NEAR = Latencies()


@dataclass(slots=True)
class Meter:
    """A clock that only counts what somebody is busy with.

    Attributes:
        latencies: of the others.
        modelled_seconds: for which the model had somebody wait.
        doubles_seconds: processor time of the doubles, which stand for other people's machines.
        aside_seconds: what was done while somebody waited anyway.
    """

    latencies: Latencies = NEAR
    modelled_seconds: float = 0.0
    doubles_seconds: float = 0.0
    aside_seconds: float = 0.0

    def now(self) -> float:
        """Return how long somebody was busy so far, up to a constant."""
        return self.own_seconds() + self.modelled_seconds - self.aside_seconds

    def own_seconds(self) -> float:
        """Return the processor time of our own code so far, up to a constant."""
        return time.process_time() - self.doubles_seconds

    def seconds(self, work: Callable[[], object]) -> float:
        """Do the work; return how long it takes in virtual time."""
        began = self.now()
        work()
        return self.now() - began

    @contextmanager
    def double_at_work(self) -> Iterator[None]:
        """Leave out what a double takes."""
        began = time.process_time()
        try:
            yield
        finally:
            self.doubles_seconds += time.process_time() - began


class MeteredWire(IntacctWire):
    """Takes requests to the double and notes what they would take."""

    def __init__(self, double: Gateway, meter: Meter) -> None:
        super().__init__(double)
        self._counters, self._meter = double.counters, meter

    def post(self, endpoint: str, body: bytes, timeout_seconds: int) -> HttpReply:
        functions, latencies = self._counters.functions, self._meter.latencies
        with self._meter.double_at_work():
            reply = super().post(endpoint, body, timeout_seconds)
        served = self._counters.functions - functions
        self._meter.modelled_seconds += latencies.request + latencies.function * served
        return reply


class MeteredStripeWire(StripeWire):
    """Takes the reads to the double and notes what they would take."""

    def __init__(self, double: StripeDouble, meter: Meter) -> None:
        super().__init__(double)
        self._meter = meter

    def request(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on as given
        with self._meter.double_at_work():
            answer = super().request(*arguments, **options)
        self._meter.modelled_seconds += self._meter.latencies.stripe_read
        return answer


class VirtualPool(Executor):
    """Threads of one worker, in virtual time: they wait side by side, and compute in turn.

    A task is done when it is handed over, and told when its time is over. That it may have to share
    the processor with what the worker computes meanwhile is not modelled.
    """

    def __init__(self, meter: Meter, threads: int) -> None:
        self._meter = meter
        self._free_at = [0.0] * threads
        self._computing_until = 0.0
        # When the worker last stopped, and for how long it did not work before.
        self._left_at, self._away_seconds = meter.now(), meter.now()

    def now(self) -> float:
        """Return for how long the worker has worked."""
        return self._meter.now() - self._away_seconds

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let the worker work: between two such times others do."""
        self._away_seconds += self._meter.now() - self._left_at
        yield
        self._left_at = self._meter.now()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401 - as an executor has it
        """Do a task on the thread that is free first."""
        meter, begins_at = self._meter, max(self.now(), heapq.heappop(self._free_at))
        began, began_computing = meter.now(), meter.own_seconds()
        told: Future[Any] = Future()
        try:
            told.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result is told
            told.set_exception(error)
        computed = meter.own_seconds() - began_computing
        took = meter.now() - began
        meter.aside_seconds += took
        answered_at = begins_at + took - computed
        self._computing_until = max(answered_at, self._computing_until) + computed
        heapq.heappush(self._free_at, self._computing_until)
        return _Told(self, told, self._computing_until)

    def wait_until(self, seconds: float) -> None:
        """Have the worker wait."""
        self._meter.modelled_seconds += max(0.0, seconds - self.now())


class _Told(Future[Any]):
    """What becomes of a task, from a moment on."""

    def __init__(self, pool: VirtualPool, told: Future[Any], at: float) -> None:
        super().__init__()
        self._pool, self._told, self._at = pool, told, at

    def cancel(self) -> bool:
        # It was done when it was handed over; a real one that waits could still be taken back.
        return False

    def done(self) -> bool:
        return self._pool.now() >= self._at

    def result(self, timeout: float | None = None) -> Any:  # noqa: ANN401 - of any task
        self._pool.wait_until(self._at)
        return self._told.result(timeout)


def side_by_side(workers: int, next_job: Callable[[], Iterator[float] | None]) -> float:
    """Work off what there is; return how long a worker was busy, in seconds, on average.

    The average, not the last one's: that is how long it takes to work off a backlog so large that
    its end, when some workers have nothing left to do, does not matter.

    Args:
        workers: how many jobs are worked on at a time.
        next_job: returns a job, None if there is none before another one gets on. It yields how
            long each of its steps takes, and goes on when that time is over.
    """
    busy: list[tuple[float, int, Iterator[float]]] = []
    now = busy_seconds = 0.0
    number = 0

    def begin(job: Iterator[float]) -> None:
        nonlocal busy_seconds, number
        seconds = next(job, None)
        if seconds is not None:
            busy_seconds += seconds
            number += 1
            heapq.heappush(busy, (now + seconds, number, job))

    while True:
        while len(busy) < workers and (job := next_job()) is not None:
            begin(job)
        if not busy:
            return busy_seconds / workers
        now, _, job = heapq.heappop(busy)
        begin(job)
