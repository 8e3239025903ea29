"""What lists show: events as hints, invoices as rows to compare with the books."""

import dataclasses
from collections.abc import Callable
from typing import TypeVar

from tieout.domain.errors import Refused
from tieout.domain.events import group_of, subject_of
from tieout.domain.plans import invoice_state
from tieout.services.ports import EventHint, InvoiceRow
from tieout.stripe.decode.fields import Fields, object_of
from tieout.stripe.decode.invoice import credit_balance_applied_minor

UNREADABLE_STATE = "unreadable"

_Value = TypeVar("_Value")


def event_hint(raw: object, account: str | None = None) -> EventHint | None:
    """Return the hint that an event is; None for one that is not for our books.

    Only ids are taken from the payload: its shape depends on a version chosen long ago.

    Args:
        raw: the event.
        account: in whose list it stands; it need not say so itself.

    Raises:
        Refused: the event cannot be read.

    Source: stripe-api dossier sections 1.5 and 2.2.
    """
    fields = object_of(raw, "event")
    try:
        subject = subject_of(fields.raw)
        if subject is None:
            return None
        subject = dataclasses.replace(subject, account=subject.account or account)
        group = group_of(fields.raw, subject)
    except ValueError as unusable:
        raise fields.refusal("data.object", f"is not usable: {unusable}") from unusable
    return EventHint(
        event_id=fields.text("id"),
        event_type=fields.text("type"),
        subject=subject,
        group=group,
        created_unix=fields.moment("created"),
        livemode=fields.boolean("livemode"),
        api_version=fields.text_or_none("api_version"),
    )


def invoice_row(raw: object) -> InvoiceRow:
    """Return an invoice as a list shows it.

    A row whose amounts cannot be read still appears, in a state that no books have: it is queued,
    and reading it whole gives the reason to park it with.

    Raises:
        Refused: not even an id and a date can be read.
    """
    fields = object_of(raw, "invoice")
    return InvoiceRow(
        invoice=fields.text("id"),
        customer=fields.identifier("customer"),
        status=fields.text_or_empty("status"),
        state=_state(fields),
        created_unix=fields.moment("created"),
        remaining_minor=_readable(lambda: _remaining_minor(fields), 0),
        currency=_readable(fields.currency, ""),
    )


def _remaining_minor(fields: Fields) -> int:
    """Return what is open without what the customer owed from before: it is no part of the sale.

    Stripe asks for such a debt with the next invoice; payments settle the invoice first.
    """
    remaining_minor = fields.integer("amount_remaining")
    debt_minor = max(-credit_balance_applied_minor(fields), 0)
    return remaining_minor - min(debt_minor, max(remaining_minor, 0))


def _readable(read: Callable[[], _Value], otherwise: _Value) -> _Value:
    try:
        return read()
    except Refused:
        return otherwise


def _state(fields: Fields) -> str:
    try:
        return invoice_state(
            fields.text("status"),
            fields.integer("amount_paid"),
            fields.integer("amount_remaining"),
        )
    except Refused:
        return UNREADABLE_STATE
