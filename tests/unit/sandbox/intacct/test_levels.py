"""Goal: failures appear at the level, with the status and in the shape that the gateway uses.

Method: one broken envelope, credential or session at a time; the reply's structure is compared
with the dossier's (control, authentication, result; short control blocks; white space).
"""

from dataclasses import replace
from typing import Literal

import pytest
from lxml import etree

from tests.sandbox.intacct import USER_ID, Gateway, Switches, sample_company
from tests.sandbox.intacct.books.master import Sender, User
from tests.unit.sandbox.intacct.support import (
    LOGIN,
    Client,
    SettableClock,
    by_session,
    customer,
    invoice,
    line,
    make_client,
    request,
)

GET_SESSION = "<getAPISession/>"


@pytest.fixture
def client() -> Client:
    return make_client()


def session(client: Client, function: str = GET_SESSION, authentication: str = LOGIN) -> str:
    reply = client.send(request(function, authentication=authentication))
    assert reply.results[0].status == "success", reply.texts
    return reply.results[0].data.findtext("api/sessionid") or ""


@pytest.mark.parametrize("body", [b"", b"<request>", b"not xml", b"<a>\xff</a>", b"<a>\x01</a>"])
def test_what_is_not_xml_fails_at_control_level_with_an_empty_control_block(
    client: Client, body: bytes
) -> None:
    reply = client.send(body)
    assert reply.http.status == 200
    assert reply.errornos == ["XL03000003"]
    assert "Fatal Error" in reply.texts
    assert reply.root.findtext("control/senderid") == ""
    assert reply.root.find("operation") is None


def test_entities_are_not_expanded(client: Client) -> None:
    bomb = b'<!DOCTYPE r [<!ENTITY a "aaaa">]><request>&a;</request>'
    assert client.send(bomb).errornos == ["XL03000003"]


@pytest.mark.parametrize(
    ("sender", "password"), [("nobody", "sender-secret"), ("tieout-sender", "SENDER-SECRET")]
)
def test_a_wrong_sender_fails_at_control_level(client: Client, sender: str, password: str) -> None:
    reply = client.send(request(GET_SESSION, sender_id=sender, sender_password=password))
    assert reply.control_status == "failure"
    assert reply.errornos == ["XL03000006"]
    assert reply.root.findtext("control/senderid") == sender


def test_a_policy_is_refused(client: Client) -> None:
    reply = client.send(request(GET_SESSION, options="<policyid>async</policyid>"))
    assert "async is not a valid transport policy" in reply.texts


def test_a_wrong_password_fails_at_authentication_level(client: Client) -> None:
    login = LOGIN.replace("user-secret", "wrong")
    reply = client.send(request(invoice("A"), authentication=login))
    assert (reply.control_status, reply.authentication_status) == ("success", "failure")
    assert reply.errornos == ["XL03000006"]
    assert reply.results == []
    assert reply.root.find("operation/authentication/sessiontimeout") is None


def test_a_wrong_password_may_answer_401_instead() -> None:
    client = make_client(Switches(sign_in_failure="http_401"))
    login = LOGIN.replace("user-secret", "wrong")
    reply = client.send(request(GET_SESSION, authentication=login))
    assert reply.http.status == 401
    assert reply.errornos == ["XMLGW_JPP0002"]
    assert reply.root.findtext("errormessage/error/description") == (
        "Sign-in information is incorrect"
    )


@pytest.mark.parametrize(
    ("switch", "errorno", "children"),
    [("invalid_request", "invalidRequest", 5), ("gw_0011", "GW-0011", 1)],
)
def test_an_unknown_company_is_an_invalid_request(
    switch: Literal["invalid_request", "gw_0011"], errorno: str, children: int
) -> None:
    client = make_client(Switches(unknown_company=switch))
    login = LOGIN.replace("sample-saas", "other")
    reply = client.send(request(GET_SESSION, authentication=login))
    assert (reply.http.status, reply.errornos) == (400, [errorno])
    control = reply.root.find("control")
    assert control is not None
    assert len(control) == children


def test_an_unauthorized_sender_fails_at_authentication_level(client: Client) -> None:
    client.company.senders.put("new", Sender("new", "pw", authorized=False))
    reply = client.send(request(GET_SESSION, sender_id="new", sender_password="pw"))
    assert reply.authentication_status == "failure"
    assert "Invalid Web Services Authorization" in reply.texts


def test_a_session_carries_later_requests_and_slides() -> None:
    clock = SettableClock()
    client = make_client(clock=clock)
    session_id = session(client)
    for _ in range(3):
        clock.advance(minutes=110)
        reply = client.send(request(customer("C1"), authentication=by_session(session_id)))
        assert reply.authentication_status == "success"
    assert reply.root.findtext("operation/authentication/sessiontimestamp") == (
        "2026-11-20T12:00:00+00:00"
    )
    assert reply.root.findtext("operation/authentication/sessiontimeout") == (
        "2026-11-20T19:30:00+00:00"
    )
    clock.advance(minutes=120)
    reply = client.send(request(invoice("A"), authentication=by_session(session_id)))
    assert (reply.authentication_status, reply.errornos) == ("failure", ["XL03000006"])
    assert reply.results == []


def test_the_errorno_of_a_dead_session_is_a_switch() -> None:
    client = make_client(Switches(session_errorno="XL03009999"))
    reply = client.send(request(GET_SESSION, authentication=by_session("unknown")))
    assert reply.errornos == ["XL03009999"]


def test_a_dead_session_may_answer_401_instead() -> None:
    client = make_client(Switches(session_failure="http_401"))
    reply = client.send(request(GET_SESSION, authentication=by_session("unknown")))
    assert (reply.http.status, reply.errornos) == (401, ["XMLGW_JPP0002"])


def test_the_endpoint_is_on_the_host_the_client_used(client: Client) -> None:
    answer = client.gateway.handle(request(GET_SESSION), "books.test:8443", scheme="https")
    endpoint = etree.fromstring(answer.body).findtext("operation/result/data/api/endpoint")
    assert endpoint == "https://books.test:8443/ia/xml/xmlgw.phtml"


def test_get_api_session_travels_alone(client: Client) -> None:
    reply = client.send(request(GET_SESSION, invoice("A")))
    assert [each.status for each in reply.results] == ["failure", "success"]
    assert reply.results[0].errornos == ["Get API Session Failed"]


class TestEntities:
    """Sessions of an entity in a multi-entity company."""

    @pytest.fixture
    def client(self) -> Client:
        return make_client(multi_entity=True)

    def locate(self, entity: str) -> str:
        return f"<getAPISession><locationid>{entity}</locationid></getAPISession>"

    def test_a_session_of_an_entity_defaults_its_location(self, client: Client) -> None:
        session_id = session(client, self.locate("100"))
        reply = client.send(request(invoice("A"), authentication=by_session(session_id)))
        assert reply.root.findtext("operation/authentication/locationid") == "100"
        assert reply.results[0].status == "success"
        row = client.row("ARINVOICE", reply.results[0].key)
        assert row["MEGAENTITYID"] == "100"

    def test_an_entity_sees_its_own_and_shared_records_only(self, client: Client) -> None:
        first = by_session(session(client, self.locate("100")))
        second = by_session(session(client, self.locate("200")))
        client.send(request(invoice("A"), authentication=first))
        query = "<query><object>{}</object><select><field>RECORDNO</field></select></query>"
        seen = {
            name: len(
                client.send(request(query.format(name), authentication=second)).results[0].rows
            )
            for name in ("ARINVOICE", "CUSTOMER")
        }
        assert seen == {"ARINVOICE": 0, "CUSTOMER": 1}

    def test_a_foreign_location_is_refused_in_an_entity(self, client: Client) -> None:
        authentication = by_session(session(client, self.locate("100")))
        function = invoice("A", line("1", more="<locationid>200</locationid>"))
        reply = client.send(request(function, authentication=authentication))
        assert "Invalid Location '200'" in reply.results[0].texts

    def test_a_session_can_open_one_for_another_entity(self, client: Client) -> None:
        first = by_session(session(client, self.locate("100")))
        second = by_session(session(client, self.locate("200"), first))
        same = client.send(request(GET_SESSION, authentication=second)).results[0]
        assert same.data.findtext("api/locationid") == "200"
        top = client.send(
            request("<getAPISession><locationid/></getAPISession>", authentication=second)
        ).results[0]
        assert top.data.findtext("api/locationid") == ""

    def test_unknown_and_forbidden_entities(self, client: Client) -> None:
        assert client.call(self.locate("110")).errornos == ["Get API Session Failed"]
        login = LOGIN.replace("</login>", "<locationid>999</locationid></login>")
        assert client.send(request(GET_SESSION, authentication=login)).errornos == ["XL03000006"]
        users = client.company.users
        users.put(USER_ID, replace(users[USER_ID], entity_id="200"))
        assert client.call(self.locate("100")).errornos == ["Get API Session Failed"]
        assert client.call(GET_SESSION).data.findtext("api/locationid") == "200"


def test_a_missing_permission_names_operation_and_object(client: Client) -> None:
    users = client.company.users
    users.put(USER_ID, User(USER_ID, "user-secret", frozenset({"ARINVOICE", "CUSTOMER"})))
    result = client.refused(invoice("A"))
    assert result.errornos == ["PL04000005"]
    assert "CREATE on objects of type ARINVOICE" in result.texts
    read = "<readByQuery><object>CUSTOMER</object><query/></readByQuery>"
    assert "READ_BY_QUERY on objects of type CUSTOMER" in client.refused(read).texts
    assert client.refused(customer("C9")).errornos == ["PL04000005"]


def test_white_space_and_error_ids_follow_the_control_block(client: Client) -> None:
    bare = client.send(request(customer("C1")))
    assert b"\n  " not in bare.http.body
    assert bare.root.find(".//additionalinfo") is None
    rich = client.send(
        request(
            customer("C1"),
            options="<showadditionalerrorinfo>true</showadditionalerrorinfo>",
        )
    )
    assert b"\n  " in rich.http.body
    assert rich.root.findtext(".//additionalinfo/errorid") == "DOUBLE-BL34000061"
    assert "[Support ID: double~" in rich.results[0].texts


def test_each_function_is_answered_by_its_control_id(client: Client) -> None:
    reply = client.send(request(invoice("A"), customer("C1"), control_ids=("one", "two")))
    found = [
        (each.element.findtext("controlid"), each.element.findtext("function"), each.status)
        for each in reply.results
    ]
    assert found == [("one", "create_invoice", "success"), ("two", "create", "failure")]


@pytest.mark.parametrize(
    ("switches", "count", "refused"),
    [
        (Switches(functions_per_request_max=2), 2, False),
        (Switches(functions_per_request_max=2), 3, True),
        (Switches(request_bytes_max=100), 1, True),
        (Switches(), 150, False),
    ],
)
def test_limits_of_a_request_are_switches(switches: Switches, count: int, refused: bool) -> None:
    client = Client(Gateway(sample_company(clock=SettableClock(), switches=switches)))
    reply = client.send(request(*(customer(f"C{n}", name=f"N{n}") for n in range(count))))
    assert (reply.control_status == "failure") is refused


def test_secrets_are_not_shown_when_values_are_printed(client: Client) -> None:
    session_id = session(client)
    shown = repr(client.gateway.requests) + repr(list(client.company.users))
    shown += repr(list(client.company.senders))
    for secret in ("sender-secret", "user-secret", session_id):
        assert secret not in shown


def test_cost_is_counted_as_intacct_bills_it(client: Client) -> None:
    start = client.gateway.counters.paid_transactions
    reply = client.send(
        request(
            invoice("A", line("1"), line("2")),
            invoice("A"),
            "<read><object>CUSTOMER</object><keys>1,2,3</keys></read>",
            "<create>"
            + customer("C2", name="B")[8:-9]
            + customer("C3", name="C")[8:-9]
            + "</create>",
        )
    )
    assert [each.status for each in reply.results] == ["success", "failure", "success", "success"]
    counters = client.gateway.counters
    assert counters.paid_transactions - start == 4
    assert (counters.lookups, counters.failed_functions) == (1, 1)
    assert counters.by_function["create_invoice"] == 2
