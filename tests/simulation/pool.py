"""A pool of threads without threads: chance says when what was handed to it runs.

A task runs as a whole, but may begin whenever its owner, or another task, waits for an answer from
outside; so the calls of several mix as those of threads do, and an equal seed mixes them equally.
Who dies in a task takes the whole function along, as Lambda does.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

from tests.simulation.outside import Outside

_T = TypeVar("_T")
# As bootstrap has it.
READS_AT_A_TIME = 4


class SimulatedPool(Executor):
    """Runs what it is given in any order in which so many threads could.

    What was begun and is not wanted any more goes on all the same, whenever its function is awake.
    """

    def __init__(self, outside: Outside) -> None:
        self._outside, self._luck = outside, outside.luck
        self._waiting: list[_Task] = []
        self._running = 0

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> Future[_T]:  # noqa: ANN401 - as an executor has it
        """Take a task; it may run at once."""
        task = _Task(self, lambda: fn(*args, **kwargs))
        self._waiting.append(task)
        assert self._outside.running is not None
        self._outside.running.meanwhile = self.meanwhile
        self.meanwhile()
        return task

    def meanwhile(self) -> None:
        """Let a task run while others wait, if a thread is free and chance has it."""
        if self._begun and self._luck.strikes("reads_mixed"):
            self._run(self._luck.below("reads_mixed", self._begun))

    def run_until_done(self, task: "_Task") -> None:
        """Have tasks run until one is done: in their order, unless chance has others first."""
        while not task.done():
            is_mixed = self._luck.strikes("reads_mixed")
            self._run(self._luck.below("reads_mixed", self._begun) if is_mixed else 0)

    def is_under_way(self, task: "_Task") -> bool:
        """Whether a thread has begun a task that is not done."""
        return task in self._waiting[: self._begun] and self._luck.strikes("reads_mixed")

    def drop(self, task: "_Task") -> None:
        """Forget what nobody has begun."""
        self._waiting.remove(task)

    @property
    def _begun(self) -> int:
        """How many of those that wait a thread may have begun."""
        return min(len(self._waiting), READS_AT_A_TIME - self._running)

    def _run(self, number: int) -> None:
        self._running += 1
        self._waiting.pop(number).run()
        self._running -= 1


class _Task(Future[Any]):
    """What was handed to the pool."""

    def __init__(self, pool: SimulatedPool, do: Callable[[], Any]) -> None:
        super().__init__()
        self._pool, self._do = pool, do

    def run(self) -> None:
        self.set_running_or_notify_cancel()
        try:
            answer = self._do()
        except Exception as error:  # noqa: BLE001 - whoever asks for the result is told
            self.set_exception(error)
        else:
            self.set_result(answer)

    def result(self, timeout: float | None = None) -> Any:  # noqa: ANN401 - of any task
        self._pool.run_until_done(self)
        return super().result(timeout)

    def cancel(self) -> bool:
        if self.done() or self._pool.is_under_way(self):
            return False
        self._pool.drop(self)
        return super().cancel()
