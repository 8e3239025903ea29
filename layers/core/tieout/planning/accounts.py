"""Which account: the policy's answer, or a refusal that names what policy does not say."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tieout.domain.documents import NO_DIMENSIONS, CashAccount, Dimensions
from tieout.domain.errors import Refused
from tieout.domain.policy import Policy, RevenueCategory, RevenueRules
from tieout.domain.policy_rules import Area
from tieout.domain.reasons import Reason
from tieout.planning.facts import tax_facts
from tieout.planning.rules import Answer, Case, answer
from tieout.planning.snapshots import InvoiceLine


@dataclass(frozen=True, slots=True)
class Categorised:
    """A revenue category and what chose it.

    Attributes:
        dimensions: those that a rule gives the line; they come after all others.
    """

    category: RevenueCategory
    why: str
    dimensions: Dimensions = NO_DIMENSIONS


def revenue_category(
    line: InvoiceLine, invoice_metadata: Mapping[str, str], case: Case, policy: Policy
) -> Categorised:
    """Return the category of a line; the first that answers wins.

    The order is: the rules for revenue, the line's metadata, the invoice's metadata, price,
    product, default. A rule may only add dimensions, and leave the category to the others.

    Args:
        line: the line.
        invoice_metadata: of the invoice, or of whatever the line is on.
        case: what the rules are asked about.
        policy: the company's.

    Raises:
        Refused: nothing answers, or metadata names a category that policy does not have.
    """
    return revenue_by_rule(case, policy, lambda: _by_tables(line, invoice_metadata, policy.revenue))


def revenue_by_rule(
    case: Case, policy: Policy, otherwise: Callable[[], Categorised]
) -> Categorised:
    """Return what the rules for revenue choose, else what `otherwise` does.

    Raises:
        Refused: `otherwise` does.
    """
    ruled = answer(Area.REVENUE, case, policy)
    if account := ruled.settings.get("account"):
        return Categorised(RevenueCategory(ruled.why, account), ruled.why, ruled.dimensions)
    if name := ruled.settings.get("category"):
        return Categorised(policy.revenue.categories[name], ruled.why, ruled.dimensions)
    chosen = otherwise()
    why = f"{chosen.why}; {ruled.why}" if ruled.why else chosen.why
    return Categorised(chosen.category, why, ruled.dimensions)


def _by_tables(
    line: InvoiceLine, invoice_metadata: Mapping[str, str], rules: RevenueRules
) -> Categorised:
    name, why = _category_name(line, invoice_metadata, rules)
    if name is None:
        raise Refused(
            Reason.REVENUE_CATEGORY_MISSING,
            f"line {line.id}: policy maps neither price {line.price} nor product {line.product}, "
            "and has no default category",
        )
    category = rules.categories.get(name)
    if category is None:
        raise Refused(
            Reason.REVENUE_CATEGORY_MISSING, f"line {line.id}: {why}, which policy does not have"
        )
    return Categorised(category, why)


def _category_name(
    line: InvoiceLine, invoice_metadata: Mapping[str, str], rules: RevenueRules
) -> tuple[str | None, str]:
    if named := line.metadata.get(rules.metadata_key):
        return named, f"line metadata names category {named}"
    if named := invoice_metadata.get(rules.metadata_key):
        return named, f"invoice metadata names category {named}"
    if line.price is not None and (named := rules.by_price.get(line.price)):
        return named, f"price {line.price} is category {named}"
    if line.product is not None and (named := rules.by_product.get(line.product)):
        return named, f"product {line.product} is category {named}"
    return rules.default, f"default category {rules.default}"


@dataclass(frozen=True, slots=True)
class Chosen:
    """An account and what chose it.

    Attributes:
        dimensions: those that a rule gives the line; they come after all others.
    """

    account: str
    why: str
    dimensions: Dimensions = NO_DIMENSIONS


def tax_account(tax_rate: str | None, case: Case, policy: Policy) -> Chosen:
    """Return the account of a tax: by the rules for tax, else by its rate, else the default.

    Raises:
        Refused: no rule answers, and policy names neither the tax rate nor a default.
    """
    ruled = answer(Area.TAX, case.plus(lambda: tax_facts(tax_rate)), policy)
    if "account" in ruled.settings:
        return _as_ruled(ruled, ruled.settings["account"], "")
    account, why = _by_tax_rate(tax_rate, policy)
    return _as_ruled(ruled, account, why)


def _as_ruled(ruled: Answer, account: str, why: str) -> Chosen:
    """Return an account with what a rule adds to it; the rule may have chosen it or not."""
    return Chosen(account, "; ".join(filter(None, [why, ruled.why])), ruled.dimensions)


def _by_tax_rate(tax_rate: str | None, policy: Policy) -> tuple[str, str]:
    if tax_rate is not None and (account := policy.tax.by_tax_rate.get(tax_rate)):
        return account, f"tax rate {tax_rate}"
    if policy.tax.default is None:
        raise Refused(
            Reason.ACCOUNT_NOT_IN_POLICY,
            f"`tax.by_tax_rate` does not name {tax_rate or 'tax without a tax rate'} and there is "
            "no `tax.default`",
        )
    return policy.tax.default, "default tax account"


def shipping_account(case: Case, policy: Policy) -> Chosen:
    """Return the account of shipping revenue: by the rules for shipping, else the one there is.

    Raises:
        Refused: policy does not name one.
    """
    ruled = answer(Area.SHIPPING, case, policy)
    if "account" in ruled.settings:
        return _as_ruled(ruled, ruled.settings["account"], "")
    if policy.shipping_account is None:
        raise Refused(Reason.ACCOUNT_NOT_IN_POLICY, "the invoice has shipping: `shipping_account`")
    return _as_ruled(ruled, policy.shipping_account, "shipping account")


def discount_account(case: Case, policy: Policy) -> Chosen | None:
    """Return the account of discounts; None if they reduce the revenue line itself."""
    ruled = answer(Area.DISCOUNT, case, policy)
    if "account" in ruled.settings:
        return _as_ruled(ruled, ruled.settings["account"], "")
    if policy.discount_account is None:
        return None
    return _as_ruled(ruled, policy.discount_account, "discount account")


def clearing(currency: str, policy: Policy) -> CashAccount:
    """Return where money that moves through Stripe lands.

    Raises:
        Refused: policy does not name the currency.
    """
    account = policy.clearing.get(currency)
    if account is None:
        raise Refused(Reason.CURRENCY_NOT_IN_POLICY, f"`clearing` does not name {currency}")
    return dataclasses.replace(account, why=f"clearing.{currency}")


def out_of_band(currency: str, case: Case, policy: Policy) -> CashAccount:
    """Return where money that never went through Stripe lands: by a rule, else by currency.

    Raises:
        Refused: no rule answers, and policy does not name the currency.
    """
    ruled = answer(Area.OUT_OF_BAND, case, policy)
    if account := ruled.settings.get("account"):
        return CashAccount(account, ruled.settings.get("bank_account"), ruled.why)
    named = policy.out_of_band.get(currency)
    if named is None:
        raise Refused(
            Reason.ACCOUNT_NOT_IN_POLICY, f"paid outside Stripe: `out_of_band.{currency}`"
        )
    return dataclasses.replace(named, why=f"out_of_band.{currency}")
