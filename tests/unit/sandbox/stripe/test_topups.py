"""Top-ups move the balance when they succeed and when they are reversed, and not before.

Method: the three ways of a top-up, on balance, transactions and events.
"""

import pytest

from tests.sandbox.stripe import StripeAccount, StripeError


def test_a_topup_moves_the_balance_when_it_succeeds() -> None:
    account = StripeAccount()
    topup = account.create_topup(5_000)["id"]
    assert account.balance_after_fees() == {}
    shown = account.succeed_topup(topup)
    moved = account.retrieve("balance_transaction", shown["balance_transaction"])
    assert (moved["type"], moved["net"], moved["source"]) == ("topup", 5_000, topup)
    with pytest.raises(StripeError):
        account.succeed_topup(topup)
    assert account.balance_after_fees() == {"usd": 5_000}


def test_a_reversed_topup_is_told_by_its_source_only() -> None:
    account = StripeAccount()
    topup = account.create_topup(5_000, currency="eur")["id"]
    account.succeed_topup(topup)
    reversed_ = account.reverse_topup(topup)
    back = account.store.all("balance_transaction")[-1]
    assert (back["type"], back["net"], back["source"]) == ("topup_reversal", -5_000, topup)
    assert reversed_["balance_transaction"] != back["id"]
    assert account.balance_after_fees() == {"eur": 0}
    assert [each.type for each in account.event_log] == [
        "topup.created",
        "topup.succeeded",
        "topup.reversed",
    ]


def test_a_failed_topup_moves_nothing() -> None:
    account = StripeAccount()
    topup = account.create_topup(5_000)["id"]
    assert account.fail_topup(topup)["status"] == "failed"
    with pytest.raises(StripeError):
        account.reverse_topup(topup)
    assert account.balance_after_fees() == {}
