"""Trial balance, AR aging and account ledger, as typed rows and as text.

Amounts are in the base currency unless a row says otherwise, debit positive. A report as of a day
contains what is posted on or before it, reversals by their own date.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.sandbox.intacct.books import ledger
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.books.money import ZERO, convert
from tests.sandbox.intacct.books.records import Payment, ReceivableDocument

_BUCKET_DAYS = (30, 60, 90)
_BUCKET_LABELS = ("current", "1-30", "31-60", "61-90", "over 90")


@dataclass(frozen=True)
class TrialBalanceRow:
    """Balance of one account; exactly one of debit and credit is not zero."""

    account_no: str
    title: str
    debit: Decimal
    credit: Decimal

    @property
    def balance(self) -> Decimal:
        """Debit minus credit."""
        return self.debit - self.credit


@dataclass(frozen=True)
class AgingItem:
    """An open invoice, or an open credit (then negative).

    ``due`` is in ``currency``, ``due_base`` in the base currency; ``days_overdue`` is zero or
    less while not yet due.
    """

    record_no: int
    kind: str
    number: str
    customer_id: str
    due_on: date
    days_overdue: int
    currency: str
    due: Decimal
    due_base: Decimal

    @property
    def bucket(self) -> int:
        """Index of the age bucket: current, 1-30, 31-60, 61-90, over 90 days."""
        if self.days_overdue <= 0:
            return 0
        return 1 + sum(self.days_overdue > limit for limit in _BUCKET_DAYS)


@dataclass(frozen=True)
class AgingRow:
    """What one customer owes, by age, in the base currency."""

    customer_id: str
    name: str
    total: Decimal
    buckets: tuple[Decimal, ...]


@dataclass(frozen=True)
class LedgerRow:
    """A line of an account with the running balance."""

    posted_on: date
    batch: int
    journal: str
    title: str
    document: str
    customer_id: str
    debit: Decimal
    credit: Decimal
    balance: Decimal
    currency: str
    amount: Decimal


def trial_balance(company: IntacctCompany, as_of: date | None = None) -> list[TrialBalanceRow]:
    """Return every account that moved, in account order; the sum of balances is zero."""
    rows = []
    for account_no, balance in sorted(ledger.balances(company, as_of).items()):
        account = company.accounts.get(account_no)
        title = account.title if account else ""
        rows.append(TrialBalanceRow(account_no, title, max(balance, ZERO), max(-balance, ZERO)))
    return rows


def account_balance(company: IntacctCompany, account_no: str, as_of: date | None = None) -> Decimal:
    """Return the balance of one account, debit positive, in the base currency."""
    return ledger.balances(company, as_of).get(account_no, ZERO)


def account_balance_by_currency(
    company: IntacctCompany, account_no: str, as_of: date | None = None
) -> dict[str, Decimal]:
    """Return the balance of one account in each transaction currency, debit positive."""
    totals: dict[str, Decimal] = {}
    for row in account_ledger(company, account_no, as_of=as_of):
        totals[row.currency] = totals.get(row.currency, ZERO) + row.amount
    return totals


def account_ledger(
    company: IntacctCompany, account_no: str, as_of: date | None = None
) -> list[LedgerRow]:
    """Return the lines of one account by date."""
    entries = sorted(company.entries, key=lambda each: (each.posted_on, each.record_no))
    rows: list[LedgerRow] = []
    balance = ZERO
    for entry in entries:
        if entry.state == "Draft" or (as_of is not None and entry.posted_on > as_of):
            continue
        for line in entry.lines:
            if line.account_no != account_no:
                continue
            balance += line.base_amount
            rows.append(
                LedgerRow(
                    entry.posted_on,
                    entry.record_no,
                    entry.journal,
                    entry.title,
                    line.document,
                    line.dimensions.customer,
                    max(line.base_amount, ZERO),
                    max(-line.base_amount, ZERO),
                    balance,
                    line.currency,
                    line.amount,
                )
            )
    return rows


def aging_items(company: IntacctCompany, as_of: date | None = None) -> list[AgingItem]:
    """Return what was open on a day (default today), per document and per open credit.

    Advances are not receivables: they sit on their own account and are left out.
    """
    day = as_of or company.today()
    settled = _settled_by(company, day)
    found = [
        _document_item(document, settled, day)
        for document in company.documents
        if document.state != "draft"
        and document.posted_on <= day
        and not (document.reversed_on is not None and document.reversed_on <= day)
    ]
    found.extend(
        _credit_item(payment, settled, day)
        for payment in company.payments
        if payment.kind == "payment" and payment.surplus and _counts(payment, day)
    )
    return sorted(
        (item for item in found if item.due or item.due_base),
        key=lambda item: (item.customer_id, item.due_on, item.record_no),
    )


def aging(company: IntacctCompany, as_of: date | None = None) -> list[AgingRow]:
    """Return what each customer owes by age; the total equals the AR accounts' balance."""
    buckets: dict[str, list[Decimal]] = {}
    for item in aging_items(company, as_of):
        row = buckets.setdefault(item.customer_id, [ZERO] * len(_BUCKET_LABELS))
        row[item.bucket] += item.due_base
    return [
        AgingRow(customer_id, _name(company, customer_id), sum(row, ZERO), tuple(row))
        for customer_id, row in sorted(buckets.items())
    ]


def trial_balance_text(company: IntacctCompany, as_of: date | None = None) -> str:
    """Print the trial balance with its totals."""
    rows = trial_balance(company, as_of)
    totals = ("", "Total", sum((r.debit for r in rows), ZERO), sum((r.credit for r in rows), ZERO))
    lines = [(r.account_no, r.title, r.debit, r.credit) for r in rows]
    return _table(("account", "title", "debit", "credit"), [*lines, totals])


def aging_text(company: IntacctCompany, as_of: date | None = None) -> str:
    """Print the aging per customer, then per item."""
    rows = aging(company, as_of)
    total = sum((row.total for row in rows), ZERO)
    customers = _table(
        ("customer", "name", *_BUCKET_LABELS, "total"),
        [
            *((row.customer_id, row.name, *row.buckets, row.total) for row in rows),
            ("", "Total", *("" for _ in _BUCKET_LABELS), total),
        ],
    )
    items = _table(
        ("customer", "kind", "number", "due on", "days overdue", "due", "currency", "due (base)"),
        [
            (i.customer_id, i.kind, i.number, i.due_on, i.days_overdue, i.due, i.currency,
             i.due_base)
            for i in aging_items(company, as_of)
        ],
    )  # fmt: skip
    return f"{customers}\n{items}"


def account_ledger_text(company: IntacctCompany, account_no: str, as_of: date | None = None) -> str:
    """Print the lines of one account."""
    return _table(
        ("date", "batch", "journal", "title", "document", "customer", "debit", "credit",
         "balance", "currency", "amount"),
        [
            (r.posted_on, r.batch, r.journal, r.title, r.document, r.customer_id, r.debit,
             r.credit, r.balance, r.currency, r.amount)
            for r in account_ledger(company, account_no, as_of)
        ],
    )  # fmt: skip


Settled = dict[tuple[str, int], tuple[Decimal, Decimal]]


def _settled_by(company: IntacctCompany, day: date) -> Settled:
    """Sum what payments in force on a day settle, per document and per used credit."""
    totals: Settled = {}

    def add(kind: str, key: int, amount: Decimal, base: Decimal) -> None:
        before = totals.get((kind, key), (ZERO, ZERO))
        totals[kind, key] = (before[0] + amount, before[1] + base)

    for payment in company.payments:
        if not _counts(payment, day):
            continue
        for each in payment.applications:
            add("document", each.target_key, each.amount, each.base_amount)
            if each.credit_key is None:
                continue
            if each.credit_kind in {"advance", "overpayment"}:
                add("payment", each.credit_key, each.amount, each.credit_base)
            else:
                add("document", each.credit_key, -each.amount, -each.credit_base)
    return totals


def _counts(payment: Payment, day: date) -> bool:
    if payment.state == "draft" or payment.receipt_on > day:
        return False
    return payment.reversed_on is None or payment.reversed_on > day


def _document_item(document: ReceivableDocument, settled: Settled, day: date) -> AgingItem:
    amount, base = settled.get(("document", document.record_no), (ZERO, ZERO))
    due_on = document.due_on or document.created_on
    return AgingItem(
        document.record_no,
        document.kind,
        document.number,
        document.customer_id,
        due_on,
        (day - due_on).days,
        document.exchange.currency,
        document.total - amount,
        document.total_base - base,
    )


def _credit_item(payment: Payment, settled: Settled, day: date) -> AgingItem:
    amount, base = settled.get(("payment", payment.record_no), (ZERO, ZERO))
    return AgingItem(
        payment.record_no,
        "overpayment",
        payment.reference,
        payment.customer_id,
        payment.receipt_on,
        (day - payment.receipt_on).days,
        payment.exchange.currency,
        -(payment.surplus - amount),
        -(convert(payment.surplus, payment.exchange.rate) - base),
    )


def _name(company: IntacctCompany, customer_id: str) -> str:
    customer = company.customers.get(customer_id)
    return customer.fields["NAME"] if customer else ""


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Align a table; numbers to the right."""
    raw = [list(row) for row in rows]
    cells = [[str(value) for value in row] for row in raw]
    widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]
    numeric = [any(isinstance(row[i], Decimal | int) for row in raw) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        parts = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, numeric, strict=True)
        )
        return "  ".join(parts).rstrip()

    ruler = "  ".join("-" * width for width in widths)
    return "\n".join([line(header), ruler, *(line(row) for row in cells)]) + "\n"
