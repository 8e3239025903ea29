"""Bank debits arrive days later, or not, or are taken back after they had arrived.

Method: an invoice and a sale without one through each ending; what becomes of the invoice after a
late failure is a switch, tried in both positions.
"""

import pytest

from tests.sandbox.stripe import AccountOptions, ChargeSpec, StripeAccount, StripeError
from tests.unit.sandbox.stripe.business import invoice_of


def billed(**options: bool) -> tuple[StripeAccount, str]:
    account = StripeAccount(AccountOptions(**options))  # type: ignore[arg-type]
    customer = account.create_customer("Acme")["id"]
    return account, str(invoice_of(account, customer, 5_000)["id"])


def told(account: StripeAccount, *kinds: str) -> list[str]:
    return [each.type for each in account.event_log if each.type.startswith(kinds)]


def test_a_pending_payment_settles_nothing_yet() -> None:
    account, invoice = billed()
    charge = account.start_payment(invoice)
    assert (charge["status"], charge["paid"], charge["balance_transaction"]) == (
        "pending",
        False,
        None,
    )
    assert account.retrieve("invoice", invoice)["status"] == "open"
    assert account.balance_after_fees() == {}
    with pytest.raises(StripeError):
        account.pay_invoice(invoice)
    with pytest.raises(StripeError):
        account.start_payment(invoice)


def test_a_pending_payment_that_succeeds_pays_the_invoice() -> None:
    account, invoice = billed()
    charge = account.start_payment(invoice)["id"]
    account.finish_charge(charge)
    assert account.retrieve("invoice", invoice)["status"] == "paid"
    moved = account.store.all("balance_transaction")[0]
    assert (moved["type"], moved["reporting_category"]) == ("payment", "charge")
    assert told(account, "charge.") == ["charge.pending", "charge.succeeded", "charge.updated"]
    with pytest.raises(StripeError):
        account.finish_charge(charge)


def test_a_pending_payment_that_fails_leaves_the_invoice_owed() -> None:
    account, invoice = billed()
    account.reject_charge(account.start_payment(invoice)["id"])
    assert account.balance_after_fees() == {}
    assert told(account, "charge.", "invoice.payment") == [
        "charge.pending",
        "charge.failed",
        "invoice.payment_failed",
    ]
    account.pay_invoice(invoice)
    assert account.retrieve("invoice", invoice)["status"] == "paid"


def test_a_payment_that_arrives_after_the_void_belongs_to_no_invoice() -> None:
    account, invoice = billed()
    charge = account.start_payment(invoice)["id"]
    account.void_invoice(invoice)
    account.finish_charge(charge)
    assert account.retrieve("invoice", invoice)["amount_paid"] == 0
    assert account.balance_before_fees() == {"usd": 5_000}


@pytest.mark.parametrize("reopens", [False, True])
def test_a_late_failure_takes_the_money_back(reopens: bool) -> None:
    account, invoice = billed(late_failure_reopens_invoice=reopens)
    charge = account.start_payment(invoice)["id"]
    account.finish_charge(charge)
    failed = account.fail_charge_late(charge)
    back = account.retrieve("balance_transaction", failed["failure_balance_transaction"])
    assert (back["type"], back["amount"], back["source"]) == (
        "payment_failure_refund",
        -5_000,
        charge,
    )
    assert account.balance_before_fees() == {"usd": 0}
    shown = account.retrieve("invoice", invoice)
    payment = account.store.all("invoice_payment")[0]
    if reopens:
        assert (shown["status"], shown["amount_remaining"]) == ("open", 5_000)
        assert (payment["status"], payment["amount_paid"]) == ("canceled", None)
        account.pay_invoice(invoice)
        assert account.retrieve("invoice", invoice)["status"] == "paid"
    else:
        assert (shown["status"], shown["amount_paid"]) == ("paid", 5_000)
        assert (payment["status"], payment["amount_paid"]) == ("paid", 5_000)


@pytest.mark.parametrize("returned", [False, True])
def test_the_fee_of_a_late_failure_comes_back_or_stays(returned: bool) -> None:
    account, invoice = billed(late_failure_returns_fee=returned)
    charge = account.start_payment(invoice)["id"]
    account.finish_charge(charge)
    fee_minor = account.store.all("balance_transaction")[0]["fee"]
    account.fail_charge_late(charge)
    assert account.balance_after_fees() == {"usd": 0 if returned else -fee_minor}


def test_what_was_given_back_cannot_fail_as_well() -> None:
    account, invoice = billed()
    charge = account.start_payment(invoice)["id"]
    with pytest.raises(StripeError):
        account.fail_charge_late(charge)
    account.finish_charge(charge)
    account.refund(charge, 1)
    with pytest.raises(StripeError):
        account.fail_charge_late(charge)


def test_a_sale_without_invoice_can_take_days() -> None:
    account = StripeAccount()
    charge = account.start_charge(ChargeSpec(900, payment_method="sepa_debit"))["id"]
    assert account.balance_before_fees() == {}
    account.finish_charge(charge)
    assert account.balance_before_fees() == {"usd": 900}
    account.fail_charge_late(charge)
    with pytest.raises(StripeError):
        account.refund(charge)
    assert account.balance_before_fees() == {"usd": 0}
