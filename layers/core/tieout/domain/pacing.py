"""How many requests Intacct gets at once: what the governor decides, without clock or store.

All workers share one `Pace`. Each step below makes a new one of it; the store replaces the old one
only if nobody else did so in between.

    a slot is free ................ take it; it counts until it is given back or runs out
    too many requests (429) ....... half as many at once, nobody sends for a moment or for as long
                                    as Intacct asked, and a new round begins
    answers much slower than usual  one less at once, and a new round begins
    a run of good answers ......... one more at once, up to the maximum; the number that was too
                                    many is only tried again after a while

Requests under way when a round begins were sent before anybody knew: what becomes of them says
nothing new. So a burst of 429s halves the number once.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

GOOD_RUN = 10
SLOW_RUN = 3
# Documents differ in what they cost, and Intacct has better and worse minutes: this is neither.
SLOW_TIMES = 3
SLOW_MS_MIN = 300
# A request takes about as long as two documents, besides those in it.
# Source: docs/performance.md, the model of virtual time.
REQUEST_WEIGHT = 2
# How soon it is tried again whether Intacct bears what it did not bear.
PROBE_SECONDS = 60
# Without a Retry-After: 1, 2, 4, ... seconds. Source: intacct-xml-api dossier section 6.
PAUSE_SECONDS_MAX = 60
_UNBOUNDED = 1_000_000


@dataclass(frozen=True, slots=True)
class Slot:
    """A request under way.

    Attributes:
        round: in which it was begun.
        expires_at_unix: from when on it does not count: whoever made it is gone.
    """

    round: int
    expires_at_unix: int


@dataclass(frozen=True, slots=True)
class Pace:
    """What all workers know of how much Intacct bears.

    Attributes:
        permits: requests at once; the configured maximum counts if it is less.
        slots: requests under way, by worker.
        round: grows whenever `permits` gets smaller.
        good: good answers since `permits` changed. slow: slow ones in a row.
        refusals: 429s in a row, for the pause. refused_at_unix: the last one.
        not_before_unix: nobody sends before.
        too_many: the number of permits that was refused last; None if it was borne since.
        floor_ms: what a document takes when all is well; None before the first.
    """

    permits: int = _UNBOUNDED
    slots: Mapping[str, Slot] = field(default_factory=dict)
    round: int = 0
    good: int = 0
    slow: int = 0
    refusals: int = 0
    refused_at_unix: int = 0
    not_before_unix: int = 0
    too_many: int | None = None
    floor_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that was not refused as one too many.

    Attributes:
        is_good: it was answered and understood.
        milliseconds: it took. documents: it carried; 0 for what only asks, and where not all were
            booked, which says nothing about how long documents take.
    """

    is_good: bool
    milliseconds: int = 0
    documents: int = 0

    @property
    def ms_per_document(self) -> int | None:
        """What a document took, positive; None if there was none."""
        if not self.documents:
            return None
        return max(1, self.milliseconds // (self.documents + REQUEST_WEIGHT))


@dataclass(frozen=True, slots=True)
class TooMany:
    """A request that Intacct refused as one too many.

    Attributes:
        retry_after_seconds: what it asked for, if it said.
    """

    retry_after_seconds: int | None = None


Heard = Answered | TooMany


def allowed(pace: Pace, maximum: int) -> int:
    """Return how many requests may be under way at once, 1 up to the configured maximum."""
    return max(1, min(pace.permits, maximum))


def taken(pace: Pace, worker: str, maximum: int, now_unix: int, expires_at_unix: int) -> Pace:
    """Return the pace with a slot of the worker's, or without one if it must wait.

    A worker makes one request at a time, so a slot that it has already is of one that is over.
    """
    slots = _alive(pace, now_unix, without=worker)
    if len(slots) < allowed(pace, maximum) and pace.not_before_unix <= now_unix:
        slots[worker] = Slot(pace.round, expires_at_unix)
    return dataclasses.replace(pace, slots=slots)


def given_back(pace: Pace, worker: str, heard: Heard, maximum: int, now_unix: int) -> Pace:
    """Return the pace after a worker's request, whose slot is free again."""
    slot = pace.slots.get(worker)
    is_news = slot is not None and slot.round == pace.round
    pace = dataclasses.replace(pace, slots=_alive(pace, now_unix, without=worker))
    if isinstance(heard, TooMany):
        return _refused(pace, heard, maximum, now_unix, is_news=is_news)
    if not is_news:
        return pace
    pace, is_slow = _timed(pace, heard)
    if is_slow:
        return _slower(pace, allowed(pace, maximum) - 1) if pace.slow >= SLOW_RUN else pace
    return _grown(pace, maximum, now_unix) if heard.is_good else pace


def _alive(pace: Pace, now_unix: int, without: str) -> dict[str, Slot]:
    return {
        worker: slot
        for worker, slot in pace.slots.items()
        if worker != without and slot.expires_at_unix > now_unix
    }


def _refused(pace: Pace, heard: TooMany, maximum: int, now_unix: int, *, is_news: bool) -> Pace:
    pause_seconds = heard.retry_after_seconds
    if is_news:
        before = allowed(pace, maximum)
        refusals = pace.refusals + 1
        pace = dataclasses.replace(
            _slower(pace, (before + 1) // 2),
            too_many=before,
            refusals=refusals,
            refused_at_unix=now_unix,
        )
        if pause_seconds is None:
            pause_seconds = min(PAUSE_SECONDS_MAX, 2 ** min(refusals - 1, 10))
    not_before_unix = max(pace.not_before_unix, now_unix + (pause_seconds or 0))
    return dataclasses.replace(pace, not_before_unix=not_before_unix)


def _slower(pace: Pace, permits: int) -> Pace:
    return dataclasses.replace(pace, permits=max(1, permits), round=pace.round + 1, good=0, slow=0)


def _timed(pace: Pace, heard: Answered) -> tuple[Pace, bool]:
    """Return the pace with what the answer says about time, and whether it was slow.

    The floor follows a company that gets slower for good, by a hundredth with each answer.
    """
    took_ms, floor_ms = heard.ms_per_document, pace.floor_ms
    if took_ms is None or (floor_ms is None and not heard.is_good):
        return pace, False
    if floor_ms is None:
        return dataclasses.replace(pace, floor_ms=took_ms), False
    is_slow = took_ms > max(SLOW_TIMES * floor_ms, SLOW_MS_MIN)
    risen_ms = floor_ms + max(1, floor_ms // 100)
    # What failed at once was not fast.
    floor_ms = min(took_ms, risen_ms) if heard.is_good else risen_ms
    slow = pace.slow + 1 if is_slow else 0
    return dataclasses.replace(pace, floor_ms=floor_ms, slow=slow), is_slow


def _grown(pace: Pace, maximum: int, now_unix: int) -> Pace:
    good = min(pace.good + 1, GOOD_RUN)
    pace = dataclasses.replace(pace, good=good, refusals=0)
    more = pace.permits + 1
    if good < GOOD_RUN or more > maximum:
        return pace
    is_probe = pace.too_many is not None and more >= pace.too_many
    if is_probe and now_unix < pace.refused_at_unix + PROBE_SECONDS:
        return pace
    return dataclasses.replace(
        pace, permits=more, good=0, too_many=None if is_probe else pace.too_many
    )
