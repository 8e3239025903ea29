"""Goal: whatever we say can go wrong does go wrong in the simulation, and all is well all the same.

Method: some small storms, each with every fifth kind of fault and far stronger than chance draws
them, so that each kind strikes in one of them; and a look at what only comes about in company: a
session that ends between two waves, a backlog that two workers take from. What none of them meets
is looked for in others: any change of the product makes other histories of the same seeds.
"""

import dataclasses
from collections.abc import Iterator
from functools import cache

import pytest

from tests.simulation.checks import JudgedWorld
from tests.simulation.faults import Faults
from tests.simulation.queues import BATCH_MAX
from tests.simulation.world import Plan, play

STORMS, EVENTS = 5, 140
SEEDS = range(40, 44)
STRONGER = 4
STRONGEST = 0.6
KINDS = [each.name for each in dataclasses.fields(Faults)]


def storm(number: int) -> Faults:
    strongest = {each.name: each.metadata["strongest"] for each in dataclasses.fields(Faults)}
    struck = KINDS[number::STORMS]
    return Faults(**{each: min(STRONGEST, STRONGER * strongest[each]) for each in struck})


@cache
def played(seed: int, number: int) -> JudgedWorld:
    world = JudgedWorld(Plan(seed + number, EVENTS, storm(number), storms=2))
    play(world)
    return world


def all_played() -> Iterator[JudgedWorld]:
    """Play as many as are asked for."""
    return (played(seed, number) for seed in SEEDS for number in range(STORMS))


def test_what_is_given_up_is_executed_when_it_is_due_however_far_the_clock_jumps() -> None:
    """Intacct may have forgotten the request's repetition by the time to which the clock jumps."""
    outside = JudgedWorld(Plan(0, 0, Faults())).outside
    began, executed_at_unix = outside.time.now(), list[int]()
    for seconds in (600, 5):
        outside.later(seconds, lambda: executed_at_unix.append(outside.time.now()))
    outside.let_pass(86_400)
    assert executed_at_unix == [began + 5, began + 600]
    assert outside.time.now() == began + 86_400


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_strikes(kind: str) -> None:
    number = KINDS.index(kind) % STORMS
    assert any(played(seed, number).luck.struck[kind] for seed in SEEDS)


def test_workers_take_from_a_backlog() -> None:
    assert any(each.cloud.queue.most_at_once > 2 * BATCH_MAX for each in all_played())


@pytest.mark.parametrize(
    "what",
    [
        "a condition fails",
        "intacct_session_expired between waves",
        "period_closed between waves",
        "two workers take",
    ],
)
def test_what_only_comes_about_in_company(what: str) -> None:
    assert any(each.luck.met[what] for each in all_played())
