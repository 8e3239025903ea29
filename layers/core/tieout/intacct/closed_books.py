"""Through which day Intacct's books are closed.

The function is in the request schema; what it answers is only partly known. So whatever is no date
counts as none: then Intacct's refusals are all that tells of a closed period.
Source: intacct-xml-api dossier section 7.9 (get_closedbooksdate) and the schema's closedbooksdate.
"""

from collections.abc import Iterable
from datetime import date, datetime

from lxml import etree

from tieout.intacct.lookups import Row
from tieout.intacct.request_xml import Function, function

_DATE = "CLOSEDBOOKSDATE"


def closed_books_function() -> Function:
    """Return the function that asks for the date, as the session's entity sees it."""
    return function("closed-books-date", etree.Element("get_closedbooksdate"))


def closed_through(rows: Iterable[Row]) -> date | None:
    """Return the date that a reply's rows hold; None if they hold none."""
    return next((found for row in rows if (found := _day(row)) is not None), None)


def _day(row: Row) -> date | None:
    values = {path.rpartition(".")[2]: text for path, text in row.items()}
    try:
        if _DATE in values:
            return datetime.strptime(values[_DATE], "%m/%d/%Y").date()  # noqa: DTZ007 - a day alone
        return date(int(values["YEAR"]), int(values["MONTH"]), int(values["DAY"]))
    except (KeyError, ValueError):
        return None
