"""Goal: what the books show is read to the cent, whichever way it got there.

Method: documents are posted through the real client to the strict gateway double, over loopback,
and read back; pages are made short enough to need several.
"""

import dataclasses
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from tests.support.intacct_books import Books, Desk
from tests.support.intacct_documents import customer, invoice, journal_entry, payment
from tieout.intacct import queries
from tieout.intacct.books import IntacctBooks
from tieout.intacct.client import IntacctLedger


@pytest.fixture
def company() -> Iterator[Books]:
    with Books() as books:
        yield books


@pytest.fixture
def ledger(company: Books) -> IntacctLedger:
    return company.ledger()


@pytest.fixture
def books(ledger: IntacctLedger) -> IntacctBooks:
    return IntacctBooks(ledger.rows, lambda: "usd", lambda _: ledger.closed_through())


def test_a_payment_shows_on_its_account_and_settles_its_invoice(
    ledger: IntacctLedger, books: IntacctBooks
) -> None:
    desk = Desk(ledger)
    desk.post(customer(), invoice(10_000))
    before = list(books.open_receivables())
    paid = payment(4_000)
    desk.post(paid)
    after = list(books.open_receivables())

    account = paid.cash_account.account
    assert [each.due_minor for each in before] == [10_000]
    assert [each.due_minor for each in after] == [6_000]
    assert before[0].reference == invoice(10_000).reference
    assert books.balances({account}, paid.posting_date) == {(account, "usd"): 4_000}
    assert books.balances({account}, paid.posting_date - timedelta(days=1)) == {}


def test_what_customers_owe_is_what_the_control_account_shows_but_for_entries_by_hand(
    ledger: IntacctLedger, books: IntacctBooks
) -> None:
    desk = Desk(ledger)
    desk.post(customer(), invoice(10_000))
    desk.post(payment(4_000))
    control, end = "1100", date(2099, 12, 31)
    assert books.owed_by_customers() == {"usd": 6_000}
    assert books.balances({control}, end) == {(control, "usd"): 6_000}
    entry = journal_entry()
    debit, *others = entry.lines
    on_control = dataclasses.replace(
        entry, lines=(dataclasses.replace(debit, account=control), *others)
    )
    desk.post(on_control)
    assert books.owed_by_customers() == {"usd": 6_000}
    assert books.balances({control}, end) == {(control, "usd"): 6_000 + debit.amount_minor}


def test_both_sides_of_an_entry_have_their_sign(ledger: IntacctLedger, books: IntacctBooks) -> None:
    entry = journal_entry()
    desk = Desk(ledger)
    desk.post(customer(), entry)
    by_account = {line.account: line.amount_minor for line in entry.lines}

    rows = list(books.rows(set(by_account), entry.posting_date, entry.posting_date))

    assert {row.account: row.amount_minor for row in rows} == by_account
    assert {row.day for row in rows} == {entry.posting_date}
    assert books.balances(set(by_account), entry.posting_date) == {
        (account, "usd"): amount_minor for account, amount_minor in by_account.items()
    }


def test_no_account_is_no_question(ledger: IntacctLedger, books: IntacctBooks) -> None:
    asked_before = ledger.statistics.look_ups
    assert books.balances((), date(2026, 11, 20)) == {}
    assert list(books.rows((), date(2026, 11, 1), date(2026, 11, 20))) == []
    assert ledger.statistics.look_ups == asked_before


def test_long_lists_are_read_to_their_end(
    monkeypatch: pytest.MonkeyPatch, ledger: IntacctLedger, books: IntacctBooks
) -> None:
    desk = Desk(ledger)
    desk.post(customer())
    for number in range(5):
        desk.post(invoice(1_000 + number, number=f"INV-{number}"))
    monkeypatch.setattr(queries, "PAGE_ROWS", 2)
    monkeypatch.setattr("tieout.intacct.client.PAGE_ROWS", 2)

    assert [each.due_minor for each in books.open_receivables()] == [
        1_000,
        1_001,
        1_002,
        1_003,
        1_004,
    ]
