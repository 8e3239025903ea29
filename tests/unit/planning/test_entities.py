"""Goal: each document is in the entity that policy chooses, and follows what it settles.

Method: policies with a default entity and a rule, and snapshots through `plan`.
"""

import dataclasses
from collections.abc import Mapping

import pytest

from tests.factories import (
    NOON,
    a_charge,
    a_customer,
    a_movement,
    a_paid_invoice,
    a_payment,
    a_policy,
    a_refund,
    a_refund_of,
    a_sale,
    an_invoice,
    planned,
)
from tieout.domain.documents import ArAdjustment, Customer, JournalEntry, entity_of
from tieout.domain.plans import Plan
from tieout.domain.policy import Policy
from tieout.domain.policy_file import parse_policy
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import plan

RULES = """
time_zone: UTC
base_currency: usd
clearing: {usd: {account: "1200"}}
revenue:
  categories: {subscriptions: {account: "4000"}}
  default: subscriptions
tax: {default: "2200"}
sales: {mode: other_receipt, category: subscriptions}
entity: E100
rules:
  - name: branch
    for: entity
    when: "customer.metadata.region == 'emea'"
    set: {entity: E200}
"""
LOCATED = """
  - name: branch's location
    for: dimensions
    when: "customer.metadata.region == 'emea'"
    set: {dimensions: {location: E210}}
bad_debt_account: "6900"
customer_credit: {account: "2300"}
"""


def by_rules(**changes: object) -> Policy:
    return dataclasses.replace(parse_policy(RULES), **changes)  # type: ignore[arg-type]


def entities(made: Plan) -> set[str | None]:
    return {entity_of(each) for each in made.documents if not isinstance(each, Customer)}


def test_without_a_word_of_policy_everything_is_at_the_top_level() -> None:
    assert entities(planned(a_paid_invoice())) == {None}


def test_policys_own_entity_has_what_no_rule_claims_and_customers_are_everybodys() -> None:
    made = planned(a_paid_invoice(), a_policy(entity="E100"))
    assert entities(made) == {"E100"}
    assert [entity_of(each) for each in made.documents if isinstance(each, Customer)] == [None]


def test_a_rule_routes_an_invoice_with_all_that_settles_it() -> None:
    customer = a_customer(metadata={"region": "emea"})
    made = planned(a_paid_invoice(customer=customer), by_rules())
    assert entities(made) == {"E200"}
    assert entities(planned(a_paid_invoice(), by_rules())) == {"E100"}


def test_a_receipt_is_where_its_invoice_was_booked_whatever_policy_says_now() -> None:
    before, now = by_rules(), a_policy(version="policy-2", entity="E300")
    snapshot = a_paid_invoice(customer=a_customer(metadata={"region": "emea"}))
    subject = Subject(SubjectKind.INVOICE, snapshot.id)
    made = plan(subject, snapshot, now, {f"invoice/{snapshot.id}": before})
    assert entities(made) == {"E200"}


def test_a_refund_is_where_its_invoice_is() -> None:
    invoice = a_paid_invoice(customer=a_customer(metadata={"region": "emea"}))
    made = planned(a_refund_of(a_refund(100), invoice), by_rules())
    assert entities(made) == {"E200"}


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "uncollectible", "marked_uncollectible_at_unix": NOON},
        {"credit_balance_applied_minor": 4_000},
        {
            "credit_balance_applied_minor": -777,
            "status": "paid",
            "paid_at_unix": NOON,
            "payments": (a_payment(10_777),),
        },
    ],
    ids=["written off", "paid by credit", "brings credit"],
)
def test_what_belongs_to_an_invoice_as_a_whole_is_where_a_rule_puts_its_lines(
    changes: Mapping[str, object],
) -> None:
    invoice = an_invoice(customer=a_customer(metadata={"region": "emea"}), **changes)
    memos = [
        each
        for each in planned(invoice, parse_policy(RULES + LOCATED)).documents
        if isinstance(each, ArAdjustment | JournalEntry)
    ]
    assert memos
    assert {line.dimensions.location for each in memos for line in each.lines} == {"E210"}


def test_a_charge_without_invoice_is_routed_by_its_own_facts() -> None:
    charge = a_sale(customer=a_customer(metadata={"region": "emea"}))
    assert entities(planned(charge, by_rules())) == {"E200"}


def test_the_reversal_of_a_receipt_is_where_the_receipt_is() -> None:
    """The charge itself tells nothing of what the invoice was routed by."""
    invoice = a_paid_invoice(customer=a_customer(metadata={"region": "emea"}))
    failed = a_charge(
        status="failed",
        payment_intent="pi_1",
        invoices=("in_1",),
        payments=invoice.payments,
        paid_invoices=(invoice,),
        failure=a_movement(-10_000, type="payment_failure_refund"),
    )
    assert entities(planned(failed, by_rules())) == {"E200"}
    subject = Subject(SubjectKind.CHARGE, "ch_1")
    booked_under = {"invoice/in_1": by_rules()}
    made = plan(subject, failed, a_policy(version="policy-2", entity="E300"), booked_under)
    assert entities(made) == {"E200"}
