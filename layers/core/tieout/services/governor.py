"""The governor: nobody sends Intacct a request before it has one of the shared slots.

    take ──> slot, until time-out + margin ──> request ──> give back, with what became of it
      └────> none is free: look again, for a bounded time; then the work goes back to the queue

If the process dies

- before the slot is written: nothing happened;
- between that and giving it back: the slot runs out, and is free;
- after giving it back: nothing is left to do.

A worker that is frozen beyond its slot sends or hears without one: for that moment there is one
request more than permitted, and nothing worse. The governor keeps a pace, not the books: whether a
document is booked twice does not hang on it. So when its store cannot be read or written, requests
go out as if there were no governor.
"""

import logging
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.domain.pacing import Heard, Pace, TooMany, allowed, given_back, taken
from tieout.services import metric_names
from tieout.services.ports import Clock, Metrics

logger = logging.getLogger(__name__)

# A worker that waits is paid for; one that gives up has read Stripe in vain. With requests of fifty
# documents a slot comes free every few seconds.
WAIT_SECONDS_MAX = 30
# What a slot outlives the request's own time-out by.
SLOT_MARGIN_SECONDS = 15
# For messages whose documents found no slot; the queue lets them wait longer if they come again.
BUSY_PAUSE_SECONDS = 5
# How soon a worker looks again, at most; chance shortens it, so that none is always the last. Who
# only asks holds a slot for a moment, and looks more often.
_LOOK_AGAIN_SECONDS = 1.0
_LOOK_AGAIN_TO_ASK_SECONDS = 0.25
# After so much waiting a worker looks twice as often, then three times, and so on.
_PATIENCE_SECONDS = 5


class Paces(Protocol):
    """Keeps the pace that all workers share."""

    def change(self, decide: Callable[[Pace], Pace]) -> Pace:
        """Replace the stored pace by what `decide` makes of it, in one step; return that.

        Args:
            decide: pure; asked again if another worker was first.

        Raises:
            TransientFault: nobody knows whether it was stored.
            ConfigurationFault: it cannot be stored at all.
        """
        ...


@dataclass(frozen=True, slots=True)
class Busy:
    """There is no slot to be had now.

    Attributes:
        retry_after_seconds: when it may be worth while to ask again.
    """

    text: str
    retry_after_seconds: int


class Governor:
    """The slots of one worker, which makes one request at a time."""

    def __init__(
        self,
        paces: Paces,
        maximum: int,
        clock: Clock,
        metrics: Metrics,
        *,
        sleep: Callable[[float], object] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        assert maximum >= 1
        self._paces = paces
        self._maximum = maximum
        self._clock = clock
        self._metrics = metrics
        self._sleep = sleep
        self._chance = chance
        self._worker = uuid.uuid4().hex
        self._give_up_at_unix: int | None = None

    def wait_until(self, unix: int) -> None:
        """Let no request wait beyond a moment, and none with documents be begun from then on.

        Look-ups and sign-ins may still find a free slot: who dies over one has booked nothing.
        """
        self._give_up_at_unix = unix

    def take(self, timeout_seconds: int, documents: int) -> Busy | None:
        """Take a slot for a request, waiting for one if need be; return why there is none.

        Args:
            timeout_seconds: of the request.
            documents: that it carries; 0 if it only asks.
        """
        now_unix = began_unix = self._clock.now_unix()
        give_up_at_unix = began_unix + WAIT_SECONDS_MAX
        if self._give_up_at_unix is not None:
            if documents and now_unix >= self._give_up_at_unix:
                return Busy("no time is left to send it", BUSY_PAUSE_SECONDS)
            give_up_at_unix = min(give_up_at_unix, self._give_up_at_unix)
        while True:
            pace = self._taken(now_unix, timeout_seconds)
            if pace is None or self._worker in pace.slots:
                return None
            longest = _LOOK_AGAIN_TO_ASK_SECONDS
            if documents:
                longest = _LOOK_AGAIN_SECONDS / (1 + (now_unix - began_unix) / _PATIENCE_SECONDS)
            pause_seconds = max(0, pace.not_before_unix - now_unix)
            wait_seconds = pause_seconds + longest * (1 + self._chance()) / 2
            if now_unix + wait_seconds > give_up_at_unix:
                self._metrics.count(metric_names.INTACCT_BUSY)
                return self._busy(pace, now_unix)
            self._sleep(wait_seconds)
            now_unix = self._clock.now_unix()

    def give_back(self, heard: Heard) -> None:
        """Give the slot back and tell what became of the request.

        It never fails: the answer is there, and whatever happens here must not hide it.
        """
        if isinstance(heard, TooMany):
            self._metrics.count(metric_names.INTACCT_THROTTLED)
        now_unix, seen = self._clock.now_unix(), Pace()

        def decide(pace: Pace) -> Pace:
            nonlocal seen
            seen = pace
            return given_back(pace, self._worker, heard, self._maximum, now_unix)

        pace = self._changed(decide)
        if pace is not None and pace.round > seen.round:
            told = {"permits": allowed(pace, self._maximum), "because": type(heard).__name__}
            logger.info("Intacct gets fewer requests at once", extra=told)

    def _taken(self, now_unix: int, timeout_seconds: int) -> Pace | None:
        """Return the pace, with a slot of ours if one was free; None if nobody knows."""
        expires_at_unix = now_unix + timeout_seconds + SLOT_MARGIN_SECONDS
        return self._changed(
            lambda pace: taken(pace, self._worker, self._maximum, now_unix, expires_at_unix)
        )

    def _changed(self, decide: Callable[[Pace], Pace]) -> Pace | None:
        """Return what the pace was changed to; None if nobody knows."""
        try:
            return self._paces.change(decide)
        except (TransientFault, ConfigurationFault) as fault:
            self._metrics.count(metric_names.PACE_UNKNOWN)
            logger.warning("the pace is not known, going on without", extra={"cause": str(fault)})
            return None

    def _busy(self, pace: Pace, now_unix: int) -> Busy:
        pause_seconds = pace.not_before_unix - now_unix
        if pause_seconds > 0:
            return Busy("Intacct asked everybody to wait", max(pause_seconds, BUSY_PAUSE_SECONDS))
        text = f"Intacct has {len(pace.slots)} requests of ours at once, as many as it may"
        return Busy(text, BUSY_PAUSE_SECONDS)
