"""The governor: laws that hold in whatever order workers take, give back, die and hear.

Method: hypothesis plays workers that share a pace; between a worker's look at it and its write,
others may be served, as with the conditional writes of the table.
"""

import dataclasses
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from tieout.domain.pacing import (
    GOOD_RUN,
    PROBE_SECONDS,
    Answered,
    Heard,
    Pace,
    TooMany,
    allowed,
    given_back,
    taken,
)

SLOT_SECONDS = 75
HEARD: st.SearchStrategy[Heard] = st.one_of(
    st.builds(TooMany, st.none() | st.integers(0, 900)),
    st.builds(Answered, st.booleans(), st.integers(0, 80_000), st.integers(0, 50)),
)
WORKERS = st.sampled_from("abcdefgh")


class Workers(RuleBasedStateMachine):
    """Workers that share a pace through writes that only succeed if nobody else's came between.

    One that dies is one that is not heard of before its slot runs out.

    Attributes:
        sending: who has a request under way, and until when its slot lasts.
    """

    looks = Bundle("looks")

    @initialize(maximum=st.integers(1, 8))
    def begin(self, maximum: int) -> None:
        self.maximum, self.now_unix = maximum, 1_795_000_000
        self.pace, self.version = Pace(), 0
        self.sending: dict[str, int] = {}

    @rule(target=looks, worker=WORKERS)
    def look(self, worker: str) -> tuple[str, Pace, int]:
        return worker, self.pace, self.version

    @rule(look=looks)
    def take(self, look: tuple[str, Pace, int]) -> None:
        worker, seen, version = look
        until_unix = self.now_unix + SLOT_SECONDS
        wanted = taken(seen, worker, self.maximum, self.now_unix, until_unix)
        if worker in self.sending or version != self.version:
            return
        self._store(wanted)
        if worker in wanted.slots:
            assert self.now_unix >= seen.not_before_unix
            assert len(self._alive()) < allowed(self.pace, self.maximum)
            self.sending[worker] = until_unix

    @rule(worker=WORKERS, heard=HEARD)
    def give_back(self, worker: str, heard: Heard) -> None:
        self._change(lambda pace: given_back(pace, worker, heard, self.maximum, self.now_unix))
        self.sending.pop(worker, None)

    @rule(seconds=st.integers(0, 200))
    def wait(self, seconds: int) -> None:
        self.now_unix += seconds
        self.sending = self._alive()

    @rule(maximum=st.integers(1, 8))
    def configure(self, maximum: int) -> None:
        self.maximum = maximum

    @invariant()
    def between_one_and_the_maximum_is_allowed(self) -> None:
        assert 1 <= allowed(self.pace, self.maximum) <= self.maximum

    @invariant()
    def every_request_under_way_has_its_slot(self) -> None:
        assert self._alive().keys() <= self.pace.slots.keys()

    def _alive(self) -> dict[str, int]:
        return {worker: until for worker, until in self.sending.items() if until > self.now_unix}

    def _change(self, decide: Callable[[Pace], Pace]) -> None:
        self._store(decide(self.pace))

    def _store(self, pace: Pace) -> None:
        self.version += pace != self.pace
        self.pace = pace


TestWorkers = Workers.TestCase

PACES = st.builds(
    Pace,
    permits=st.integers(1, 8),
    good=st.integers(0, GOOD_RUN),
    slow=st.integers(0, 2),
    refusals=st.integers(0, 20),
    refused_at_unix=st.integers(0, 1_000),
    not_before_unix=st.integers(0, 1_900),
    too_many=st.none() | st.integers(1, 8),
    floor_ms=st.none() | st.integers(1, 10_000),
)


@given(PACES, st.integers(1, 8))
def test_whatever_happened_the_maximum_is_reached_again_when_all_is_good(
    pace: Pace, maximum: int
) -> None:
    now_unix = 2_000
    good = Answered(is_good=True, milliseconds=120, documents=1)
    pace = dataclasses.replace(pace, floor_ms=good.ms_per_document)
    for _ in range(8 * GOOD_RUN):
        pace = taken(pace, "a", maximum, now_unix, now_unix + SLOT_SECONDS)
        pace = given_back(pace, "a", good, maximum, now_unix)
        now_unix += PROBE_SECONDS // GOOD_RUN
    assert allowed(pace, maximum) == maximum


@given(PACES, st.integers(1, 8), st.lists(st.integers(0, 7), min_size=1, unique=True))
def test_a_burst_of_429s_halves_once_in_whatever_order_it_is_heard(
    pace: Pace, maximum: int, order: list[int]
) -> None:
    for worker in range(8):
        pace = taken(pace, str(worker), maximum, 2_000, 2_000 + SLOT_SECONDS)
    before, sent = allowed(pace, maximum), set(pace.slots)
    for worker in order:
        pace = given_back(pace, str(worker), TooMany(), maximum, 2_001)
    halved = sent & {str(worker) for worker in order}
    assert allowed(pace, maximum) == ((before + 1) // 2 if halved else before)
