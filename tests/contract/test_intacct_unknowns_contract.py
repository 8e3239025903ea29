"""Goal: where nobody has documented what Intacct does, we book either way round, or what it refuses
is on the exceptions list and nothing is booked by halves.

Method: the real client over loopback against the gateway double with one switch thrown. Those about
control ids and signing in are thrown in `test_intacct_accidents_contract`.
"""

import dataclasses

import pytest

from tests.factories import a_customer, a_policy, planned, the
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
from tieout.domain.documents import Customer, Document, JournalEntry, JournalLine
from tieout.domain.reasons import WAY_OUT
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
        (Switches(foreign_payment_amounts="both"), payment(7_000, currency="eur")),
        (Switches(journals_on_bank_accounts=False), foreign_entry(100)),
    ],
    ids=["amounts of a foreign payment", "journal on a bank account"],
)
def test_what_a_company_wants_and_we_do_not_send_is_refused_by_name(
    switches: Switches, document: Document
) -> None:
    with Books(switches) as books:
        desk = Desk(books.ledger())
        desk.post(customer(), invoice(currency="eur"))
        outcome = desk.submit(document)
        assert isinstance(outcome, NotAccepted)
        assert outcome.text
        assert books.count(document) == 0


def test_a_company_that_wants_the_country_beside_its_code_gets_it_from_the_policy() -> None:
    """Refused with the way to the policy first; the same customer is booked once it names it."""
    policy = a_policy()
    named = dataclasses.replace(policy.customers, countries={"GB": "United Kingdom"})
    with Books(Switches(iso_country_codes=True)) as books:
        desk = Desk(books.ledger())
        code_alone = the(planned(a_customer()), "customer/cus_1", Customer)
        outcome = desk.submit(code_alone)
        assert isinstance(outcome, NotAccepted)
        assert "COUNTRY" in outcome.text
        assert "`customers.countries`" in WAY_OUT[outcome.reason]
        assert books.count(code_alone) == 0
        made = planned(a_customer(), dataclasses.replace(policy, customers=named))
        with_country = the(made, "customer/cus_1", Customer)
        desk.post(with_country)
        assert books.count(with_country) == 1
        fields = books.company.customers[with_country.customer_id].fields
        assert fields["DISPLAYCONTACT.MAILADDRESS.COUNTRY"] == "United Kingdom"


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
