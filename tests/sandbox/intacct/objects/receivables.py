"""Customers, invoices, adjustments, payments, receipts and deposits as they are read.

Source: dossier 7.1 to 7.5 and 7.7. The write names (INVOICENO, DATECREATED...) do not exist here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.books.money import ZERO
from tests.sandbox.intacct.books.records import (
    Application,
    Customer,
    Deposit,
    DocumentLine,
    OtherReceipt,
    Payment,
    ReceivableDocument,
)
from tests.sandbox.intacct.names import names
from tests.sandbox.intacct.objects.types import Column, ObjectType, Value, status_letter

_DRAFT_LETTER, _POSTED_LETTER, _REVERSED_LETTER = "D", "A", "V"


@dataclass(frozen=True)
class CustomerView:
    """A customer with what it owes."""

    customer: Customer
    total_due: Decimal


@dataclass(frozen=True)
class LineView:
    """A document's line with the document and what of the line is settled."""

    document: ReceivableDocument | OtherReceipt
    line: DocumentLine
    paid: Decimal = ZERO


@dataclass(frozen=True)
class ApplicationView:
    """A payment's detail with the payment."""

    payment: Payment
    application: Application


def _customer_views(company: IntacctCompany) -> Iterable[CustomerView]:
    due: dict[str, Decimal] = {}
    for document in company.documents:
        due[document.customer_id] = due.get(document.customer_id, ZERO) + document.due_base
    for customer in company.customers:
        yield CustomerView(customer, due.get(customer.customer_id, ZERO))


def _customer_field(name: str) -> Column[CustomerView]:
    def get(view: CustomerView) -> Value:
        if name.endswith(".MAILADDRESS.COUNTRYCODE"):
            # The ISO code is written as ISOCOUNTRYCODE and read as COUNTRYCODE (7.1).
            written = name.replace("COUNTRYCODE", "ISOCOUNTRYCODE")
            return view.customer.fields.get(written, "")
        return view.customer.fields.get(name, "")

    return Column(name, "TEXT", get)


_ADDRESS = names("ADDRESS1 ADDRESS2 ADDRESS3 CITY STATE ZIP COUNTRY COUNTRYCODE")
_CONTACT = names(
    "CONTACTNAME PRINTAS COMPANYNAME TAXABLE TAXGROUP PREFIX FIRSTNAME LASTNAME INITIAL PHONE1"
    " PHONE2 CELLPHONE PAGER FAX EMAIL1 EMAIL2 URL1 URL2"
)
_PLAIN = names(
    "PARENTID TERMNAME CUSTREPID CUSTTYPE TERRITORYID RESALENO TAXID CREDITLIMIT ONHOLD CURRENCY"
    " OFFSETGLACCOUNTNO ARACCOUNT SHIPPINGMETHOD DELIVERY_OPTIONS COMMENTS SUPDOCID"
    " OBJECTRESTRICTION RESTRICTEDLOCATIONS RESTRICTEDDEPARTMENTS CONTACTINFO.CONTACTNAME"
    " BILLTO.CONTACTNAME SHIPTO.CONTACTNAME"
)

CUSTOMER: ObjectType[CustomerView] = ObjectType(
    "CUSTOMER",
    "CUSTOMERID",
    (
        Column("RECORDNO", "INTEGER", lambda view: view.customer.record_no, read_only=True),
        Column("CUSTOMERID", "TEXT", lambda view: view.customer.customer_id, required=True),
        Column("NAME", "TEXT", lambda view: view.customer.fields["NAME"], required=True),
        Column("ENTITY", "TEXT", lambda view: f"C{view.customer.customer_id}", read_only=True),
        Column(
            "STATUS",
            "TEXT",
            lambda view: view.customer.fields["STATUS"],
            letter=lambda view: status_letter(view.customer.fields["STATUS"]),
        ),
        Column("TOTALDUE", "DECIMAL", lambda view: view.total_due, read_only=True),
        *(_customer_field(name) for name in _PLAIN),
        *(_customer_field(f"DISPLAYCONTACT.{name}") for name in _CONTACT),
        *(_customer_field(f"DISPLAYCONTACT.MAILADDRESS.{name}") for name in _ADDRESS),
        Column("MEGAENTITYID", "TEXT", lambda view: view.customer.entity_id, read_only=True),
        Column("WHENCREATED", "TIMESTAMP", lambda view: view.customer.created_at, read_only=True),
        Column("WHENMODIFIED", "TIMESTAMP", lambda view: view.customer.modified_at, read_only=True),
    ),
    _customer_views,
    entity_of=lambda view: view.customer.entity_id,
)


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


def _document_columns(record_type: str) -> tuple[Column[ReceivableDocument], ...]:
    return (
        Column("RECORDNO", "INTEGER", lambda each: each.record_no, read_only=True),
        Column("RECORDTYPE", "TEXT", lambda _: record_type, read_only=True),
        Column("RECORDID", "TEXT", lambda each: each.number),
        Column("DOCNUMBER", "TEXT", lambda each: each.reference or each.related_number),
        Column("STATE", "TEXT", document_state, letter=lambda each: raw_state(each.state)),
        Column("RAWSTATE", "TEXT", lambda each: raw_state(each.state)),
        Column("CUSTOMERID", "TEXT", lambda each: each.customer_id, required=True),
        Column("WHENCREATED", "DATE", lambda each: each.created_on, required=True),
        Column("WHENPOSTED", "DATE", lambda each: each.posted_on),
        Column("WHENDUE", "DATE", lambda each: each.due_on),
        Column("WHENPAID", "DATE", lambda each: each.paid_on, read_only=True),
        Column("TERMNAME", "TEXT", lambda each: each.term),
        Column("CURRENCY", "TEXT", lambda each: each.exchange.currency),
        Column("EXCHRATE", "DECIMAL", lambda each: each.exchange.rate),
        Column("TOTALENTERED", "DECIMAL", lambda each: each.total_base, read_only=True),
        Column("TOTALPAID", "DECIMAL", lambda each: each.applied_base, read_only=True),
        Column("TOTALDUE", "DECIMAL", lambda each: each.due_base, read_only=True),
        Column("TRX_TOTALENTERED", "DECIMAL", lambda each: each.total, read_only=True),
        Column("TRX_TOTALPAID", "DECIMAL", lambda each: each.applied, read_only=True),
        Column("TRX_TOTALDUE", "DECIMAL", lambda each: each.due, read_only=True),
        Column("DESCRIPTION", "TEXT", lambda each: each.description),
        Column("PRBATCHKEY", "INTEGER", lambda each: each.entry_key, read_only=True),
        Column("MODULEKEY", "TEXT", lambda _: "4.AR", read_only=True),
        Column("MEGAENTITYID", "TEXT", lambda each: each.entity_id, read_only=True),
        Column("AUWHENCREATED", "TIMESTAMP", lambda each: each.created_at, read_only=True),
        Column("WHENMODIFIED", "TIMESTAMP", lambda each: each.modified_at, read_only=True),
    )


ARINVOICE: ObjectType[ReceivableDocument] = ObjectType(
    "ARINVOICE",
    "RECORDID",
    _document_columns("ri"),
    lambda company: (each for each in company.documents if each.kind == "invoice"),
    entity_of=lambda each: each.entity_id,
)
ARADJUSTMENT: ObjectType[ReceivableDocument] = ObjectType(
    "ARADJUSTMENT",
    "RECORDID",
    _document_columns("ra"),
    lambda company: (each for each in company.documents if each.kind == "adjustment"),
    entity_of=lambda each: each.entity_id,
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

_PAYMENT_LETTERS = {"draft": "D", "posted": "C", "reversed": "V"}


def _payment_columns(record_type: str) -> tuple[Column[Payment], ...]:
    return (
        Column("RECORDNO", "INTEGER", lambda each: each.record_no, read_only=True),
        Column("RECORDTYPE", "TEXT", lambda _: record_type, read_only=True),
        Column("RECORDID", "TEXT", lambda each: each.reference),
        Column("DOCNUMBER", "TEXT", lambda each: each.reference),
        Column("DESCRIPTION", "TEXT", lambda each: each.description),
        Column("STATE", "TEXT", lambda each: _PAYMENT_LETTERS[each.state]),
        Column("CUSTOMERID", "TEXT", lambda each: each.customer_id),
        Column("PAYERNAME", "TEXT", lambda each: each.payer_name),
        Column("RECEIPTDATE", "DATE", lambda each: each.receipt_on, required=True),
        Column("PAYMENTDATE", "DATE", lambda each: each.payment_on),
        Column("WHENPAID", "DATE", lambda each: each.receipt_on),
        Column("TOTALENTERED", "DECIMAL", lambda each: each.cash_base, read_only=True),
        Column("TOTALDUE", "DECIMAL", lambda each: each.unapplied_base, read_only=True),
        Column("TRX_TOTALENTERED", "DECIMAL", lambda each: each.cash, read_only=True),
        Column("TRX_TOTALDUE", "DECIMAL", lambda each: each.unapplied, read_only=True),
        Column("FINANCIALENTITY", "TEXT", lambda each: each.bank_account_id),
        Column("UNDEPOSITEDACCOUNTNO", "TEXT", lambda each: each.undeposited_account_no),
        Column("PAYMENTMETHOD", "TEXT", lambda each: each.method),
        Column("CURRENCY", "TEXT", lambda each: each.exchange.currency),
        Column("PRBATCHKEY", "INTEGER", lambda each: each.entry_key, read_only=True),
        Column("MEGAENTITYID", "TEXT", lambda each: each.entity_id, read_only=True),
        Column("WHENCREATED", "TIMESTAMP", lambda each: each.created_at, read_only=True),
        Column("WHENMODIFIED", "TIMESTAMP", lambda each: each.modified_at, read_only=True),
    )


ARPYMT: ObjectType[Payment] = ObjectType(
    "ARPYMT",
    "RECORDID",
    _payment_columns("rp"),
    lambda company: (each for each in company.payments if each.kind != "advance"),
    entity_of=lambda each: each.entity_id,
)
ARADVANCE: ObjectType[Payment] = ObjectType(
    "ARADVANCE",
    "RECORDID",
    _payment_columns("rr"),
    lambda company: (each for each in company.payments if each.kind == "advance"),
    entity_of=lambda each: each.entity_id,
)
ARPYMTDETAIL: ObjectType[ApplicationView] = ObjectType(
    "ARPYMTDETAIL",
    "RECORDNO",
    (
        Column("RECORDNO", "INTEGER", lambda view: view.application.record_no, read_only=True),
        Column("PAYMENTKEY", "INTEGER", lambda view: view.payment.record_no),
        Column("RECORDKEY", "INTEGER", lambda view: view.application.target_key),
        Column("ENTRYKEY", "INTEGER", lambda view: view.application.target_line_key),
        Column(
            "TRX_PAYMENTAMOUNT",
            "DECIMAL",
            lambda view: None if view.application.credit_kind else view.application.amount,
        ),
        Column(
            "ADJUSTMENTKEY",
            "INTEGER",
            lambda view: (
                view.application.credit_key
                if view.application.credit_kind == "adjustment"
                else None
            ),
        ),
        Column(
            "TRX_ADJUSTMENTAMOUNT",
            "DECIMAL",
            lambda view: (
                view.application.amount if view.application.credit_kind == "adjustment" else None
            ),
        ),
        Column("PAYMENTDATE", "DATE", lambda view: view.payment.receipt_on),
        Column("STATE", "TEXT", lambda view: _PAYMENT_LETTERS[view.payment.state]),
    ),
    lambda company: (
        ApplicationView(payment, application)
        for payment in company.payments
        for application in payment.applications
    ),
    entity_of=lambda view: view.payment.entity_id,
)

OTHERRECEIPTS: ObjectType[OtherReceipt] = ObjectType(
    "OTHERRECEIPTS",
    "RECORDID",
    (
        Column("RECORDNO", "INTEGER", lambda each: each.record_no, read_only=True),
        Column("RECORDID", "TEXT", lambda each: each.reference),
        Column("DOCNUMBER", "TEXT", lambda each: each.reference),
        Column("PAYER", "TEXT", lambda each: each.payer),
        Column("PAYMENTDATE", "DATE", lambda each: each.payment_on),
        Column("RECEIPTDATE", "DATE", lambda each: each.receipt_on),
        Column("PAYMENTMETHOD", "TEXT", lambda each: each.method),
        Column("DESCRIPTION", "TEXT", lambda each: each.description),
        Column("TOTALENTERED", "DECIMAL", lambda each: each.total_base, read_only=True),
        Column("TRX_TOTALENTERED", "DECIMAL", lambda each: each.total, read_only=True),
        Column("CURRENCY", "TEXT", lambda each: each.exchange.currency),
        Column("FINANCIALENTITY", "TEXT", lambda each: each.bank_account_id),
        Column("UNDEPOSITEDACCOUNTNO", "TEXT", lambda each: each.undeposited_account_no),
        Column("DEPOSITKEY", "INTEGER", lambda each: each.deposit_key, read_only=True),
        Column("WHENMODIFIED", "TIMESTAMP", lambda each: each.modified_at, read_only=True),
    ),
    lambda company: company.receipts,
    entity_of=lambda each: each.entity_id,
)
DEPOSIT: ObjectType[Deposit] = ObjectType(
    "DEPOSIT",
    "DEPOSITID",
    (
        Column("RECORDNO", "INTEGER", lambda each: each.record_no, read_only=True),
        Column("DEPOSITID", "TEXT", lambda each: each.deposit_id),
        Column("BANKACCOUNTID", "TEXT", lambda each: each.bank_account_id),
        Column("DEPOSITDATE", "DATE", lambda each: each.deposited_on),
        Column("DESCRIPTION", "TEXT", lambda each: each.description),
        Column("TOTALENTERED", "DECIMAL", lambda each: each.total_base, read_only=True),
        Column("TRX_TOTALENTERED", "DECIMAL", lambda each: each.total, read_only=True),
        Column("WHENMODIFIED", "TIMESTAMP", lambda each: each.modified_at, read_only=True),
    ),
    lambda company: company.deposits,
    entity_of=lambda each: each.entity_id,
)

RECEIVABLES: tuple[ObjectType[Any], ...] = (
    CUSTOMER,
    ARINVOICE,
    ARINVOICEITEM,
    ARADJUSTMENT,
    ARADJUSTMENTITEM,
    ARPYMT,
    ARPYMTDETAIL,
    ARADVANCE,
    OTHERRECEIPTS,
    OTHERRECEIPTSENTRY,
    DEPOSIT,
)
