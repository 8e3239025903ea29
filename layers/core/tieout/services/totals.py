"""Totals of a range of previews: money, documents, and what posting them costs.

Previews are added one by one and forgotten; what is kept grows with accounts, months and customers,
not with the movements.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tieout.domain.documents import Customer, Document, amount_of, posting_date_of
from tieout.domain.effects import effects
from tieout.domain.plans import Finding
from tieout.domain.reasons import Reason
from tieout.services.preview import TO_SEND, Change, Item, Preview

# Transactions that the first tier of an Intacct contract includes each month, and what ten more
# cost, in US cents. Overage is billed, not blocked.
# Source: intacct-xml-api dossier section 6 (volumes certain, the price from a secondary source).
INCLUDED_TRANSACTIONS = 100_000
CENTS_PER_TEN_MORE = 15


def overage_cents(transactions: int, used_before: int = 0) -> int:
    """Return what transactions of one month cost beyond the first tier, in US cents.

    Args:
        transactions: documents written.
        used_before: what the company used of the month's volume before them.
    """
    beyond = used_before + transactions - INCLUDED_TRANSACTIONS
    billed = min(max(beyond, 0), transactions)
    return -(-billed // 10) * CENTS_PER_TEN_MORE


@dataclass(frozen=True, slots=True)
class Sum:
    """What would be posted to an account; minor units, both positive."""

    debit_minor: int = 0
    credit_minor: int = 0

    def plus(self, amount_minor: int) -> "Sum":
        """Return the sum with a line more; a positive amount is a debit."""
        debit_minor, credit_minor = max(amount_minor, 0), max(-amount_minor, 0)
        return self + Sum(debit_minor, credit_minor)

    def __add__(self, other: "Sum") -> "Sum":
        """Return the sum of both."""
        return Sum(self.debit_minor + other.debit_minor, self.credit_minor + other.credit_minor)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A month (`2026-11`), an account and a currency."""

    month: str
    account: str
    currency: str


@dataclass(slots=True)
class Totals:
    """What a range comes to.

    Attributes:
        since_unix: when the range begins; what belongs to invoices from before it is counted with
            the refund that it is posted along with.
        subjects: how many were looked at.
        documents: how many by kind and by what would become of them.
        findings: how many are parked or not booked, by reason.
        amounts: of those, in minor units, by reason and currency.
        accounts: what would be posted.
    """

    since_unix: int
    subjects: int = 0
    documents: Counter[tuple[str, Change]] = field(default_factory=Counter)
    findings: Counter[tuple[Reason, Change]] = field(default_factory=Counter)
    amounts: Counter[tuple[Reason, str]] = field(default_factory=Counter)
    accounts: dict[Place, Sum] = field(default_factory=dict)
    _once: set[str] = field(default_factory=set)

    @property
    def transactions(self) -> int:
        """What Intacct would count: one for each document written, whatever its lines.

        Source: intacct-xml-api dossier section 6 (counting).
        """
        return sum(count for (_, change), count in self.documents.items() if change in TO_SEND)

    def add(self, preview: Preview) -> None:
        """Count a preview."""
        self.subjects += 1
        documents = preview.documents
        for item in preview.items:
            self._add(item, documents)
        for item in preview.context:
            if 0 < item.source_created_unix < self.since_unix and self._is_first(item.key):
                self._add(item, documents)

    def _add(self, item: Item, documents: Mapping[str, Document]) -> None:
        planned = item.planned
        if isinstance(planned, Finding):
            self.findings[planned.reason, item.change] += 1
            if planned.amount_minor is not None and planned.currency is not None:
                self.amounts[planned.reason, planned.currency] += planned.amount_minor
            return
        # One customer comes with each of its invoices.
        if isinstance(planned, Customer) and not self._is_first(item.key):
            return
        self.documents[type(planned).__name__, item.change] += 1
        day, amount = posting_date_of(planned), amount_of(planned)
        if item.change not in TO_SEND or day is None or amount is None:
            return
        month = f"{day:%Y-%m}"
        for each in effects(planned, documents):
            place = Place(month, each.ledger, amount[1])
            self.accounts[place] = self.accounts.get(place, Sum()).plus(each.amount_minor)

    def _is_first(self, key: str) -> bool:
        before = len(self._once)
        self._once.add(key)
        return len(self._once) > before


def together(parts: Iterable[Totals]) -> Totals:
    """Return the sum of the totals of one range in several Stripe accounts, one at least.

    No customer, and no other object, is of two of them.
    """
    first, *others = parts
    whole = Totals(first.since_unix)
    for each in (first, *others):
        whole.subjects += each.subjects
        whole.documents.update(each.documents)
        whole.findings.update(each.findings)
        whole.amounts.update(each.amounts)
        for place, sums in each.accounts.items():
            whole.accounts[place] = whole.accounts.get(place, Sum()) + sums
    return whole
