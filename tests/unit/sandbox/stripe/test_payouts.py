"""Payouts leave the balance, come back, cost and tell what they consist of.

Method: each kind of payout with the balance before and after; what could not be established about
fees and debits of our bank is tried in both positions of its switch.
"""

import json

import pytest

from tests.sandbox.stripe import (
    FULL_KEY,
    AccountOptions,
    ChargeSpec,
    FeeSchedule,
    SteppedClock,
    StripeAccount,
    StripeError,
)
from tests.sandbox.stripe.api import StripeApi
from tests.sandbox.stripe.json_types import JsonObject

NO_FEES = FeeSchedule(0, 0)
DAY = 86_400


def account_with(amount_minor: int, **options: bool) -> StripeAccount:
    """Return an account with that much available, or owed to Stripe."""
    account = StripeAccount(AccountOptions(fees=NO_FEES, **options), SteppedClock())  # type: ignore[arg-type]
    account.adjust_balance(amount_minor, kind="contribution", reporting_category="contribution")
    return account


def moves(account: StripeAccount) -> list[JsonObject]:
    return [account.show(each) for each in account.store.all("balance_transaction")][1:]


@pytest.mark.parametrize("inside", [True, False])
def test_an_instant_payout_costs(inside: bool) -> None:
    account = account_with(10_000, instant_fee_inside=inside)
    payout = account.create_payout(amount_minor=9_000, instant=True)
    assert (payout["method"], payout["automatic"]) == ("instant", False)
    assert account.balance_after_fees() == {"usd": 10_000 - 9_000 - 90}
    kinds = [(each["type"], each["amount"], each["fee"]) for each in moves(account)]
    beside = [("stripe_fee", -90, 0), ("payout", -9_000, 0)]
    assert kinds == ([("payout", -9_000, 90)] if inside else beside)
    with pytest.raises(StripeError):
        account.create_payout(amount_minor=910, instant=True)


def test_a_balance_below_zero_is_paid_from_our_bank() -> None:
    account = account_with(-700)
    payout = account.create_payout()
    assert payout["amount"] == -700
    assert [each["amount"] for each in moves(account)] == [700]
    assert account.balance_after_fees() == {"usd": 0}
    account.fail_payout(payout["id"])
    assert account.balance_after_fees() == {"usd": -700}


@pytest.mark.parametrize("readable", [True, False])
def test_what_a_debit_consists_of_is_told_or_refused(readable: bool) -> None:
    account = account_with(-700, debit_payouts_readable=readable)
    payout = account.create_payout()["id"]
    account.reconcile_payout(payout)
    path = f"/v1/balance_transactions?payout={payout}"
    response = StripeApi(account).handle("GET", path, {"authorization": f"Bearer {FULL_KEY}"})
    assert response.status == (200 if readable else 400)
    body = json.loads(response.body)
    if readable:
        assert sorted(each["amount"] for each in body["data"]) == [-700, 700]
    else:
        assert "not supported" in body["error"]["message"]


def test_a_cancelled_payout_comes_back() -> None:
    account = account_with(1_000)
    payout = account.create_payout(amount_minor=600)
    assert payout["status"] == "pending"
    cancelled = account.cancel_payout(payout["id"])
    back = account.retrieve("balance_transaction", cancelled["failure_balance_transaction"])
    assert (back["type"], back["amount"], back["source"]) == ("payout_cancel", 600, payout["id"])
    assert account.balance_after_fees() == {"usd": 1_000}
    assert [each.type for each in account.event_log] == ["payout.created", "payout.canceled"]
    for late in (account.cancel_payout, account.pay_payout, account.fail_payout):
        with pytest.raises(StripeError):
            late(payout["id"])


def test_a_payout_can_fail_after_it_was_paid() -> None:
    account = account_with(1_000)
    payout = account.create_payout()["id"]
    account.pay_payout(payout)
    with pytest.raises(StripeError):
        account.cancel_payout(payout)
    account.fail_payout(payout)
    assert [each.type for each in account.event_log] == [
        "payout.created",
        "payout.paid",
        "payout.failed",
    ]
    assert account.balance_after_fees() == {"usd": 1_000}


def test_currencies_are_paid_out_apart() -> None:
    account = account_with(1_000)
    account.charge(ChargeSpec(400, currency="eur"))
    assert isinstance(account.clock, SteppedClock)
    account.clock.advance(3 * DAY)
    assert account.create_payout(currency="eur")["amount"] == 400
    assert account.balance_after_fees() == {"usd": 1_000, "eur": 0}
