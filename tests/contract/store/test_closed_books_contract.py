"""Goal: what Intacct said about closed books is kept as it was said.

Method: one suite over the fake, DynamoDB in this process (moto) and the embedded AWS.
"""

from datetime import date

import pytest

from tests.fakes.closed_books import FakeClosedBooks
from tests.support.aws import Aws
from tieout.services.ports import ClosedBooks, ClosedDates
from tieout.store.closed_books import DynamoClosedBooks

SEPTEMBER, OCTOBER = date(2026, 9, 30), date(2026, 10, 31)


@pytest.fixture
def store(aws: Aws | None) -> ClosedBooks:
    return FakeClosedBooks() if aws is None else DynamoClosedBooks(aws.dynamodb, aws.state_table())


def test_before_intacct_was_asked_nothing_is_known(store: ClosedBooks) -> None:
    assert store.dates() == ClosedDates({}, None)
    assert store.dates().latest is None


def test_each_entity_keeps_its_date_and_the_last_one_counts(store: ClosedBooks) -> None:
    said = ClosedDates({None: SEPTEMBER, "E-200": OCTOBER}, 1_793_620_800)
    store.save(said)
    assert store.dates() == said
    assert store.dates().latest == OCTOBER


def test_books_that_were_opened_again_are_forgotten(store: ClosedBooks) -> None:
    store.save(ClosedDates({None: SEPTEMBER, "E-200": OCTOBER}, 1))
    store.save(ClosedDates({}, 2))
    assert store.dates() == ClosedDates({}, 2)
