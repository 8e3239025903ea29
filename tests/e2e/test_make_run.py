"""Goal: what a stranger runs first works: `make run` plays its story to the end and ties out, and
what `KEEP=1` says can be tried can be tried.

Method: the very program is run, with a deployment of its own; what it prints is read, the commands
in it are typed as they stand, and then it is told to stop.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.sandbox.aws.emulator import ROOT
from tests.sandbox.left_running import LAST_LINE
from tieout.store.policies import POLICY_AGE_SECONDS_MAX

pytestmark = pytest.mark.emulator

# Against one that hangs; on a busy machine the story takes as long as it takes.
TIMEOUT_SECONDS = 1_800
BOOKED_TIMEOUT_SECONDS = 300
CHECKS_MIN = 25
COMMANDS_MIN = 12


@dataclass(frozen=True)
class Run:
    """One run of the program.

    Attributes:
        printed: its whole story and the guide.
        typed: what each command of the guide printed, in their order.
        directory: where builds, logs and ledgers went.
    """

    exit_code: int
    printed: str
    typed: dict[str, str]
    directory: Path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Let it play with `--keep`, type what it suggests, stop it."""
    directory = tmp_path_factory.mktemp("run")
    with subprocess.Popen(
        [sys.executable, "-m", "tests.sandbox", "--keep", "--directory", str(directory)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "layers/core:."},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        watchdog = threading.Timer(TIMEOUT_SECONDS, process.kill)
        watchdog.start()
        try:
            printed = "".join(_story(process))
            typed = dict(_type_all(printed)) if LAST_LINE in printed else {}
        finally:
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate()
            watchdog.cancel()
    return Run(process.returncode, printed + rest, typed, directory)


def _story(process: "subprocess.Popen[str]") -> Iterator[str]:
    """Yield what it prints until it waits, or ends."""
    assert process.stdout is not None
    for line in process.stdout:
        yield line
        if LAST_LINE in line:
            return


def _type_all(printed: str) -> Iterator[tuple[str, str]]:
    """Type each command of the guide as a person would; yield it with what it printed."""
    guide = printed.split("8. Everything stays up", 1)[1]
    exports = re.findall(r"^  (export .+)$", guide, re.MULTILINE)
    for command in re.findall(r"^  ((?:\.venv/bin/tieout|curl) .+)$", guide, re.MULTILINE):
        script = "\n".join([*exports, command])
        yield command, _type_until_posted(script) if " show " in command else _type(script)
        if " policy publish " in command:
            time.sleep(POLICY_AGE_SECONDS_MAX + 1)


def _type_until_posted(script: str) -> str:
    """Look again and again, as somebody does who waits for something to be booked."""
    deadline = time.monotonic() + BOOKED_TIMEOUT_SECONDS
    while "posted" not in (answer := _type(script)) and time.monotonic() < deadline:
        time.sleep(1)
    return answer


def _type(script: str) -> str:
    done = subprocess.run(
        ["/bin/bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{script}: {done.stderr}"
    return done.stdout


def output_of(run: Run, part: str) -> str:
    """Return what the one command with this in it printed."""
    (found,) = (printed for command, printed in run.typed.items() if part in command)
    return found


def test_it_ends_well_and_all_checks_agree(run: Run) -> None:
    printed = run.printed
    assert run.exit_code == 0, printed
    found = re.search(r"All (\d+) checks agree: the books tie out to the cent", printed)
    assert found is not None, printed
    assert int(found[1]) >= CHECKS_MIN
    assert "DIFFERS" not in printed


def test_it_tells_the_story_in_order(run: Run) -> None:
    printed = run.printed
    told = (
        "1. The stack",
        "2. A month of business",
        "3. The webhook endpoint is down",
        "revenue_category_missing (1)",
        "$ tieout redrive",
        "nothing is parked",
        "6. The books in Intacct",
        "7. The tie-out",
        "What to look at next",
        "8. Everything stays up",
    )
    places = [printed.find(each) for each in told]
    assert -1 not in places, dict(zip(told, places, strict=True))
    assert places == sorted(places)


def test_it_leaves_the_ledgers_to_look_at(run: Run) -> None:
    printed, directory = run.printed, run.directory
    written = {each.stem: each.read_text() for each in (directory / "ledgers").iterdir()}
    assert {"trial-balance", "ar-aging", "account-1205", "account-1210"} <= written.keys()
    assert str(directory / "ledgers") in printed
    assert "Stripe refund" in written["account-1210"]


def test_it_says_what_the_one_refusal_was(run: Run) -> None:
    assert "all is booked or set aside, with 1 look-up\n" in run.printed
    assert "Refused by Intacct: 1. Sent again and recognised by Intacct: 0." in run.printed


def test_where_everything_is_can_be_read_from_it(run: Run) -> None:
    guide = run.printed.split("8. Everything stays up", 1)[1]
    for place in ("Tieout's webhook", "Stripe's API", "Intacct's gateway", "AWS"):
        assert re.search(rf"^{place} +http://\S+", guide, re.MULTILINE), place


def test_what_it_suggests_books_what_was_parked(run: Run) -> None:
    assert len(run.typed) >= COMMANDS_MIN
    assert "revenue_category_missing (1)" in output_of(run, " parked ")
    assert "posted" in output_of(run, " show ")
    assert "invoice/in_" in output_of(run, " plan ")


def test_what_it_suggests_proves_what_was_booked(run: Run) -> None:
    assert "ArInvoice" in output_of(run, " trace ")
    assert "all is as it was written" in output_of(run, " verify ")
    assert output_of(run, " replay ").splitlines()[-1] == "all agree"


def test_what_somebody_does_in_the_double_of_stripe_reaches_tieout(run: Run) -> None:
    assert '"status": 200' in output_of(run, "/deliver")


def test_each_clearing_account_is_stripe_s_balance(run: Run) -> None:
    last = run.printed.split("in its own currency each clearing account has", 1)[1]
    differences = dict(re.findall(r"^\d+ +(\w{3}) .* (\S+)$", last, re.MULTILINE))
    assert differences == {"usd": "0.00", "eur": "0.00"}
