"""Goal: what cannot be done is said in one line with exit code 2, and help shows how to do it.

Method: `main` with arguments that lead nowhere.
"""

import json
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from tests.support.aws import Aws
from tests.unit.cli.conftest import install_stack
from tieout import cli

Captured = pytest.CaptureFixture[str]
COMMANDS = (
    "events",
    "policy check",
    "policy publish",
    "policy undo",
    "policy show",
    "parked",
    "not-booked",
    "show",
    "redrive",
    "retry",
    "close",
    "reopen",
)
NO_PLACE = "name --stack, or both --table and --queue"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["redrive"], "name --stack, or both --dead-letter-queue and --queue"),
        (["redrive", "--queue", "https://q"], "name --stack"),
        (["retry", "invoice/in_1"], NO_PLACE),
        (["retry", "invoice/in_1", "--table", "t"], NO_PLACE),
        (["retry", "invoice/in_1", "--stack", "tieout-dev", "--live"], NO_PLACE),
        (["retry", "--stack", "tieout-dev"], "name what to retry, or --all-parked"),
        (["retry", "a/1", "--all-parked", "--stack", "tieout-dev"], "name what to retry, or"),
        (["policy", "check", "/nowhere.yaml"], "No such file"),
        (["parked", "--table", "gone"], "dynamodb:Query on gone"),
        (["parked", "--stack", "gone"], "there is no stack 'gone' in us-east-1"),
        (["close", "a/1", "--note", "x", "--table", "gone"], "dynamodb:BatchGetItem"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_said_in_one_line(
    account: Aws,
    with_stack: Callable[..., None],
    capsys: Captured,
    arguments: list[str],
    told: str,
) -> None:
    assert account
    with_stack()
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("tieout: ")
    assert told in error
    assert error.count("\n") == 1


def test_another_stack_is_not_taken_for_ours(
    account: Aws, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert account
    install_stack(monkeypatch, {"StateTableName": "x"})
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


def test_help_shows_every_command_with_an_example_and_the_exit_codes(capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--help"])
    told = capsys.readouterr().out
    for command in COMMANDS:
        assert f"tieout {command}" in told
    assert "exit codes: 0 done, 1 the policy has errors, 2 it could not be done" in told


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_shows_an_example_of_itself(command: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main([*command.split(), "--help"])
    _, _, examples = capsys.readouterr().out.partition("\nexample")
    assert f"\n  tieout {command}" in examples
    assert max(map(len, examples.splitlines())) <= 100
