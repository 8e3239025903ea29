"""Goal: the simulation would find the mistakes that integrations of this kind make.

Method: plant one known bug at a time in the running program, and play storms until a judge finds
that something is wrong.
"""

import pytest

from tests.simulation.checks import JudgedWorld, Wrong
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.world import Plan, Stuck, play

SEEDS = range(1_000, 1_020)
EVENTS = 150


def is_caught(mutant: Mutant, seed: int) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        mutant.plant(patch)
        try:
            play(JudgedWorld(Plan.of(seed, EVENTS)))
        except (Wrong, Stuck):
            return True
    return False


@pytest.mark.simulation
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_a_planted_bug_is_found(mutant: Mutant) -> None:
    assert any(is_caught(mutant, seed) for seed in SEEDS)
