"""Text: what of Stripe's free text reaches Intacct.

Method: one text per case; the result must be one clean line.
"""

import unicodedata

import pytest

from tieout.domain.text import clean


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ""),
        ("", ""),
        ("  Ada \t Lovelace\n", "Ada Lovelace"),
        ("A\x00d\x1ba", "Ada"),
        ("Caf\u0065\u0301", "Café"),
        ("Rocket \U0001f680 Ltd", "Rocket Ltd"),
        ("Heart \u2764\ufe0f", "Heart \u2764"),
        ("zero\u200bwidth", "zerowidth"),
        ("\ud800broken", "broken"),
        ("non\u00a0breaking", "non breaking"),
        ("株式会社", "株式会社"),
        ("<&>\"'", "<&>\"'"),
    ],
)
def test_text_becomes_one_clean_line(text: str | None, expected: str) -> None:
    assert clean(text, 100) == expected


def test_what_is_too_long_ends_in_an_ellipsis_within_the_length() -> None:
    assert clean("abcdef", 6) == "abcdef"
    assert clean("abcdefg", 6) == "abcde…"
    assert clean("abcd efg", 6) == "abcd…"


@pytest.mark.parametrize("character", [chr(code) for code in range(0x250)], ids=ascii)
def test_latin_characters_stay_unless_they_control(character: str) -> None:
    controls = unicodedata.category(character).startswith("C")
    left = " " if character.isspace() else "" if controls else character
    assert clean(f"a{character}b", 100) == f"a{left}b"
