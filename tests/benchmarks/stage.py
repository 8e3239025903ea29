"""Virtual time for workers whose requests overlap: threads of which one runs at a time.

Each runs until it sleeps; then the one runs whose time comes next. Nobody really sleeps, and equal
programs make equal histories.
"""

import heapq
import threading
from collections.abc import Callable, Sequence


class Stage:
    """Time, and those who wait for it.

    Attributes:
        now: seconds since the beginning.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self._waiting: list[tuple[float, int, threading.Semaphore]] = []
        self._number = 0
        self._is_over = threading.Semaphore(0)
        self._failed: list[BaseException] = []

    def sleep(self, seconds: float) -> None:
        """Let the others go on until so much time is over."""
        turn = self._queued(seconds)
        self._next()
        turn.acquire()

    def run(self, parts: Sequence[Callable[[], None]]) -> None:
        """Run all parts to their ends, all from now on."""
        for part in parts:
            turn = self._queued(0.0)
            threading.Thread(target=self._play, args=(part, turn), daemon=True).start()
        self._next()
        self._is_over.acquire()
        if self._failed:
            raise self._failed[0]

    def _play(self, part: Callable[[], None], turn: threading.Semaphore) -> None:
        turn.acquire()
        try:
            part()
        except BaseException as error:  # noqa: BLE001 - told where all began
            self._failed.append(error)
        self._next()

    def _queued(self, seconds: float) -> threading.Semaphore:
        turn = threading.Semaphore(0)
        self._number += 1
        heapq.heappush(self._waiting, (self.now + seconds, self._number, turn))
        return turn

    def _next(self) -> None:
        if not self._waiting or self._failed:
            self._is_over.release()
            return
        self.now, _, turn = heapq.heappop(self._waiting)
        turn.release()
