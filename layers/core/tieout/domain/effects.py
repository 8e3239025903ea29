"""Effects: what a document does to accounts, whatever kind of document it is.

Preview shows them, totals add them up, and a posting keeps them, so that what is posted can be
compared line by line with what is planned now.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType

from tieout.domain.documents import (
    NO_DIMENSIONS,
    ArAdjustment,
    ArInvoice,
    ArLine,
    ArPayment,
    CashAccount,
    CreditApplication,
    Customer,
    Dimensions,
    Document,
    InvoiceReversal,
    JournalEntry,
    JournalLine,
    OtherReceipt,
    PaymentReversal,
)

# Intacct knows the account from the customer; no document names it.
RECEIVABLE = "accounts receivable"
REASONS_LENGTH_MAX = 2_000
_AS_ON = "as on "
_BEFORE_DIMENSION = re.compile(r" (?=(?:location|department|class|project|item|GLDIM\w+)=)")

_NO_OTHERS: Mapping[str, Document] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Effect:
    """One line of a document, as the general ledger sees it.

    Attributes:
        account: the account, or where the document itself names none, what stands for it.
        amount_minor: positive debit, negative credit; minor units of the document's currency.
        why: the policy rule that chose the account, where the document says.
        ledger_account: of a bank account, the account in the ledger that it stands for.
    """

    account: str
    amount_minor: int
    dimensions: Dimensions = NO_DIMENSIONS
    memo: str = ""
    why: str = ""
    customer_id: str | None = None
    ledger_account: str | None = None

    @property
    def place(self) -> str:
        """Account and dimensions: what lines are summed by."""
        return f"{self.account} {dimensions_text(self.dimensions)}".rstrip()

    @property
    def ledger(self) -> str:
        """The account in the ledger: a bank account and its own account are one there."""
        return self.ledger_account or self.account

    @property
    def ledger_place(self) -> str:
        """Account in the ledger and dimensions."""
        return f"{self.ledger} {dimensions_text(self.dimensions)}".rstrip()


def effects(document: Document, others: Mapping[str, Document] = _NO_OTHERS) -> Sequence[Effect]:
    """Return the lines of a document; they sum to zero.

    A customer moves no account, nor does the application of a credit: it settles one receivable
    with another of the same customer.

    Args:
        document: any.
        others: documents by key, among them the one that a reversal takes back, if it is known:
            the reversal itself names only its amount.
    """
    match document:
        case Customer() | CreditApplication():
            return ()
        case ArInvoice() | ArAdjustment():
            customer_id = document.customer_id
            owed = Effect(RECEIVABLE, document.total_minor, customer_id=customer_id)
            return owed, *_earned(document.lines)
        case OtherReceipt():
            return (
                _cash(document.cash_account, document.total_minor),
                *_earned(document.lines),
            )
        case ArPayment():
            settled = " and ".join(each.key for each in document.applications)
            return (
                _cash(document.cash_account, document.amount_minor),
                Effect(
                    RECEIVABLE,
                    -document.amount_minor,
                    why=f"settles {settled}",
                    customer_id=document.customer_id,
                ),
            )
        case InvoiceReversal():
            return _taken_back(document.invoice_key, document, others)
        case PaymentReversal():
            return _taken_back(document.receipt_key, document, others)
        case JournalEntry():
            return tuple(
                Effect(
                    line.account,
                    line.amount_minor,
                    line.dimensions,
                    line.memo,
                    line.why,
                    line.customer_id,
                )
                for line in document.lines
            )


def _cash(account: CashAccount, amount_minor: int) -> Effect:
    ledger_account = None if account.bank_account is None else account.account
    return Effect(cash_text(account), amount_minor, why=account.why, ledger_account=ledger_account)


def _earned(lines: Iterable[ArLine]) -> Iterator[Effect]:
    for line in lines:
        yield Effect(line.posted_on, -line.amount_minor, line.dimensions, line.memo, line.why)


def _taken_back(
    key: str, reversal: InvoiceReversal | PaymentReversal, others: Mapping[str, Document]
) -> Sequence[Effect]:
    origin = others.get(key)
    if origin is None:
        owed_minor = reversal.amount_minor
        if isinstance(reversal, InvoiceReversal):
            owed_minor = -owed_minor
        return Effect(f"{_AS_ON}{key}", -owed_minor), Effect(RECEIVABLE, owed_minor)
    return tuple(
        dataclasses.replace(each, amount_minor=-each.amount_minor, why=f"takes back {origin.key}")
        for each in effects(origin)
    )


def taken_back(place: str) -> str | None:
    """Return the key of what a reversal takes back from a place that it cannot name itself."""
    return place.removeprefix(_AS_ON) if place.startswith(_AS_ON) else None


def cash_text(account: CashAccount) -> str:
    """Return the account that a payment lands on, as people name it."""
    return account.account if account.bank_account is None else f"bank {account.bank_account}"


def dimensions_of(dimensions: Dimensions) -> Mapping[str, str]:
    """Return the dimensions that are named, by their names in the policy."""
    if dimensions == NO_DIMENSIONS:
        return {}
    named = [
        ("location", dimensions.location),
        ("department", dimensions.department),
        ("class", dimensions.class_id),
        ("project", dimensions.project),
        ("item", dimensions.item),
        *dimensions.user_defined,
    ]
    return {name: value for name, value in named if value}


def dimensions_text(dimensions: Dimensions) -> str:
    """Return the dimensions that are named, on one line."""
    return " ".join(f"{name}={value}" for name, value in dimensions_of(dimensions).items())


def read_place(place: str) -> tuple[str, Dimensions]:
    """Return account and dimensions of an effect's `place`."""
    account, *named = _BEFORE_DIMENSION.split(place)
    values = dict(each.split("=", 1) for each in named)
    return account, Dimensions(
        location=values.pop("location", None),
        department=values.pop("department", None),
        class_id=values.pop("class", None),
        project=values.pop("project", None),
        item=values.pop("item", None),
        user_defined=tuple(values.items()),
    )


def by_place(lines: Iterable[Effect]) -> dict[str, int]:
    """Return the sums (minor units, debit positive) by account and dimensions."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.place] = sums.get(line.place, 0) + line.amount_minor
    return sums


def on_balance(currency: str) -> str:
    """Return the place that stands for Stripe's balance where no account was chosen."""
    return f"balance in {currency}"


def written(document: Document) -> str:
    """Return the sums as a posting keeps them, a line each: `-10000 4000 location=100`.

    An invoice of many lines has few accounts, so this stays short where the lines would not.
    """
    sums = by_place(effects(document))
    return "\n".join(f"{amount_minor} {place}" for place, amount_minor in sorted(sums.items()))


def written_reasons(document: Document) -> str:
    """Return which rule chose each line of a document, as a posting keeps it: `1-3: price p is c`.

    Lines are counted as Intacct counts them, from 1; neighbours of one reason share an entry. Where
    money lands comes last, and has no number. What
    is longer than `REASONS_LENGTH_MAX` ends in an ellipsis: an item of a table has its limits.
    """
    lines: Sequence[ArLine] | Sequence[JournalLine] = getattr(document, "lines", ())
    entries, first = [], 1
    for why, group in groupby(each.why for each in lines):
        last = first + sum(1 for _ in group) - 1
        if why:
            entries.append(f"{first}: {why}" if first == last else f"{first}-{last}: {why}")
        first = last + 1
    cash: CashAccount | None = getattr(document, "cash_account", None)
    if cash is not None and cash.why:
        entries.append(f"cash account: {cash.why}")
    text = "\n".join(entries)
    return text if len(text) <= REASONS_LENGTH_MAX else f"{text[: REASONS_LENGTH_MAX - 1]}…"


def read(text: str) -> dict[str, int]:
    """Return the sums that `written` wrote."""
    pairs = (line.partition(" ") for line in text.splitlines())
    return {place: int(amount_minor) for amount_minor, _, place in pairs}
