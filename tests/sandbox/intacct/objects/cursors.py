"""Results of readByQuery that readMore continues.

Source: dossier 7.9 (resultId until numremaining is 0) and 2.2 (it is an opaque token).
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from tests.sandbox.intacct import errors

Row = dict[str, str]


@dataclass(frozen=True)
class Page:
    """One page of a result."""

    object_name: str
    rows: list[Row]
    total: int
    remaining: int
    result_id: str


@dataclass
class _Cursor:
    object_name: str
    rows: list[Row]
    position: int
    page_size: int


class Cursors:
    """Open results by resultId."""

    def __init__(self) -> None:
        self._open: dict[str, _Cursor] = {}
        self._numbers: Iterator[int] = itertools.count(1)

    def first(self, object_name: str, rows: list[Row], page_size: int) -> Page:
        """Return the first page and keep the rest, if any."""
        cursor = _Cursor(object_name, rows, 0, page_size)
        page = self._page(cursor, "")
        if not page.remaining:
            return page
        # The '@' and '&' are on purpose: the token is text and must be escaped.
        result_id = f"7030372031{next(self._numbers):06d}@DOUBLE&{object_name.lower()}"
        self._open[result_id] = cursor
        return Page(page.object_name, page.rows, page.total, page.remaining, result_id)

    def more(self, result_id: str) -> Page:
        """Return the next page.

        Raises:
            FunctionFailedError: the id is unknown or its result is finished.
        """
        cursor = self._open.get(result_id)
        if cursor is None:
            raise errors.refuse("Query Failed", "The resultId is unknown or finished")
        page = self._page(cursor, result_id)
        if not page.remaining:
            del self._open[result_id]
        return page

    def _page(self, cursor: _Cursor, result_id: str) -> Page:
        start = cursor.position
        cursor.position = min(start + cursor.page_size, len(cursor.rows))
        remaining = len(cursor.rows) - cursor.position
        rows = cursor.rows[start : cursor.position]
        shown_id = result_id if remaining else ""
        return Page(cursor.object_name, rows, len(cursor.rows), remaining, shown_id)
