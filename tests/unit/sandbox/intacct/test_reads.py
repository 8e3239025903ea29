"""Goal: every way to read answers in its own shape, with filters, order, paging and aggregates.

Method: a small company is filled through the gateway, then read; shapes are compared with the
dossier's section 2.2, conditions with what they must select.
"""

from typing import Literal

import pytest

from tests.sandbox.intacct import Switches
from tests.unit.sandbox.intacct.support import (
    Client,
    customer,
    detail,
    glentry,
    invoice,
    journal,
    line,
    make_client,
    payment,
    request,
)


@pytest.fixture(scope="module")
def client() -> Client:
    client = make_client()
    client.do(customer("C2", name="O'Brien & <Sons>"))
    keys = [
        client.do(
            invoice(
                f"INV-{number}",
                line(str(number * 10)),
                customer_id="C1" if number % 2 else "C2",
                created=f"2026-11-{number:02}",
            )
        )
        for number in range(1, 8)
    ]
    client.do(payment(detail(keys[0], "10")))
    client.do(payment(detail(keys[2], "10")))
    client.do(journal(glentry("6800", "1", "1"), glentry("1200", "1", "-1")))
    return client


def by_query(client: Client, text: str, object_name: str = "ARINVOICE") -> list[str]:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    result = client.call(
        f"<readByQuery><object>{object_name}</object><query>{escaped}</query>"
        "<fields>*</fields></readByQuery>"
    )
    assert result.status == "success", result.texts
    name = "RECORDID" if object_name == "ARINVOICE" else "CUSTOMERID"
    return [row[name] for row in result.rows]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("RECORDID = 'INV-3'", "3"),
        ("CUSTOMERID = 'C2'", "246"),
        ("CUSTOMERID = 'C2' AND TOTALDUE > 20", "46"),
        ("RECORDID = 'INV-1' or CUSTOMERID = 'C2' and TOTALDUE >= 60", "16"),
        ("(RECORDID = 'INV-1' or CUSTOMERID = 'C2') and TOTALDUE >= 60", "6"),
        ("RECORDID in ('INV-1', 'INV-2')", "12"),
        ("RECORDID not in ('INV-1', 'INV-2')", "34567"),
        ("RECORDID like '%-7'", "7"),
        ("RECORDID not like 'INV%'", ""),
        ("WHENCREATED < '11/03/2026'", "12"),
        ("WHENCREATED <= 11/03/2026", None),
        ("DOCNUMBER IS NULL and RECORDNO > 0 and TOTALPAID != 0", "13"),
        ("DOCNUMBER is not null", ""),
        ("STATE = 'A'", "1234567"),
        ("TOTALDUE = 0", "1"),
        ("", "1234567"),
    ],
)
def test_read_by_query_conditions(client: Client, text: str, numbers: str | None) -> None:
    if numbers is None:
        escaped = text.replace("<", "&lt;")
        function = f"<readByQuery><object>ARINVOICE</object><query>{escaped}</query></readByQuery>"
        assert client.call(function).errornos == ["Query Failed"]
        return
    assert by_query(client, text) == [f"INV-{number}" for number in numbers]


def test_quotes_are_escaped_by_a_backslash(client: Client) -> None:
    assert by_query(client, r"NAME = 'O\'Brien & <Sons>'", "CUSTOMER") == ["C2"]
    assert by_query(client, "STATUS = 'T'", "CUSTOMER") == ["C1", "C2"]
    assert by_query(client, "STATUS = 'F'", "CUSTOMER") == []


@pytest.mark.parametrize("text", ["RECORDID =", "= 'x'", "RECORDID = 'x' and", "(RECORDID = 'x'"])
def test_a_malformed_condition_fails_with_text_as_errorno(client: Client, text: str) -> None:
    function = f"<readByQuery><object>ARINVOICE</object><query>{text}</query></readByQuery>"
    assert client.call(function).errornos == ["Query Failed"]


def test_read_by_query_pages_with_read_more(client: Client) -> None:
    first = client.call(
        "<readByQuery><object>ARINVOICE</object><query/><pagesize>3</pagesize>"
        "<fields>RECORDNO,RECORDID</fields></readByQuery>"
    )
    attributes = first.attributes
    result_id = attributes.pop("resultId")
    assert attributes == {
        "listtype": "arinvoice",
        "count": "3",
        "totalcount": "7",
        "numremaining": "4",
    }
    assert first.data[0].tag == "arinvoice"
    more = f"<readMore><resultId>{result_id.replace('&', '&amp;')}</resultId></readMore>"
    second, third = client.call(more), client.call(more)
    assert [len(each.rows) for each in (second, third)] == [3, 1]
    assert third.data.get("numremaining") == "0"
    assert third.data.get("resultId") == ""
    assert client.call(more).status == "failure"


@pytest.mark.parametrize("size", ["0", "1001", "many"])
def test_page_size_of_read_by_query_is_limited(client: Client, size: str) -> None:
    function = (
        f"<readByQuery><object>ARINVOICE</object><query/><pagesize>{size}</pagesize></readByQuery>"
    )
    assert client.call(function).status == "failure"


def query(condition: str = "", more: str = "", select: str = "<field>RECORDID</field>") -> str:
    filtered = f"<filter>{condition}</filter>" if condition else ""
    return f"<query><object>ARINVOICE</object><select>{select}</select>{filtered}{more}</query>"


def compare(operator: str, field: str, *values: str) -> str:
    inner = "".join(f"<value>{value}</value>" for value in values)
    return f"<{operator}><field>{field}</field>{inner}</{operator}>"


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        (compare("equalto", "RECORDID", "INV-3"), "3"),
        (compare("notequalto", "CUSTOMERID", "C1"), "246"),
        (compare("lessthan", "WHENCREATED", "11/03/2026"), "12"),
        (compare("greaterthanorequalto", "TOTALENTERED", "60"), "67"),
        (compare("between", "TOTALENTERED", "20", "40"), "234"),
        (compare("in", "RECORDID", "INV-1", "INV-9"), "1"),
        (compare("notin", "RECORDID", "INV-1"), "234567"),
        (compare("like", "RECORDID", "INV-_"), "1234567"),
        (compare("notlike", "RECORDID", "%7"), "123456"),
        (compare("isnull", "WHENPAID"), "234567"),
        (compare("isnotnull", "WHENPAID"), "1"),
        (compare("equalto", "STATE", "Paid"), "1"),
        (compare("equalto", "STATE", "Partially Paid"), "3"),
        (
            (
                f"<or>{compare('equalto', 'STATE', 'Paid')}<and>"
                f"{compare('equalto', 'CUSTOMERID', 'C2')}"
                f"{compare('greaterthan', 'TOTALDUE', '30')}</and></or>"
            ),
            "146",
        ),
    ],
)
def test_query_conditions(client: Client, condition: str, numbers: str) -> None:
    result = client.call(query(condition))
    assert [row["RECORDID"] for row in result.rows] == [f"INV-{number}" for number in numbers]


def test_query_orders_and_pages(client: Client) -> None:
    result = client.call(
        query(
            more="<orderby><order><field>CUSTOMERID</field><descending/></order>"
            "<order><field>RECORDNO</field><descending/></order></orderby>"
            "<pagesize>2</pagesize><offset>2</offset>"
        )
    )
    assert [row["RECORDID"] for row in result.rows] == ["INV-2", "INV-7"]
    assert result.attributes == {
        "listtype": "ARINVOICE",
        "totalcount": "7",
        "offset": "2",
        "count": "2",
        "numremaining": "3",
    }
    assert result.data[0].tag == "ARINVOICE"


def test_query_aggregates_group_by_the_plain_fields(client: Client) -> None:
    result = client.call(
        query(
            select="<field>CUSTOMERID</field><count>RECORDNO</count><sum>TOTALENTERED</sum>"
            "<max>TOTALENTERED</max><min>WHENCREATED</min><avg>TOTALENTERED</avg>"
        )
    )
    by_customer = {row["CUSTOMERID"]: row for row in result.rows}
    assert by_customer["C2"] == {
        "CUSTOMERID": "C2",
        "COUNT.RECORDNO": "3",
        "SUM.TOTALENTERED": "120",
        "MAX.TOTALENTERED": "60",
        "MIN.WHENCREATED": "11/02/2026",
        "AVG.TOTALENTERED": "40",
    }


def test_query_is_case_sensitive_unless_asked(client: Client) -> None:
    condition = compare("equalto", "RECORDID", "inv-1")
    assert client.call(query(condition)).rows == []
    options = "<options><caseinsensitive>true</caseinsensitive></options>"
    assert len(client.call(query(condition, options)).rows) == 1


def test_no_rows_are_a_success(client: Client) -> None:
    result = client.call(query(compare("equalto", "RECORDID", "NOPE")))
    assert (result.status, result.data.get("count")) == ("success", "0")


@pytest.mark.parametrize(
    ("function", "errorno"),
    [
        (query(select="<field>INVOICENO</field>"), "XL03000006"),
        (query(compare("equalto", "DATEDUE", "x")), "XL03000006"),
        (query(compare("equalto", "TOTALDUE", "x")), "DL02000001"),
        (query().replace("ARINVOICE", "NOSUCH"), "XL03000009"),
        (
            (
                "<readByQuery><object>ARINVOICE</object><query/><fields>INVOICENO</fields>"
                "</readByQuery>"
            ),
            "DL02000001",
        ),
        ("<read><object>NOSUCH</object><keys>1</keys></read>", "XL03000009"),
    ],
)
def test_unknown_fields_and_objects(client: Client, function: str, errorno: str) -> None:
    assert client.call(function).errornos == [errorno]


def test_an_oversized_page_is_a_schema_violation(client: Client) -> None:
    reply = client.send(request(query(more="<pagesize>2001</pagesize>")))
    assert reply.errornos == ["XL03000003"]


def test_read_by_keys_and_names(client: Client) -> None:
    keys = ",".join(
        row["RECORDNO"] for row in client.call(query(select="<field>RECORDNO</field>")).rows
    )
    result = client.call(f"<read><object>ARINVOICE</object><keys>{keys},99999</keys></read>")
    assert result.attributes == {"listtype": "ARINVOICE", "count": "7"}
    named = client.call(
        "<readByName><object>arinvoice</object><keys>INV-2,INV-5</keys>"
        "<fields>RECORDID,TOTALDUE</fields></readByName>"
    )
    assert named.rows == [
        {"RECORDID": "INV-2", "TOTALDUE": "20"},
        {"RECORDID": "INV-5", "TOTALDUE": "50"},
    ]


def test_a_missing_key_is_an_empty_success_or_an_error_by_switch() -> None:
    read = "<read><object>CUSTOMER</object><keys>999</keys></read>"
    result = make_client().call(read)
    assert (result.status, result.data.get("count")) == ("success", "0")
    assert make_client(Switches(missing_read="error")).call(read).errornos == ["DL03000005"]


@pytest.mark.parametrize(("case", "tag"), [("upper", "CUSTOMER"), ("lower", "customer")])
def test_the_row_tag_of_read_is_a_switch(case: Literal["upper", "lower"], tag: str) -> None:
    client = make_client(Switches(read_row_tag=case))
    result = client.call("<readByName><object>CUSTOMER</object><keys>C1</keys></readByName>")
    assert result.data[0].tag == tag


@pytest.mark.parametrize(
    ("object_name", "natural_id"),
    [
        ("GLACCOUNT", "4000"),
        ("LOCATION", "100"),
        ("DEPARTMENT", "SALES"),
        ("CLASS", "SMB"),
        ("PROJECT", "ONBOARD"),
        ("ITEM", "SETUP"),
        ("ARTERM", "Net 30"),
        ("GLJOURNAL", "GJ"),
        ("CHECKINGACCOUNT", "BANK-USD"),
    ],
)
def test_master_data_is_read_by_name(client: Client, object_name: str, natural_id: str) -> None:
    result = client.call(
        f"<readByName><object>{object_name}</object><keys>{natural_id}</keys></readByName>"
    )
    assert len(result.rows) == 1
    assert result.rows[0]["STATUS"] == "active"
    assert natural_id in result.rows[0].values()


def test_account_requirements_are_readable(client: Client) -> None:
    (row,) = client.call(
        "<readByName><object>GLACCOUNT</object><keys>4010</keys></readByName>"
    ).rows
    assert (row["REQUIREDEPT"], row["REQUIRECLASS"]) == ("true", "false")
    assert row["ACCOUNTTYPE"] == "incomestatement"


def test_entities_are_locations_of_their_own() -> None:
    client = make_client(multi_entity=True)
    rows = client.call(
        "<query><object>LOCATIONENTITY</object><select><field>LOCATIONID</field></select></query>"
    ).rows
    assert [row["LOCATIONID"] for row in rows] == ["100", "200"]


def test_ledger_lines_name_their_batch(client: Client) -> None:
    (batch,) = client.call(
        "<query><object>GLBATCH</object><select><field>RECORDNO</field><field>STATE</field>"
        "</select><filter><equalto><field>MODULE</field><value>2.GL</value></equalto></filter>"
        "</query>"
    ).rows
    assert batch["STATE"] == "Posted"
    lines = client.call(
        "<query><object>GLENTRY</object><select><field>ACCOUNTNO</field><field>TR_TYPE</field>"
        "<field>TRX_AMOUNT</field></select><filter><equalto><field>BATCHNO</field>"
        f"<value>{batch['RECORDNO']}</value></equalto></filter></query>"
    ).rows
    assert lines == [
        {"ACCOUNTNO": "6800", "TR_TYPE": "1", "TRX_AMOUNT": "1"},
        {"ACCOUNTNO": "1200", "TR_TYPE": "-1", "TRX_AMOUNT": "1"},
    ]


def test_lookup_and_inspect_describe_objects(client: Client) -> None:
    described = client.call("<lookup><object>CUSTOMER</object></lookup>").data
    kind = described.find("Type")
    assert kind is not None
    assert kind.get("Name") == "CUSTOMER"
    required = {
        field.findtext("ID")
        for field in kind.iterfind("Fields/Field")
        if field.findtext("REQUIRED") == "true"
    }
    assert required == {"CUSTOMERID", "NAME"}
    listed = client.call("<inspect><object>*</object></inspect>").data
    assert "ARINVOICE" in {each.get("Name") for each in listed.iterfind("Type")}
    detailed = client.call('<inspect detail="1"><object>ARINVOICE</object></inspect>').data
    assert detailed.findtext("Type/Fields/Field/Name") == "RECORDNO"


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ("parts", ["year", "month", "day"]),
        ("text", ["closedbooksdate"]),
        ("something_else", ["closedbooksdate"]),
    ],
)
def test_the_shape_of_the_closed_books_date_is_a_switch(
    shape: Literal["parts", "text", "something_else"], told: list[str]
) -> None:
    client = make_client(Switches(closed_books_date=shape))
    assert len(client.call("<get_closedbooksdate/>").data) == 0
    client.company.close_period(2026, 9)
    (answer,) = client.call("<get_closedbooksdate/>").data
    assert [each.tag for each in answer] == told


def test_a_gateway_may_not_know_the_function_of_the_closed_books_date() -> None:
    client = make_client(Switches(closed_books_date="unknown_function"))
    assert client.refused("<get_closedbooksdate/>").errornos == ["XL03000003"]


def test_get_list_and_get(client: Client) -> None:
    result = client.call(
        '<get_list object="customer" maxitems="1"><sorts><sortfield order="desc">customerid'
        "</sortfield></sorts><fields><field>customerid</field></fields></get_list>"
    )
    extent = result.element.find("listtype")
    assert extent is not None
    assert (extent.text, extent.get("end"), extent.get("total")) == ("customer", "0", "2")
    assert result.rows == [{"customerid": "C2"}]
    filtered = client.call(
        '<get_list object="invoice"><filter><logical logical_operator="and"><expression>'
        "<field>customerid</field><operator>=</operator><value>C2</value></expression>"
        "<expression><field>totaldue</field><operator>&gt;</operator><value>30</value>"
        "</expression></logical></filter><fields><field>recordid</field></fields></get_list>"
    )
    assert filtered.rows == [{"recordid": "INV-4"}, {"recordid": "INV-6"}]
    one = client.call('<get object="customer" key="C2"><fields><field>name</field></fields></get>')
    assert one.rows == [{"name": "O'Brien & <Sons>"}]
    assert client.call('<get object="customer" key="NO"/>').errornos == ["BL03002028"]


def test_fields_that_are_not_kept_are_empty_instead_of_refused(client: Client) -> None:
    select = "<field>CUSTOMERNAME</field><field>BILLTO.MAILADDRESS.CITY</field>"
    rows = client.call(query(compare("equalto", "RECORDID", "INV-1"), select=select)).rows
    assert rows == [{"CUSTOMERNAME": "Acme", "BILLTO.MAILADDRESS.CITY": ""}]
