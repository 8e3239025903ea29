"""Goal: importing a function needs no environment, credentials or network, loads all that its first
event needs (Lambda's init phase is the fast one), and nothing that it never needs.

Method: fresh interpreters without an environment; the modules that each step loaded.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.doors import COMMON_ENVIRONMENT
from tests.unit.test_settings import environment_of

ROOT = Path(__file__).parents[3]

# What only other functions use: XML, YAML and planning cost more than the webhook's own work.
NOT_NEEDED = {
    "webhook": {"lxml", "yaml", "tieout.planning.plan", "tieout.intacct", "tieout.stripe.reader"},
    "processor": {"aws_lambda_powertools.utilities.idempotency", "tieout.services.poll"},
    "poller": {"aws_lambda_powertools.utilities.idempotency", "tieout.services.process"},
}

SCRIPT = """
import json, socket, sys

def refuse(*_): raise AssertionError("no network while importing")
socket.socket.connect = refuse

import app
imported = set(sys.modules)
import os
os.environ.update(json.loads(sys.argv[1]))
getattr(app, sys.argv[2])()
print(json.dumps({"imported": sorted(imported), "built": sorted(set(sys.modules) - imported)}))
"""


@pytest.fixture(params=sorted(NOT_NEEDED), scope="module")
def function(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def loaded(function: str) -> Mapping[str, list[str]]:
    environment = environment_of(function) | dict(COMMON_ENVIRONMENT)
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, json.dumps(environment), function],
        env={"PYTHONPATH": f"{ROOT / 'functions' / function}:{ROOT / 'layers' / 'core'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    loaded: Mapping[str, list[str]] = json.loads(finished.stdout)
    return loaded


def test_what_only_others_need_is_not_loaded(
    function: str, loaded: Mapping[str, list[str]]
) -> None:
    assert set(loaded["imported"]) & NOT_NEEDED[function] == set()


def test_building_loads_no_more_of_ours_or_of_the_large_libraries(
    loaded: Mapping[str, list[str]],
) -> None:
    large = ("tieout", "stripe", "boto3", "requests", "lxml", "yaml", "aws_lambda_powertools")
    late = [each for each in loaded["built"] if each.split(".")[0] in large]
    # Stripe's own lazy parts and boto3's resources come with the objects that use them.
    assert [each for each in late if each.split(".")[0] not in {"stripe", "boto3"}] == []
