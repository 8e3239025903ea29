"""Amounts of the books: ``Decimal`` with two places, parsed from and printed to the XML edge.

Source: dossier 1.4, currency amounts with more than two decimals are rounded to two by the server.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
ONE = Decimal(1)
_CENT = Decimal("0.01")
_DECIMAL_TEXT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")


def round_amount(value: Decimal) -> Decimal:
    """Round to two places, half away from zero."""
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)


def parse_decimal(text: str) -> Decimal:
    """Read a plain decimal number.

    Raises:
        ValueError: the text has a currency sign, a thousands separator or an exponent.
    """
    if not _DECIMAL_TEXT.fullmatch(text.strip()):
        raise ValueError(f"not a decimal number: {text!r}")
    return Decimal(text.strip())


def format_decimal(value: Decimal) -> str:
    """Print without an exponent and without trailing zeros, so that readers must parse numbers."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"", "-0"} else text


def convert(amount: Decimal, rate: Decimal) -> Decimal:
    """Translate an amount into the base currency at ``rate`` base units per unit."""
    return round_amount(amount * rate)
