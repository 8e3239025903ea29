"""Goal: each month has its own count, and additions of several workers all count.

Method: two adapters on one table of moto.
"""

from tests.support.aws import Aws
from tieout.store.transactions import DynamoTransactions


def test_additions_of_several_workers_all_count_for_their_month(aws: Aws) -> None:
    table = aws.state_table()
    one, other = (DynamoTransactions(aws.dynamodb, table) for _ in range(2))
    assert one.of("2026-11") == 0
    one.add("2026-11", 2)
    other.add("2026-11", 3)
    other.add("2026-12", 7)
    assert (one.of("2026-11"), other.of("2026-12")) == (5, 7)
