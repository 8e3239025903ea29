"""Documents: what should exist in Intacct. Frozen values that check their own sums.

Signs: an AR line is positive when it increases what the customer owes; a journal line is positive
for a debit and negative for a credit. All amounts are minor units of the document's currency.
`entity` is the Intacct entity in whose books a document is, None for the company's top level.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, Literal

from tieout.domain.errors import Refused
from tieout.domain.reasons import Reason

# Marks a field that says why or when, not what: it does not count in the digest.
NOT_CONTENT: Mapping[str, bool] = {"not_content": True}
# Marks a field that counts only where it says something: what was booked before the field existed
# keeps its digest.
IF_GIVEN: Mapping[str, bool] = {"if_given": True}


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Where a line belongs, by Intacct ids; None where policy names nothing.

    Attributes:
        user_defined: (name, value) pairs of user-defined dimensions (`GLDIM...`), sorted by name.
    """

    location: str | None = None
    department: str | None = None
    class_id: str | None = None
    project: str | None = None
    item: str | None = None
    user_defined: tuple[tuple[str, str], ...] = ()

    def overlaid(self, other: "Dimensions") -> "Dimensions":
        """Return these dimensions with every value that `other` names taking precedence."""
        if other == NO_DIMENSIONS:
            return self
        return Dimensions(
            location=other.location or self.location,
            department=other.department or self.department,
            class_id=other.class_id or self.class_id,
            project=other.project or self.project,
            item=other.item or self.item,
            user_defined=tuple(
                sorted({**dict(self.user_defined), **dict(other.user_defined)}.items())
            ),
        )


NO_DIMENSIONS = Dimensions()


@dataclass(frozen=True, slots=True)
class Contact:
    """How to print and reach a customer; every part may be missing in Stripe.

    Attributes:
        country: the name of `country_code` where policy gives one; Stripe has the code alone.
    """

    print_as: str
    email: str = ""
    phone: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    country_code: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """A CUSTOMER.

    Attributes:
        key: document key.
        customer_id: CUSTOMERID in Intacct, chosen by policy.
        stripe_id: the Stripe customer behind it.
        name: cleaned, within Intacct's length.
        amend: whether a later change is sent: `always`, only `if_created` by us (an adopted
            customer stays as the company keeps it), or `never` (Stripe's customer is gone).
    """

    key: str
    customer_id: str
    stripe_id: str
    name: str
    contact: Contact
    term: str | None = None
    active: bool = True
    amend: Literal["always", "if_created", "never"] = "if_created"


RefundsFrom = Literal["revenue", "deferred"]


@dataclass(frozen=True, slots=True)
class Deferral:
    """How a line is earned: day by day over its service period, by a schedule of Intacct's.

    Attributes:
        account: where it waits until it is earned.
        template: the schedule's template.
        start, end: first and last day of the service, both included.
        refunds_from: where journal entries take back what still waits.
    """

    account: str
    template: str
    start: date
    end: date
    refunds_from: RefundsFrom = field(default="revenue", metadata=NOT_CONTENT)


@dataclass(frozen=True, slots=True)
class ArLine:
    """One line of an AR invoice, adjustment or other receipt.

    Attributes:
        account: what is earned; with a deferral, only when it is.
        amount_minor: positive increases what the customer owes.
        why: the policy rule that chose account and dimensions; evidence, not content.
        stripe_line: the line of Stripe's invoice that it is of; empty for tax, shipping, discounts.
    """

    account: str
    amount_minor: int
    memo: str
    dimensions: Dimensions
    why: str = field(default="", metadata=NOT_CONTENT)
    deferral: Deferral | None = field(default=None, metadata=IF_GIVEN)
    stripe_line: str = field(default="", compare=False, metadata=NOT_CONTENT)

    @property
    def posted_on(self) -> str:
        """The account that the document itself moves."""
        return self.account if self.deferral is None else self.deferral.account


@dataclass(frozen=True, slots=True)
class ArInvoice:
    """A create_invoice.

    Attributes:
        number: INVOICENO, the natural key; read back as RECORDID.
        customer_key: of the customer that must be there first; empty for one of the company's own.
        reference: short reference of the Stripe id, read back as DOCNUMBER.
        invoice_date: the invoice's legal date. posting_date: the date in the general ledger.
        total_minor: Stripe's total; the lines must sum to it.
    """

    key: str
    stripe_id: str
    customer_key: str
    customer_id: str
    number: str
    reference: str
    invoice_date: date
    posting_date: date
    due_date: date
    currency: str
    description: str
    lines: tuple[ArLine, ...]
    total_minor: int
    entity: str | None = field(default=None, metadata=IF_GIVEN)

    def __post_init__(self) -> None:
        require_sum(self.key, self.lines, self.total_minor)


@dataclass(frozen=True, slots=True)
class CashAccount:
    """Where a payment lands: a general-ledger account, or a bank account that stands for one.

    Exactly one of the two is sent: the bank account if there is one (needed for currencies other
    than the company's base currency), else the account as undeposited funds.
    Source: intacct-xml-api dossier section 7.3.

    Attributes:
        why: what in the policy chose it; evidence, not content.
    """

    account: str
    bank_account: str | None = None
    why: str = field(default="", compare=False, metadata=NOT_CONTENT)


@dataclass(frozen=True, slots=True)
class Application:
    """A part of a payment or of a credit, and the receivable that it settles.

    Attributes:
        key: of the AR invoice or debit memo.
        amount_minor: positive.
    """

    key: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ArPayment:
    """An ARPYMT applied to an invoice, and to debit memos that asked for more of it.

    Attributes:
        reference: DOCNUMBER, the natural key together with the customer.
        amount_minor: positive, minor units of `currency`.
        debit_memos: what of the amount settles debit memos; the rest settles the invoice.
        after: keys of documents that must be posted first (the reversal of an earlier receipt).
        happened_at_unix: when Stripe says that it was paid; 0 if a posting need not remember that.
    """

    key: str
    stripe_id: str
    customer_id: str
    invoice_key: str
    reference: str
    payment_date: date
    posting_date: date
    currency: str
    amount_minor: int
    method: str
    cash_account: CashAccount
    description: str
    entity: str | None = field(default=None, metadata=IF_GIVEN)
    debit_memos: tuple[Application, ...] = field(default=(), metadata=IF_GIVEN)
    after: tuple[str, ...] = field(default=(), metadata=NOT_CONTENT)
    happened_at_unix: int = field(default=0, metadata=NOT_CONTENT)

    def __post_init__(self) -> None:
        if self.amount_minor <= 0:
            raise Refused(Reason.DOES_NOT_ADD_UP, f"{self.key}: a payment must be positive")

    @property
    def applications(self) -> tuple[Application, ...]:
        """What it settles, the invoice first."""
        return _applications(self.invoice_key, self.amount_minor, self.debit_memos)


@dataclass(frozen=True, slots=True)
class OtherReceipt:
    """A record_otherreceipt: money for which nobody was sent an invoice.

    Attributes:
        payer: who paid, for people; no customer of Intacct's need stand behind the name, and
            that the customer has another one by now does not change what was received.
        reference: REFID, the natural key; read back as DOCNUMBER.
        lines: what was earned; positive amounts.
        total_minor: positive, what the lines must sum to.
    """

    key: str
    stripe_id: str
    payer: str = field(metadata=NOT_CONTENT)
    reference: str
    payment_date: date
    posting_date: date
    currency: str
    method: str
    cash_account: CashAccount
    description: str
    lines: tuple[ArLine, ...]
    total_minor: int
    entity: str | None = field(default=None, metadata=IF_GIVEN)

    def __post_init__(self) -> None:
        require_sum(self.key, self.lines, self.total_minor)


@dataclass(frozen=True, slots=True)
class ArAdjustment:
    """A create_aradjustment; negative lines make a credit memo.

    Attributes:
        number: ADJUSTMENTNO, the natural key; read back as RECORDID.
        total_minor: what the lines must sum to; negative for a credit memo.
        happened_at_unix: as of an `ArPayment`: when the invoice was marked uncollectible, or
            was owed again.
    """

    key: str
    stripe_id: str
    customer_key: str
    customer_id: str
    invoice_key: str
    number: str
    invoice_number: str
    adjustment_date: date
    posting_date: date
    currency: str
    description: str
    lines: tuple[ArLine, ...]
    total_minor: int
    entity: str | None = field(default=None, metadata=IF_GIVEN)
    happened_at_unix: int = field(default=0, metadata=NOT_CONTENT)

    def __post_init__(self) -> None:
        require_sum(self.key, self.lines, self.total_minor)


@dataclass(frozen=True, slots=True)
class CreditApplication:
    """An apply_arpayment of a credit memo to an invoice; moves no cash.

    Attributes:
        amount_minor: positive, what the credit settles.
        debit_memos: what of the amount settles debit memos; the rest settles the invoice.
        after: keys of documents that must be posted first (the reversal of an earlier receipt).
    """

    key: str
    adjustment_key: str
    invoice_key: str
    application_date: date
    currency: str
    amount_minor: int
    memo: str
    entity: str | None = field(default=None, metadata=IF_GIVEN)
    debit_memos: tuple[Application, ...] = field(default=(), metadata=IF_GIVEN)
    after: tuple[str, ...] = field(default=(), metadata=NOT_CONTENT)

    @property
    def applications(self) -> tuple[Application, ...]:
        """What it settles, the invoice first."""
        return _applications(self.invoice_key, self.amount_minor, self.debit_memos)


@dataclass(frozen=True, slots=True)
class InvoiceReversal:
    """A reverse_invoice of an unpaid invoice, dated when Stripe voided it."""

    key: str
    invoice_key: str
    reversal_date: date
    currency: str
    amount_minor: int
    description: str
    entity: str | None = field(default=None, metadata=IF_GIVEN)


@dataclass(frozen=True, slots=True)
class PaymentReversal:
    """A reverse_arpayment of a receipt whose money went back; reopens what the receipt settled.

    Attributes:
        amount_minor: positive, the receipt's.
    """

    key: str
    receipt_key: str
    reversal_date: date
    currency: str
    amount_minor: int
    description: str
    entity: str | None = field(default=None, metadata=IF_GIVEN)


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One GLENTRY.

    Attributes:
        amount_minor: positive debit, negative credit; never zero.
        customer_id: the customer dimension, where known.
    """

    account: str
    amount_minor: int
    memo: str
    dimensions: Dimensions
    customer_id: str | None = None
    why: str = field(default="", metadata=NOT_CONTENT)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A GLBATCH whose lines balance.

    Attributes:
        reference: REFERENCENO, the natural key.
        after: keys of documents that must be posted first (the invoice that a refund takes back).
        happened_at_unix: as of an `ArPayment`.
    """

    key: str
    stripe_id: str
    journal: str
    posting_date: date
    currency: str
    title: str
    reference: str
    lines: tuple[JournalLine, ...]
    after: tuple[str, ...] = field(default=(), metadata=NOT_CONTENT)
    entity: str | None = field(default=None, metadata=IF_GIVEN)
    happened_at_unix: int = field(default=0, metadata=NOT_CONTENT)

    def __post_init__(self) -> None:
        require_sum(self.key, self.lines, 0)

    @property
    def amount_minor(self) -> int:
        """The debits, which equal the credits."""
        return sum(line.amount_minor for line in self.lines if line.amount_minor > 0)


Document = (
    Customer
    | ArInvoice
    | ArPayment
    | OtherReceipt
    | ArAdjustment
    | CreditApplication
    | InvoiceReversal
    | PaymentReversal
    | JournalEntry
)


def _applications(
    invoice_key: str, amount_minor: int, debit_memos: tuple[Application, ...]
) -> tuple[Application, ...]:
    rest_minor = amount_minor - sum(each.amount_minor for each in debit_memos)
    return (Application(invoice_key, rest_minor), *debit_memos) if rest_minor else debit_memos


def require_sum(key: str, lines: tuple[ArLine, ...] | tuple[JournalLine, ...], total: int) -> None:
    """Refuse a document whose lines do not sum to its total.

    Raises:
        Refused: with `does_not_add_up`, naming both amounts in minor units.
    """
    lines_sum = sum(line.amount_minor for line in lines)
    if lines_sum != total:
        raise Refused(
            Reason.DOES_NOT_ADD_UP,
            f"{key}: the lines sum to {lines_sum}, the total is {total} (minor units)",
        )


def dependencies(document: Document) -> tuple[str, ...]:
    """Return the keys of the documents that must be posted before this one can be sent."""
    match document:
        case Customer() | OtherReceipt():
            return ()
        case JournalEntry():
            return document.after
        case ArInvoice():
            return (document.customer_key,) if document.customer_key else ()
        case ArPayment():
            return (*(each.key for each in document.applications), *document.after)
        case InvoiceReversal():
            return (document.invoice_key,)
        case PaymentReversal():
            return (document.receipt_key,)
        case ArAdjustment():
            return (document.customer_key, document.invoice_key)
        case CreditApplication():
            return (
                document.adjustment_key,
                *(each.key for each in document.applications),
                *document.after,
            )


def amount_of(document: Document) -> tuple[int, str] | None:
    """Return the document's amount (minor units) and currency; None for a customer."""
    match document:
        case Customer():
            return None
        case ArInvoice() | ArAdjustment() | OtherReceipt():
            return document.total_minor, document.currency
        case _:
            return document.amount_minor, document.currency


def posting_date_of(document: Document) -> date | None:
    """Return the day on which the document counts in the general ledger; None for a customer."""
    match document:
        case Customer():
            return None
        case CreditApplication():
            return document.application_date
        case InvoiceReversal() | PaymentReversal():
            return document.reversal_date
        case _:
            return document.posting_date


def happened_at_unix_of(document: Document) -> int:
    """Return when Stripe says that it happened; 0 where a posting need not remember that."""
    match document:
        case ArPayment() | ArAdjustment() | JournalEntry():
            return document.happened_at_unix
        case _:
            return 0


def entity_of(document: Document) -> str | None:
    """Return the entity in whose books the document is; None for the company's top level.

    Customers are everybody's.
    """
    return None if isinstance(document, Customer) else document.entity


def number_of(document: Document) -> str:
    """Return the natural number by which a person finds the document in Intacct, else nothing.

    CUSTOMERID, INVOICENO, ADJUSTMENTNO, DOCNUMBER of a payment or REFERENCENO of a journal entry. A
    reversal and the application of a credit have no number of their own.
    """
    match document:
        case Customer():
            return document.customer_id
        case ArInvoice() | ArAdjustment():
            return document.number
        case ArPayment() | OtherReceipt() | JournalEntry():
            return document.reference
        case CreditApplication() | InvoiceReversal() | PaymentReversal():
            return ""


def digest(document: Document) -> str:
    """Return a hash of what the document says; equal digests mean equal content.

    Fields that say why or when (`NOT_CONTENT`) are left out: rewording a rule changes nothing.
    """
    return _hashed(document, _content(document))


def posted_digests(document: Document) -> frozenset[str]:
    """Return the digests that a posting of the same content may have.

    Who paid was content of an other receipt once; what was posted then says the same today.
    """
    content = _content(document)
    digests = {_hashed(document, content)}
    if isinstance(document, OtherReceipt):
        digests.add(_hashed(document, {**content, "payer": document.payer}))
    return frozenset(digests)


def _hashed(document: Document, content: Mapping[str, object]) -> str:
    named = {"type": type(document).__name__, **content}
    canonical = json.dumps(named, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@cache
def _content_names(kind: type) -> tuple[tuple[str, bool], ...]:
    return tuple(
        (each.name, bool(each.metadata.get("if_given")))
        for each in dataclasses.fields(kind)
        if not each.metadata.get("not_content")
    )


def _content(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass of this module
    return {
        name: _plain(content)
        for name, if_given in _content_names(value.__class__)
        if (content := getattr(value, name)) not in {None, ()} or not if_given
    }


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | int | Mapping):
        return value
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, date):
        return value.isoformat()
    assert dataclasses.is_dataclass(value)
    return _content(value)
