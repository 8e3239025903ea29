"""Amounts as Stripe counts them, and their exact division over lines.

An amount is an integer in Stripe's minor unit and never travels without its currency. `Decimal`
appears only where XML is written or read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

# Source: stripe-api dossier section 5 (docs.stripe.com/currencies). ISK and UGX are zero-decimal
# currencies that Stripe nevertheless sends with two decimals, so they are not listed here.
ZERO_DECIMAL_CURRENCIES = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf"}
    | {"vnd", "vuv", "xaf", "xof", "xpf"}
)
THREE_DECIMAL_CURRENCIES = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
CURRENCY_CODE_LENGTH = 3


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its currency.

    Attributes:
        amount_minor: integer in the currency's minor unit, as Stripe counts it; any sign.
        currency: three lower-case letters, as Stripe writes them.
    """

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != CURRENCY_CODE_LENGTH or not self.currency.islower():
            raise ValueError(f"currency must be three lower-case letters: {self.currency!r}")

    def decimal(self) -> Decimal:
        """Return the amount in the currency's major unit, exact."""
        return decimal_from_minor(self.amount_minor, self.currency)


def exponent(currency: str) -> int:
    """Return how many decimals Stripe's minor unit of `currency` stands for (0, 2 or 3).

    Source: stripe-api dossier section 5.
    """
    if currency in ZERO_DECIMAL_CURRENCIES:
        return 0
    if currency in THREE_DECIMAL_CURRENCIES:
        return 3
    return 2


def decimal_from_minor(amount_minor: int, currency: str) -> Decimal:
    """Return `amount_minor` as an exact Decimal in the currency's major unit."""
    return Decimal(amount_minor).scaleb(-exponent(currency))


def minor_from_decimal(amount: Decimal, currency: str) -> int:
    """Return `amount` (major unit) in minor units.

    Raises:
        ValueError: the amount is finer than the currency's minor unit.
    """
    minor = amount.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} {currency} is finer than the currency's minor unit")
    return int(minor)


def allocate(total_minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Divide `total_minor` over lines in proportion to `weights`, to the last minor unit.

    Largest remainder: each share is the exact share rounded down, and the units left over go to the
    lines that lost most (the earlier line on a tie), so the shares always sum to the total.

    Args:
        total_minor: the amount to divide, in minor units; any sign.
        weights: one integer per line; single weights may be negative (a credit line), their sum
            must be positive.

    Raises:
        ValueError: the weights do not have a positive sum, so no proportion exists.
    """
    weight_sum = sum(weights)
    if weight_sum <= 0:
        raise ValueError("weights must have a positive sum")
    shares = [total_minor * weight // weight_sum for weight in weights]
    lost = [total_minor * weight % weight_sum for weight in weights]
    left_over = total_minor - sum(shares)
    for index in sorted(range(len(weights)), key=lambda line: -lost[line])[:left_over]:
        shares[index] += 1
    return tuple(shares)
