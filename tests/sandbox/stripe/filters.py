"""List filters: each turns a parameter's value into a test on stored objects."""

import operator
from collections.abc import Callable

from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.query import Params, boolean, integer, refuse_unknown
from tests.sandbox.stripe.store import ObjectStore

Test = Callable[[JsonObject], bool]
Filter = Callable[[ObjectStore, object], Test]

_RANGE = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


def equals(field: str) -> Filter:
    """Match objects whose ``field`` is the given text."""

    def build(_store: ObjectStore, value: object) -> Test:
        if not isinstance(value, str):
            raise refused(f"Invalid string: {field}", param=field)
        return lambda obj: bool(obj.get(field) == value)

    return build


def one_of(field: str, *allowed: str) -> Filter:
    """Match like :func:`equals`, refusing values outside ``allowed``."""

    def build(_store: ObjectStore, value: object) -> Test:
        if value not in allowed:
            raise refused(f"Invalid {field}: must be one of {', '.join(allowed)}", param=field)
        return lambda obj: bool(obj[field] == value)

    return build


def flag(field: str) -> Filter:
    """Match objects whose boolean ``field`` is as given."""

    def build(_store: ObjectStore, value: object) -> Test:
        wanted = boolean(value, field)
        return lambda obj: bool(obj[field] == wanted)

    return build


def moment(field: str) -> Filter:
    """Match a time in unix seconds, exactly or by gt, gte, lt, lte (stripe-api 6)."""

    def build(_store: ObjectStore, value: object) -> Test:
        if not isinstance(value, dict):
            wanted = integer(value, field)
            return lambda obj: bool(obj[field] == wanted)
        refuse_unknown(value, frozenset(_RANGE), field)
        bounds = [
            (_RANGE[name], integer(bound, f"{field}[{name}]")) for name, bound in value.items()
        ]
        return lambda obj: (
            obj[field] is not None and all(compare(obj[field], bound) for compare, bound in bounds)
        )

    return build


def created_bounds(params: Params) -> tuple[int | None, int | None]:
    """Return from when to when (inclusive) rows can match at all; None where nothing says so."""
    asked = params.get("created")
    if not isinstance(asked, dict):
        return None, None
    since, until = asked.get("gte"), asked.get("lte")
    return (
        int(since) if isinstance(since, str) and since.isdecimal() else None,
        int(until) if isinstance(until, str) and until.isdecimal() else None,
    )


def contained(field: str) -> Filter:
    """Match objects whose ``field`` is in the given array."""

    def build(_store: ObjectStore, value: object) -> Test:
        if not isinstance(value, list):
            raise refused("Invalid array", param=field)
        return lambda obj: obj[field] in value

    return build


def nested(field: str, *keys: str) -> Filter:
    """Match objects whose hash ``field`` has the given values under some of ``keys``."""

    def build(_store: ObjectStore, value: object) -> Test:
        if not isinstance(value, dict):
            raise refused("Invalid hash", param=field)
        refuse_unknown(value, frozenset(keys), field)
        return lambda obj: (
            obj[field] is not None
            and all(obj[field][key] == wanted for key, wanted in value.items())
        )

    return build


def of_subscription(_store: ObjectStore, value: object) -> Test:
    """Match invoices of a subscription (stripe-api 3.1: ``parent.subscription_details``)."""
    return lambda obj: (
        obj["parent"] is not None and obj["parent"]["subscription_details"]["subscription"] == value
    )


def paid_by(_store: ObjectStore, value: object) -> Test:
    """Match InvoicePayments by ``payment[type]`` and the id that goes with the type (4.4)."""
    if not isinstance(value, dict):
        raise refused("Invalid hash", param="payment")
    refuse_unknown(value, frozenset({"type", "payment_intent", "payment_record"}), "payment")
    kind = value.get("type")
    if kind not in ("payment_intent", "payment_record"):
        raise refused(
            "Invalid payment[type]: must be one of payment_intent or payment_record",
            param="payment[type]",
        )
    wanted = value.get(kind)
    return lambda obj: (
        obj["payment"]["type"] == kind and (wanted is None or obj["payment"].get(kind) == wanted)
    )


def in_payout(store: ObjectStore, value: object) -> Test:
    """Match the balance transactions of an automatic, reconciled payout (0.8, 4.8, 10.6)."""
    payout = store.get("payout", str(value))
    if not payout["automatic"]:
        raise refused(
            "Balance transaction history can only be filtered on automatic payouts, not manual.",
            param="payout",
        )
    if payout["id"] in store.unreadable_payouts:
        raise refused(
            "The payout reconciliation report is not supported for auto-debits.", param="payout"
        )
    readable = payout["reconciliation_status"] == "completed"
    return lambda obj: readable and store.payout_of.get(obj["id"]) == payout["id"]
