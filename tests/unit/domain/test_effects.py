"""Goal: what a document does to accounts balances, and reads back from a posting as it was.

Method: a document of each kind by hand; the likeliest mistake is a sign.
"""

import dataclasses
from typing import get_args

import pytest

from tests.support import intacct_documents as make
from tieout.domain.documents import (
    NO_DIMENSIONS,
    CashAccount,
    Customer,
    Dimensions,
    Document,
    posting_date_of,
)
from tieout.domain.effects import (
    RECEIVABLE,
    Effect,
    by_place,
    dimensions_text,
    effects,
    read,
    read_place,
    written,
    written_reasons,
)

REVENUE = "4000 location=100 department=SALES class=SMB item=PLAN-PRO"
DOCUMENTS: list[Document] = [
    make.customer(),
    make.invoice(),
    make.payment(),
    make.other_receipt(),
    make.adjustment(),
    make.application(),
    make.reversal(),
    make.payment_reversal(),
    make.journal_entry(),
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: type(each).__name__)
def test_debits_equal_credits(document: Document) -> None:
    assert sum(each.amount_minor for each in effects(document)) == 0


def test_an_invoice_debits_the_receivable_and_credits_its_lines() -> None:
    assert by_place(effects(make.invoice())) == {RECEIVABLE: 12_000, REVENUE: -12_000}


def test_a_credit_memo_does_the_opposite() -> None:
    assert by_place(effects(make.adjustment())) == {RECEIVABLE: -12_000, REVENUE: 12_000}


def test_a_payment_debits_the_account_that_it_lands_on() -> None:
    assert by_place(effects(make.payment())) == {"1200": 12_000, RECEIVABLE: -12_000}
    in_euros = by_place(effects(make.payment(currency="eur")))
    assert in_euros == {"bank STRIPE-EUR": 12_000, RECEIVABLE: -12_000}


def test_a_payment_says_what_chose_its_account_and_what_it_settles() -> None:
    account = CashAccount("1205", "STRIPE-USD", "clearing.usd")
    cash, owed = effects(dataclasses.replace(make.payment(), cash_account=account))
    assert (cash.account, cash.ledger_account) == ("bank STRIPE-USD", "1205")
    assert (cash.why, owed.why) == ("clearing.usd", f"settles {make.INVOICE_KEY}")


def test_a_posting_says_what_chose_where_money_lands() -> None:
    cash = CashAccount("1200", why="clearing.usd")
    payment = dataclasses.replace(make.payment(), cash_account=cash)
    assert written_reasons(payment) == "cash account: clearing.usd"
    receipt = make.other_receipt()
    lines = tuple(dataclasses.replace(each, why="rule r1") for each in receipt.lines)
    receipt = dataclasses.replace(receipt, cash_account=cash, lines=lines)
    assert written_reasons(receipt) == "1-2: rule r1\ncash account: clearing.usd"


def test_an_other_receipt_credits_what_was_earned() -> None:
    receipt = make.other_receipt()
    sums = by_place(effects(receipt))
    assert sums.pop("1200") == receipt.total_minor
    assert sums == {f"4000 {dimensions_text(make.DIMENSIONS)}": -receipt.total_minor}


def test_a_journal_says_what_it_says() -> None:
    (debit, credit) = effects(make.journal_entry())
    assert (debit.account, debit.amount_minor) == ("4000", 5_000)
    assert (credit.account, credit.amount_minor) == ("1200", -5_000)


def test_a_reversal_takes_back_the_lines_of_its_invoice_where_that_is_known() -> None:
    known = {make.INVOICE_KEY: make.invoice()}
    taken_back = effects(make.reversal(), known)
    assert by_place(taken_back) == {RECEIVABLE: -12_000, REVENUE: 12_000}
    assert {each.why for each in taken_back} == {f"takes back {make.INVOICE_KEY}"}
    assert by_place(effects(make.reversal())) == {
        RECEIVABLE: -12_000,
        f"as on {make.INVOICE_KEY}": 12_000,
    }


def test_the_reversal_of_a_payment_takes_money_out_and_opens_the_receivable_again() -> None:
    cash = "1200"
    known = {make.RECEIPT_KEY: make.payment()}
    assert by_place(effects(make.payment_reversal(), known)) == {RECEIVABLE: 12_000, cash: -12_000}
    assert by_place(effects(make.payment_reversal())) == {
        RECEIVABLE: 12_000,
        f"as on {make.RECEIPT_KEY}": -12_000,
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: type(each).__name__)
def test_what_a_posting_keeps_reads_back(document: Document) -> None:
    assert read(written(document)) == by_place(effects(document))


@pytest.mark.parametrize(
    "dimensions",
    [
        NO_DIMENSIONS,
        Dimensions("100", "SALES", "SMB", "P 1", "A=B"),
        Dimensions(class_id="Small business", user_defined=(("GLDIMA", "x y"), ("GLDIMB_2", "7"))),
    ],
)
def test_a_place_reads_back(dimensions: Dimensions) -> None:
    assert read_place(Effect("40 10", -1, dimensions).place) == ("40 10", dimensions)


def test_what_a_posting_keeps_does_not_grow_with_the_lines() -> None:
    assert len(written(make.invoice(*[1] * 5_000))) < 200


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: type(each).__name__)
def test_everything_but_a_customer_has_a_day_in_the_ledger(document: Document) -> None:
    assert (posting_date_of(document) is None) is isinstance(document, Customer)


def test_the_day_in_the_ledger_is_not_the_day_on_the_paper() -> None:
    invoice = make.invoice()
    assert posting_date_of(invoice) == invoice.posting_date != invoice.invoice_date


def test_no_kind_of_document_is_left_out_here() -> None:
    assert {type(each) for each in DOCUMENTS} == set(get_args(Document))


def test_lines_are_summed_by_account_and_dimensions() -> None:
    invoice = make.invoice(600, 400)
    first, second = invoice.lines
    elsewhere = dataclasses.replace(
        second, dimensions=dataclasses.replace(second.dimensions, location="200")
    )
    split = by_place(effects(dataclasses.replace(invoice, lines=(first, elsewhere))))
    assert split == {RECEIVABLE: 1_000, REVENUE: -600, REVENUE.replace("100", "200"): -400}
