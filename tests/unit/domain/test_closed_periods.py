"""Goal: what Intacct has closed is closed, for every Stripe account, and can be told again later.

Method: policies in which this or that is closed, and Intacct's date on either side. The mistake
most likely made is a version that says less than what was in force.
"""

import dataclasses
from datetime import date

import pytest

from tests.factories import a_policy
from tieout.domain.closed_periods import entities_of, in_force, parts_of
from tieout.domain.policy import Periods, Policy
from tieout.domain.policy_file import parse_policy

SEPTEMBER, OCTOBER = date(2026, 9, 30), date(2026, 10, 31)


def closed(through: date | None, **changes: object) -> Policy:
    return a_policy(version="abc", periods=Periods(through, "wait"), **changes)


@pytest.mark.parametrize(
    ("by_policy", "by_intacct", "through"),
    [
        (None, SEPTEMBER, SEPTEMBER),
        (SEPTEMBER, OCTOBER, OCTOBER),
        (SEPTEMBER, date(2026, 10, 1), date(2026, 10, 1)),
    ],
)
def test_a_later_day_of_intacct_makes_a_version_of_its_own(
    by_policy: date | None, by_intacct: date, through: date
) -> None:
    found = in_force(closed(by_policy), by_intacct)
    assert found.periods == Periods(through, "wait")
    assert found.version == f"abc@{by_intacct}"
    assert dataclasses.replace(found, version="abc", periods=closed(by_policy).periods) == closed(
        by_policy
    )


@pytest.mark.parametrize("by_intacct", [None, SEPTEMBER, OCTOBER])
def test_what_the_policy_closed_anyway_changes_nothing(by_intacct: date | None) -> None:
    assert in_force(closed(OCTOBER), by_intacct) == closed(OCTOBER)


def test_it_is_closed_for_every_stripe_account_and_opened_for_none() -> None:
    accounts = {"acct_1": closed(None), "acct_2": closed(OCTOBER)}
    found = in_force(closed(OCTOBER, accounts=accounts), SEPTEMBER)
    every = [found, *found.accounts.values()]
    assert [each.periods.closed_through for each in every] == [OCTOBER, SEPTEMBER, OCTOBER]
    assert {each.version for each in every} == {"abc@2026-09-30"}


def test_a_version_tells_what_was_in_force() -> None:
    assert parts_of("abc@2026-09-30") == ("abc", SEPTEMBER)
    assert parts_of("abc") == ("abc", None)
    with pytest.raises(ValueError, match="isoformat"):
        parts_of("abc@soon")


def test_documents_go_to_the_entities_that_the_policy_and_its_rules_name() -> None:
    text = """
        base_currency: usd
        time_zone: UTC
        clearing: {usd: {account: "1200"}}
        revenue: {categories: {saas: {account: "4000"}}, default: saas}
        entity: E-100
        maps: {country: {values: {DE: E-200, AT: E-300}, default: E-400}}
        rules:
          - name: by country
            for: entity
            set: {entity: {map: country, key: customer.metadata.country}}
        stripe_accounts:
          acct_1: {clearing: {usd: {account: "1300"}}, entity: E-500}
    """
    named = {"E-100", "E-200", "E-300", "E-400", "E-500"}
    assert entities_of(parse_policy(text)) == named
    assert entities_of(a_policy()) == {None}
