"""Goal: a company's Stripe accounts, one with a key of its own and one connected, are booked side
by side, each into its own clearing account, though no webhook of theirs ever comes.

Method: three accounts of the Stripe double, through the product in one process, into the strict
Intacct double. The mistake most likely made is an object looked for in the wrong account.
"""

from datetime import UTC, datetime
from decimal import Decimal

from tests.sandbox.intacct import IntacctCompany, add_account, reports, sample_company
from tests.sandbox.intacct.books.master import BankAccount
from tests.sandbox.stripe import AccountOptions, ApiKey, SteppedClock, StripeAccount
from tests.unit.sandbox.stripe.business import invoice_of
from tests.year.business import DAY_SECONDS, pass_time
from tests.year.product import Product
from tieout.domain.postings import State

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
