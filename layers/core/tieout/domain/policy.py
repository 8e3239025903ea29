"""The company's accounting policy, as data: which account, which dimension, which number, when.

`tieout.domain.policy_file` reads it from YAML and checks it; docs/policy.md explains it.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from tieout.domain.documents import CashAccount, Dimensions, RefundsFrom
from tieout.domain.movement_policy import MovementRules
from tieout.domain.policy_rules import Area, RuleBook
from tieout.domain.receivable_policy import CustomerCreditRules
from tieout.domain.sale_policy import SaleRules


@dataclass(frozen=True, slots=True)
class DeferredRevenue:
    """Where revenue waits that is earned over a service period, and how it is earned.

    Attributes:
        template: the name of Intacct's template of revenue recognition.
        refunds_from: where a journal entry takes back what is not earned yet: from revenue, where
            the schedule will have put it, or from where it waits, for a company whose people then
            end the schedule.
    """

    account: str
    template: str
    refunds_from: RefundsFrom = "revenue"


@dataclass(frozen=True, slots=True)
class RevenueCategory:
    """Where revenue of one kind is booked.

    Attributes:
        deferred: for lines with a service period; None books them as earned at once.
    """

    name: str
    account: str
    dimensions: Dimensions = Dimensions()
    deferred: DeferredRevenue | None = None


@dataclass(frozen=True, slots=True)
class RevenueRules:
    """How an invoice line finds its category; the first that answers wins.

    Attributes:
        metadata_key: line metadata, then invoice metadata, naming a category.
        by_price, by_product: category name by Stripe price or product id.
        default: category of lines that nothing else maps; None parks them.
    """

    categories: Mapping[str, RevenueCategory]
    metadata_key: str
    by_price: Mapping[str, str]
    by_product: Mapping[str, str]
    default: str | None


@dataclass(frozen=True, slots=True)
class TaxAccounts:
    """Where tax is booked: by tax rate id, else the default; None parks."""

    by_tax_rate: Mapping[str, str]
    default: str | None


@dataclass(frozen=True, slots=True)
class CustomerOverride:
    """What one Stripe customer has of its own."""

    customer_id: str | None = None
    dimensions: Dimensions = Dimensions()


@dataclass(frozen=True, slots=True)
class CustomerRules:
    """How Stripe customers become Intacct customers.

    Attributes:
        prefix: put before the Stripe id to make the CUSTOMERID.
        metadata_key: customer metadata naming an existing CUSTOMERID to adopt.
        name_fallback: what stands for a missing name.
        amend_adopted: whether changes in Stripe also overwrite customers that we adopted.
        term: ARTERM for new customers.
        countries: names as Intacct lists them, by ISO code in capital letters.
    """

    prefix: str
    metadata_key: str
    name_fallback: Literal["stripe_id", "park"]
    amend_adopted: bool
    term: str | None
    countries: Mapping[str, str]
    overrides: Mapping[str, CustomerOverride]


@dataclass(frozen=True, slots=True)
class DimensionRules:
    """Dimensions of every line.

    Attributes:
        defaults: for every line, lowest precedence.
        metadata_keys: dimension name -> metadata key, read from customer, invoice and line
            metadata, the later winning.
    """

    defaults: Dimensions
    metadata_keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Periods:
    """What to do with dates in a closed period.

    Attributes:
        closed_through: last closed day; None when nothing is closed.
        when_closed: park the document, let it wait until the period is open again, or post on the
            next open day with the original date in the text.
    """

    closed_through: date | None
    when_closed: Literal["park", "wait", "next_open_date"]


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the policy.

    Attributes:
        version: hash of the file's content, stamped on every posting.
        label: the company's own name for this version.
        zone: the time zone in which days begin.
        base_currency: of the Intacct company; lower case.
        journal: symbol of the journal for journal entries.
        payment_method: Intacct's PAYMENTMETHOD for money that came through Stripe.
        clearing: where payments through Stripe land, by currency.
        out_of_band: where payments outside Stripe land, by currency.
        shipping_account, discount_account: None for the discount account means that discounts
            reduce the revenue line itself.
        zero_invoices: whether invoices over nothing become documents.
        invoice_number: what the AR invoice is numbered by: Stripe's number or Stripe's id.
        due_days: days until due for invoices that Stripe gives no due date.
        out_of_band_method: Intacct's PAYMENTMETHOD for money that came past Stripe.
        books_from: the first day that Tieout books; what lies before was booked by hand. None: it
            books everything that Stripe has.
        movements: what moves Stripe's balance besides sales.
        customer_credit: where credit balances of customers are booked.
        bad_debt_account: to which what is uncollectible is written off; None parks it.
        receivable_account: the control account of customers, which the tie-out compares with what
            is open in Intacct; None: nothing is compared.
        sales: how charges that pay no invoice are booked; None parks them.
        rules: what comes before the tables and defaults above.
        entity: of the Intacct company, in which documents are booked; None for the top level.
        entity_currencies: base currency of entities whose own is not the company's, by entity.
        transactions_per_month: what the Intacct contract includes; None: nothing is compared.
        above_budget_from_percent: the share of it that reaches the budget.
        budget_reached: how much of the month's budget is used, in words, where that reaches it.
            Not of the file: it says in which month the policy counts. Empty below the budget.
        accounts: what holds instead for further Stripe accounts and connected ones, by their ids.
        stripe_account: the one of them that this is for; None for the main one.
    """

    version: str
    label: str
    zone: ZoneInfo
    base_currency: str
    journal: str
    payment_method: str
    clearing: Mapping[str, CashAccount]
    out_of_band: Mapping[str, CashAccount]
    revenue: RevenueRules
    tax: TaxAccounts
    shipping_account: str | None
    discount_account: str | None
    customers: CustomerRules
    dimensions: DimensionRules
    periods: Periods
    zero_invoices: Literal["skip", "book"]
    invoice_number: Literal["number", "id"]
    due_days: int
    out_of_band_method: str = "EFT"
    books_from: date | None = None
    movements: MovementRules = field(default_factory=MovementRules)
    customer_credit: CustomerCreditRules = field(default_factory=CustomerCreditRules)
    bad_debt_account: str | None = None
    receivable_account: str | None = None
    sales: SaleRules | None = None
    rules: RuleBook = field(default_factory=dict)
    entity: str | None = None
    entity_currencies: Mapping[str, str] = field(default_factory=dict)
    transactions_per_month: int | None = None
    above_budget_from_percent: int = 100
    budget_reached: str = ""
    accounts: Mapping[str, "Policy"] = field(default_factory=dict)
    stripe_account: str | None = None

    def base_currency_of(self, entity: str | None) -> str:
        """Return the base currency of an entity's books; None is the company's top level."""
        return self.entity_currencies.get(entity or "", self.base_currency)

    @property
    def above_budget_from(self) -> int | None:
        """How many transactions reach the month's budget; None if nothing waits for that."""
        if self.transactions_per_month is None or not any(
            each.has_above_budget for each in (self, *self.accounts.values())
        ):
            return None
        return -(-self.transactions_per_month * self.above_budget_from_percent // 100)

    @property
    def has_above_budget(self) -> bool:
        """Whether it books sales otherwise once the month's budget is reached."""
        is_ruled = any("above_budget" in each.settings for each in self.rules.get(Area.SALE, ()))
        return is_ruled or (self.sales is not None and self.sales.above_budget is not None)

    def in_month(self, reached: str) -> "Policy":
        """Return the policy as it counts in a month that has reached its budget, or has not.

        Args:
            reached: how much is used, in words; empty if that is below the budget.
        """
        accounts = {key: each.in_month(reached) for key, each in self.accounts.items()}
        return dataclasses.replace(self, budget_reached=reached, accounts=accounts)

    def of_account(self, account: str | None) -> "Policy | None":
        """Return the policy of a Stripe account; None for one whose books are not kept.

        Args:
            account: a further or connected account's id; None for the main one.
        """
        return self if account is None else self.accounts.get(account)
