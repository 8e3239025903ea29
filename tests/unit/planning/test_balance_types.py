"""The table of balance-transaction types: whole, and telling apart what Stripe's types do not.

Method: what the installed `stripe` package knows is compared with the table; adjustments through
`row_of`.
"""

import re
from pathlib import Path

import pytest
from stripe import _balance_transaction

from tests.factories import a_movement
from tieout.domain.movement_policy import Category
from tieout.planning.balance_types import ADJUSTMENTS, DISPUTE_FEE, TYPES, UNKNOWN, BookedBy, row_of


def types_that_stripe_knows() -> set[str]:
    # Read as text: the package's annotations name classes that it imports for type checkers alone.
    source = Path(_balance_transaction.__file__).read_text(encoding="utf-8")
    declared = re.search(r"^    type: Union\[\s*Literal\[(.*?)\]", source, re.DOTALL | re.MULTILINE)
    assert declared is not None, "the package no longer lists the types"
    return set(re.findall(r'"(\w+)"', declared[1]))


def test_every_type_that_the_stripe_package_knows_has_a_row_and_no_other_does() -> None:
    known = types_that_stripe_knows()
    assert "charge" in known
    assert set(TYPES) == known


def test_every_category_that_policy_can_name_is_used() -> None:
    rows = [*TYPES.values(), *ADJUSTMENTS.values(), DISPUTE_FEE]
    of_fees = {
        Category.PROCESSING_FEES,
        Category.PAYOUT_FEES,
        Category.APPLICATION_FEES,
        Category.WITHHELD_TAX,
    }
    assert {each.category for each in rows if each.category} | of_fees == set(Category)


def test_what_is_summed_up_or_stands_alone_has_a_category() -> None:
    for name, row in {**TYPES, **ADJUSTMENTS}.items():
        if row.booked_by in {BookedBy.DAY, BookedBy.ITSELF}:
            assert row.category is not None, name


@pytest.mark.parametrize(
    ("reporting_category", "description", "row"),
    [
        ("dispute", "Chargeback withdrawal for ch_1", ADJUSTMENTS["dispute"]),
        ("dispute_reversal", "Chargeback reversal for ch_1", ADJUSTMENTS["dispute_reversal"]),
        ("fee", "Stripe card dispute countered fee", DISPUTE_FEE),
        ("other_adjustment", "Stripe card dispute countered fee", DISPUTE_FEE),
        # Listed under the dispute or not, it is a fee.
        ("dispute", "Stripe card dispute countered fee", DISPUTE_FEE),
        ("fee", "Correction of Radar fees", ADJUSTMENTS["fee"]),
        ("refund_failure", "REFUND FAILURE (ch_1)", ADJUSTMENTS["refund_failure"]),
        ("other_adjustment", "Goodwill", TYPES["adjustment"]),
        ("something_new", "", TYPES["adjustment"]),
    ],
)
def test_an_adjustment_is_told_by_reporting_category_and_description(
    reporting_category: str, description: str, row: object
) -> None:
    movement = a_movement(
        -1_500,
        type="adjustment",
        reporting_category=reporting_category,
        description=description,
    )
    assert row_of(movement) is row


def test_a_type_of_tomorrow_is_a_journal_of_its_own_without_a_category() -> None:
    assert row_of(a_movement(type="teleportation")) is UNKNOWN
    assert (UNKNOWN.booked_by, UNKNOWN.category) == (BookedBy.ITSELF, None)
