"""Goal: what a stranger runs first works: `make run` plays its story to the end and ties out.

Method: the very program is run, with a deployment of its own, and what it prints is read.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox.aws.emulator import ROOT

pytestmark = pytest.mark.emulator

TIMEOUT_SECONDS = 300
CHECKS_MIN = 25


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, Path]:
    """Return the exit code, what was printed, and where builds, logs and ledgers went."""
    directory = tmp_path_factory.mktemp("run")
    done = subprocess.run(
        [sys.executable, "-m", "tests.sandbox", "--directory", str(directory)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "layers/core:."},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr, directory


def test_it_ends_well_and_all_checks_agree(run: tuple[int, str, Path]) -> None:
    exit_code, printed, _ = run
    assert exit_code == 0, printed
    found = re.search(r"All (\d+) checks agree: the books tie out to the cent", printed)
    assert found is not None, printed
    assert int(found[1]) >= CHECKS_MIN
    assert "DIFFERS" not in printed


def test_it_tells_the_story_in_order(run: tuple[int, str, Path]) -> None:
    _, printed, _ = run
    told = (
        "1. The stack",
        "2. A month of business",
        "3. The webhook endpoint is down",
        "revenue_category_missing (1)",
        "$ tieout redrive",
        "nothing is parked",
        "6. The books in Intacct",
        "7. The tie-out",
        "8. What this version",
        "What to look at next",
    )
    places = [printed.find(each) for each in told]
    assert -1 not in places, dict(zip(told, places, strict=True))
    assert places == sorted(places)


def test_what_it_does_not_book_yet_is_listed(run: tuple[int, str, Path]) -> None:
    _, printed, _ = run
    last = printed.split("8. What this version", 1)[1]
    assert {"sale/", "fee/", "credit_note/", "payout/"} <= set(
        re.findall(r"^\w+/", last, re.MULTILINE)
    )


def test_it_leaves_the_ledgers_to_look_at(run: tuple[int, str, Path]) -> None:
    _, printed, directory = run
    written = {each.stem: each.read_text() for each in (directory / "ledgers").iterdir()}
    assert {"trial-balance", "ar-aging", "account-1200", "account-1210"} <= written.keys()
    assert str(directory / "ledgers") in printed
    assert "Stripe refund" in written["account-1210"]
