"""Which account: the policy's answer, or a refusal that names what policy does not say."""

from collections.abc import Mapping
from dataclasses import dataclass

from tieout.domain.documents import CashAccount
from tieout.domain.errors import Refused
from tieout.domain.policy import Policy, RevenueCategory, RevenueRules
from tieout.domain.reasons import Reason
from tieout.planning.snapshots import InvoiceLine


@dataclass(frozen=True, slots=True)
class Categorised:
    """A revenue category and the rule that chose it."""

    category: RevenueCategory
    why: str


def revenue_category(
    line: InvoiceLine, invoice_metadata: Mapping[str, str], rules: RevenueRules
) -> Categorised:
    """Return the category of an invoice line; the first rule that answers wins.

    The order is: the line's metadata, the invoice's metadata, price, product, default.

    Raises:
        Refused: no rule answers, or metadata names a category that policy does not have.
    """
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


def tax_account(tax_rate: str | None, policy: Policy) -> tuple[str, str]:
    """Return the account of a tax and the rule that chose it.

    Raises:
        Refused: policy names neither the tax rate nor a default.
    """
    if tax_rate is not None and (account := policy.tax.by_tax_rate.get(tax_rate)):
        return account, f"tax rate {tax_rate}"
    if policy.tax.default is None:
        raise Refused(
            Reason.ACCOUNT_NOT_IN_POLICY,
            f"`tax.by_tax_rate` does not name {tax_rate or 'tax without a tax rate'} and there is "
            "no `tax.default`",
        )
    return policy.tax.default, "default tax account"


def shipping_account(policy: Policy) -> str:
    """Return the account of shipping revenue.

    Raises:
        Refused: policy does not name one.
    """
    if policy.shipping_account is None:
        raise Refused(Reason.ACCOUNT_NOT_IN_POLICY, "the invoice has shipping: `shipping_account`")
    return policy.shipping_account


def clearing(currency: str, policy: Policy) -> CashAccount:
    """Return where money that moves through Stripe lands.

    Raises:
        Refused: policy does not name the currency.
    """
    account = policy.clearing.get(currency)
    if account is None:
        raise Refused(Reason.CURRENCY_NOT_IN_POLICY, f"`clearing` does not name {currency}")
    return account


def out_of_band(currency: str, policy: Policy) -> CashAccount:
    """Return where money that never went through Stripe lands.

    Raises:
        Refused: policy does not name the currency.
    """
    account = policy.out_of_band.get(currency)
    if account is None:
        raise Refused(
            Reason.ACCOUNT_NOT_IN_POLICY, f"paid outside Stripe: `out_of_band.{currency}`"
        )
    return account
