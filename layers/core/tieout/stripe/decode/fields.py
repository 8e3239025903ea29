"""Reading fields of raw JSON objects, so that a refusal names the field it is about."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tieout.domain.errors import Refused
from tieout.domain.reasons import Reason

# Source: stripe-api dossier section 7 (metadata limits).
METADATA_KEYS_MAX = 50
METADATA_KEY_LENGTH_MAX = 40
METADATA_VALUE_LENGTH_MAX = 500
# Source: docs.stripe.com/upgrades: object ids are at most 255 characters long.
ID_LENGTH_MAX = 255
# What JSON can carry exactly, and the year 3000: beyond them nothing is an amount or a date.
INTEGER_MAX = 2**53
MOMENT_MAX_UNIX = 32_503_680_000
_CURRENCY = re.compile(r"[a-z]{3}")


@dataclass(frozen=True, slots=True)
class Fields:
    """An object of a JSON document, with the way that led to it.

    Unknown fields are ignored. A field that is there but of another type than it should be is
    refused, even where it is optional: what accounting reads, it must understand.

    Attributes:
        raw: the object as `json.loads` gave it.
        owner: the object a person can look up (`invoice in_1`).
        path: the way from the owner to here (`lines.data[0].`), empty for the owner itself.
    """

    raw: Mapping[str, object]
    owner: str
    path: str = ""

    def refusal(self, name: str, problem: str = "is missing") -> Refused:
        """Return the refusal that says what is wrong with the field `name`."""
        return Refused(Reason.UNREADABLE_OBJECT, f"{self.owner}: {self.path}{name} {problem}")

    def has(self, name: str) -> bool:
        """Return whether the field is there, be it null: shapes differ in which fields exist."""
        return name in self.raw

    def integer_or_none(self, name: str) -> int | None:
        """Return an integer field; None where it is missing or null.

        Raises:
            Refused: it is anything else, a boolean, a float or a decimal string included.
        """
        value = self.raw.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.refusal(name, "is not an integer")
        if abs(value) > INTEGER_MAX:
            raise self.refusal(name, "is out of range")
        return value

    def moment_or_none(self, name: str) -> int | None:
        """Return a time in unix seconds; None where it is missing or null.

        Raises:
            Refused: it is not an integer, or no date a calendar has.
        """
        value = self.integer_or_none(name)
        if value is not None and not 0 <= value <= MOMENT_MAX_UNIX:
            raise self.refusal(name, "is not a time")
        return value

    def moment(self, name: str) -> int:
        """Return a time in unix seconds that must be there.

        Raises:
            Refused: it is missing, null or not a time.
        """
        value = self.moment_or_none(name)
        if value is None:
            raise self.refusal(name)
        return value

    def integer(self, name: str) -> int:
        """Return an integer field that must be there.

        Raises:
            Refused: it is missing, null or not an integer.
        """
        value = self.integer_or_none(name)
        if value is None:
            raise self.refusal(name)
        return value

    def text_or_none(self, name: str) -> str | None:
        """Return a text field as Stripe wrote it; None where it is missing, null or empty.

        Raises:
            Refused: it is not text.
        """
        value = self.raw.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self.refusal(name, "is not text")
        return value

    def text_or_empty(self, name: str) -> str:
        """Return a text field as Stripe wrote it, empty where there is none.

        Raises:
            Refused: it is not text.
        """
        return self.text_or_none(name) or ""

    def text(self, name: str) -> str:
        """Return a text field that must be there and not be empty.

        Raises:
            Refused: it is missing, null, empty or not text.
        """
        value = self.text_or_none(name)
        if value is None:
            raise self.refusal(name)
        return value

    def one_of(self, name: str, known: frozenset[str]) -> str:
        """Return a text field that must have one of the known values.

        Raises:
            Refused: it is missing or a value nobody here has seen, whose meaning would be a guess.
        """
        value = self.text(name)
        if value not in known:
            raise self.refusal(name, f"is {value[:ID_LENGTH_MAX]!r}, which is not known")
        return value

    def currency(self, name: str = "currency") -> str:
        """Return a currency code: three lower-case letters.

        Raises:
            Refused: it is missing or not such a code.
        """
        value = self.text(name)
        if _CURRENCY.fullmatch(value) is None:
            raise self.refusal(name, "is not a currency code")
        return value

    def boolean(self, name: str) -> bool:
        """Return a boolean field; false where it is missing or null.

        Raises:
            Refused: it is not a boolean.
        """
        value = self.raw.get(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self.refusal(name, "is not a boolean")
        return value

    def child(self, name: str) -> "Fields | None":
        """Return a nested object; None where it is missing or null.

        Raises:
            Refused: it is not an object.
        """
        value = self.raw.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.refusal(name, "is not an object")
        return Fields(value, self.owner, f"{self.path}{name}.")

    def children(self, name: str) -> "tuple[Fields, ...] | None":
        """Return an array of objects; None where it is missing or null.

        Raises:
            Refused: it is not an array of objects.
        """
        value = self.raw.get(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise self.refusal(name, "is not an array")
        return tuple(self._element(name, index, each) for index, each in enumerate(value))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return an array of texts; empty where it is missing or null.

        Raises:
            Refused: it is not an array of texts.
        """
        value = self.raw.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.refusal(name, "is not an array of texts")
        return tuple(value)

    def identifier(self, name: str) -> str | None:
        """Return an id, given as such or as an expanded object; None where there is none.

        Raises:
            Refused: it is neither, or longer than ids are.
        """
        expanded = self.raw.get(name)
        if isinstance(expanded, Mapping):
            return Fields(expanded, self.owner, f"{self.path}{name}.").identifier("id")
        value = self.text_or_none(name)
        if value is not None and len(value) > ID_LENGTH_MAX:
            raise self.refusal(name, "is too long for an id")
        return value

    def expanded(self, name: str) -> "Fields | None":
        """Return an object given expanded; None where it is missing, null or only an id."""
        return None if isinstance(self.raw.get(name), str) else self.child(name)

    def metadata(self) -> Mapping[str, str]:
        """Return the object's metadata; empty where there is none.

        Raises:
            Refused: it is not text to text, or exceeds what Stripe allows.

        Source: stripe-api dossier section 7.
        """
        entries = self.child("metadata")
        if entries is None:
            return {}
        if len(entries.raw) > METADATA_KEYS_MAX:
            raise self.refusal("metadata", f"has more than {METADATA_KEYS_MAX} keys")
        return {key: self._metadata_value(key, value) for key, value in entries.raw.items()}

    def _metadata_value(self, key: str, value: object) -> str:
        if not isinstance(value, str):
            raise self.refusal("metadata", "has a value that is not text")
        if len(key) > METADATA_KEY_LENGTH_MAX or len(value) > METADATA_VALUE_LENGTH_MAX:
            raise self.refusal("metadata", "has a key or value that is too long")
        return value

    def _element(self, name: str, index: int, value: object) -> "Fields":
        if not isinstance(value, Mapping):
            raise self.refusal(f"{name}[{index}]", "is not an object")
        return Fields(value, self.owner, f"{self.path}{name}[{index}].")


def rows_of(
    fields: Fields, name: str, listed: Sequence[object] | None = None
) -> tuple[Fields, ...]:
    """Return the rows of an embedded list, or of what replaces it.

    Args:
        fields: the object that embeds the list.
        name: of the list.
        listed: every row, where the object embeds only the first of them.

    Raises:
        Refused: the list is missing, incomplete or cannot be read.
    """
    if listed is not None:
        fields = Fields({name: {"data": list(listed)}}, fields.owner)
    embedded = fields.child(name)
    if embedded is None:
        raise fields.refusal(name)
    if embedded.boolean("has_more"):
        raise fields.refusal(name, "is incomplete: list the rest first")
    rows = embedded.children("data")
    if rows is None:
        raise embedded.refusal("data")
    return rows


def object_of(raw: object, kind: str) -> Fields:
    """Return the fields of a whole Stripe object.

    Args:
        raw: what `json.loads` gave.
        kind: what its `object` must be (`invoice`).

    Raises:
        Refused: it is not an object of that kind, or has no id.
    """
    if not isinstance(raw, Mapping):
        raise Refused(Reason.UNREADABLE_OBJECT, f"the {kind} is not a JSON object")
    nameless = Fields(raw, kind)
    identifier = nameless.identifier("id")
    if identifier is None:
        raise nameless.refusal("id")
    fields = Fields(raw, f"{kind} {identifier}")
    if raw.get("object") != kind:
        raise fields.refusal("object", f"is not {kind!r}")
    return fields
