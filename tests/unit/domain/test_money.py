"""Money: exponents, conversion at the edge, and exact division of a total over lines.

Method: known values; the laws that hold for all values are in tests/property/test_money.py.
"""

from decimal import Decimal

import pytest

from tieout.domain.money import Money, allocate, decimal_from_minor, exponent, minor_from_decimal

WITHOUT_DECIMALS = [
    "bif",
    "clp",
    "djf",
    "gnf",
    "jpy",
    "kmf",
    "krw",
    "mga",
    "pyg",
    "rwf",
    "vnd",
    "vuv",
    "xaf",
    "xof",
    "xpf",
]
WITH_THREE = ["bhd", "jod", "kwd", "omr", "tnd"]
# Without decimals in ISO 4217 (ISK, UGX) or in a payout (HUF, TWD), but sent with two.
WITH_TWO = ["isk", "ugx", "huf", "twd", "usd", "eur"]


@pytest.mark.parametrize(
    ("currency", "expected"),
    [
        *((currency, 0) for currency in WITHOUT_DECIMALS),
        *((currency, 2) for currency in WITH_TWO),
        *((currency, 3) for currency in WITH_THREE),
    ],
)
def test_exponents_are_stripes_and_not_isos(currency: str, expected: int) -> None:
    assert exponent(currency) == expected


@pytest.mark.parametrize("currency", ["isk", "ugx"])
def test_a_whole_krona_or_shilling_has_two_noughts_in_stripe(currency: str) -> None:
    assert str(decimal_from_minor(500, currency)) == "5.00"
    assert minor_from_decimal(Decimal(5), currency) == 500


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [(1_099, "usd", "10.99"), (-5, "eur", "-0.05"), (500, "jpy", "500"), (1_230, "kwd", "1.230")],
)
def test_amounts_convert_exactly_both_ways(amount_minor: int, currency: str, text: str) -> None:
    assert str(decimal_from_minor(amount_minor, currency)) == text
    assert minor_from_decimal(Decimal(text), currency) == amount_minor
    assert Money(amount_minor, currency).decimal() == Decimal(text)


def test_an_amount_finer_than_the_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="finer"):
        minor_from_decimal(Decimal("1.005"), "usd")


@pytest.mark.parametrize("currency", ["USD", "us", "usd ", ""])
def test_a_currency_is_three_lower_case_letters(currency: str) -> None:
    with pytest.raises(ValueError, match="lower-case"):
        Money(1, currency)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, (1, 1, 1), (34, 33, 33)),
        (10, (5, 0, 5), (5, 0, 5)),
        (1, (1, 2, 1), (0, 1, 0)),
        (-100, (1, 1, 1), (-33, -33, -34)),
        (50, (200, -100), (100, -50)),
        (0, (1, 2), (0, 0)),
    ],
)
def test_a_total_is_divided_to_the_last_unit(
    total: int, weights: tuple[int, ...], shares: tuple[int, ...]
) -> None:
    assert allocate(total, weights) == shares


@pytest.mark.parametrize("weights", [(), (0,), (1, -1), (1, -2)])
def test_without_a_positive_sum_there_is_no_proportion(weights: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="positive sum"):
        allocate(10, weights)
