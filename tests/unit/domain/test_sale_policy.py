"""The policy's section on sales: what is accepted, and what a person still must decide.

Method: small texts through `parse_policy`.
"""

import pytest

from tests.unit.domain.test_policy_file import SMALLEST, errors_of
from tieout.domain.policy import DeferredRevenue
from tieout.domain.policy_file import parse_policy
from tieout.domain.sale_policy import SaleRules


def sales_of(section: str) -> SaleRules | None:
    return parse_policy(SMALLEST + section).sales


def test_an_older_policy_says_nothing_of_sales_and_stays_valid() -> None:
    assert sales_of("") is None


@pytest.mark.parametrize("mode", ["other_receipt", "invoice", "daily_summary"])
def test_three_modes_need_nothing_but_their_name(mode: str) -> None:
    assert sales_of(f"sales: {{mode: {mode}}}") == SaleRules(mode)  # type: ignore[arg-type]


def test_every_setting_is_read() -> None:
    text = "sales: {mode: ignore, category: all, customer: WALK-IN, ignore_reason: donations}"
    assert sales_of(text) == SaleRules("ignore", "all", "WALK-IN", "donations")


@pytest.mark.parametrize(
    ("section", "error"),
    [
        ("sales: {}", "sales.mode: is missing: a person must decide how sales are booked"),
        ("sales: {mode: daily}", "sales.mode: must be"),
        ("sales: {mode: ignore}", "sales.ignore_reason: is missing"),
        ("sales: {mode: invoice, category: al}", "sales.category: names no category: 'al'"),
        ("sales: {mode: invoice, costumer: X}", "sales.costumer: is not a setting"),
        ("sales: {mode: invoice, customer: 12345678901234567890x}", "sales.customer: is longer"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(section: str, error: str) -> None:
    assert [each.startswith(error) for each in errors_of(SMALLEST + section)] == [True]


def test_a_category_names_where_its_revenue_waits() -> None:
    text = SMALLEST.replace(
        '{account: "0400"}', '{account: "0400", deferred: {account: "2400", template: Daily}}'
    )
    category = parse_policy(text).revenue.categories["all"]
    assert category.deferred == DeferredRevenue("2400", "Daily", refunds_from="revenue")


def test_a_category_says_where_refunds_of_it_are_taken_from() -> None:
    deferred = '{account: "2400", template: Daily, refunds_from: deferred}'
    text = SMALLEST.replace('{account: "0400"}', f'{{account: "0400", deferred: {deferred}}}')
    category = parse_policy(text).revenue.categories["all"]
    assert category.deferred == DeferredRevenue("2400", "Daily", refunds_from="deferred")


@pytest.mark.parametrize(
    ("deferred", "error"),
    [
        ("{template: Daily}", "revenue.categories.all.deferred.account: is missing"),
        ('{account: "2400"}', "revenue.categories.all.deferred.template: is missing"),
        (
            '{account: "1200", template: Daily}',
            "revenue.categories.all.deferred.account: is that of `clearing.eur.account` too",
        ),
        (
            '{account: "2400", template: Daily, refunds_from: both}',
            "revenue.categories.all.deferred.refunds_from: must be `revenue` or `deferred`",
        ),
    ],
)
def test_revenue_cannot_wait_nowhere_nor_in_clearing(deferred: str, error: str) -> None:
    text = SMALLEST.replace('{account: "0400"}', f'{{account: "0400", deferred: {deferred}}}')
    assert [each.startswith(error) for each in errors_of(text)] == [True]


BUDGET = "intacct: {transactions_per_month: 10000}\n"


@pytest.mark.parametrize(
    ("mode", "above"),
    [
        ("invoice", "other_receipt"),
        ("invoice", "daily_summary"),
        ("other_receipt", "daily_summary"),
    ],
)
def test_above_the_budget_a_sale_may_cost_less(mode: str, above: str) -> None:
    rules = sales_of(f"{BUDGET}sales: {{mode: {mode}, above_budget: {above}}}")
    assert rules is not None
    assert rules.above_budget == above


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            f"{BUDGET}sales: {{mode: daily_summary, above_budget: other_receipt}}",
            (
                "sales.above_budget: saves nothing: other_receipt takes as many transactions as "
                "daily_summary, or more (invoice 2, other_receipt 1, daily_summary and ignore none "
                "of their own)"
            ),
        ),
        (
            f"{BUDGET}sales: {{mode: ignore, ignore_reason: x, above_budget: daily_summary}}",
            (
                "sales.above_budget: saves nothing: daily_summary takes as many transactions as "
                "ignore, or more (invoice 2, other_receipt 1, daily_summary and ignore none of "
                "their own)"
            ),
        ),
        (
            f"{BUDGET}sales: {{mode: other_receipt, above_budget: ignore}}",
            "sales.above_budget: must be `other_receipt` or `daily_summary`, not 'ignore'",
        ),
        (
            "sales: {mode: other_receipt, above_budget: daily_summary}",
            "sales.above_budget: needs `intacct.transactions_per_month` to be above of",
        ),
    ],
)
def test_what_could_never_save_anything_is_refused(text: str, error: str) -> None:
    assert errors_of(SMALLEST + text) == (error,)
