"""Goal: a policy whose examples fail, or that names what Intacct lacks, does not go live.

Method: the command as an operator runs it, against a stack in this process and an Intacct company
in memory.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.master_data import FakeMasterData
from tests.support.aws import Aws
from tieout import cli
from tieout.cli.installation import Installation
from tieout.domain.master_data import MasterKind
from tieout.domain.policy_file import parse_policy
from tieout.domain.policy_names import names_in
from tieout.services.ports import MasterRecord

ROOT = Path(__file__).parents[3]
POLICY = ROOT / "docs" / "policy.example.yaml"
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch) -> FakeMasterData:
    """An Intacct company that has all that the example policy names."""
    text = POLICY.read_text("utf-8")
    master = FakeMasterData()
    for named in names_in(text, parse_policy(text)):
        master.add(named.kind, MasterRecord(named.identifier))
    monkeypatch.setattr(Installation, "master_data", master)
    return master


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    path = tmp_path / "failing.yaml"
    text = POLICY.read_text("utf-8")
    assert 'credit: "120.00"' in text
    path.write_text(text.replace('credit: "120.00"', 'credit: "12.00"'), "utf-8")
    return path


def test_examples_are_run_without_aws(failing: Path, capsys: Captured) -> None:
    assert cli.main(["policy", "check", str(POLICY)]) == 0
    assert "; 1 example holds\n" in capsys.readouterr().out
    assert cli.main(["policy", "check", str(failing)]) == 1
    assert (
        "rules[enterprise-usage].examples[an enterprise customer's API calls]: gives[1]: credit is "
        "120.00, not 12.00 (in the nearest line: rule enterprise-usage)"
    ) in capsys.readouterr().err


def test_a_policy_whose_examples_fail_is_never_published(
    account: Aws, failing: Path, capsys: Captured
) -> None:
    table = account.state_table()
    asked = ["policy", "publish", str(failing), "--table", table, "--unchecked"]
    assert cli.main(asked) == 1
    assert "rules[enterprise-usage]" in capsys.readouterr().err
    assert account.dynamodb.scan(TableName=table)["Items"] == []


def test_a_policy_that_names_what_intacct_lacks_is_refused(
    account: Aws, with_stack: Callable[..., None], company: FakeMasterData, capsys: Captured
) -> None:
    table = account.state_table()
    with_stack(StateTableName=table)
    asked = ["policy", "publish", str(POLICY), "--stack", "tieout-dev"]
    record = company.records.pop((MasterKind.ACCOUNT, "4010"))
    assert cli.main(asked) == 1
    error = "revenue.categories.services.account: account 4010 is not in Intacct"
    assert error in capsys.readouterr().err
    assert cli.main(["policy", "check", str(POLICY), "--stack", "tieout-dev", "--json"]) == 1
    assert json.loads(capsys.readouterr().err) == {"errors": [error]}
    assert account.dynamodb.scan(TableName=table)["Items"] == []

    assert cli.main([*asked, "--unchecked"]) == 0
    company.add(MasterKind.ACCOUNT, record)
    assert cli.main(asked) == 0


def test_what_may_be_refused_is_a_note(
    account: Aws, with_stack: Callable[..., None], company: FakeMasterData, capsys: Captured
) -> None:
    with_stack(StateTableName=account.state_table())
    company.add(MasterKind.ACCOUNT, MasterRecord("4000", requires=frozenset({"department"})))
    assert cli.main(["policy", "check", str(POLICY), "--stack", "tieout-dev"]) == 0
    out = capsys.readouterr().out
    assert "note: revenue.categories.subscriptions.account: account 4000 requires department" in out


def test_versions_are_listed_and_any_of_them_shown(
    account: Aws, tmp_path: Path, capsys: Captured
) -> None:
    table = account.state_table()
    second = tmp_path / "second.yaml"
    text = POLICY.read_text("utf-8").replace("label: Sample", "label: Another sample")
    second.write_text(text, "utf-8")
    for path in (POLICY, second):
        assert cli.main(["policy", "publish", str(path), "--table", table]) == 0
    first_version = parse_policy(POLICY.read_text("utf-8")).version
    second_version = parse_policy(text).version
    capsys.readouterr()
    assert cli.main(["policy", "versions", "--table", table]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [second_version, first_version]
    assert lines[0].endswith("Another sample SaaS, first version  in force")
    assert lines[1].endswith("Sample SaaS, first version")
    assert cli.main(["policy", "show", "--table", table, "--version", first_version]) == 0
    assert "label: Sample" in capsys.readouterr().out
    assert cli.main(["policy", "show", "--table", table, "--version", "nobody's"]) == 2
    assert "nobody's is not stored" in capsys.readouterr().err
    assert cli.main(["policy", "undo", "--table", table]) == 0
    capsys.readouterr()
    assert cli.main(["policy", "versions", "--table", table, "--json"]) == 0
    undone, left = json.loads(capsys.readouterr().out)
    assert (left["version"], left["is_in_force"]) == (first_version, True)
    assert left["published_at_unix"] > 0
    assert (undone["version"], undone["is_in_force"]) == (second_version, False)
    assert undone["undone_at_unix"] >= undone["published_at_unix"]
    assert cli.main(["policy", "versions", "--table", table]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(second_version)
    assert re.search(r"  undone \d{4}-\d\d-\d\d \d\d:\d\d UTC by \S+$", lines[0])
    assert lines[1].endswith("first version          in force")
