"""Does Intacct show what the oracle's ledger shows? To the minor unit, by account and currency.

A difference is told with what it is made of: amounts that one side has and the other lacks, each
with the id of Stripe's object or the title of Intacct's entry.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tests.oracle.book import Book, major
from tests.oracle.chart import CREDIT, RECEIVABLE, STRIPE, Chart, of_currency, of_customer
from tests.oracle.history import book_of, credit_of_customers, open_amounts
from tests.sandbox.intacct import reports
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.stripe.account import StripeAccount

_ZERO = Decimal(0)
_LISTED_MAX = 8
Totals = Mapping[tuple[str, str], Decimal]


@dataclass(frozen=True)
class Check:
    """One comparison.

    Attributes:
        subject, currency: what is compared.
        wanted, found: what Stripe's history calls for, and what there is; debit positive.
        items: what the difference is made of.
    """

    subject: str
    currency: str
    wanted: Decimal
    found: Decimal
    items: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether there is no difference."""
        return self.wanted == self.found

    def __str__(self) -> str:
        told = f"{self.subject} {self.currency}: {self.found} instead of {self.wanted}"
        return "\n    ".join([told, *self.items])


def judge(account: StripeAccount, company: IntacctCompany, chart: Chart) -> Sequence[Check]:
    """Compare everything; first the oracle with Stripe's own figures, then Intacct with it.

    Raises:
        UnbalancedBooksError: the oracle's ledger is not sound.
    """
    book = book_of(account, chart)
    return [*own_checks(account, book), *_ledger(book, company, chart), *_aging(account, company)]


def differences(checks: Sequence[Check]) -> Sequence[Check]:
    """Return the comparisons that do not agree."""
    return [each for each in checks if not each.agrees]


def own_checks(account: StripeAccount, book: Book) -> Iterator[Check]:
    """Hold the oracle to what Stripe says in its own sums."""
    balances = _by_role(book.balances(), lambda name: name)
    nets = account.balance_after_fees()
    currencies = {currency for name, currency in balances if name.startswith(f"{STRIPE}:")}
    for currency in sorted(nets.keys() | currencies):
        there = balances.get((of_currency(STRIPE, currency), currency), _ZERO)
        yield Check(
            "oracle: Stripe's balance", currency, major(nets.get(currency, 0), currency), there
        )
    owed = {
        (of_customer(who), unit): major(each, unit)
        for (who, unit), each in open_amounts(account).items()
    }
    held = {key: each for key, each in balances.items() if key[0].startswith(f"{RECEIVABLE}:")}
    for who, currency in sorted(owed.keys() | held.keys()):
        sides = owed.get((who, currency), _ZERO), held.get((who, currency), _ZERO)
        yield Check(f"oracle: {who}", currency, *sides)
    for currency, amount_minor in sorted(credit_of_customers(account).items()):
        there = balances.get((CREDIT, currency), _ZERO)
        yield Check("oracle: credit of customers", currency, major(amount_minor, currency), there)


def _ledger(book: Book, company: IntacctCompany, chart: Chart) -> Iterator[Check]:
    wanted = _by_role(book.balances(), chart.role_of)
    found = _intacct_balances(company)
    yield from _trial_balances(company)
    known: set[str] = set()
    for role, numbers in sorted(chart.accounts.items()):
        known |= numbers
        there = _sum(found, numbers)
        for currency in sorted({unit for name, unit in wanted if name == role} | there.keys()):
            sides = wanted.get((role, currency), _ZERO), there.get(currency, _ZERO)
            items = () if sides[0] == sides[1] else _items(book, company, chart, role, currency)
            yield Check(f"{role} ({', '.join(sorted(numbers))})", currency, *sides, items)
    for (role, currency), amount in sorted(wanted.items()):
        if role not in chart.accounts:
            yield Check(f"{role} (nobody decided where)", currency, amount, _ZERO)
    for (number, currency), amount in sorted(found.items()):
        if number not in known:
            yield Check(f"account {number}, which plays no role", currency, _ZERO, amount)


def _trial_balances(company: IntacctCompany) -> Iterator[Check]:
    """Every entity's books balance by themselves, so that none of them owes another anything."""
    base = company.profile.base_currency.lower()
    whole = sum((row.balance for row in reports.trial_balance(company)), _ZERO)
    yield Check("trial balance", base, _ZERO, whole)
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for entry in company.entries:
        if entry.state != "Draft":
            for line in entry.lines:
                totals[company.entity_of(line.dimensions.location)] += line.base_amount
    for entity, balance in sorted(totals.items()):
        yield Check(f"trial balance of entity {entity or 'none'}", base, _ZERO, balance)


def _aging(account: StripeAccount, company: IntacctCompany) -> Iterator[Check]:
    """Compare what each customer owes, with the subledger."""
    numbers = {
        each["id"]: (each.get("metadata") or {}).get("intacct_customer_id") or each["id"]
        for each in account.store.all("customer")
    }
    wanted: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (customer, unit), amount_minor in open_amounts(account).items():
        wanted[numbers[customer], unit] += major(amount_minor, unit)
    found: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for item in reports.aging_items(company):
        found[item.customer_id, item.currency.lower()] += item.due
    for customer, unit in sorted(wanted.keys() | found.keys()):
        sides = wanted[customer, unit], found[customer, unit]
        yield Check(f"owed by {customer}", unit, *sides)


def _by_role(balances: Totals, role_of: "object") -> dict[tuple[str, str], Decimal]:
    assert callable(role_of)
    totals: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (account, currency), amount in balances.items():
        totals[role_of(account) or account, currency] += amount
    return dict(totals)


def _intacct_balances(company: IntacctCompany) -> Totals:
    totals: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in company.entries:
        if entry.state != "Draft":
            for line in entry.lines:
                totals[line.account_no, line.currency.lower()] += line.amount
    return {key: amount for key, amount in totals.items() if amount}


def _sum(found: Totals, numbers: frozenset[str]) -> Mapping[str, Decimal]:
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for (number, currency), amount in found.items():
        if number in numbers:
            totals[currency] += amount
    return totals


def _items(
    book: Book, company: IntacctCompany, chart: Chart, role: str, currency: str
) -> tuple[str, ...]:
    """Return what one side has on an account and the other has not, as far as amounts tell."""
    wanted = Counter((amount, told_by) for told_by, amount in book.lines_of(role, currency))
    found = Counter(
        (line.amount, f"{entry.title} ({entry.posted_on})")
        for entry in company.entries
        for line in entry.lines
        if line.account_no in chart.accounts[role] and line.currency.lower() == currency
    )
    more = Counter(amount for amount, _ in found.elements())
    less = Counter(amount for amount, _ in wanted.elements())
    only_there, only_here = less - more, more - less
    lacking = [f"lacks {each} of {who}" for each, who in wanted if each in only_there]
    surplus = [f"has {each} of {what}" for each, what in found if each in only_here]
    return (*lacking[:_LISTED_MAX], *surplus[:_LISTED_MAX])
