"""Finding a document again by its natural key. Pure: what to ask, and what the answer means.

Every field asked for exists under that name for reading; the names used for writing (INVOICENO...)
do not. Source: intacct-xml-api dossier sections 7.1 to 7.9.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from lxml import etree

from tieout.domain.documents import (
    ArAdjustment,
    ArInvoice,
    ArPayment,
    CreditApplication,
    Customer,
    InvoiceReversal,
    JournalEntry,
    OtherReceipt,
    PaymentReversal,
)
from tieout.domain.keys import reference
from tieout.domain.money import decimal_from_minor
from tieout.intacct.document_xml import DEBIT, record_number
from tieout.intacct.request_xml import Function, function
from tieout.intacct.xml_values import append_text
from tieout.services.ports import Found, NamedRecord, Submission

Row = Mapping[str, str]

# Source: intacct-xml-api dossier section 7.9: pagesize is at most 2000.
PAGE_SIZE_MAX = 2000
# The amount in the record's own currency; a company with a single currency may show only the other.
_TOTALS = ("TRX_TOTALENTERED", "TOTALENTERED")
_DUES = ("TRX_TOTALDUE", "TOTALDUE")
_LINE_AMOUNTS = ("TRX_AMOUNT", "AMOUNT")
_NUMBERED = ("RECORDID", "CUSTOMERID", *_TOTALS)
_OBJECTS = {ArInvoice: "ARINVOICE", ArAdjustment: "ARADJUSTMENT", ArPayment: "ARPYMT"}
# Source: stripe-api dossier section 4.1: how the id of an invoice begins.
_STRIPE_INVOICE = "in_"
REVERSED_STATES = frozenset({"reversed", "voided", "void", "v", "z"})


@dataclass(frozen=True, slots=True)
class Query:
    """A `query`: the records of one object whose fields have these values.

    Attributes:
        any_of: acceptable values by field; every field must fit.
    """

    object_name: str
    fields: tuple[str, ...]
    any_of: Mapping[str, Sequence[str]]


def query_function(query: Query) -> Function:
    """Return the function that asks `query`, oldest record first.

    Source: intacct-xml-api dossier section 7.9.
    """
    element = etree.Element("query")
    append_text(element, "object", query.object_name)
    select = etree.SubElement(element, "select")
    for field in query.fields:
        append_text(select, "field", field)
    parent = etree.SubElement(element, "filter")
    if len(query.any_of) > 1:
        parent = etree.SubElement(parent, "and")
    for field, values in query.any_of.items():
        condition = etree.SubElement(parent, "equalto" if len(values) == 1 else "in")
        append_text(condition, "field", field)
        for value in values:
            append_text(condition, "value", value)
    order = etree.SubElement(etree.SubElement(element, "orderby"), "order")
    append_text(order, "field", "RECORDNO")
    etree.SubElement(order, "ascending")
    append_text(element, "pagesize", str(PAGE_SIZE_MAX))
    digest = hashlib.sha256(etree.tostring(element)).hexdigest()
    return function(f"look-up-{digest[:32]}", element)


def query_for(submission: Submission) -> Query:
    """Return the query that finds the document of `submission`.

    Raises:
        Refused: it refers to a document whose RECORDNO is not known.
    """
    document = submission.document
    match document:
        case Customer():
            by = {"CUSTOMERID": document.customer_id}
            return _query("CUSTOMER", ("CUSTOMERID", "NAME"), by)
        case ArInvoice():
            by = {"RECORDID": document.number}
            return _query("ARINVOICE", (*_NUMBERED, "DOCNUMBER"), by)
        case ArAdjustment():
            return _query("ARADJUSTMENT", _NUMBERED, {"RECORDID": document.number})
        case ArPayment():
            by = {"DOCNUMBER": document.reference, "CUSTOMERID": document.customer_id}
            return _query("ARPYMT", ("DOCNUMBER", "CUSTOMERID", *_TOTALS, "STATE"), by)
        case OtherReceipt():
            by = {"DOCNUMBER": document.reference}
            return _query("OTHERRECEIPTS", ("DOCNUMBER", *_TOTALS), by)
        case JournalEntry():
            by = {"REFERENCENO": document.reference, "JOURNAL": document.journal}
            return _query("GLBATCH", ("REFERENCENO", "JOURNAL", "BATCH_TITLE", "STATE"), by)
        case InvoiceReversal():
            by = {"RECORDNO": record_number(submission, document.invoice_key)}
            return _query("ARINVOICE", ("RECORDID", "STATE"), by)
        case PaymentReversal():
            by = {"RECORDNO": record_number(submission, document.receipt_key)}
            return _query("ARPYMT", ("DOCNUMBER", "STATE"), by)
        case CreditApplication():
            by = {"RECORDNO": record_number(submission, document.adjustment_key)}
            return _query("ARADJUSTMENT", ("RECORDID", *_TOTALS, *_DUES), by)


def _query(object_name: str, fields: tuple[str, ...], by: Mapping[str, str]) -> Query:
    any_of = {field: (value,) for field, value in by.items()}
    return Query(object_name, ("RECORDNO", *fields), any_of)


def lines_query(batches: Iterable[Row]) -> Query:
    """Return the query for the lines of journal entries; BATCHNO there is their RECORDNO (7.6)."""
    numbers = tuple(batch.get("RECORDNO", "") for batch in batches)
    fields = ("RECORDNO", "BATCHNO", "ACCOUNTNO", *_LINE_AMOUNTS, "TR_TYPE")
    return Query("GLENTRY", fields, {"BATCHNO": numbers})


def judge(submission: Submission, rows: Sequence[Row], lines: Sequence[Row] = ()) -> Found | None:
    """Return what the rows of `query_for` say about the document.

    Args:
        submission: whose document was looked for.
        rows: the records found.
        lines: for a journal entry, the rows of `lines_query`.
    """
    document = submission.document
    match document:
        case Customer():
            wanted = {"CUSTOMERID": document.customer_id}
            return _best(rows, wanted, None)
        case ArInvoice():
            wanted = {"CUSTOMERID": document.customer_id, "DOCNUMBER": document.reference}
            total = decimal_from_minor(document.total_minor, document.currency)
            return _best(rows, wanted, total)
        case ArAdjustment():
            total = decimal_from_minor(document.total_minor, document.currency)
            return _best(rows, {"CUSTOMERID": document.customer_id}, total)
        case ArPayment():
            amount = decimal_from_minor(document.amount_minor, document.currency)
            return _best([row for row in rows if not _is_reversed(row)], {}, amount)
        case OtherReceipt():
            total = decimal_from_minor(document.total_minor, document.currency)
            return _best(rows, {}, total)
        case JournalEntry():
            return _best_entry(document, rows, lines)
        case InvoiceReversal() | PaymentReversal():
            return next(
                (Found(_number(row), matches=True) for row in rows if _is_reversed(row)), None
            )
        case CreditApplication():
            return next((_judge_application(document, row) for row in rows), None)


def record_query(named: NamedRecord) -> Query:
    """Return the query that reads the record that a person named."""
    fields = (*_NUMBERED, "CURRENCY", "DOCNUMBER")
    return _query(_OBJECTS[named.kind], fields, {"RECORDNO": named.record_no})


def judge_record(named: NamedRecord, rows: Sequence[Row]) -> Found | None:
    """Return what the rows of `record_query` say about the record.

    Its number and its reference are as whoever entered it chose them; but the reference that Tieout
    gives the invoice of another Stripe invoice shows that it is that one's.
    """
    row = next(iter(rows), None)
    if row is None:
        return None
    wanted = {} if named.customer_id is None else {"CUSTOMERID": named.customer_id}
    total = None
    if named.amount_minor is not None and named.currency is not None:
        total = decimal_from_minor(named.amount_minor, named.currency)
        if row.get("CURRENCY"):
            wanted["CURRENCY"] = named.currency.upper()
    if named.stripe_id is not None and row.get("DOCNUMBER", "").startswith(_STRIPE_INVOICE):
        wanted["DOCNUMBER"] = reference(named.stripe_id)
    return _best([row], wanted, total)


def _best(rows: Sequence[Row], wanted: Row, amount: Decimal | None) -> Found | None:
    """Return the first record that is the document, else the first that has its number."""
    found = [
        Found(_number(row), matches=not (text := _difference(row, wanted, amount)), text=text)
        for row in rows
    ]
    return next((each for each in found if each.matches), found[0] if found else None)


def _difference(row: Row, wanted: Row, amount: Decimal | None) -> str:
    """Say how the record differs from the document; the empty string if it does not.

    The amounts are compared without their sign: which one Intacct shows for a credit memo is not
    documented, and a number cannot be that of a credit and of a debit.
    """
    differences = [
        f"{field} is {row.get(field, '')!r}, ours {value!r}"
        for field, value in wanted.items()
        if row.get(field, "") != value
    ]
    there = _decimal(row, _TOTALS)
    if amount is not None and (there is None or abs(there) != abs(amount)):
        differences.append(f"the amount is {_first(row, _TOTALS)!r}, ours {amount}")
    return f"record {_number(row)}: {'; '.join(differences)}" if differences else ""


def _best_entry(document: JournalEntry, rows: Sequence[Row], lines: Sequence[Row]) -> Found | None:
    """Return the entry with exactly our lines, else the first with our reference.

    A refund and its failure differ in nothing but the sides of their lines.
    """
    ours = Counter(
        (line.account, decimal_from_minor(line.amount_minor, document.currency))
        for line in document.lines
    )
    standing = [row for row in rows if not _is_reversed(row)]
    for row in standing:
        theirs = Counter(
            (line.get("ACCOUNTNO", ""), _signed(line))
            for line in lines
            if line.get("BATCHNO") == _number(row)
        )
        if theirs == ours:
            return Found(_number(row), matches=True)
    return next(
        (Found(_number(row), False, f"entry {_number(row)} has other lines") for row in standing),
        None,
    )


def _judge_application(document: CreditApplication, adjustment: Row) -> Found | None:
    """Tell from what is left of the credit whether it was applied.

    An application has no number of its own to look for. A credit that is whole was not applied;
    one that lacks exactly our amount, or all of it, was. Anything else a person must judge.
    """
    total, due = _decimal(adjustment, _TOTALS), _decimal(adjustment, _DUES)
    number = _number(adjustment)
    if total is None or due is None:
        return Found(number, matches=False, text=f"adjustment {number} does not show what is left")
    used = abs(total) - abs(due)
    if used == 0:
        return None
    amount = decimal_from_minor(document.amount_minor, document.currency)
    if used == amount or due == 0:
        return Found(number, matches=True)
    text = f"{used} of adjustment {number} is applied, ours {amount}"
    return Found(number, matches=False, text=text)


def _signed(line: Row) -> Decimal | None:
    amount = _decimal(line, _LINE_AMOUNTS)
    if amount is None:
        return None
    return abs(amount) if line.get("TR_TYPE") == DEBIT else -abs(amount)


def _is_reversed(row: Row) -> bool:
    return row.get("STATE", "").lower() in REVERSED_STATES


def _number(row: Row) -> str:
    return row.get("RECORDNO", "")


def _first(row: Row, fields: Iterable[str]) -> str:
    return next((row[field] for field in fields if row.get(field)), "")


def _decimal(row: Row, fields: Iterable[str]) -> Decimal | None:
    """Return the first of the fields that is filled; None if it is not a number."""
    try:
        amount = Decimal(_first(row, fields))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
