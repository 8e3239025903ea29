"""Disputes move the balance when Stripe says so, and cost what Stripe says.

Method: each way a dispute can go, on the balance and on the events; switches for what is not
certain about the shape of the fees are tried in both positions.
"""

import pytest

from tests.sandbox.stripe import (
    AccountOptions,
    ChargeSpec,
    CounteredFee,
    StripeAccount,
    StripeError,
)
from tests.sandbox.stripe.json_types import JsonObject


def disputed(account: StripeAccount, amount_minor: int | None = None) -> str:
    charge = account.charge(ChargeSpec(8_000))["id"]
    return str(account.create_dispute(charge, amount_minor)["id"])


def moves(account: StripeAccount) -> list[JsonObject]:
    return [
        account.show(each)
        for each in account.store.all("balance_transaction")
        if each["type"] == "adjustment"
    ]


def of_disputes(account: StripeAccount) -> list[str]:
    prefix = "charge.dispute."
    return [
        each.type.removeprefix(prefix) for each in account.event_log if each.type.startswith(prefix)
    ]


def test_a_lost_dispute_costs_its_amount_and_both_fees() -> None:
    account = StripeAccount()
    dispute = disputed(account)
    before = account.balance_after_fees()["usd"]
    account.withdraw_dispute_funds(dispute)
    account.submit_dispute_evidence(dispute)
    account.close_dispute(dispute, won=False)
    assert [(each["amount"], each["fee"]) for each in moves(account)] == [
        (-8_000, 1_500),
        (-1_500, 0),
    ]
    assert account.balance_after_fees()["usd"] == before - 8_000 - 3_000
    assert of_disputes(account) == ["created", "funds_withdrawn", "updated", "closed"]


def test_a_won_dispute_returns_its_amount_and_the_countered_fee_only() -> None:
    account = StripeAccount()
    dispute = disputed(account)
    before = account.balance_after_fees()["usd"]
    account.withdraw_dispute_funds(dispute)
    account.submit_dispute_evidence(dispute)
    account.reinstate_dispute_funds(dispute)
    shown = account.close_dispute(dispute, won=True)
    assert account.balance_after_fees()["usd"] == before - 1_500
    assert [each["reporting_category"] for each in moves(account)] == [
        "dispute",
        "fee",
        "dispute_reversal",
        "fee",
    ]
    assert len(shown["balance_transactions"]) == 2
    account.close_dispute(dispute, won=True)
    assert len(moves(account)) == 4, "the fee comes back once"


@pytest.mark.parametrize("returned", [False, True])
def test_the_received_fee_comes_back_only_where_the_rule_is_so(returned: bool) -> None:
    account = StripeAccount(AccountOptions(dispute_fee_returned_when_won=returned))
    dispute = disputed(account)
    before = account.balance_after_fees()["usd"]
    account.withdraw_dispute_funds(dispute)
    account.reinstate_dispute_funds(dispute)
    assert account.balance_after_fees()["usd"] == before - (0 if returned else 1_500)


@pytest.mark.parametrize("inside", [True, False])
def test_the_received_fee_is_inside_the_withdrawal_or_beside_it(inside: bool) -> None:
    account = StripeAccount(AccountOptions(dispute_fee_inside=inside))
    dispute = disputed(account)
    shown = account.withdraw_dispute_funds(dispute)
    assert [(each["amount"], each["fee"]) for each in shown["balance_transactions"]] == [
        (-8_000, 1_500 if inside else 0)
    ]
    beside = [each["amount"] for each in moves(account)[1:]]
    assert beside == ([] if inside else [-1_500])


@pytest.mark.parametrize("names_dispute", [True, False])
def test_the_countered_fee_has_the_shape_it_is_given(names_dispute: bool) -> None:
    shape = CounteredFee(700, reporting_category="dispute", names_dispute=names_dispute)
    account = StripeAccount(AccountOptions(countered_fee=shape))
    dispute = disputed(account)
    account.submit_dispute_evidence(dispute)
    (fee,) = moves(account)
    assert (fee["amount"], fee["reporting_category"]) == (-700, "dispute")
    assert fee["source"] == (dispute if names_dispute else None)
    assert account.retrieve("dispute", dispute)["balance_transactions"] == []


def test_an_inquiry_moves_nothing() -> None:
    account = StripeAccount()
    charge = account.charge(ChargeSpec(8_000))["id"]
    inquiry = account.create_dispute(charge, inquiry=True)["id"]
    account.submit_dispute_evidence(inquiry)
    assert account.close_dispute(inquiry, won=True)["status"] == "warning_closed"
    assert moves(account) == []


def test_part_of_a_charge_can_be_disputed_and_part_of_that_reinstated() -> None:
    account = StripeAccount(AccountOptions(dispute_fee_minor=0))
    dispute = disputed(account, 3_000)
    before = account.balance_after_fees()["usd"]
    account.withdraw_dispute_funds(dispute)
    with pytest.raises(StripeError):
        account.reinstate_dispute_funds(dispute, 3_001)
    account.reinstate_dispute_funds(dispute, 1_000)
    assert account.balance_after_fees()["usd"] == before - 2_000
    with pytest.raises(StripeError):
        account.reinstate_dispute_funds(dispute, 1_000)


def test_a_refunded_charge_can_be_disputed_on_top() -> None:
    account = StripeAccount()
    charge = account.charge(ChargeSpec(8_000))["id"]
    account.refund(charge)
    account.withdraw_dispute_funds(account.create_dispute(charge)["id"])
    assert account.balance_before_fees() == {"usd": -8_000}
