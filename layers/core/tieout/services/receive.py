"""Receive: decide about one delivery of Stripe's, without knowing what carried it here.

    size -> signature -> JSON -> an event -> mode -> type -> subject -> once(queue, store) -> 200

The queue comes before the inbox, so that whatever the inbox holds has been queued: the poller skips
what it finds there, and must not skip an event that was stored and never queued. Dying between any
two lines answers nothing, and so Stripe delivers again.
"""

import dataclasses
import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.domain.events import group_of, is_name, subject_of
from tieout.services import metric_names
from tieout.services.ports import (
    Clock,
    EventHint,
    Inbox,
    Metrics,
    StoredEvent,
    WorkItem,
    WorkQueue,
)

# Stripe documents no maximum. A message and a stored item must both hold what is accepted, and an
# event embeds only the first handful of an invoice's lines: real ones stay far below.
BODY_BYTES_MAX = 1024 * 1024
# The year 5138.
_MOMENT_MAX = 100_000_000_000

OK = 200
BAD_REQUEST = 400
UNAVAILABLE = 503

logger = logging.getLogger(__name__)

SignatureCheck = Callable[[bytes, str | None], str | None]
"""Says why the signature over a raw body is refused; None when it is good."""

AccountOf = Callable[[bytes, str | None], str | None]
"""Says which further Stripe account of the company signed; None for the main one."""


class Once(Protocol):
    """Remembers which events were received to the end."""

    def run(self, event_id: str, action: Callable[[], None]) -> bool:
        """Run the action unless it was completed for this event before; tell whether it ran.

        An action that raises is forgotten, so that the next delivery runs it again.

        Raises:
            LeaseHeld: another delivery of this event is at it right now.
            Unavailable: nothing could be remembered.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What Stripe is told.

    Attributes:
        status: HTTP status; Stripe delivers again unless it is 2xx.
        reason: short, for Stripe's dashboard; holds nothing of the body.
    """

    status: int
    reason: str


class Receiver:
    """The use case behind the webhook."""

    def __init__(  # noqa: PLR0913 - a use case names everything it touches
        self,
        signature: SignatureCheck,
        once: Once,
        inbox: Inbox,
        queue: WorkQueue,
        clock: Clock,
        metrics: Metrics,
        *,
        livemode: bool,
        account_of: AccountOf = lambda _body, _header: None,
    ) -> None:
        self._signature = signature
        self._once = once
        self._inbox = inbox
        self._queue = queue
        self._clock = clock
        self._metrics = metrics
        self._livemode = livemode
        self._account_of = account_of

    def receive(self, body: bytes, signature_header: str | None) -> Answer:
        """Accept one delivery, refuse it, or ask Stripe to deliver it again.

        Args:
            body: exactly the bytes that Stripe signed.
            signature_header: the Stripe-Signature header; None if there was none.
        """
        if len(body) > BODY_BYTES_MAX:
            return self.refuse(f"body over {BODY_BYTES_MAX} bytes")
        try:
            refusal = self._signature(body, signature_header)
            if refusal is not None:
                self._metrics.count(metric_names.SIGNATURE_FAILED)
                logger.warning("signature refused", extra={"reason": refusal})
                return Answer(BAD_REQUEST, refusal)
            event = _event_of(body)
            if event["livemode"] is not self._livemode:
                return self.refuse(f"event of the wrong mode (livemode={event['livemode']})")
            hint = _hint_of(event, self._account_of(body, signature_header))
            if hint is None:
                self._metrics.count(metric_names.EVENT_UNKNOWN_TYPE)
                logger.info("type not subscribed to", extra=_named(event))
                return Answer(OK, "type not subscribed to")
            return self._accept(hint, body)
        except ValueError as unreadable:
            return self.refuse(str(unreadable))
        except ConfigurationFault as fault:
            self._metrics.count(metric_names.CONFIGURATION_FAULT)
            logger.error("cannot receive", extra={"reason": fault.reason, "cause": fault.text})  # noqa: TRY400 - the fault's own text says it all
        except TransientFault as fault:
            logger.warning("cannot receive now", extra={"cause": str(fault)})
        return Answer(UNAVAILABLE, "cannot take this event now, deliver it again")

    def refuse(self, reason: str) -> Answer:
        """Refuse a delivery that can never be accepted; nothing of it is kept."""
        self._metrics.count(metric_names.EVENT_REFUSED)
        logger.warning("event refused", extra={"reason": reason})
        return Answer(BAD_REQUEST, reason)

    def _accept(self, hint: EventHint, body: bytes) -> Answer:
        ran = self._once.run(hint.event_id, lambda: self._queue_and_store(hint, body))
        if not ran:
            self._metrics.count(metric_names.EVENT_DUPLICATE)
        told = "queued" if ran else "received before"
        logger.info(
            told,
            extra={
                "event_id": hint.event_id,
                "event_type": hint.event_type,
                "subject": str(hint.subject),
            },
        )
        return Answer(OK, told)

    def _queue_and_store(self, hint: EventHint, body: bytes) -> None:
        self._queue.send(work_item(hint, hashlib.sha256(body).hexdigest()))
        stored = StoredEvent(hint, self._clock.now_unix(), source="webhook", raw=body)
        if self._inbox.store(stored):
            self._metrics.count(metric_names.EVENT_STORED)


def work_item(hint: EventHint, sha256: str = "") -> WorkItem:
    """Return the message of an event, the same whichever door the event came in by.

    Args:
        hint: what was taken from it.
        sha256: of its body, where Stripe delivered it.
    """
    return WorkItem(
        subject=hint.subject,
        trigger=hint.event_id,
        group=hint.group,
        deduplication_id=hint.event_id,
        livemode=hint.livemode,
        event_sha256=sha256,
    )


def _event_of(body: bytes) -> Mapping[str, Any]:
    """Return the snapshot event in a body whose signature is good.

    Raises:
        ValueError: it is something else; the text says what.
    """
    try:
        event = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError("body is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise ValueError("body is not JSON") from error
    if not isinstance(event, dict):
        raise ValueError("body is not an event")
    if event.get("object") == "v2.core.event":
        raise ValueError("thin event: subscribe to snapshot payloads instead")
    if event.get("object") != "event":
        raise ValueError("body is not an event")
    for name, is_usable in _FIELDS.items():
        if not is_usable(event.get(name)):
            raise ValueError(f"event has no usable {name}")
    return event


def _is_moment(value: object) -> bool:
    """Whether it is a unix time in seconds: a table keeps 38 digits, JSON has any number."""
    # The type itself: Python takes a boolean for a number.
    return type(value) is int and 0 <= value < _MOMENT_MAX


# What is read of an event, and what it must be to be queued and stored.
_FIELDS: Mapping[str, Callable[[object], bool]] = {
    "id": is_name,
    "type": is_name,
    "created": _is_moment,
    "livemode": lambda value: isinstance(value, bool),
    "api_version": lambda value: value is None or is_name(value),
}


def _hint_of(event: Mapping[str, Any], account: str | None) -> EventHint | None:
    """Return the hint in an event; None for one that is not for our books.

    An event names its account only where that is connected to the one that delivers it.

    Raises:
        ValueError: the type is ours but the payload names no object.
    """
    subject = subject_of(event)
    if subject is None:
        return None
    if account is not None and subject.account is None:
        subject = dataclasses.replace(subject, account=account)
    return EventHint(
        event_id=event["id"],
        event_type=event["type"],
        subject=subject,
        group=group_of(event, subject),
        created_unix=event["created"],
        livemode=event["livemode"],
        api_version=event.get("api_version"),
    )


def _named(event: Mapping[str, Any]) -> Mapping[str, str]:
    return {"event_id": event["id"], "event_type": event["type"]}
