"""Goal: an accident between us and DynamoDB neither loses a posting nor lets two workers win.

Method: DynamoDB in this process (moto), with botocore's hooks losing answers and splitting pages.
"""

import dataclasses

import pytest
from botocore.stub import Stubber

from tests.support.aws import Aws
from tests.support.aws_accidents import Calls, lose_first_answer
from tieout.domain.errors import ConfigurationFault, StalePosting, Throttled
from tieout.domain.postings import Posting, State, Worklist
from tieout.domain.subjects import Subject, SubjectKind
from tieout.store.postings import DynamoPostings
from tieout.store.trail import TrailWriter

INVOICE = Subject(SubjectKind.INVOICE, "in_1")
FIRST = Posting("invoice/in_1", INVOICE, State.SENDING, version=1)
SECOND = dataclasses.replace(FIRST, version=2, state=State.POSTED)


@pytest.fixture
def postings(aws: Aws) -> DynamoPostings:
    return aws.postings()


def of_another(aws: Aws, postings: DynamoPostings) -> DynamoPostings:
    """Return the same postings as another worker has them."""
    assert postings._trail is not None
    client = aws.dynamodb_client()
    writer = TrailWriter(client, postings._trail._table_name, "another")
    return DynamoPostings(client, postings._table_name, writer)


@pytest.mark.parametrize("posting", [FIRST, SECOND])
def test_a_write_whose_answer_was_lost_is_known_to_be_ours(
    aws: Aws, postings: DynamoPostings, posting: Posting
) -> None:
    if posting is SECOND:
        postings.put(FIRST)
    calls = Calls(aws.dynamodb)
    lose_first_answer(aws.dynamodb, "TransactWriteItems")
    postings.put(posting)
    assert postings.get_many(["invoice/in_1"]) == {"invoice/in_1": posting}
    assert calls.operations == ["TransactWriteItems", "BatchGetItem"]


def test_the_same_write_of_another_worker_is_not_ours(aws: Aws, postings: DynamoPostings) -> None:
    other = of_another(aws, postings)
    other.put(FIRST)
    lose_first_answer(aws.dynamodb, "TransactWriteItems")
    with pytest.raises(StalePosting, match="wrote 1, stored is 1"):
        postings.put(FIRST)


def test_a_write_that_another_worker_built_upon_before_the_retry_is_given_up(
    aws: Aws, postings: DynamoPostings
) -> None:
    other = of_another(aws, postings)
    lose_first_answer(aws.dynamodb, "TransactWriteItems", meanwhile=lambda: other.put(SECOND))
    with pytest.raises(StalePosting, match="wrote 1, stored is 2"):
        postings.put(FIRST)


def test_a_write_that_follows_nothing_is_a_defect(postings: DynamoPostings) -> None:
    with pytest.raises(AssertionError, match="version 1"):
        postings.put(dataclasses.replace(FIRST, version=0))


def test_an_index_is_read_to_its_last_page(aws: Aws, postings: DynamoPostings) -> None:
    keys = [f"receipt/inpay_{number:02}" for number in range(7)]
    for key in keys:
        postings.put(dataclasses.replace(FIRST, key=key, state=State.PARKED))

    def in_pages_of_two(params: dict[str, object], **_: object) -> None:
        params["Limit"] = 2

    aws.dynamodb.meta.events.register("provide-client-params.dynamodb.Query", in_pages_of_two)
    calls = Calls(aws.dynamodb)
    assert [each.key for each in postings.of_subject(INVOICE)] == keys
    assert len(calls.operations) >= 4
    assert sorted(each.key for each in postings.on_worklist(Worklist.ATTENTION)) == keys


def test_a_throttled_read_of_an_index_can_be_told(aws: Aws) -> None:
    postings = DynamoPostings(aws.dynamodb, "postings")
    with Stubber(aws.dynamodb) as stubber:
        stubber.add_client_error("query", "ProvisionedThroughputExceededException")
        with pytest.raises(Throttled, match="dynamodb:Query on postings/worklist-index"):
            list(postings.on_worklist(Worklist.ATTENTION))


def test_a_table_that_is_not_there_is_for_a_person_to_mend(aws: Aws) -> None:
    writer = TrailWriter(aws.dynamodb, aws.trail_table(), "test")
    postings = DynamoPostings(aws.dynamodb, "postings", writer)
    for call in (
        lambda: postings.put(FIRST),
        lambda: postings.get_many(["invoice/in_1"]),
        lambda: postings.of_subject(INVOICE),
    ):
        with pytest.raises(ConfigurationFault, match=r"postings.*ResourceNotFoundException"):
            call()
