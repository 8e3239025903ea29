"""Clocks of the simulated account. Nothing in the double reads the wall clock by itself."""

import time
from typing import Protocol


class Clock(Protocol):
    """Anything that knows the current time in unix seconds."""

    def now(self) -> int:
        """Return the current time in whole unix seconds."""


class SteppedClock:
    """A clock that moves only when told to, for tests and simulations."""

    def __init__(self, start: int = 1_793_491_200) -> None:
        self._now = start

    def now(self) -> int:
        """Return the current time in whole unix seconds."""
        return self._now

    def advance(self, seconds: int) -> int:
        """Move forward by ``seconds`` and return the new time.

        Raises:
            ValueError: ``seconds`` is negative; a business history never runs backwards.
        """
        if seconds < 0:
            raise ValueError("the clock of a business history cannot run backwards")
        self._now += seconds
        return self._now

    def set(self, now: int) -> None:
        """Move forward to ``now`` (unix seconds)."""
        self.advance(now - self._now)


class SystemClock:
    """The machine's clock, for a double that serves people rather than tests."""

    def now(self) -> int:
        """Return the current time in whole unix seconds."""
        return int(time.time())
