"""Invoices, adjustments and their lines as they are read.

Source: dossier 7.2, 7.5 and 7.7. The write names (INVOICENO, DATECREATED...) do not exist here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.books.money import ZERO
from tests.sandbox.intacct.books.records import DocumentLine, OtherReceipt, ReceivableDocument
from tests.sandbox.intacct.objects.types import Column, ObjectType

_DRAFT_LETTER, _POSTED_LETTER, _REVERSED_LETTER = "D", "A", "V"


@dataclass(frozen=True)
class DocumentView:
    """An invoice or adjustment with the name of its customer."""

    document: ReceivableDocument
    customer_name: str
    base_currency: str


@dataclass(frozen=True)
class LineView:
    """A document's line with the document and what of the line is settled."""

    document: ReceivableDocument | OtherReceipt
    line: DocumentLine
    paid: Decimal = ZERO


def document_state(document: ReceivableDocument) -> str:
    """Return the label of STATE (7.2)."""
    if document.state != "posted":
        return document.state.capitalize()
    if not document.due:
        return "Paid"
    return "Partially Paid" if document.applied else "Posted"


def raw_state(state: str) -> str:
    """Return the letter of RAWSTATE; D and A are documented, V is likely (7.2, 7.3)."""
    letters = {"draft": _DRAFT_LETTER, "posted": _POSTED_LETTER, "reversed": _REVERSED_LETTER}
    return letters[state]


def _document_views(company: IntacctCompany, kind: str) -> Iterable[DocumentView]:
    for document in company.documents:
        if document.kind == kind:
            name = customer_name(company, document.customer_id)
            yield DocumentView(document, name, company.profile.base_currency)


def customer_name(company: IntacctCompany, customer_id: str) -> str:
    """Return the name a customer has now."""
    customer = company.customers.get(customer_id)
    return customer.fields["NAME"] if customer else ""


def _document_columns(record_type: str) -> tuple[Column[DocumentView], ...]:
    return (
        Column("RECORDNO", "INTEGER", lambda view: view.document.record_no, read_only=True),
        Column("RECORDTYPE", "TEXT", lambda _: record_type, read_only=True),
        Column("RECORDID", "TEXT", lambda view: view.document.number),
        Column(
            "DOCNUMBER",
            "TEXT",
            lambda view: view.document.reference or view.document.related_number,
        ),
        Column(
            "STATE",
            "TEXT",
            lambda view: document_state(view.document),
            letter=lambda view: raw_state(view.document.state),
        ),
        Column("RAWSTATE", "TEXT", lambda view: raw_state(view.document.state)),
        Column("CUSTOMERID", "TEXT", lambda view: view.document.customer_id, required=True),
        Column("CUSTOMERNAME", "TEXT", lambda view: view.customer_name, read_only=True),
        Column("BASECURR", "TEXT", lambda view: view.base_currency),
        Column("WHENCREATED", "DATE", lambda view: view.document.created_on, required=True),
        Column("WHENPOSTED", "DATE", lambda view: view.document.posted_on),
        Column("WHENDUE", "DATE", lambda view: view.document.due_on),
        Column("WHENPAID", "DATE", lambda view: view.document.paid_on, read_only=True),
        Column("TERMNAME", "TEXT", lambda view: view.document.term),
        Column("CURRENCY", "TEXT", lambda view: view.document.exchange.currency),
        Column("EXCHRATE", "DECIMAL", lambda view: view.document.exchange.rate),
        Column("TOTALENTERED", "DECIMAL", lambda view: view.document.total_base, read_only=True),
        Column("TOTALPAID", "DECIMAL", lambda view: view.document.applied_base, read_only=True),
        Column("TOTALDUE", "DECIMAL", lambda view: view.document.due_base, read_only=True),
        Column("TRX_TOTALENTERED", "DECIMAL", lambda view: view.document.total, read_only=True),
        Column("TRX_TOTALPAID", "DECIMAL", lambda view: view.document.applied, read_only=True),
        Column("TRX_TOTALDUE", "DECIMAL", lambda view: view.document.due, read_only=True),
        Column("DESCRIPTION", "TEXT", lambda view: view.document.description),
        Column("PRBATCHKEY", "INTEGER", lambda view: view.document.entry_key, read_only=True),
        Column("MODULEKEY", "TEXT", lambda _: "4.AR", read_only=True),
        Column("MEGAENTITYID", "TEXT", lambda view: view.document.entity_id, read_only=True),
        Column("AUWHENCREATED", "TIMESTAMP", lambda view: view.document.created_at, read_only=True),
        Column("WHENMODIFIED", "TIMESTAMP", lambda view: view.document.modified_at, read_only=True),
    )


ARINVOICE: ObjectType[DocumentView] = ObjectType(
    "ARINVOICE",
    "RECORDID",
    _document_columns("ri"),
    lambda company: _document_views(company, "invoice"),
    entity_of=lambda view: view.document.entity_id,
)
ARADJUSTMENT: ObjectType[DocumentView] = ObjectType(
    "ARADJUSTMENT",
    "RECORDID",
    _document_columns("ra"),
    lambda company: _document_views(company, "adjustment"),
    entity_of=lambda view: view.document.entity_id,
)


def _document_lines(kind: str, company: IntacctCompany) -> Iterable[LineView]:
    for document in company.documents:
        if document.kind == kind:
            left = document.applied
            for line in document.lines:
                # Without a line named, lines are paid first to last (7.3).
                paid = min(left, line.total) if line.total > 0 else ZERO
                left -= paid
                yield LineView(document, line, paid)


def _receipt_lines(company: IntacctCompany) -> Iterable[LineView]:
    for receipt in company.receipts:
        for line in receipt.lines:
            yield LineView(receipt, line)


_LINE_COLUMNS: tuple[Column[LineView], ...] = (
    Column("RECORDNO", "INTEGER", lambda view: view.line.record_no, read_only=True),
    Column("RECORDKEY", "INTEGER", lambda view: view.document.record_no, read_only=True),
    Column("LINE_NO", "INTEGER", lambda view: view.line.line_no),
    Column("ACCOUNTNO", "TEXT", lambda view: view.line.account_no, required=True),
    Column("AMOUNT", "DECIMAL", lambda view: view.line.base_amount),
    Column("TRX_AMOUNT", "DECIMAL", lambda view: view.line.amount, required=True),
    Column("TOTALPAID", "DECIMAL", lambda view: view.paid, read_only=True),
    Column("TOTALDUE", "DECIMAL", lambda view: view.line.total - view.paid, read_only=True),
    Column("CURRENCY", "TEXT", lambda view: view.document.exchange.currency),
    Column("ENTRYDESCRIPTION", "TEXT", lambda view: view.line.memo),
    Column("LOCATIONID", "TEXT", lambda view: view.line.dimensions.location),
    Column("DEPARTMENTID", "TEXT", lambda view: view.line.dimensions.department),
    Column("CLASSID", "TEXT", lambda view: view.line.dimensions.class_),
    Column("PROJECTID", "TEXT", lambda view: view.line.dimensions.project),
    Column("CUSTOMERID", "TEXT", lambda view: view.line.dimensions.customer),
    Column("ITEMID", "TEXT", lambda view: view.line.dimensions.item),
)
ARINVOICEITEM: ObjectType[LineView] = ObjectType(
    "ARINVOICEITEM",
    "RECORDNO",
    _LINE_COLUMNS,
    lambda company: _document_lines("invoice", company),
    entity_of=lambda view: view.document.entity_id,
)
ARADJUSTMENTITEM: ObjectType[LineView] = ObjectType(
    "ARADJUSTMENTITEM",
    "RECORDNO",
    _LINE_COLUMNS,
    lambda company: _document_lines("adjustment", company),
    entity_of=lambda view: view.document.entity_id,
)
OTHERRECEIPTSENTRY: ObjectType[LineView] = ObjectType(
    "OTHERRECEIPTSENTRY",
    "RECORDNO",
    _LINE_COLUMNS,
    _receipt_lines,
    entity_of=lambda view: view.document.entity_id,
)

DOCUMENTS: tuple[ObjectType[Any], ...] = (
    ARINVOICE,
    ARINVOICEITEM,
    ARADJUSTMENT,
    ARADJUSTMENTITEM,
    OTHERRECEIPTSENTRY,
)
