"""The part of the account that every business action builds on: store, clock, ids, events."""

import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Concatenate, ParamSpec, TypeVar

from tests.sandbox.stripe.clock import Clock, SteppedClock
from tests.sandbox.stripe.events import (
    EventRecord,
    Outcome,
    SigningSecret,
    WebhookEndpoint,
    changed_attributes,
)
from tests.sandbox.stripe.ids import IdFactory
from tests.sandbox.stripe.json_types import PINNED_VERSION, PRE_BASIL_VERSION, JsonObject, copied
from tests.sandbox.stripe.legacy import render_pre_basil
from tests.sandbox.stripe.options import AccountOptions
from tests.sandbox.stripe.presenting import present
from tests.sandbox.stripe.store import ObjectStore

_Account = TypeVar("_Account", bound="AccountCore")
_Params = ParamSpec("_Params")
_Result = TypeVar("_Result")

SUPPORTED_VERSIONS = (PINNED_VERSION, PRE_BASIL_VERSION)
BUSINESS_ACTIONS: dict[str, Callable[..., Any]] = {}
"""Every business action by name, for the control surface of the stand-alone server."""


def business_action(
    method: Callable[Concatenate[_Account, _Params], _Result],
) -> Callable[Concatenate[_Account, _Params], _Result]:
    """Mark a method as something the business does, and let only one happen at a time."""

    @functools.wraps(method)
    def one_at_a_time(self: _Account, /, *args: _Params.args, **kwargs: _Params.kwargs) -> _Result:
        with self.lock:
            return method(self, *args, **kwargs)

    BUSINESS_ACTIONS[method.__name__] = one_at_a_time
    return one_at_a_time


class AccountCore:
    """State of one Stripe account and the log of its events."""

    def __init__(self, options: AccountOptions | None = None, clock: Clock | None = None) -> None:
        self.options = options or AccountOptions()
        _require_supported(self.options.default_api_version)
        self.clock: Clock = clock or SteppedClock()
        self.lock = threading.RLock()
        self.store = ObjectStore()
        self.ids = IdFactory(self.options.seed)
        self.event_log: list[EventRecord] = []
        self.endpoints: dict[str, WebhookEndpoint] = {}
        self.connected: dict[str, AccountCore] = {}
        self._platform: AccountCore | None = None
        self._request: JsonObject = {"id": None, "idempotency_key": None}

    @contextmanager
    def request(self, idempotency_key: str | None = None) -> Iterator[str]:
        """Attribute the events inside the block to one API request.

        Without it events carry a null request, as when Stripe itself makes the change.
        Source: stripe-api 1.4 (``event.request``).
        """
        outer = self._request
        request_id = self.ids.next("req", 14)
        self._request = {"id": request_id, "idempotency_key": idempotency_key}
        try:
            yield request_id
        finally:
            self._request = outer

    def connect(self, other: "AccountCore") -> None:
        """Make this account the platform of another one.

        The platform's key reads the other account (header ``Stripe-Account``), and its endpoints
        for connected accounts hear of it. Both share one lock from now on.

        Raises:
            ValueError: the two would give their objects the same ids, or have the same one.
        """
        if other.options.account_id == self.options.account_id:
            raise ValueError("a platform cannot connect itself")
        if other.options.seed == self.options.seed:
            raise ValueError("accounts side by side need seeds of their own")
        other.lock = self.lock
        other._platform = self
        self.connected[other.options.account_id] = other

    def show(self, obj: JsonObject) -> JsonObject:
        """Return a copy of a stored object as the API shows it now."""
        return present(self.store, obj, self.clock.now())

    def retrieve(self, kind: str, object_id: str) -> JsonObject:
        """Return a copy of an object by Stripe's name of its kind, as the API shows it now.

        Raises:
            StripeError: there is no such object.
        """
        with self.lock:
            return self.show(self.store.get(kind, object_id))

    @business_action
    def register_endpoint(
        self,
        url: str,
        *,
        enabled_events: tuple[str, ...] = ("*",),
        api_version: str = PINNED_VERSION,
        connect: bool = False,
    ) -> WebhookEndpoint:
        """Register a webhook endpoint; events from now on are due to it.

        With ``connect`` these are the events of connected accounts instead of our own.

        Raises:
            ValueError: the double cannot render ``api_version``.

        Source: stripe-api 1.1, 1.5.
        """
        _require_supported(api_version)
        endpoint = WebhookEndpoint(
            id=self.ids.next("we"),
            url=url,
            api_version=api_version,
            enabled_events=tuple(enabled_events),
            secrets=[SigningSecret(self.ids.next("whsec", 32))],
            connect=connect,
        )
        self.endpoints[endpoint.id] = endpoint
        return endpoint

    @business_action
    def roll_secret(self, endpoint_id: str, *, keep_old_seconds: int = 86_400) -> str:
        """Give an endpoint a new signing secret and return it.

        The old one keeps signing for ``keep_old_seconds`` (at most a day; stripe-api 1.1).
        """
        endpoint = self.endpoints[endpoint_id]
        expires_at = self.clock.now() + min(keep_old_seconds, 86_400)
        for secret in endpoint.secrets:
            if secret.expires_at is None:
                secret.expires_at = expires_at
        endpoint.secrets.append(SigningSecret(self.ids.next("whsec", 32)))
        return endpoint.secrets[-1].value

    def emit(
        self, event_type: str, obj: JsonObject, before: JsonObject | None = None
    ) -> EventRecord:
        """Log an event about ``obj``; ``before`` is its stored state before an update.

        Source: stripe-api 2 (types), 1.4 (previous_attributes only on updates).
        """
        wanted_by = self._wanting(event_type, connect=False)
        above = self._platform
        wanted_above = above._wanting(event_type, connect=True) if above is not None else []
        endpoints = [*wanted_by, *wanted_above]
        versions = {self.options.default_api_version, *(each.api_version for each in endpoints)}
        record = EventRecord(
            id=self.ids.next("evt"),
            type=event_type,
            created=self.clock.now(),
            request=dict(self._request),
            livemode=self.options.livemode,
            renderings={
                version: self._event_data(obj, before, version) for version in sorted(versions)
            },
            outcomes={each.id: Outcome.PENDING for each in wanted_by},
        )
        self.event_log.append(record)
        if above is not None and wanted_above:
            outcomes = {each.id: Outcome.PENDING for each in wanted_above}
            above.event_log.append(
                replace(record, account=self.options.account_id, outcomes=outcomes)
            )
        return record

    def _wanting(self, event_type: str, *, connect: bool) -> list[WebhookEndpoint]:
        return [
            each
            for each in self.endpoints.values()
            if each.connect == connect and each.wants(event_type)
        ]

    def twin_of(self, record: EventRecord) -> EventRecord:
        """Log a second Event object for the change that ``record`` already tells.

        Source: stripe-api 1.4 (two different ids for one change).
        """
        twin = replace(
            record,
            id=self.ids.next("evt"),
            outcomes=dict.fromkeys(record.outcomes, Outcome.PENDING),
        )
        self.event_log.append(twin)
        return twin

    @contextmanager
    def updating(self, obj: JsonObject, event_type: str) -> Iterator[JsonObject]:
        """Change ``obj`` inside the block; an event follows if anything did change."""
        before = copied(obj)
        yield obj
        if obj != before:
            self.emit(event_type, obj, before)

    def _event_data(self, obj: JsonObject, before: JsonObject | None, version: str) -> JsonObject:
        shown = self._rendered(obj, version)
        data: JsonObject = {"object": shown}
        if before is not None:
            data["previous_attributes"] = changed_attributes(self._rendered(before, version), shown)
        return data

    def _rendered(self, obj: JsonObject, version: str) -> JsonObject:
        shown = self.show(obj)
        return render_pre_basil(self.store, shown) if version == PRE_BASIL_VERSION else shown


def _require_supported(api_version: str) -> None:
    if api_version not in SUPPORTED_VERSIONS:
        raise ValueError(f"the double renders events in {SUPPORTED_VERSIONS} only")


def merged_metadata(old: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Merge metadata as an update does; an empty value deletes its key (stripe-api 7)."""
    merged = {**old, **changes}
    return {key: value for key, value in merged.items() if value != ""}
