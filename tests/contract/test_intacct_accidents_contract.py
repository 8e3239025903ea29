"""Goal: whatever happens on the wire, every document is booked once or known not to be.

Method: the real client over loopback against the gateway double, which has each scripted accident,
and behaves both ways round where nobody has documented what the gateway does. Every request is
validated against the published schema afterwards.
"""

import dataclasses
import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from tests.sandbox.intacct import Fault, FaultKind, Switches
from tests.sandbox.intacct.reports import trial_balance
from tests.support.intacct_books import CREDENTIALS, Books, Desk
from tests.support.intacct_documents import (
    CUSTOMER_ID,
    adjustment,
    application,
    customer,
    invoice,
    journal_entry,
    payment,
    submission,
)
from tieout.domain.documents import Document
from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.domain.reasons import Reason
from tieout.services.ports import (
    Accepted,
    AlreadyThere,
    NotAccepted,
    NotExecuted,
    Submission,
    Unsure,
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


def assert_balanced(books: Books) -> None:
    assert sum(row.balance for row in trial_balance(books.company)) == 0


# --- Accidents --------------------------------------------------------------------------------

BOOKED = {
    FaultKind.SERVER_ERROR_AFTER_COMMIT,
    FaultKind.CDN_TIMEOUT_AFTER_COMMIT,
    FaultKind.CUT_AFTER_COMMIT,
    FaultKind.MALFORMED_XML_AFTER_COMMIT,
    FaultKind.TRUNCATED_AFTER_COMMIT,
    FaultKind.HTML_200_AFTER_COMMIT,
    FaultKind.EMPTY_AFTER_COMMIT,
}
IN_DOUBT = BOOKED | {
    FaultKind.EDGE_ERROR,
    FaultKind.SERVER_ERROR_BEFORE,
    FaultKind.BAD_GATEWAY_BEFORE,
    FaultKind.CUT_BEFORE,
    FaultKind.HTML_200_BEFORE,
}
UNTOUCHED = {
    FaultKind.RATE_LIMITED,
    FaultKind.PLAIN_TEXT_THROTTLE,
    FaultKind.CONCURRENT_REQUEST,
    FaultKind.TRANSIENT_REFUSAL,
}
# These only cost time; one of them is tried below.
LATE = {FaultKind.LATE_ANSWER, FaultKind.LATE_COMMIT}


def wave(desk: Desk) -> Sequence[Submission]:
    return [
        desk.submission(each)
        for each in (invoice(), journal_entry(reference="re_1"), journal_entry(reference="re_2"))
    ]


def test_every_accident_is_tried() -> None:
    assert IN_DOUBT | UNTOUCHED | LATE | {FaultKind.SESSION_EXPIRED} == set(FaultKind)


@pytest.mark.parametrize("kind", sorted(IN_DOUBT))
def test_after_an_unclear_answer_look_up_and_re_send_book_once(
    books: Books, desk: Desk, kind: FaultKind
) -> None:
    given = wave(desk)
    books.gateway.faults.push(Fault(kind))
    assert all(isinstance(each, Unsure) for each in desk.ledger.submit(given).values())
    found = [desk.ledger.find(each) for each in given]
    assert all((each is not None and each.matches) == (kind in BOOKED) for each in found)
    again = desk.ledger.submit(given)
    expected = AlreadyThere if kind in BOOKED else Accepted
    assert all(isinstance(each, expected) for each in again.values())
    assert [books.count(each.document) for each in given] == [1, 1, 1]
    assert_balanced(books)


@pytest.mark.parametrize("kind", sorted(UNTOUCHED))
def test_what_was_not_executed_is_sent_again_without_a_look_up(
    books: Books, desk: Desk, kind: FaultKind
) -> None:
    given = wave(desk)
    books.gateway.faults.push(Fault(kind))
    first = desk.ledger.submit(given)
    assert any(isinstance(each, NotExecuted) for each in first.values())
    assert not any(isinstance(each, Unsure | NotAccepted) for each in first.values())
    left = [each for each in given if not isinstance(first[each.control_id], Accepted)]
    assert all(isinstance(each, Accepted) for each in desk.ledger.submit(left).values())
    assert [books.count(each.document) for each in given] == [1, 1, 1]


def test_a_session_that_ends_is_replaced_on_the_way(books: Books, desk: Desk) -> None:
    before = books.sessions.session
    books.gateway.faults.push(Fault(FaultKind.SESSION_EXPIRED))
    given = wave(desk)
    assert all(isinstance(each, Accepted) for each in desk.ledger.submit(given).values())
    assert books.sessions.session != before
    assert books.gateway.counters.sessions_started == 2


def test_a_client_that_gave_up_too_early_books_nothing_twice(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = threading.Event()
    monkeypatch.setattr(books.gateway, "_sleep", lambda _: commit.wait(60))
    patient, hasty = books.ledger(), books.ledger(timeout_seconds=1)
    given = submission(journal_entry())
    desk = Desk(patient)
    desk.post(customer())
    books.gateway.faults.push(Fault(FaultKind.LATE_COMMIT, seconds=2.0))
    assert isinstance(hasty.submit([given])[given.control_id], Unsure)
    assert patient.find(given) is None, "the look-up comes too early"
    assert isinstance(patient.submit([given])[given.control_id], NotExecuted)
    commit.set()
    while isinstance(outcome := patient.submit([given])[given.control_id], NotExecuted):
        time.sleep(0.01)
    assert isinstance(outcome, AlreadyThere)
    assert books.count(journal_entry()) == 1


# --- What nobody has documented, both ways round ----------------------------------------------


@pytest.mark.parametrize(
    "switches",
    [
        Switches(replay_level="control"),
        Switches(replay_errorno="BL01001973"),
        Switches(replay_level="control", replay_errorno="XL03000003"),
        Switches(abort_shape="culprit_failed", read_row_tag="lower", missing_read="error"),
        Switches(apply_key="application"),
        Switches(payment_currency_required=True),
    ],
    ids=str,
)
def test_a_replay_is_recognised_however_it_is_told(switches: Switches) -> None:
    with Books(switches) as books:
        desk = Desk(books.ledger())
        documents = (customer(), invoice(), payment(7_000), adjustment(-5_000), application(5_000))
        desk.post(*documents)
        for document in documents:
            again = desk.submit(document)
            assert isinstance(again, AlreadyThere)
            assert again.by_control_id
        given = [desk.submission(each) for each in (invoice(), journal_entry())]
        outcomes = desk.ledger.submit(given)
        assert [type(outcomes[each.control_id]) for each in given] == [AlreadyThere, Accepted]
        assert_balanced(books)


def test_a_gateway_that_takes_fewer_functions_than_we_send_gets_them_in_parts() -> None:
    with Books(Switches(functions_per_request_max=3)) as books:
        desk = Desk(books.ledger())
        desk.post(customer())
        given = [desk.submission(journal_entry(reference=f"re_{n}")) for n in range(10)]
        outcomes = desk.ledger.submit(given)
        assert all(isinstance(each, Accepted) for each in outcomes.values())


# --- Signing in -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "switches", [Switches(), Switches(sign_in_failure="http_401")], ids=["auth", "401"]
)
def test_a_wrong_password_is_one_fault_and_one_try(switches: Switches) -> None:
    with Books(switches) as books:
        books.change_user_password()
        for _ in range(5):
            with pytest.raises(ConfigurationFault) as fault:
                Desk(books.ledger()).submit(customer())
            assert fault.value.reason is Reason.INTACCT_SIGN_IN
        assert len(books.gateway.requests) == 1


@pytest.mark.parametrize(
    "switches", [Switches(), Switches(unknown_company="gw_0011")], ids=["invalid", "GW-0011"]
)
def test_a_wrong_company_is_a_fault(switches: Switches) -> None:
    with Books(switches) as books:
        stranger = dataclasses.replace(CREDENTIALS, company_id="another")
        with pytest.raises(ConfigurationFault) as fault:
            Desk(books.ledger(stranger)).submit(customer())
        assert fault.value.reason is Reason.INTACCT_SIGN_IN


def test_a_sender_that_loses_its_authorisation_is_a_fault(books: Books, desk: Desk) -> None:
    sender = books.company.senders[CREDENTIALS.sender_id]
    unauthorised = dataclasses.replace(sender, authorized=False)
    books.company.senders.put(sender.sender_id, unauthorised)
    with pytest.raises(ConfigurationFault) as fault:
        desk.submit(invoice())
    assert fault.value.reason is Reason.INTACCT_SENDER
    sent = len(books.gateway.requests)
    with pytest.raises(ConfigurationFault):
        desk.submit(invoice())
    assert len(books.gateway.requests) == sent


def test_an_entity_is_signed_in_to_and_an_unknown_one_is_a_fault() -> None:
    with Books(multi_entity=True) as books:
        branch = dataclasses.replace(CREDENTIALS, entity_id="200")
        Desk(books.ledger(branch)).post(customer())
        assert books.company.customers[CUSTOMER_ID].entity_id == "200"
    with Books(multi_entity=True) as books:
        nowhere = dataclasses.replace(CREDENTIALS, entity_id="888")
        with pytest.raises(ConfigurationFault):
            Desk(books.ledger(nowhere)).submit(customer())


def test_many_workers_share_one_sign_in(books: Books) -> None:
    for number in range(4):
        Desk(books.ledger()).post(journal_entry_alone(number))
    assert books.gateway.counters.sessions_started == 1


def journal_entry_alone(number: int) -> Document:
    entry = journal_entry(reference=f"re_{number}")
    lines = tuple(dataclasses.replace(each, customer_id=None) for each in entry.lines)
    return dataclasses.replace(entry, lines=lines)


def test_an_unreachable_gateway_executes_nothing() -> None:
    books = Books()
    with books:
        ledger = books.ledger()
    with pytest.raises(TransientFault):
        Desk(ledger).submit(customer())
