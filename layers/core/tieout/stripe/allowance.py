"""How fast Stripe may be asked: each process keeps to its share, and so do all of them together.

Nothing is shared and nothing can fail: as many processes as the deployment allows, each within its
share, never ask more than the whole. Source: stripe-api dossier section 6.2.
"""

import threading
import time
from collections.abc import Callable

# Stripe says no more than "too many". Longer than a read's own time-out nobody waits in line:
# then the message waits in the queue.
PAUSE_SECONDS, PAUSE_SECONDS_MAX = 1, 10


class Allowance:
    """Lets requests go at even intervals, whichever thread they come from."""

    def __init__(
        self,
        per_second: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        assert per_second > 0
        self._interval_seconds = 1 / per_second
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._last = float("-inf")

    def wait(self) -> None:
        """Return when the next request may go."""
        with self._lock:
            now = self._monotonic()
            self._last = max(now, self._last + self._interval_seconds)
            wait_seconds = self._last - now
        if wait_seconds > 0:
            self._sleep(wait_seconds)

    def pause(self, seconds: int | None) -> None:
        """Let none go for a while, because Stripe refused one as too many.

        Args:
            seconds: what Stripe asked for, if it said.
        """
        pause_seconds = min(PAUSE_SECONDS if seconds is None else seconds, PAUSE_SECONDS_MAX)
        with self._lock:
            self._last = max(self._last, self._monotonic() + pause_seconds)
