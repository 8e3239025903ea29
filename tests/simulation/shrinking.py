"""Makes a failing history shorter: fewer events, fewer kinds of faults, fewer strikes of each."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from tests.simulation.checks import JudgedWorld, Wrong
from tests.simulation.faults import Faults, Occurrence
from tests.simulation.world import Plan, Stuck, World, play

# A history that is tried is played from its beginning; so many are tried at most.
TRIES_MAX = 150


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a history.

    Attributes:
        wrong: what a judge found; empty if nothing.
        events: how many Stripe had when it was found, or in the end.
        struck: how often each kind of fault struck.
        story: digest of all outside calls.
    """

    plan: Plan
    wrong: str
    events: int
    struck: Counter[str]
    story: str
    deliveries: int


def outcome_of(plan: Plan, world: Callable[[Plan], World] = JudgedWorld) -> Outcome:
    """Play a history and tell what came of it."""
    made, wrong = world(plan), ""
    try:
        play(made)
    except (Wrong, Stuck) as found:
        wrong = str(found)
    return Outcome(plan, wrong, made.events, made.luck.struck, made.outside.story, made.deliveries)


def shortened(
    failed: Outcome,
    told: Callable[[str], None] = lambda _: None,
    played: Callable[[Plan], Outcome] = outcome_of,
) -> Outcome:
    """Return the shortest history found in which something is wrong, be it something else.

    Args:
        failed: a history in which something is wrong.
        told: hears of each that is shorter.
        played: plays one.
    """
    search = _Search(failed, told, played)
    before = None
    while search.best is not before:
        before = search.best
        search.leave_out_events()
        search.leave_out_kinds()
        search.leave_out_strikes()
    return search.best


class _Search:
    """Looks for a shorter history, in steps that never lose what was found.

    Attributes:
        best: the shortest found.
    """

    def __init__(
        self, failed: Outcome, told: Callable[[str], None], played: Callable[[Plan], Outcome]
    ) -> None:
        self.best = failed
        self._told, self._played = told, played
        self._tried = {failed.plan}

    def leave_out_events(self) -> None:
        """Let it end sooner, as long as that helps."""
        while any(map(self._fails, _shorter(self.best))):
            pass

    def leave_out_kinds(self) -> None:
        """Let each kind of fault not strike at all, those first that never did."""
        faults, struck = self.best.plan.faults, self.best.struck
        on = {kind: getattr(faults, kind) for kind in faults.kinds if struck[kind]}
        self._fails(dataclasses.replace(self.best.plan, faults=Faults(**on)))
        for kind in on:
            faults, spared = self.best.plan.faults, self.best.plan.spared
            of_others = frozenset(each for each in spared if each[0] != kind)
            plan = dataclasses.replace(self.best.plan, faults=faults.without(kind))
            self._fails(dataclasses.replace(plan, spared=of_others))

    def leave_out_strikes(self) -> None:
        """Spare strikes of each kind: half of them, then a quarter, at last each."""
        for kind in self.best.plan.faults.kinds:
            size = len(self._strikes(kind)) // 2
            while size:
                strikes = self._strikes(kind)
                for first in range(0, len(strikes), size):
                    spared = self.best.plan.spared.union(strikes[first : first + size])
                    self._fails(dataclasses.replace(self.best.plan, spared=spared))
                size //= 2

    def _strikes(self, kind: str) -> Sequence[Occurrence]:
        """Return what struck and was not spared, the last first."""
        spared = self.best.plan.spared
        met = self.best.struck[kind] + sum(each == kind for each, _ in spared)
        strikes = ((kind, number) for number in range(met, 0, -1))
        return [each for each in strikes if each not in spared]

    def _fails(self, plan: Plan) -> bool:
        """Try a history; if something is wrong in it, go on from there."""
        if plan in self._tried or len(self._tried) > TRIES_MAX:
            return False
        self._tried.add(plan)
        found = self._played(plan)
        if found.wrong:
            self.best = found
            kinds = ", ".join(f"{kind} {times}" for kind, times in sorted(found.struck.items()))
            self._told(f"{found.events} events, {kinds or 'no faults'}")
        return bool(found.wrong)


def _shorter(of: Outcome) -> Iterator[Plan]:
    """Yield the same history with fewer events, or calm weather less often, the shortest first."""
    events = min(of.plan.events, of.events)
    for fewer in sorted({events // 2, events * 3 // 4, events - 10, events - 1, events}):
        if 0 < fewer < of.plan.events:
            storms = min(of.plan.storms, Plan.of(of.plan.seed, fewer).storms)
            yield dataclasses.replace(of.plan, events=fewer, storms=storms)
    if of.plan.storms > 1:
        yield dataclasses.replace(of.plan, storms=of.plan.storms - 1)
