"""The event types that Tieout subscribes to, and the subject that each is a hint of.

This is the only list: the webhook accepts what is here, the poller asks for what is here, and
`tieout events` prints it for Stripe's set-up page.
Source: stripe-api dossier section 2.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from tieout.domain.subjects import Subject, SubjectKind


@dataclass(frozen=True, slots=True)
class Subscription:
    """How an event type names its subject.

    Attributes:
        kind: the kind of subject.
        id_path: where the payload's object has the subject's id.
    """

    kind: SubjectKind
    id_path: str = "id"

    @property
    def names_another(self) -> bool:
        """Whether the subject is another object than the payload's own."""
        return self.id_path != "id"


_OWN = {
    SubjectKind.CUSTOMER: ("customer.created", "customer.updated", "customer.deleted"),
    SubjectKind.INVOICE: (
        "invoice.finalized",
        "invoice.paid",
        "invoice.overpaid",
        "invoice.voided",
        "invoice.marked_uncollectible",
        "invoice.finalization_failed",
    ),
    SubjectKind.CREDIT_NOTE: ("credit_note.created", "credit_note.voided"),
    SubjectKind.CHARGE: ("charge.succeeded", "charge.captured", "charge.updated", "charge.failed"),
    SubjectKind.REFUND: ("refund.created", "refund.updated", "refund.failed"),
    SubjectKind.DISPUTE: (
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ),
    SubjectKind.PAYOUT: (
        "payout.created",
        "payout.paid",
        "payout.failed",
        "payout.canceled",
        "payout.reconciliation_completed",
    ),
    SubjectKind.TOPUP: ("topup.succeeded", "topup.reversed"),
    SubjectKind.CHECKOUT_SESSION: (
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
    ),
}

SUBSCRIPTIONS: Mapping[str, Subscription] = {
    **{name: Subscription(kind) for kind, names in _OWN.items() for name in names},
    "invoice_payment.paid": Subscription(SubjectKind.INVOICE, "invoice"),
    "customer.tax_id.created": Subscription(SubjectKind.CUSTOMER, "customer"),
    "customer.tax_id.updated": Subscription(SubjectKind.CUSTOMER, "customer"),
    "customer.tax_id.deleted": Subscription(SubjectKind.CUSTOMER, "customer"),
}


# Source: docs.stripe.com/upgrades: ids of objects and events have up to 255 characters.
_ID_LENGTH_MAX = 255


def is_name(value: object) -> TypeGuard[str]:
    """Whether the value can be a name of Stripe's: paths, keys and log lines must bear it."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= _ID_LENGTH_MAX
        and value.isprintable()
        and "/" not in value
    )


def subject_of(event: Mapping[str, Any]) -> Subject | None:
    """Return the subject that a raw event is a hint of; None if it is a hint of none of ours.

    That is a type not subscribed to, or an object that belongs to nobody whose books we keep: a
    tax id of the account itself names `null` as its customer. Works for every API version: only
    ids are read.

    Raises:
        ValueError: the payload has no usable object or id, or the event no usable account.
    """
    subscription = SUBSCRIPTIONS.get(str(event.get("type")))
    if subscription is None:
        return None
    payload = _object_of(event)
    account = event.get("account") or None
    if account is not None and not is_name(account):
        raise ValueError("the event has no usable account")
    if subscription.names_another and payload.get(subscription.id_path, "") is None:
        return None
    return Subject(subscription.kind, _id(payload.get(subscription.id_path)), account)


def group_of(event: Mapping[str, Any], subject: Subject) -> str:
    """Return the message group: the customer, so that one customer's books move in order."""
    payload = _object_of(event)
    if subject.kind is SubjectKind.CUSTOMER:
        return subject.id
    customer = payload.get("customer")
    return _id(customer) if customer else str(subject)


def _object_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    data = event.get("data")
    payload = data.get("object") if isinstance(data, dict) else None
    if not isinstance(payload, dict):
        raise ValueError("the event has no data.object")
    return payload


def _id(value: object) -> str:
    """Return an id given as such or as an expanded object."""
    identifier = value.get("id") if isinstance(value, dict) else value
    if not is_name(identifier):
        raise ValueError("the event's object has no usable id")
    return identifier
