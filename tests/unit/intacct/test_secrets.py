"""Goal: passwords and session ids reach Intacct and nothing else.

Method: secrets planted in the credentials, the session and the gateway's own texts; every log
record, repr, outcome and exception of good and bad exchanges is searched for them.
"""

import logging
import traceback

import pytest

from tests.fakes import FakeSessions
from tests.support.intacct_documents import invoice, submission
from tests.support.intacct_gateway import (
    CREDENTIALS,
    SENDER_PASSWORD,
    SESSION_ID,
    USER_PASSWORD,
    ScriptedTransport,
    all_accepted,
    errors,
    failure,
    ledger_on,
    operation,
    response,
    signed_in,
)
from tieout.domain.errors import TieoutError
from tieout.intacct.connect import connect
from tieout.intacct.response_xml import Results, parse
from tieout.intacct.transport import HttpReply, RequestsTransport
from tieout.services.ports import Session

SECRETS = (SENDER_PASSWORD, USER_PASSWORD, SESSION_ID)
ECHO = errors(("XL03000006", " ".join(SECRETS)))
GIVEN = submission(invoice())
ANSWERS = {
    "accepted": all_accepted,
    "result": operation([failure(GIVEN.control_id, ECHO)]),
    "session": operation(status="failure", errors=ECHO),
    "sender": response(status="failure", errors=ECHO),
    "schema": response(status="failure", errors=errors(("XL03000003", " ".join(SECRETS)))),
    "web page": HttpReply(502, {}, f"<html>{SECRETS}".encode()),
    "text": f"{SECRETS}".encode(),
    "no result": operation([], errors=ECHO),
    "cut": signed_in()[:-40],
}


def assert_clean(*texts: object) -> None:
    for text in texts:
        assert not [secret for secret in SECRETS if secret in f"{text} {text!r}"]


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_no_outcome_log_or_exception_tells_a_secret(
    answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    transport = ScriptedTransport([answer, answer], sign_ins=[signed_in()] * 2)  # type: ignore[list-item]
    ledger = ledger_on(transport, FakeSessions())
    try:
        outcomes = ledger.submit([GIVEN])
        exchanges = [each.exchange for each in outcomes.values()]
        assert_clean(outcomes, exchanges, ledger.statistics)
    except TieoutError as error:
        assert_clean(error, error.__dict__, "".join(traceback.format_exception(error)))
    assert_clean(caplog.text)
    assert SENDER_PASSWORD.encode() in transport.requests[0], "the secrets were really in play"


def test_a_secret_that_xml_writes_otherwise_is_not_kept_either() -> None:
    answer = operation([failure(GIVEN.control_id, errors(("XL03000006", "pass&amp;word&lt;1")))])
    reply = parse(answer if isinstance(answer, bytes) else answer.body, hide=["pass&word<1"])
    assert isinstance(reply, Results)
    (result,) = reply.by_control_id.values()
    assert "***" in result.xml()
    assert "pass&amp;word" not in result.xml()


def test_no_repr_tells_a_secret() -> None:
    session = Session(SESSION_ID, "https://api.intacct.com/", 0)
    reply = HttpReply(200, {}, signed_in())
    assert_clean(CREDENTIALS, session, reply, parse(reply.body), parse(reply.body[:-9]))


def test_a_real_transport_tells_no_secret_when_it_fails(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    transport = RequestsTransport()
    with pytest.raises(TieoutError) as error:
        transport.post("http://127.0.0.1:1/", " ".join(SECRETS).encode(), 2)
    transport.close()
    assert_clean(error.value, "".join(traceback.format_exception(error.value)), caplog.text)


def test_a_connected_ledger_tells_no_secret_and_sends_nothing_yet() -> None:
    asked: list[int] = []

    def credentials() -> object:
        asked.append(1)
        return CREDENTIALS

    ledger = connect(credentials, "https://x/", 5, FakeSessions(), object(), "USD")  # type: ignore[arg-type]
    assert_clean(ledger, vars(ledger))
    assert asked == []
