"""Journal entries and ledger details as they are read (dossier 7.6)."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.books.money import ZERO
from tests.sandbox.intacct.books.records import JournalEntry, LedgerLine
from tests.sandbox.intacct.objects.types import Column, ObjectType

_STATE_LETTERS = {"Draft": "I", "Posted": "P", "Reversed": "Z"}


class EntryLineView(NamedTuple):
    """A ledger line with its entry."""

    entry: JournalEntry
    line: LedgerLine


def _lines(company: IntacctCompany) -> Iterable[EntryLineView]:
    for entry in company.entries:
        for line in entry.lines:
            yield EntryLineView(entry, line)


GLBATCH: ObjectType[JournalEntry] = ObjectType(
    "GLBATCH",
    "RECORDNO",
    (
        Column("RECORDNO", "INTEGER", lambda each: each.record_no, read_only=True),
        Column("BATCHNO", "INTEGER", lambda each: each.batch_no, read_only=True),
        Column("BATCH_TITLE", "TEXT", lambda each: each.title, required=True),
        Column("JOURNAL", "TEXT", lambda each: each.journal, required=True),
        Column("BATCH_DATE", "DATE", lambda each: each.posted_on, required=True),
        Column("MODULE", "TEXT", lambda each: each.module, read_only=True),
        Column("REFERENCENO", "TEXT", lambda each: each.reference),
        Column("HISTORY_COMMENT", "TEXT", lambda each: each.history_comment),
        Column("REVERSED", "INTEGER", lambda each: each.reverses_key, read_only=True),
        Column(
            "STATE",
            "TEXT",
            lambda each: each.state,
            letter=lambda each: _STATE_LETTERS[each.state],
        ),
        Column("BASELOCATION_NO", "TEXT", lambda each: each.base_location),
        Column("MEGAENTITYID", "TEXT", lambda each: each.entity_id, read_only=True),
        Column("WHENCREATED", "TIMESTAMP", lambda each: each.created_at, read_only=True),
        Column("WHENMODIFIED", "TIMESTAMP", lambda each: each.modified_at, read_only=True),
    ),
    lambda company: company.entries,
    entity_of=lambda each: each.entity_id,
)

_DIMENSIONS: tuple[Column[EntryLineView], ...] = (
    Column("LOCATION", "TEXT", lambda view: view.line.dimensions.location),
    Column("DEPARTMENT", "TEXT", lambda view: view.line.dimensions.department),
    Column("CLASSID", "TEXT", lambda view: view.line.dimensions.class_),
    Column("PROJECTID", "TEXT", lambda view: view.line.dimensions.project),
    Column("CUSTOMERID", "TEXT", lambda view: view.line.dimensions.customer),
    Column("ITEMID", "TEXT", lambda view: view.line.dimensions.item),
)

GLENTRY: ObjectType[EntryLineView] = ObjectType(
    "GLENTRY",
    "RECORDNO",
    (
        Column("RECORDNO", "INTEGER", lambda view: view.line.record_no, read_only=True),
        # BATCHNO of a line is the RECORDNO of its GLBATCH (7.6).
        Column("BATCHNO", "INTEGER", lambda view: view.entry.record_no),
        Column("BATCHTITLE", "TEXT", lambda view: view.entry.title),
        Column("LINE_NO", "INTEGER", lambda view: view.line.line_no),
        Column("ENTRY_DATE", "DATE", lambda view: view.entry.posted_on),
        Column("ACCOUNTNO", "TEXT", lambda view: view.line.account_no),
        Column("AMOUNT", "DECIMAL", lambda view: abs(view.line.base_amount)),
        Column("TRX_AMOUNT", "DECIMAL", lambda view: abs(view.line.amount)),
        Column("TR_TYPE", "INTEGER", lambda view: 1 if view.line.base_amount > 0 else -1),
        Column("CURRENCY", "TEXT", lambda view: view.line.currency),
        Column("DESCRIPTION", "TEXT", lambda view: view.line.description),
        Column("DOCUMENT", "TEXT", lambda view: view.line.document),
        *_DIMENSIONS,
    ),
    _lines,
    entity_of=lambda view: view.entry.entity_id,
)

GLDETAIL: ObjectType[EntryLineView] = ObjectType(
    "GLDETAIL",
    "RECORDNO",
    (
        Column("RECORDNO", "TEXT", lambda view: f"{view.entry.record_no}-{view.line.record_no}"),
        Column("BOOKID", "TEXT", lambda _: "ACCRUAL"),
        Column("MODULEKEY", "TEXT", lambda view: view.entry.module),
        Column("ACCOUNTNO", "TEXT", lambda view: view.line.account_no),
        Column("ENTRY_DATE", "DATE", lambda view: view.entry.posted_on),
        Column("BATCH_NO", "INTEGER", lambda view: view.entry.batch_no),
        Column("BATCHKEY", "INTEGER", lambda view: view.entry.record_no),
        Column("AMOUNT", "DECIMAL", lambda view: view.line.base_amount),
        Column("TRX_AMOUNT", "DECIMAL", lambda view: view.line.amount),
        Column("DEBITAMOUNT", "DECIMAL", lambda view: max(view.line.base_amount, ZERO)),
        Column("CREDITAMOUNT", "DECIMAL", lambda view: max(-view.line.base_amount, ZERO)),
        Column("TR_TYPE", "INTEGER", lambda view: 1 if view.line.base_amount > 0 else -1),
        Column("CURRENCY", "TEXT", lambda view: view.line.currency),
        Column("DOCNUMBER", "TEXT", lambda view: view.line.document),
        Column("DESCRIPTION", "TEXT", lambda view: view.line.description),
        *_DIMENSIONS,
    ),
    lambda company: (view for view in _lines(company) if view.entry.state != "Draft"),
    entity_of=lambda view: view.entry.entity_id,
)

GENERAL_LEDGER: tuple[ObjectType[Any], ...] = (GLBATCH, GLENTRY, GLDETAIL)
