"""Integer arithmetic in minor units: rounding and exact allocation. No floats anywhere."""

from collections.abc import Sequence
from fractions import Fraction


def rounded(value: Fraction) -> int:
    """Round half away from zero, the same way for credits as for charges."""
    magnitude = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return magnitude if value >= 0 else -magnitude


def share(amount_minor: int, percent: Fraction) -> int:
    """Return ``percent`` per cent of ``amount_minor``, rounded to a whole minor unit."""
    return rounded(amount_minor * percent / 100)


def allocate(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Split ``total_minor`` over ``weights`` so that the parts sum to it exactly.

    Uses the largest remainder; ties go to the earlier part.

    Raises:
        ValueError: there is something to split and the weights are all zero, or one is negative.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative")
    whole = sum(weights)
    if whole == 0:
        if total_minor:
            raise ValueError("nothing to allocate an amount to")
        return [0] * len(weights)
    sign = -1 if total_minor < 0 else 1
    quotas = [divmod(abs(total_minor) * weight, whole) for weight in weights]
    parts = [quotient for quotient, _ in quotas]
    by_remainder = sorted(range(len(weights)), key=lambda index: -quotas[index][1])
    for index in by_remainder[: abs(total_minor) - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]
