"""Goal: scripted faults answer as the edge does, and are honest about what was committed.

Method: each kind is scripted for one create_invoice; afterwards the invoice is there or not, the
answer has the documented form, and the next request is served normally.
"""

import pytest

from tests.sandbox.intacct import Fault, FaultKind, Gateway, HttpReply, Switches, sample_company
from tests.unit.sandbox.intacct.support import (
    Client,
    SettableClock,
    by_session,
    customer,
    invoice,
    make_client,
    request,
)


def answer(client: Client, *faults: Fault) -> HttpReply:
    client.gateway.faults.push(*faults)
    return client.gateway.handle(request(invoice("A")), "intacct.test")


@pytest.mark.parametrize(
    ("kind", "status", "part", "committed"),
    [
        (FaultKind.RATE_LIMITED, 429, b"GW-0010", 0),
        (FaultKind.EDGE_ERROR, 500, b"GW-0001", 0),
        (FaultKind.SERVER_ERROR_BEFORE, 500, b"", 0),
        (FaultKind.SERVER_ERROR_AFTER_COMMIT, 500, b"", 1),
        (FaultKind.BAD_GATEWAY_BEFORE, 502, b"<meta charset=utf-8>", 0),
        (FaultKind.CDN_TIMEOUT_AFTER_COMMIT, 524, b"<html>", 1),
        (FaultKind.CUT_BEFORE, 0, b"", 0),
        (FaultKind.CUT_AFTER_COMMIT, 0, b"", 1),
        (FaultKind.MALFORMED_XML_AFTER_COMMIT, 200, b"</response>", 1),
        (FaultKind.TRUNCATED_AFTER_COMMIT, 200, b"<response>", 1),
        (FaultKind.HTML_200_BEFORE, 200, b"Temporarily Off-line", 0),
        (FaultKind.HTML_200_AFTER_COMMIT, 200, b"Temporarily Off-line", 1),
        (FaultKind.EMPTY_AFTER_COMMIT, 200, b"", 1),
        (FaultKind.PLAIN_TEXT_THROTTLE, 200, b"API rate limit exceeded", 0),
        (FaultKind.CONCURRENT_REQUEST, 200, b"concurrent request in process", 0),
        (FaultKind.TRANSIENT_REFUSAL, 200, b"we can't create the transaction", 0),
        (FaultKind.LATE_ANSWER, 200, b"<key>", 1),
        (FaultKind.LATE_COMMIT, 200, b"<key>", 1),
    ],
)
def test_each_kind(kind: FaultKind, status: int, part: bytes, committed: int) -> None:
    client = make_client()
    reply = answer(client, Fault(kind))
    assert reply.status == status
    assert part in reply.body.replace(b"&#39;", b"'")
    assert reply.cut is (kind in {FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER_COMMIT})
    assert len(client.company.documents) == committed
    assert client.gateway.requests[-1].fault is kind
    assert client.call(invoice("B")).status == "success"


def test_every_kind_is_tried_here() -> None:
    cases = test_each_kind.pytestmark[0].args[1]  # type: ignore[attr-defined]
    tried = {case[0] for case in cases} | {FaultKind.SESSION_EXPIRED}
    assert tried == set(FaultKind)


def test_edge_errors_have_the_short_control_block() -> None:
    client = make_client()
    client.gateway.faults.push(Fault(FaultKind.RATE_LIMITED))
    reply = client.send(request(invoice("A")))
    control = reply.root.find("control")
    assert control is not None
    assert [child.tag for child in control] == ["status"]


def test_an_expired_session_fails_at_authentication_level_until_signed_in_again() -> None:
    client = make_client()
    session_id = client.call("<getAPISession/>").data.findtext("api/sessionid") or ""
    body = request(invoice("A"), authentication=by_session(session_id))
    client.gateway.faults.push(Fault(FaultKind.SESSION_EXPIRED))
    for _ in range(2):
        assert client.send(body).authentication_status == "failure"
    assert len(client.company.documents) == 0


def test_a_fault_can_wait_for_its_function_and_its_turn() -> None:
    client = make_client()
    client.gateway.faults.push(
        Fault(FaultKind.RATE_LIMITED, times=2, function="create_invoice", after=1)
    )
    statuses = []
    for number in range(4):
        client.call("<read><object>CUSTOMER</object><keys>1</keys></read>")
        body = request(invoice(f"I{number}"))
        statuses.append(client.gateway.handle(body, "intacct.test").status)
    assert statuses == [200, 429, 429, 200]
    assert client.gateway.faults.pending == ()


def test_the_double_waits_as_long_as_the_fault_says() -> None:
    waits: list[float] = []
    gateway = Gateway(sample_company(clock=SettableClock()), sleep=waits.append)
    gateway.faults.push(Fault(FaultKind.LATE_ANSWER, seconds=2.5))
    Client(gateway).do(customer("C1"))
    assert waits == [2.5]


def test_too_many_requests_at_once_are_throttled() -> None:
    company = sample_company(switches=Switches(concurrent_requests_max=1))
    inner: list[int] = []

    def meanwhile(_: float) -> None:
        inner.append(gateway.handle(request(customer("C2", name="B")), "intacct.test").status)

    gateway = Gateway(company, sleep=meanwhile)
    gateway.faults.push(Fault(FaultKind.LATE_ANSWER, seconds=1))
    assert gateway.handle(request(customer("C1")), "intacct.test").status == 200
    assert inner == [429]
    assert "C2" not in company.customers
