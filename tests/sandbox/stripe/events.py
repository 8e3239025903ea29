"""Events: the record of one change, rendered once in every version that somebody will read."""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.sandbox.stripe.json_types import PRE_BASIL_VERSION, JsonObject


class Outcome(StrEnum):
    """What became of an event's delivery to one endpoint."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass
class EventRecord:
    """One Event object. ``renderings`` maps an API version to the event's ``data``.

    A rendering is made when the event happens and never again: Stripe's events are immutable.
    ``outcomes`` maps endpoint ids to delivery outcomes. ``account`` is set where a platform's
    endpoint is told of a connected account. Source: stripe-api 1.4, 1.5.
    """

    id: str
    type: str
    created: int
    request: JsonObject
    livemode: bool
    renderings: Mapping[str, JsonObject]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    account: str | None = None

    def body(self, api_version: str) -> JsonObject:
        """Return the event as JSON in ``api_version``."""
        of_whom = {} if self.account is None else {"account": self.account}
        return of_whom | {
            "id": self.id,
            "object": "event",
            "api_version": api_version,
            "created": self.created,
            "data": self.renderings[api_version],
            "livemode": self.livemode,
            "pending_webhooks": sum(
                outcome is Outcome.PENDING for outcome in self.outcomes.values()
            ),
            "request": dict(self.request),
            "type": self.type,
        }

    @property
    def delivered(self) -> bool:
        """Whether every endpoint that wanted the event has it (stripe-api 6.1)."""
        return all(outcome is Outcome.DELIVERED for outcome in self.outcomes.values())


@dataclass
class SigningSecret:
    """One signing secret; ``expires_at`` (unix seconds) is set while it is being rolled out."""

    value: str
    expires_at: int | None = None


@dataclass
class WebhookEndpoint:
    """A registered webhook endpoint. Its API version is fixed for ever (stripe-api 1.5).

    One with ``connect`` hears of the connected accounts, and of them only.
    """

    id: str
    url: str
    api_version: str
    enabled_events: tuple[str, ...]
    secrets: list[SigningSecret]
    status: str = "enabled"
    connect: bool = False

    def wants(self, event_type: str) -> bool:
        """Tell whether the endpoint is subscribed to ``event_type``.

        InvoicePayments came with basil (stripe-api 3.1); an older endpoint must live without
        their events. Whether Stripe sends them anyway is not known; this is the harder case.
        """
        if self.api_version == PRE_BASIL_VERSION and event_type.startswith("invoice_payment."):
            return False
        return self.status == "enabled" and any(
            fnmatch.fnmatchcase(event_type, pattern) for pattern in self.enabled_events
        )

    def active_secrets(self, now: int) -> list[str]:
        """Return the secrets to sign with at ``now``, newest first (stripe-api 1.1)."""
        return [
            secret.value
            for secret in reversed(self.secrets)
            if secret.expires_at is None or secret.expires_at > now
        ]


def changed_attributes(before: JsonObject, after: JsonObject) -> JsonObject:
    """Return the old values of what changed, as in ``data.previous_attributes``.

    Nested objects are given by changed key; arrays with any change are given whole.
    Source: stripe-api 1.4.
    """
    previous: JsonObject = {}
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            previous[key] = changed_attributes(old, new)
        else:
            previous[key] = old
    return previous
