"""Goal: the examples of a policy's rules hold, or say what differs.

Method: policies with one rule and one example, run with the real decoder and the real planner.
"""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tieout.domain.errors import Refused
from tieout.domain.policy_accounts import overlaid
from tieout.domain.policy_file import parse_policy
from tieout.services.policy_examples import ExampleResult, run_examples
from tieout.stripe.examples import example

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE_POLICY = DOCS / "policy.example.yaml"
PAGE = (DOCS / "policy.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
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
    ) == ExampleResult("rules[enterprise].examples[seat upgrade]")


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
        (
            "object: subscription",
            (
                "given: rules never see an object of the kind 'subscription'; what they see: "
                "invoice, line_item, invoiceitem, credit_note, charge, refund, dispute, payout, "
            ),
        ),
        (
            "object: invoice_item",
            "given: rules never see an object of the kind 'invoice_item'; did you mean",
        ),
        ("lines: [{amount: [1]}]", "given: is not of the shape"),
        ("status: [paid]", "given: invoice in_example: status is not text"),
        ("lines: 3", "given: is not of the shape"),
        ("status: stolen", "given: invoice in_example: status is 'stolen', which is not known"),
    ],
)
def test_what_is_no_stripe_object_is_told(given: str, problem: str) -> None:
    (found,) = result_of(given, 'account: "4000"').problems
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("given", "path", "shown"),
    [
        ('lines: [{amount: 100}, {amount: "25.00"}]', "given.lines[2].amount", '"25.00"'),
        ('lines: {data: [{taxes: [{amount: "9"}]}]}', "given.lines.data[1].taxes[1].amount", '"9"'),
        ("object: charge, amount_captured: 25.5", "given.amount_captured", "25.5"),
        ('total: "25.00"', "given.total", '"25.00"'),
    ],
)
def test_an_amount_that_is_written_for_people_is_told_where_it_stands(
    given: str, path: str, shown: str
) -> None:
    assert result_of(given, 'account: "4000"').problems == (
        (
            f"{path}: must be minor units, as an integer without quotes, like 2500 for 25.00; "
            f"it is {shown}"
        ),
    )


def test_metadata_may_say_what_it_likes_of_amounts() -> None:
    assert not result_of('metadata: {amount: "25.00"}', 'account: "4000"').problems


FULL = BASE.replace(
    "rules:",
    """\
movements:
  accounts: {processing_fees: "6200", disputes: "1290", stripe_billing_fees: "6210"}
payouts: {usd: {account: "1000"}}
customer_credit: {account: "2300"}
rules:
  - {name: fees, for: fees, set: {account: "6299"}}
  - {name: upgrades, for: revenue, when: line.proration, set: {account: "4005"}}""",
)


@pytest.mark.parametrize(
    ("given", "gives"),
    [
        (
            (
                "object: refund, amount: 5000, invoice: {customer: {metadata: {tier: enterprise}}, "
                "lines: [{price: {id: price_1}, amount: 12000}]}"
            ),
            'account: "4010", debit: "50.00", dimensions: {department: ENT}',
        ),
        ("object: refund, amount: 700", 'account: "4000", debit: "7.00"'),
        ("object: refund, amount: 700, charge: {description: x}", "parked: account_not_in_policy"),
        (
            (
                "object: credit_note, invoice: {customer: {metadata: {tier: enterprise}}, "
                "lines: [{price: {id: price_1}, amount: 12000}]}, lines: [{amount: 2000}]"
            ),
            'document: ArAdjustment, account: "4010", debit: "20.00"',
        ),
        (
            "object: credit_note, invoice: {status: paid}, lines: [{amount: 2000}]",
            'document: JournalEntry, account: "2300", credit: "20.00"',
        ),
        ("object: dispute, amount: 4000", 'account: "1290", debit: "40.00"'),
        ("object: dispute", 'account: "6299", debit: "15.00", why: rule fees'),
        (
            "object: payout, amount: 9900, balance_transaction: {fee: 100}",
            'account: "6299", debit: "1.00", document: JournalEntry, posting_date: 2026-03-01',
        ),
        (
            "object: balance_transaction, fee_details: [{type: stripe_fee, amount: 320}]",
            'account: "6299", debit: "3.20", key: activity/2026-03-01/usd',
        ),
        (
            "object: balance_transaction, type: stripe_fee, amount: -700, description: Radar",
            'account: "6299", debit: "7.00"',
        ),
        ("object: balance_transaction, type: refund, fee: -30", 'account: "6299", credit: "0.30"'),
        ("object: balance_transaction, type: payout", "not_booked: nothing_to_book"),
        ("object: line_item, proration: true, amount: 500", 'account: "4005", credit: "5.00"'),
        (
            (
                "object: invoiceitem, proration: true, amount: 500, customer: {id: cus_7}, "
                "parent: {type: subscription_details}"
            ),
            'document: ArInvoice, account: "4005", customer_id: cus_7',
        ),
        ("object: charge, amount: 500", "parked: account_not_in_policy"),
        ("object: customer, id: cus_9", "document: Customer, customer_id: cus_9"),
    ],
)
def test_an_example_may_be_of_everything_that_rules_see(given: str, gives: str) -> None:
    assert not result_of(given, gives, base=FULL).problems


def test_the_examples_of_an_accounts_own_rules_are_run_under_its_policy() -> None:
    account = """
stripe_accounts:
  acct_2:
    clearing: {usd: {account: "1207"}}
    revenue: {categories: {all: {account: "4700"}}}
"""
    own = """\
    rules:
      - name: shop
        for: memo
        set: {memo: Shop}
        examples: [{given: {}, gives: [{account: "4000"}]}]
"""
    example_of_all = "        given: {}\n        gives: [{account: '4000'}]\n"
    inherited = list(run_examples(parse_policy(BASE + example_of_all + account), example))
    assert [(each.path, each.problems) for each in inherited] == [
        ("rules[enterprise].examples[seat upgrade]", ())
    ]
    _, result = run_examples(parse_policy(BASE + example_of_all + account + own), example)
    assert result.path == "stripe_accounts.acct_2.rules[shop].examples[unnamed]"
    (problem,) = result.problems
    assert problem.startswith("gives[1]: account is accounts receivable, not 4000")


def test_the_examples_of_the_example_policy_hold() -> None:
    results = list(run_examples(parse_policy(EXAMPLE_POLICY.read_text("utf-8")), example))
    assert results
    assert not [each for each in results if each.problems]


@pytest.mark.parametrize("block", BLOCKS)
def test_what_the_reference_shows_is_a_policy_whose_examples_hold(block: str) -> None:
    whole = overlaid(yaml.safe_load(EXAMPLE_POLICY.read_text("utf-8")), yaml.safe_load(block))
    results = list(run_examples(parse_policy(yaml.safe_dump(whole)), example))
    assert [each for each in results if each.problems] == []
    assert len(results) >= block.count("given:")


def test_the_reference_tells_every_kind_of_object_that_examples_may_be_of() -> None:
    section = PAGE.partition("#### Examples")[2]
    told = {
        name
        for row in re.findall(r"^\| (`.*?) \|", section.partition("*Example.*")[0], re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    with pytest.raises(Refused) as refused:
        example({"object": "subscription"}, datetime.now(UTC), "usd")
    listed = refused.value.text.partition("what they see: ")[2].split(", ")
    assert told - {"object"} == set(listed)
    assert sum(block.count("given:") for block in BLOCKS) > 5
