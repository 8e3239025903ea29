"""Goal: the double's compact schema gives the verdict of the real one.

Method: random requests that walk through the real schema must be accepted by both; random changes
of them must get the same verdict from both. Elements that the schema gained later are not in the
file at hand; the dossier decides about those, and examples of it are checked here.
"""

import pytest
from lxml import etree

from tests.sandbox.intacct.wire.schema import REQUEST_SCHEMA
from tests.unit.sandbox.intacct.support import (
    Client,
    apply_credit,
    credit_detail,
    credit_memo,
    day,
    detail,
    glentry,
    invoice,
    journal,
    line,
    make_client,
    payment,
    request,
    reverse_invoice,
    reverse_payment,
)
from tests.unit.sandbox.intacct.xsd import RequestGenerator, require_schema


def accepts(document: etree._Element) -> bool:
    return REQUEST_SCHEMA.first_violation(document, "request") is None


@pytest.mark.parametrize("seed", range(12))
def test_requests_from_the_real_schema_are_accepted(seed: int) -> None:
    schema = require_schema()
    generator = RequestGenerator(seed)
    for number in range(50):
        document = generator.request()
        assert schema.validate(document), f"generator, {number}: {schema.error_log}"
        violation = REQUEST_SCHEMA.first_violation(document, "request")
        assert violation is None, f"{number}: {violation}\n{etree.tostring(document)!r}"


@pytest.mark.parametrize("seed", range(100, 112))
def test_changed_requests_get_the_verdict_of_the_real_schema(seed: int) -> None:
    schema = require_schema()
    generator = RequestGenerator(seed)
    verdicts = {True: 0, False: 0}
    for number in range(100):
        document = generator.request()
        change = generator.mutate(document)
        # Parsed again so that both see the same text nodes and line numbers.
        document = etree.fromstring(etree.tostring(document))
        expected = schema.validate(document)
        verdicts[expected] += 1
        violation = REQUEST_SCHEMA.first_violation(document, "request")
        assert (violation is None) is expected, (
            f"{number}, {change}: real {expected} {schema.error_log}, double {violation}\n"
            f"{etree.tostring(document)!r}"
        )
    assert verdicts[True] > 5
    assert verdicts[False] > 20


def test_the_builders_of_these_tests_are_valid() -> None:
    schema = require_schema()
    client = make_client()
    exercise(client)
    for logged in client.gateway.requests:
        document = etree.fromstring(logged.body)
        assert schema.validate(document), schema.error_log


def exercise(client: Client) -> None:
    first = client.do(invoice("A", line("10", more="<memo>m</memo><itemid>SETUP</itemid>")))
    memo = client.do(credit_memo("-5"))
    client.do(apply_credit(memo, first, "2"))
    client.do(payment(credit_detail(first, memo, "3")))
    client.do(reverse_payment(client.do(payment(detail(first, "5")))))
    client.do(reverse_invoice(client.do(invoice("B"))))
    client.do(journal(glentry("6800", "1", "1"), glentry("1200", "1", "-1")))


@pytest.mark.parametrize(
    "function",
    [
        invoice("A", tail="<taxsolutionid>VAT</taxsolutionid>"),
        invoice(
            "A",
            line(
                "10",
                more="<projectid>P</projectid><taskid>T</taskid><billable>true</billable>"
                "<taxentries><taxentry><detailid>D</detailid></taxentry></taxentries>",
            ),
        ),
        "<lookup><object>CUSTOMER</object></lookup>",
        "<query><object>CUSTOMER</object><select><field>NAME</field></select></query>",
        (
            "<query><object>CUSTOMER</object><select><count>NAME</count></select><filter><and>"
            "<equalto><field>NAME</field><value>x</value></equalto>"
            "<or><isnull><field>NAME</field></isnull><in><field>NAME</field><value>y</value></in></or>"
            "</and></filter><orderby><order><field>NAME</field><descending/></order></orderby>"
            "<options><caseinsensitive>true</caseinsensitive></options><pagesize>2000</pagesize>"
            "<offset>0</offset></query>"
        ),
    ],
)
def test_later_elements_are_accepted_where_the_dossier_has_them(function: str) -> None:
    assert accepts(etree.fromstring(request(function)))


@pytest.mark.parametrize(
    "function",
    [
        "<query><object>CUSTOMER</object></query>",
        (
            "<query><object>C</object><select><field>N</field></select><pagesize>2001</pagesize>"
            "</query>"
        ),
        "<query><object>C</object><select><field>N</field></select><pagesize>0</pagesize></query>",
        (
            "<query><object>C</object><select><field>N</field></select><filter>"
            "<isnull><field>N</field></isnull><isnull><field>N</field></isnull></filter></query>"
        ),
        (
            "<query><object>C</object><select><field>N</field></select><filter><and>"
            "<isnull><field>N</field></isnull></and></filter></query>"
        ),
        invoice("A", tail="<ponumber>after description</ponumber><invoiceno>twice</invoiceno>"),
        invoice("A", tail="<currency>EUR</currency>"),
        invoice("A", tail="<exchrate>1</exchrate>"),
        "<create_unheard_of/>",
        "<create/>",
        "<create>words<CUSTOMER/></create>",
        f"<reverse_invoice>{day('datereversed', '2026-11-01')}</reverse_invoice>",
    ],
)
def test_off_schema_functions_are_refused(function: str) -> None:
    assert not accepts(etree.fromstring(request(function)))


def test_white_space_position_follows_the_schema_not_the_prose() -> None:
    flags = "<includewhitespace>false</includewhitespace>"
    assert accepts(etree.fromstring(request(invoice("A"), options=f"<policyid/>{flags}")))
    assert not accepts(etree.fromstring(request(invoice("A"), options=f"{flags}<policyid/>")))


def test_a_schema_violation_fails_the_whole_request_before_anything_runs() -> None:
    client = make_client()
    wrong = invoice("B").replace("<invoiceno>B</invoiceno>", "")
    wrong = wrong.replace("</create_invoice>", "<invoiceno>B</invoiceno></create_invoice>")
    reply = client.send(request(invoice("A"), wrong))
    assert reply.http.status == 200
    assert reply.control_status == "failure"
    assert reply.errornos == ["XL03000003"]
    assert reply.root.find("operation") is None
    assert "expecting (customerid, datecreated" in reply.texts
    assert not client.company.document_numbers.keys()
