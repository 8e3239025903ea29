"""Goal: the examples of a policy's rules hold, or say what differs.

Method: policies with one rule and one example, run with the real decoder and the real planner.
"""

from pathlib import Path

import pytest

from tieout.domain.policy_file import parse_policy
from tieout.services.policy_examples import ExampleResult, run_examples
from tieout.stripe.examples import example

EXAMPLE_POLICY = Path(__file__).parents[3] / "docs" / "policy.example.yaml"
BASE = """\
time_zone: America/New_York
base_currency: usd
books_from: 2026-03-01
clearing: {usd: {account: "1200", bank_account: STRIPE}}
revenue: {categories: {all: {account: "4000"}}, default: all}
tax: {default: "2200"}
rules:
  - name: enterprise
    for: revenue
    when: line.price == 'price_1' && customer.metadata.tier == 'enterprise'
    set: {account: "4010", dimensions: {department: ENT}}
    examples:
      - name: seat upgrade
"""


def result_of(given: str, *gives: str, base: str = BASE) -> ExampleResult:
    listed = "".join(f"          - {{{each}}}\n" for each in gives)
    text = f"{base}        given: {{{given}}}\n        gives:\n{listed}"
    (result,) = run_examples(parse_policy(text), example)
    return result


SEAT = "customer: {metadata: {tier: enterprise}}, lines: [{price: {id: price_1}, amount: 12000}]"


def test_as_much_of_an_object_as_matters_is_enough() -> None:
    assert result_of(
        SEAT, 'account: "4010", amount: "120.00", dimensions: {department: ENT}'
    ) == ExampleResult("enterprise", "seat upgrade")


def test_what_differs_is_told_of_the_nearest_line() -> None:
    result = result_of(SEAT, 'account: "4010", credit: "12.00", dimensions: {department: SALES}')
    assert result.problems == (
        (
            "gives[1]: credit is 120.00, not 12.00; dimensions.department is ENT, not SALES "
            "(in the nearest line: rule enterprise)"
        ),
    )


def test_a_line_counts_for_one_expectation_only() -> None:
    result = result_of(SEAT, 'account: "4010"', 'account: "4010"')
    assert len(result.problems) == 1
    two = "customer: {metadata: {tier: enterprise}}, lines: [{price: {id: price_1}}, {}]"
    assert not result_of(two, 'amount: "100.00"', 'account: "4010"').problems


def test_the_side_of_an_amount_may_be_asked_for() -> None:
    assert not result_of(SEAT, 'account: "accounts receivable", debit: "120.00"').problems
    assert result_of(SEAT, 'account: "4010", debit: "120.00"').problems


def test_an_example_may_be_of_what_is_paid_taxed_or_discounted() -> None:
    given = (
        "status: paid, lines: {data: [{amount: 10000, discount_amounts: [{amount: 1000}], "
        "taxes: [{amount: 900, tax_behavior: exclusive, tax_rate_details: {tax_rate: txr_1}}]}]}"
    )
    assert not result_of(
        given,
        'account: "4000", credit: "90.00"',
        'account: "2200", credit: "9.00"',
        'document: ArPayment, account: bank STRIPE, debit: "99.00", method: Credit Card',
        "document: Customer, customer_id: cus_example",
    ).problems


def test_what_must_be_parked_can_be_asked_for() -> None:
    assert not result_of("currency: jpy", "parked: currency_not_in_policy").problems


def test_an_example_happens_while_its_rule_holds_and_the_books_are_open() -> None:
    assert not result_of("{}"[1:-1], "document: ArInvoice, posting_date: 2026-03-01").problems
    later = BASE.replace("    when:", "    from: 2026-07-01\n    when:")
    assert not result_of("", "invoice_date: 2026-07-01", base=later).problems
    given = "created: 1775001600, effective_at: 1775001600"
    assert not result_of(given, "invoice_date: 2026-03-31").problems


def test_a_condition_that_answers_no_question_is_an_error_of_the_example() -> None:
    odd = BASE.replace("when: line.price == 'price_1' && ", "when: line.price || ")
    assert result_of(SEAT, 'account: "4000"', base=odd).problems == (
        "the condition of rule enterprise is neither true nor false for it",
    )


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("object: payout", "given: 'payout' is no object for examples"),
        ("lines: [{amount: much}]", "given: is not of the shape"),
        ("lines: 3", "given: is not of the shape"),
        ("status: stolen", "given: invoice in_example: status is 'stolen', which is not known"),
    ],
)
def test_what_is_no_stripe_object_is_told(given: str, problem: str) -> None:
    (found,) = result_of(given, 'account: "4000"').problems
    assert found.startswith(problem)


def test_the_examples_of_the_example_policy_hold() -> None:
    results = list(run_examples(parse_policy(EXAMPLE_POLICY.read_text("utf-8")), example))
    assert results
    assert not [each for each in results if each.problems]
