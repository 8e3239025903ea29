"""Goal: help comes at once, and every command that it names is there.

Method: a Python of its own tells what it had to load; each command explains itself in this one.
"""

import subprocess
import sys

import pytest

from tests.support.doors import ROOT
from tieout import cli
from tieout.cli.commands import COMMANDS

HEAVY = ("boto3", "stripe", "lxml", "yaml")


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["--help"], ""),
        (["policy", "--help"], ""),
        (["events"], ""),
        (["policy", "check", str(ROOT / "docs" / "policy.example.yaml")], "yaml"),
    ],
)
def test_only_what_is_needed_is_loaded(arguments: list[str], needed: str) -> None:
    code = (
        "import sys\n"
        "from tieout import cli\n"
        "try:\n"
        f"    cli.main({arguments})\n"
        "except SystemExit:\n"
        "    pass\n"
        f"sys.stderr.write(' '.join(each for each in {HEAVY} if each in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout
    assert done.stderr == needed


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--help"])
    shown = capsys.readouterr().out
    listed = [line.split()[0] for line in shown.splitlines() if line[:4] == " " * 4]
    assert [each for each in COMMANDS if each.split()[0] not in listed] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main([*name.split(), "--help"])
    assert capsys.readouterr().out.startswith(f"usage: tieout {name} ")


def test_what_is_no_command_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["parkd"])
    assert "invalid choice: 'parkd' (choose from 'events', 'policy'" in capsys.readouterr().err
