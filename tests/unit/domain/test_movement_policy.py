"""What a policy says about movements: accounts by category, payouts, conversions.

Goal: nothing named still parses, a slip of the pen is told with what was meant, and no account of
these is a clearing account. Method: small texts through `parse_policy`.
"""

import pytest

from tests.unit.domain.test_policy_file import SMALLEST, errors_of
from tieout.domain.documents import Dimensions
from tieout.domain.movement_policy import Category, MovementRules, PayoutAccounts
from tieout.domain.policy_file import parse_policy

EVERYTHING = """\
movements:
  accounts: {processing_fees: "6200", disputes: "1290"}
  dimensions: {processing_fees: {department: FIN}}
  suspense: "9999"
payouts:
  eur: {account: "1000", in_transit: "1005"}
  usd: {account: "1001"}
fx_account: "7100"
disputes_lost_account: "6240"
"""


def test_a_policy_that_names_nothing_of_it_still_parses() -> None:
    assert parse_policy(SMALLEST).movements == MovementRules()


def test_everything_that_can_be_said_is_read() -> None:
    assert parse_policy(SMALLEST + EVERYTHING).movements == MovementRules(
        accounts={Category.PROCESSING_FEES: "6200", Category.DISPUTES: "1290"},
        dimensions={Category.PROCESSING_FEES: Dimensions(department="FIN")},
        suspense="9999",
        payouts={"eur": PayoutAccounts("1000", "1005"), "usd": PayoutAccounts("1001")},
        fx_account="7100",
        disputes_lost_account="6240",
    )


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (
            'processing_fees: "6200"',
            'processing_fee: "6200"',
            (
                "movements.accounts.processing_fee: is no category of movements; did you mean "
                "`processing_fees`?"
            ),
        ),
        (
            "dimensions: {processing_fees:",
            "dimensions: {procesing_fees:",
            (
                "movements.dimensions.procesing_fees: is no category of movements; did you mean "
                "`processing_fees`?"
            ),
        ),
        (
            "{department: FIN}",
            "{departmant: FIN}",
            (
                "movements.dimensions.processing_fees.departmant: is no dimension: use location, "
                "department, class, project, item, or GLDIM and a name; did you mean `department`?"
            ),
        ),
        (
            "suspense:",
            "suspence:",
            "movements.suspence: is not a setting; did you mean `suspense`?",
        ),
        ("  usd: {", "  uds: {", "payouts.uds: 'uds' is no currency; did you mean `usd`?"),
        (
            "in_transit:",
            "intransit:",
            "payouts.eur.intransit: is not a setting; did you mean `in_transit`?",
        ),
    ],
)
def test_a_slip_of_the_pen_is_told_with_what_was_meant(old: str, new: str, error: str) -> None:
    assert old in EVERYTHING
    assert errors_of(SMALLEST + EVERYTHING.replace(old, new)) == (error,)


@pytest.mark.parametrize(
    "place",
    [
        'movements: {accounts: {disputes: "1200"}}',
        'movements: {suspense: "1200"}',
        'payouts: {eur: {account: "1200"}}',
        'payouts: {eur: {account: "1000", in_transit: "1200"}}',
        'fx_account: "1200"',
        'disputes_lost_account: "1200"',
    ],
)
def test_no_account_of_these_may_be_a_clearing_account(place: str) -> None:
    (error,) = errors_of(SMALLEST + place)
    assert "is that of `clearing.eur.account` too" in error
