"""How the simulated account is set up: names, versions, fees and the rules Stripe leaves open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.sandbox.stripe.fees import FeeSchedule
from tests.sandbox.stripe.json_types import PINNED_VERSION

FULL_KEY = "sk_test_tieoutDoubleFullAccess"


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
class CounteredFee:
    """What submitting evidence costs, until the dispute is won.

    That there is such a fee is certain, how its transaction looks is not: hence the category and
    whether it names the dispute. Source: stripe-api 4.6.
    """

    amount_minor: int = 1500
    reporting_category: str = "fee"
    names_dispute: bool = True


@dataclass(frozen=True)
class AccountOptions:
    """Everything about the account that is fixed before its history starts.

    ``default_api_version`` is the version in which ``/v1/events`` renders (stripe-api 1.5).
    What the dossier could not establish is a switch, and tests try both of its positions:

    * ``shipping_tax_in_total_taxes``, ``tax_rounding``: how taxes add up (stripe-api 4.1, 5).
    * ``refunds_return_fees``: a refund's transaction brings its part of the fee back.
    * ``conversion_fee_basis_points``: on top of the rate, a ``stripe_fx_fee`` of its own; with
      zero the spread is in the rate (4.7).
    * ``dispute_fee_inside``: the fee for being disputed is the ``fee`` of the withdrawal, else an
      adjustment of its own; ``dispute_fee_returned_when_won`` is the rule of some countries (4.6).
    * ``late_failure_reopens_invoice``: a payment that fails after it had succeeded leaves its
      InvoicePayment canceled and the invoice owed, else both stay paid;
      ``late_failure_keeps_payment``: what was paid and when stays on the canceled one;
      ``late_failure_returns_fee``: its fee comes back with it (4.5, 9).
    * ``instant_fee_inside``: the same for the fee of an instant payout (4.8).
    * ``debit_payouts_readable``: whether a payout that debits our bank tells what it consists of
      (4.8, 10.6).
    """

    account_id: str = "acct_1TieoutDouble0001"
    business_name: str = "Example Trading Inc"
    country: str = "US"
    seed: str = "tieout"
    livemode: bool = False
    default_api_version: str = PINNED_VERSION
    fees: FeeSchedule = field(default_factory=FeeSchedule)
    settlements: Mapping[str, Settlement] = field(default_factory=dict)
    countered_fee: CounteredFee = field(default_factory=CounteredFee)
    dispute_fee_inside: bool = True
    dispute_fee_returned_when_won: bool = False
    refunds_return_fees: bool = False
    conversion_fee_basis_points: int = 0
    dispute_fee_minor: int = 1500
    late_failure_reopens_invoice: bool = False
    late_failure_keeps_payment: bool = False
    late_failure_returns_fee: bool = True
    instant_payout_basis_points: int = 100
    instant_fee_inside: bool = True
    debit_payouts_readable: bool = False
    minimum_charge_minor: int = 50
    availability_delay_seconds: int = 2 * 86_400
    settle_at_once: bool = True
    tax_rounding: Literal["line", "invoice"] = "line"
    shipping_tax_in_total_taxes: bool = True
    api_keys: tuple[ApiKey, ...] = (ApiKey(FULL_KEY),)
