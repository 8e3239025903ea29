"""Values as the gateway spells them: text, amounts, dates. Pure."""

import re
from datetime import date
from decimal import Decimal

from lxml import etree

from tieout.domain.errors import Refused
from tieout.domain.money import decimal_from_minor
from tieout.domain.reasons import Reason

# Source: intacct-xml-api dossier section 1.4: more decimals are rounded by the server, and a
# rounded line would no longer add up to Stripe's total.
DECIMALS_MAX = 2

# Everything XML 1.0 cannot carry, and the control characters it can but Intacct should not see.
# Source: intacct-xml-api dossier section 1.5.
_UNSENDABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U0001fffe-\U0001ffff]"
)


def sendable(text: str) -> str:
    """Return `text` without the characters that would make the whole request unreadable."""
    return _UNSENDABLE.sub("", text)


def append_text(parent: etree._Element, tag: str, text: str) -> None:
    """Append `<tag>text</tag>`, the text made sendable."""
    etree.SubElement(parent, tag).text = sendable(text)


def append_if_given(parent: etree._Element, tag: str, text: str | None) -> None:
    """Append `<tag>text</tag>` unless there is nothing to say.

    An empty element may clear a field on update, and what Stripe does not know is not ours to
    clear. Source: intacct-xml-api dossier section 1.5.
    """
    if text:
        append_text(parent, tag, text)


def append_date_parts(parent: etree._Element, tag: str, day: date) -> None:
    """Append a date as legacy functions want it: year, month and day, in this order.

    Source: intacct-xml-api dossier section 1.5.
    """
    element = etree.SubElement(parent, tag)
    append_text(element, "year", f"{day.year:04d}")
    append_text(element, "month", f"{day.month:02d}")
    append_text(element, "day", f"{day.day:02d}")


def date_text(day: date) -> str:
    """Return a date as generic objects want it: mm/dd/yyyy.

    Source: intacct-xml-api dossier section 1.5.
    """
    return f"{day.month:02d}/{day.day:02d}/{day.year:04d}"


def amount_text(amount_minor: int, currency: str) -> str:
    """Return an amount in the currency's major unit, with at most two decimals.

    Args:
        amount_minor: minor units of `currency`; any sign.
        currency: three lower-case letters.

    Raises:
        Refused: the amount is finer than Intacct can hold, so it would be rounded there.
    """
    amount = decimal_from_minor(amount_minor, currency)
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int), "an amount made from an integer is finite"
    if -exponent <= DECIMALS_MAX:
        return f"{amount:f}"
    rounded = amount.quantize(Decimal(1).scaleb(-DECIMALS_MAX))
    if rounded != amount:
        raise Refused(
            Reason.DOES_NOT_ADD_UP,
            f"{amount} {currency} has more than the {DECIMALS_MAX} decimals that Intacct keeps",
        )
    return f"{rounded:f}"


def currency_text(currency: str) -> str:
    """Return the currency code as Intacct writes it."""
    return currency.upper()
