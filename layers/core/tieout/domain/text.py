"""Text from Stripe made fit for Intacct: one normalisation, documented in docs/policy.md."""

import re
import unicodedata

_BASIC_MULTILINGUAL_PLANE_END = 0xFFFF
# What is not plain Latin text is looked at character by character; most texts have none of it.
_UNUSUAL = re.compile("[^ -~\xa1-\xac\xae-\u024f]")


def clean(text: str | None, length_max: int) -> str:
    """Return `text` as one line that Intacct can hold, or an empty string.

    Control characters, format characters and everything outside the Basic Multilingual Plane (most
    emoji) are dropped, accents are composed (NFC), white space is collapsed, and what is longer
    than `length_max` characters ends in an ellipsis.

    Source: intacct-xml-api dossier section 1.5 (control characters give a parse error); how the
    gateway treats four-byte characters is not documented, so they are not sent.
    """
    kept = _UNUSUAL.sub(_kept, unicodedata.normalize("NFC", text or ""))
    line = " ".join(kept.split())
    if len(line) <= length_max:
        return line
    return line[: length_max - 1].rstrip() + "…"


def _kept(found: re.Match[str]) -> str:
    character = found[0]
    if character.isspace():
        return " "
    if unicodedata.category(character).startswith("C"):
        return ""
    # A variation selector without the emoji it belonged to is noise.
    if ord(character) > _BASIC_MULTILINGUAL_PLANE_END or "\ufe00" <= character <= "\ufe0f":
        return ""
    return character
