"""Goal: the simulation would find the mistakes that integrations of this kind make.

Method: plant one known bug at a time in the running program, and play storms until a judge finds
that something is wrong; without the bug the same storm must pass. `-s` shows how often it is found.
"""

import dataclasses
import sys

import pytest

from tests.simulation.checks import JudgedWorld, Wrong
from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.world import Plan, Stuck, play

SEEDS = range(1_000, 1_020)
EVENTS = 120


def storm(mutant: Mutant, seed: int) -> Plan:
    plan = Plan.of(seed, EVENTS)
    return dataclasses.replace(plan, faults=mutant.faults(plan.faults))


def is_caught(mutant: Mutant, plan: Plan) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        mutant.plant(patch)
        try:
            play(JudgedWorld(plan))
        except (Wrong, Stuck):
            return True
    return False


@pytest.mark.simulation
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_a_planted_bug_is_found(mutant: Mutant) -> None:
    for played, seed in enumerate(SEEDS, start=1):
        plan = storm(mutant, seed)
        if is_caught(mutant, plan):
            play(JudgedWorld(plan))
            sys.stdout.write(f"\n{mutant.name}: found in storm {played}\n")
            return
    pytest.fail(f"{mutant.name}: not found in {len(SEEDS)} storms")
