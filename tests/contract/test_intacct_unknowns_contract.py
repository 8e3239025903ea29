"""Goal: where nobody has documented what Intacct does, we book either way round, or what it refuses
is on the exceptions list and nothing is booked by halves.

Method: the real client over loopback against the gateway double with one switch thrown. Those about
control ids and signing in are thrown in `test_intacct_accidents_contract`.
"""

import dataclasses

import pytest

from tests.sandbox.intacct import Switches
from tests.sandbox.intacct.reports import trial_balance
from tests.support.intacct_books import Books, Desk
from tests.support.intacct_documents import (
    CUSTOMER_ID,
    DIMENSIONS,
    adjustment,
    application,
    customer,
    invoice,
    journal_entry,
    payment,
)
from tieout.domain.documents import Document, JournalEntry, JournalLine
from tieout.services.ports import Accepted, NotAccepted

EITHER_WAY = (
    Switches(duplicate_adjustment_number="accept"),
    Switches(duplicate_adjustment_number="refuse"),
    Switches(foreign_payment_amounts="optional"),
    Switches(foreign_journal_rounding="refuse"),
    Switches(foreign_journal_rounding="settle"),
    Switches(journals_on_bank_accounts=True),
    Switches(empty_clears_on_update=False),
    Switches(iso_country_codes=False),
)


def foreign_entry(*debits_minor: int) -> JournalEntry:
    """A refund in euros with so many debits, each against a line of clearing of its own."""
    lines = tuple(
        JournalLine(account, sign * amount, "Refund", DIMENSIONS, CUSTOMER_ID)
        for amount in debits_minor
        for account, sign in (("4000", 1), ("1210", -1))
    )
    return dataclasses.replace(journal_entry(currency="eur", reference="re_eur"), lines=lines)


@pytest.mark.parametrize("switches", EITHER_WAY, ids=str)
def test_every_document_is_booked_once_either_way(switches: Switches) -> None:
    documents: tuple[Document, ...] = (
        customer(),
        invoice(currency="eur"),
        payment(7_000, currency="eur"),
        adjustment(-5_000, currency="eur"),
        dataclasses.replace(application(5_000), currency="eur"),
        foreign_entry(3_335, 1_115, 5),
    )
    with Books(switches) as books:
        desk = Desk(books.ledger())
        for document in documents:
            desk.post(document)
            assert books.count(document) == 1
            found = desk.ledger.find(desk.submission(document))
            assert found is not None
            assert found.matches, found.text
        assert sum(row.balance for row in trial_balance(books.company)) == 0


@pytest.mark.parametrize(
    ("switches", "document"),
    [
        (Switches(iso_country_codes=True), customer()),
        (Switches(foreign_payment_amounts="both"), payment(7_000, currency="eur")),
        (Switches(journals_on_bank_accounts=False), foreign_entry(100)),
    ],
    ids=["country beside its code", "amounts of a foreign payment", "journal on a bank account"],
)
def test_what_a_company_wants_and_we_do_not_send_is_refused_by_name(
    switches: Switches, document: Document
) -> None:
    before: tuple[Document, ...] = ()
    if document != customer():
        before = (customer(), invoice(currency="eur"))
    with Books(switches) as books:
        desk = Desk(books.ledger())
        desk.post(*before)
        outcome = desk.submit(document)
        assert isinstance(outcome, NotAccepted)
        assert outcome.text
        assert books.count(document) == 0


def test_one_line_of_clearing_for_several_debits_may_not_survive_the_rounding() -> None:
    several = foreign_entry(5, 5)
    debits = tuple(line for line in several.lines if line.amount_minor > 0)
    clearing = dataclasses.replace(several.lines[1], amount_minor=-10)
    together = dataclasses.replace(several, lines=(*debits, clearing))
    outcomes = []
    for switches in (Switches(), Switches(foreign_journal_rounding="settle")):
        with Books(switches) as books:
            desk = Desk(books.ledger())
            desk.post(customer())
            outcomes.append(type(desk.submit(together)))
    assert outcomes == [NotAccepted, Accepted]
