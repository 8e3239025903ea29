"""Does Intacct agree with Stripe, to the cent? Judged from the two ledgers alone.

What the books must show is worked out by `tests.oracle` from Stripe's own objects; nothing of
Tieout's code is used. What the two sides share is the company's chart: which account is whose.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from tests.oracle import verdict
from tests.oracle.book import major
from tests.oracle.chart import STRIPE, Chart, of_currency
from tests.sandbox.chart import EXCHANGE_ACCOUNT
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.stripe.account import StripeAccount

_DOCUMENTS, _DAYS = "documents", "days"
# Units of what is counted; all others are currencies.
COUNTED = frozenset({_DOCUMENTS, _DAYS})
# Where a comparison is shown, by how its subject begins; credits are positive where income is.
_GROUPS = {
    "oracle": "Stripe alone: left its own sums, right its history added up",
    "trial balance": "Intacct alone: left what must be, right what is",
    "account": "On accounts that nothing else covers",
    "owed by": "Receivables: what is still owed",
    "Assets:Receivable": "Receivables: what is still owed",
    "Assets": "Money: Stripe's balance after fees, and the banks",
    "Income": "Revenue, less voids, credits and refunds",
    "Liabilities:Tax": "Tax payable, less voids, credits and refunds",
    "Liabilities": "Owed to customers: their credit balances",
    "Expenses": "What it costs: fees, disputes, bad debt",
    "Equity": "Converted by Stripe",
}

# What is not booked before a day is over, fees above all.
BOOKED_BY_THE_DAY = frozenset({_GROUPS["Assets"], _GROUPS["Expenses"]})


@dataclass(frozen=True)
class Check:
    """One comparison of the tie-out.

    Attributes:
        group: what the comparison is about.
        unit: a currency, or what is counted.
        stripe, intacct: the two sides, amounts in the major unit of the currency.
    """

    group: str
    name: str
    unit: str
    stripe: Decimal
    intacct: Decimal

    @property
    def difference(self) -> Decimal:
        """What Intacct has more than Stripe."""
        return self.intacct - self.stripe

    @property
    def agrees(self) -> bool:
        """Whether there is no difference."""
        return self.difference == 0


def tie_out(account: StripeAccount, company: IntacctCompany, chart: Chart) -> list[Check]:
    """Compare everything that Stripe and Intacct both know; every check must agree."""
    found = [*_amounts(account, company, chart), *_documents(account, company, chart)]
    return sorted(found, key=lambda each: list(_GROUPS.values()).index(each.group))


def _amounts(account: StripeAccount, company: IntacctCompany, chart: Chart) -> Iterator[Check]:
    for each in verdict.judge(account, company, chart):
        # Gains and losses that Intacct books by itself follow no history of Stripe's.
        by_itself = each.subject.startswith(f"account {EXCHANGE_ACCOUNT}")
        if by_itself or (each.agrees and not each.wanted):
            continue
        group = next(group for start, group in _GROUPS.items() if each.subject.startswith(start))
        sign = -1 if each.subject.startswith(("Income", "Liabilities")) else 1
        name = each.subject.removeprefix("oracle: ")
        yield Check(group, name, each.currency, sign * each.wanted, sign * each.found)


# Day, currency and amount: what a document and its Stripe fact have in common.
_Facts = Counter[tuple[date, str, Decimal]]


def _documents(account: StripeAccount, company: IntacctCompany, chart: Chart) -> Iterator[Check]:
    """Count invoices, and days; amounts on another day than Stripe's would not show above."""
    group = _GROUPS["owed by"]
    stripe, intacct = _invoices(account, chart), _booked_invoices(company)
    alike = Decimal((stripe & intacct).total())
    wanted = Decimal(stripe.total())
    yield Check(group, "invoices", _DOCUMENTS, wanted, Decimal(intacct.total()))
    yield Check(group, "invoices on their day, over their total", _DOCUMENTS, wanted, alike)
    moved, booked = _moved(account, chart), _moved_in_books(company, chart)
    for currency in sorted(moved.keys() | booked.keys()):
        days = moved[currency].keys() | booked[currency].keys()
        same = sum(moved[currency][day] == booked[currency][day] for day in days)
        name = f"days on which clearing moved as Stripe's {currency.upper()} balance did"
        yield Check(_GROUPS["Assets"], name, _DAYS, Decimal(len(days)), Decimal(same))


def _invoices(account: StripeAccount, chart: Chart) -> _Facts:
    facts: _Facts = Counter()
    with account.lock:
        for invoice in account.store.all("invoice"):
            finalised = invoice["status_transitions"]["finalized_at"]
            if finalised is not None and invoice["total"]:
                day = _on(invoice["effective_at"] or finalised, chart)
                total = major(invoice["total"], invoice["currency"])
                facts[day, invoice["currency"], total] += 1
    return facts


def _booked_invoices(company: IntacctCompany) -> _Facts:
    return Counter(
        (each.posted_on, each.exchange.currency.lower(), each.total)
        for each in company.documents
        if each.kind == "invoice"
    )


_ByDay = defaultdict[str, defaultdict[date, Decimal]]


def _moved(account: StripeAccount, chart: Chart) -> _ByDay:
    """Return what moved Stripe's balance each day, by currency, after fees."""
    days = _no_days()
    with account.lock:
        for moved in account.store.all("balance_transaction"):
            net = major(moved["net"], moved["currency"])
            days[moved["currency"]][_on(moved["created"], chart)] += net
    return days


def _moved_in_books(company: IntacctCompany, chart: Chart) -> _ByDay:
    days = _no_days()
    for entry in company.entries:
        for line in entry.lines:
            currency = line.currency.lower()
            if line.account_no in chart.accounts.get(of_currency(STRIPE, currency), ()):
                days[currency][entry.posted_on] += line.amount
    return days


def _no_days() -> _ByDay:
    return defaultdict(lambda: defaultdict(Decimal))


def _on(at_unix: int, chart: Chart) -> date:
    return datetime.fromtimestamp(at_unix, UTC).astimezone(chart.zone).date()
