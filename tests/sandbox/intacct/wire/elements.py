"""Reading values out of function elements, with the gateway's refusals for bad ones.

Source: dossier 1.5 (values, dates, lengths; empty elements count as absent on create).
"""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from lxml import etree

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books.money import parse_decimal, round_amount
from tests.sandbox.intacct.wire.content_model import children


class Fields:
    """The children of one element, by name.

    A path such as ``DISPLAYCONTACT/PRINTAS`` reaches deeper. Names that were asked for are
    remembered, so that ``unread`` can report what nobody understood.
    """

    def __init__(self, element: etree._Element) -> None:
        self.element = element

    @property
    def name(self) -> str:
        """The element's own name."""
        return str(self.element.tag)

    def has(self, path: str) -> bool:
        """Tell whether the element is there, even if empty."""
        return self.element.find(path) is not None

    def text(self, path: str, default: str = "") -> str:
        """Return the stripped text; an absent or empty element gives the default."""
        found = self.element.findtext(path)
        return found.strip() if found and found.strip() else default

    def required(self, path: str, label: str = "") -> str:
        """Return the text.

        Raises:
            FunctionFailedError: absent or empty.
        """
        text = self.text(path)
        if not text:
            raise errors.missing(label or path)
        return text

    def attribute(self, name: str) -> str:
        """Return an attribute or an empty string."""
        return (self.element.get(name) or "").strip()

    def limited(self, path: str, length_max: int) -> str:
        """Return the text if it is not longer than its column (dossier 1.5)."""
        text = self.text(path)
        if len(text) > length_max:
            raise errors.too_long(path, length_max)
        return text

    def amount(self, path: str) -> Decimal | None:
        """Return an amount rounded to two places, or None when absent."""
        number = self.number(path)
        return None if number is None else round_amount(number)

    def number(self, path: str) -> Decimal | None:
        """Return an unrounded number, or None when absent."""
        text = self.text(path)
        if not text:
            return None
        try:
            return parse_decimal(text)
        except ValueError:
            raise errors.illegal(path, text) from None

    def required_amount(self, path: str) -> Decimal:
        """Return an amount that must be there."""
        value = self.amount(path)
        if value is None:
            raise errors.missing(path)
        return value

    def flag(self, path: str, *, default: bool = False) -> bool:
        """Return a boolean written as true or false."""
        text = self.text(path).lower()
        if text not in {"", "true", "false"}:
            raise errors.illegal(path, text)
        return text == "true" if text else default

    def date(self, path: str) -> dt.date | None:
        """Return a generic ``mm/dd/yyyy`` date, or None when absent."""
        text = self.text(path)
        return parse_date(path, text) if text else None

    def required_date(self, path: str) -> dt.date:
        """Return a generic date that must be there."""
        return parse_date(path, self.required(path))

    def legacy_date(self, path: str) -> dt.date | None:
        """Return a legacy date of year, month and day children, or None when absent."""
        found = self.element.find(path)
        if found is None:
            return None
        parts = [(found.findtext(name) or "").strip() for name in ("year", "month", "day")]
        if not any(parts):
            return None
        try:
            return dt.date(*(int(part) for part in parts))
        except ValueError:
            raise errors.illegal(path, "/".join(parts)) from None

    def required_legacy_date(self, path: str) -> dt.date:
        """Return a legacy date that must be there."""
        found = self.legacy_date(path)
        if found is None:
            raise errors.missing(path)
        return found

    def each(self, path: str) -> Iterator["Fields"]:
        """Yield every element at a path."""
        for found in self.element.iterfind(path):
            yield Fields(found)

    def child_names(self) -> list[str]:
        """List the names of the children in order."""
        return [str(child.tag) for child in children(self.element)]

    def custom_fields(self) -> dict[str, str]:
        """Return the legacy custom fields (dossier 7, second table)."""
        return {
            each.text("customfieldname").upper(): each.text("customfieldvalue")
            for each in self.each("customfields/customfield")
        }


def parse_date(label: str, text: str) -> dt.date:
    """Read ``mm/dd/yyyy``.

    Raises:
        FunctionFailedError: BL03000018 for any other form.
    """
    try:
        # Accounting dates have no zone: they are days in the company's books.
        return dt.datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007
    except ValueError:
        raise errors.illegal(label, text) from None
