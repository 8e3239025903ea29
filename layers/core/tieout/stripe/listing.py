"""Walking Stripe's lists: whole, page by page, or in stretches that can be resumed."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from tieout.domain.errors import Refused, Unavailable
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import EventHint, InvoiceRow, Row, Stretch
from tieout.stripe import decode
from tieout.stripe.api import StripeApi, path_of

# Source: stripe-api dossier section 6: the most that Stripe gives, and takes as `types`.
PAGE_ROWS = 100
EVENT_TYPES_MAX = 20

# From when to when, both included; None for no end.
Window = tuple[int, int | None]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page as Stripe sent it.

    Attributes:
        last: whether the list ends here.
    """

    rows: Sequence[Mapping[str, object]]
    last: bool


def pages(
    api: StripeApi, path: str, filters: Mapping[str, object], account: str | None = None
) -> Iterator[Sequence[Mapping[str, object]]]:
    """Yield the pages of a list, in Stripe's order; the caller bounds how many it takes.

    Raises:
        Unavailable: a page is not a list, or does not lead on.
        Throttled, Refused, ConfigurationFault: as `StripeApi.get`.
    """
    for page in _pages(api, path, filters, account):
        yield page.rows


def events(
    api: StripeApi, types: Sequence[str], window: Window, account: str | None = None
) -> Stretch[EventHint]:
    """Return the newest events of the types; one request at least for every twenty types.

    A stretch reaches as far as all of those lists were read; what one of them showed beyond comes
    again with the next stretch.

    An event that cannot be read is skipped and logged by its id: one odd payload must not stop the
    poll, and its object is still found by the invoice lists.
    """
    stretches = [
        _stretch(
            api,
            path_of("events"),
            {"types": list(types[first : first + EVENT_TYPES_MAX])},
            window,
            partial(decode.event_hint, account=account),
            account,
        )
        for first in range(0, len(types), EVENT_TYPES_MAX)
    ]
    reached_unix = max(each.reached_unix for each in stretches)
    found = [row for each in stretches for row in each.rows if row.created_unix >= reached_unix]
    found.sort(key=lambda hint: (hint.created_unix, hint.event_id), reverse=True)
    return Stretch(found, reached_unix)


def invoices(
    api: StripeApi, filters: Mapping[str, object], window: Window, account: str | None = None
) -> Stretch[InvoiceRow]:
    """Return the newest invoices that a list shows."""
    return _stretch(api, path_of("invoices"), filters, window, decode.invoice_row, account)


def subjects(
    api: StripeApi, kind: SubjectKind, window: Window, account: str | None = None
) -> Iterator[Subject]:
    """Yield the subjects of a kind created within a window that has an end, page by page.

    Source: stripe-api dossier section 6 (every list of objects takes `created`).
    """
    since_unix, until_unix = window
    created = {"created": {"gte": since_unix, "lte": until_unix}}
    for page in pages(api, path_of(f"{kind}s"), created, account):
        for row in page:
            identifier = row.get("id")
            if not isinstance(identifier, str):
                raise Unavailable(f"a row of Stripe's list of {kind}s has no id")
            yield Subject(kind, identifier, account)


def _stretch(
    api: StripeApi,
    path: str,
    filters: Mapping[str, object],
    window: Window,
    read: Callable[[object], Row | None],
    account: str | None,
) -> Stretch[Row]:
    """Read on until at least one whole second of the window is there, normally one page.

    The oldest second of a page may go on in the next, so it is left to the next stretch. A second
    that is longer than a page is read whole: there is no filter to stop within it.
    """
    since_unix, until_unix = window
    bounds = {"gte": since_unix} | ({} if until_unix is None else {"lte": until_unix})
    found: list[Row] = []
    for page in _pages(api, path, {**filters, "created": bounds}, account):
        found.extend(_readable(page.rows, read))
        oldest_unix = _created_unix(page.rows)
        if page.last or oldest_unix is None:
            continue
        if until_unix is None or oldest_unix < until_unix:
            whole = [row for row in found if row.created_unix > oldest_unix]
            return Stretch(whole, oldest_unix + 1)
    return Stretch(found, since_unix)


def _pages(
    api: StripeApi, path: str, filters: Mapping[str, object], account: str | None = None
) -> Iterator[_Page]:
    query = {**filters, "limit": PAGE_ROWS}
    while True:
        page = api.get(path, query, account)
        rows = page.get("data")
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise Unavailable(f"GET {path} did not answer with a list")
        more = page.get("has_more") is True
        yield _Page(rows, last=not more)
        if not more:
            return
        last = rows[-1].get("id") if rows else None
        if not isinstance(last, str) or query.get("starting_after") == last:
            raise Unavailable(f"GET {path} says that there is more, but not where")
        query["starting_after"] = last


def _created_unix(rows: Sequence[Mapping[str, object]]) -> int | None:
    """Return when the oldest row was created, None if no row says it."""
    moments = [row.get("created") for row in rows]
    return min((each for each in moments if isinstance(each, int)), default=None)


def _readable(
    rows: Sequence[Mapping[str, object]], read: Callable[[object], Row | None]
) -> Iterator[Row]:
    for row in rows:
        try:
            found = read(row)
        except Refused as refused:
            _LOG.warning("skipped an unreadable row of a Stripe list: %s", refused.text)
        else:
            if found is not None:
                yield found
