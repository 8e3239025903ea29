"""Goal: every reply shape the gateway is known for is read, and none that it is not raises.

Method: replies written out here, in the shapes of the reference; and broken ones.
"""

import pytest

from tests.support.intacct_gateway import (
    EXPIRES_AT_UNIX,
    SESSION_ID,
    all_accepted,
    errors,
    failure,
    operation,
    response,
    rows,
    signed_in,
    success,
)
from tieout.intacct.response_xml import (
    TAGS_MAX,
    AuthenticationFailure,
    ControlFailure,
    Results,
    Unreadable,
    parse,
)


def results(body: bytes) -> Results:
    parsed = parse(body)
    assert isinstance(parsed, Results)
    return parsed


def test_results_are_found_by_control_id_whatever_their_order() -> None:
    parsed = results(operation([success("b", "<key>2</key>"), success("a", "<key>1</key>")]))
    assert parsed.by_control_id["a"].record_no == "1"
    assert parsed.by_control_id["b"].record_no == "2"


def test_the_end_of_the_session_is_read_with_its_offset() -> None:
    assert results(operation([success("a")])).session_expires_at_unix == EXPIRES_AT_UNIX
    west = operation([success("a")], expires="2026-11-19T21:00:00-07:00")
    assert results(west).session_expires_at_unix == EXPIRES_AT_UNIX


@pytest.mark.parametrize("expires", ["", "soon", "2026-11-20T04:00:00"])
def test_an_end_of_the_session_without_a_zone_is_not_guessed(expires: str) -> None:
    assert results(operation([success("a")], expires=expires)).session_expires_at_unix is None


@pytest.mark.parametrize("tag", ["customer", "CUSTOMER", "Customer"])
def test_a_generic_create_answers_a_row_whatever_the_case_of_its_tags(tag: str) -> None:
    payload = (
        f'<data listtype="objects" count="1"><{tag}><recordno>12</recordno>'
        f"<CustomerId>C1</CustomerId></{tag}></data>"
    )
    result = results(operation([success("a", payload)])).by_control_id["a"]
    assert result.record_no == "12"
    assert result.rows == ({"RECORDNO": "12", "CUSTOMERID": "C1"},)


def test_nested_and_dotted_fields_have_the_same_names() -> None:
    nested = (
        "<data><customer><DISPLAYCONTACT><EMAIL1>a@b.c</EMAIL1></DISPLAYCONTACT></customer></data>"
    )
    dotted = (
        "<data><customer><DISPLAYCONTACT.EMAIL1>a@b.c</DISPLAYCONTACT.EMAIL1></customer></data>"
    )
    for payload in (nested, dotted):
        result = results(operation([success("a", payload)])).by_control_id["a"]
        assert result.rows == ({"DISPLAYCONTACT.EMAIL1": "a@b.c"},)


def test_no_rows_is_a_success_without_rows() -> None:
    result = results(operation([success("a", rows())])).by_control_id["a"]
    assert (result.status, result.rows, result.record_no) == ("success", (), None)


def test_a_failed_function_has_its_errors_without_the_support_id() -> None:
    said = errors(("BL03000018", "The e-mail is illegal"), ("BL01001973", "Could not create"))
    result = results(operation([failure("a", said)])).by_control_id["a"]
    assert [each.number for each in result.errors] == ["BL03000018", "BL01001973"]
    assert result.errors[0].text == "The e-mail is illegal"
    assert result.errors[0].support_id == "abc%7E1"
    assert str(result.errors[0]) == "BL03000018 The e-mail is illegal (support id abc%7E1)"


def test_description_both_ways_round_and_correction_are_joined() -> None:
    said = (
        "<errormessage><error><errorno>X</errorno><description>First.</description>"
        "<description2>Second.</description2><correction>Do\n this.</correction>"
        "<additionalinfo><errorid>GL-0493</errorid><description><messageid>IA.DUPLICATE"
        "</messageid></description></additionalinfo></error></errormessage>"
    )
    error = results(operation([failure("a", said)])).by_control_id["a"].errors[0]
    assert error.text == "First. Second. Do this."
    assert error.ids == ("GL-0493", "IA.DUPLICATE")


def test_a_control_failure_executes_nothing() -> None:
    parsed = parse(response(status="failure", errors=errors(("XL03000003", "Error 504"))))
    assert isinstance(parsed, ControlFailure)
    assert parsed.errors[0].number == "XL03000003"


def test_the_short_control_block_of_the_edge_is_enough() -> None:
    body = (
        "<response><control><status>failure</status></control>"
        f"{errors(('GW-0010', 'API rate limit exceeded'))}</response>"
    )
    parsed = parse(body.encode())
    assert isinstance(parsed, ControlFailure)
    assert parsed.errors[0].number == "GW-0010"


def test_an_authentication_failure_executes_nothing() -> None:
    said = errors(("XL03000006", "Sign-in information is incorrect"))
    parsed = parse(operation(status="failure", errors=said, expires=""))
    assert isinstance(parsed, AuthenticationFailure)
    assert parsed.errors[0].text == "Sign-in information is incorrect"


UNREADABLE = {
    b"": "empty",
    b"  \n": "empty",
    b"API rate limit exceeded": "not XML",
    b"\x00\xff\xfe": "not XML",
    b"<!DOCTYPE html><html><head><meta charset=utf-8></html>": "web page",
    b"<HTML><body>": "web page",
    b"<html><body/></html>": "not a response",
    all_accepted(b"<request/>")[:40]: "not well-formed",
    response() + b"<response/>": "not well-formed",
    b"<response/>": "no control block",
    b"<response><control><status>success</status></control></response>": "no operation",
    b"<!DOCTYPE response [<!ENTITY e 'x'>]><response>&e;</response>": "document type",
    b'<?xml version="1.0" encoding="no-such-code"?><response/>': "no control block",
    b"<!-- <response> --><!DOCTYPE r><response/>": "document type",
    "<response/>".encode("utf-16"): "not XML",
    b"<response>" + b"<a/>" * TAGS_MAX + b"</response>": "tags or attributes",
    b"<response " + b"a='' " * TAGS_MAX + b" b=''/>": "tags or attributes",
    operation([]): "no result",
    operation([success("a"), success("a")]): "same control id",
    operation([success("a")], status="failure"): "failed and yet",
    response("<operation/>", status="failure"): "failed and yet",
}


@pytest.mark.parametrize("body", list(UNREADABLE), ids=range(len(UNREADABLE)))
def test_what_cannot_be_trusted_is_unreadable(body: bytes) -> None:
    parsed = parse(body)
    assert isinstance(parsed, Unreadable)
    assert UNREADABLE[body] in parsed.reason


def test_every_prefix_of_a_reply_is_read_or_unreadable() -> None:
    whole = signed_in()
    for length in range(len(whole)):
        parsed = parse(whole[:length])
        assert isinstance(parsed, Unreadable)
    assert isinstance(parse(whole), Results)


def test_comments_and_namespaces_do_not_disturb() -> None:
    body = operation([success("a")]).replace(b"<response>", b"<response xmlns='urn:x'><!-- c -->")
    assert results(body).by_control_id["a"].record_no == "77"


def test_secrets_that_the_gateway_echoes_do_not_come_through() -> None:
    said = errors(("hunter22", "password hunter22 of user is wrong"))
    parsed = parse(operation(status="failure", errors=said), hide=("hunter22", ""))
    assert isinstance(parsed, AuthenticationFailure)
    assert "hunter22" not in str(parsed)
    assert parsed.errors[0].text == "password *** of user is wrong"


def test_a_session_id_is_in_no_repr() -> None:
    assert SESSION_ID not in repr(parse(signed_in()))


def test_a_result_without_anything_is_still_a_result() -> None:
    parsed = results(operation(["<result/>"]))
    result = parsed.by_control_id[""]
    assert (result.status, result.key, result.rows) == ("", None, ())
