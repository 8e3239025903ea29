"""Goal: how far a pass came is kept whole.

Method: one suite over the fake, DynamoDB in this process (moto) and the embedded AWS.
"""

import pytest

from tests.fakes import FakeCursors
from tests.support.aws import Aws
from tieout.services.ports import Cursors, Progress
from tieout.store.cursors import DynamoCursors


@pytest.fixture
def cursors(aws: Aws | None) -> Cursors:
    return FakeCursors() if aws is None else DynamoCursors(aws.dynamodb, aws.state_table())


def test_a_pass_that_never_began_has_come_nowhere(cursors: Cursors) -> None:
    assert cursors.get("events") == Progress()


@pytest.mark.parametrize(
    "progress",
    [
        Progress(None, 100, None),
        Progress(None, 100, 60),
        Progress(100, None, None),
        Progress(100, 200, 0),
        Progress(0, 0, 0),
    ],
    ids=str,
)
def test_progress_comes_back_whole(cursors: Cursors, progress: Progress) -> None:
    cursors.put("events", Progress(1, 2, 3))
    cursors.put("events", progress)
    assert cursors.get("events") == progress


def test_passes_do_not_know_each_other(cursors: Cursors) -> None:
    cursors.put("events", Progress(100))
    cursors.put("open", Progress(50, 60, 10))
    assert (cursors.get("events"), cursors.get("open")) == (Progress(100), Progress(50, 60, 10))
