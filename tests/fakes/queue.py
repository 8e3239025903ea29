"""A FIFO queue in memory, seen by those who send to it, and an empty one for those who receive."""

from collections.abc import Sequence

from tests.fakes.clock import FakeClock
from tests.fakes.faults import Faulty
from tieout.services.ports import Clock, WorkItem
from tieout.store.backlog import Taken

DEDUPLICATION_SECONDS = 300


class FakeQueue(Faulty):
    """The `WorkQueue` port in memory.

    Attributes:
        items: what was accepted, in order; repeats within five minutes are swallowed.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__()
        self.items: list[WorkItem] = []
        self._clock = clock or FakeClock()
        self._accepted_at_unix: dict[tuple[str, str], int] = {}

    def send(self, item: WorkItem) -> None:
        self._may_fail()
        same, now_unix = (item.group, item.deduplication_id), self._clock.now_unix()
        accepted_at_unix = self._accepted_at_unix.get(same)
        if accepted_at_unix is None or now_unix - accepted_at_unix >= DEDUPLICATION_SECONDS:
            self._accepted_at_unix[same] = now_unix
            self.items.append(item)


class NothingBehind:
    """A `Backlog` that is always empty: the batch is all there is."""

    def take(self, _messages_max: int) -> Sequence[Taken]:
        return ()

    def delete(self, done: Sequence[Taken]) -> None:
        assert not done
