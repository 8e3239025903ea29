"""Goal: the simulation would find the mistakes that integrations of this kind make.

Method: plant one known bug at a time in the running program, and play one history after the other
until a judge finds that something is wrong. Without the bug the same storm must pass; that duels
and days with a crash do is seen in the tests of their own. The summary tells how many were found,
and how soon.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.simulation.checks import JudgedWorld
from tests.simulation.duels import fought
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.planting import PLANTED_BUG
from tests.simulation.reference_day import played
from tests.simulation.world import Plan, play

SEEDS = range(1_000, 1_020)
EVENTS = 60

History = Callable[[], object]


def histories(mutant: Mutant) -> Iterator[History]:
    """Yield what it is looked for in, one after the other; each raises AssertionError."""
    if mutant.duel is not None:
        for call in range(1, fought(mutant.duel).calls_made + 1):
            yield partial(fought, mutant.duel.at(call))
    elif mutant.crash_in is not None:
        yield played
        for point, caller in enumerate(played().callers):
            if caller == mutant.crash_in:
                yield partial(played, point)
    else:
        for seed in SEEDS:
            drawn = Plan.of(seed, EVENTS)
            storm = dataclasses.replace(drawn, faults=mutant.faults(drawn.faults))
            yield partial(_stormed, storm)


def _stormed(plan: Plan) -> None:
    play(JudgedWorld(plan))


def is_found(mutant: Mutant, history: History) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        mutant.plant(patch)
        try:
            history()
        except AssertionError:
            return True
    return False


@pytest.mark.simulation
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_a_planted_bug_is_found(
    mutant: Mutant, record_property: Callable[[str, object], None]
) -> None:
    for number, history in enumerate(histories(mutant), start=1):
        if is_found(mutant, history):
            record_property(PLANTED_BUG, number)
            if mutant.duel is None and mutant.crash_in is None:
                history()
            return
    record_property(PLANTED_BUG, 0)
    pytest.fail(f"{mutant.name}: not found")


def test_no_bug_is_planted_twice() -> None:
    for of_mutants in ("name", "plant"):
        assert len({getattr(each, of_mutants) for each in MUTANTS}) == len(MUTANTS)
