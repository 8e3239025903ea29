"""The life of an invoice: numbers, statuses, balance, and which events say so.

Method: business actions on the account, asserting the returned objects and the event log.
"""

from collections.abc import Callable

import pytest

from tests.sandbox.stripe import (
    CreditLineSpec,
    CreditNoteSpec,
    InvoiceSpec,
    LineSpec,
    SteppedClock,
    StripeAccount,
    StripeError,
)
from tests.sandbox.stripe.json_types import PINNED_VERSION, JsonObject
from tests.unit.sandbox.stripe.business import invoice_of


@pytest.fixture
def account() -> StripeAccount:
    return StripeAccount()


@pytest.fixture
def acme(account: StripeAccount) -> str:
    return str(account.create_customer("Acme", address={"city": "Leeds"})["id"])


def events_since(account: StripeAccount, mark: int) -> list[str]:
    return [record.type for record in account.event_log[mark:]]


def read(account: StripeAccount, invoice_id: str) -> JsonObject:
    return account.show(account.store.get("invoice", invoice_id))


def test_finalising_gives_number_date_snapshot_and_default_payment(
    account: StripeAccount, acme: str
) -> None:
    draft = account.create_invoice(InvoiceSpec(acme, (LineSpec(amount_minor=1_000),)))
    assert (draft["status"], draft["number"], draft["ending_balance"]) == ("draft", None, None)
    account.update_customer(acme, address={"city": "York"})
    mark = len(account.event_log)
    invoice = account.finalize_invoice(draft["id"], effective_at=1_793_000_000)
    assert invoice["number"].endswith("-0001")
    assert invoice["effective_at"] == 1_793_000_000
    assert invoice["customer_address"]["city"] == "York"
    assert invoice["status_transitions"]["finalized_at"] == account.clock.now()
    payment = account.default_payment(invoice)
    assert payment is not None
    assert payment["amount_requested"] == 1_000
    assert set(events_since(account, mark)) == {
        "customer.updated",
        "invoice.finalized",
        "invoice.updated",
        "payment_intent.created",
    }


def test_nothing_due_is_paid_at_once_without_a_payment(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, 0)
    assert (invoice["status"], invoice["amount_due"]) == ("paid", 0)
    assert account.store.all("invoice_payment") == []
    assert "invoice.paid" in events_since(account, 0)


@pytest.mark.parametrize(
    ("balance", "total", "due", "ending", "kind"),
    [
        (0, 1_000, 1_000, 0, None),
        (-300, 1_000, 700, 0, "applied_to_invoice"),
        (-1_500, 1_000, 0, -500, "applied_to_invoice"),
        (200, 1_000, 1_200, 0, "applied_to_invoice"),
        (0, -400, 0, -400, "applied_to_invoice"),
        (0, 30, 0, 30, "invoice_too_small"),
    ],
)
def test_the_customer_balance_is_used_and_left_as_stripe_does(
    account: StripeAccount,
    acme: str,
    balance: int,
    total: int,
    due: int,
    ending: int,
    kind: str | None,
) -> None:
    if balance:
        account.adjust_customer_balance(acme, balance)
    invoice = invoice_of(account, acme, total)
    assert (invoice["amount_due"], invoice["ending_balance"]) == (due, ending)
    assert invoice["total"] + invoice["starting_balance"] - invoice["ending_balance"] == due
    assert account.store.get("customer", acme)["balance"] == ending
    moves = account.store.all("customer_balance_transaction")[1 if balance else 0 :]
    assert [each["type"] for each in moves] == ([] if kind is None else [kind])


def test_paying_in_full_tells_the_whole_story(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, 1_000)
    mark = len(account.event_log)
    payment = account.pay_invoice(invoice["id"])
    assert (payment["amount_paid"], payment["is_default"]) == (1_000, True)
    assert sorted(events_since(account, mark)) == sorted(
        [
            "charge.succeeded",
            "payment_intent.succeeded",
            "invoice_payment.paid",
            "invoice.paid",
            "invoice.payment_succeeded",
            "invoice.updated",
            "charge.updated",
        ]
    )
    succeeded, updated = (
        next(each for each in account.event_log if each.type == kind).body(PINNED_VERSION)["data"]
        for kind in ("charge.succeeded", "charge.updated")
    )
    assert succeeded["object"]["balance_transaction"] is None
    assert updated["object"]["balance_transaction"] is not None
    assert updated["previous_attributes"] == {"balance_transaction": None}


def test_partial_payments_have_their_own_intents_and_shrink_the_default(
    account: StripeAccount, acme: str
) -> None:
    invoice = invoice_of(account, acme, 1_000)["id"]
    first = account.pay_invoice(invoice, 300)
    assert read(account, invoice)["amount_remaining"] == 700
    default = account.default_payment(read(account, invoice))
    assert default is not None
    assert default["amount_requested"] == 700
    second = account.pay_invoice(invoice, 200)
    third = account.pay_invoice(invoice)
    intents = {each["payment"]["payment_intent"] for each in (first, second, third)}
    assert len(intents) == 3
    assert read(account, invoice)["status"] == "paid"
    assert events_since(account, 0).count("invoice.paid") == 1
    assert events_since(account, 0).count("invoice_payment.paid") == 3


def test_one_intent_pays_several_invoices(account: StripeAccount, acme: str) -> None:
    first, second = (invoice_of(account, acme, amount)["id"] for amount in (1_000, 2_000))
    payments = account.pay_invoices_together({first: None, second: 500})
    assert len({each["payment"]["payment_intent"] for each in payments}) == 1
    assert [each["amount"] for each in account.store.all("charge")] == [1_500]
    assert read(account, first)["status"] == "paid"
    assert read(account, second)["amount_remaining"] == 1_500


def test_payments_outside_stripe_move_no_balance(account: StripeAccount, acme: str) -> None:
    recorded, silent = (invoice_of(account, acme, 1_000)["id"] for _ in range(2))
    account.pay_out_of_band(recorded, reference="cheque 7")
    account.pay_out_of_band(silent, recorded=False)
    assert [read(account, each)["status"] for each in (recorded, silent)] == ["paid", "paid"]
    paid = [each for each in account.store.all("invoice_payment") if each["status"] == "paid"]
    assert [(each["invoice"], each["payment"]["type"]) for each in paid] == [
        (recorded, "payment_record")
    ]
    assert account.balance_before_fees() == {}
    assert account.store.all("charge") == []


def test_paying_too_much_becomes_customer_credit(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, 1_000)["id"]
    payment = account.pay_invoice(invoice, 1_250)
    shown = read(account, invoice)
    assert (shown["amount_paid"], shown["amount_overpaid"], shown["amount_remaining"]) == (
        1_000,
        250,
        0,
    )
    assert payment["amount_paid"] == 1_250
    assert account.store.get("customer", acme)["balance"] == -250
    assert "invoice.overpaid" in events_since(account, 0)


def test_voiding_keeps_amounts_and_gives_applied_balance_back(
    account: StripeAccount, acme: str
) -> None:
    account.adjust_customer_balance(acme, -300)
    invoice = invoice_of(account, acme, 1_000)["id"]
    account.pay_invoice(invoice, 200)
    mark = len(account.event_log)
    voided = account.void_invoice(invoice)
    assert (voided["status"], voided["amount_paid"], voided["amount_remaining"]) == (
        "void",
        200,
        500,
    )
    assert account.store.get("customer", acme)["balance"] == -300
    assert account.default_payment(voided) is None
    assert "invoice.voided" in events_since(account, mark)
    assert account.balance_before_fees() == {"usd": 200}
    assert account.open_receivables() == {}


def test_written_off_invoices_are_counted_apart_and_can_still_be_paid(
    account: StripeAccount, acme: str
) -> None:
    invoice = invoice_of(account, acme, 1_000)["id"]
    assert account.open_receivables() == {acme: {"usd": 1_000}}
    account.mark_uncollectible(invoice)
    assert account.open_receivables() == {}
    assert account.uncollectible_receivables() == {acme: {"usd": 1_000}}
    account.pay_invoice(invoice)
    assert account.uncollectible_receivables() == {}
    assert read(account, invoice)["status"] == "paid"


def test_a_failed_attempt_leaves_the_invoice_open(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, 1_000)["id"]
    charge = account.fail_payment(invoice)
    assert (charge["status"], charge["paid"], charge["amount_captured"]) == ("failed", False, 0)
    shown = read(account, invoice)
    assert (shown["status"], shown["attempt_count"]) == ("open", 1)
    assert {"charge.failed", "invoice.payment_failed"} <= set(events_since(account, 0))


def test_credit_notes_before_payment_reduce_what_is_due(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, 1_000)
    line = invoice["lines"]["data"][0]["id"]
    note = account.create_credit_note(CreditNoteSpec(invoice["id"], (CreditLineSpec(line, 400),)))
    assert (note["type"], note["pre_payment_amount"], note["number"][-5:]) == (
        "pre_payment",
        400,
        "CN-01",
    )
    shown = read(account, invoice["id"])
    assert (shown["total"], shown["amount_due"], shown["amount_remaining"]) == (1_000, 600, 600)
    account.void_credit_note(note["id"])
    assert read(account, invoice["id"])["amount_remaining"] == 1_000
    account.create_credit_note(CreditNoteSpec(invoice["id"], (CreditLineSpec(line, 1_000),)))
    assert read(account, invoice["id"])["status"] == "paid"


def test_credit_notes_after_payment_give_money_back(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, 1_000)
    account.pay_invoice(invoice["id"])
    note = account.create_credit_note(
        CreditNoteSpec(
            invoice["id"],
            (CreditLineSpec(invoice["lines"]["data"][0]["id"], 600),),
            refund_minor=300,
            credit_minor=200,
            out_of_band_minor=100,
        )
    )
    assert (note["type"], note["post_payment_amount"]) == ("post_payment", 600)
    assert note["refunds"][0]["amount_refunded"] == 300
    assert account.balance_before_fees() == {"usd": 700}
    assert account.store.get("customer", acme)["balance"] == -200
    assert read(account, invoice["id"])["post_payment_credit_notes_amount"] == 600


def test_what_stripe_refuses_is_refused(account: StripeAccount, acme: str) -> None:
    invoice = invoice_of(account, acme, 1_000)
    line = invoice["lines"]["data"][0]["id"]
    refusals: list[Callable[[], object]] = [
        lambda: account.finalize_invoice(invoice["id"]),
        lambda: account.delete_draft(invoice["id"]),
        lambda: account.pay_invoice(invoice["id"], -1),
        lambda: account.create_credit_note(
            CreditNoteSpec(invoice["id"], (CreditLineSpec(line, 1_001),))
        ),
        lambda: account.create_credit_note(
            CreditNoteSpec(invoice["id"], (CreditLineSpec(line, 100),), refund_minor=100)
        ),
        lambda: account.update_customer(acme, shoe_size="44"),
        lambda: account.create_coupon("neither"),
        lambda: account.void_invoice("in_unknown"),
    ]
    before = read(account, invoice["id"])
    for refusal in refusals:
        with pytest.raises(StripeError):
            refusal()
    assert read(account, invoice["id"]) == before


def test_ids_and_amounts_are_the_same_in_every_run() -> None:
    def history() -> list[str]:
        account = StripeAccount(clock=SteppedClock(1_800_000_000))
        customer = account.create_customer("Acme")["id"]
        account.pay_invoice(invoice_of(account, customer, 1_000)["id"])
        return [f"{each.id} {each.type} {each.created}" for each in account.event_log]

    assert history() == history()
