"""Goal: whoever keeps the books, the use cases learn the same about each document.

Method: the port's promises are tried on the fake and on the real client, which talks over loopback
to the strict gateway double with real books behind it. What only the gateway can do is in
`test_intacct_*_contract.py`.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import pytest

from tests.fakes import FakeLedger, LostAnswer
from tests.sandbox.intacct import Fault, FaultKind
from tests.support.intacct_books import Books, Desk
from tests.support.intacct_documents import (
    ADJUSTMENT_KEY,
    CUSTOMER_ID,
    CUSTOMER_KEY,
    INVOICE_KEY,
    adjustment,
    application,
    customer,
    debit_memo,
    invoice,
    journal_entry,
    other_receipt,
    payment,
    payment_reversal,
    payment_with_debit_memo,
    reversal,
    submission,
)
from tieout.domain.documents import ArAdjustment, ArInvoice, ArPayment, Document
from tieout.domain.errors import ConfigurationFault
from tieout.domain.reasons import Reason
from tieout.services.ports import (
    Accepted,
    AlreadyThere,
    Found,
    Ledger,
    NamedRecord,
    NotAccepted,
    NotExecuted,
    Unsure,
)


class World(Protocol):
    """A ledger, and what can go wrong with it."""

    @property
    def ledger(self) -> Ledger: ...

    def lose_the_next_answer(self, document: Document, *, executed: bool) -> None: ...

    def throttle_once(self, document: Document) -> None: ...

    def break_the_deployment(self) -> None: ...

    def count(self, document: Document) -> int:
        """How many records there are of the document."""
        ...


class FakeWorld:
    """The fake."""

    def __init__(self) -> None:
        self.ledger = FakeLedger()

    def lose_the_next_answer(self, document: Document, *, executed: bool) -> None:
        self.ledger.script(document.key, LostAnswer(executed=executed))

    def throttle_once(self, document: Document) -> None:
        self.ledger.script(document.key, NotExecuted("too fast"))

    def break_the_deployment(self) -> None:
        self.ledger.fault = ConfigurationFault(Reason.INTACCT_SENDER, "the sender is unknown")

    def count(self, document: Document) -> int:
        return len(self.ledger.written(document.key))


class IntacctWorld:
    """The real client and the gateway double."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.ledger = books.ledger()
        # Signing in first leaves the scripted accidents to the documents.
        self.ledger.find(submission(customer()))

    def lose_the_next_answer(self, document: Document, *, executed: bool) -> None:
        assert document
        after, before = FaultKind.CUT_AFTER_COMMIT, FaultKind.BAD_GATEWAY_BEFORE
        self.books.gateway.faults.push(Fault(after if executed else before))

    def throttle_once(self, document: Document) -> None:
        assert document
        self.books.gateway.faults.push(Fault(FaultKind.RATE_LIMITED))

    def break_the_deployment(self) -> None:
        self.books.change_sender_password()

    def count(self, document: Document) -> int:
        return self.books.count(document)


@pytest.fixture(params=["fake", "gateway double"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "fake":
        yield FakeWorld()
        return
    with Books() as books:
        yield IntacctWorld(books)


class WorldDesk(Desk):
    """A desk that knows what its ledger runs on."""

    def __init__(self, world: World) -> None:
        super().__init__(world.ledger)
        self.world = world


@pytest.fixture
def desk(world: World) -> WorldDesk:
    return WorldDesk(world)


BEFORE: dict[str, tuple[Document, ...]] = {
    "Customer": (),
    "ArInvoice": (customer(),),
    "ArPayment": (customer(), invoice()),
    "OtherReceipt": (),
    "InvoiceReversal": (customer(), invoice()),
    "PaymentReversal": (customer(), invoice(), payment()),
    "ArAdjustment": (customer(), invoice()),
    "CreditApplication": (customer(), invoice(), adjustment()),
    "JournalEntry": (customer(),),
}
DOCUMENTS: tuple[Document, ...] = (
    customer(),
    invoice(),
    payment(),
    other_receipt(),
    reversal(),
    payment_reversal(),
    adjustment(),
    application(),
    journal_entry(),
)


@pytest.fixture(params=DOCUMENTS, ids=lambda each: type(each).__name__)
def document(request: pytest.FixtureRequest, desk: WorldDesk) -> Document:
    """Each kind of document, with everything posted that it needs."""
    document: Document = request.param
    desk.post(*BEFORE[type(document).__name__])
    return document


def test_a_posted_document_is_found_again(desk: WorldDesk, document: Document) -> None:
    given = desk.submission(document)
    assert desk.world.ledger.find(given) is None
    desk.post(document)
    found = desk.world.ledger.find(given)
    assert found is not None
    assert found.matches, found.text
    assert desk.world.count(document) == 1


def test_the_number_it_is_found_under_is_the_one_it_was_accepted_under(desk: WorldDesk) -> None:
    for document in (customer(), invoice(), payment(), adjustment(), journal_entry()):
        desk.post(document)
        found = desk.world.ledger.find(desk.submission(document))
        assert found == Found(desk.numbers[document.key], matches=True)


def test_the_same_write_twice_is_one_document(desk: WorldDesk, document: Document) -> None:
    given = desk.submission(document)
    desk.post(document)
    again = desk.world.ledger.submit([given])[given.control_id]
    assert isinstance(again, AlreadyThere)
    assert again.by_control_id
    assert desk.world.count(document) == 1


def test_a_lost_answer_leaves_everybody_unsure_until_the_look_up(
    desk: WorldDesk, document: Document
) -> None:
    given = desk.submission(document)
    desk.world.lose_the_next_answer(document, executed=True)
    assert isinstance(desk.world.ledger.submit([given])[given.control_id], Unsure)
    found = desk.world.ledger.find(given)
    assert found is not None
    assert found.matches, found.text
    assert isinstance(desk.world.ledger.submit([given])[given.control_id], AlreadyThere)
    assert desk.world.count(document) == 1


def test_what_was_lost_on_the_way_there_can_be_sent_again(
    desk: WorldDesk, document: Document
) -> None:
    given = desk.submission(document)
    desk.world.lose_the_next_answer(document, executed=False)
    assert isinstance(desk.world.ledger.submit([given])[given.control_id], Unsure)
    assert desk.world.ledger.find(given) is None
    desk.post(document)
    assert desk.world.count(document) == 1


def test_a_throttled_document_was_not_executed(desk: WorldDesk, document: Document) -> None:
    given = desk.submission(document)
    desk.world.throttle_once(document)
    assert isinstance(desk.world.ledger.submit([given])[given.control_id], NotExecuted)
    desk.post(document)
    assert desk.world.count(document) == 1


def test_a_taken_number_is_not_ours_unless_the_content_is(desk: WorldDesk) -> None:
    desk.post(customer(), invoice(10_000, 2_000))
    other = desk.submission(invoice(9_999), revision=1)
    outcome = desk.world.ledger.submit([other])[other.control_id]
    assert isinstance(outcome, AlreadyThere)
    assert not outcome.by_control_id
    found = desk.world.ledger.find(other)
    assert found is not None
    assert not found.matches
    assert found.text


@pytest.mark.parametrize(
    "document",
    [payment(6_000), adjustment(-6_000), journal_entry(), other_receipt()],
    ids=lambda each: type(each).__name__,
)
def test_what_has_no_unique_number_is_booked_twice_under_another_control_id(
    desk: WorldDesk, document: Document
) -> None:
    desk.post(customer(), invoice(), document)
    careless = desk.submission(document, revision=1)
    outcome = desk.world.ledger.submit([careless])[careless.control_id]
    assert isinstance(outcome, Accepted)
    assert desk.world.count(document) == 2
    assert desk.world.ledger.find(careless) == Found(desk.numbers[document.key], matches=True)


@pytest.mark.parametrize(
    ("before", "document"),
    [
        ((), reversal()),
        ((payment(),), payment_reversal()),
        ((adjustment(),), application()),
    ],
    ids=["reversal", "payment reversal", "application"],
)
def test_what_cannot_be_done_twice_is_refused_under_another_control_id(
    desk: WorldDesk, before: tuple[Document, ...], document: Document
) -> None:
    desk.post(customer(), invoice(), *before, document)
    careless = desk.submission(document, revision=1)
    assert isinstance(desk.world.ledger.submit([careless])[careless.control_id], NotAccepted)
    assert desk.world.count(document) == 1


def test_an_existing_customer_is_found_by_its_id_whatever_its_name(desk: WorldDesk) -> None:
    desk.post(customer("As the company calls it"))
    ours = desk.submission(customer("As Stripe calls it"), revision=1)
    outcome = desk.world.ledger.submit([ours])[ours.control_id]
    assert isinstance(outcome, AlreadyThere)
    assert not outcome.by_control_id
    assert desk.world.ledger.find(ours) == Found(desk.numbers[CUSTOMER_KEY], matches=True)


RIGHT = NamedRecord("", ArInvoice, 12_000, "usd", CUSTOMER_ID, "in_1")


@pytest.mark.parametrize(
    ("changes", "matches"),
    [
        ({}, True),
        ({"amount_minor": None, "currency": None, "customer_id": None, "stripe_id": None}, True),
        ({"amount_minor": 11_999}, False),
        ({"currency": "eur"}, False),
        ({"customer_id": "S-cus_Bob"}, False),
        ({"stripe_id": "in_2"}, False),
    ],
)
def test_a_record_that_a_person_named_is_compared(
    desk: WorldDesk, changes: Mapping[str, Any], *, matches: bool
) -> None:
    desk.post(customer(), invoice())
    named = dataclasses.replace(RIGHT, record_no=desk.numbers[INVOICE_KEY], **changes)
    found = desk.world.ledger.check(named)
    assert found is not None
    assert (found.record_no, found.matches) == (named.record_no, matches), found.text
    assert bool(found.text) is not matches


def test_a_credit_memo_that_a_person_named_is_compared(desk: WorldDesk) -> None:
    desk.post(customer(), invoice(), adjustment())
    record_no = desk.numbers[ADJUSTMENT_KEY]
    named = NamedRecord(record_no, ArAdjustment, -12_000, "usd", CUSTOMER_ID)
    assert desk.world.ledger.check(named) == Found(record_no, matches=True)


def test_a_payment_that_a_person_named_is_compared(desk: WorldDesk) -> None:
    desk.post(customer(), invoice(), payment())
    record_no = desk.numbers[payment().key]
    right = NamedRecord(record_no, ArPayment, 12_000, "usd", CUSTOMER_ID)
    assert desk.world.ledger.check(right) == Found(record_no, matches=True)
    wrong = desk.world.ledger.check(dataclasses.replace(right, amount_minor=11_999))
    assert wrong is not None
    assert not wrong.matches


def test_a_payment_settles_the_invoice_and_a_debit_memo(desk: WorldDesk) -> None:
    both = payment_with_debit_memo()
    desk.post(customer(), invoice(), debit_memo(), both)
    assert desk.world.ledger.find(desk.submission(both)) == Found(
        desk.numbers[both.key], matches=True
    )


def test_a_record_that_is_not_there_or_is_something_else_is_none(desk: WorldDesk) -> None:
    desk.post(customer(), invoice(), payment())
    for record_no in ("999999", desk.numbers[payment().key]):
        named = dataclasses.replace(RIGHT, record_no=record_no)
        assert desk.world.ledger.check(named) is None, record_no


def test_an_amendment_keeps_the_record(desk: WorldDesk) -> None:
    desk.post(customer("Before"))
    record_no = desk.numbers[CUSTOMER_KEY]
    after = submission(customer("After"), amend=True, record_no=record_no, revision=1)
    assert desk.world.ledger.submit([after]) == {after.control_id: Accepted(record_no)}
    assert desk.world.count(customer()) == 1


def test_every_document_of_a_wave_has_an_outcome_of_its_own(desk: WorldDesk) -> None:
    desk.post(customer(), journal_entry(reference="re_0"))
    given = [desk.submission(journal_entry(reference=f"re_{number}")) for number in range(4)]
    outcomes = desk.world.ledger.submit(given)
    assert outcomes.keys() == {each.control_id for each in given}
    kinds = [type(outcomes[each.control_id]) for each in given]
    assert kinds == [AlreadyThere, Accepted, Accepted, Accepted]


def test_a_broken_deployment_is_told_by_an_exception_and_books_nothing(desk: WorldDesk) -> None:
    desk.post(customer())
    desk.world.break_the_deployment()
    given = desk.submission(journal_entry())
    with pytest.raises(ConfigurationFault) as fault:
        desk.world.ledger.submit([given])
    assert fault.value.reason is Reason.INTACCT_SENDER
    assert desk.world.count(journal_entry()) == 0


def test_nothing_to_send_is_nothing_to_answer(desk: WorldDesk) -> None:
    assert desk.world.ledger.submit([]) == {}
