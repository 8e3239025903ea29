"""Goal: a strict Intacct books what the documents say, and what it refuses is refused by name.

Method: the real client over loopback against the gateway double, whose books are read directly.
Every request is validated against the published schema afterwards.
"""

import dataclasses
from collections.abc import Iterator
from datetime import date

import pytest

from tests.sandbox.intacct import USER_ID
from tests.sandbox.intacct.reports import account_balance, aging_items, trial_balance
from tests.support.intacct_books import Books, Desk
from tests.support.intacct_documents import (
    CUSTOMER_ID,
    adjustment,
    application,
    customer,
    debit_memo,
    invoice,
    journal_entry,
    payment,
    payment_reversal,
    payment_with_debit_memo,
    reversal,
    submission,
)
from tieout.domain.documents import Application, ArLine, CashAccount, Dimensions, Document
from tieout.domain.errors import ConfigurationFault
from tieout.domain.reasons import Reason
from tieout.services.ports import (
    Accepted,
    AlreadyThere,
    NotAccepted,
)


@pytest.fixture
def books() -> Iterator[Books]:
    with Books() as opened:
        yield opened


@pytest.fixture
def desk(books: Books) -> Desk:
    made = Desk(books.ledger())
    made.post(customer())
    return made


def balance(books: Books, account: str) -> int:
    """Return an account's balance in cents of the base currency, debit positive."""
    return int(account_balance(books.company, account) * 100)


def assert_balanced(books: Books) -> None:
    assert sum(row.balance for row in trial_balance(books.company)) == 0


# --- What is booked ---------------------------------------------------------------------------


def test_a_paid_invoice_is_revenue_and_clearing_and_nothing_due(books: Books, desk: Desk) -> None:
    desk.post(invoice(), payment())
    assert (balance(books, "4000"), balance(books, "1200")) == (-12_000, 12_000)
    assert balance(books, "1100") == 0
    assert aging_items(books.company) == []
    assert_balanced(books)


def test_a_voided_invoice_leaves_nothing(books: Books, desk: Desk) -> None:
    desk.post(invoice(), reversal())
    assert balance(books, "4000") == balance(books, "1100") == 0
    assert_balanced(books)


def test_a_partly_paid_invoice_is_voided_by_a_credit(books: Books, desk: Desk) -> None:
    desk.post(invoice(), payment(7_000), adjustment(-5_000), application(5_000))
    assert (balance(books, "4000"), balance(books, "1200")) == (-7_000, 7_000)
    assert aging_items(books.company) == []
    assert_balanced(books)


def test_a_payment_settles_the_invoice_and_what_a_debit_memo_asks_for(
    books: Books, desk: Desk
) -> None:
    desk.post(invoice(), debit_memo(), payment_with_debit_memo())
    assert (balance(books, "4000"), balance(books, "1200")) == (-15_000, 15_000)
    assert aging_items(books.company) == []
    assert_balanced(books)


def test_a_payment_that_went_back_reopens_what_it_settled(books: Books, desk: Desk) -> None:
    desk.post(invoice(), payment(), payment_reversal())
    assert (balance(books, "1100"), balance(books, "1200")) == (12_000, 0)
    later = payment_reversal().reversal_date
    assert [item.due for item in aging_items(books.company, later)] == [120]
    again = dataclasses.replace(payment(), key="receipt/inpay_2", reference="inpay_2")
    desk.post(again)
    assert aging_items(books.company, later) == []
    assert_balanced(books)


def test_a_credit_settles_a_debit_memo(books: Books, desk: Desk) -> None:
    memo = debit_memo(5_000)
    applied = dataclasses.replace(
        application(5_000), debit_memos=(Application(memo.key, memo.total_minor),)
    )
    desk.post(invoice(), memo, adjustment(-5_000), applied)
    assert [item.due for item in aging_items(books.company)] == [120]
    assert_balanced(books)


def test_a_refund_takes_revenue_back(books: Books, desk: Desk) -> None:
    desk.post(invoice(), payment(), journal_entry(amount_minor=5_000))
    assert (balance(books, "4000"), balance(books, "1200")) == (-7_000, 7_000)
    assert_balanced(books)


def test_a_foreign_currency_goes_through_its_bank_account(books: Books, desk: Desk) -> None:
    euros = dataclasses.replace(
        payment(currency="eur"), cash_account=CashAccount("1210", "STRIPE-EUR")
    )
    refund = journal_entry(credit_account="1210", amount_minor=2_000, currency="eur")
    desk.post(invoice(currency="eur"), euros, refund)
    assert balance(books, "1210") == 11_000, "100 EUR at 1.10"
    assert aging_items(books.company) == []
    assert_balanced(books)
    for document in (invoice(currency="eur"), euros, refund):
        found = desk.ledger.find(desk.submission(document))
        assert found is not None
        assert found.matches, found.text


def test_an_amended_customer_keeps_what_stripe_does_not_know(books: Books, desk: Desk) -> None:
    record_no = desk.numbers[customer().key]
    bare = dataclasses.replace(customer("New name"), term=None)
    bare = dataclasses.replace(bare, contact=dataclasses.replace(bare.contact, phone=""))
    given = submission(bare, amend=True, record_no=record_no, revision=1)
    assert desk.ledger.submit([given]) == {given.control_id: Accepted(record_no)}
    fields = books.company.customers[CUSTOMER_ID].fields
    assert (fields["NAME"], fields["TERMNAME"]) == ("New name", "Net 30")
    assert fields["DISPLAYCONTACT.PHONE1"] == "+49 30 1234"


def test_dimensions_reach_the_lines(books: Books, desk: Desk) -> None:
    desk.post(invoice(), journal_entry())
    lines = [
        line.dimensions
        for entry in books.company.entries
        for line in entry.lines
        if line.account_no == "4000"
    ]
    assert len(lines) == 3
    for each in lines:
        assert (each.location, each.department, each.class_, each.item) == (
            "100", "SALES", "SMB", "PLAN-PRO",
        )  # fmt: skip


# --- What is refused --------------------------------------------------------------------------


def line(account: str, dimensions: Dimensions) -> tuple[ArLine, ...]:
    return (ArLine(account, 12_000, "", dimensions),)


AT_HOME = Dimensions(location="100")
REFUSALS: dict[str, tuple[Document, Reason]] = {
    "account": (
        dataclasses.replace(invoice(), lines=line("4999", AT_HOME)),
        Reason.UNKNOWN_ACCOUNT,
    ),
    "journal account": (journal_entry(debit_account="4999"), Reason.UNKNOWN_ACCOUNT),
    "customer": (
        dataclasses.replace(invoice(), customer_id="S-cus_Nobody"),
        Reason.UNKNOWN_CUSTOMER,
    ),
    "dimension": (
        dataclasses.replace(invoice(), lines=line("4000", Dimensions(location="777"))),
        Reason.UNKNOWN_DIMENSION,
    ),
    "required dimension": (
        dataclasses.replace(invoice(), lines=line("4010", AT_HOME)),
        Reason.DIMENSION_REQUIRED,
    ),
    "required dimension in a journal": (
        dataclasses.replace(
            journal_entry(),
            lines=tuple(
                dataclasses.replace(each, dimensions=AT_HOME, account=account)
                for each, account in zip(journal_entry().lines, ("4010", "1200"), strict=True)
            ),
        ),
        Reason.DIMENSION_REQUIRED,
    ),
    "closed period": (
        dataclasses.replace(invoice(), posting_date=date(2026, 9, 30)),
        Reason.PERIOD_CLOSED,
    ),
    "e-mail address": (
        dataclasses.replace(
            customer(),
            customer_id="S-cus_Bob",
            contact=dataclasses.replace(customer().contact, email="not an address"),
        ),
        Reason.INTACCT_REFUSED,
    ),
}


@pytest.mark.parametrize(("document", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_document_is_refused_by_name(
    books: Books, desk: Desk, document: Document, reason: Reason
) -> None:
    books.company.close_period(2026, 9)
    refused = desk.submit(document)
    assert isinstance(refused, NotAccepted)
    assert refused.reason is reason, refused.text
    assert desk.ledger.find(desk.submission(document)) is None
    assert_balanced(books)


def test_the_one_refused_does_not_hide_the_others(desk: Desk) -> None:
    given = [
        desk.submission(each)
        for each in (
            invoice(),
            journal_entry(debit_account="4999", reference="re_bad"),
            journal_entry(reference="re_good"),
        )
    ]
    outcomes = desk.ledger.submit(given)
    assert [type(outcomes[each.control_id]) for each in given] == [Accepted, NotAccepted, Accepted]


def test_paying_more_than_is_due_is_refused(desk: Desk) -> None:
    desk.post(invoice())
    refused = desk.submit(payment(12_001))
    assert isinstance(refused, NotAccepted)
    assert refused.reason is Reason.OVER_APPLICATION


def test_a_foreign_currency_cannot_go_to_undeposited_funds(desk: Desk) -> None:
    desk.post(invoice(currency="eur"))
    refused = desk.submit(
        dataclasses.replace(payment(currency="eur"), cash_account=CashAccount("1200"))
    )
    assert isinstance(refused, NotAccepted)
    assert refused.reason is Reason.FOREIGN_CURRENCY_UNDEPOSITED


def test_a_number_that_the_company_gave_to_another_invoice_is_not_ours(desk: Desk) -> None:
    desk.post(invoice())
    other = dataclasses.replace(invoice(), key="invoice/in_2", reference="in_2")
    taken = desk.submit(other)
    assert isinstance(taken, AlreadyThere)
    assert not taken.by_control_id
    found = desk.ledger.find(desk.submission(other))
    assert found is not None
    assert not found.matches
    assert "DOCNUMBER is 'in_1'" in found.text


def test_a_missing_permission_is_named(books: Books, desk: Desk) -> None:
    user = books.company.users[USER_ID]
    denied = dataclasses.replace(user, denied_objects=frozenset({"GLBATCH"}))
    books.company.users.put(USER_ID, denied)
    refused = desk.submit(journal_entry())
    assert isinstance(refused, NotAccepted)
    assert refused.reason is Reason.PERMISSION_MISSING
    assert "GLBATCH" in refused.text
    with pytest.raises(ConfigurationFault) as fault:
        desk.ledger.find(desk.submission(journal_entry()))
    assert fault.value.reason is Reason.PERMISSION_MISSING


def test_in_a_company_of_several_entities_a_line_needs_a_location() -> None:
    with Books(multi_entity=True) as books:
        desk = Desk(books.ledger())
        desk.post(customer())
        nowhere = dataclasses.replace(invoice(), lines=line("4000", Dimensions()))
        refused = desk.submit(nowhere)
        assert isinstance(refused, NotAccepted)
        assert refused.reason is Reason.DIMENSION_REQUIRED


# --- What it costs ----------------------------------------------------------------------------


def test_a_paid_invoice_costs_two_transactions_and_no_look_up(books: Books, desk: Desk) -> None:
    before = dataclasses.replace(books.gateway.counters)
    desk.post(invoice(), payment())
    after = books.gateway.counters
    assert after.paid_transactions - before.paid_transactions == 2
    assert after.lookups == before.lookups == 0
