"""Goal: the operator's commands do what they say, for people and for programs, and say in one line
what went wrong.

Method: `main` with arguments; tables and queues on moto; stack outputs from a stand-in for
CloudFormation's one call.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support import aws
from tests.support.aws import Aws
from tests.support.doors import COMMON_ENVIRONMENT, ROOT
from tieout import cli
from tieout.domain.events import SUBSCRIPTIONS
from tieout.domain.policy_file import parse_policy
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import WAY_OUT, Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import WorkItem
from tieout.store.clock import SystemClock
from tieout.store.policies import DynamoPolicies
from tieout.store.postings import DynamoPostings
from tieout.store.work_queue import SqsWorkQueue

POLICY = ROOT / "docs" / "policy.example.yaml"
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    for name, value in COMMON_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with aws.moto() as account:
        yield account


def refused(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


class Stacks:
    """CloudFormation with one stack."""

    class meta:  # noqa: N801 - as boto3 names it
        region_name = "us-east-1"

    def __init__(self, outputs: dict[str, str]) -> None:
        self._outputs = outputs

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - as boto3 names it
        if StackName != "tieout-dev":
            raise refused("ValidationError", "DescribeStacks")
        listed = [{"OutputKey": key, "OutputValue": each} for key, each in self._outputs.items()]
        return {"Stacks": [{"Outputs": listed}]}


def no_move_task(**_: str) -> None:
    raise refused("InvalidAction", "StartMessageMoveTask")


def with_stack(monkeypatch: pytest.MonkeyPatch, **outputs: str) -> None:
    """Let `--stack tieout-dev` lead to these outputs; what is not named leads nowhere."""
    stacks = Stacks(dict.fromkeys(cli._OUTPUTS, "nowhere") | outputs)
    real = boto3.client

    def client(service: str, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as boto3
        if service == "cloudformation":
            return stacks
        made = real(service, *arguments, **options)  # type: ignore[call-overload]
        if service == "sqs":
            # moto has no move task and crashes; an emulator without it answers like this.
            made.start_message_move_task = no_move_task
        return made

    monkeypatch.setattr(boto3, "client", client)


# --- events -----------------------------------------------------------------------------------


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


# --- policy -----------------------------------------------------------------------------------


def test_a_good_policy_is_checked_without_aws(capsys: Captured) -> None:
    assert cli.main(["policy", "check", str(POLICY)]) == 0
    assert parse_policy(POLICY.read_text(encoding="utf-8")).version in capsys.readouterr().out


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
    published = DynamoPolicies(account.dynamodb, table, parse_policy, SystemClock()).current()
    assert published.version in capsys.readouterr().out


def test_a_policy_is_published_to_the_table_of_a_stack(
    account: Aws, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    table = account.state_table()
    with_stack(monkeypatch, StateTableName=table)
    assert cli.main(["policy", "publish", str(POLICY), "--stack", "tieout-dev", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["table"] == table
    DynamoPolicies(account.dynamodb, table, parse_policy, SystemClock()).current()


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
    account: Aws, tmp_path: Path, capsys: Captured
) -> None:
    changed = tmp_path / "policy.yaml"
    text = POLICY.read_text(encoding="utf-8")
    changed.write_text(text.replace("America/New_York", "Europe/Berlin"), encoding="utf-8")
    table = account.state_table()
    for path in (POLICY, changed):
        assert cli.main(["policy", "publish", str(path), "--table", table]) == 0
    assert cli.main(["policy", "undo", "--table", table]) == 0
    first = parse_policy(text).version
    assert f"back to version {first}" in capsys.readouterr().out
    policies = DynamoPolicies(account.dynamodb, table, parse_policy, SystemClock())
    assert policies.current().version == first
    assert cli.main(["policy", "undo", "--table", table]) == 2


# --- parked -----------------------------------------------------------------------------------


def parked(key: str, **changes: Any) -> Posting:  # noqa: ANN401 - any field
    subject = Subject(SubjectKind.INVOICE, key.removeprefix("invoice/"))
    state = changes.pop("state", State.PARKED)
    return Posting(key, subject, state, version=1, **changes)


@pytest.fixture
def exceptions(account: Aws) -> str:
    table = account.postings_table()
    postings = DynamoPostings(account.dynamodb, table)
    missing = Reason.REVENUE_CATEGORY_MISSING
    postings.put(
        parked("invoice/in_1", reason=missing, amount_minor=12_990, currency="usd", reason_text="p")
    )
    postings.put(parked("invoice/in_2", reason=missing, reason_text="two\nlines"))
    postings.put(parked("invoice/in_3", reason=Reason.DRIFT, state=State.POSTED))
    postings.put(parked("invoice/in_4", state=State.UNKNOWN))
    postings.put(parked("invoice/in_5", state=State.POSTED))
    return table


def test_exceptions_are_grouped_by_reason_with_the_way_out(
    exceptions: str, capsys: Captured
) -> None:
    assert cli.main(["parked", "--table", exceptions]) == 0
    drift, unknown, missing = capsys.readouterr().out.split("\n\n")
    assert drift.startswith("drift (1)\n")
    assert "invoice/in_3  posted" in drift
    assert unknown.startswith("outcome_unknown (1)\n")
    lines = missing.splitlines()
    assert lines[:2] == [
        "revenue_category_missing (2)",
        f"  way out: {WAY_OUT[Reason.REVENUE_CATEGORY_MISSING]}",
    ]
    assert "  invoice/in_1  parked  129.90 USD" in lines
    assert "    lines" in lines


def test_exceptions_for_a_program(exceptions: str, capsys: Captured) -> None:
    assert cli.main(["parked", "--table", exceptions, "--json"]) == 0
    told = {each["key"]: each for each in json.loads(capsys.readouterr().out)}
    assert told.keys() == {f"invoice/in_{number}" for number in range(1, 5)}
    assert told["invoice/in_1"]["subject"] == "invoice/in_1"
    assert told["invoice/in_1"]["amount_minor"] == 12_990
    assert told["invoice/in_3"]["way_out"] == WAY_OUT[Reason.DRIFT]


def test_nothing_parked_is_said(account: Aws, capsys: Captured) -> None:
    assert cli.main(["parked", "--table", account.postings_table()]) == 0
    assert capsys.readouterr().out == "nothing is parked\n"


# --- redrive ----------------------------------------------------------------------------------


def arn_of(account: Aws, queue_url: str) -> str:
    answer = account.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    return answer["Attributes"]["QueueArn"]


def test_redrive_moves_the_dead_letters_back(
    account: Aws, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    queue, dead_letters = account.queue(), account.queue()
    with_stack(monkeypatch, EventQueueUrl=queue, EventDeadLetterQueueUrl=dead_letters)
    subject = Subject(SubjectKind.INVOICE, "in_1")
    SqsWorkQueue(account.sqs, dead_letters).send(
        WorkItem(subject, "evt_1", "cus_1", "evt_1", False)
    )
    assert cli.main(["redrive", "--stack", "tieout-dev"]) == 0
    assert capsys.readouterr().out == "messages moved: 1\n"
    (message,) = account.sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"])["subject"] == "invoice/in_1"
    arns = [arn_of(account, each) for each in (dead_letters, queue)]
    assert cli.main(["redrive", "--dead-letter-queue", arns[0], "--queue", arns[1]]) == 0
    assert capsys.readouterr().out == "messages moved: 0\n"


# --- what goes wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["redrive"], "name --stack, or both --dead-letter-queue and --queue"),
        (["redrive", "--queue", "https://q"], "name --stack"),
        (["policy", "check", "/nowhere.yaml"], "No such file"),
        (["parked", "--table", "gone"], "dynamodb:Query on gone"),
        (["parked", "--stack", "gone"], "there is no stack 'gone' in us-east-1"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_said_in_one_line(
    account: Aws,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
    arguments: list[str],
    told: str,
) -> None:
    assert account
    with_stack(monkeypatch)
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("tieout: ")
    assert told in error
    assert error.count("\n") == 1


def test_another_stack_is_not_taken_for_ours(
    account: Aws, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert account
    monkeypatch.setattr(boto3, "client", lambda _: Stacks({"StateTableName": "x"}))
    assert cli.main(["parked", "--stack", "tieout-dev"]) == 2
    assert "is not Tieout: it has no EventDeadLetterQueueUrl" in capsys.readouterr().err


def test_a_missing_region_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Captured
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    assert cli.main(["parked", "--table", "x"]) == 2
    assert capsys.readouterr().err == "tieout: You must specify a region.\n"


def test_text_that_is_not_utf_8_is_said(tmp_path: Path, capsys: Captured) -> None:
    binary = tmp_path / "policy.yaml"
    binary.write_bytes(b"\xff\xfe")
    assert cli.main(["policy", "check", str(binary)]) == 2
    assert "is not UTF-8 text" in capsys.readouterr().err


def test_errors_for_a_program_are_json(capsys: Captured) -> None:
    assert cli.main(["policy", "check", "/nowhere.yaml", "--json"]) == 2
    assert "No such file" in json.loads(capsys.readouterr().err)["error"]


def test_help_shows_every_command_with_an_example(capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--help"])
    told = capsys.readouterr().out
    for command in ("events", "policy check", "policy publish", "policy undo", "parked", "redrive"):
        assert f"tieout {command}" in told
