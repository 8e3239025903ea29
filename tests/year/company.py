"""The company of the year: its chart of accounts, its banks, and its policy."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

from tests.oracle import chart as roles
from tests.oracle.chart import Chart
from tests.sandbox.intacct import IntacctCompany, add_account, sample_company
from tests.sandbox.intacct.books.company import Scope
from tests.sandbox.intacct.books.customers import create_customer
from tests.sandbox.intacct.books.master import BankAccount, DimensionKind, Member
from tests.sandbox.stripe import AccountOptions, Settlement, SteppedClock, StripeAccount
from tests.year.business import Catalog

ZONE = ZoneInfo("America/New_York")
BASE = "usd"
# Stripe keeps a balance in the first three; what comes in the others it converts: a yen, which has
# no hundredths, into two thirds of a cent.
CURRENCIES = ("usd", "eur", "chf", "gbp", "jpy")
_SETTLED_IN = {"gbp": Settlement("usd", "1.2713"), "jpy": Settlement("usd", "0.6672")}
_RATES = {"EUR": "1.10", "GBP": "1.25", "JPY": "0.0066", "CHF": "1.17"}
_CLEARING = {"usd": "1205", "eur": "1210", "jpy": "1211", "gbp": "1212", "chf": "1213"}
_BANKS = {"usd": "1000", "eur": "1020", "jpy": "1021", "gbp": "1022", "chf": "1023"}
_PAST_STRIPE = {"usd": "1010", "eur": "1030", "jpy": "1031", "gbp": "1032", "chf": "1033"}
# The company has an entity for each part of the world; what nobody says belongs to the first.
_ENTITIES = {"": "100", "emea": "200", "apac": "300"}
_CATEGORIES = {
    "disputes": "6810",
    "dispute_fees": "6811",
    "processing_fees": "6800",
    "fee_tax": "6801",
    "fx_fees": "6802",
    "stripe_billing_fees": "6803",
    "payout_fees": "6804",
    "application_fee_income": "4100",
    "transfers": "6820",
}
_NEW_ACCOUNTS = {
    "4100": "Platform income",
    "6801": "Tax on Stripe's fees",
    "6802": "Stripe conversion fees",
    "6803": "Stripe's bills",
    "6804": "Payout fees",
    "6811": "Dispute fees",
    "6820": "Paid to sellers",
    "7910": "Currency conversion by Stripe",
    "4040": "One-off sales",
    "4050": "Annual subscriptions",
    "4060": "Goodwill",
    "4001": "Subscription revenue, new",
}


# Whom an invoice is for when nobody in particular bought.
WALK_IN = "WALK-IN"


@dataclass(frozen=True)
class Decision:
    """What of the policy changes in the course of the year.

    Attributes:
        subscriptions: account of subscription revenue.
        sales: how what nobody was invoiced for is booked.
        budget: of transactions a month; above it a day's sales are booked together. None: without.
        closed_through: last day that is closed.
    """

    subscriptions: str = "4000"
    sales: str = "daily_summary"
    budget: int | None = None
    closed_through: date | None = None


def new_account(
    clock: SteppedClock, seed: str, *, reopens: bool = False, keeps: bool = True
) -> StripeAccount:
    """Return the company's Stripe account, without a history.

    Args:
        reopens: whether an invoice is owed again when its payment fails late; nobody knows.
        keeps: whether that payment then still shows what it had paid, and when; nobody knows.
    """
    options = AccountOptions(
        seed=seed,
        settlements=_SETTLED_IN,
        late_failure_reopens_invoice=reopens,
        late_failure_keeps_payment=keeps,
    )
    return StripeAccount(options, clock)


def new_books(clock: SteppedClock) -> IntacctCompany:
    """Return the company's Intacct, empty."""
    company = sample_company(
        clock=lambda: datetime.fromtimestamp(clock.now(), UTC), multi_entity=True
    )
    rates = MappingProxyType({each: Decimal(rate) for each, rate in _RATES.items()})
    company.profile = dataclasses.replace(company.profile, rates=rates)
    _add_entity(company, _ENTITIES["apac"], "Asia")
    for number, title in _NEW_ACCOUNTS.items():
        add_account(company, number, title)
    for bank, accounts in (("STRIPE", _CLEARING), ("BANK", _BANKS), ("OTHER", _PAST_STRIPE)):
        for currency, number in accounts.items():
            if number not in company.accounts:
                add_account(company, number, f"{bank.capitalize()} {currency.upper()}")
            record_no = company.next_number("bank", 100)
            name = f"{bank}-{currency.upper()}"
            company.banks.put(name, BankAccount(record_no, name, bank, number, currency.upper()))
    names = {"NAME": "Walk-in customers", "DISPLAYCONTACT.PRINTAS": "Walk-in customers"}
    create_customer(company, Scope(), WALK_IN, names)
    company.log.commit()
    return company


def _add_entity(company: IntacctCompany, entity: str, name: str) -> None:
    kind = DimensionKind.LOCATION
    record_no = company.next_number(f"member/{kind}")
    company.members.put((kind, entity), Member(record_no, kind, entity, name, is_entity=True))


def policy(catalog: Catalog, decision: Decision | None = None) -> str:
    """Return the policy file."""
    given = decision or Decision()
    has_choice = given.budget is not None and given.sales != "daily_summary"
    return _POLICY.format(
        budget=f"intacct: {{transactions_per_month: {given.budget}}}" if given.budget else "",
        above_budget=", above_budget: daily_summary" if has_choice else "",
        zone=ZONE.key,
        product=catalog.product,
        annual=catalog.annual,
        inclusive=catalog.inclusive,
        subscriptions=given.subscriptions,
        sales=given.sales,
        walk_in=WALK_IN,
        clearing=_cash("STRIPE", _CLEARING),
        past_stripe=_cash("OTHER", _PAST_STRIPE),
        payouts="\n".join(f'  {each}: {{account: "{no}"}}' for each, no in _BANKS.items()),
        movements="\n".join(f'    {each}: "{no}"' for each, no in _CATEGORIES.items()),
        first_entity=_ENTITIES[""],
        rules="\n".join(
            _RULES.format(region=region, entity=entity)
            for region, entity in _ENTITIES.items()
            if region
        ).rstrip(),
        periods=f"periods: {{closed_through: {given.closed_through}, when_closed: next_open_date}}"
        if given.closed_through
        else "",
    )


def chart(catalog: Catalog) -> Chart:
    """Return what the policies of the year say, for those who judge what they led to."""
    return Chart(
        zone=ZONE,
        accounts={
            roles.RECEIVABLE: frozenset({"1100"}),
            **_by_currency(roles.STRIPE, _CLEARING),
            **_by_currency(roles.BANK, _BANKS),
            **_by_currency(roles.PAST_STRIPE, _PAST_STRIPE),
            f"{roles.REVENUE}:Subscriptions": frozenset({"4000", "4001"}),
            # What is earned of it, and what waits to be.
            f"{roles.REVENUE}:Annual": frozenset({"4050", "2400"}),
            f"{roles.REVENUE}:Services": frozenset({"4010"}),
            f"{roles.REVENUE}:Usage": frozenset({"4020"}),
            roles.GOODWILL: frozenset({"4060"}),
            roles.PAYOUT_FEES: frozenset({"6804"}),
            roles.SALES: frozenset({"4040"}),
            roles.SHIPPING: frozenset({"4030"}),
            roles.TAX: frozenset({"2200"}),
            f"{roles.TAX}:Vat": frozenset({"2210"}),
            roles.CREDIT: frozenset({"2300"}),
            roles.BAD_DEBT: frozenset({"6900"}),
            roles.GIVEN_BY_HAND: frozenset({"4090"}),
            roles.FEES: frozenset({"6800"}),
            roles.DISPUTES: frozenset({"6810"}),
            roles.DISPUTE_FEES: frozenset({"6811"}),
            f"{roles.OTHER}:Tax-fee": frozenset({"6801"}),
            f"{roles.OTHER}:Stripe-fx-fee": frozenset({"6802"}),
            f"{roles.OTHER}:Stripe-fee": frozenset({"6803"}),
            f"{roles.OTHER}:Application-fee": frozenset({"4100"}),
            f"{roles.OTHER}:Transfer": frozenset({"6820"}),
            roles.EXCHANGE: frozenset({"7910"}),
        },
        products={catalog.product: "subscriptions", catalog.annual: "annual"},
        tax_rates={catalog.inclusive: "Vat"},
    )


def _by_currency(role: str, accounts: Mapping[str, str]) -> dict[str, frozenset[str]]:
    return {roles.of_currency(role, each): frozenset({no}) for each, no in accounts.items()}


def _cash(bank: str, accounts: Mapping[str, str]) -> str:
    return "\n".join(
        f'  {each}: {{account: "{no}", bank_account: {bank}-{each.upper()}}}'
        for each, no in accounts.items()
    )


_RULES = """\
  - name: {region} books
    for: entity
    when: "kind == 'invoice' && customer.metadata.region == '{region}'"
    set: {{entity: "{entity}"}}
  - name: {region} invoices
    for: dimensions
    when: "kind == 'invoice' && customer.metadata.region == '{region}'"
    set: {{dimensions: {{location: "{entity}"}}}}
  - name: {region} sales
    for: dimensions
    when: "kind == 'sale' && charge.metadata.region == '{region}'"
    set: {{dimensions: {{location: "{entity}"}}}}
"""
_POLICY = """\
label: the year
time_zone: {zone}
base_currency: usd
journal: GJ
payment_method: Credit Card
out_of_band_method: EFT
clearing:
{clearing}
out_of_band:
{past_stripe}
payouts:
{payouts}
fx_account: "7910"
movements:
  accounts:
{movements}
customer_credit: {{account: "2300", granted: "4090"}}
bad_debt_account: "6900"
receivable_account: "1100"
{budget}
sales: {{mode: {sales}, category: sales, customer: {walk_in}{above_budget}}}
revenue:
  categories:
    subscriptions: {{account: "{subscriptions}"}}
    services: {{account: "4010", dimensions: {{department: SERVICES}}}}
    usage: {{account: "4020"}}
    annual:
      account: "4050"
      deferred: {{account: "2400", template: Straight line daily}}
    sales: {{account: "4040"}}
    goodwill: {{account: "4060"}}
  default: goodwill
  metadata_key: revenue_category
  by_product:
    {product}: subscriptions
    {annual}: annual
tax:
  by_tax_rate:
    {inclusive}: "2210"
  default: "2200"
shipping_account: "4030"
customers:
  metadata_key: intacct_customer_id
  name_fallback: stripe_id
  term: Due on receipt
dimensions:
  defaults: {{location: "{first_entity}"}}
invoices:
  zero: skip
  number: number
rules:
{rules}
  - name: other books
    for: entity
    when: "kind == 'invoice'"
    set: {{entity: "{first_entity}"}}
{periods}
"""
