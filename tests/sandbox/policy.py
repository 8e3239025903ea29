"""The sample company's policy, with the ids that its Stripe account happened to give."""

from tests.sandbox.scenario import Catalog

_POLICY = """\
label: {label}
time_zone: America/New_York
base_currency: usd
journal: GJ
payment_method: Credit Card
out_of_band_method: EFT
clearing:
  usd: {{account: "1200"}}
  eur: {{account: "1210", bank_account: STRIPE-EUR}}
out_of_band:
  usd: {{account: "1010", bank_account: BANK-OTHER}}
revenue:
  categories:
    subscriptions: {{account: "4000"}}
    services: {{account: "4010", dimensions: {{department: SERVICES}}}}
    usage: {{account: "4020"}}
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


def first_policy(catalog: Catalog) -> str:
    """Return the policy that forgets one product."""
    return _filled(catalog, "first version", "")


def mended_policy(catalog: Catalog) -> str:
    """Return the policy that knows it."""
    return _filled(catalog, "second version", f"    {catalog.unmapped}: services")


def _filled(catalog: Catalog, label: str, more_products: str) -> str:
    return _POLICY.format(
        label=label,
        seat=catalog.seat,
        usage=catalog.usage,
        vat=catalog.vat_inclusive,
        more_products=more_products,
    )
