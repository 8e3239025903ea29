"""Goal: the oracle of the books shares no code with what it judges.

Method: a fresh interpreter loads all of it and tells what else came along.
"""

import subprocess
import sys

import pytest

from tests.sandbox.aws.emulator import ROOT

ORACLE = [f"tests.oracle.{each.stem}" for each in sorted((ROOT / "tests" / "oracle").glob("*.py"))]
TELL = "import sys, importlib; importlib.import_module(sys.argv[1]); print('tieout' in sys.modules)"


def loads_our_code(module: str) -> bool:
    done = subprocess.run(
        [sys.executable, "-c", TELL, module],
        cwd=ROOT,
        env={"PYTHONPATH": "layers/core:."},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip() == "True"


@pytest.mark.parametrize("module", ORACLE)
def test_the_oracle_loads_nothing_of_ours(module: str) -> None:
    assert not loads_our_code(module)


def test_what_does_load_it_is_noticed() -> None:
    assert loads_our_code("tests.year.product")
