"""A clock that stands still until it is told to move."""

# 20 November 2026, in the morning.
START_UNIX = 1_795_161_600


class FakeClock:
    """The `Clock` port in memory.

    Attributes:
        unix: what time it is.
    """

    def __init__(self, unix: int = START_UNIX) -> None:
        self.unix = unix

    def now_unix(self) -> int:
        return self.unix

    def advance(self, seconds: int) -> None:
        assert seconds >= 0, "time does not run backwards"
        self.unix += seconds
