"""Goal: a cursor moves forward only.

Method: one suite over the fake, DynamoDB in this process (moto) and the embedded AWS.
"""

import pytest

from tests.fakes import FakeCursors
from tests.support.aws import Aws
from tieout.services.ports import Cursors
from tieout.store.cursors import DynamoCursors


@pytest.fixture
def cursors(aws: Aws | None) -> Cursors:
    return FakeCursors() if aws is None else DynamoCursors(aws.dynamodb, aws.state_table())


def test_there_is_no_cursor_before_the_first_run(cursors: Cursors) -> None:
    assert cursors.get("events") is None


def test_a_cursor_moves_forward_and_never_back(cursors: Cursors) -> None:
    for to_unix, expected in ((100, 100), (200, 200), (150, 200), (200, 200), (201, 201)):
        cursors.advance("events", to_unix)
        assert cursors.get("events") == expected


def test_cursors_do_not_know_each_other(cursors: Cursors) -> None:
    cursors.advance("events", 100)
    cursors.advance("deep", 50)
    assert (cursors.get("events"), cursors.get("deep")) == (100, 50)


def test_a_cursor_may_begin_at_zero(cursors: Cursors) -> None:
    cursors.advance("events", 0)
    assert cursors.get("events") == 0
