"""Goal: whatever a gateway gone bad answers costs bounded memory, opens no file and no address,
and leaves a document that was sent in doubt, never lost and never taken for booked.

Method: the real client hears every such reply over HTTP in a process of its own, whose memory is
measured and whose processor time is limited; a crash there is a failure here.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.doors import ROOT
from tests.support.hostile_replies import IN_THIS_FILE, READABLE, UNREADABLE

# A function has 256 MB, of which it needs less than half for itself.
GROWTH_MEBIBYTES_MAX = 100
PROCESSOR_SECONDS_MAX = 120
# Of all that an outcome says: it becomes part of an item of 400 KB.
SAID_LENGTH_MAX = 2_000


@pytest.fixture(scope="module")
def result() -> Mapping[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.hostile_replies"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_limit,
    )
    assert done.returncode == 0, done.stderr
    answer: Mapping[str, Any] = json.loads(done.stdout)
    return answer


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS_MAX, PROCESSOR_SECONDS_MAX))


@pytest.mark.parametrize("name", UNREADABLE)
def test_nobody_is_sure_of_what_was_sent_and_a_look_up_comes_again(
    result: Mapping[str, Any], name: str
) -> None:
    heard = result["heard"][name]
    assert (heard["sent"], heard["found"]) == ("Unsure", "Unavailable")


def test_what_can_be_read_counts_for_what_it_says(result: Mapping[str, Any]) -> None:
    assert {name: result["heard"][name]["sent"] for name in READABLE} == {
        "as it should be": "Accepted",
        # Booked, but nobody knows under which number: to be looked up.
        "long record number": "AlreadyThere",
        "long reason": "NotAccepted",
        "rows in rows": "AlreadyThere",
    }


def test_nothing_grows_with_the_reply(result: Mapping[str, Any]) -> None:
    for name, heard in result["heard"].items():
        assert heard["grown_mebibytes"] < GROWTH_MEBIBYTES_MAX, name
        assert heard["size"] < SAID_LENGTH_MAX, name


def test_no_address_in_a_reply_is_visited_and_no_file_is_shown(result: Mapping[str, Any]) -> None:
    assert result["strangers"] == []
    assert IN_THIS_FILE not in json.dumps(result)
