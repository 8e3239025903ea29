"""Makes a failing history shorter: fewer events, then fewer kinds of faults, then fewer of each."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator

from tests.simulation.checks import JudgedWorld, Wrong
from tests.simulation.faults import Faults
from tests.simulation.world import Plan, Stuck, World, play

# A history that is tried is played from its beginning; so many are tried at most.
TRIES_MAX = 120


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


def shortened(failed: Outcome, told: Callable[[str], None] = lambda _: None) -> Outcome:
    """Return the shortest history found in which something is wrong, be it something else."""
    best, tries = failed, 0
    fruitful = True
    while fruitful and tries < TRIES_MAX:
        fruitful = False
        for plan in _simpler(best):
            tries += 1
            found = outcome_of(plan)
            if found.wrong:
                told(_said(found))
                best, fruitful = found, True
                break
            if tries == TRIES_MAX:
                break
    return best


def _simpler(of: Outcome) -> Iterator[Plan]:
    """Yield histories with less in them, those first that save most."""
    plan = of.plan
    events = min(plan.events, of.events)
    for fewer in sorted({events // 2, events * 3 // 4, events - 10, events - 1}):
        if 0 < fewer < plan.events:
            storms = max(1, min(plan.storms, fewer // 150))
            yield dataclasses.replace(plan, events=fewer, storms=storms)
    if plan.storms > 1:
        yield dataclasses.replace(plan, storms=plan.storms - 1)
    struck = [each for each in plan.faults.kinds if of.struck[each]]
    idle = dataclasses.replace(Faults(), **{each: getattr(plan.faults, each) for each in struck})
    if idle != plan.faults:
        yield dataclasses.replace(plan, faults=idle)
    for kind in struck:
        yield dataclasses.replace(plan, faults=plan.faults.without(kind))
    for kind in struck:
        for number in range(of.struck[kind] + len(plan.spared), 0, -1):
            if (kind, number) not in plan.spared:
                spared = plan.spared | {(kind, number)}
                yield dataclasses.replace(plan, spared=spared)


def _said(found: Outcome) -> str:
    kinds = ", ".join(f"{kind} {times}" for kind, times in sorted(found.struck.items()))
    return f"{found.events} events, {kinds or 'no faults'}"
