"""Goal: a seed tells a whole history, on every machine.

Method: play one seed in two processes whose sets and dictionaries are in another order; the digests
of all outside calls, with their arguments, must be equal.
"""

import os
import subprocess
import sys

import pytest

from tests.simulation.functions import ROOT

COMMAND = [sys.executable, "-m", "tests.simulation", "--seed", "2", "--events", "120"]


@pytest.mark.simulation
def test_a_seed_makes_the_same_history_in_every_process() -> None:
    told = []
    for order in ("1", "2"):
        own = {**os.environ, "PYTHONHASHSEED": order, "PYTHONPATH": f"{ROOT / 'layers/core'}:."}
        made = subprocess.run(
            COMMAND, cwd=ROOT, env=own, capture_output=True, text=True, check=True
        )
        told.append(made.stdout.splitlines()[0])
    assert "story" in told[0]
    assert told[0] == told[1]
