"""AR invoices and adjustments: create, change, reverse, delete.

Source: dossier 7.2 (invoice), 7.5 (adjustment; negative is a credit memo), section 5 (BL03002185).
A document debits its AR control account and credits the lines' accounts; negative amounts turn
the sides around by themselves.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, TypeVar

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books import ledger
from tests.sandbox.intacct.books.company import IntacctCompany, Scope
from tests.sandbox.intacct.books.document_lines import NewLine, build_lines, line_credits
from tests.sandbox.intacct.books.master import Dimensions
from tests.sandbox.intacct.books.money import ZERO, convert
from tests.sandbox.intacct.books.records import (
    DocumentLine,
    Exchange,
    LedgerLine,
    ReceivableDocument,
    no_fields,
)

T = TypeVar("T")
Kind = Literal["invoice", "adjustment"]
_NUMBER_PREFIX = {"invoice": "INV-", "adjustment": "ADJ-"}


@dataclass(frozen=True)
class NewDocument:
    """An invoice or adjustment as the request gives it."""

    kind: Kind
    customer_id: str
    created_on: date
    exchange: Exchange
    lines: tuple[NewLine, ...]
    posted_on: date | None = None
    due_on: date | None = None
    term: str = ""
    number: str = ""
    reference: str = ""
    description: str = ""
    external_id: str = ""
    related_number: str = ""
    draft: bool = False
    custom: Mapping[str, str] = field(default_factory=no_fields)


def create_document(company: IntacctCompany, scope: Scope, new: NewDocument) -> ReceivableDocument:
    """Create and, unless it is a draft, post a document.

    Raises:
        FunctionFailedError: unknown customer, account or dimension, duplicate number, no due date,
            closed period.
    """
    customer = company.customer(new.customer_id)
    number = _claim_number(company, new.kind, new.number)
    term = new.term or customer.fields.get("TERMNAME", "")
    now = company.now()
    document = ReceivableDocument(
        record_no=company.next_number("subledger"),
        kind=new.kind,
        number=number,
        customer_id=new.customer_id,
        created_on=new.created_on,
        posted_on=new.posted_on or new.created_on,
        due_on=_due_date(company, new, term),
        exchange=new.exchange,
        lines=tuple(build_lines(company, scope, new.exchange, new.lines)),
        ar_account_no=_control_account(company, new.customer_id),
        state="draft",
        modified_at=now,
        created_at=now,
        reference=new.reference,
        description=new.description,
        term=term,
        external_id=new.external_id,
        related_number=new.related_number,
        entity_id=scope.entity_id,
        custom=new.custom,
    )
    if not new.draft:
        document = _posted(company, scope, document)
    company.documents.put(document.record_no, document)
    company.document_numbers.put((new.kind, number), document.record_no)
    return document


@dataclass(frozen=True)
class DocumentChange:
    """What update_invoice may change; None leaves a value as it is."""

    customer_id: str | None = None
    created_on: date | None = None
    posted_on: date | None = None
    due_on: date | None = None
    term: str | None = None
    number: str | None = None
    reference: str | None = None
    description: str | None = None
    exchange: Exchange | None = None
    lines: tuple[NewLine, ...] | None = None
    submit: bool | None = None
    custom: Mapping[str, str] | None = None

    @property
    def moves_the_ledger(self) -> bool:
        """Whether the posting would differ."""
        changed = (self.customer_id, self.created_on, self.posted_on, self.exchange, self.lines)
        return any(value is not None for value in changed)


def update_document(
    company: IntacctCompany, scope: Scope, key: int, change: DocumentChange
) -> ReceivableDocument:
    """Change a draft or an unpaid posted document; the posting is replaced (7.2).

    Raises:
        FunctionFailedError: reversed, or paid and the change would move the ledger.
    """
    document = company.document(key)
    if document.state == "reversed":
        raise errors.refuse("BL01001973", "A reversed transaction cannot be changed")
    if change.moves_the_ledger and document.applied:
        raise errors.refuse("BL01001973", "A paid or partially paid invoice cannot be changed")
    changed = _with_header(company, document, change)
    if change.lines is not None:
        lines = tuple(build_lines(company, scope, changed.exchange, change.lines))
        changed = replace(changed, lines=lines)
    elif change.exchange is not None:
        changed = replace(changed, lines=_translated(changed.lines, changed.exchange))
    if document.state == "posted" and change.moves_the_ledger:
        ledger.withdraw(company, document.entry_key)
        changed = _posted(company, scope, changed)
    elif document.state == "draft" and change.submit:
        changed = _posted(company, scope, changed)
    company.documents.put(key, replace(changed, modified_at=company.now()))
    return company.documents[key]


def _with_header(
    company: IntacctCompany, document: ReceivableDocument, change: DocumentChange
) -> ReceivableDocument:
    if change.customer_id is not None:
        company.customer(change.customer_id)
    if change.number is not None and change.number != document.number:
        _release_number(company, document)
        number = _claim_number(company, document.kind, change.number)
        company.document_numbers.put((document.kind, number), document.record_no)
    return replace(
        document,
        customer_id=_either(change.customer_id, document.customer_id),
        created_on=_either(change.created_on, document.created_on),
        posted_on=_either(change.posted_on, document.posted_on),
        due_on=_either(change.due_on, document.due_on),
        term=_either(change.term, document.term),
        number=_either(change.number, document.number),
        reference=_either(change.reference, document.reference),
        description=_either(change.description, document.description),
        exchange=_either(change.exchange, document.exchange),
        custom={**document.custom, **(change.custom or {})},
    )


def reverse_document(
    company: IntacctCompany, scope: Scope, key: int, on: date, description: str
) -> None:
    """Reverse a posted, unpaid document with an opposite dated ``on`` (7.2).

    Raises:
        FunctionFailedError: draft, already reversed, paid in part or whole, dated before the
            posting, or in a closed period.
    """
    document = company.document(key)
    if document.state != "posted":
        raise errors.refuse("BL01001973", f"Only a posted invoice can be reversed, not {key}")
    if document.applied:
        raise errors.refuse(
            "BL01001973",
            f"The invoice {document.number} is paid or partially paid; reverse its payments first",
        )
    if on < document.posted_on:
        raise errors.refuse("BL01001973", "The reversal date is before the posting date")
    title = description or f"Reversal of {document.kind} {document.number}"
    ledger.reverse(company, scope, document.entry_key, on, title)
    company.documents.put(
        key, replace(document, state="reversed", reversed_on=on, modified_at=company.now())
    )


def delete_document(company: IntacctCompany, key: int, kind: Kind) -> None:
    """Delete a draft or an unpaid document of an open period (7.2)."""
    document = company.document(key)
    if document.kind != kind:
        raise errors.no_record(str(key))
    if document.state == "reversed" or document.applied:
        raise errors.refuse("BL01001973", "Only an unpaid or draft transaction can be deleted")
    ledger.withdraw(company, document.entry_key)
    company.documents.remove(key)
    _release_number(company, document)


def settle(
    company: IntacctCompany, key: int, amount: Decimal, base_amount: Decimal, on: date
) -> None:
    """Apply an amount to a document (or take it back, if negative)."""
    document = company.documents[key]
    changed = replace(
        document,
        applied=document.applied + amount,
        applied_base=document.applied_base + base_amount,
        modified_at=company.now(),
    )
    company.documents.put(key, replace(changed, paid_on=None if changed.due else on))


def _posted(
    company: IntacctCompany, scope: Scope, document: ReceivableDocument
) -> ReceivableDocument:
    entry_key = ledger.post_subledger(
        company,
        scope,
        module="4.AR",
        posted_on=document.posted_on,
        title=f"{document.kind.capitalize()} {document.number}",
        lines=_ledger_lines(document),
        source_key=document.record_no,
    )
    return replace(document, state="posted", entry_key=entry_key)


def _ledger_lines(document: ReceivableDocument) -> Iterable[LedgerLine]:
    owed: dict[tuple[str, str], tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    currency = document.exchange.currency
    for line in document.lines:
        yield from line_credits(line, currency, document.number)
        side = (line.offset_account_no or document.ar_account_no, line.dimensions.location)
        amount, base = owed[side]
        owed[side] = (amount + line.total, base + line.base_amount + line.base_tax)
    for (account_no, location), (amount, base) in owed.items():
        dimensions = Dimensions(location=location, customer=document.customer_id)
        yield LedgerLine(
            account_no, base, amount, currency, dimensions, document.description, document.number
        )


def _claim_number(company: IntacctCompany, kind: Kind, number: str) -> str:
    """Return the document's number; taken ones are BL03002185, missing ones PL01000127."""
    if not number:
        if kind not in company.profile.sequences:
            raise errors.refuse("PL01000127", "The document number is missing")
        number = f"{_NUMBER_PREFIX[kind]}{company.next_number(kind):06d}"
    may_repeat = company.switches.duplicate_adjustment_number == "accept"
    if (kind, number) in company.document_numbers and not (kind == "adjustment" and may_repeat):
        raise errors.duplicate_number(number)
    return number


def _release_number(company: IntacctCompany, document: ReceivableDocument) -> None:
    """Let the number be used again, unless it is that of a later document by now."""
    key = (document.kind, document.number)
    if company.document_numbers.get(key) == document.record_no:
        company.document_numbers.remove(key)


def _due_date(company: IntacctCompany, new: NewDocument, term_name: str) -> date | None:
    """Return the due date given, or by the term, which may be the customer's (7.2)."""
    if new.kind == "adjustment":
        return new.due_on or new.created_on
    if new.due_on is not None:
        return new.due_on
    if not term_name:
        raise errors.missing("Date Due")
    term = company.terms.get(term_name)
    if term is None:
        raise errors.invalid_reference("term", term_name)
    return new.created_on + timedelta(days=term.due_days)


def _control_account(company: IntacctCompany, customer_id: str) -> str:
    own = company.customers[customer_id].fields.get("OFFSETGLACCOUNTNO", "")
    return own or company.profile.receivable_account_no


def _translated(lines: tuple[DocumentLine, ...], exchange: Exchange) -> tuple[DocumentLine, ...]:
    return tuple(
        replace(
            line,
            base_amount=convert(line.amount, exchange.rate),
            base_tax=convert(line.tax, exchange.rate),
        )
        for line in lines
    )


def _either(changed: T | None, unchanged: T) -> T:
    return unchanged if changed is None else changed
