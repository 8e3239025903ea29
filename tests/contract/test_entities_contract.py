"""Goal: each document is booked in the entity that it names, in a session of that entity.

Method: the real clients of two entities over one strict multi-entity company behind a gateway.
"""

import dataclasses
from collections.abc import Iterator
from typing import TypeVar

import pytest

from tests.fakes import FakeSessions
from tests.support.intacct_books import CREDENTIALS, Books, Desk
from tests.support.intacct_documents import customer, invoice, journal_entry, payment
from tieout.domain.documents import ArInvoice, ArPayment, Dimensions, JournalEntry
from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.domain.reasons import Reason
from tieout.intacct.connect import connect_entities
from tieout.intacct.entities import EntitiesLedger
from tieout.services.ports import Accepted, NotAccepted, NotExecuted

HEAD_OFFICE, BRANCH = "100", "200"
Doc = TypeVar("Doc", ArInvoice, JournalEntry)


@pytest.fixture
def books() -> Iterator[Books]:
    with Books(multi_entity=True) as company:
        yield company


@pytest.fixture
def sessions() -> dict[str | None, FakeSessions]:
    return {}


@pytest.fixture
def ledger(books: Books, sessions: dict[str | None, FakeSessions]) -> EntitiesLedger:
    return connect_entities(
        lambda: CREDENTIALS,
        books.server.url,
        5,
        lambda entity: sessions.setdefault(entity, FakeSessions()),
        books.clock,
        lambda _: "usd",
    )


def located(document: Doc, entity: str) -> Doc:
    where = Dimensions(location=entity)
    lines = tuple(dataclasses.replace(line, dimensions=where) for line in document.lines)
    return dataclasses.replace(document, lines=lines, entity=entity)


def paid_in(entity: str, invoice_key: str) -> ArPayment:
    paid = payment()
    return dataclasses.replace(
        paid,
        key=f"{paid.key}-{entity}",
        invoice_key=invoice_key,
        entity=entity,
        reference=f"paid-{entity}",
    )


def invoice_in(entity: str) -> ArInvoice:
    made = located(invoice(number=f"INV-{entity}"), entity)
    return dataclasses.replace(made, key=f"{made.key}-{entity}")


def test_a_company_is_written_to_in_one_session_for_each_entity(
    books: Books, ledger: EntitiesLedger
) -> None:
    desk = Desk(ledger)
    desk.post(customer())
    for entity in (HEAD_OFFICE, BRANCH):
        made = invoice_in(entity)
        desk.post(made, paid_in(entity, made.key))

    assert {each.entity_id for each in books.company.documents} == {HEAD_OFFICE, BRANCH}
    assert {each.entity_id for each in books.company.payments} == {HEAD_OFFICE, BRANCH}
    # The customer, at the top level, and each entity signed in once.
    assert books.gateway.counters.sessions_started == 3


def test_one_batch_may_hold_documents_of_several_entities(
    books: Books, ledger: EntitiesLedger
) -> None:
    desk = Desk(ledger)
    desk.post(customer())
    entries = [
        dataclasses.replace(located(journal_entry(), entity), reference=f"re-{entity}")
        for entity in (HEAD_OFFICE, BRANCH)
    ]
    given = [desk.submission(each, revision) for revision, each in enumerate(entries)]
    outcomes = ledger.submit(given)

    assert all(isinstance(outcomes[each.control_id], Accepted) for each in given)
    by_reference = {each.reference: each.entity_id for each in books.company.entries}
    assert by_reference["re-100"] == HEAD_OFFICE
    assert by_reference["re-200"] == BRANCH
    found = ledger.find(given[1])
    assert found is not None
    assert found.matches


def test_what_one_entity_booked_is_told_although_another_cannot_be_entered(
    books: Books, sessions: dict[str | None, FakeSessions], ledger: EntitiesLedger
) -> None:
    desk = Desk(ledger)
    desk.post(customer())
    first, second = (
        desk.submission(dataclasses.replace(located(journal_entry(), each), reference=each), at)
        for at, each in enumerate((HEAD_OFFICE, BRANCH))
    )
    sessions[BRANCH] = FakeSessions()
    sessions[BRANCH].lease(books.clock.now_unix(), 60)

    with pytest.raises(TransientFault):
        ledger.submit([second])
    outcomes = ledger.submit([first, second])

    assert isinstance(outcomes[first.control_id], Accepted)
    assert isinstance(outcomes[second.control_id], NotExecuted)


def test_an_entity_that_does_not_exist_is_refused_and_the_others_are_booked(
    ledger: EntitiesLedger,
) -> None:
    desk = Desk(ledger)
    desk.post(customer())
    wrong, right = (
        desk.submission(dataclasses.replace(located(journal_entry(), each), reference=each), at)
        for at, each in enumerate(("999", BRANCH))
    )
    outcomes = ledger.submit([wrong, right])

    refused = outcomes[wrong.control_id]
    assert isinstance(refused, NotAccepted)
    assert refused.reason is Reason.UNKNOWN_ENTITY
    assert "'999'" in refused.text
    assert isinstance(outcomes[right.control_id], Accepted)


def test_a_wrong_password_is_nobodys_entity(books: Books, ledger: EntitiesLedger) -> None:
    desk = Desk(ledger)
    given = desk.submission(located(journal_entry(), BRANCH))
    books.change_user_password()
    with pytest.raises(ConfigurationFault) as fault:
        ledger.submit([given])
    assert fault.value.reason is Reason.INTACCT_SIGN_IN
