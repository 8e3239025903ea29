"""What no log line and no metric may show: marks planted where the doubles keep customers' data and
secrets, and the shapes of such things, whoever made them.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

EMAIL = "planted.customer@payers.example"
CARD_NUMBER = "4929 1236 0058 7745"
SESSION = "planted-session"
# What people write where it does not belong.
NOTE = f"{EMAIL} paid with {CARD_NUMBER}"

_MARKS = re.compile(rf"{SESSION}|planted-\w+-password|(?:sender|user)-secret")
_SHAPES: Mapping[str, re.Pattern[str]] = {
    "a mark": _MARKS,
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.\w"),
    "a key or a signing secret": re.compile(r"(?<![A-Za-z0-9])(?:sk|rk|whsec)_\w{4}"),
    "a session or a password": re.compile(r"<(?:sessionid|password)>[^*<]", re.IGNORECASE),
}
_FIFTEEN_OR_SIXTEEN_DIGITS = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){14,15}(?![\w.-])")


def shown(text: str) -> list[str]:
    """Return the kinds of things that a text shows and must not."""
    return list(_shown(text))


def in_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event whose object carries what people write where it does not belong."""
    data = event["data"]
    marked = data["object"] | {"email": EMAIL, "description": NOTE, "metadata": {"note": NOTE}}
    return {**event, "data": {**data, "object": marked}}


def _shown(text: str) -> Iterator[str]:
    yield from (name for name, shape in _SHAPES.items() if shape.search(text))
    if any(map(_adds_up, _FIFTEEN_OR_SIXTEEN_DIGITS.findall(text))):
        yield "a card number"


def _adds_up(number: str) -> bool:
    """Whether the check digit is right. Source: ISO/IEC 7812-1, annex B."""
    digits = [int(each) for each in number if each.isdigit()][::-1]
    doubled = [2 * each - 9 * (each > 4) for each in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
