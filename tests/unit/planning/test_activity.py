"""A day of the balance: what of it the day's own journals book, and with which sign.

Method: days of a few movements through `plan`, looking at what each journal moves on each account.
Mistakes most likely: net for gross, a fee that is given back with the sign of one that is taken.
"""

from datetime import date

import pytest

from tests.factories import (
    NOON_DAY,
    a_day,
    a_movement,
    a_policy,
    account_of,
    an_origin,
    keys_of,
    moving,
    planned,
    selling,
    the,
    the_finding,
)
from tests.support.journals import debits
from tieout.domain.documents import Dimensions, JournalEntry
from tieout.domain.movement_policy import Category
from tieout.domain.plans import Disposition
from tieout.domain.policy import Periods
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import plan
from tieout.planning.snapshots import BalanceTransaction, FeeDetail

DAY_USD = "activity/2026-11-02/usd"
FEES = account_of(Category.PROCESSING_FEES)
TAX = account_of(Category.FEE_TAX)


def a_charge_of(amount_minor: int, fee_minor: int, **changes: object) -> BalanceTransaction:
    origin = an_origin(amount_minor)
    return a_movement(amount_minor, fee_minor, **{"origin": origin, "source": "ch_1", **changes})


def test_of_a_charge_the_day_books_the_fee_alone() -> None:
    made = planned(a_day(a_charge_of(10_000, 320)), moving())
    assert keys_of(made) == [DAY_USD]
    assert debits(made, DAY_USD) == {FEES: 320, "1200": -320}
    entry = the(made, DAY_USD, JournalEntry)
    assert (entry.posting_date, entry.reference) == (NOON_DAY, "2026-11-02-usd")


def test_a_fee_that_is_given_back_is_credited() -> None:
    kept = a_charge_of(10_000, 320)
    returned = a_movement(
        -5_000,
        -160,
        id="txn_2",
        type="refund",
        source="re_1",
        origin=an_origin(5_000, kind="refund", id="re_1"),
    )
    made = planned(a_day(returned), moving())
    assert debits(made, DAY_USD) == {FEES: -160, "1200": 160}
    made = planned(a_day(kept, returned), moving())
    assert debits(made, DAY_USD) == {FEES: 160, "1200": -160}


def test_a_fee_is_split_into_what_it_is_made_of_and_the_rest_is_stripes() -> None:
    parts = (FeeDetail("stripe_fee", 200), FeeDetail("tax", 38), FeeDetail("application_fee", 50))
    made = planned(a_day(a_charge_of(10_000, 300, fees=parts)), moving())
    assert debits(made, DAY_USD) == {
        FEES: 212,
        TAX: 38,
        account_of(Category.APPLICATION_FEES): 50,
        "1200": -300,
    }


def test_a_thousand_charges_are_one_journal_of_two_lines() -> None:
    charges = [a_charge_of(10_000, 320, id=f"txn_{number}") for number in range(1_000)]
    made = planned(a_day(*charges), moving())
    assert keys_of(made) == [DAY_USD]
    assert [line.amount_minor for line in the(made, DAY_USD, JournalEntry).lines] == [
        320_000,
        -320_000,
    ]


@pytest.mark.parametrize(
    ("type_", "amount_minor", "category"),
    [
        ("stripe_fee", -1_200, Category.STRIPE_BILLING_FEES),
        ("stripe_fee", 1_200, Category.STRIPE_BILLING_FEES),
        ("tax_fee", -228, Category.FEE_TAX),
        ("application_fee", 900, Category.APPLICATION_FEE_INCOME),
        ("application_fee_refund", -900, Category.APPLICATION_FEE_INCOME),
        ("transfer", -7_000, Category.TRANSFERS),
        ("reserve_hold", -500, Category.RESERVES),
    ],
)
def test_what_comes_often_is_summed_up_by_category(
    type_: str, amount_minor: int, category: Category
) -> None:
    made = planned(a_day(a_movement(amount_minor, type=type_)), moving())
    assert debits(made, DAY_USD) == {account_of(category): -amount_minor, "1200": amount_minor}


def test_the_fee_for_countering_a_dispute_is_the_days() -> None:
    fee = a_movement(
        -1_500,
        type="adjustment",
        reporting_category="fee",
        source="du_1",
        description="Stripe card dispute countered fee",
    )
    made = planned(a_day(fee), moving())
    dispute_fees = account_of(Category.DISPUTE_FEES)
    assert debits(made, DAY_USD) == {dispute_fees: 1_500, "1200": -1_500}


def test_a_category_carries_its_dimensions_and_clearing_the_location_of_its_line() -> None:
    of_fees = {Category.PROCESSING_FEES: Dimensions(location="200", department="FIN")}
    made = planned(a_day(a_charge_of(10_000, 320)), moving(dimensions=of_fees))
    fees, cash = the(made, DAY_USD, JournalEntry).lines
    assert fees.dimensions == Dimensions(location="200", department="FIN")
    assert cash.dimensions == Dimensions(location="200")


def test_a_category_without_an_account_parks_the_day_of_that_currency_alone() -> None:
    day = a_day(
        a_charge_of(10_000, 320),
        a_movement(-900, 0, id="txn_2", type="stripe_fee"),
        a_movement(-100, 20, id="txn_3", type="adjustment", currency="eur"),
    )
    policy = moving(accounts={Category.ADJUSTMENTS: "6990", Category.PROCESSING_FEES: "6200"})
    made = planned(day, policy)
    assert keys_of(made) == ["movement/txn_3"]
    finding = the_finding(made, DAY_USD)
    assert (finding.disposition, finding.reason) == (
        Disposition.PARKED,
        Reason.ACCOUNT_NOT_IN_POLICY,
    )
    assert "`movements.accounts.stripe_billing_fees`" in finding.text
    assert (finding.amount_minor, finding.currency) == (-1_220, "usd")


def test_what_other_subjects_book_leaves_the_day_empty() -> None:
    day = a_day(
        a_movement(-10_000, type="payout", source="po_1"),
        a_movement(10_000, id="txn_2", type="payout_failure", source="po_1"),
        a_movement(500, id="txn_3", type="topup", source="tu_1"),
        a_movement(
            -900,
            1_500,
            id="txn_4",
            type="adjustment",
            reporting_category="dispute",
            source="du_1",
        ),
    )
    made = planned(day, moving())
    assert made.documents == ()
    assert the_finding(made, f"activity/{NOON_DAY}").reason is Reason.NOTHING_TO_BOOK


def test_what_names_no_object_that_could_book_it_is_parked() -> None:
    made = planned(a_day(a_movement(-10_000, type="payout")), moving())
    finding = the_finding(made, "movement/txn_1")
    assert (finding.disposition, finding.reason) == (
        Disposition.PARKED,
        Reason.UNREADABLE_OBJECT,
    )


def test_a_charge_that_cannot_be_told_parks_alone_and_its_fee_is_booked() -> None:
    unknown = a_charge_of(10_000, 320, origin=None)
    made = planned(a_day(unknown, a_charge_of(5_000, 100, id="txn_2")), moving())
    assert debits(made, DAY_USD) == {FEES: 420, "1200": -420}
    assert the_finding(made, "movement/txn_1").reason is Reason.UNREADABLE_OBJECT


def test_something_rare_is_a_journal_of_its_own_with_its_fee() -> None:
    made = planned(a_day(a_movement(2_000, 30, type="payment_unreconciled")), moving())
    assert keys_of(made) == ["movement/txn_1"]
    assert debits(made, "movement/txn_1") == {
        account_of(Category.UNRECONCILED_PAYMENTS): -2_000,
        FEES: 30,
        "1200": 1_970,
    }


@pytest.mark.parametrize(
    ("type_", "settings"),
    [
        ("climate_order_purchase", "`movements.accounts.climate` or `movements.suspense`"),
        ("teleportation", "no account is named: `movements.suspense`"),
    ],
)
def test_something_rare_or_new_parks_or_goes_to_suspense_if_policy_says_so(
    type_: str, settings: str
) -> None:
    day = a_day(a_movement(-2_000, type=type_))
    finding = the_finding(planned(day, moving(accounts={})), "movement/txn_1")
    assert (finding.disposition, finding.reason) == (
        Disposition.PARKED,
        Reason.ACCOUNT_NOT_IN_POLICY,
    )
    assert settings in finding.text
    made = planned(day, moving(accounts={}, suspense="9999"))
    assert debits(made, "movement/txn_1") == {"9999": 2_000, "1200": -2_000}


def test_a_named_account_goes_before_suspense() -> None:
    made = planned(
        a_day(a_movement(-2_000, type="contribution", id="txn_1")), moving(suspense="9999")
    )
    assert account_of(Category.CLIMATE) in debits(made, DAY_USD)


def test_a_converted_charge_passes_the_fx_account_in_both_currencies() -> None:
    charge = a_movement(10_830, 344, source="ch_1", origin=an_origin(10_000, currency="eur"))
    made = planned(a_day(charge), moving())
    assert keys_of(made) == [DAY_USD, f"{DAY_USD}/from-eur"]
    assert debits(made, DAY_USD) == {FEES: 344, "7100": -10_830, "1200": 10_830 - 344}
    assert debits(made, f"{DAY_USD}/from-eur") == {"7100": 10_000, "1210": -10_000}
    carried_over = the(made, f"{DAY_USD}/from-eur", JournalEntry)
    assert (carried_over.currency, carried_over.reference) == ("eur", "2026-11-02-usd-eur")


def test_a_converted_refund_goes_the_other_way() -> None:
    refund = a_movement(
        -5_400,
        type="refund",
        source="re_1",
        origin=an_origin(5_000, kind="refund", id="re_1", currency="eur"),
    )
    made = planned(a_day(refund), moving())
    assert debits(made, DAY_USD) == {"7100": 5_400, "1200": -5_400}
    assert debits(made, f"{DAY_USD}/from-eur") == {"7100": -5_000, "1210": 5_000}


def test_a_refund_worth_nothing_in_the_balance_still_leaves_its_own_currency() -> None:
    refund = a_movement(
        0, type="refund", source="re_1", origin=an_origin(1, kind="refund", currency="jpy")
    )
    made = planned(a_day(refund), moving())
    assert keys_of(made) == [f"{DAY_USD}/from-jpy"]
    assert debits(made, f"{DAY_USD}/from-jpy") == {"7100": -1, "1220": 1}


def test_without_an_fx_account_both_sides_of_a_conversion_wait() -> None:
    charge = a_movement(10_830, source="ch_1", origin=an_origin(10_000, currency="eur"))
    made = planned(a_day(charge), moving(fx_account=None))
    assert made.documents == ()
    for finding in made.findings:
        assert (finding.reason, finding.text) == (
            Reason.ACCOUNT_NOT_IN_POLICY,
            "Stripe converted currencies: `fx_account`",
        )
    assert len(made.findings) == 2


def test_the_day_before_the_books_is_recorded_and_a_closed_one_follows_policy() -> None:
    day = a_day(a_charge_of(10_000, 320))
    made = planned(day, a_policy(movements=moving().movements, books_from=date(2026, 11, 3)))
    finding = the_finding(made, DAY_USD)
    assert (finding.disposition, finding.reason) == (Disposition.NOT_BOOKED, Reason.BEFORE_BOOKS)
    periods = Periods(closed_through=date(2026, 11, 30), when_closed="next_open_date")
    made = planned(day, a_policy(movements=moving().movements, periods=periods))
    entry = the(made, DAY_USD, JournalEntry)
    assert entry.posting_date == date(2026, 12, 1)
    assert entry.title.endswith(", dated 2026-11-02")


def test_sales_of_the_day_are_apart_from_its_fees() -> None:
    """Neither blocks the other: without an account for fees, the sales are booked all the same."""
    policy = selling("daily_summary")
    subject = Subject(SubjectKind.ACTIVITY, "2026-11-02")
    made = plan(subject, a_day(a_charge_of(10_000, 320)), policy, {"sale/pi_1": policy})
    assert debits(made, f"{DAY_USD}/sales") == {"4010": -10_000, "1200": 10_000}
    assert the_finding(made, DAY_USD).reason is Reason.ACCOUNT_NOT_IN_POLICY


def test_a_further_stripe_account_has_journals_of_its_own() -> None:
    policy = a_policy(accounts={"acct_9": moving()})
    subject = Subject(SubjectKind.ACTIVITY, "2026-11-02", "acct_9")
    made = plan(subject, a_day(a_charge_of(10_000, 320)), policy)
    assert keys_of(made) == [f"acct_9/{DAY_USD}"]
