"""Goal: a month's forecast is a straight line over business days, and never below what is used.

Method: months with known business days; each case was worked out by hand.
"""

from datetime import UTC, datetime

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
