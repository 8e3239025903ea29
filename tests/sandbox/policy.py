"""The sample company's policy, with the ids that its Stripe account happened to give."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.oracle import chart as roles
from tests.oracle.chart import Chart
from tests.sandbox.chart import BANKS, CLEARING, COMPANY_ZONE
from tests.sandbox.scenario import Catalog

_POLICY = """\
label: {label}
time_zone: {zone}
base_currency: usd
journal: GJ
payment_method: Credit Card
out_of_band_method: EFT
clearing:
{clearing}
out_of_band:
  usd: {{account: "1010", bank_account: BANK-OTHER}}
payouts:
  usd: {{account: "{bank_usd}"}}
  eur: {{account: "{bank_eur}"}}
fx_account: "7910"
movements:
  accounts:
    processing_fees: "6800"
    payout_fees: "6804"
    fee_tax: "6801"
    stripe_billing_fees: "6803"
    disputes: "6810"
    dispute_fees: "6811"
    reserves: "1300"
sales: {{mode: other_receipt, category: sales}}
customer_credit: {{account: "2300", granted: "4090"}}
bad_debt_account: "6900"
receivable_account: "1100"
revenue:
  categories:
    subscriptions: {{account: "4000"}}
    services: {{account: "4010", dimensions: {{department: SERVICES}}}}
    usage: {{account: "4020"}}
    sales: {{account: "4040"}}
{more_categories}
  metadata_key: revenue_category
  by_product:
    {seat}: subscriptions
    {usage}: usage
{more_products}
tax:
  by_tax_rate:
    {vat}: "2210"
  default: "2200"
shipping_account: "4030"
customers:
  metadata_key: intacct_customer_id
  name_fallback: stripe_id
  term: Due on receipt
dimensions:
  defaults: {{location: "100"}}
  metadata_keys: {{department: intacct_department}}
invoices:
  zero: skip
  number: number
"""


@dataclass(frozen=True)
class Additions:
    """What a test adds to the policy; Intacct need not know the accounts.

    Attributes:
        categories: accounts of further revenue categories, by name.
        products: categories of further products, by Stripe's id.
        clearing: account and bank account of further currencies.
    """

    categories: Mapping[str, str] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)
    clearing: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def first_policy(catalog: Catalog) -> str:
    """Return the policy that forgets one product."""
    return _filled(catalog, "first version", Additions())


def mended_policy(catalog: Catalog, additions: Additions | None = None) -> str:
    """Return the policy that knows it, with whatever else a test wants in it."""
    more = additions or Additions()
    whole = Additions(
        more.categories, {catalog.unmapped: "services", **more.products}, more.clearing
    )
    return _filled(catalog, "second version", whole)


def chart_of(catalog: Catalog, additions: Additions | None = None) -> Chart:
    """Return what the mended policy says about accounts, for those who judge what it led to."""
    more = additions or Additions()
    clearing = {**CLEARING, **more.clearing}
    categories = {
        "subscriptions": "4000",
        "services": "4010",
        "usage": "4020",
        **more.categories,
    }
    by_currency = {
        roles.STRIPE: {currency: account for currency, (account, _) in clearing.items()},
        roles.BANK: BANKS,
        roles.PAST_STRIPE: {"usd": "1010"},
    }
    accounts = {
        **{
            roles.of_currency(role, currency): account
            for role, named in by_currency.items()
            for currency, account in named.items()
        },
        **{f"{roles.REVENUE}:{name.capitalize()}": each for name, each in categories.items()},
        **_OTHER_ACCOUNTS,
    }
    return Chart(
        zone=COMPANY_ZONE,
        accounts={role: frozenset({account}) for role, account in accounts.items()},
        products={
            catalog.seat: "subscriptions",
            catalog.usage: "usage",
            catalog.unmapped: "services",
            **more.products,
        },
        tax_rates={catalog.vat_inclusive: "Vat"},
    )


_OTHER_ACCOUNTS = {
    roles.RECEIVABLE: "1100",
    roles.SALES: "4040",
    roles.SHIPPING: "4030",
    roles.TAX: "2200",
    f"{roles.TAX}:Vat": "2210",
    roles.CREDIT: "2300",
    roles.GIVEN_BY_HAND: "4090",
    roles.BAD_DEBT: "6900",
    roles.FEES: "6800",
    roles.PAYOUT_FEES: "6804",
    roles.DISPUTES: "6810",
    roles.DISPUTE_FEES: "6811",
    f"{roles.OTHER}:Tax-fee": "6801",
    f"{roles.OTHER}:Stripe-fee": "6803",
    roles.HELD_BACK: "1300",
    roles.EXCHANGE: "7910",
}


def _filled(catalog: Catalog, label: str, more: Additions) -> str:
    return _POLICY.format(
        label=label,
        zone=COMPANY_ZONE.key,
        seat=catalog.seat,
        usage=catalog.usage,
        vat=catalog.vat_inclusive,
        more_products=_lines(f"    {each}: {name}" for each, name in more.products.items()),
        more_categories=_lines(
            f'    {name}: {{account: "{account}"}}' for name, account in more.categories.items()
        ),
        clearing=_lines(
            f'  {currency}: {{account: "{account}", bank_account: {bank}}}'
            for currency, (account, bank) in {**CLEARING, **more.clearing}.items()
        ),
        bank_usd=BANKS["usd"],
        bank_eur=BANKS["eur"],
    )


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)
