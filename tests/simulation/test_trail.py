"""Goal: whatever goes wrong while it is written, the trail is whole and tells of each posting.

Method: the storms of the simulation, with killed workers, lost answers and two workers at once;
when it is calm, the product looks at all of it itself. Then a posting is changed behind its back.
"""

import pytest

from tests.simulation.checks import verifier
from tests.simulation.world import Plan, World, play
from tieout.domain.postings import State
from tieout.domain.trail import MAIN
from tieout.domain.trail_check import Breach, Tampering


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_after_a_storm_the_trail_is_whole(seed: int) -> None:
    world = World(Plan.of(seed, 100))
    play(world)
    check = verifier(world)
    assert list(check.verify()) == []
    checked, postings = check.checked[MAIN], world.cloud.postings.items
    assert checked.postings == len(postings)
    assert checked.entries == sum(int(each["version"]["N"]) for each in postings.values())
    assert checked.older == 0
    assert checked.anchors > 1

    key = next(key for key, each in postings.items() if each["state"]["S"] == State.POSTED)
    postings[key]["record_no"] = {"S": "somebody's"}
    assert [_named(each) for each in verifier(world).verify()] == [(key, Tampering.CHANGED)]


def _named(breach: Breach) -> tuple[str, Tampering]:
    return breach.key, breach.tampering
