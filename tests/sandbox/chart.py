"""Where the company books what: its own decision, known to the policy and to the tie-out alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tests.sandbox.stripe.json_types import JsonObject

# Where the company's days begin and end.
COMPANY_ZONE = ZoneInfo("America/New_York")
RECEIVABLES_ACCOUNT = "1100"
# Gains and losses that Intacct books by itself when it converts currencies.
EXCHANGE_ACCOUNT = "7900"


@dataclass(frozen=True)
class Chart:
    """Accounts by what Stripe's objects say.

    Attributes:
        categories: account of each revenue category.
        products: revenue category of each product, by Stripe's id.
        tax_rates: account of each tax rate that has one of its own, by Stripe's id; all other tax
            goes to `tax`.
        clearing, out_of_band: where money through Stripe, and past Stripe, lands; by currency.
    """

    categories: Mapping[str, str]
    products: Mapping[str, str]
    tax_rates: Mapping[str, str]
    tax: str
    shipping: str
    clearing: Mapping[str, str]
    out_of_band: Mapping[str, str]

    def revenue(self, line: JsonObject) -> str:
        """Return the account of an invoice line: named by its metadata, else by its product."""
        named = line["metadata"].get("revenue_category")
        if named is None:
            named = self.products[line["pricing"]["price_details"]["product"]]
        return self.categories[named]

    def tax_of(self, tax_rate: str) -> str:
        """Return the account of a tax."""
        return self.tax_rates.get(tax_rate, self.tax)
