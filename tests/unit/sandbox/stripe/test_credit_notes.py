"""Credit notes of every kind: what they reduce, what they give back, what Stripe refuses.

Method: each kind on an invoice with tax, discount and shipping; every note's totals are added up a
second way, and the invoice with the customer's balance shows where the money went.
"""

import pytest

from tests.sandbox.stripe import (
    AccountOptions,
    CreditLineSpec,
    CreditNoteSpec,
    StripeAccount,
    StripeError,
)
from tests.sandbox.stripe.expanding import Expander
from tests.sandbox.stripe.json_types import JsonObject
from tests.unit.sandbox.stripe.business import invoice_of, rich_invoice


@pytest.fixture
def account() -> StripeAccount:
    return StripeAccount()


@pytest.fixture
def acme(account: StripeAccount) -> str:
    return str(account.create_customer("Acme")["id"])


def line_of(invoice: JsonObject, index: int = 0) -> str:
    return str(invoice["lines"]["data"][index]["id"])


def check_totals(note: JsonObject) -> None:
    lines = note["lines"]["data"]
    taxes = sum(each["amount"] for each in note["total_taxes"])
    assert note["subtotal"] == sum(each["amount"] for each in lines)
    assert note["total"] - taxes == note["total_excluding_tax"]
    outside = sum(
        tax["amount"]
        for each in lines
        for tax in each["taxes"]
        if tax["tax_behavior"] == "exclusive"
    )
    expected = note["subtotal"] - note["discount_amount"] + outside + note["amount_shipping"]
    assert note["total"] == expected
    assert note["pre_payment_amount"] + note["post_payment_amount"] == note["total"]


def test_a_note_over_what_is_owed_is_mixed(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, 1_000)
    account.pay_invoice(invoice["id"], 700)
    line = CreditLineSpec(line_of(invoice), 500)
    note = account.create_credit_note(CreditNoteSpec(invoice["id"], (line,), credit_minor=200))
    check_totals(note)
    assert (note["type"], note["pre_payment_amount"], note["post_payment_amount"]) == (
        "mixed",
        300,
        200,
    )
    shown = account.retrieve("invoice", invoice["id"])
    assert (shown["status"], shown["amount_paid"], shown["amount_remaining"]) == ("paid", 700, 0)
    assert account.retrieve("customer", acme)["balance"] == -200


def test_several_notes_on_one_invoice_never_exceed_it(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, 1_000)
    account.pay_invoice(invoice["id"])
    line = line_of(invoice)
    first, second = (
        account.create_credit_note(
            CreditNoteSpec(invoice["id"], (CreditLineSpec(line, 400),), out_of_band_minor=400)
        )
        for _ in range(2)
    )
    assert [each["number"][-5:] for each in (first, second)] == ["CN-01", "CN-02"]
    third = CreditNoteSpec(invoice["id"], (CreditLineSpec(line, 201),), credit_minor=201)
    with pytest.raises(StripeError, match="left of the invoice"):
        account.create_credit_note(third)
    assert account.balance_before_fees() == {"usd": 1_000}, "out of band moves nothing in Stripe"


def test_plain_refunds_count_towards_what_was_given_back(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, 1_000)
    account.pay_invoice(invoice["id"])
    account.refund(account.store.all("charge")[0]["id"], 800)
    spec = CreditNoteSpec(invoice["id"], (CreditLineSpec(line_of(invoice), 300),), credit_minor=300)
    with pytest.raises(StripeError, match="left of the invoice"):
        account.create_credit_note(spec)


def test_a_note_can_be_for_a_refund_of_earlier(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, 1_000)
    account.pay_invoice(invoice["id"])
    refund = account.refund(account.store.all("charge")[0]["id"], 800)["id"]
    line = CreditLineSpec(line_of(invoice), 1_000)
    note = account.create_credit_note(
        CreditNoteSpec(invoice["id"], (line,), refunds=(refund,), refund_minor=200)
    )
    check_totals(note)
    assert [each["amount_refunded"] for each in note["refunds"]] == [800, 200]
    assert note["refunds"][0]["refund"] == refund
    assert account.balance_before_fees() == {"usd": 0}


@pytest.mark.parametrize("told", [True, False])
def test_shipping_is_credited_with_its_tax(told: bool) -> None:
    account = StripeAccount(AccountOptions(shipping_tax_in_total_taxes=told))
    customer = account.create_customer("Acme")["id"]
    invoice = rich_invoice(account, customer)
    note = account.create_credit_note(
        CreditNoteSpec(
            invoice["id"], (CreditLineSpec(line_of(invoice), 1_000),), shipping_minor=250
        )
    )
    shipping = note["shipping_cost"]
    assert (shipping["amount_subtotal"], shipping["amount_tax"], shipping["amount_total"]) == (
        250,
        50,
        300,
    )
    assert note["amount_shipping"] == 300
    line_tax = sum(each["amount"] for each in note["lines"]["data"][0]["taxes"])
    assert sum(each["amount"] for each in note["total_taxes"]) == line_tax + (50 if told else 0)
    Expander(account.store, account.show, lambda _: None).expand(note, ["shipping_cost.taxes"])
    assert [each["amount"] for each in note["shipping_cost"]["taxes"]] == [50]
    too_much = CreditNoteSpec(invoice["id"], (), shipping_minor=501)
    with pytest.raises(StripeError, match="shipping"):
        account.create_credit_note(too_much)


def test_a_custom_line_has_a_text_and_tax_of_its_own(account: StripeAccount, acme: str) -> None:
    rate = account.create_tax_rate("VAT", "20")["id"]
    invoice = invoice_of(account, acme, 1_000)
    goodwill = CreditLineSpec(None, 100, "Goodwill", (rate,))
    note = account.create_credit_note(CreditNoteSpec(invoice["id"], (goodwill,)))
    check_totals(note)
    (line,) = note["lines"]["data"]
    assert (line["type"], line["invoice_line_item"], line["description"]) == (
        "custom_line_item",
        None,
        "Goodwill",
    )
    assert note["total"] == 120
    assert account.retrieve("invoice", invoice["id"])["amount_remaining"] == 880


def test_a_voided_note_is_owed_again_and_does_not_count(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, 1_000)
    line = CreditLineSpec(line_of(invoice), 600)
    voided = account.create_credit_note(CreditNoteSpec(invoice["id"], (line,)))["id"]
    assert account.void_credit_note(voided)["status"] == "void"
    account.create_credit_note(CreditNoteSpec(invoice["id"], (line,)))
    shown = account.retrieve("invoice", invoice["id"])
    assert (shown["amount_remaining"], shown["pre_payment_credit_notes_amount"]) == (400, 600)
    with pytest.raises(StripeError, match="no longer"):
        account.void_credit_note(voided)


def test_a_note_that_gave_money_back_cannot_be_voided(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, 1_000)
    account.pay_invoice(invoice["id"])
    line = CreditLineSpec(line_of(invoice), 600)
    note = account.create_credit_note(CreditNoteSpec(invoice["id"], (line,), refund_minor=600))
    with pytest.raises(StripeError, match="no longer"):
        account.void_credit_note(note["id"])
