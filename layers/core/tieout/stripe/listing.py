"""Walking Stripe's lists, lazily: a page is read when its first row is asked for."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from tieout.domain.errors import Refused, Unavailable
from tieout.services.ports import EventHint, InvoiceRow
from tieout.stripe import decode
from tieout.stripe.api import StripeApi, path_of

# Source: stripe-api dossier section 6: the most that Stripe gives, and takes as `types`.
PAGE_ROWS = 100
EVENT_TYPES_MAX = 20
# Stripe lists events newest first, so what is to come oldest first must be read whole; by days,
# a long absence is still worked off in order without holding a month of events.
EVENT_SLICE_SECONDS = 86_400

_LOG = logging.getLogger(__name__)
_Row = TypeVar("_Row")


def pages(
    api: StripeApi, path: str, filters: Mapping[str, object], account: str | None = None
) -> Iterator[list[Mapping[str, object]]]:
    """Yield the pages of a list, in Stripe's order; the caller bounds how many it takes.

    Raises:
        Unavailable: a page is not a list, or does not lead on.
        Throttled, Refused, ConfigurationFault: as `StripeApi.get`.
    """
    query = {**filters, "limit": PAGE_ROWS}
    while True:
        page = api.get(path, query, account)
        rows = page.get("data")
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise Unavailable(f"GET {path} did not answer with a list")
        yield rows
        if page.get("has_more") is not True:
            return
        last = rows[-1].get("id") if rows else None
        if not isinstance(last, str) or query.get("starting_after") == last:
            raise Unavailable(f"GET {path} says that there is more, but not where")
        query["starting_after"] = last


def events(
    api: StripeApi, since_unix: int, types: Sequence[str], now_unix: int
) -> Iterator[EventHint]:
    """Yield the events of the types since `since_unix`, oldest first, an event once.

    An event that cannot be read is skipped and logged by its id: one odd payload must not stop the
    poll, and its object is still found by the invoice lists.
    """
    start = since_unix
    while True:
        until = start + EVENT_SLICE_SECONDS
        last = until > now_unix
        # The last slice is open: a clock of ours that lags must not hide the newest events.
        window = {"gte": start} if last else {"gte": start, "lt": until}
        found: dict[str, EventHint] = {}
        for first in range(0, len(types), EVENT_TYPES_MAX):
            chunk = list(types[first : first + EVENT_TYPES_MAX])
            for page in pages(api, path_of("events"), {"types": chunk, "created": window}):
                hints = _readable(page, decode.event_hint)
                found |= {hint.event_id: hint for hint in hints if hint is not None}
        yield from sorted(found.values(), key=lambda hint: (hint.created_unix, hint.event_id))
        if last:
            return
        start = until


def invoices(api: StripeApi, filters: Mapping[str, object]) -> Iterator[InvoiceRow]:
    """Yield the invoices that a list shows, newest first."""
    for page in pages(api, path_of("invoices"), filters):
        yield from _readable(page, decode.invoice_row)


def _readable(rows: list[Mapping[str, object]], read: Callable[[object], _Row]) -> Iterator[_Row]:
    for row in rows:
        try:
            yield read(row)
        except Refused as refused:
            _LOG.warning("skipped an unreadable row of a Stripe list: %s", refused.text)
