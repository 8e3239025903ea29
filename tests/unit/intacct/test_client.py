"""Goal: whatever the gateway answers, each document gets the one outcome that is safe for it.

Method: the ledger over a scripted gateway; every request it sends is validated on the way.
"""

import dataclasses

import pytest

from tests.fakes import FakeClock, FakeSessions
from tests.support.intacct_documents import (
    ADJUSTMENT_KEY,
    INVOICE_KEY,
    RECEIPT_KEY,
    application,
    customer,
    invoice,
    journal_entry,
    payment,
    payment_reversal,
    reversal,
    submission,
)
from tests.support.intacct_gateway import (
    CREDENTIALS,
    EXPIRES_AT_UNIX,
    NOW_UNIX,
    SESSION_ENDPOINT,
    OperatorsSecret,
    ScriptedTransport,
    all_accepted,
    control_ids,
    errors,
    failure,
    ledger_on,
    operation,
    response,
    success,
)
from tieout.domain.errors import (
    ConfigurationFault,
    LeaseHeld,
    OutcomeUnknown,
    Unavailable,
)
from tieout.domain.reasons import Reason
from tieout.intacct import client
from tieout.intacct.session import fingerprint
from tieout.intacct.transport import HttpReply
from tieout.services.ports import (
    Accepted,
    AlreadyThere,
    NotAccepted,
    NotExecuted,
    Outcome,
    Session,
    Submission,
    Unsure,
)

NUMBERS = {INVOICE_KEY: "9", ADJUSTMENT_KEY: "8", RECEIPT_KEY: "7"}
SESSION_REFUSED = operation(
    status="failure", errors=errors(("XL03000006", "Your session is not valid")), expires=""
)
SCHEMA_REFUSED = response(status="failure", errors=errors(("XL03000003", "Error 504")))
SENDER_REFUSED = response(status="failure", errors=errors(("XL03000006", "partner id")))


def entries(count: int) -> list[Submission]:
    return [submission(journal_entry(reference=f"re_{number}")) for number in range(count)]


def outcome(
    answer: object, given: Submission | None = None, *, status: int = 200
) -> tuple[Outcome, ScriptedTransport]:
    """Submit one document, answered by a result, a body or an error, and return its outcome."""
    given = given or submission(invoice())
    if isinstance(answer, str):
        answer = operation([answer.replace("CONTROL-ID", given.control_id)])
    if isinstance(answer, bytes):
        answer = HttpReply(status, {}, answer)
    transport = ScriptedTransport([answer])  # type: ignore[list-item]
    outcomes = ledger_on(transport).submit([given])
    assert list(outcomes) == [given.control_id]
    return outcomes[given.control_id], transport


# --- One document -----------------------------------------------------------------------------


def test_an_outcome_keeps_what_was_said_of_its_own_document_alone() -> None:
    first, second = entries(2)
    refused = failure(first.control_id, errors(("BL01001973", "no such account")))
    answer = operation([success(second.control_id, "<key>2</key>"), refused])
    outcomes = ledger_on(ScriptedTransport([answer])).submit([first, second])
    for each, other in ((first, second), (second, first)):
        said = outcomes[each.control_id].exchange
        assert said is not None
        assert said.request_xml.startswith("<function controlid=")
        assert each.control_id in said.request_xml
        assert said.reply_xml.startswith("<result>")
        assert each.control_id in said.reply_xml
        assert other.control_id not in said.request_xml + said.reply_xml


def test_without_an_answer_there_is_the_request() -> None:
    said, _ = outcome(OutcomeUnknown("no answer"))
    assert isinstance(said, Unsure)
    assert said.exchange is not None
    assert "create_invoice" in said.exchange.request_xml
    assert said.exchange.reply_xml == ""


def test_of_what_was_not_looked_at_nothing_is_kept() -> None:
    said, _ = outcome(Unavailable("no connection"))
    assert isinstance(said, NotExecuted)
    assert said.exchange is None


def test_a_document_is_accepted_under_its_record_number() -> None:
    said, transport = outcome(success("CONTROL-ID", "<key>4711</key>"))
    assert said == Accepted("4711")
    assert transport.endpoints[-1] == SESSION_ENDPOINT


def test_a_generic_create_answers_its_number_in_a_row() -> None:
    row = "<data><arpymt><RECORDNO>30</RECORDNO></arpymt></data>"
    said, _ = outcome(success("CONTROL-ID", row), submission(payment(), NUMBERS))
    assert said == Accepted("30")


def test_booked_without_a_number_is_looked_up_not_sent_again() -> None:
    said, _ = outcome(success("CONTROL-ID", ""))
    assert isinstance(said, AlreadyThere)
    assert said.by_control_id


@pytest.mark.parametrize(
    ("given", "record_no"),
    [
        (submission(reversal(), NUMBERS), "9"),
        (submission(payment_reversal(), NUMBERS), "7"),
        (submission(application(), NUMBERS), "8"),
        (submission(customer(), amend=True, record_no="3"), "3"),
    ],
)
def test_a_change_of_a_known_record_needs_no_number_in_the_reply(
    given: Submission, record_no: str
) -> None:
    said, _ = outcome(success("CONTROL-ID", ""), given)
    assert said == Accepted(record_no)


def test_a_refused_document_says_why() -> None:
    said, _ = outcome(
        failure(
            "CONTROL-ID",
            errors(
                ("BL01001973", "Periods are closed."), ("BL01001973", "Could not create x record")
            ),
        )
    )
    assert isinstance(said, NotAccepted)
    assert (said.reason, said.error_number) == (Reason.PERIOD_CLOSED, "BL01001973")
    assert said.text.startswith("BL01001973 Periods are closed. (support id abc%7E1)")


def test_a_taken_number_is_for_the_look_up_to_judge() -> None:
    said, _ = outcome(failure("CONTROL-ID", errors(("BL03002185", "number exists"))))
    assert isinstance(said, AlreadyThere)
    assert not said.by_control_id


def test_an_amendment_that_needs_a_taken_value_is_refused() -> None:
    """The look-up would find the customer itself and take that for success."""
    given = submission(customer(), amend=True, record_no="3")
    said, _ = outcome(failure("CONTROL-ID", errors(("BL34000061", "Another Contact"))), given)
    assert isinstance(said, NotAccepted)
    assert said.reason is Reason.NUMBER_TAKEN


REPLAY = errors(("??", "A successful transaction has already been recorded with the control id x"))


@pytest.mark.parametrize(
    "answer",
    [failure("CONTROL-ID", REPLAY), response(status="failure", errors=REPLAY)],
    ids=["result level", "control level"],
)
def test_a_replay_is_already_there_at_every_level(answer: object) -> None:
    said, transport = outcome(answer)
    assert isinstance(said, AlreadyThere)
    assert said.by_control_id
    assert len(transport.writes) == 1


RUNNING = errors(("??", "There is a concurrent request in process"))


@pytest.mark.parametrize(
    "answer",
    [
        failure("CONTROL-ID", RUNNING),
        response(status="failure", errors=RUNNING),
        failure("CONTROL-ID", errors(("XL03000009", "rolled back")), status="aborted"),
        failure("CONTROL-ID", errors(("BL01001973", "Currently, we can't create the transaction"))),
        Unavailable("connection refused"),
        b"API rate limit exceeded",
    ],
)
def test_what_was_not_executed_may_be_sent_again(answer: object) -> None:
    said, _ = outcome(answer)
    assert isinstance(said, NotExecuted)


def test_a_throttled_request_says_for_how_long() -> None:
    transport = ScriptedTransport([HttpReply(429, {"retry-after": "12"}, b"")])
    given = entries(3)
    outcomes = ledger_on(transport).submit(given)
    assert set(outcomes) == {each.control_id for each in given}
    assert all(
        isinstance(each, NotExecuted) and each.retry_after_seconds == 12
        for each in outcomes.values()
    )


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (OutcomeUnknown("ReadTimeout"), 0),
        (b"", 500),
        (b"<html>A timeout occurred", 524),
        (b"<html><meta charset=utf-8></html>", 502),
        (b"", 200),
        (operation([success("CONTROL-ID")])[:-30], 200),
        (operation([success("another")]), 200),
        (operation([]), 200),
        (response(status="failure", errors=errors(("GW-0001", "Unable"))), 500),
    ],
)
def test_without_a_clear_answer_nobody_is_sure(answer: object, status: int) -> None:
    said, transport = outcome(answer, status=status)
    assert isinstance(said, Unsure)
    assert len(transport.writes) == 1, "nothing is sent again on its own"


def test_a_document_that_cannot_be_encoded_harms_no_other() -> None:
    transport = ScriptedTransport([all_accepted])
    bad, good = submission(payment()), submission(invoice())
    outcomes = ledger_on(transport).submit([bad, good])
    assert isinstance(outcomes[good.control_id], Accepted)
    refused = outcomes[bad.control_id]
    assert isinstance(refused, NotAccepted)
    assert refused.reason is Reason.WAITS_FOR_PARKED
    assert transport.writes == [[good.control_id]]


def test_with_nothing_to_send_nothing_is_sent() -> None:
    transport = ScriptedTransport()
    assert ledger_on(transport).submit([]) == {}
    assert isinstance(ledger_on(transport).submit([submission(payment())]), dict)
    assert transport.requests == []


# --- Many documents ---------------------------------------------------------------------------


def test_many_documents_travel_in_one_request_and_are_told_apart_by_control_id() -> None:
    given = entries(3)

    def backwards(request: bytes) -> bytes:
        ids = control_ids(request)
        return operation(success(each, f"<key>{ids.index(each)}</key>") for each in reversed(ids))

    transport = ScriptedTransport([backwards])
    outcomes = ledger_on(transport).submit(given)
    assert [outcomes[each.control_id] for each in given] == [Accepted(str(n)) for n in range(3)]
    assert b"<uniqueid>true</uniqueid>" in transport.requests[-1]


def test_requests_are_bounded_in_functions() -> None:
    transport = ScriptedTransport([all_accepted] * 3)
    given = entries(5)
    outcomes = ledger_on(transport, functions_per_request_max=2).submit(given)
    assert [len(each) for each in transport.writes] == [2, 2, 1]
    assert len(outcomes) == 5


def test_requests_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    given = entries(4)
    transport = ScriptedTransport([all_accepted] * 4)
    monkeypatch.setattr(client, "REQUEST_BYTES_MAX", 2_000)
    ledger_on(transport).submit(given)
    assert [len(each) for each in transport.writes] == [2, 2]
    monkeypatch.setattr(client, "REQUEST_BYTES_MAX", 10)
    ledger_on(transport := ScriptedTransport([all_accepted] * 4)).submit(given)
    assert [len(each) for each in transport.writes] == [1, 1, 1, 1]


@pytest.mark.parametrize("count", [1, 2, 7, 50])
def test_of_a_request_refused_for_its_schema_only_the_culprit_is_refused(count: int) -> None:
    given = entries(count)
    culprit = given[count // 3].control_id

    def strict(request: bytes) -> bytes:
        return SCHEMA_REFUSED if culprit in control_ids(request) else all_accepted(request)

    transport = ScriptedTransport([strict] * 20)
    outcomes = dict(ledger_on(transport).submit(given))
    refused = outcomes.pop(culprit)
    assert isinstance(refused, NotAccepted)
    assert refused.reason is Reason.SCHEMA_REFUSED
    assert all(isinstance(each, Accepted) for each in outcomes.values())
    assert len(outcomes) == count - 1
    assert len(transport.writes) <= 1 + 2 * count.bit_length()


def test_a_replay_told_at_control_level_does_not_stop_the_others() -> None:
    given = entries(4)
    replayed = given[0].control_id

    def remembers(request: bytes) -> bytes:
        if replayed in control_ids(request):
            return response(status="failure", errors=REPLAY)
        return all_accepted(request)

    outcomes = dict(ledger_on(ScriptedTransport([remembers] * 10)).submit(given))
    assert isinstance(outcomes.pop(replayed), AlreadyThere)
    assert all(isinstance(each, Accepted) for each in outcomes.values())


# --- Sessions and faults ----------------------------------------------------------------------


def test_a_refused_session_is_replaced_and_the_same_functions_are_sent_again() -> None:
    transport = ScriptedTransport([SESSION_REFUSED, all_accepted])
    given = entries(2)
    outcomes = ledger_on(transport).submit(given)
    assert all(isinstance(each, Accepted) for each in outcomes.values())
    assert transport.writes[0] == transport.writes[1] == [each.control_id for each in given]
    assert transport.sessions_made == 2


def test_a_session_refused_twice_is_a_fault_and_nobody_tries_again_for_a_while() -> None:
    transport = ScriptedTransport([SESSION_REFUSED, SESSION_REFUSED])
    sessions, clock = FakeSessions(), FakeClock(NOW_UNIX)
    ledger = ledger_on(transport, sessions, clock=clock)
    with pytest.raises(ConfigurationFault) as fault:
        ledger.submit(entries(1))
    assert fault.value.reason is Reason.INTACCT_SIGN_IN
    sent = len(transport.requests)
    for again in (ledger, ledger_on(transport, sessions, clock=clock)):
        with pytest.raises(ConfigurationFault):
            again.submit(entries(1))
    assert len(transport.requests) == sent


def test_an_unauthorised_sender_is_a_fault_without_a_second_sign_in() -> None:
    transport = ScriptedTransport([SENDER_REFUSED])
    sessions = FakeSessions()
    with pytest.raises(ConfigurationFault) as fault:
        ledger_on(transport, sessions).submit(entries(2))
    assert fault.value.reason is Reason.INTACCT_SENDER
    assert transport.sessions_made == 1
    held = sessions.held(NOW_UNIX)
    assert held is not None
    assert (held.reason, held.text) == (Reason.INTACCT_SENDER, fault.value.text)
    assert held.credentials_version == CREDENTIALS.version


NEW_SENDER = dataclasses.replace(CREDENTIALS, sender_password="rolled", version="2")


def test_a_sender_that_was_corrected_is_used_at_once_in_the_same_session() -> None:
    transport, secret = ScriptedTransport([SENDER_REFUSED, all_accepted]), OperatorsSecret()
    secret.written = NEW_SENDER
    given = entries(2)
    outcomes = ledger_on(transport, secret=secret).submit(given)
    assert all(isinstance(each, Accepted) for each in outcomes.values())
    assert transport.writes[0] == transport.writes[1] == [each.control_id for each in given]
    assert b"rolled" in transport.requests[-1]
    assert transport.sessions_made == 1


def test_a_corrected_secret_of_another_company_never_writes_in_the_old_session() -> None:
    transport, secret = ScriptedTransport([SENDER_REFUSED, all_accepted]), OperatorsSecret()
    secret.written = dataclasses.replace(NEW_SENDER, company_id="other")
    ledger_on(transport, secret=secret).submit(entries(1))
    assert transport.sessions_made == 2
    assert b"<sessionid>planted-session-id-2</sessionid>" in transport.requests[-1]


def test_a_corrected_sender_that_is_refused_too_is_a_fault() -> None:
    transport, secret = ScriptedTransport([SENDER_REFUSED] * 2), OperatorsSecret()
    sessions = FakeSessions()
    secret.written = NEW_SENDER
    with pytest.raises(ConfigurationFault):
        ledger_on(transport, sessions, secret=secret).submit(entries(1))
    held = sessions.held(NOW_UNIX)
    assert held is not None
    assert held.credentials_version == NEW_SENDER.version


def test_a_fault_of_a_later_request_does_not_hide_what_was_booked() -> None:
    transport = ScriptedTransport([all_accepted, SENDER_REFUSED])
    given = entries(6)
    outcomes = ledger_on(transport, functions_per_request_max=2).submit(given)
    assert [type(outcomes[each.control_id]) for each in given] == [Accepted] * 2 + [NotExecuted] * 4


def test_a_fault_before_anything_was_executed_is_raised() -> None:
    transport = ScriptedTransport([SCHEMA_REFUSED, SENDER_REFUSED])
    with pytest.raises(ConfigurationFault):
        ledger_on(transport).submit(entries(2))


def test_while_another_worker_signs_in_nothing_is_sent() -> None:
    sessions = FakeSessions()
    sessions.lease(NOW_UNIX, 60)
    transport = ScriptedTransport()
    with pytest.raises(LeaseHeld):
        ledger_on(transport, sessions).submit(entries(1))
    assert transport.requests == []


def test_each_reply_moves_the_end_of_the_session() -> None:
    session = Session("s", SESSION_ENDPOINT, NOW_UNIX + 600, fingerprint(CREDENTIALS))
    sessions = FakeSessions(session)
    ledger_on(ScriptedTransport([all_accepted]), sessions).submit(entries(1))
    assert sessions.session == Session(
        "s", SESSION_ENDPOINT, EXPIRES_AT_UNIX, fingerprint(CREDENTIALS)
    )


def test_a_session_is_kept_over_many_submissions() -> None:
    transport = ScriptedTransport([all_accepted] * 3)
    ledger = ledger_on(transport)
    for each in entries(3):
        ledger.submit([each])
    assert transport.sessions_made == 1
    figures = ledger.statistics
    assert (figures.requests, figures.functions, figures.look_ups, figures.sign_ins) == (4, 3, 0, 1)
