"""Goal: a company's Stripe accounts, one with a key of its own and one connected, are booked side
by side, each into its own clearing account, though no webhook of theirs ever comes.

Method: three accounts of the Stripe double, through the product in one process, into the strict
Intacct double. The mistake most likely made is an object looked for in the wrong account.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from tests.fakes import FakeCursors
from tests.sandbox.intacct import IntacctCompany, add_account, reports, sample_company
from tests.sandbox.intacct.books.master import BankAccount
from tests.sandbox.stripe import AccountOptions, ApiKey, SteppedClock, StripeAccount
from tests.unit.sandbox.stripe.business import invoice_of
from tests.year.business import DAY_SECONDS, pass_time
from tests.year.product import Product
from tieout.domain.postings import State
from tieout.domain.subjects import Subject
from tieout.services.backfill import Backfill, Range, status
from tieout.services.preview import Previewer
from tieout.services.totals import Totals, together
from tieout.services.walk import days, subjects_of_day

MAIN, FURTHER, CONNECTED = "acct_main", "acct_further", "acct_connected"
CLEARING = {MAIN: "1205", FURTHER: "1206", CONNECTED: "1207"}
AMOUNTS = {MAIN: 5_000, FURTHER: 700, CONNECTED: 90}
POLICY = """
time_zone: UTC
base_currency: usd
clearing: {usd: {account: "1205", bank_account: STRIPE-USD}}
revenue: {categories: {services: {account: "4000"}}, default: services}
dimensions: {defaults: {location: "100", department: SALES}}
customers: {prefix: M-}
movements: {accounts: {processing_fees: "6800"}}
stripe_accounts:
  acct_further:
    clearing: {usd: {account: "1206", bank_account: STRIPE-1206}}
    customers: {prefix: F-}
  acct_connected:
    clearing: {usd: {account: "1207", bank_account: STRIPE-1207}}
    customers: {prefix: C-}
"""


def company_of(clock: SteppedClock) -> IntacctCompany:
    company = sample_company(clock=lambda: datetime.fromtimestamp(clock.now(), UTC))
    for number in (CLEARING[FURTHER], CLEARING[CONNECTED]):
        name = f"STRIPE-{number}"
        add_account(company, number, name)
        record_no = company.next_number("bank", 100)
        company.banks.put(name, BankAccount(record_no, name, "Stripe", number, "USD"))
    company.log.commit()
    return company


def account_of(name: str, clock: SteppedClock) -> StripeAccount:
    options = AccountOptions(account_id=name, seed=name)
    if name == FURTHER:
        key = ApiKey("sk_test_theFurtherAccountsOwn")
        options = AccountOptions(account_id=name, seed=name, api_keys=(key,))
    return StripeAccount(options, clock)


def balance_of(account: StripeAccount) -> Decimal:
    rows = account.store.all("balance_transaction")
    return Decimal(sum(each["net"] for each in rows)) / 100


def test_each_account_is_booked_into_its_own_clearing_account() -> None:
    clock = SteppedClock()
    accounts = {name: account_of(name, clock) for name in CLEARING}
    accounts[MAIN].connect(accounts[CONNECTED])
    company = company_of(clock)
    product = Product(accounts[MAIN], company, POLICY, further=[accounts[FURTHER]])
    product.poll()
    for name, account in accounts.items():
        customer = account.create_customer(f"Customer of {name}")["id"]
        paid = invoice_of(account, customer, AMOUNTS[name])["id"]
        invoice_of(account, customer, AMOUNTS[name])
        clock.advance(60)
        account.pay_invoice(paid)
    product.deliver()
    product.settle()
    assert reports.account_balance(company, CLEARING[FURTHER]) == 0

    report = product.poll()
    product.settle()
    pass_time(accounts[MAIN], 3 * DAY_SECONDS)
    product.poll()
    product.settle()

    assert report.missed > 0
    assert not product.dead
    assert not product.parked
    for name, account in accounts.items():
        clearing = reports.account_balance(company, CLEARING[name])
        assert clearing == balance_of(account) != 0
    open_minor = {each.customer_id[:2]: each for each in reports.aging(company)}
    assert {name: int(row.total * 100) for name, row in open_minor.items()} == {
        "M-": AMOUNTS[MAIN],
        "F-": AMOUNTS[FURTHER],
        "C-": AMOUNTS[CONNECTED],
    }
    customers = [each for each in product.postings.by_key.values() if each.is_customer]
    assert {each.subject.account for each in customers} == {None, FURTHER, CONNECTED}
    product.poll()
    assert {each.state for each in product.postings.by_key.values()} <= {
        State.POSTED,
        State.NOT_BOOKED,
    }


def test_a_change_that_no_webhook_told_of_is_found_in_the_account_that_it_is_of() -> None:
    clock = SteppedClock()
    accounts = {name: account_of(name, clock) for name in CLEARING}
    accounts[MAIN].connect(accounts[CONNECTED])
    company = company_of(clock)
    product = Product(accounts[MAIN], company, POLICY, further=[accounts[FURTHER]])
    product.poll()
    open_invoices = {}
    for name, account in accounts.items():
        customer = account.create_customer(f"Customer of {name}")["id"]
        open_invoices[name] = invoice_of(account, customer, AMOUNTS[name])["id"]
    product.poll()
    product.settle()
    clock.advance(DAY_SECONDS)
    accounts[CONNECTED].void_invoice(open_invoices[CONNECTED])
    product.poll()
    product.settle()
    assert not product.parked
    assert {each.customer_id[:2] for each in reports.aging(company) if each.total} == {"M-", "F-"}


@dataclass(frozen=True)
class History:
    """A sale in each account, days ago, of which no webhook and no poll ever told."""

    accounts: dict[str, StripeAccount]
    company: IntacctCompany
    product: Product
    first: date
    last: date

    def span(self, name: str) -> Range:
        zone = self.product.policies.current().zone
        return Range(self.first, self.last, zone, None if name == MAIN else name)


def a_history() -> History:
    clock = SteppedClock()
    accounts = {name: account_of(name, clock) for name in CLEARING}
    accounts[MAIN].connect(accounts[CONNECTED])
    company = company_of(clock)
    product = Product(accounts[MAIN], company, POLICY, further=[accounts[FURTHER]])
    first = datetime.fromtimestamp(clock.now(), UTC).date()
    for name, account in accounts.items():
        customer = account.create_customer(f"Customer of {name}")["id"]
        account.pay_invoice(invoice_of(account, customer, AMOUNTS[name])["id"])
    pass_time(accounts[MAIN], 3 * DAY_SECONDS)
    return History(
        accounts, company, product, first, datetime.fromtimestamp(clock.now(), UTC).date()
    )


def queued(history: History, cursors: FakeCursors, *names: str) -> Generator[Subject]:
    """Queue what is left of the ranges of some accounts, and yield it."""
    product = history.product
    backfill = Backfill(
        product.stripe,
        product.queue,
        cursors,
        product.clock,
        lambda _: None,
        per_second=1,
        livemode=False,
    )
    for name in names:
        yield from (subject for _, subject in backfill.run(history.span(name)))


def test_a_range_is_previewed_in_every_account_under_its_own_policy() -> None:
    history = a_history()
    product, zone = history.product, history.product.policies.current().zone
    previewer = Previewer(product.stripe, product.postings, product.policies, product.clock)
    by_account = {}
    for name in CLEARING:
        totals = by_account[name] = Totals(0)
        account, now_unix = history.span(name).account, product.clock.now_unix()
        for day in days(history.first, history.last):
            subjects = subjects_of_day(product.stripe, day, zone, now_unix, account)
            for preview in previewer.preview(subjects):
                totals.add(preview)
    for name, totals in by_account.items():
        moved = {place.account: sums for place, sums in totals.accounts.items()}
        clearing = moved[CLEARING[name]]
        net_minor = clearing.debit_minor - clearing.credit_minor
        assert net_minor == balance_of(history.accounts[name]) * 100
        assert not moved.keys() & {each for of, each in CLEARING.items() if of != name}
    whole = together(by_account.values())
    assert whole.transactions == sum(each.transactions for each in by_account.values())
    earned = [sums for place, sums in whole.accounts.items() if place.account == "4000"]
    assert [each.credit_minor for each in earned] == [sum(AMOUNTS.values())]


def test_a_backfill_books_every_account_and_goes_on_in_each_where_it_stopped() -> None:
    history, cursors = a_history(), FakeCursors()
    begun = queued(history, cursors, FURTHER)
    assert next(begun).account == FURTHER
    begun.close()
    assert {each.account for each in queued(history, cursors, MAIN)} == {None}
    assert status(history.span(MAIN), cursors).next_day is None
    assert status(history.span(FURTHER), cursors).next_day == history.first
    left = list(queued(history, cursors, *CLEARING))
    assert {each.account for each in left} == {FURTHER, CONNECTED}
    assert not list(queued(history, cursors, *CLEARING))
    history.product.settle()
    assert not history.product.dead
    assert not history.product.parked
    for name, account in history.accounts.items():
        clearing = reports.account_balance(history.company, CLEARING[name])
        assert clearing == balance_of(account) != 0
