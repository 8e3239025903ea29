"""Goal: two plans of one subject are compared to the cent, by month, account and currency.

Method: one snapshot planned under two policies.
"""

import dataclasses
from datetime import date

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_customer,
    a_line,
    a_paid_invoice,
    a_policy,
    an_invoice,
    planned,
)
from tieout.domain.documents import ArInvoice, ArPayment
from tieout.domain.plans import Finding, Plan
from tieout.domain.policy import Periods, Policy
from tieout.planning.differences import Change, Move, Place, differences
from tieout.planning.snapshots import Snapshot

USD_NOVEMBER = {"month": "2026-11", "currency": "usd"}


def between(snapshot: Snapshot, old: Policy, new: Policy) -> list[Change]:
    return list(differences(planned(snapshot, old), planned(snapshot, new)))


def categorised_as(name: str | None) -> Policy:
    policy = a_policy()
    return a_policy(revenue=dataclasses.replace(policy.revenue, default=name))


def test_the_same_policy_changes_nothing() -> None:
    assert between(a_paid_invoice(), a_policy(), a_policy(version="policy-2")) == []


def test_only_the_lines_that_move_are_named() -> None:
    invoice = an_invoice(lines=(a_line(), a_line(500, id="il_2", price="price_setup")))
    (change,) = between(invoice, categorised_as("subscriptions"), categorised_as("usage"))
    assert (change.key, change.fields) == ("invoice/in_1", ())
    assert change.moves == (
        Move(Place(account="4000 location=100", **USD_NOVEMBER), -10_000, 0),
        Move(Place(account="4020 location=100", **USD_NOVEMBER), 0, -10_000),
    )


def test_what_was_parked_moves_whole_and_back() -> None:
    parked, booked = categorised_as(None), categorised_as("usage")
    (change,) = between(an_invoice(), parked, booked)
    assert isinstance(change.before, Finding)
    assert isinstance(change.after, ArInvoice)
    assert {each.place.account: each.after_minor for each in change.moves} == {
        "4020 location=100": -10_000,
        "accounts receivable": 10_000,
    }
    (back,) = between(an_invoice(), booked, parked)
    assert [each.after_minor for each in back.moves] == [0, 0]
    assert sum(each.before_minor for each in back.moves) == 0


def test_a_void_takes_back_what_its_invoice_moves_under_each_policy() -> None:
    voided = an_invoice(status="void", voided_at_unix=NOON + 40 * DAY_SECONDS)
    _, void = between(voided, categorised_as("subscriptions"), categorised_as("usage"))
    assert (void.key, void.fields) == ("invoice/in_1/void", ())
    assert void.moves == (
        Move(Place("2026-12", "4000 location=100", "usd"), 10_000, 0),
        Move(Place("2026-12", "4020 location=100", "usd"), 0, 10_000),
    )


def test_a_void_takes_nothing_back_of_an_invoice_that_is_not_booked() -> None:
    voided = an_invoice(status="void", voided_at_unix=NOON)
    changes = between(voided, categorised_as(None), categorised_as("usage"))
    (void,) = (each for each in changes if each.key == "invoice/in_1/void")
    assert {each.place.account: each.after_minor for each in void.moves} == {
        "4020 location=100": 10_000,
        "accounts receivable": -10_000,
    }
    assert [each.before_minor for each in void.moves] == [0, 0]


def test_another_month_is_a_move_even_on_the_same_account() -> None:
    closed = Periods(closed_through=date(2026, 11, 30), when_closed="next_open_date")
    (change, _) = between(a_paid_invoice(), a_policy(), a_policy(periods=closed))
    assert {each.place.month for each in change.moves} == {"2026-11", "2026-12"}
    assert "posting_date" in change.fields


def test_what_moves_no_money_is_named_by_its_fields() -> None:
    (change,) = between(an_invoice(), a_policy(), a_policy(due_days=30))
    assert (change.moves, change.fields) == ((), ("due_date",))
    (receipt,) = between(a_paid_invoice(), a_policy(), a_policy(payment_method="EFT"))
    assert isinstance(receipt.after, ArPayment)
    assert receipt.fields == ("method",)


def test_a_customer_is_its_own_subjects_affair() -> None:
    prefixed = a_policy(customers=dataclasses.replace(a_policy().customers, prefix="S-"))
    assert [each.key for each in between(an_invoice(), a_policy(), prefixed)] == ["invoice/in_1"]
    (own,) = between(a_customer(), a_policy(), prefixed)
    assert (own.key, own.fields) == ("customer/cus_1", ("customer_id",))


def test_what_only_one_plan_has_is_told() -> None:
    made = planned(an_invoice())
    nothing = Plan(made.subject, (), (), "policy-2")
    assert [each.after for each in differences(made, nothing)] == [None]
    assert [each.before for each in differences(nothing, made)] == [None]
