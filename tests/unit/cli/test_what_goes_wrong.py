"""Goal: what cannot be done is said in one line with exit code 2, and help shows how to do it.

Method: `main` with arguments that lead nowhere.
"""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import NoCredentialsError

from tests.support.aws import Aws
from tests.support.doors import COMMON_ENVIRONMENT
from tests.unit.cli.conftest import install_stack
from tieout import cli
from tieout.cli.commands import COMMANDS
from tieout.cli.faults import sentence

Captured = pytest.CaptureFixture[str]
NO_PLACE = "name --stack, or both --table and --queue"
GONE = ["--table", "gone", "--trail-table", "gone"]


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
        (["policy", "check", "/nowhere.yaml"], "no such file"),
        (["parked", "--table", "gone"], "dynamodb:Query on gone"),
        (["parked", "--stack", "gone"], "there is no stack 'gone' in us-east-1"),
        (["close", "a/1", "--note", "x", "--table", "gone"], "name --trail-table, too"),
        (["close", "a/1", "--note", "x", *GONE], "dynamodb:BatchGetItem"),
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


def test_a_file_that_cannot_be_written_is_said_without_numbers(tmp_path: Path) -> None:
    file = tmp_path / "none" / "in_1.zip"
    with pytest.raises(FileNotFoundError) as caught:
        file.write_bytes(b"")
    assert sentence(caught.value) == f"{file}: No such file or directory"


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
    assert capsys.readouterr().err == (
        "tieout: You must specify a region. Set AWS_REGION, or a region for your AWS profile.\n"
    )


def test_the_region_may_be_named_as_for_the_aws_cli(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def asking(client: BaseClient, *_: object) -> None:
        asked.append(client.meta.region_name)
        raise NoCredentialsError

    monkeypatch.setattr(BaseClient, "_make_api_call", asking)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    # Set first, so that what the command makes of it does not outlive the test.
    monkeypatch.setenv("AWS_DEFAULT_REGION", "none")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert cli.main(["policy", "show", "--table", "x"]) == 2
    assert asked == ["eu-west-1"]


def test_a_region_that_does_not_answer_is_said_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    for name, value in COMMON_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    assert cli.main(["parked", "--table", "x"]) == 2
    error = capsys.readouterr().err
    assert "Could not connect to the endpoint URL" in error
    assert ": is the region right (AWS_REGION)" in error
    assert error.count("\n") == 1


def closed_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def test_missing_credentials_are_said_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    def no_credentials(*_: object, **__: object) -> None:
        raise NoCredentialsError

    monkeypatch.setattr(BaseClient, "_make_api_call", no_credentials)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    assert cli.main(["policy", "show", "--table", "x"]) == 2
    assert capsys.readouterr().err == (
        "tieout: dynamodb:GetItem on x: no credentials: sign in as for the AWS CLI, or set "
        "AWS_PROFILE\n"
    )


@pytest.mark.parametrize("url", ["banana", "http://example.com/x", "https:///x"])
def test_stripe_is_given_no_address_that_it_would_refuse(url: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["events", "--curl", url])
    assert f"must be an https URL, not '{url}'" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["show", "retry", "close", "reopen"])
@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("in_1", "'in_1' is no key; did you mean invoice/in_1?"),
        ("pyr_1", "'pyr_1' is no key; did you mean refund/pyr_1?"),
        ("inpay_1", "'inpay_1' is no key; did you mean receipt/inpay_1?"),
        ("", "a key must not be empty: give one like invoice/in_1"),
    ],
)
def test_a_bare_id_is_told_its_key(
    account: Aws,
    with_stack: Callable[..., None],
    capsys: Captured,
    command: str,
    key: str,
    told: str,
) -> None:
    with_stack(PostingsTableName=account.postings_table())
    note = ["--note", "x"] if command == "close" else []
    assert cli.main([command, key, *note, "--stack", "tieout-dev"]) == 2
    assert capsys.readouterr().err == f"tieout: {told}\n"


def test_a_directory_is_no_policy(tmp_path: Path, capsys: Captured) -> None:
    assert cli.main(["policy", "check", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"tieout: {tmp_path}: Is a directory\n"


def test_text_that_is_not_utf_8_is_said(tmp_path: Path, capsys: Captured) -> None:
    binary = tmp_path / "policy.yaml"
    binary.write_bytes(b"\xff\xfe")
    assert cli.main(["policy", "check", str(binary)]) == 2
    assert "is not UTF-8 text" in capsys.readouterr().err


def test_errors_for_a_program_are_json(capsys: Captured) -> None:
    assert cli.main(["policy", "check", "/nowhere.yaml", "--json"]) == 2
    assert "no such file" in json.loads(capsys.readouterr().err)["error"]


def test_help_shows_every_command_with_an_example_and_the_exit_codes(capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--help"])
    told = capsys.readouterr().out
    for command in COMMANDS:
        assert f"tieout {command}" in told
    assert "exit codes: 0 done, 1 the answer is no" in told
    assert "2 it could not be done (one line says why)" in told


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_shows_an_example_of_itself(command: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main([*command.split(), "--help"])
    _, _, examples = capsys.readouterr().out.partition("\nexample")
    assert f"\n  tieout {command}" in examples
    assert max(map(len, examples.splitlines())) <= 100
