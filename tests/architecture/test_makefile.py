"""Goal: `make deploy` goes where its operator says, and stops at once at a mistyped stage.

Method: run the real Makefile in an environment without a region. The recipe that shows what every
recipe is given is the test's own; what `deploy` would do is only printed.
"""

import os
import subprocess

import pytest

from tests.sandbox.aws.emulator import ROOT

REGION = "AWS_DEFAULT_REGION"


def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    # The flags of a make that runs the tests would reach this one.
    dropped = {REGION, "STAGE", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES"}
    own = {name: value for name, value in os.environ.items() if name not in dropped}
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=False)


def test_no_recipe_is_given_a_region_that_its_operator_did_not_choose() -> None:
    show = f"show: ; @echo region=$${{{REGION}-}}"
    assert make("--eval", show, "show").stdout == "region=\n"


@pytest.mark.parametrize("stage", ["dev", "staging", "prod"])
def test_each_stage_is_built_then_deployed(stage: str) -> None:
    steps = make("--dry-run", "deploy", f"STAGE={stage}").stdout.splitlines()
    assert steps[-2].endswith("sam build")
    assert steps[-1].endswith(f"sam deploy --config-env {stage}")


def test_a_mistyped_stage_stops_before_the_build_with_one_line() -> None:
    refused = make("deploy", "STAGE=foo")
    assert refused.returncode != 0
    assert refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert "STAGE=foo is none of: dev staging prod." in line
