"""Cursor paging as Stripe does it. Source: stripe-api 6."""

from collections.abc import Callable, Sequence
from itertools import islice

from tests.sandbox.stripe.errors import refused, resource_missing
from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.query import Params, integer, text

PAGING_PARAMS = frozenset({"limit", "starting_after", "ending_before", "expand"})
_DEFAULT_LIMIT = 10
_MAX_LIMIT = 100


def page(
    objects: Sequence[JsonObject],
    params: Params,
    matches: Callable[[JsonObject], bool],
    kind: str,
) -> tuple[list[JsonObject], bool]:
    """Return one page of ``objects`` (in list order) and whether there is more that way.

    With ``ending_before`` the page is the one next to the cursor, still in list order.

    Raises:
        StripeError: a bad limit, both cursors, or a cursor that names nothing.
    """
    limit = _limit(params)
    after, before = text(params, "starting_after"), text(params, "ending_before")
    if after is not None and before is not None:
        raise refused(
            "Received both starting_after and ending_before parameters. Please pass in only one.",
            param="starting_after",
        )
    if before is not None:
        newer = objects[: _position(objects, before, kind, "ending_before")]
        found = [obj for obj in newer if matches(obj)]
        return found[-limit:], len(found) > limit
    start = 0 if after is None else _position(objects, after, kind, "starting_after") + 1
    found = list(islice((obj for obj in islice(objects, start, None) if matches(obj)), limit + 1))
    return found[:limit], len(found) > limit


def _limit(params: Params) -> int:
    if "limit" not in params:
        return _DEFAULT_LIMIT
    limit = integer(params["limit"], "limit")
    if not 1 <= limit <= _MAX_LIMIT:
        raise refused(
            f"This value must be between 1 and {_MAX_LIMIT} (inclusive).",
            code="parameter_invalid_integer",
            param="limit",
        )
    return limit


def _position(objects: Sequence[JsonObject], cursor: str, kind: str, param: str) -> int:
    for index, obj in enumerate(objects):
        if obj["id"] == cursor:
            return index
    missing = resource_missing(kind, cursor, param)
    raise refused(missing.message, code=missing.code, param=param)
