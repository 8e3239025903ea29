"""What led to the documents of a plan, for the audit trail."""

from tieout.domain.canonical import canonical_digest
from tieout.domain.causes import Cause, SourceEvent
from tieout.planning.snapshots import (
    ChargeSnapshot,
    CreditNoteSnapshot,
    CustomerSnapshot,
    InvoiceSnapshot,
    RefundSnapshot,
    Snapshot,
)
from tieout.services.ports import WorkItem

# Source: stripe-api dossier section 2.1; other triggers are `poll` and what persons do.
_EVENT_ID_PREFIX = "evt_"


def source_event(item: WorkItem) -> SourceEvent | None:
    """Return the event behind a message; None if it was no event that queued it."""
    is_event = item.trigger.startswith(_EVENT_ID_PREFIX)
    return SourceEvent(item.trigger, item.event_sha256) if is_event else None


def cause_of(snapshot: Snapshot | None, events: tuple[SourceEvent, ...]) -> Cause:
    """Return what led to the documents of a plan.

    Args:
        snapshot: what it was made of; None if Stripe did not tell all.
        events: that asked for it.
    """
    if snapshot is None:
        return Cause(events)
    return Cause(events, _customer_of(snapshot), canonical_digest(snapshot))


def _customer_of(snapshot: Snapshot) -> str:
    """Return Stripe's id of the customer whose documents these are; empty if nobody's."""
    customer: CustomerSnapshot | None = None
    match snapshot:
        case CustomerSnapshot():
            customer = snapshot
        case InvoiceSnapshot() | ChargeSnapshot():
            customer = snapshot.customer
        case CreditNoteSnapshot():
            customer = snapshot.invoice.customer
        case RefundSnapshot():
            paid = (each.customer for each in (*snapshot.invoices, snapshot.sale) if each)
            customer = next((each for each in paid if each is not None), None)
    return "" if customer is None else customer.id
