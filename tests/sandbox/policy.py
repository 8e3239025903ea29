"""The sample company's policy, with the ids that its Stripe account happened to give."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.sandbox.chart import COMPANY_ZONE, Chart
from tests.sandbox.scenario import Catalog

# Account and bank account of each currency that Stripe settles in.
_CLEARING = {"usd": ("1205", "STRIPE-USD"), "eur": ("1210", "STRIPE-EUR")}

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
revenue:
  categories:
    subscriptions: {{account: "4000"}}
    services: {{account: "4010", dimensions: {{department: SERVICES}}}}
    usage: {{account: "4020"}}
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
    return Chart(
        categories={
            "subscriptions": "4000",
            "services": "4010",
            "usage": "4020",
            **more.categories,
        },
        products={
            catalog.seat: "subscriptions",
            catalog.usage: "usage",
            catalog.unmapped: "services",
            **more.products,
        },
        tax_rates={catalog.vat_inclusive: "2210"},
        tax="2200",
        shipping="4030",
        clearing={
            currency: account for currency, (account, _) in {**_CLEARING, **more.clearing}.items()
        },
        out_of_band={"usd": "1010"},
    )


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
            for currency, (account, bank) in {**_CLEARING, **more.clearing}.items()
        ),
    )


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)
