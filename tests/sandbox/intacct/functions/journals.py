"""Journal entries: generic GLBATCH and legacy create_gltransaction (dossier 7.6)."""

from datetime import date
from decimal import Decimal

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books import journals
from tests.sandbox.intacct.books.journals import NewJournalLine
from tests.sandbox.intacct.books.ledger import NewEntry
from tests.sandbox.intacct.books.money import ZERO
from tests.sandbox.intacct.books.validation import parse_key
from tests.sandbox.intacct.functions.base import (
    DIMENSION_FIELDS,
    Context,
    generic_dimensions,
    legacy_dimensions,
)
from tests.sandbox.intacct.names import names
from tests.sandbox.intacct.wire.elements import Fields
from tests.sandbox.intacct.wire.replies import KeyPayload, Payload, Row

_HEADER = frozenset(
    names(
        "RECORDNO JOURNAL BATCH_DATE REVERSEDATE BATCH_TITLE TAXIMPLICATIONS HISTORY_COMMENT"
        " REFERENCENO BASELOCATION_NO SUPDOCID STATE TAXSOLUTIONID TRANSACTIONSOURCE VATCUSTOMERID"
        " VATVENDORID VATCONTACTID ENTRIES"
    )
)
_ENTRY = DIMENSION_FIELDS | set(
    names(
        "DOCUMENT ACCOUNTNO CURRENCY TRX_AMOUNT AMOUNT TR_TYPE EXCH_RATE_DATE EXCH_RATE_TYPE_ID"
        " EXCHANGE_RATE DESCRIPTION DEPARTMENT LOCATION BILLABLE"
    )
)
_SIGNS = {"1": 1, "-1": -1, "debit": 1, "credit": -1}


def create(context: Context, fields: Fields) -> Row:
    """Create a GLBATCH."""
    reverse_on = fields.date("REVERSEDATE")
    new = _new_entry(context, fields)
    entry = journals.create_journal_entry(context.company, context.scope, new, reverse_on)
    return {"RECORDNO": str(entry.record_no)}


def update(context: Context, fields: Fields) -> Row:
    """Replace a GLBATCH with all its lines."""
    key = parse_key(fields.required("RECORDNO"))
    new = _new_entry(context, fields)
    journals.update_journal_entry(context.company, context.scope, key, new)
    return {"RECORDNO": str(key)}


def delete(context: Context, key: str) -> None:
    """Delete a GLBATCH by RECORDNO."""
    journals.delete_journal_entry(context.company, parse_key(key))


def create_legacy(context: Context, fields: Fields) -> Payload:
    """Run create_gltransaction."""
    posted_on = fields.required_legacy_date("datecreated")
    lines = [_legacy_line(context, line) for line in fields.each("gltransactionentries/glentry")]
    new = NewEntry(
        journal=context.required(fields, "journalid"),
        posted_on=posted_on,
        title=context.required(fields, "description"),
        lines=journals.journal_lines(context.company, context.scope, lines),
        reference=context.text(fields, "referenceno"),
        base_location=fields.text("sourceentity"),
        custom=fields.custom_fields(),
    )
    reverse_on = fields.legacy_date("reversedate")
    entry = journals.create_journal_entry(context.company, context.scope, new, reverse_on)
    return KeyPayload(str(entry.record_no))


def delete_legacy(context: Context, fields: Fields) -> Payload:
    """Run delete_gltransaction."""
    key = fields.attribute("key")
    delete(context, key)
    return KeyPayload(key)


def _new_entry(context: Context, fields: Fields) -> NewEntry:
    context.refuse_unknown(fields, _HEADER)
    posted_on: date = fields.required_date("BATCH_DATE")
    state = fields.text("STATE", "Posted")
    if state not in {"Posted", "Draft"}:
        raise errors.illegal("STATE", state)
    lines = [_generic_line(context, line) for line in fields.each("ENTRIES/GLENTRY")]
    custom = context.company.profile.custom_fields
    return NewEntry(
        journal=fields.required("JOURNAL"),
        posted_on=posted_on,
        title=_required_title(context, fields),
        lines=journals.journal_lines(context.company, context.scope, lines),
        reference=context.generic_text(fields, "REFERENCENO"),
        history_comment=fields.text("HISTORY_COMMENT"),
        base_location=fields.text("BASELOCATION_NO"),
        draft=state == "Draft",
        custom={name: fields.text(name) for name in fields.child_names() if name in custom},
    )


def _required_title(context: Context, fields: Fields) -> str:
    fields.required("BATCH_TITLE")
    return context.generic_text(fields, "BATCH_TITLE")


def _generic_line(context: Context, fields: Fields) -> NewJournalLine:
    if fields.has("ALLOCATION") or fields.has("SPLIT") or fields.has("TAXENTRIES"):
        raise errors.refuse("BL01001973", "The double does not model splits and tax entries")
    context.refuse_unknown(fields, _ENTRY)
    # The table of the docs names TRX_AMOUNT, their examples AMOUNT; either is accepted (7.6).
    amount = fields.amount("TRX_AMOUNT")
    amount = fields.amount("AMOUNT") if amount is None else amount
    return NewJournalLine(
        account_no=fields.required("ACCOUNTNO"),
        amount=_signed(fields, "TR_TYPE", amount),
        exchange=context.generic_exchange(fields),
        dimensions=generic_dimensions(fields, location="LOCATION", department="DEPARTMENT"),
        description=context.generic_text(fields, "DESCRIPTION"),
        document=context.generic_text(fields, "DOCUMENT"),
    )


def _legacy_line(context: Context, fields: Fields) -> NewJournalLine:
    return NewJournalLine(
        account_no=fields.required("glaccountno"),
        amount=_signed(fields, "trtype", fields.amount("amount")),
        exchange=context.legacy_exchange(fields),
        dimensions=legacy_dimensions(fields),
        description=context.text(fields, "memo"),
        document=context.text(fields, "document"),
    )


def _signed(fields: Fields, type_name: str, amount: Decimal | None) -> Decimal:
    """Return the amount, debit positive; both spellings of the type occur (7.6)."""
    if amount is None:
        raise errors.refuse("BL03002101", "Remove the extra line item: the line amount is missing")
    if amount <= ZERO:
        raise errors.illegal("amount of a journal line", str(amount))
    sign = _SIGNS.get(fields.required(type_name))
    if sign is None:
        raise errors.illegal(type_name, fields.text(type_name))
    return amount * sign
