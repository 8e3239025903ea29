"""Policy for what moves Stripe's balance besides sales: fees, disputes, payouts, conversions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from tieout.domain.currencies import CURRENCIES
from tieout.domain.documents import NO_DIMENSIONS, Dimensions
from tieout.domain.policy_currencies import note_no_currency
from tieout.domain.policy_dimensions import read_dimensions
from tieout.domain.policy_limits import ACCOUNT_LENGTH_MAX
from tieout.domain.policy_reader import Section, suggestion

_Value = TypeVar("_Value")


class Category(StrEnum):
    """What a movement is to an accountant; `movements.accounts` names an account for each."""

    PROCESSING_FEES = "processing_fees"
    FEE_TAX = "fee_tax"
    WITHHELD_TAX = "withheld_tax"
    APPLICATION_FEES = "application_fees"
    STRIPE_BILLING_FEES = "stripe_billing_fees"
    FX_FEES = "fx_fees"
    PAYOUT_FEES = "payout_fees"
    DISPUTES = "disputes"
    DISPUTE_FEES = "dispute_fees"
    APPLICATION_FEE_INCOME = "application_fee_income"
    TRANSFERS = "transfers"
    CONNECT_COLLECTIONS = "connect_collections"
    RESERVES = "reserves"
    CLIMATE = "climate"
    ADJUSTMENTS = "adjustments"
    FINANCING = "financing"
    FEE_CREDITS = "fee_credits"
    INBOUND_TRANSFERS = "inbound_transfers"
    OBLIGATIONS = "obligations"
    ISSUING_HOLDS = "issuing_holds"
    ISSUING_DISPUTES = "issuing_disputes"
    ISSUING_PURCHASES = "issuing_purchases"
    UNRECONCILED_PAYMENTS = "unreconciled_payments"
    BALANCE_PAYMENTS = "balance_payments"
    TAX_FUNDS = "tax_funds"


# What Stripe, a tax office or a platform keeps: what rules for fees are asked about.
FEES = frozenset(
    {
        Category.PROCESSING_FEES,
        Category.FEE_TAX,
        Category.WITHHELD_TAX,
        Category.APPLICATION_FEES,
        Category.STRIPE_BILLING_FEES,
        Category.FX_FEES,
        Category.PAYOUT_FEES,
        Category.DISPUTE_FEES,
    }
)


@dataclass(frozen=True, slots=True)
class PayoutAccounts:
    """Where payouts of one currency go, and where top-ups come from.

    Attributes:
        account: the bank's ledger account.
        in_transit: where the money is between leaving Stripe and reaching the bank; None where a
            payout is booked to the bank at once.
    """

    account: str
    in_transit: str | None = None


@dataclass(frozen=True, slots=True)
class MovementRules:
    """Accounts of what moves Stripe's balance besides sales.

    Attributes:
        accounts: by category; what is needed and not named parks.
        dimensions: by category, over the policy's defaults.
        suspense: for rare movements whose category has no account; None parks them.
        payouts: by currency.
        fx_account: through which a charge passes that Stripe settles in another currency; what is
            left on it in the base currency is gain or loss.
        disputes_lost_account: to which a lost dispute is moved; None leaves it on `disputes`.
    """

    accounts: Mapping[Category, str] = field(default_factory=dict)
    dimensions: Mapping[Category, Dimensions] = field(default_factory=dict)
    suspense: str | None = None
    payouts: Mapping[str, PayoutAccounts] = field(default_factory=dict)
    fx_account: str | None = None
    disputes_lost_account: str | None = None

    def dimensions_of(self, category: Category | None) -> Dimensions:
        """Return what a category's lines carry beyond the policy's defaults."""
        return NO_DIMENSIONS if category is None else self.dimensions.get(category, NO_DIMENSIONS)


def read_movement_rules(file: Section) -> MovementRules:
    """Return what a policy file says about movements, noting its errors."""
    section = file.section("movements")
    named = section.section("dimensions")
    rules = MovementRules(
        accounts=_by_category(
            section.section("accounts"), section.texts("accounts", ACCOUNT_LENGTH_MAX)
        ),
        dimensions=_by_category(
            named, {each: read_dimensions(named, each) for each in named.values}
        ),
        suspense=section.optional_text("suspense", ACCOUNT_LENGTH_MAX),
        payouts=_payouts(file),
        fx_account=file.optional_text("fx_account", ACCOUNT_LENGTH_MAX),
        disputes_lost_account=file.optional_text("disputes_lost_account", ACCOUNT_LENGTH_MAX),
    )
    section.refuse_unknown()
    return rules


def _by_category(section: Section, found: Mapping[str, _Value]) -> Mapping[Category, _Value]:
    known = {each.value for each in Category}
    for name in section.values:
        if name not in known:
            section.note(name, f"is no category of movements{suggestion(name, known)}")
    return {Category(name): value for name, value in found.items() if name in known}


def _payouts(file: Section) -> Mapping[str, PayoutAccounts]:
    accounts = {}
    for currency, entry in file.sections("payouts"):
        if currency not in CURRENCIES:
            note_no_currency(file.section("payouts"), currency, currency)
        accounts[currency] = PayoutAccounts(
            account=entry.text("account", ACCOUNT_LENGTH_MAX),
            in_transit=entry.optional_text("in_transit", ACCOUNT_LENGTH_MAX),
        )
        entry.refuse_unknown()
    return accounts
