"""Signed webhook delivery: due times, retries, duplicates, disorder, loss. Step-driven.

Source: stripe-api 1.1 (signature), 1.4 (delivery semantics).
"""

import hashlib
import hmac
import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.events import EventRecord, Outcome, WebhookEndpoint

Transport = Callable[[str, bytes, Mapping[str, str]], int]
"""Posts a body with headers to a URL and returns the HTTP status; OSError if unreachable."""

RETRY_AFTER_SECONDS = (60, 300, 1_800, 7_200, 18_000, 36_000, 36_000, 43_200, 43_200, 43_200)
"""Back-off between attempts, nearly three days in all; Stripe does not publish its own (1.4)."""


@dataclass(frozen=True)
class DeliveryFaults:
    """How the network between Stripe and the endpoint behaves, reproducible by ``seed``.

    The rates are probabilities per event and endpoint. ``duplicate_rate`` delivers the same
    event id again; ``twin_rate`` makes a second Event object for the change; ``lost_rate`` never
    delivers; a delay of up to ``max_delay_seconds`` hits ``delay_rate`` of the events;
    ``shuffled`` delivers what is due in random order.
    """

    seed: int = 0
    duplicate_rate: float = 0.0
    twin_rate: float = 0.0
    lost_rate: float = 0.0
    delay_rate: float = 0.0
    max_delay_seconds: int = 3_600
    shuffled: bool = False


@dataclass(frozen=True)
class Delivery:
    """One attempt to come: which event, to which endpoint, when (unix seconds)."""

    record: EventRecord
    endpoint: WebhookEndpoint
    due_at: int
    attempt: int = 1
    retried: bool = True


@dataclass(frozen=True)
class Attempt:
    """One attempt made. ``status`` is the HTTP status, or None if nobody answered."""

    event_id: str
    event_type: str
    endpoint_id: str
    attempt: int
    status: int | None

    @property
    def accepted(self) -> bool:
        """Whether the endpoint took the event: 2xx only, redirects are failures (1.1)."""
        return self.status is not None and 200 <= self.status < 300


def signature_header(body: bytes, secrets: list[str], timestamp: int) -> str:
    """Return ``Stripe-Signature``: the time and one ``v1`` per active secret."""
    signed = f"{timestamp}.".encode() + body
    parts = [
        f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}" for secret in secrets
    ]
    return ",".join([f"t={timestamp}", *parts])


class WebhookSender:
    """Delivers an account's events to its endpoints, one step at a time.

    ``signing_clock`` gives the time inside the signature, by default the account's; receivers
    that check it against the wall clock need ``time.time`` here.
    """

    def __init__(
        self,
        account: StripeAccount,
        transport: Transport,
        faults: DeliveryFaults | None = None,
        *,
        signing_clock: Callable[[], int] | None = None,
    ) -> None:
        self._account = account
        self._transport = transport
        self._faults = faults or DeliveryFaults()
        self._random = random.Random(self._faults.seed)  # noqa: S311 - reproducible, not secret
        self._signing_clock = signing_clock or account.clock.now
        self._planned = 0
        self._queue: list[Delivery] = []
        # The sender's own lock: while it posts, the account must stay readable for the receiver.
        self._lock = threading.RLock()

    @property
    def waiting(self) -> int:
        """How many deliveries are still to come, planned or not yet."""
        with self._lock:
            self._plan_new()
            return len(self._queue)

    def deliver_due(self, now: int) -> list[Attempt]:
        """Make every attempt that is due at ``now`` (unix seconds); failures are re-queued."""
        with self._lock:
            self._plan_new()
            due = [each for each in self._queue if each.due_at <= now]
            self._queue = [each for each in self._queue if each.due_at > now]
            if self._faults.shuffled:
                self._random.shuffle(due)
            return [self._attempt(delivery, now) for delivery in due]

    def deliver_all(self) -> list[Attempt]:
        """Deliver until nothing waits, jumping over the pauses between retries.

        Terminates because every delivery has a bounded number of attempts.
        """
        attempts = []
        with self._lock:
            while self.waiting:
                attempts += self.deliver_due(min(each.due_at for each in self._queue))
        return attempts

    def redeliver(self, event_id: str) -> list[Attempt]:
        """Send an event again by hand; it does not stop automatic retries (1.4)."""
        now = self._account.clock.now()
        with self._lock:
            return [
                self._attempt(
                    Delivery(record, self._account.endpoints[each], now, retried=False), now
                )
                for record in self._account.event_log
                if record.id == event_id
                for each in record.outcomes
            ]

    def _plan_new(self) -> None:
        """Plan the events logged since last time, including twins made on the way."""
        with self._account.lock:
            new = self._account.event_log[self._planned :]
            for record in new:
                if record.outcomes and self._happens(self._faults.twin_rate):
                    twin = self._account.twin_of(record)
                    self._queue += list(self._deliveries(twin))
                self._queue += list(self._deliveries(record))
            self._planned = len(self._account.event_log)

    def _deliveries(self, record: EventRecord) -> Iterator[Delivery]:
        for endpoint_id in record.outcomes:
            endpoint = self._account.endpoints[endpoint_id]
            if self._happens(self._faults.lost_rate):
                record.outcomes[endpoint_id] = Outcome.FAILED
                continue
            first = Delivery(record, endpoint, record.created + self._delay())
            yield first
            if self._happens(self._faults.duplicate_rate):
                yield replace(first, due_at=record.created + self._delay(), retried=False)

    def _attempt(self, delivery: Delivery, now: int) -> Attempt:
        record, endpoint = delivery.record, delivery.endpoint
        body = json.dumps(record.body(endpoint.api_version), indent=2).encode()
        signed_at = self._signing_clock()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature_header(
                body, endpoint.active_secrets(self._account.clock.now()), signed_at
            ),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            status: int | None = self._transport(endpoint.url, body, headers)
        except OSError:
            status = None
        made = Attempt(record.id, record.type, endpoint.id, delivery.attempt, status)
        self._note(delivery, made, now)
        return made

    def _note(self, delivery: Delivery, made: Attempt, now: int) -> None:
        """Remember the outcome; plan the retry."""
        outcomes, endpoint = delivery.record.outcomes, delivery.endpoint
        if made.accepted:
            outcomes[endpoint.id] = Outcome.DELIVERED
        elif not delivery.retried:
            return
        elif delivery.attempt > len(RETRY_AFTER_SECONDS) or endpoint.status != "enabled":
            outcomes[endpoint.id] = Outcome.FAILED
        else:
            pause = RETRY_AFTER_SECONDS[delivery.attempt - 1]
            self._queue.append(replace(delivery, due_at=now + pause, attempt=delivery.attempt + 1))

    def _delay(self) -> int:
        if self._happens(self._faults.delay_rate):
            return self._random.randint(1, self._faults.max_delay_seconds)
        return 0

    def _happens(self, rate: float) -> bool:
        return rate > 0 and self._random.random() < rate
