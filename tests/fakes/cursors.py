"""Cursors in memory."""

from tests.fakes.faults import Faulty


class FakeCursors(Faulty):
    """The `Cursors` port in memory.

    Attributes:
        reached_unix: by name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reached_unix: dict[str, int] = {}

    def get(self, name: str) -> int | None:
        self._may_fail()
        return self.reached_unix.get(name)

    def advance(self, name: str, to_unix: int) -> None:
        self._may_fail()
        self.reached_unix[name] = max(to_unix, self.reached_unix.get(name, to_unix))
