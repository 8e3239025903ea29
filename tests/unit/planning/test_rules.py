"""Goal: a rule of the policy comes before its tables, and every line says which rule chose it.

Method: a policy file with rules, small snapshots, the real planner.
"""

import dataclasses
from datetime import UTC, date, datetime
from typing import NoReturn

import pytest

from tests.factories import (
    a_charge,
    a_customer,
    a_line,
    a_movement,
    a_payment,
    a_tax,
    an_invoice,
    planned,
    the,
)
from tieout.domain.documents import ArInvoice, ArPayment, CashAccount, Customer, Dimensions
from tieout.domain.effects import REASONS_LENGTH_MAX, written_reasons
from tieout.domain.expressions import FACTS
from tieout.domain.movement_policy import Category
from tieout.domain.policy import Policy
from tieout.domain.policy_file import parse_policy
from tieout.domain.policy_rules import Area
from tieout.domain.sale_policy import SaleMode, SaleRules
from tieout.planning.facts import (
    customer_case,
    fee_case,
    invoice_case,
    line_facts,
    payment_case,
    sale_case,
    tax_facts,
)
from tieout.planning.rules import NO_ANSWER, Case, answer
from tieout.planning.sale_lines import revenue_line
from tieout.planning.snapshots import FeeDetail, InvoiceSnapshot, ShippingCost

BASE = """\
time_zone: America/New_York
base_currency: usd
clearing: {usd: {account: "1200"}}
out_of_band: {usd: {account: "1010"}}
revenue:
  categories:
    all: {account: "4000"}
    services: {account: "4010", dimensions: {department: SERVICES}}
  by_product: {prod_1: services}
  default: all
tax: {default: "2200"}
shipping_account: "4030"
dimensions:
  defaults: {location: "100"}
  metadata_keys: {department: department}
maps:
  regions: {values: {EU: "200"}}
"""


def policy_of(*rules: str) -> Policy:
    return parse_policy(BASE + "rules:\n" + "".join(f"  - {{{each}}}\n" for each in rules))


def ar_invoice(invoice: InvoiceSnapshot, policy: Policy) -> ArInvoice:
    return the(planned(invoice, policy), "invoice/in_1", ArInvoice)


def receipt_of(invoice: InvoiceSnapshot, policy: Policy) -> ArPayment:
    return the(planned(invoice, policy), "receipt/inpay_1", ArPayment)


def test_a_rule_beats_the_tables_and_says_so() -> None:
    policy = policy_of('name: r1, for: revenue, when: line.proration, set: {account: "4050"}')
    lines = (a_line(product="prod_1"), a_line(id="il_2", product="prod_1", proration=True))
    plain, ruled = ar_invoice(an_invoice(lines=lines), policy).lines
    assert (plain.account, plain.why) == ("4010", "product prod_1 is category services")
    assert (ruled.account, ruled.why) == ("4050", "rule r1")


def test_a_rule_beats_a_category_that_metadata_names() -> None:
    policy = policy_of('name: r1, for: revenue, set: {account: "4050"}')
    (line,) = ar_invoice(
        an_invoice(lines=(a_line(metadata={"revenue_category": "services"}),)), policy
    ).lines
    assert line.account == "4050"


def test_a_rule_may_choose_a_category_with_all_that_belongs_to_it() -> None:
    (line,) = ar_invoice(
        an_invoice(), policy_of("name: r1, for: revenue, set: {category: services}")
    ).lines
    assert (line.account, line.dimensions) == ("4010", Dimensions("100", "SERVICES"))


def test_of_two_rules_that_match_the_first_counts() -> None:
    policy = policy_of(
        "name: r1, for: revenue, when: line.price == 'price_1', set: {account: \"1\"}",
        "name: r2, for: revenue, when: line.product == 'prod_1', set: {account: \"2\"}",
    )
    (line,) = ar_invoice(
        an_invoice(lines=(a_line(price="price_1", product="prod_1"),)), policy
    ).lines
    assert line.why == "rule r1"


def test_a_map_without_the_key_leaves_the_answer_to_the_next_rule() -> None:
    policy = policy_of(
        "name: r1, for: dimensions, set: {dimensions: "
        "{location: {map: regions, key: customer.metadata.region}}}",
        'name: r2, for: dimensions, set: {dimensions: {location: "900"}}',
    )

    def location_of(region: str) -> str | None:
        invoice = an_invoice(customer=a_customer(metadata={"region": region}))
        return ar_invoice(invoice, policy).lines[0].dimensions.location

    assert (location_of("EU"), location_of("ASIA")) == ("200", "900")


def new_york(day: int, hour: int) -> int:
    """Return an hour of July 2026 in New York (four hours behind UTC) as unix seconds."""
    return int(datetime(2026, 7, day, hour, tzinfo=UTC).timestamp()) + 4 * 3600


@pytest.mark.parametrize(
    ("moment", "account"),
    [
        (new_york(1, 0) - 1, "4000"),
        (new_york(1, 0), "4050"),
        (new_york(2, 0) - 1, "4050"),
        (new_york(2, 0), "4000"),
    ],
)
def test_both_days_belong_to_the_rule_and_they_are_the_companys(moment: int, account: str) -> None:
    policy = policy_of(
        "name: r1, for: revenue, from: 2026-07-01, until: 2026-07-01, set: {account: '4050'}"
    )
    invoice = an_invoice(created_unix=1, effective_at_unix=moment)
    assert ar_invoice(invoice, policy).lines[0].account == account


def test_rules_have_the_last_word_on_dimensions() -> None:
    policy = policy_of(
        "name: r1, for: dimensions, set: {dimensions: {department: D1, class: C1}}",
        "name: r2, for: revenue, set: {dimensions: {class: C2}}",
    )
    lines = (a_line(metadata={"department": "OWN"}),)
    invoice = an_invoice(lines=lines, taxes=(a_tax(100),), total_minor=10_100)
    revenue, tax = ar_invoice(invoice, policy).lines
    assert revenue.dimensions == Dimensions("100", "D1", "C2")
    assert revenue.why == "default category all; rule r2"
    assert tax.dimensions == Dimensions("100", "D1", "C1")


def test_tax_shipping_and_discounts_have_rules_of_their_own() -> None:
    policy = policy_of(
        "name: r1, for: tax, when: tax.rate == 'txr_vat', set: {account: '2210'}",
        "name: r2, for: shipping, set: {account: '4031'}",
        "name: r3, for: discount, set: {account: '4091', dimensions: {class: PROMO}}",
    )
    invoice = an_invoice(
        lines=(a_line(discount_minor=1_000),),
        taxes=(a_tax(100), a_tax(50, rate=None)),
        shipping=ShippingCost(500, 0),
    )
    lines = {line.account: line for line in ar_invoice(invoice, policy).lines}
    assert {account: line.amount_minor for account, line in lines.items()} == {
        "4000": 10_000,
        "4091": -1_000,
        "4031": 500,
        "2210": 100,
        "2200": 50,
    }
    assert lines["4091"].dimensions.class_id == "PROMO"
    assert lines["2210"].why == "rule r1"


def test_a_memo_is_a_template_that_fits_its_field() -> None:
    policy = policy_of(
        'name: r1, for: memo, set: {memo: "{line.description} for {customer.metadata.ref}\u202e"}'
    )
    customer = a_customer(metadata={"ref": "PO\n7 " + "x" * 300})
    (line,) = ar_invoice(an_invoice(customer=customer), policy).lines
    assert line.memo.startswith("Pro plan for PO 7 xxx")
    assert len(line.memo) == 200


def test_customers_terms_and_numbers_can_be_ruled() -> None:
    policy = policy_of(
        "name: r1, for: customer, when: customer.country == 'GB', "
        "set: {customer_id: UK-SALES, term: N30}"
    )
    customer = the(planned(an_invoice(), policy), "customer/cus_1", Customer)
    assert (customer.customer_id, customer.term) == ("UK-SALES", "N30")
    assert ar_invoice(an_invoice(), policy).customer_id == "UK-SALES"


def test_due_days_are_for_invoices_that_have_no_due_date() -> None:
    policy = policy_of("name: r1, for: due_date, set: {due_days: 10}")
    assert ar_invoice(an_invoice(), policy).due_date == date(2026, 11, 12)


def test_receipts_ask_on_the_day_of_the_payment() -> None:
    policy = policy_of(
        "name: r1, for: payment_method, from: 2026-11-03, set: {method: Online ACH Debit}",
        "name: r2, for: out_of_band, when: metadata.bank == 'B2', "
        "set: {account: '1020', bank_account: B2}",
    )
    payment = a_payment(10_000)
    invoice = an_invoice(payments=(payment,), status="paid")
    # The invoice is of the 2nd, the payment of the 3rd.
    assert receipt_of(invoice, policy).method == "Online ACH Debit"
    outside = a_payment(10_000, out_of_band=True)
    invoice = an_invoice(payments=(outside,), status="paid", metadata={"bank": "B2"})
    assert receipt_of(invoice, policy).cash_account == CashAccount("1020", "B2")


def test_facts_are_those_that_conditions_are_checked_with() -> None:
    policy = policy_of("name: r1, for: tax, set: {account: '1'}")
    invoice = an_invoice(payments=(a_payment(1),))
    cases = (
        invoice_case(invoice, policy).plus(lambda: line_facts(a_line())),
        invoice_case(invoice, policy).plus(lambda: tax_facts("txr_1")),
        payment_case(invoice, a_payment(1), date(2026, 7, 1)),
        customer_case(a_customer()),
        fee_case(a_movement(), Category.FEE_TAX, FeeDetail("tax", 38), policy),
    )
    for case in cases:
        _, facts = case.made
        for name, value in facts.items():
            parts = FACTS[name]
            assert parts is not None if isinstance(value, dict) else not parts
            if parts:
                assert set(value) <= parts, name
        assert "Ada" not in str(facts)
        assert "example.com" not in str(facts)


def test_nothing_is_made_up_for_rules_that_nobody_wrote() -> None:
    def never() -> NoReturn:
        raise AssertionError

    case = Case(never, never)
    assert answer(Area.TAX, case, parse_policy(BASE)) is NO_ANSWER


def test_a_posting_can_say_which_rule_chose_each_line() -> None:
    policy = policy_of('name: r1, for: revenue, when: line.proration, set: {account: "4050"}')
    prorated = [a_line(id=f"il_{number}", proration=True) for number in (2, 3)]
    invoice = an_invoice(lines=(a_line(), *prorated), taxes=(a_tax(100),))
    assert written_reasons(ar_invoice(invoice, policy)) == (
        "1: default category all\n2-3: rule r1\n4: default tax account"
    )
    assert written_reasons(the(planned(invoice, policy), "customer/cus_1", Customer)) == ""


def test_what_a_posting_says_of_its_lines_is_bounded() -> None:
    lines = tuple(a_line(id=f"il_{each}", product=f"prod_{each}") for each in range(400))
    catalog = {f"prod_{each}": "services" for each in range(400)}
    policy = parse_policy(BASE)
    tables = dataclasses.replace(policy.revenue, by_product=catalog)
    policy = dataclasses.replace(policy, revenue=tables)
    text = written_reasons(ar_invoice(an_invoice(lines=lines), policy))
    assert len(text) == REASONS_LENGTH_MAX
    assert text.startswith("1: product prod_0 is category services\n2: product prod_1")
    assert text.endswith("…")


@pytest.mark.parametrize(
    ("mode", "location"), [("other_receipt", "E200"), ("daily_summary", "100")]
)
def test_a_sale_of_its_own_is_where_a_rule_puts_its_customer(mode: SaleMode, location: str) -> None:
    """A rule for the entity sees the customer, so one for the lines' location must, too."""
    rule = (
        "name: r1, for: dimensions, when: customer.metadata.region == 'emea', "
        "set: {dimensions: {location: E200}}"
    )
    charge = a_charge(customer=a_customer(metadata={"region": "emea"}))
    policy = dataclasses.replace(policy_of(rule), sales=SaleRules(mode))
    assert revenue_line(charge, 10_000, policy).dimensions.location == location


def test_a_sale_in_a_days_journal_asks_the_rules_for_what_that_knows_too() -> None:
    rules = (
        "name: r1, for: revenue, when: metadata.shop == 'berlin', set: {account: '4060'}",
        (
            "name: r2, for: dimensions, when: customer.metadata.tier || charge.payment_method, "
            "set: {dimensions: {class: NEVER}}"
        ),
        "name: r3, for: dimensions, when: kind == 'sale', set: {dimensions: {class: SHOP}}",
    )
    policy = policy_of(*rules)
    charge = a_charge(
        metadata={"shop": "berlin"},
        customer=a_customer(metadata={"tier": "x"}),
        payment_method="card",
    )
    sales = dataclasses.replace(policy, sales=SaleRules("daily_summary"))
    line = revenue_line(charge, 10_000, sales)
    assert (line.account, line.dimensions.class_id, line.why) == ("4060", "SHOP", "rule r1")
    _, facts = sale_case(charge, policy, is_summarised=True).made
    assert set(facts["charge"]) == {"id", "description", "metadata"}
    assert facts["customer"] == {"id": "cus_1", "metadata": {}, "country": None}
