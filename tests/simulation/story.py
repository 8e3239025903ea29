"""Tells a history for people: what happened, which faults struck, what our functions then did."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from tests.simulation.checks import JudgedWorld, Wrong
from tests.simulation.world import Plan, Stuck, play

# What only asks; of several in a row their number is enough.
_ASKS = re.compile(r" *(GetItem|BatchGetItem|Query|Scan|GET|Decrypt|Encrypt)\b")
# So much of a long story is told: its end.
LINES_MAX = 60


class ToldWorld(JudgedWorld):
    """A world that keeps a log of all that happens."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.outside.log = []
        strikes = self.luck.strikes

        def told(kind: str) -> bool:
            struck = strikes(kind)
            if struck:
                self._say(f"STRUCK: {kind} {self.luck._numbered[kind]}")
            return struck

        self.luck.strikes = told  # type: ignore[method-assign]

    def _tell(self) -> None:
        for event in self.account.event_log[self._told :]:
            told = next(iter(event.renderings.values()))["object"]
            self._say(f"Stripe: {event.type} {told.get('id', '')}")
        super()._tell()

    def _say(self, what: str) -> None:
        assert self.outside.log is not None
        self.outside.log.append(f"{self.time.now()} {'  ' * self.outside.depth}{what}")


def story_of(plan: Plan) -> Sequence[str]:
    """Return what happens in a history up to where something is found wrong, line by line."""
    world = ToldWorld(plan)
    with suppress(Wrong, Stuck):
        play(world)
    assert world.outside.log is not None
    lines = list(_readable(world.outside.log))
    left_out = len(lines) - LINES_MAX
    if left_out <= 0:
        return lines
    return [f"... {left_out} lines before", *lines[left_out:]]


def _readable(log: Sequence[str]) -> Iterator[str]:
    asked = 0
    for line in log:
        at_unix, _, what = line.partition(" ")
        if _ASKS.match(what):
            asked += 1
            continue
        if asked:
            yield f"{'':19}  ({asked} reads)"
            asked = 0
        yield f"{datetime.fromtimestamp(int(at_unix), UTC):%Y-%m-%d %H:%M:%S}  {what}"
