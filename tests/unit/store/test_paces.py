"""Goal: a pace is changed with one write where nobody is in the way, in the order in which writes
arrive where somebody is, and a lost answer is not mistaken for another worker.

Method: DynamoDB in this process (moto), with accidents between the client and it.
"""

import dataclasses

import pytest

from tests.support.aws import Aws
from tests.support.aws_accidents import Calls, lose_first_answer
from tieout.domain.errors import Unavailable
from tieout.domain.pacing import Pace, taken
from tieout.store.paces import ATTEMPTS_MAX, DynamoPaces

NOW_UNIX = 1_795_000_000


def more(pace: Pace) -> Pace:
    return dataclasses.replace(pace, good=pace.good + 1)


def write_by_hand(aws: Aws, table: str, text: str) -> None:
    item = {"id": {"S": "pace"}, "pace": {"S": text}, "version": {"S": "by hand"}}
    aws.dynamodb.put_item(TableName=table, Item=item)


def test_a_worker_that_is_alone_writes_once_for_each_change_and_reads_nothing(aws: Aws) -> None:
    paces = DynamoPaces(aws.dynamodb, aws.state_table())
    calls = Calls(aws.dynamodb)
    for _ in range(3):
        paces.change(more)
    assert calls.operations == ["UpdateItem"] * 3


def test_a_worker_that_knows_an_old_pace_writes_twice_and_reads_nothing(aws: Aws) -> None:
    table = aws.state_table()
    one, other = DynamoPaces(aws.dynamodb, table), DynamoPaces(aws.dynamodb, table)
    one.change(more)
    other.change(more)
    calls = Calls(aws.dynamodb)
    assert one.change(more).good == 3
    assert calls.operations == ["UpdateItem"] * 2


def test_a_change_whose_answer_was_lost_is_made_once(aws: Aws) -> None:
    paces = DynamoPaces(aws.dynamodb, aws.state_table())
    paces.change(more)
    lose_first_answer(aws.dynamodb, "UpdateItem")
    assert paces.change(more).good == 2


def test_between_two_attempts_another_worker_may_be_served(aws: Aws) -> None:
    table = aws.state_table()
    one, other = DynamoPaces(aws.dynamodb, table), DynamoPaces(aws.dynamodb, table)
    one.change(more)
    lose_first_answer(aws.dynamodb, "UpdateItem", meanwhile=lambda: other.change(more))
    # What the other one wrote was made of our first attempt, so that ours counts twice: the answer
    # said no more than that somebody was first.
    assert one.change(more).good == 4


def test_the_last_free_slot_goes_to_one_of_two_that_saw_it(aws: Aws) -> None:
    table = aws.state_table()
    one, other = DynamoPaces(aws.dynamodb, table), DynamoPaces(aws.dynamodb, table)
    was_served = False

    def take(pace: Pace, worker: str) -> Pace:
        return taken(pace, worker, 1, NOW_UNIX, NOW_UNIX + 75)

    def overtaken(pace: Pace) -> Pace:
        nonlocal was_served
        if not was_served:
            was_served = True
            assert "b" in other.change(lambda pace: take(pace, "b")).slots
        return take(pace, "a")

    assert set(one.change(overtaken).slots) == {"b"}


def test_who_is_always_second_gives_up(aws: Aws) -> None:
    table = aws.state_table()
    one, other = DynamoPaces(aws.dynamodb, table), DynamoPaces(aws.dynamodb, table)

    def overtaken(pace: Pace) -> Pace:
        other.change(more)
        return more(pace)

    calls = Calls(aws.dynamodb)
    with pytest.raises(Unavailable):
        one.change(overtaken)
    assert len(calls.operations) <= 3 * ATTEMPTS_MAX


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[]", '{"slots": 3}', '{"slots": {"a": {"x": 1}}}']
)
def test_what_cannot_be_read_is_as_good_as_none_and_is_replaced(aws: Aws, text: str) -> None:
    table = aws.state_table()
    write_by_hand(aws, table, text)
    assert DynamoPaces(aws.dynamodb, table).change(more) == Pace(good=1)
    assert DynamoPaces(aws.dynamodb, table).change(more) == Pace(good=2)


def test_what_newer_code_wrote_besides_is_left_out(aws: Aws) -> None:
    table = aws.state_table()
    write_by_hand(aws, table, '{"permits": 3, "moon": "full"}')
    assert DynamoPaces(aws.dynamodb, table).change(more) == Pace(permits=3, good=1)
