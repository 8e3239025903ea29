"""Disputes: each movement of their money a journal, in the balance's currency.

Method: disputes with the movements that Stripe shows through `plan`. Mistakes most likely: the fee
booked twice (here and by the day), a reinstatement with the sign of a withdrawal.
"""

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    NOON_DAY,
    a_day,
    a_dispute,
    a_movement,
    account_of,
    keys_of,
    moving,
    planned,
    the,
    the_finding,
)
from tests.support.journals import debits, sums
from tieout.domain.documents import JournalEntry
from tieout.domain.movement_policy import Category
from tieout.domain.plans import Disposition
from tieout.domain.reasons import Reason
from tieout.planning.snapshots import BalanceTransaction

DISPUTES = account_of(Category.DISPUTES)
FEES = account_of(Category.DISPUTE_FEES)
LOST = "6240"


def withdrawn(amount_minor: int = 10_000) -> BalanceTransaction:
    return a_movement(
        -amount_minor,
        1_500,
        type="adjustment",
        reporting_category="dispute",
        source="du_1",
    )


def reinstated(fee_minor: int = 0) -> BalanceTransaction:
    return a_movement(
        10_000,
        fee_minor,
        id="txn_2",
        type="adjustment",
        reporting_category="dispute_reversal",
        source="du_1",
        created_unix=NOON + 30 * DAY_SECONDS,
    )


def test_what_is_withdrawn_waits_on_the_disputes_account_and_the_fee_is_spent() -> None:
    made = planned(a_dispute(withdrawn()), moving())
    assert keys_of(made) == ["dispute/du_1/txn_1"]
    assert debits(made, "dispute/du_1/txn_1") == {DISPUTES: 10_000, FEES: 1_500, "1200": -11_500}
    assert the(made, "dispute/du_1/txn_1", JournalEntry).posting_date == NOON_DAY


@pytest.mark.parametrize(
    ("returned_fee_minor", "fees_left_minor"), [(0, 1_500), (-1_500, 0)], ids=["kept", "returned"]
)
def test_what_is_reinstated_clears_the_disputes_account(
    returned_fee_minor: int, fees_left_minor: int
) -> None:
    dispute = a_dispute(withdrawn(), reinstated(returned_fee_minor), status="won")
    made = planned(dispute, moving(disputes_lost_account=LOST))
    assert keys_of(made) == ["dispute/du_1/txn_1", "dispute/du_1/txn_2"]
    entries = [each for each in made.documents if isinstance(each, JournalEntry)]
    left = {FEES: fees_left_minor, "1200": -fees_left_minor}
    assert sums(entries) == {account: amount for account, amount in left.items() if amount}


def test_the_fee_for_countering_is_booked_once_though_the_dispute_lists_it() -> None:
    countered = a_movement(
        -1_500,
        id="txn_3",
        type="adjustment",
        reporting_category="dispute",
        source="du_1",
        description="Stripe card dispute countered fee",
    )
    assert keys_of(planned(a_dispute(withdrawn(), countered), moving())) == ["dispute/du_1/txn_1"]
    made = planned(a_day(withdrawn(), countered), moving())
    assert debits(made, "activity/2026-11-02/usd") == {FEES: 1_500, "1200": -1_500}


def test_a_lost_dispute_is_moved_to_the_account_that_policy_names_for_it() -> None:
    made = planned(a_dispute(withdrawn(), status="lost"), moving(disputes_lost_account=LOST))
    assert debits(made, "dispute/du_1/lost") == {LOST: 10_000, DISPUTES: -10_000}
    entry = the(made, "dispute/du_1/lost", JournalEntry)
    assert (entry.posting_date, entry.after) == (NOON_DAY, ("dispute/du_1/txn_1",))


def test_a_lost_dispute_stays_where_it_is_without_such_an_account() -> None:
    made = planned(a_dispute(withdrawn(), status="lost"), moving())
    assert keys_of(made) == ["dispute/du_1/txn_1"]


def test_a_dispute_in_another_currency_is_booked_in_the_balances() -> None:
    """What the customer claims in euros left the balance in dollars."""
    made = planned(a_dispute(withdrawn(), currency="eur", amount_minor=9_200), moving())
    assert the(made, "dispute/du_1/txn_1", JournalEntry).currency == "usd"


def test_a_dispute_of_a_partly_refunded_charge_takes_what_the_balance_lost() -> None:
    made = planned(a_dispute(withdrawn(4_000), amount_minor=10_000), moving())
    assert debits(made, "dispute/du_1/txn_1") == {DISPUTES: 4_000, FEES: 1_500, "1200": -5_500}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("warning_needs_response", Reason.WAITS_FOR_STRIPE),
        ("warning_closed", Reason.NOTHING_TO_BOOK),
        ("needs_response", Reason.WAITS_FOR_STRIPE),
        ("lost", Reason.WAITS_FOR_STRIPE),
        ("prevented", Reason.NOTHING_TO_BOOK),
    ],
)
def test_an_inquiry_moves_nothing(status: str, reason: Reason) -> None:
    made = planned(a_dispute(status=status), moving(disputes_lost_account=LOST))
    finding = the_finding(made, "dispute/du_1")
    assert made.documents == ()
    assert (finding.disposition, finding.reason) == (Disposition.NOT_BOOKED, reason)


def test_without_accounts_a_dispute_parks_and_names_the_settings() -> None:
    finding = the_finding(
        planned(a_dispute(withdrawn()), moving(accounts={})), "dispute/du_1/txn_1"
    )
    assert (finding.disposition, finding.reason, finding.amount_minor) == (
        Disposition.PARKED,
        Reason.ACCOUNT_NOT_IN_POLICY,
        -11_500,
    )
    assert "`movements.accounts.disputes`, `movements.accounts.dispute_fees`" in finding.text
