"""Goal: the commands that set Tieout up do what they say, for people and for programs.

Method: `main` with arguments; the state table on moto.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.aws import Aws
from tests.support.doors import ROOT
from tieout import cli
from tieout.domain.events import SUBSCRIPTIONS
from tieout.domain.policy_file import parse_policy
from tieout.store.clock import SystemClock
from tieout.store.policies import POLICY_AGE_SECONDS_MAX, DynamoPolicies

POLICY = ROOT / "docs" / "policy.example.yaml"
Captured = pytest.CaptureFixture[str]


def version_in_force(account: Aws, table: str) -> str:
    return DynamoPolicies(account.dynamodb, table, parse_policy, SystemClock()).current().version


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    text = POLICY.read_text(encoding="utf-8")
    path.write_text(text.replace("America/New_York", "Europe/Berlin"), encoding="utf-8")
    return path


def test_events_are_printed_one_a_line_to_paste(capsys: Captured) -> None:
    assert cli.main(["events"]) == 0
    assert capsys.readouterr().out.splitlines() == sorted(SUBSCRIPTIONS)


def test_events_for_a_program_name_the_version(capsys: Captured) -> None:
    assert cli.main(["events", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["enabled_events"] == sorted(SUBSCRIPTIONS)
    assert told["api_version"] == "2026-10-28.endive"


def test_the_curl_command_creates_the_endpoint_with_a_key_from_the_shell(capsys: Captured) -> None:
    assert cli.main(["events", "--curl", "https://example.com/dev/webhooks/stripe?a=1&b=2"]) == 0
    told = capsys.readouterr().out
    assert "'url=https://example.com/dev/webhooks/stripe?a=1&b=2'" in told
    assert told.count("enabled_events[]=") == len(SUBSCRIPTIONS)
    assert "api_version=2026-10-28.endive" in told
    assert '"$STRIPE_API_KEY:"' in told


def test_a_good_policy_is_checked_without_aws(capsys: Captured) -> None:
    assert cli.main(["policy", "check", str(POLICY)]) == 0
    assert parse_policy(POLICY.read_text(encoding="utf-8")).version in capsys.readouterr().out


def test_a_policy_that_books_everything_says_so(tmp_path: Path, capsys: Captured) -> None:
    note = "note: books_from is not set: everything that Stripe has will be booked"
    without = tmp_path / "policy.yaml"
    lines = POLICY.read_text(encoding="utf-8").splitlines(keepends=True)
    without.write_text("".join(each for each in lines if not each.startswith("books_from")))
    assert cli.main(["policy", "check", str(without)]) == 0, "it may be what the company wants"
    assert capsys.readouterr().out.splitlines()[1:] == [note]
    assert cli.main(["policy", "check", str(without), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == [note.removeprefix("note: ")]
    assert cli.main(["policy", "check", str(POLICY)]) == 0
    assert note not in capsys.readouterr().out


def test_every_error_of_a_policy_is_listed(tmp_path: Path, capsys: Captured) -> None:
    broken = tmp_path / "policy.yaml"
    broken.write_text("base_currency: dollars\ntime_zone: Mars/Olympus\n", encoding="utf-8")
    assert cli.main(["policy", "check", str(broken)]) == 1
    told = capsys.readouterr().err
    assert "base_currency" in told
    assert "time_zone" in told
    assert cli.main(["policy", "check", str(broken), "--json"]) == 1
    assert len(json.loads(capsys.readouterr().err)["errors"]) > 2


def test_a_published_policy_is_in_force(account: Aws, capsys: Captured) -> None:
    table = account.state_table()
    assert cli.main(["policy", "publish", str(POLICY), "--table", table]) == 0
    version = version_in_force(account, table)
    within = f"in force within {POLICY_AGE_SECONDS_MAX} seconds"
    assert capsys.readouterr().out == f"published version {version}; {within}\n"


def test_a_policy_is_published_to_the_table_of_a_stack(
    account: Aws, with_stack: Callable[..., None], capsys: Captured
) -> None:
    table = account.state_table()
    with_stack(StateTableName=table)
    asked = ["policy", "publish", str(POLICY), "--stack", "tieout-dev", "--unchecked", "--json"]
    assert cli.main(asked) == 0
    told = json.loads(capsys.readouterr().out)
    version = version_in_force(account, table)
    assert told == {"version": version, "table": table, "published": True}


def test_a_change_of_comments_alone_is_nothing_to_publish(
    account: Aws, tmp_path: Path, capsys: Captured
) -> None:
    commented = tmp_path / "policy.yaml"
    commented.write_text(POLICY.read_text(encoding="utf-8") + "\n# Reviewed.\n", encoding="utf-8")
    table = account.state_table()
    assert cli.main(["policy", "publish", str(POLICY), "--table", table]) == 0
    version = version_in_force(account, table)
    capsys.readouterr()
    assert cli.main(["policy", "publish", str(commented), "--table", table]) == 0
    told = f"nothing to publish: version {version} is in force already\n"
    assert capsys.readouterr().out == told
    assert cli.main(["policy", "publish", str(commented), "--table", table, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["published"] is False
    assert cli.main(["policy", "undo", "--table", table]) == 2, "it did not enter history"


def test_a_policy_with_errors_is_not_published(
    account: Aws, tmp_path: Path, capsys: Captured
) -> None:
    broken = tmp_path / "policy.yaml"
    broken.write_text("base_currency: dollars\n", encoding="utf-8")
    table = account.state_table()
    assert cli.main(["policy", "publish", str(broken), "--table", table]) == 1
    assert "base_currency" in capsys.readouterr().err
    assert account.dynamodb.scan(TableName=table)["Items"] == []


def test_a_published_policy_can_be_taken_back(
    account: Aws, changed: Path, capsys: Captured
) -> None:
    table = account.state_table()
    for path in (POLICY, changed):
        assert cli.main(["policy", "publish", str(path), "--table", table]) == 0
    capsys.readouterr()
    assert cli.main(["policy", "undo", "--table", table]) == 0
    first = parse_policy(POLICY.read_text(encoding="utf-8")).version
    assert capsys.readouterr().out.splitlines() == [
        f"back to version {first}; in force within {POLICY_AGE_SECONDS_MAX} seconds",
        f"Forward again: tieout policy publish FILE --table {table}",
    ]
    assert version_in_force(account, table) == first
    assert cli.main(["policy", "undo", "--table", table]) == 2


def test_the_policy_in_force_is_shown_as_it_was_published(
    account: Aws, changed: Path, capsys: Captured
) -> None:
    table = account.state_table()
    assert cli.main(["policy", "show", "--table", table]) == 2
    assert capsys.readouterr().err == "tieout: no policy is published\n"
    for path in (POLICY, changed):
        assert cli.main(["policy", "publish", str(path), "--table", table]) == 0
    capsys.readouterr()
    assert cli.main(["policy", "show", "--table", table]) == 0
    assert capsys.readouterr().out == changed.read_text(encoding="utf-8")
    assert cli.main(["policy", "show", "--table", table, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["version"] == version_in_force(account, table)
