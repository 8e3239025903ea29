"""Stripe's balance is consistent with everything that moved it.

Method: fixed examples for settlement, refunds and payouts, then long random histories after which
the sums are taken again from the documents instead of the movements.
"""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.sandbox.stripe import (
    AccountOptions,
    ChargeSpec,
    FeeSchedule,
    Settlement,
    SteppedClock,
    StripeAccount,
    StripeError,
)
from tests.sandbox.stripe.json_types import JsonObject
from tests.unit.sandbox.stripe.business import busy_account, invoice_of

DAY = 86_400
FEES_OF_THEIR_OWN = ("stripe_fee", "stripe_fx_fee", "adjustment")


def transaction(account: StripeAccount, transaction_id: str) -> JsonObject:
    return account.show(account.store.get("balance_transaction", transaction_id))


def test_a_charge_brings_its_amount_less_the_fee() -> None:
    account = StripeAccount(AccountOptions(fees=FeeSchedule(basis_points=290, fixed_minor=30)))
    charge = account.charge(ChargeSpec(10_000))
    shown = transaction(account, account.store.get("charge", charge["id"])["balance_transaction"])
    assert (shown["amount"], shown["fee"], shown["net"]) == (10_000, 320, 9_680)
    assert shown["fee_details"][0]["amount"] == 320
    assert account.balance_before_fees() == {"usd": 10_000}
    assert account.balance_after_fees() == {"usd": 9_680}


def test_settlement_in_another_currency_is_whole_units_at_the_rate() -> None:
    account = StripeAccount(AccountOptions(settlements={"eur": Settlement("usd", "1.0837")}))
    charge = account.charge(ChargeSpec(999, currency="eur"))["id"]
    for _ in range(3):
        account.refund(charge, 333)
    amounts = [each["amount"] for each in account.store.all("balance_transaction")]
    assert amounts[0] == 1_083
    assert sum(amounts) == 0
    assert {each["currency"] for each in account.store.all("balance_transaction")} == {"usd"}


def test_settlement_can_be_held_back() -> None:
    account = StripeAccount(AccountOptions(settle_at_once=False))
    charge = account.charge(ChargeSpec(1_000))
    assert charge["balance_transaction"] is None
    assert account.balance_before_fees() == {}
    account.settle_charge(charge["id"])
    assert account.balance_before_fees() == {"usd": 1_000}
    with pytest.raises(StripeError):
        account.settle_charge(charge["id"])


def test_partial_capture_settles_what_was_captured() -> None:
    account = StripeAccount()
    charge = account.charge(ChargeSpec(1_000, capture=False))["id"]
    assert account.balance_before_fees() == {}
    account.capture_charge(charge, 600)
    assert account.balance_before_fees() == {"usd": 600}
    with pytest.raises(StripeError):
        account.refund(charge, 601)


@pytest.mark.parametrize(
    ("pending_reason", "has_left"), [("processing", True), ("insufficient_funds", False)]
)
def test_pending_refunds_take_their_money_when_they_have_it(
    pending_reason: str, has_left: bool
) -> None:
    account = StripeAccount()
    charge = account.charge(ChargeSpec(1_000))["id"]
    refund = account.refund(charge, 400, pending_reason=pending_reason)
    assert refund["status"] == "pending"
    assert (refund["balance_transaction"] is not None) == has_left
    assert account.balance_before_fees() == {"usd": 600 if has_left else 1_000}
    assert account.complete_refund(refund["id"])["status"] == "succeeded"
    assert account.balance_before_fees() == {"usd": 600}


def test_a_failed_refund_comes_back_and_can_be_tried_again() -> None:
    account = StripeAccount()
    charge = account.charge(ChargeSpec(1_000))["id"]
    failed = account.fail_refund(account.refund(charge)["id"])
    assert transaction(account, failed["failure_balance_transaction"])["amount"] == 1_000
    assert account.store.get("charge", charge)["amount_refunded"] == 0
    assert account.balance_before_fees() == {"usd": 1_000}
    types = {each.type for each in account.event_log}
    assert {"refund.created", "charge.refunded", "refund.failed", "refund.updated"} <= types
    account.refund(charge)
    assert account.balance_before_fees() == {"usd": 0}
    with pytest.raises(StripeError):
        account.refund(charge, 1)


def test_an_automatic_payout_takes_what_is_available_and_nothing_else() -> None:
    clock = SteppedClock()
    account = StripeAccount(clock=clock)
    account.charge(ChargeSpec(10_000))
    with pytest.raises(StripeError):
        account.create_payout()
    clock.advance(2 * DAY)
    account.charge(ChargeSpec(5_000))
    payout = account.create_payout()
    assert payout["amount"] == 9_680
    assert account.balance()["available"] == [
        {"amount": 0, "currency": "usd", "source_types": {"card": 0}}
    ]
    members = [each for each, owner in account.store.payout_of.items() if owner == payout["id"]]
    nets = {each: transaction(account, each)["net"] for each in members}
    assert sum(net for each, net in nets.items() if each != payout["balance_transaction"]) == 9_680
    assert sum(nets.values()) == 0


def test_a_failed_payout_is_paid_out_again_with_the_next() -> None:
    clock = SteppedClock()
    account = StripeAccount(clock=clock)
    account.charge(ChargeSpec(10_000))
    clock.advance(2 * DAY)
    payout = account.create_payout()["id"]
    account.pay_payout(payout)
    failed = account.fail_payout(payout)
    assert transaction(account, failed["failure_balance_transaction"])["amount"] == 9_680
    assert account.create_payout()["amount"] == 9_680


def check_consistency(account: StripeAccount) -> None:
    """Take every sum a second way."""
    transactions = account.store.all("balance_transaction")
    assert all(each["net"] == each["amount"] - each["fee"] for each in transactions)
    balance = account.balance()
    for currency, net in account.balance_after_fees().items():
        parts = [*balance["available"], *balance["pending"]]
        assert sum(each["amount"] for each in parts if each["currency"] == currency) == net
        if not account.options.settlements:
            assert moved_by_objects(account, currency) == net
    for charge in account.store.all("charge"):
        refunds = [
            each["amount"]
            for each in account.store.all("refund")
            if each["charge"] == charge["id"] and each["status"] != "failed"
        ]
        assert charge["amount_refunded"] == sum(refunds) <= charge["amount_captured"]
    for invoice in account.store.all("invoice"):
        if invoice["status"] != "draft":
            check_invoice(account, invoice)


def moved_by_objects(account: StripeAccount, currency: str) -> int:
    """Work the balance out from what the objects say, with the fees of their transactions."""

    def status(kind: str, *wanted: str) -> list[JsonObject]:
        mine = [each for each in account.store.all(kind) if each["currency"] == currency]
        return [each for each in mine if not wanted or each["status"] in wanted]

    transactions = [
        each for each in account.store.all("balance_transaction") if each["currency"] == currency
    ]
    moved: int = -sum(each["fee"] for each in transactions)
    moved += sum(
        each["amount"]
        for each in transactions
        if each["type"] in FEES_OF_THEIR_OWN and each["reporting_category"] == "fee"
    )
    moved += sum(each["amount_captured"] for each in status("charge", "succeeded"))
    moved -= sum(
        each["amount"]
        for each in status("refund", "succeeded", "pending")
        if each["balance_transaction"] is not None
    )
    moved -= sum(each["amount"] for each in status("payout", "pending", "in_transit", "paid"))
    moved += sum(each["amount"] for each in status("topup", "succeeded"))
    moved -= sum(each["amount"] - each["amount_reversed"] for each in status("transfer"))
    moved += sum(each["amount"] - each["amount_refunded"] for each in status("application_fee"))
    withdrawn = [each for each in status("dispute") if len(each["balance_transactions"]) == 1]
    moved -= sum(each["amount"] for each in withdrawn)
    return moved


def check_invoice(account: StripeAccount, invoice: JsonObject) -> None:
    assert invoice["amount_remaining"] == invoice["amount_due"] - invoice["amount_paid"]
    applied = invoice["starting_balance"] - invoice["ending_balance"]
    assert invoice["amount_due"] == (
        invoice["total"] + applied - invoice["pre_payment_credit_notes_amount"]
    )
    received = sum(
        each["amount_paid"] or 0
        for each in account.store.all("invoice_payment")
        if each["invoice"] == invoice["id"]
    )
    assert received <= invoice["amount_paid"] + invoice["amount_overpaid"]


def test_the_busy_history_is_consistent() -> None:
    check_consistency(busy_account())


# The switches at their other positions, in half of the histories.
OTHERWISE = AccountOptions(
    fees=FeeSchedule(tax_percent="20"),
    conversion_fee_basis_points=100,
    dispute_fee_inside=False,
    dispute_fee_returned_when_won=True,
    instant_fee_inside=False,
    late_failure_reopens_invoice=True,
    late_failure_returns_fee=False,
    refunds_return_fees=True,
)


@pytest.mark.parametrize("seed", range(6))
def test_random_histories_are_consistent(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    clock = SteppedClock()
    options = OTHERWISE if seed % 2 else AccountOptions()
    settlements = {"eur": Settlement("usd", "1.1")} if seed % 3 else {}
    account = StripeAccount(replace(options, settlements=settlements), clock)
    customers = [account.create_customer(name)["id"] for name in ("Acme", "Bolt")]

    def some(kind: str) -> str:
        return str(chance.choice(account.store.all(kind))["id"])

    actions: list[Callable[[], object]] = [
        lambda: invoice_of(account, chance.choice(customers), chance.randint(-500, 9_000)),
        lambda: invoice_of(account, chance.choice(customers), chance.randint(60, 9_000)),
        lambda: account.pay_invoice(some("invoice")),
        lambda: account.pay_invoice(some("invoice"), chance.randint(1, 4_000)),
        lambda: account.pay_invoices_together({some("invoice"): None, some("invoice"): None}),
        lambda: account.pay_out_of_band(some("invoice"), recorded=chance.random() < 0.5),
        lambda: account.void_invoice(some("invoice")),
        lambda: account.mark_uncollectible(some("invoice")),
        lambda: account.charge(ChargeSpec(chance.randint(100, 9_000), currency="eur")),
        lambda: account.refund(some("charge"), chance.randint(1, 2_000)),
        lambda: account.fail_refund(some("refund")),
        account.create_payout,
        lambda: account.fail_payout(some("payout")),
        lambda: account.cancel_payout(some("payout")),
        lambda: account.create_payout(amount_minor=chance.randint(1, 900), instant=True),
        lambda: account.start_payment(some("invoice")),
        lambda: account.finish_charge(some("charge")),
        lambda: account.reject_charge(some("charge")),
        lambda: account.fail_charge_late(some("charge")),
        lambda: account.create_dispute(some("charge")),
        lambda: account.withdraw_dispute_funds(some("dispute")),
        lambda: account.submit_dispute_evidence(some("dispute")),
        lambda: account.reinstate_dispute_funds(some("dispute")),
        lambda: account.close_dispute(some("dispute"), won=chance.random() < 0.5),
        lambda: account.create_topup(chance.randint(1, 5_000)),
        lambda: account.succeed_topup(some("topup")),
        lambda: account.reverse_topup(some("topup")),
        lambda: account.create_transfer("acct_seller", chance.randint(1, 900)),
        lambda: account.reverse_transfer(some("transfer")),
        lambda: account.earn_application_fee("acct_seller", "ch_seller", 90),
        lambda: account.refund_application_fee(some("application_fee"), 40),
        lambda: account.adjust_balance(-70, kind="stripe_fee", reporting_category="fee"),
        lambda: clock.advance(DAY),
    ]
    done = 0
    for step in range(400):
        try:
            chance.choice(actions)()
            done += 1
        except (StripeError, IndexError):
            continue
        if step % 20 == 0:
            check_consistency(account)
    assert done > 60
    check_consistency(account)
    gross = sum(
        charge["amount_captured"]
        for charge in account.store.all("charge")
        if charge["currency"] == "usd" and charge["balance_transaction"] is not None
    )
    usd_sources = {each["id"] for each in account.store.all("charge") if each["currency"] == "usd"}
    charged = sum(
        each["amount"]
        for each in account.store.all("balance_transaction")
        if each["source"] in usd_sources and each["type"] in ("charge", "payment")
    )
    assert gross == charged
