"""Goal: the envelope is what the gateway's schema wants, and says who asks without saying it twice.

Method: encode requests and look at the elements; the golden files show whole documents.
"""

import dataclasses
import re

from lxml import etree

from tests.support import intacct_schema
from tests.support.intacct_documents import customer, submission
from tests.support.intacct_gateway import CREDENTIALS
from tieout.intacct.document_xml import CompanyCurrencies, document_function
from tieout.intacct.request_xml import Function, session_request, sign_in_request

FUNCTION = document_function(submission(customer()), CompanyCurrencies("usd"))


def control_of(request: bytes) -> list[tuple[str, str | None]]:
    root = etree.fromstring(request)
    return [(str(each.tag), each.text) for each in root.iterfind("control/*")]


def test_the_control_block_is_in_the_order_of_the_schema() -> None:
    request = session_request(CREDENTIALS, "s-1", [FUNCTION], unique_id=True)
    assert [name for name, _ in control_of(request)] == [
        "senderid",
        "password",
        "controlid",
        "uniqueid",
        "dtdversion",
        "includewhitespace",
        "showadditionalerrorinfo",
    ]


def test_both_kinds_of_request_are_valid() -> None:
    intacct_schema.assert_valid(session_request(CREDENTIALS, "s-1", [FUNCTION], unique_id=True))
    intacct_schema.assert_valid(sign_in_request(CREDENTIALS))


def test_only_writes_ask_intacct_to_remember_their_control_ids() -> None:
    for unique_id, text in ((True, "true"), (False, "false")):
        request = session_request(CREDENTIALS, "s-1", [FUNCTION], unique_id=unique_id)
        assert ("uniqueid", text) in control_of(request)


def test_the_request_s_own_control_id_depends_on_the_functions_alone() -> None:
    def control_id(credentials: object, session_id: str, functions: list[Function]) -> str | None:
        request = session_request(credentials, session_id, functions, unique_id=True)  # type: ignore[arg-type]
        return dict(control_of(request))["controlid"]

    other_password = dataclasses.replace(CREDENTIALS, sender_password="another")
    other_function = document_function(
        submission(customer("Bob"), revision=1), CompanyCurrencies("usd")
    )
    here = control_id(CREDENTIALS, "s-1", [FUNCTION])
    assert here is not None
    assert re.fullmatch(r"tieout-[0-9a-f]{32}", here)
    assert here == control_id(other_password, "s-2", [FUNCTION])
    assert here != control_id(CREDENTIALS, "s-1", [other_function])


def test_functions_are_executed_each_for_itself() -> None:
    root = etree.fromstring(session_request(CREDENTIALS, "s-1", [FUNCTION], unique_id=True))
    assert root.find("operation").get("transaction") == "false"  # type: ignore[union-attr]


def test_signing_in_to_an_entity_names_it_in_the_login_and_in_the_function() -> None:
    entity = dataclasses.replace(CREDENTIALS, entity_id="200")
    root = etree.fromstring(sign_in_request(entity))
    assert root.findtext("operation/authentication/login/locationid") == "200"
    assert root.findtext("operation/content/function/getAPISession/locationid") == "200"
    intacct_schema.assert_valid(sign_in_request(entity))


def test_signing_in_to_the_top_level_names_no_entity() -> None:
    assert b"locationid" not in sign_in_request(CREDENTIALS)


def test_a_password_with_markup_in_it_arrives_as_it_is() -> None:
    odd = dataclasses.replace(CREDENTIALS, user_password="<a>&'\"]]>")
    root = etree.fromstring(sign_in_request(odd))
    assert root.findtext("operation/authentication/login/password") == "<a>&'\"]]>"
