"""Listing events: types, delivery success, the 30-day horizon. Source: stripe-api 1.5, 6.1."""

import fnmatch
from bisect import bisect_left, bisect_right
from operator import attrgetter

from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.errors import refused, resource_missing
from tests.sandbox.stripe.events import EventRecord
from tests.sandbox.stripe.filters import Test, created_bounds, moment
from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.query import Params, boolean, text, texts

EVENT_PARAMS = frozenset({"created", "delivery_success", "type", "types"})
HORIZON_SECONDS = 30 * 86_400
_MAX_TYPES = 20


def visible_events(account: StripeAccount, params: Params | None = None) -> list[JsonObject]:
    """Return the events of the last 30 days, newest first, as far as paging and tests need them.

    Those outside the time that ``params`` ask for are left out from the start.

    Those of connected accounts are in the lists of these accounts only.

    Their payloads can be large; :func:`shown_event` adds them to the few that are sent.
    """
    since, until = created_bounds(params or {})
    oldest = max(account.clock.now() - HORIZON_SECONDS, since or 0)
    log, created = account.event_log, attrgetter("created")
    end = len(log) if until is None else bisect_right(log, until, key=created)
    asked = log[bisect_left(log, oldest, key=created) : end]
    return [
        {"id": record.id, "type": record.type, "created": record.created, "record": record}
        for record in reversed(asked)
        if record.account is None
    ]


def shown_event(account: StripeAccount, event: JsonObject) -> JsonObject:
    """Return a visible event in the account's default version, whatever was asked for (1.5)."""
    record: EventRecord = event["record"]
    return record.body(account.options.default_api_version)


def find_event(account: StripeAccount, event_id: str) -> JsonObject:
    """Return one event of the last 30 days.

    Raises:
        StripeError: 404, no such event or too old.
    """
    for event in visible_events(account):
        if event["id"] == event_id:
            return shown_event(account, event)
    raise resource_missing("event", event_id)


def event_test(account: StripeAccount, params: Params) -> Test:
    """Return the test that an event list's parameters ask for.

    Raises:
        StripeError: ``type`` together with ``types``, or more than 20 types.
    """
    if "type" in params and "types" in params:
        raise refused("You may pass either type or types, but not both.", param="types")
    wanted = texts(params, "types")
    if len(wanted) > _MAX_TYPES:
        raise refused(f"You may pass at most {_MAX_TYPES} types.", param="types")
    pattern = text(params, "type")
    tests: list[Test] = []
    if pattern is not None:
        tests.append(lambda event: fnmatch.fnmatchcase(event["type"], pattern))
    if "types" in params:
        tests.append(lambda event: event["type"] in wanted)
    if "created" in params:
        tests.append(moment("created")(account.store, params["created"]))
    if "delivery_success" in params:
        succeeded = boolean(params["delivery_success"], "delivery_success")
        tests.append(lambda event: event["record"].delivered == succeeded)
    return lambda event: all(test(event) for test in tests)
