"""The customer's credit balance moves with invoices, by hand, and with a trace each time.

Method: each type of customer balance transaction; after every history the transactions sum to the
balance, and each one's ``ending_balance`` is the sum so far. Negative is credit.
"""

import json

import pytest

from tests.sandbox.stripe import FULL_KEY, InvoiceSpec, LineSpec, StripeAccount
from tests.sandbox.stripe.api import StripeApi
from tests.unit.sandbox.stripe.business import invoice_of


@pytest.fixture
def account() -> StripeAccount:
    return StripeAccount()


@pytest.fixture
def acme(account: StripeAccount) -> str:
    return str(account.create_customer("Acme")["id"])


def moves(account: StripeAccount, customer: str) -> list[tuple[str, int]]:
    """Return the moves, oldest first, as the list endpoint has them; and check that they sum."""
    path = f"/v1/customers/{customer}/balance_transactions?limit=100"
    response = StripeApi(account).handle("GET", path, {"authorization": f"Bearer {FULL_KEY}"})
    found = json.loads(response.body)["data"][::-1]
    so_far = 0
    for each in found:
        so_far += each["amount"]
        assert each["ending_balance"] == so_far
    assert account.retrieve("customer", customer)["balance"] == so_far
    return [(each["type"], each["amount"]) for each in found]


def test_credit_is_granted_used_and_taken_back_by_hand(account: StripeAccount, acme: str) -> None:
    account.adjust_customer_balance(acme, -900, kind="migration")
    account.adjust_customer_balance(acme, -100)
    invoice = invoice_of(account, acme, 600)
    assert (invoice["status"], invoice["amount_due"]) == ("paid", 0)
    assert (invoice["starting_balance"], invoice["ending_balance"]) == (-1_000, -400)
    account.adjust_customer_balance(acme, 400, description="expired")
    assert moves(account, acme) == [
        ("migration", -900),
        ("adjustment", -100),
        ("applied_to_invoice", 600),
        ("adjustment", 400),
    ]
    assert account.balance_after_fees() == {}


def test_what_a_customer_owed_from_before_is_put_on_the_next_invoice(
    account: StripeAccount, acme: str
) -> None:
    account.adjust_customer_balance(acme, 250)
    invoice = invoice_of(account, acme, 600)
    assert (invoice["total"], invoice["amount_due"]) == (600, 850)
    assert moves(account, acme)[-1] == ("applied_to_invoice", -250)


def test_an_overpayment_becomes_credit(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, 600)["id"]
    account.pay_invoice(invoice, 700)
    shown = account.retrieve("invoice", invoice)
    assert (shown["amount_paid"], shown["amount_overpaid"]) == (600, 100)
    assert moves(account, acme) == [("invoice_overpaid", -100)]


def test_an_invoice_too_small_to_charge_is_owed_with_the_next(
    account: StripeAccount, acme: str
) -> None:
    small = invoice_of(account, acme, 30)
    assert (small["status"], small["amount_due"], small["ending_balance"]) == ("paid", 0, 30)
    assert invoice_of(account, acme, 600)["amount_due"] == 630
    assert moves(account, acme) == [("invoice_too_small", 30), ("applied_to_invoice", -30)]


def test_a_negative_invoice_becomes_credit(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, -500)
    assert (invoice["status"], invoice["amount_due"], invoice["ending_balance"]) == (
        "paid",
        0,
        -500,
    )
    assert moves(account, acme) == [("applied_to_invoice", -500)]


def test_a_void_returns_the_credit_that_was_used(account: StripeAccount, acme: str) -> None:
    account.adjust_customer_balance(acme, -200)
    invoice = invoice_of(account, acme, 600)["id"]
    account.void_invoice(invoice)
    assert moves(account, acme) == [
        ("adjustment", -200),
        ("applied_to_invoice", 200),
        ("unapplied_from_invoice", -200),
    ]


def test_a_draft_shows_the_balance_but_does_not_use_it(account: StripeAccount, acme: str) -> None:
    account.adjust_customer_balance(acme, -200)
    draft = account.create_invoice(InvoiceSpec(acme, (LineSpec("Work", amount_minor=600),)))
    assert (draft["starting_balance"], draft["ending_balance"]) == (-200, None)
    assert moves(account, acme) == [("adjustment", -200)]


def test_what_was_written_off_can_still_be_voided(account: StripeAccount, acme: str) -> None:
    account.adjust_customer_balance(acme, -200)
    invoice = invoice_of(account, acme, 600)["id"]
    account.mark_uncollectible(invoice)
    assert account.void_invoice(invoice)["status"] == "void"
    assert moves(account, acme)[-1] == ("unapplied_from_invoice", -200)
    assert account.uncollectible_receivables() == {}
