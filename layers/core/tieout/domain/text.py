"""Text from Stripe made fit for Intacct: one normalisation, documented in docs/policy.md."""

import unicodedata

_BASIC_MULTILINGUAL_PLANE_END = 0xFFFF


def clean(text: str | None, length_max: int) -> str:
    """Return `text` as one line that Intacct can hold, or an empty string.

    Control characters, format characters and everything outside the Basic Multilingual Plane (most
    emoji) are dropped, accents are composed (NFC), white space is collapsed, and what is longer
    than `length_max` characters ends in an ellipsis.

    Source: intacct-xml-api dossier section 1.5 (control characters give a parse error); how the
    gateway treats four-byte characters is not documented, so they are not sent.
    """
    kept = "".join(_kept(character) for character in unicodedata.normalize("NFC", text or ""))
    line = " ".join(kept.split())
    if len(line) <= length_max:
        return line
    return line[: length_max - 1].rstrip() + "…"


def _kept(character: str) -> str:
    if character.isspace():
        return " "
    if unicodedata.category(character).startswith("C"):
        return ""
    # A variation selector without the emoji it belonged to is noise.
    if ord(character) > _BASIC_MULTILINGUAL_PLANE_END or "\ufe00" <= character <= "\ufe0f":
        return ""
    return character
