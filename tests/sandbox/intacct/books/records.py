"""Records of the receivables and cash subledgers and of the general ledger, all frozen.

Signs: a document's amounts are positive when the customer owes them, so a credit memo is negative
(dossier 7.5). A ledger line is positive for a debit. ``*_base`` is in the company's currency,
the others in the document's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from tests.sandbox.intacct.books.master import Dimensions
from tests.sandbox.intacct.books.money import ONE, ZERO


def no_fields() -> Mapping[str, str]:
    """Return an empty, immutable mapping."""
    return MappingProxyType({})


@dataclass(frozen=True)
class Customer:
    """A customer; ``fields`` holds the further values by upper-case path (DISPLAYCONTACT.CITY)."""

    record_no: int
    customer_id: str
    fields: Mapping[str, str]
    created_at: datetime
    modified_at: datetime
    entity_id: str = ""

    @property
    def active(self) -> bool:
        """Whether documents may name the customer."""
        return self.fields.get("STATUS", "active") == "active"


@dataclass(frozen=True)
class Exchange:
    """A currency and its rate in base units per unit."""

    currency: str
    rate: Decimal = ONE


@dataclass(frozen=True)
class DeferredRevenue:
    """How a line is earned over time; both days are included (dossier 7.8)."""

    template: str
    account_no: str
    start_on: date
    end_on: date


@dataclass(frozen=True)
class DocumentLine:
    """A line of an invoice, adjustment or receipt; ``tax`` is on top of ``amount``."""

    record_no: int
    line_no: int
    account_no: str
    amount: Decimal
    base_amount: Decimal
    memo: str = ""
    dimensions: Dimensions = field(default_factory=Dimensions)
    offset_account_no: str = ""
    tax: Decimal = ZERO
    base_tax: Decimal = ZERO
    tax_account_no: str = ""
    deferred: DeferredRevenue | None = None

    @property
    def total(self) -> Decimal:
        """Amount with tax."""
        return self.amount + self.tax


@dataclass(frozen=True)
class ReceivableDocument:
    """An AR invoice or AR adjustment.

    ``applied`` is what payments and credits have settled of it (or, for a credit, what of it was
    used, then negative), so that ``due`` is always the rest.
    """

    record_no: int
    kind: Literal["invoice", "adjustment"]
    number: str
    customer_id: str
    created_on: date
    posted_on: date
    due_on: date | None
    exchange: Exchange
    lines: tuple[DocumentLine, ...]
    ar_account_no: str
    state: Literal["draft", "posted", "reversed"]
    modified_at: datetime
    created_at: datetime
    reference: str = ""
    description: str = ""
    term: str = ""
    external_id: str = ""
    related_number: str = ""
    entity_id: str = ""
    applied: Decimal = ZERO
    applied_base: Decimal = ZERO
    paid_on: date | None = None
    reversed_on: date | None = None
    entry_key: int | None = None
    custom: Mapping[str, str] = field(default_factory=no_fields)

    @property
    def total(self) -> Decimal:
        """Sum of the lines with tax."""
        return sum((line.total for line in self.lines), ZERO)

    @property
    def total_base(self) -> Decimal:
        """Sum of the lines with tax in the base currency."""
        return sum((line.base_amount + line.base_tax for line in self.lines), ZERO)

    @property
    def due(self) -> Decimal:
        """What is still open; zero unless posted."""
        return self.total - self.applied if self.state == "posted" else ZERO

    @property
    def due_base(self) -> Decimal:
        """What is still open, in the base currency."""
        return self.total_base - self.applied_base if self.state == "posted" else ZERO


CreditKind = Literal["adjustment", "advance", "overpayment", "negative_invoice"]


@dataclass(frozen=True)
class Application:
    """Part of a payment: an amount settled on a target, from cash or from a credit.

    ``base_amount`` is what it takes off the target, ``credit_base`` off the credit.
    """

    record_no: int
    target_key: int
    target_line_key: int | None
    amount: Decimal
    base_amount: Decimal
    credit_kind: CreditKind | None = None
    credit_key: int | None = None
    credit_base: Decimal = ZERO


@dataclass(frozen=True)
class Payment:
    """An AR payment, an AR advance, or the record of applied credits.

    ``surplus`` is the overpayment or the advance, ``consumed`` what of it was applied later.
    """

    record_no: int
    kind: Literal["payment", "advance", "application"]
    customer_id: str
    receipt_on: date
    payment_on: date
    method: str
    exchange: Exchange
    cash: Decimal
    cash_base: Decimal
    applications: tuple[Application, ...]
    surplus: Decimal
    surplus_base: Decimal
    surplus_account_no: str
    state: Literal["draft", "posted", "reversed"]
    created_at: datetime
    modified_at: datetime
    payer_name: str = ""
    reference: str = ""
    description: str = ""
    bank_account_id: str = ""
    undeposited_account_no: str = ""
    entity_id: str = ""
    consumed: Decimal = ZERO
    consumed_base: Decimal = ZERO
    reversed_on: date | None = None
    deposit_key: int | None = None
    entry_key: int | None = None

    @property
    def unapplied(self) -> Decimal:
        """What is left of the surplus."""
        return self.surplus - self.consumed if self.state == "posted" else ZERO

    @property
    def unapplied_base(self) -> Decimal:
        """What is left of the surplus, in the base currency."""
        return self.surplus_base - self.consumed_base if self.state == "posted" else ZERO


@dataclass(frozen=True)
class OtherReceipt:
    """Money received that is not a payment of an invoice."""

    record_no: int
    payer: str
    payment_on: date
    receipt_on: date
    posted_on: date
    method: str
    exchange: Exchange
    lines: tuple[DocumentLine, ...]
    created_at: datetime
    modified_at: datetime
    reference: str = ""
    description: str = ""
    bank_account_id: str = ""
    undeposited_account_no: str = ""
    entity_id: str = ""
    deposit_key: int | None = None
    entry_key: int | None = None

    @property
    def total(self) -> Decimal:
        """Sum of the lines with tax."""
        return sum((line.total for line in self.lines), ZERO)

    @property
    def total_base(self) -> Decimal:
        """Sum of the lines with tax in the base currency."""
        return sum((line.base_amount + line.base_tax for line in self.lines), ZERO)


@dataclass(frozen=True)
class Deposit:
    """Undeposited receipts brought to a bank account."""

    record_no: int
    deposit_id: str
    bank_account_id: str
    deposited_on: date
    receipt_keys: tuple[int, ...]
    total: Decimal
    total_base: Decimal
    created_at: datetime
    modified_at: datetime
    description: str = ""
    entity_id: str = ""
    entry_key: int | None = None


@dataclass(frozen=True)
class LedgerLine:
    """A line of a journal entry, debit positive."""

    account_no: str
    base_amount: Decimal
    amount: Decimal
    currency: str
    dimensions: Dimensions = field(default_factory=Dimensions)
    description: str = ""
    document: str = ""
    record_no: int = 0
    line_no: int = 0


@dataclass(frozen=True)
class JournalEntry:
    """A batch of the general ledger; subledger documents post as one as well."""

    record_no: int
    batch_no: int
    journal: str
    posted_on: date
    title: str
    lines: tuple[LedgerLine, ...]
    module: Literal["2.GL", "4.AR", "11.CM"]
    created_at: datetime
    modified_at: datetime
    state: Literal["Draft", "Posted", "Reversed"] = "Posted"
    reference: str = ""
    history_comment: str = ""
    base_location: str = ""
    entity_id: str = ""
    source_key: int | None = None
    reverses_key: int | None = None
    custom: Mapping[str, str] = field(default_factory=no_fields)
