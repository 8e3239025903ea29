"""Goal: of workers that write at the same moment each gets its entry, in one chain without a gap.

Method: DynamoDB in this process (moto), with botocore's hooks counting and losing answers; what
moto does not refuse by itself (two transactions at once) is answered by a stub.
"""

import dataclasses
from collections.abc import Callable, Sequence

import pytest
from botocore.stub import Stubber

from tests.support.aws import Aws
from tests.support.aws_accidents import Calls, lose_first_answer
from tieout.domain.causes import NO_CAUSE
from tieout.domain.errors import ConfigurationFault, StalePosting, Unavailable
from tieout.domain.postings import Posting, State
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.trail import MAIN, head_after
from tieout.domain.trail_check import verify
from tieout.store import trail, trail_items
from tieout.store.postings import DynamoPostings
from tieout.store.trail import TrailWriter
from tieout.store.trail_reader import DynamoTrail

INVOICE = Subject(SubjectKind.INVOICE, "in_1")
FIRST = Posting("invoice/in_1", INVOICE, State.SENDING, version=1)
OTHER = dataclasses.replace(FIRST, key="invoice/in_2")
SECOND = dataclasses.replace(FIRST, version=2)


class Books:
    """Two tables and as many workers as there are asked for."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.pauses: list[float] = []
        self._tables = aws.postings_table(), aws.trail_table()

    def worker(self, name: str) -> tuple[DynamoPostings, Calls]:
        client = self.aws.dynamodb_client()
        table, chain = self._tables
        writer = TrailWriter(client, chain, name, sleep=self.pauses.append, chance=lambda: 1.0)
        return DynamoPostings(client, table, writer), Calls(client)

    def chain(self) -> Sequence[str]:
        """Return who wrote the entries; nothing is wrong with them."""
        found = DynamoTrail(self.aws.dynamodb, self._tables[1])
        entries = list(found.entries(MAIN))
        assert list(verify(entries, [], found.head(MAIN))) == []
        return [each.worker for each in entries]


@pytest.fixture
def books(aws: Aws) -> Books:
    return Books(aws)


def test_a_worker_that_is_alone_makes_one_call_for_each_write(books: Books) -> None:
    ann, calls = books.worker("ann")
    for each in (FIRST, SECOND, OTHER):
        ann.put(each)
    assert calls.operations == ["TransactWriteItems"] * 3
    assert books.chain() == ["ann"] * 3


def test_many_postings_are_written_in_few_calls(books: Books) -> None:
    ann, calls = books.worker("ann")
    many = [dataclasses.replace(FIRST, key=f"invoice/in_{number}") for number in range(100)]
    assert ann.put_all([(each, NO_CAUSE) for each in many]) == frozenset()
    # Three items each: posting, entry, and what leads from the key to it; the first has one more.
    assert calls.operations == ["TransactWriteItems"] * 5
    assert books.chain() == ["ann"] * 100


def test_one_that_is_stale_costs_the_others_of_its_call_one_more(books: Books) -> None:
    (ann, calls), (bob, _) = books.worker("ann"), books.worker("bob")
    ann.put(FIRST)
    bob.put(SECOND)
    third = dataclasses.replace(FIRST, key="invoice/in_3")
    assert ann.put_all([(OTHER, NO_CAUSE), (SECOND, NO_CAUSE), (third, NO_CAUSE)]) == {
        "invoice/in_1"
    }
    assert calls.operations == ["TransactWriteItems"] * 3
    assert books.chain() == ["ann", "bob", "ann", "ann"]
    assert books.pauses == []


def test_many_whose_answer_was_lost_have_one_entry_each(books: Books) -> None:
    ann, _ = books.worker("ann")
    lose_first_answer(ann._client, "TransactWriteItems")
    assert ann.put_all([(FIRST, NO_CAUSE), (OTHER, NO_CAUSE)]) == frozenset()
    assert books.chain() == ["ann"] * 2


def test_a_chain_that_moved_on_costs_one_call_more_and_no_pause(books: Books) -> None:
    (ann, calls), (bob, _) = books.worker("ann"), books.worker("bob")
    ann.put(FIRST)
    bob.put(OTHER)
    ann.put(SECOND)
    assert calls.operations == ["TransactWriteItems"] * 3
    assert books.chain() == ["ann", "bob", "ann"]
    assert books.pauses == []


def test_a_posting_that_came_too_late_is_stale_also_when_the_chain_moved_on(books: Books) -> None:
    (ann, calls), (bob, _) = books.worker("ann"), books.worker("bob")
    ann.put(FIRST)
    bob.put(SECOND)
    with pytest.raises(StalePosting, match="wrote 2, stored is 2"):
        ann.put(SECOND)
    ann.put(dataclasses.replace(SECOND, version=3))
    assert calls.operations == ["TransactWriteItems"] * 3, "the refusal brought the new head"
    assert books.chain() == ["ann", "bob", "ann"]


def test_a_write_whose_answer_was_lost_has_one_entry(books: Books) -> None:
    ann, _ = books.worker("ann")
    ann.put(FIRST)
    lose_first_answer(ann._client, "TransactWriteItems")
    ann.put(SECOND)
    ann.put(OTHER)
    assert books.chain() == ["ann"] * 3


def test_who_loses_again_and_again_gives_way_longer_each_time_and_then_up(books: Books) -> None:
    (ann, calls), (bob, _) = books.worker("ann"), books.worker("bob")
    ann.put(FIRST)
    written = [dataclasses.replace(OTHER, version=number + 1) for number in range(99)]

    def bob_is_first(**_: object) -> None:
        bob.put(written.pop(0))

    ann._client.meta.events.register("before-call.dynamodb.TransactWriteItems", bob_is_first)
    with pytest.raises(Unavailable, match="12 times running"):
        ann.put(SECOND)
    assert len(calls.operations) == 1 + trail.ATTEMPTS_MAX
    assert books.pauses == sorted(books.pauses)
    assert 0.005 < books.pauses[0] < books.pauses[-1] == 0.4
    assert set(books.chain()) == {"ann", "bob"}


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError"])
def test_two_transactions_at_once_are_tried_again(books: Books, code: str) -> None:
    ann, _ = books.worker("ann")
    with Stubber(ann._client) as stubber:
        for _ in range(2):
            stubber.add_client_error("transact_write_items", **cancelled(code))  # type: ignore[arg-type]
        stubber.add_response("transact_write_items", {})
        ann.put(FIRST)
        stubber.assert_no_pending_responses()
    assert books.pauses == [0.005, 0.01]


def test_what_no_second_attempt_can_mend_is_for_a_person(books: Books) -> None:
    ann, _ = books.worker("ann")
    with Stubber(ann._client) as stubber:
        stubber.add_client_error("transact_write_items", **cancelled("ValidationError"))  # type: ignore[arg-type]
        with pytest.raises(ConfigurationFault, match="ValidationError"):
            ann.put(FIRST)
    assert books.pauses == []


def cancelled(code: str) -> dict[str, object]:
    reasons = [{"Code": code}, {"Code": "None"}, {"Code": "None"}, {"Code": "None"}]
    return {
        "service_error_code": "TransactionCanceledException",
        "http_status_code": 400,
        "modeled_fields": {"CancellationReasons": reasons},
    }


def test_a_head_that_was_set_back_stops_the_writing(books: Books) -> None:
    ann, _ = books.worker("ann")
    for each in (FIRST, SECOND):
        ann.put(each)
    table = books._tables[1]
    (first, *_) = DynamoTrail(books.aws.dynamodb, table).entries(MAIN)
    set_back = trail_items.head_item(head_after(first))
    books.aws.dynamodb.put_item(TableName=table, Item=set_back)
    bob, _ = books.worker("bob")
    with pytest.raises(Unavailable, match="does not fit its entries"):
        bob.put(OTHER)


def doubled(text: str) -> str:
    """Name another posting first; who reads JSON takes the last of two."""
    return f'{{"key":"invoice/in_2",{text[1:]}'


@pytest.mark.parametrize("change", [lambda _: "[1]", " {}".format, doubled])
def test_what_was_not_hashed_like_this_is_an_entry_that_does_not_fit(
    books: Books, change: Callable[[str], str]
) -> None:
    ann, _ = books.worker("ann")
    ann.put(FIRST)
    (entry,) = DynamoTrail(books.aws.dynamodb, books._tables[1]).entries(MAIN)
    item = trail_items.entry_item(entry)
    item = {**item, "text": {"S": change(item["text"]["S"])}}
    books.aws.dynamodb.put_item(TableName=books._tables[1], Item=item)
    found = DynamoTrail(books.aws.dynamodb, books._tables[1])
    breaches = list(verify(found.entries(MAIN), [], found.head(MAIN)))
    assert {each.seq for each in breaches} == {1}
