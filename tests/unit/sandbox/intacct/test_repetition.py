"""Goal: uniqueid and transaction="true" protect the books as Intacct documents it.

Method: the same function is sent again in every way; each unknown of the dossier's section 4 is a
switch and is tried on both sides.
"""

import threading
from dataclasses import replace

import pytest

from tests.sandbox.intacct import Fault, FaultKind, Gateway, Switches, sample_company
from tests.sandbox.intacct.books.master import Sender
from tests.sandbox.intacct.switches import FICTIONAL_REPLAY_ERRORNO
from tests.unit.sandbox.intacct.support import (
    LOGIN,
    Client,
    Reply,
    SettableClock,
    customer,
    invoice,
    make_client,
    request,
)

REPLAY_TEXT = "A successful transaction has already been recorded with the control id"


def send(client: Client, *functions: str, ids: tuple[str, ...], unique: str = "true") -> Reply:
    return client.send(request(*functions, control_ids=ids, unique_id=unique))


@pytest.mark.parametrize("unique", ["true", ""])
def test_a_replay_is_an_error_without_the_first_key(unique: str) -> None:
    client = make_client()
    first = send(client, invoice("A"), ids=("w1",), unique=unique).results[0]
    assert first.status == "success"
    second = send(client, invoice("A"), ids=("w1",), unique=unique).results[0]
    assert second.status == "failure"
    assert second.errornos == [FICTIONAL_REPLAY_ERRORNO]
    assert f"{REPLAY_TEXT} w1" in second.texts
    assert second.key == ""
    assert client.gateway.counters.replays == 1
    assert len(client.company.documents) == 1


def test_without_uniqueid_only_the_number_protects() -> None:
    client = make_client()
    send(client, invoice("A"), ids=("w1",), unique="false")
    second = send(client, invoice("A"), ids=("w1",), unique="false").results[0]
    assert second.errornos == ["BL03002185"]
    assert send(client, invoice("B"), ids=("w1",), unique="false").results[0].status == "success"


def test_the_id_counts_not_the_content() -> None:
    client = make_client()
    send(client, invoice("A"), ids=("w1",))
    assert REPLAY_TEXT in send(client, invoice("B"), ids=("w1",)).results[0].texts


def test_a_failed_function_is_not_remembered() -> None:
    client = make_client()
    assert send(client, invoice("A", customer_id="NO"), ids=("w1",)).results[0].status == "failure"
    assert send(client, invoice("A"), ids=("w1",)).results[0].status == "success"


def test_the_errorno_is_a_switch() -> None:
    client = make_client(Switches(replay_errorno="BL01234567"))
    send(client, invoice("A"), ids=("w1",))
    assert send(client, invoice("A"), ids=("w1",)).results[0].errornos == ["BL01234567"]


def test_replays_may_be_reported_at_control_level() -> None:
    client = make_client(Switches(replay_level="control"))
    send(client, invoice("A"), ids=("w1",))
    reply = send(client, invoice("B"), invoice("A"), ids=("w2", "w1"))
    assert (reply.control_status, reply.errornos) == ("failure", [FICTIONAL_REPLAY_ERRORNO])
    assert len(client.company.documents) == 1


@pytest.mark.parametrize(("seconds", "status"), [(3600, "success"), (None, "failure")])
def test_retention_is_a_switch(seconds: int | None, status: str) -> None:
    clock = SettableClock()
    client = make_client(Switches(replay_retention_seconds=seconds), clock=clock)
    send(client, invoice("A"), ids=("w1",))
    clock.advance(minutes=59)
    assert send(client, invoice("B"), ids=("w1",)).results[0].status == "failure"
    clock.advance(minutes=1)
    assert send(client, invoice("B"), ids=("w1",)).results[0].status == status


@pytest.mark.parametrize(("sensitive", "status"), [(True, "success"), (False, "failure")])
def test_case_is_a_switch(sensitive: bool, status: str) -> None:
    client = make_client(Switches(replay_case_sensitive=sensitive))
    send(client, invoice("A"), ids=("w1",))
    assert send(client, invoice("B"), ids=("W1",)).results[0].status == status


@pytest.mark.parametrize(("switches", "status"), [
    (Switches(replay_scope="sender"), "success"),
    (Switches(replay_scope="company"), "failure"),
])  # fmt: skip
def test_scope_is_a_switch(switches: Switches, status: str) -> None:
    client = make_client(switches)
    client.company.senders.put("other", Sender("other", "pw"))
    send(client, invoice("A"), ids=("w1",))
    reply = client.send(
        request(
            invoice("B"),
            control_ids=("w1",),
            unique_id="true",
            sender_id="other",
            sender_password="pw",
        )
    )
    assert reply.results[0].status == status


@pytest.mark.parametrize(("switches", "status"), [
    (Switches(replay_scope="entity"), "success"),
    (Switches(replay_scope="sender"), "failure"),
])  # fmt: skip
def test_the_scope_may_be_the_entity(switches: Switches, status: str) -> None:
    client = make_client(switches, multi_entity=True)
    statuses = []
    for entity, number in (("100", "A"), ("200", "B")):
        login = LOGIN.replace("</login>", f"<locationid>{entity}</locationid></login>")
        reply = client.send(
            request(invoice(number), control_ids=("w1",), unique_id="true", authentication=login)
        )
        statuses.append(reply.results[0].status)
    assert statuses == ["success", status]


@pytest.mark.parametrize(("remember", "status"), [(True, "failure"), (False, "success")])
def test_reads_are_remembered_or_not_by_switch(remember: bool, status: str) -> None:
    client = make_client(Switches(remember_reads=remember))
    read = "<read><object>CUSTOMER</object><keys>1</keys></read>"
    send(client, read, ids=("r1",))
    assert send(client, read, ids=("r1",)).results[0].status == status


def test_a_duplicate_in_one_request_is_a_replay_of_the_first() -> None:
    client = make_client()
    reply = send(client, invoice("A"), invoice("B"), ids=("w1", "w1"))
    assert [each.status for each in reply.results] == ["success", "failure"]


@pytest.mark.parametrize(
    ("rule", "statuses"),
    [("refuse", ["aborted", "aborted"]), ("accept", ["success", "success"])],
)
def test_a_duplicate_in_one_transaction_is_a_switch(rule: str, statuses: list[str]) -> None:
    client = make_client(Switches(replay_within_request="accept" if rule == "accept" else "refuse"))
    body = request(
        invoice("A"),
        invoice("B"),
        control_ids=("w1", "w1"),
        unique_id="true",
        transaction=True,
    )
    assert [each.status for each in client.send(body).results] == statuses


@pytest.mark.parametrize(
    ("switches", "text"),
    [
        (Switches(), "concurrent request in process"),
        (Switches(in_progress_errorno="BL00000042"), "concurrent request in process"),
        (Switches(in_progress_refused=False), REPLAY_TEXT),
    ],
)
def test_a_duplicate_that_arrives_while_the_first_runs(switches: Switches, text: str) -> None:
    entered, leave = threading.Event(), threading.Event()

    def wait(_: float) -> None:
        entered.set()
        assert leave.wait(timeout=60)

    gateway = Gateway(sample_company(switches=switches), sleep=wait)
    client = Client(gateway)
    client.do(customer("C1"))
    gateway.faults.push(Fault(FaultKind.LATE_ANSWER, seconds=1))
    body = request(invoice("A"), control_ids=("w1",), unique_id="true")
    first = threading.Thread(target=client.send, args=(body,))
    first.start()
    assert entered.wait(timeout=60)
    result = client.send(body).results[0]
    leave.set()
    first.join()
    assert text in result.texts
    if switches.in_progress_refused:
        assert result.errornos == [switches.in_progress_errorno]
    assert REPLAY_TEXT in client.send(body).results[0].texts


def test_a_scripted_concurrent_request_runs_nothing() -> None:
    client = make_client()
    client.gateway.faults.push(Fault(FaultKind.CONCURRENT_REQUEST))
    first = send(client, invoice("A"), ids=("w1",)).results[0]
    assert "concurrent request in process" in first.texts
    assert send(client, invoice("A"), ids=("w1",)).results[0].status == "success"


def transaction(client: Client, *functions: str, unique: str = "true") -> Reply:
    ids = tuple(f"t{number}" for number in range(len(functions)))
    return client.send(request(*functions, control_ids=ids, unique_id=unique, transaction=True))


def test_without_a_transaction_the_others_stand() -> None:
    client = make_client()
    reply = client.send(request(invoice("A"), invoice("A"), invoice("B")))
    assert [each.status for each in reply.results] == ["success", "failure", "success"]
    assert len(client.company.documents) == 2


def test_a_transaction_rolls_back_every_table() -> None:
    client = make_client()
    reply = transaction(client, customer("C2", name="B"), invoice("A"), invoice("A"), invoice("B"))
    assert [each.status for each in reply.results] == ["aborted"] * 4
    assert len(client.company.documents) == 0
    assert len(client.company.entries) == 0
    assert "C2" not in client.company.customers
    assert reply.results[2].errornos == ["BL03002185", "XL03000009"]
    assert reply.results[0].errornos == reply.results[3].errornos == ["XL03000009"]
    again = transaction(client, customer("C2", name="B"), invoice("A"))
    assert [each.status for each in again.results] == ["success", "success"]


def test_the_older_shape_marks_the_culprit_as_failure() -> None:
    client = make_client(Switches(abort_shape="culprit_failed"))
    reply = transaction(client, invoice("A"), invoice("A"))
    assert [each.status for each in reply.results] == ["aborted", "failure"]
    assert reply.results[1].errornos == ["BL03002185"]


def test_a_rolled_back_operation_costs_nothing() -> None:
    client = make_client()
    before = replace(client.gateway.counters)
    transaction(client, invoice("A"), invoice("A"))
    assert client.gateway.counters.paid_transactions == before.paid_transactions
