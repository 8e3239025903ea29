"""The pace that workers share, in memory."""

from collections.abc import Callable

from tests.fakes.faults import Faulty
from tieout.domain.pacing import Pace


class FakePaces(Faulty):
    """The `Paces` port in memory; workers that share one object share the pace.

    Attributes:
        pace: what is stored. changes: how often it was changed.
    """

    def __init__(self, pace: Pace | None = None) -> None:
        super().__init__()
        self.pace = pace or Pace()
        self.changes = 0

    def change(self, decide: Callable[[Pace], Pace]) -> Pace:
        self._may_fail()
        before, self.pace = self.pace, decide(self.pace)
        self.changes += before != self.pace
        return self.pace
