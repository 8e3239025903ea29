"""Goal: each month has its own count, and additions of several workers all count.

Method: one suite over the fake, DynamoDB in this process (moto) and the embedded AWS.
"""

import pytest

from tests.fakes import FakeTransactions
from tests.support.aws import Aws
from tieout.services.transactions import TransactionCounts
from tieout.store.transactions import DynamoTransactions


@pytest.fixture
def workers(aws: Aws | None) -> tuple[TransactionCounts, TransactionCounts]:
    if aws is None:
        shared = FakeTransactions()
        return shared, shared
    table = aws.state_table()
    return DynamoTransactions(aws.dynamodb, table), DynamoTransactions(aws.dynamodb, table)


def test_additions_of_several_workers_all_count_for_their_month(
    workers: tuple[TransactionCounts, TransactionCounts],
) -> None:
    one, other = workers
    assert one.of("2026-11") == 0
    one.add("2026-11", 2)
    other.add("2026-11", 3)
    other.add("2026-12", 7)
    assert (one.of("2026-11"), other.of("2026-12")) == (5, 7)
