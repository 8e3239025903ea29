"""Goal: a month's forecast is a straight line over business days, and never below what is used;
and it is known from how many transactions on, and from which day, sales are summed up.

Method: months with known business days; each case was worked out by hand.
"""

import dataclasses
from datetime import UTC, date, datetime

import pytest

from tests.unit.domain.test_policy_file import SMALLEST, errors_of
from tieout.domain.policy_file import parse_policy
from tieout.domain.transactions import Volume, month_of, volume


def unix(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("now", "used", "forecast"),
    [
        # November 2026 begins on a Sunday and has 21 business days.
        ("2026-11-01T12:00", 10, 210),  # none is over: the first counts as a whole
        ("2026-11-02T06:00", 10, 210),
        ("2026-11-03T00:00", 10, 210),
        ("2026-11-03T12:00", 30, 420),
        ("2026-11-14T12:00", 1_000, 2_100),  # a Saturday, after ten of them
        ("2026-11-16T00:00", 1_000, 2_100),
        ("2026-11-21T12:00", 132, 184),  # 184.8 after fifteen of them: whole ones
        ("2026-11-30T23:59:59", 2_100, 2_100),
        ("2026-11-20T00:00", 0, 0),
    ],
)
def test_the_forecast_goes_on_over_business_days(now: str, used: int, forecast: int) -> None:
    assert volume(None, used, unix(now)) == Volume("2026-11", None, used, forecast)


def test_a_month_is_of_utc() -> None:
    assert month_of(unix("2026-11-30T23:59:59")) == "2026-11"
    assert month_of(unix("2026-12-01T00:00")) == "2026-12"


def test_a_share_is_rounded_down_and_may_be_more_than_all() -> None:
    month = Volume("2026-11", 1_000, used=999, forecast=2_500)
    assert (month.percent(month.used), month.percent(month.forecast)) == (99, 250)
    assert Volume("2026-11", None, used=999, forecast=2_500).percent(999) is None


def test_a_policy_may_say_what_the_contract_includes() -> None:
    text = f"{SMALLEST}intacct: {{transactions_per_month: 100000}}\n"
    assert parse_policy(text).transactions_per_month == 100_000
    assert parse_policy(SMALLEST).transactions_per_month is None
    wrong = f"{SMALLEST}intacct: {{transactions_per_month: many, per_year: 1}}\n"
    assert len(errors_of(wrong)) == 2
    account = "stripe_accounts: {acct_2: {clearing: {eur: {account: '1299'}}, intacct: {}}}\n"
    assert any("belongs to the company" in each for each in errors_of(SMALLEST + account))


@pytest.mark.parametrize(
    ("now", "used", "day"),
    [
        # At this pace: 100 transactions each of the 21 business days of November 2026.
        ("2026-11-16T00:00", 1_000, "2026-11-20"),  # the fifteenth of them
        ("2026-11-14T12:00", 1_000, "2026-11-20"),  # a Saturday
        ("2026-11-20T12:00", 1_450, "2026-11-20"),
        ("2026-11-16T00:00", 700, None),  # 1,470 in the end
        ("2026-11-16T00:00", 1_500, None),  # it is so already
        ("2026-11-02T06:00", 0, None),
    ],
)
def test_it_tells_when_the_budget_will_be_reached(now: str, used: int, day: str | None) -> None:
    month = volume(2_000, used, unix(now), above_from=1_500)
    assert month.above_on == (date.fromisoformat(day) if day else None)


def test_the_budget_is_reached_by_the_last_transaction_that_it_allows() -> None:
    month = Volume("2026-11", 10_000, used=7_999, forecast=0, above_from=8_000)
    assert month.reached == ""
    assert (
        dataclasses.replace(month, used=8_003).reached
        == "8,003 of 10,000 transactions used in 2026-11"
    )
    assert dataclasses.replace(month, used=9_999, above_from=None).reached == ""


def test_a_share_of_the_budget_may_reach_it() -> None:
    sales = "sales: {mode: other_receipt, above_budget: daily_summary}\n"
    budget = "intacct: {transactions_per_month: 1001, above_budget_from_percent: 80}\n"
    assert parse_policy(SMALLEST + budget + sales).above_budget_from == 801
    assert parse_policy(SMALLEST + budget).above_budget_from is None
    ruled = "rules: [{name: a, for: sale, set: {mode: invoice, above_budget: other_receipt}}]\n"
    assert parse_policy(SMALLEST + budget + ruled).above_budget_from == 801
    of_account = (
        "stripe_accounts: {acct_2: {clearing: {eur: {account: '1299'}}, sales: "
        "{mode: invoice, above_budget: daily_summary}}}\n"
    )
    assert parse_policy(SMALLEST + budget + of_account).above_budget_from == 801


@pytest.mark.parametrize(
    ("section", "error"),
    [
        ("{above_budget_from_percent: 80}", "needs `transactions_per_month` to be a share of"),
        (
            "{transactions_per_month: 10, above_budget_from_percent: 101}",
            "must be between 1 and 100, not 101",
        ),
    ],
)
def test_a_share_of_nothing_or_of_more_than_all_is_refused(section: str, error: str) -> None:
    told = f"intacct.above_budget_from_percent: {error}"
    assert errors_of(f"{SMALLEST}intacct: {section}\n") == (told,)
