"""Payouts and top-ups: money between Stripe's balance and the bank, each way, and back again.

Method: payouts with their movements through `plan`. Mistakes most likely: the sign of a payout that
debits the bank, a return taken from an account where the money never was.
"""

import dataclasses
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    NOON_DAY,
    a_movement,
    a_payout,
    a_topup,
    account_of,
    keys_of,
    moving,
    planned,
    the,
    the_finding,
)
from tests.support.journals import debits, sums
from tieout.domain.documents import JournalEntry
from tieout.domain.movement_policy import Category, PayoutAccounts
from tieout.domain.plans import Disposition
from tieout.domain.reasons import Reason
from tieout.planning.snapshots import BalanceTransaction

BANK, IN_TRANSIT, CLEARING = "1000", "1005", "1200"
WITH_TRANSIT = moving(payouts={"usd": PayoutAccounts(BANK, IN_TRANSIT)})
# Midnight UTC, as Stripe writes the day of an arrival.
ARRIVAL = NOON - DAY_SECONDS // 2 + 2 * DAY_SECONDS


def paid_out(amount_minor: int = -10_000, fee_minor: int = 0) -> BalanceTransaction:
    return a_movement(amount_minor, fee_minor, type="payout", source="po_1")


def returned(at_unix: int, type_: str = "payout_failure") -> BalanceTransaction:
    return a_movement(10_000, id="txn_2", type=type_, source="po_1", created_unix=at_unix)


def entries(*made: object) -> list[JournalEntry]:
    return [each for each in made if isinstance(each, JournalEntry)]


def test_a_payout_is_at_the_bank_on_the_day_it_left_the_balance() -> None:
    made = planned(a_payout(paid_out(), status="pending"), moving())
    assert debits(made, "payout/po_1") == {BANK: 10_000, CLEARING: -10_000}
    assert the(made, "payout/po_1", JournalEntry).posting_date == NOON_DAY


def test_a_payout_below_nothing_takes_from_the_bank() -> None:
    made = planned(a_payout(paid_out(2_500), amount_minor=-2_500), moving())
    assert debits(made, "payout/po_1") == {BANK: -2_500, CLEARING: 2_500}


def test_the_fee_of_an_instant_payout_leaves_the_balance_beside_it() -> None:
    payout = a_payout(paid_out(fee_minor=100), method="instant", automatic=False)
    made = planned(payout, moving())
    fees = account_of(Category.PAYOUT_FEES)
    assert debits(made, "payout/po_1") == {BANK: 10_000, fees: 100, CLEARING: -10_100}


def test_an_account_in_transit_holds_the_money_until_it_arrives() -> None:
    on_its_way = planned(a_payout(paid_out(), status="in_transit"), WITH_TRANSIT)
    assert keys_of(on_its_way) == ["payout/po_1"]
    assert debits(on_its_way, "payout/po_1") == {IN_TRANSIT: 10_000, CLEARING: -10_000}
    there = planned(a_payout(paid_out(), arrival_unix=ARRIVAL), WITH_TRANSIT)
    assert debits(there, "payout/po_1") == debits(on_its_way, "payout/po_1")
    assert debits(there, "payout/po_1/arrived") == {BANK: 10_000, IN_TRANSIT: -10_000}
    arrived = the(there, "payout/po_1/arrived", JournalEntry)
    assert (arrived.posting_date, arrived.after) == (date(2026, 11, 4), ("payout/po_1",))


def test_an_arrival_by_the_calendar_is_the_same_day_in_every_zone() -> None:
    """Midnight UTC is still the day before in New York."""
    policy = dataclasses.replace(WITH_TRANSIT, zone=ZoneInfo("America/New_York"))
    made = planned(a_payout(paid_out(), arrival_unix=ARRIVAL), policy)
    assert the(made, "payout/po_1/arrived", JournalEntry).posting_date == date(2026, 11, 4)


@pytest.mark.parametrize(
    ("status", "type_"), [("failed", "payout_failure"), ("canceled", "payout_cancel")]
)
@pytest.mark.parametrize("came_back_at_unix", [NOON + DAY_SECONDS, ARRIVAL + DAY_SECONDS])
@pytest.mark.parametrize("read", ["pending", "in_transit", "paid"])
def test_what_a_payout_was_just_before_it_came_back_changes_nothing(
    status: str, type_: str, read: str, came_back_at_unix: int
) -> None:
    """Stripe tells of the status first, and of the movements in another answer."""
    after = a_payout(
        paid_out(), returned(came_back_at_unix, type_), status=status, arrival_unix=ARRIVAL
    )

    made = planned(dataclasses.replace(after, status=read), WITH_TRANSIT)

    assert made.documents == planned(after, WITH_TRANSIT).documents


@pytest.mark.parametrize(
    ("status", "type_"), [("failed", "payout_failure"), ("canceled", "payout_cancel")]
)
def test_a_payout_that_came_back_leaves_no_trace_on_the_bank(status: str, type_: str) -> None:
    payout = a_payout(paid_out(), returned(NOON + DAY_SECONDS, type_), status=status)
    made = planned(payout, moving())
    assert keys_of(made) == ["payout/po_1", "payout/po_1/failed"]
    assert debits(made, "payout/po_1/failed") == {BANK: -10_000, CLEARING: 10_000}
    assert the(made, "payout/po_1/failed", JournalEntry).posting_date == date(2026, 11, 3)


@pytest.mark.parametrize("came_back_at_unix", [NOON + DAY_SECONDS, ARRIVAL + DAY_SECONDS])
def test_nothing_is_left_in_transit_of_a_failed_payout_whenever_it_failed(
    came_back_at_unix: int,
) -> None:
    payout = a_payout(
        paid_out(), returned(came_back_at_unix), status="failed", arrival_unix=ARRIVAL
    )
    assert sums(entries(*planned(payout, WITH_TRANSIT).documents)) == {}


def test_an_arrival_that_was_booked_stays_when_the_payout_fails_after_it() -> None:
    paid = a_payout(paid_out(), arrival_unix=ARRIVAL)
    failed = a_payout(
        paid_out(), returned(ARRIVAL + DAY_SECONDS), status="failed", arrival_unix=ARRIVAL
    )
    before, after = planned(paid, WITH_TRANSIT), planned(failed, WITH_TRANSIT)
    assert after.documents[:2] == before.documents
    assert debits(after, "payout/po_1/failed") == {BANK: -10_000, CLEARING: 10_000}


def test_a_payout_that_is_not_the_sum_of_what_it_pays_out_is_parked_with_both_sums() -> None:
    made = planned(a_payout(paid_out(), content_minor=9_950), moving())
    finding = the_finding(made, "payout/po_1")
    assert (finding.disposition, finding.reason) == (Disposition.PARKED, Reason.DOES_NOT_ADD_UP)
    assert "100.00 usd" in finding.text
    assert "99.50 usd" in finding.text


def test_a_payout_that_is_the_sum_of_what_it_pays_out_is_booked() -> None:
    assert keys_of(planned(a_payout(paid_out(), content_minor=10_000), moving())) == ["payout/po_1"]


def test_a_payout_in_a_currency_without_a_bank_parks_and_names_the_setting() -> None:
    finding = the_finding(planned(a_payout(paid_out()), moving(payouts={})), "payout/po_1")
    assert (finding.reason, finding.text) == (
        Reason.ACCOUNT_NOT_IN_POLICY,
        "no account is named: `payouts.usd.account`",
    )


@pytest.mark.parametrize(
    ("status", "reason"),
    [("pending", Reason.WAITS_FOR_STRIPE), ("canceled", Reason.NOTHING_TO_BOOK)],
)
def test_a_payout_that_moved_nothing_is_recorded(status: str, reason: Reason) -> None:
    assert the_finding(planned(a_payout(status=status), moving()), "payout/po_1").reason is reason


def test_a_top_up_comes_from_the_bank_and_goes_back_there() -> None:
    came = a_movement(5_000, type="topup", source="tu_1")
    went = a_movement(-5_000, id="txn_2", type="topup_reversal", source="tu_1")
    made = planned(a_topup(came, went, status="reversed"), WITH_TRANSIT)
    assert debits(made, "topup/tu_1") == {BANK: -5_000, CLEARING: 5_000}
    assert debits(made, "topup/tu_1/reversed") == {BANK: 5_000, CLEARING: -5_000}


def test_a_top_up_that_is_still_on_its_way_is_recorded() -> None:
    finding = the_finding(planned(a_topup(status="pending"), moving()), "topup/tu_1")
    assert (finding.disposition, finding.reason) == (
        Disposition.NOT_BOOKED,
        Reason.WAITS_FOR_STRIPE,
    )
