"""Goal: changes of a shared pace follow one another: none is lost, and none is made of what was
there before.

Method: two workers over one pace; one suite for the fake, DynamoDB in this process (moto) and the
embedded AWS.
"""

import dataclasses

import pytest

from tests.fakes.paces import FakePaces
from tests.support.aws import Aws
from tieout.domain.pacing import Pace, Slot, TooMany, given_back, taken
from tieout.services.governor import Paces
from tieout.store.paces import DynamoPaces

NOW_UNIX = 1_795_000_000
FULL = Pace(
    permits=3,
    slots={"a": Slot(4, NOW_UNIX), "b": Slot(5, NOW_UNIX + 1)},
    round=5,
    good=7,
    slow=1,
    refusals=2,
    refused_at_unix=NOW_UNIX - 9,
    not_before_unix=NOW_UNIX + 60,
    too_many=4,
    floor_ms=118,
)

Workers = tuple[Paces, Paces]


@pytest.fixture
def workers(aws: Aws | None) -> Workers:
    if aws is None:
        shared = FakePaces()
        return shared, shared
    table = aws.state_table()
    return DynamoPaces(aws.dynamodb, table), DynamoPaces(aws.dynamodb, table)


def take(paces: Paces, worker: str, maximum: int = 2) -> bool:
    pace = paces.change(lambda pace: taken(pace, worker, maximum, NOW_UNIX, NOW_UNIX + 75))
    return worker in pace.slots


def seen(paces: Paces) -> Pace:
    return paces.change(lambda pace: pace)


def test_in_the_beginning_there_is_a_pace_as_good_as_new(workers: Workers) -> None:
    assert seen(workers[0]) == Pace()


def test_everything_that_a_pace_holds_is_kept(workers: Workers) -> None:
    one, other = workers
    assert one.change(lambda _: FULL) == FULL
    assert seen(other) == FULL


def test_a_change_is_made_of_what_the_other_worker_left(workers: Workers) -> None:
    one, other = workers
    assert take(one, "a")
    assert take(other, "b")
    assert not take(one, "c")
    other.change(lambda pace: given_back(pace, "b", TooMany(), 2, NOW_UNIX - 1))
    assert seen(one).permits == 1
    assert not take(one, "c")


def test_who_finds_nothing_to_change_sees_what_is_there_now(workers: Workers) -> None:
    one, other = workers
    assert seen(one) == Pace()
    other.change(lambda _: FULL)
    assert seen(one) == FULL


def test_no_change_is_lost(workers: Workers) -> None:
    for number in range(20):
        workers[number % 2].change(lambda pace: dataclasses.replace(pace, good=pace.good + 1))
    assert seen(workers[0]).good == 20
