"""Does Intacct agree with Stripe, to the cent? Judged from the two ledgers alone.

Nothing of Tieout's own code is used: Stripe's side is worked out from the account's own objects and
its balance, Intacct's is read from its general ledger and its AR subledger. What they share is the
company's chart: which account is whose.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from tests.sandbox.chart import COMPANY_ZONE, EXCHANGE_ACCOUNT, RECEIVABLES_ACCOUNT, Chart
from tests.sandbox.earnings import customer_numbers, earned, received_out_of_band, sales
from tests.sandbox.intacct import reports
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.stripe.account import StripeAccount

DOCUMENTS = "documents"
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Check:
    """One comparison of the tie-out.

    Attributes:
        group: what the comparison is about.
        unit: a currency, or `documents` for a count.
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
    """Compare everything that Stripe and Intacct both know; every check must agree.

    All currencies of the sample company have two decimals.
    """
    return [
        *_ledger(company, chart),
        *_receivables(account, company),
        *_cash(account, company, chart),
        *_earnings(account, company, chart),
        *_documents(account, company, chart),
    ]


def _ledger(company: IntacctCompany, chart: Chart) -> Iterator[Check]:
    """Compare Intacct with itself; a ledger that does not balance proves nothing."""
    group, base = (
        "Intacct in itself: as it must be, and as it is",
        company.profile.base_currency.lower(),
    )
    rows = reports.trial_balance(company)
    residual = sum((row.balance for row in rows), _ZERO)
    yield Check(group, "trial balance: debits less credits", base, _ZERO, residual)
    subledger = sum((item.due_base for item in reports.aging_items(company)), _ZERO)
    control = reports.account_balance(company, RECEIVABLES_ACCOUNT)
    yield Check(group, "AR subledger, and its account in the ledger", base, subledger, control)
    covered = {
        RECEIVABLES_ACCOUNT,
        EXCHANGE_ACCOUNT,
        chart.tax,
        chart.shipping,
        *chart.clearing.values(),
        *chart.out_of_band.values(),
        *chart.categories.values(),
        *chart.tax_rates.values(),
    }
    elsewhere = sum((abs(row.balance) for row in rows if row.account_no not in covered), _ZERO)
    yield Check(group, "on accounts that nothing below covers", base, _ZERO, elsewhere)


def _receivables(account: StripeAccount, company: IntacctCompany) -> Iterator[Check]:
    numbers = customer_numbers(account)
    stripe: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    intacct: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    with account.lock:
        for invoice in account.store.all("invoice"):
            if invoice["status"] == "open" and invoice["amount_remaining"]:
                due, currency = _major(invoice["amount_remaining"]), invoice["currency"]
                stripe[f"customer {numbers[invoice['customer']]}", currency] += due
                stripe[f"invoice {invoice['number']}", currency] += due
    for item in reports.aging_items(company):
        intacct[f"customer {item.customer_id}", item.currency.lower()] += item.due
        intacct[f"invoice {item.number}", item.currency.lower()] += item.due
    yield from _each("Receivables: what is still owed", stripe, intacct)


def _cash(account: StripeAccount, company: IntacctCompany, chart: Chart) -> Iterator[Check]:
    group = "Money"
    balance = account.balance_before_fees()
    for currency, account_no in chart.clearing.items():
        name = f"{account_no} clearing, and Stripe's balance before fees"
        there = _balance(company, account_no, currency)
        yield Check(group, name, currency, _major(balance.get(currency, 0)), there)
    received = received_out_of_band(account, chart)
    for currency, account_no in chart.out_of_band.items():
        name = f"{account_no} paid past Stripe"
        there = _balance(company, account_no, currency)
        paid = _major(received.get((account_no, currency), 0))
        yield Check(group, name, currency, paid, there)


def _earnings(account: StripeAccount, company: IntacctCompany, chart: Chart) -> Iterator[Check]:
    """Compare what is left after voids and refunds, per account; credits are positive here."""
    stripe = {key: _major(amount) for key, amount in earned(account, chart).items()}
    taxes = {chart.tax, *chart.tax_rates.values()}
    accounts = {*chart.categories.values(), chart.shipping, *taxes}
    intacct = {
        (account_no, currency.lower()): -balance
        for account_no in accounts
        for currency, balance in reports.account_balance_by_currency(company, account_no).items()
    }
    for group, members in (
        ("Revenue, less voids and refunds", accounts - taxes),
        ("Tax payable, less voids and refunds", taxes),
    ):
        titles = {each: _titled(company, each) for each in members}
        yield from _each(
            group,
            {(titles[no], unit): amount for (no, unit), amount in stripe.items() if no in members},
            {(titles[no], unit): amount for (no, unit), amount in intacct.items() if no in members},
        )


def _titled(company: IntacctCompany, account_no: str) -> str:
    """Return number and title; a policy may name an account that Intacct does not have."""
    found = company.accounts.get(account_no)
    return f"{account_no} {found.title if found else '(not in Intacct)'}"


# Day, currency and amount in the major unit: what a document and its Stripe fact have in common.
_Facts = Counter[tuple[date, str, Decimal]]


def _documents(account: StripeAccount, company: IntacctCompany, chart: Chart) -> Iterator[Check]:
    stripe, intacct = _stripe_facts(account, chart), _booked_facts(company, chart)
    numbers = set(customer_numbers(account).values())
    known = {each.customer_id for each in company.customers} & numbers
    group = "How many"
    yield Check(group, "customers", DOCUMENTS, Decimal(len(numbers)), Decimal(len(known)))
    for kind, facts in stripe.items():
        there = Decimal(intacct[kind].total())
        yield Check(group, kind, DOCUMENTS, Decimal(facts.total()), there)
    group = f"On the day it was in {COMPANY_ZONE.key}, over Stripe's amount"
    for kind, facts in stripe.items():
        alike = Decimal((facts & intacct[kind]).total())
        yield Check(group, kind, DOCUMENTS, Decimal(facts.total()), alike)


INVOICES, RECEIPTS = "invoices", "receipts"
REVERSALS, CREDIT_MEMOS = "reversals of voided invoices", "credit memos of voided invoices"
APPLICATIONS, ENTRIES = "credit memos applied", "journal entries of refunds"


def _stripe_facts(account: StripeAccount, chart: Chart) -> Mapping[str, _Facts]:
    def on(at_unix: int) -> date:
        return datetime.fromtimestamp(at_unix, UTC).astimezone(COMPANY_ZONE).date()

    facts: dict[str, _Facts] = {
        kind: Counter()
        for kind in (INVOICES, RECEIPTS, REVERSALS, CREDIT_MEMOS, APPLICATIONS, ENTRIES)
    }
    for sale in sales(account, chart):
        moments = sale.invoice["status_transitions"]
        finalised = sale.invoice["effective_at"] or moments["finalized_at"]
        facts[INVOICES][on(finalised), sale.currency, _major(sale.invoice["total"])] += 1
        for receipt in sale.receipts:
            facts[RECEIPTS][on(receipt.at_unix), sale.currency, _major(receipt.amount_minor)] += 1
        if sale.voided_at_unix is not None:
            rest = (on(sale.voided_at_unix), sale.currency, _major(sum(sale.rest)))
            for kind in (CREDIT_MEMOS, APPLICATIONS) if sale.receipts else (REVERSALS,):
                facts[kind][rest] += 1
    with account.lock:
        for moved in account.store.all("balance_transaction"):
            if "refund" in moved["type"]:
                amount = _major(moved["amount"])
                facts[ENTRIES][on(moved["created"]), moved["currency"], amount] += 1
    return facts


def _booked_facts(company: IntacctCompany, chart: Chart) -> Mapping[str, _Facts]:
    """Return the same of Intacct's records; an entry's amount is what it moves on clearing."""
    facts: defaultdict[str, _Facts] = defaultdict(Counter)
    for each in company.documents:
        currency = each.exchange.currency.lower()
        if each.kind == "invoice":
            facts[INVOICES][each.posted_on, currency, each.total] += 1
        else:
            facts[CREDIT_MEMOS][each.posted_on, currency, -each.total] += 1
        if each.reversed_on is not None:
            facts[REVERSALS][each.reversed_on, currency, each.total] += 1
    for payment in company.payments:
        currency = payment.exchange.currency.lower()
        applied = sum((each.amount for each in payment.applications), _ZERO)
        kind, amount = (RECEIPTS, payment.cash) if payment.cash else (APPLICATIONS, applied)
        facts[kind][payment.receipt_on, currency, amount] += 1
    for entry in company.entries:
        if entry.module == "2.GL":
            moved = [each for each in entry.lines if each.account_no in chart.clearing.values()]
            currency = entry.lines[0].currency.lower()
            amount = sum((each.amount for each in moved), _ZERO)
            facts[ENTRIES][entry.posted_on, currency, amount] += 1
    return facts


def _each(
    group: str,
    stripe: Mapping[tuple[str, str], Decimal],
    intacct: Mapping[tuple[str, str], Decimal],
) -> Iterator[Check]:
    for name, unit in sorted(stripe.keys() | intacct.keys()):
        sides = (stripe.get((name, unit), _ZERO), intacct.get((name, unit), _ZERO))
        if any(sides):
            yield Check(group, name, unit, *sides)


def _balance(company: IntacctCompany, account_no: str, currency: str) -> Decimal:
    balances = reports.account_balance_by_currency(company, account_no)
    return balances.get(currency.upper(), _ZERO)


def _major(amount_minor: int) -> Decimal:
    return Decimal(amount_minor).scaleb(-2)
