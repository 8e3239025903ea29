"""How the simulated account is set up: names, versions, fees and the rules Stripe leaves open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from tests.sandbox.stripe.amounts import rounded
from tests.sandbox.stripe.json_types import PINNED_VERSION

FULL_KEY = "sk_test_tieoutDoubleFullAccess"


@dataclass(frozen=True)
class FeeSchedule:
    """Stripe's processing fee: basis points of the settled amount plus a fixed part."""

    basis_points: int = 290
    fixed_minor: int = 30

    def fee_minor(self, amount_minor: int) -> int:
        """Return the fee on ``amount_minor`` (settlement currency, minor units, positive)."""
        return rounded(Fraction(amount_minor * self.basis_points, 10_000)) + self.fixed_minor


@dataclass(frozen=True)
class Settlement:
    """A charge currency that Stripe converts before it reaches the balance.

    ``rate`` is a decimal text; the charge's amount times the rate is the balance
    transaction's amount. Source: stripe-api 4.7 (exchange_rate).
    """

    currency: str
    rate: str


@dataclass(frozen=True)
class ApiKey:
    """A secret or restricted key. ``scopes`` of None means everything."""

    value: str
    scopes: frozenset[str] | None = None


@dataclass(frozen=True)
class AccountOptions:
    """Everything about the account that is fixed before its history starts.

    ``default_api_version`` is the version in which ``/v1/events`` renders (stripe-api 1.5).
    ``shipping_tax_in_total_taxes`` and ``tax_rounding`` are switches because the dossier could
    not establish Stripe's behaviour (stripe-api 4.1, 5).
    """

    account_id: str = "acct_1TieoutDouble0001"
    business_name: str = "Example Trading Inc"
    country: str = "US"
    seed: str = "tieout"
    livemode: bool = False
    default_api_version: str = PINNED_VERSION
    fees: FeeSchedule = field(default_factory=FeeSchedule)
    settlements: Mapping[str, Settlement] = field(default_factory=dict)
    dispute_fee_minor: int = 1500
    minimum_charge_minor: int = 50
    availability_delay_seconds: int = 2 * 86_400
    settle_at_once: bool = True
    tax_rounding: Literal["line", "invoice"] = "line"
    shipping_tax_in_total_taxes: bool = True
    api_keys: tuple[ApiKey, ...] = (ApiKey(FULL_KEY),)
