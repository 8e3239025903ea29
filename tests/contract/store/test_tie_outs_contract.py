"""Goal: what was tied out is kept whole, and the newest reading of a day counts.

Method: one suite over the fake, DynamoDB in this process (moto) and the embedded AWS.
"""

from datetime import date, timedelta

import pytest

from tests.fakes.tie_outs import FakeTieOuts
from tests.support.aws import Aws
from tieout.domain.tie_outs import Cause, OpenItem, Residue, TieOut
from tieout.services.ports import TieOutStore
from tieout.store.tie_outs import ROWS_MAX, DynamoTieOuts

DAY = date(2026, 11, 20)
RESIDUES = (
    Residue("refund/re_1", Cause.PARKED, 4_999, "2026-11-18", "no account for Übergröße 🍕"),
    Residue("rest", Cause.UNKNOWN, -1, "2026-11-20"),
)
USD = TieOut("", "usd", "2026-11-20", 0, 100, 100, "1205", 5_098, RESIDUES)
EUR = TieOut(
    "", "eur", "2026-11-20", 7, -7, 0, "1210", 0, (), (OpenItem("in_1", "eur", 5, 0, "x"),), 5, 0
)


@pytest.fixture
def store(aws: Aws | None) -> TieOutStore:
    return FakeTieOuts() if aws is None else DynamoTieOuts(aws.dynamodb, aws.state_table())


def test_a_day_comes_back_whole(store: TieOutStore) -> None:
    store.save(DAY, [USD, EUR])
    assert {day: tuple(made) for day, made in store.of_days([DAY]).items()} == {DAY: (USD, EUR)}


def test_only_days_that_were_tied_out_are_there(store: TieOutStore) -> None:
    store.save(DAY, [USD])
    days = [DAY + timedelta(days=each) for each in range(-150, 2)]
    assert list(store.of_days(days)) == [DAY]


def test_tying_out_again_replaces(store: TieOutStore) -> None:
    store.save(DAY, [USD])
    store.save(DAY, [EUR])
    assert [each.currency for each in store.of_days([DAY])[DAY]] == ["eur"]


def test_a_day_in_which_everything_is_wrong_is_stored_by_its_sums(aws: Aws | None) -> None:
    if aws is None:
        pytest.skip("memory holds everything")
    store = DynamoTieOuts(aws.dynamodb, aws.state_table())
    residues = tuple(
        Residue(f"refund/re_{number:040}", Cause.PARKED, number, "2026-11-20", "x" * 200)
        for number in range(1, 3 * ROWS_MAX)
    )
    made = TieOut("", "usd", "2026-11-20", 0, 0, 0, "1205", 0, residues)
    store.save(DAY, [made])
    (stored,) = store.of_days([DAY])[DAY]
    assert sum(each.amount_minor for each in stored.residues) == sum(
        each.amount_minor for each in residues
    )
    assert len(stored.residues) == ROWS_MAX + 1
