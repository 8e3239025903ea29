"""What Stripe keeps: the parts of a fee, and the schedule that says how large they are."""

from dataclasses import dataclass
from fractions import Fraction

from tests.sandbox.stripe.amounts import rounded, share


@dataclass(frozen=True)
class FeePart:
    """One element of ``fee_details``; positive is kept by Stripe, negative is given back.

    ``type`` is stripe_fee, application_fee, tax, payment_method_passthrough_fee or
    withheld_tax. Source: stripe-api 4.7.
    """

    amount_minor: int
    type: str = "stripe_fee"
    description: str = "Stripe processing fees"
    application: str | None = None


@dataclass(frozen=True)
class FeeSchedule:
    """Stripe's processing fee: basis points of the settled amount plus a fixed part.

    ``tax_percent`` is the tax that Stripe puts on its fee, as a decimal text.
    """

    basis_points: int = 290
    fixed_minor: int = 30
    tax_percent: str = "0"

    def fee_minor(self, amount_minor: int) -> int:
        """Return the fee on ``amount_minor`` (settlement currency, minor units), without tax."""
        return rounded(Fraction(amount_minor * self.basis_points, 10_000)) + self.fixed_minor

    def parts(self, amount_minor: int) -> tuple[FeePart, ...]:
        """Return the fee on ``amount_minor``, and the tax on it."""
        fee_minor = self.fee_minor(amount_minor)
        tax_minor = share(fee_minor, Fraction(self.tax_percent))
        return (FeePart(fee_minor), FeePart(tax_minor, "tax", "Tax on Stripe fees"))


def given_back(parts: tuple[FeePart, ...], part: Fraction) -> tuple[FeePart, ...]:
    """Return the opposite of ``part`` (0 to 1) of a fee."""
    return tuple(
        FeePart(-rounded(each.amount_minor * part), each.type, each.description, each.application)
        for each in parts
    )
