"""Roles of accounts, and which of Intacct's accounts plays each: the company's own decision.

A role is a beancount account; it says what the money is, not where it is booked. After a change of
policy one role may be spread over several of Intacct's accounts: together they must show it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tests.sandbox.stripe.json_types import JsonObject

RECEIVABLE = "Assets:Receivable"
STRIPE = "Assets:Stripe"
BANK = "Assets:Bank"
PAST_STRIPE = "Assets:OutsideStripe"
HELD_BACK = "Assets:HeldBackByStripe"
CREDIT = "Liabilities:CustomerCredit"
TAX = "Liabilities:Tax"
REVENUE = "Income:Revenue"
SHIPPING = "Income:Shipping"
GOODWILL = "Income:Goodwill"
SALES = "Income:Sales"
FEES = "Expenses:Fees"
PAYOUT_FEES = "Expenses:PayoutFees"
DISPUTES = "Expenses:Disputes"
DISPUTE_FEES = "Expenses:DisputeFees"
BAD_DEBT = "Expenses:BadDebt"
GIVEN_BY_HAND = "Expenses:GivenByHand"
OTHER = "Expenses:Other"
EXCHANGE = "Equity:Exchange"


@dataclass(frozen=True)
class Chart:
    """What the company has decided.

    Attributes:
        zone: where its days begin and end.
        accounts: Intacct's account numbers by role; the longest role that begins like an account
            counts, so that `Assets:Stripe:EUR` can have its own.
        products: revenue category by Stripe's product.
        tax_rates: name of the tax by Stripe's tax rate; every other is `Default`.
    """

    zone: ZoneInfo
    accounts: Mapping[str, frozenset[str]]
    products: Mapping[str, str]
    tax_rates: Mapping[str, str]

    def role_of(self, account: str) -> str | None:
        """Return the role that decides where an account is booked; None if nobody decided."""
        parts = account.split(":")
        for length in range(len(parts), 0, -1):
            role = ":".join(parts[:length])
            if role in self.accounts:
                return role
        return None

    def revenue(self, line: JsonObject) -> str:
        """Return the account of an invoice line: named by its metadata, else by its product."""
        named = line["metadata"].get("revenue_category")
        if named is None:
            named = self.products[line["pricing"]["price_details"]["product"]]
        return f"{REVENUE}:{named.capitalize()}"

    def tax(self, tax_rate: str) -> str:
        """Return the account of a tax."""
        return f"{TAX}:{self.tax_rates.get(tax_rate, 'Default')}"


def of_currency(role: str, currency: str) -> str:
    """Return the account of a role that is kept by currency."""
    return f"{role}:{currency.upper()}"


def of_customer(customer: str) -> str:
    """Return the receivable of a customer; beancount's names begin large and know no underscore."""
    name = customer.replace("_", "-")
    return f"{RECEIVABLE}:{name[:1].upper()}{name[1:]}"
