"""Goal: who sees a history fail gets the shortest one found, and a line that repeats it.

Method: shorten made-up histories of which it is known what makes them fail; then a true one, in
which a planted bug meets the one fault that it needs among many. The line that is printed is given
to the command again, which must come to the same story.
"""

import argparse
import dataclasses
import io
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.simulation import mutants_of_doors as doors
from tests.simulation.__main__ import main
from tests.simulation.faults import Faults
from tests.simulation.repeating import add_arguments, command_of, plan_of
from tests.simulation.shrinking import Outcome, outcome_of, shortened
from tests.simulation.world import Plan

EVENTS = 30
STRIKES = 5


def made_up(plan: Plan) -> Outcome:
    """Fail with at least 17 events and the third cut; each kind strikes five times."""
    kinds = plan.faults.kinds
    spared = Counter(kind for kind, _ in plan.spared)
    struck = Counter({kind: STRIKES - spared[kind] for kind in kinds if kind != "killed"})
    is_cut = "intacct_cut" in kinds and ("intacct_cut", 3) not in plan.spared
    wrong = "booked twice" if is_cut and plan.events >= 17 else ""
    return Outcome(plan, wrong, plan.events, struck, "", 0)


def arguments_of(line: str) -> list[str]:
    """Return what make hands to the command, of a line that it printed."""
    return [
        part
        for name, value in re.findall(r"([A-Z]+)=(\S+)", line)
        for part in (f"--{name.lower()}", value)
    ]


def test_what_does_not_matter_is_left_out() -> None:
    faults = Faults(intacct_cut=0.1, intacct_late=0.1, webhook_lost=0.2, killed=0.01)
    found = shortened(made_up(Plan(1, 1_000, faults, storms=4)), played=made_up).plan
    assert found.events == 17
    assert found.storms == 1
    assert found.faults == Faults(intacct_cut=0.1)
    assert found.spared == {("intacct_cut", number) for number in (1, 2, 4, 5)}


def test_what_cannot_be_shortened_stays() -> None:
    least = Plan(1, 17, Faults(intacct_cut=0.1), storms=1)
    least = dataclasses.replace(
        least, spared=frozenset(("intacct_cut", number) for number in (1, 2, 4, 5))
    )
    assert shortened(made_up(least), played=made_up).plan == least


def plans() -> Iterator[Plan]:
    drawn = Plan.of(1, 600)
    yield drawn
    yield dataclasses.replace(drawn, storms=1)
    yield dataclasses.replace(drawn, faults=Faults())
    kind, other = drawn.faults.kinds[:2]
    yield dataclasses.replace(drawn, spared=frozenset({(kind, 2), (other, 11)}))
    yield dataclasses.replace(drawn, faults=drawn.faults.without(kind))


@pytest.mark.parametrize("plan", list(plans()))
def test_the_line_means_the_very_history(plan: Plan) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    asked = parser.parse_args(arguments_of(command_of(plan)))
    assert plan_of(asked.seed, asked) == plan


def test_a_kind_that_nobody_knows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "intacct_cut,meteorite"])
    assert "no kind of faults: meteorite" in capsys.readouterr().err


def test_a_history_in_which_nothing_is_wrong_says_so() -> None:
    told = io.StringIO()
    assert main(["--seed", "1", "--events", "10"], told) == 0
    assert re.search(r"^seed 1: \d+ events, story [0-9a-f]{16}$", told.getvalue(), re.MULTILINE)
    assert told.getvalue().endswith(": 0 wrong\n")


@pytest.mark.simulation
def test_a_true_failure_is_shortened_told_and_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    doors.acknowledged_without_queueing(monkeypatch)
    told, again = io.StringIO(), io.StringIO()
    storms = (Plan.of(seed, EVENTS) for seed in range(1_000))
    refusing = (each for each in storms if each.faults.queue_throttled > 0.02)
    storm = next(each for each in refusing if outcome_of(each).wrong)
    assert main(["--seed", str(storm.seed), "--events", str(EVENTS)], told) == 1
    *_, wrong, line, summary = told.getvalue().splitlines()
    assert wrong.startswith("WRONG: acknowledged and never queued: evt_")
    assert summary.endswith(": 1 wrong")
    assert "STRUCK: queue_throttled" in told.getvalue()

    assert main([*arguments_of(line), "--as-it-is"], again) == 1
    assert again.getvalue().splitlines()[-3:-1] == [wrong, line]
    stories = re.findall(r"story (\w+)", told.getvalue())
    assert re.findall(r"story (\w+)", again.getvalue()) == stories[-1:]
    assert len(again.getvalue().splitlines()) < len(told.getvalue().splitlines())
    kinds = re.findall(r"^  (\w+) +struck", again.getvalue(), re.MULTILINE)
    assert "queue_throttled" in kinds
    assert len(kinds) < len(storm.faults.kinds)
