"""Money: laws that hold for every amount, currency and division.

Method: hypothesis draws amounts and weights; known values are in tests/unit/domain/test_money.py.
"""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.money import (
    THREE_DECIMAL_CURRENCIES,
    ZERO_DECIMAL_CURRENCIES,
    allocate,
    decimal_from_minor,
    minor_from_decimal,
)

AMOUNTS = st.integers(-(10**12), 10**12)
CURRENCIES = st.sampled_from(
    sorted({"usd", "eur", "isk", "ugx", "huf"} | ZERO_DECIMAL_CURRENCIES | THREE_DECIMAL_CURRENCIES)
)
WEIGHTS = st.lists(st.integers(-(10**6), 10**9), min_size=1, max_size=12).filter(
    lambda weights: sum(weights) > 0
)


@given(AMOUNTS, CURRENCIES)
def test_an_amount_survives_the_way_to_decimal_and_back(amount_minor: int, currency: str) -> None:
    assert minor_from_decimal(decimal_from_minor(amount_minor, currency), currency) == amount_minor


@given(AMOUNTS, WEIGHTS)
def test_shares_sum_to_the_total_and_are_less_than_a_unit_from_exact(
    total: int, weights: list[int]
) -> None:
    shares = allocate(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(total * weight, sum(weights))) < 1


@given(WEIGHTS)
def test_dividing_the_whole_gives_the_weights_themselves(weights: list[int]) -> None:
    assert allocate(sum(weights), weights) == tuple(weights)


@given(WEIGHTS, st.data())
def test_no_share_exceeds_its_weight_or_changes_its_sign(
    weights: list[int], data: st.DataObject
) -> None:
    total = data.draw(st.integers(0, sum(weights)))
    for share, weight in zip(allocate(total, weights), weights, strict=True):
        assert min(0, weight) <= share <= max(0, weight)
