"""Goal: a document found again is believed only if it is that document.

Method: queries are looked at as XML; rows are made up in every way they can differ.
"""

import dataclasses
from collections.abc import Mapping

import pytest
from lxml import etree

from tests.support.intacct_documents import (
    ADJUSTMENT_KEY,
    CUSTOMER_ID,
    INVOICE_KEY,
    RECEIPT_KEY,
    adjustment,
    application,
    customer,
    invoice,
    journal_entry,
    other_receipt,
    payment,
    payment_reversal,
    reversal,
    submission,
)
from tieout.domain.documents import ArInvoice, Document
from tieout.intacct.lookups import (
    judge,
    judge_record,
    lines_query,
    query_for,
    query_function,
)
from tieout.services.ports import Found, NamedRecord

NUMBERS = {INVOICE_KEY: "9", ADJUSTMENT_KEY: "8", RECEIPT_KEY: "7"}
INVOICE_ROW = {
    "RECORDNO": "9",
    "RECORDID": "INV-0042",
    "CUSTOMERID": CUSTOMER_ID,
    "DOCNUMBER": "in_1",
    "TRX_TOTALENTERED": "120",
}
PAYMENT_ROW = {
    "RECORDNO": "30",
    "DOCNUMBER": "inpay_1",
    "CUSTOMERID": CUSTOMER_ID,
    "TRX_TOTALENTERED": "120.00",
    "STATE": "C",
}


def found(document: Document, *rows: Mapping[str, str], lines: object = ()) -> Found | None:
    return judge(submission(document, NUMBERS), rows, lines)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("document", "object_name", "filters"),
    [
        (customer(), "CUSTOMER", {"CUSTOMERID": CUSTOMER_ID}),
        (other_receipt(), "OTHERRECEIPTS", {"DOCNUMBER": "ch_1"}),
        (invoice(), "ARINVOICE", {"RECORDID": "INV-0042"}),
        (adjustment(), "ARADJUSTMENT", {"RECORDID": "VOID-42"}),
        (payment(), "ARPYMT", {"DOCNUMBER": "inpay_1", "CUSTOMERID": CUSTOMER_ID}),
        (journal_entry(), "GLBATCH", {"REFERENCENO": "re_1", "JOURNAL": "GJ"}),
        (reversal(), "ARINVOICE", {"RECORDNO": "9"}),
        (payment_reversal(), "ARPYMT", {"RECORDNO": "7"}),
        (application(), "ARADJUSTMENT", {"RECORDNO": "8"}),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_document_is_looked_for_by_its_natural_key(
    document: Document, object_name: str, filters: Mapping[str, str]
) -> None:
    element = etree.fromstring(query_function(query_for(submission(document, NUMBERS))).xml)
    assert element.findtext("query/object") == object_name
    said = {each.findtext("field"): each.findtext("value") for each in element.iter("equalto")}
    assert said == filters
    assert len(list(element.iter("and"))) == (1 if len(filters) > 1 else 0)
    assert element.findtext("query/orderby/order/field") == "RECORDNO"


def test_a_quote_in_a_number_needs_no_care() -> None:
    odd = dataclasses.replace(invoice(), number="' or 'a'='a <x>")
    element = etree.fromstring(query_function(query_for(submission(odd))).xml)
    assert element.findtext("query/filter/equalto/value") == "' or 'a'='a <x>"


def test_the_same_question_has_the_same_control_id_and_another_one_another() -> None:
    one, again = (query_function(query_for(submission(invoice()))) for _ in range(2))
    other = query_function(query_for(submission(invoice(number="INV-2"))))
    assert one == again
    assert one.control_id != other.control_id


@pytest.mark.parametrize(
    "document", [customer(), invoice(), adjustment(), payment(), journal_entry(), reversal()]
)
def test_no_rows_means_not_there(document: Document) -> None:
    assert found(document) is None


def test_a_customer_is_found_by_id_whatever_it_is_called() -> None:
    row = {"RECORDNO": "3", "CUSTOMERID": CUSTOMER_ID, "NAME": "Old name"}
    assert found(customer(), row) == Found("3", matches=True)


@pytest.mark.parametrize("total", ["120", "120.00", "120.0", "-120"])
def test_an_invoice_is_found_whatever_the_form_of_its_amount(total: str) -> None:
    assert found(invoice(), {**INVOICE_ROW, "TRX_TOTALENTERED": total}) == Found("9", True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("CUSTOMERID", "S-cus_Bob"),
        ("DOCNUMBER", "in_2"),
        ("TRX_TOTALENTERED", "120.01"),
        ("TRX_TOTALENTERED", ""),
        ("TRX_TOTALENTERED", "a lot"),
        ("TRX_TOTALENTERED", "NaN"),
        ("TRX_TOTALENTERED", "sNaN"),
    ],
)
def test_an_invoice_with_our_number_and_other_content_is_not_ours(field: str, value: str) -> None:
    answer = found(invoice(), {**INVOICE_ROW, field: value})
    assert answer is not None
    assert not answer.matches
    assert repr(value) in answer.text


def test_a_company_with_one_currency_may_show_only_the_base_amount() -> None:
    row = {**INVOICE_ROW, "TRX_TOTALENTERED": "", "TOTALENTERED": "120.00"}
    assert found(invoice(), row) == Found("9", matches=True)


def test_a_customer_whose_id_differs_in_case_is_another_customer() -> None:
    answer = found(customer(), {"RECORDNO": "3", "CUSTOMERID": CUSTOMER_ID.upper()})
    assert answer is not None
    assert not answer.matches


def test_of_several_records_the_one_that_is_ours_is_believed() -> None:
    other = {**INVOICE_ROW, "RECORDNO": "1", "CUSTOMERID": "somebody"}
    assert found(invoice(), other, INVOICE_ROW) == Found("9", matches=True)


def test_a_payment_is_found_by_reference_and_amount() -> None:
    assert found(payment(), PAYMENT_ROW) == Found("30", matches=True)
    other = found(payment(), {**PAYMENT_ROW, "TRX_TOTALENTERED": "100"})
    assert other is not None
    assert not other.matches


@pytest.mark.parametrize("state", ["V", "v", "Reversed", "Voided"])
def test_a_reversed_payment_is_not_there(state: str) -> None:
    assert found(payment(), {**PAYMENT_ROW, "STATE": state}) is None


def test_an_adjustment_is_compared_without_the_sign_of_its_total() -> None:
    row = {"RECORDNO": "8", "RECORDID": "VOID-42", "CUSTOMERID": CUSTOMER_ID}
    for total in ("-120", "120"):
        assert found(adjustment(), {**row, "TRX_TOTALENTERED": total}) == Found("8", True)
    other = found(adjustment(), {**row, "TRX_TOTALENTERED": "-119"})
    assert other is not None
    assert not other.matches


@pytest.mark.parametrize(("state", "there"), [("Reversed", True), ("Posted", False), ("", False)])
def test_a_reversal_is_there_when_its_invoice_says_so(state: str, there: bool) -> None:
    answer = found(reversal(), {"RECORDNO": "9", "STATE": state})
    assert answer == (Found("9", matches=True) if there else None)


@pytest.mark.parametrize(("state", "there"), [("V", True), ("C", False), ("", False)])
def test_a_reversal_is_there_when_its_payment_says_so(state: str, there: bool) -> None:
    answer = found(payment_reversal(), {"RECORDNO": "7", "STATE": state})
    assert answer == (Found("7", matches=True) if there else None)


BATCH = {"RECORDNO": "50", "REFERENCENO": "re_1", "JOURNAL": "GJ", "STATE": "Posted"}


def line(account: str, amount: str, side: str, batch: str = "50") -> Mapping[str, str]:
    return {"BATCHNO": batch, "ACCOUNTNO": account, "TRX_AMOUNT": amount, "TR_TYPE": side}


OUR_LINES = [line("4000", "50.00", "1"), line("1200", "50", "-1")]


def test_a_journal_entry_is_found_by_its_lines_in_any_order() -> None:
    assert found(journal_entry(), BATCH, lines=OUR_LINES[::-1]) == Found("50", matches=True)


def test_signed_credits_are_understood_too() -> None:
    lines = [OUR_LINES[0], line("1200", "-50", "-1")]
    assert found(journal_entry(), BATCH, lines=lines) == Found("50", matches=True)


@pytest.mark.parametrize(
    "lines",
    [
        [line("4000", "50", "-1"), line("1200", "50", "1")],
        [line("4000", "49", "1"), line("1200", "49", "-1")],
        [line("4010", "50", "1"), line("1200", "50", "-1")],
        [*OUR_LINES, line("1200", "0", "1")],
        [line("4000", "?", "1"), line("1200", "50", "-1")],
        [],
    ],
    ids=["sides swapped", "amount", "account", "one line more", "unreadable", "no lines"],
)
def test_an_entry_with_our_reference_and_other_lines_is_not_ours(lines: object) -> None:
    answer = found(journal_entry(), BATCH, lines=lines)
    assert answer == Found("50", matches=False, text="entry 50 has other lines")


def test_a_refund_is_told_from_its_failure_under_the_same_reference() -> None:
    failure = {**BATCH, "RECORDNO": "49"}
    swapped = [line("4000", "50", "-1", "49"), line("1200", "50", "1", "49")]
    answer = found(journal_entry(), failure, BATCH, lines=[*swapped, *OUR_LINES])
    assert answer == Found("50", matches=True)


def test_a_reversed_entry_is_not_there() -> None:
    assert found(journal_entry(), {**BATCH, "STATE": "Reversed"}, lines=OUR_LINES) is None


def test_the_lines_of_all_candidates_are_asked_for_at_once() -> None:
    query = lines_query([BATCH, {**BATCH, "RECORDNO": "51"}])
    element = etree.fromstring(query_function(query).xml)
    assert [each.text for each in element.iterfind("query/filter/in/value")] == ["50", "51"]


@pytest.mark.parametrize(
    ("total", "due", "expected"),
    [
        ("-120", "0", Found("8", True)),
        ("-120", "-120", None),
        ("120", "120.00", None),
        ("-200", "-80", Found("8", True)),
        ("-200", "0", Found("8", True)),
        ("-200", "-100", Found("8", False, "100 of adjustment 8 is applied, ours 120.00")),
        ("-120", "", Found("8", False, "adjustment 8 does not show what is left")),
    ],
)
def test_what_is_left_of_a_credit_tells_whether_it_was_applied(
    total: str, due: str, expected: Found | None
) -> None:
    row = {"RECORDNO": "8", "TRX_TOTALENTERED": total, "TRX_TOTALDUE": due}
    assert found(application(), row) == expected


# --- The record that a person named -------------------------------------------------------------

NAMED = NamedRecord("9", ArInvoice, 12_000, "usd", CUSTOMER_ID, "in_1")


@pytest.mark.parametrize(
    "shown",
    [
        {"CURRENCY": "USD"},
        {"CURRENCY": ""},
        {"DOCNUMBER": "PO-7", "RECORDID": "INV-77"},
        {"DOCNUMBER": ""},
    ],
)
def test_what_a_bookkeeper_chooses_does_not_make_another_record(shown: Mapping[str, str]) -> None:
    assert judge_record(NAMED, [{**INVOICE_ROW, **shown}]) == Found("9", matches=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("CUSTOMERID", "S-cus_Bob"),
        ("CURRENCY", "EUR"),
        ("TRX_TOTALENTERED", "60.00"),
        ("DOCNUMBER", "in_2"),
    ],
)
def test_a_record_of_something_else_is_told_with_what_was_expected(field: str, value: str) -> None:
    answer = judge_record(NAMED, [{**INVOICE_ROW, field: value}])
    assert answer is not None
    assert not answer.matches
    assert repr(value) in answer.text
    assert "ours" in answer.text
