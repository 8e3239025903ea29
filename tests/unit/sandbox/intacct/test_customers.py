"""Goal: customers are created, changed and refused as the gateway does it.

Method: generic and legacy requests through the gateway, read back with read and readByName.
"""

import pytest

from tests.sandbox.intacct import Switches
from tests.unit.sandbox.intacct.support import Client, customer, invoice, make_client


@pytest.fixture
def client() -> Client:
    return make_client()


def read_by_name(client: Client, customer_id: str) -> dict[str, str]:
    rows = client.call(
        f"<readByName><object>CUSTOMER</object><keys>{customer_id}</keys></readByName>"
    ).rows
    assert len(rows) == 1
    return rows[0]


def test_create_answers_record_number_and_id(client: Client) -> None:
    result = client.call(customer("C2", name="Beta"))
    assert result.attributes == {"listtype": "objects", "count": "1"}
    assert result.data[0].tag == "customer"
    assert result.rows[0]["CUSTOMERID"] == "C2"
    assert result.rows[0]["RECORDNO"].isdigit()


def test_address_and_contact_are_read_back_with_dotted_names(client: Client) -> None:
    client.do(
        "<create><CUSTOMER><CUSTOMERID>C2</CUSTOMERID><NAME>Beta &amp; Söhne</NAME>"
        "<DISPLAYCONTACT><PRINTAS>Beta</PRINTAS><EMAIL1>pay@beta.test</EMAIL1><MAILADDRESS>"
        "<CITY>Wien</CITY><COUNTRY>Austria</COUNTRY><ISOCOUNTRYCODE>AT</ISOCOUNTRYCODE>"
        "</MAILADDRESS></DISPLAYCONTACT><TERMNAME>Net 30</TERMNAME></CUSTOMER></create>"
    )
    row = read_by_name(client, "C2")
    assert row["NAME"] == "Beta & Söhne"
    assert row["DISPLAYCONTACT.EMAIL1"] == "pay@beta.test"
    assert row["DISPLAYCONTACT.MAILADDRESS.COUNTRYCODE"] == "AT"
    assert row["DISPLAYCONTACT.CONTACTNAME"] == "Beta & Söhne(CC2)"
    assert (row["STATUS"], row["ENTITY"], row["TERMNAME"]) == ("active", "CC2", "Net 30")


def test_an_existing_id_is_refused_in_the_two_error_shape(client: Client) -> None:
    result = client.refused(customer("C1"))
    assert result.errornos == ["BL34000061", "BL01001973"]
    assert "Use a unique value instead" in result.texts
    assert result.attributes == {"listtype": "objects", "count": "0"}


def test_two_customers_cannot_share_a_contact_name(client: Client) -> None:
    contact = "<DISPLAYCONTACT><PRINTAS>X</PRINTAS><CONTACTNAME>Same</CONTACTNAME></DISPLAYCONTACT>"
    template = "<create><CUSTOMER><CUSTOMERID>{}</CUSTOMERID><NAME>X</NAME>{}</CUSTOMER></create>"
    client.do(template.format("C2", contact))
    assert client.refused(template.format("C3", contact)).errornos[0] == "BL34000061"
    client.do(template.format("C3", contact.replace("<CONTACTNAME>Same</CONTACTNAME>", "")))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<NAME>X</NAME><DISPLAYCONTACT/>", "DISPLAYCONTACT.PRINTAS is missing"),
        ("<DISPLAYCONTACT><PRINTAS>X</PRINTAS></DISPLAYCONTACT>", "NAME is missing"),
        (
            (
                "<NAME>X</NAME><DISPLAYCONTACT><PRINTAS>X</PRINTAS><EMAIL1>no mail</EMAIL1>"
                "</DISPLAYCONTACT>"
            ),
            "illegal format for DISPLAYCONTACT.EMAIL1",
        ),
        (
            (
                "<NAME>X</NAME><DISPLAYCONTACT><PRINTAS>X</PRINTAS></DISPLAYCONTACT>"
                "<TERMNAME>Net 99</TERMNAME>"
            ),
            "Invalid term 'Net 99'",
        ),
        (
            (
                "<NAME>X</NAME><DISPLAYCONTACT><PRINTAS>X</PRINTAS></DISPLAYCONTACT>"
                "<CURRENCY>XXX</CURRENCY>"
            ),
            "Invalid currency 'XXX'",
        ),
        (
            f"<NAME>{'x' * 101}</NAME><DISPLAYCONTACT><PRINTAS>X</PRINTAS></DISPLAYCONTACT>",
            "NAME is longer than 100",
        ),
        (
            "<NAME>X</NAME><DISPLAYCONTACT><PRINTAS>X</PRINTAS></DISPLAYCONTACT><NAMEE>X</NAMEE>",
            "unknown field NAMEE",
        ),
    ],
)
def test_bad_values_are_refused(client: Client, body: str, text: str) -> None:
    result = client.refused(
        f"<create><CUSTOMER><CUSTOMERID>C2</CUSTOMERID>{body}</CUSTOMER></create>"
    )
    assert text in result.texts


def test_update_touches_only_what_it_names(client: Client) -> None:
    client.do(
        "<update><CUSTOMER><CUSTOMERID>C1</CUSTOMERID><DISPLAYCONTACT><EMAIL1>a@b.test</EMAIL1>"
        "</DISPLAYCONTACT></CUSTOMER></update>"
    )
    row = read_by_name(client, "C1")
    assert (row["NAME"], row["DISPLAYCONTACT.EMAIL1"]) == ("Acme", "a@b.test")


@pytest.mark.parametrize(("clears", "after"), [(True, ""), (False, "first")])
def test_an_empty_element_in_an_update_follows_the_switch(clears: bool, after: str) -> None:
    client = make_client(Switches(empty_clears_on_update=clears))
    update = (
        "<update><CUSTOMER><CUSTOMERID>C1</CUSTOMERID><COMMENTS>{}</COMMENTS></CUSTOMER></update>"
    )
    client.do(update.format("first"))
    client.do(update.format(""))
    assert read_by_name(client, "C1")["COMMENTS"] == after


def test_unknown_fields_may_be_ignored_by_switch() -> None:
    client = make_client(Switches(refuse_unknown_fields=False))
    client.do(customer("C2", "<WHATEVER>1</WHATEVER>", name="Beta"))


def test_update_of_an_unknown_customer_is_refused(client: Client) -> None:
    result = client.refused(
        "<update><CUSTOMER><CUSTOMERID>C9</CUSTOMERID><NAME>X</NAME></CUSTOMER></update>"
    )
    assert result.errornos == ["BL01001973", "BL01001973"]


def test_an_inactive_customer_takes_no_invoice(client: Client) -> None:
    client.do(
        "<update><CUSTOMER><CUSTOMERID>C1</CUSTOMERID><STATUS>inactive</STATUS></CUSTOMER></update>"
    )
    assert "Invalid Customer 'C1'" in client.refused(invoice("A")).texts


def test_legacy_customer_functions(client: Client) -> None:
    create = (
        "<create_customer{}><customerid>L1</customerid><name>Legacy</name>"
        "<termname>Net 30</termname><primary><contact><contactname>Legacy contact</contactname>"
        "<printas>Legacy Ltd</printas><email1>l@l.test</email1><mailaddress><city>Bath</city>"
        "</mailaddress></contact></primary></create_customer>"
    )
    assert client.do(create.format("")) == "L1"
    row = read_by_name(client, "L1")
    assert row["DISPLAYCONTACT.PRINTAS"] == "Legacy Ltd"
    assert row["DISPLAYCONTACT.MAILADDRESS.CITY"] == "Bath"
    assert client.refused(create.format("")).errornos == ["BL34000061"]
    client.do(create.format(' ignoreduplicates="true"'))
    client.do('<update_customer customerid="L1"><comments>hello</comments></update_customer>')
    client.do('<update_customer customerid="L1"><comments/></update_customer>')
    assert read_by_name(client, "L1")["COMMENTS"] == "hello"
    client.do('<update_customer customerid="L1" set_nulls="true"><comments/></update_customer>')
    assert read_by_name(client, "L1")["COMMENTS"] == ""
    client.do('<delete_customer customerid="L1"/>')
    assert (
        client.call("<readByName><object>CUSTOMER</object><keys>L1</keys></readByName>").rows == []
    )


def test_only_an_unused_customer_can_be_deleted(client: Client) -> None:
    key = read_by_name(client, "C1")["RECORDNO"]
    client.do(invoice("A"))
    delete = f"<delete><object>CUSTOMER</object><keys>{key}</keys></delete>"
    assert "is in use" in client.refused(delete).texts
    free = client.do(customer("C2", name="Beta"))
    result = client.call(f"<delete><object>CUSTOMER</object><keys>{free}</keys></delete>")
    assert result.status == "success"
    assert result.element.find("data") is None
    assert result.element.find("key") is None


@pytest.mark.parametrize(
    ("enabled", "address", "status"),
    [
        (False, "<ISOCOUNTRYCODE>AT</ISOCOUNTRYCODE>", "success"),
        (False, "<COUNTRY>Austria</COUNTRY>", "success"),
        (True, "<ISOCOUNTRYCODE>AT</ISOCOUNTRYCODE>", "failure"),
        (True, "<COUNTRY>Austria</COUNTRY>", "failure"),
        (True, "<COUNTRY>Austria</COUNTRY><ISOCOUNTRYCODE>AT</ISOCOUNTRYCODE>", "success"),
        (True, "<CITY>Wien</CITY>", "success"),
        (False, "<COUNTRYCODE>AT</COUNTRYCODE>", "failure"),
    ],
)
def test_country_and_code_of_an_address_follow_the_switch(
    enabled: bool, address: str, status: str
) -> None:
    client = make_client(Switches(iso_country_codes=enabled))
    result = client.call(
        "<create><CUSTOMER><CUSTOMERID>C2</CUSTOMERID><NAME>Beta</NAME><DISPLAYCONTACT><PRINTAS>"
        f"Beta</PRINTAS><MAILADDRESS>{address}</MAILADDRESS></DISPLAYCONTACT></CUSTOMER></create>"
    )
    assert result.status == status
