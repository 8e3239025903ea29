"""Cursors in memory."""

from tests.fakes.faults import Faulty
from tieout.services.ports import Progress


class FakeCursors(Faulty):
    """The `Cursors` port in memory.

    Attributes:
        progress: by name of the pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self.progress: dict[str, Progress] = {}

    def get(self, name: str) -> Progress:
        self._may_fail()
        return self.progress.get(name, Progress())

    def put(self, name: str, progress: Progress) -> None:
        self._may_fail()
        self.progress[name] = progress
