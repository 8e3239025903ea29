"""What Stripe forgets and the postings remember.

When a payment fails late, Stripe may no longer show what it had brought, nor when; and an invoice
that is given up again no longer tells of the first time. What was booked of it stands: a snapshot
is completed with what the postings say of that, and then planned like any other.
Source: stripe-api dossier sections 4.1 (status_transitions) and 4.4; how Stripe shows a late
failure is not documented.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TypeGuard

from tieout.domain.keys import excess_key, receipt_key, recovery_key, write_off_key
from tieout.domain.postings import Posting, State
from tieout.planning.snapshots import (
    ChargeSnapshot,
    CreditNoteSnapshot,
    InvoicePayment,
    InvoiceSnapshot,
    RefundSnapshot,
    Snapshot,
)


def keys_to_remember(snapshot: Snapshot | None) -> frozenset[str]:
    """Return the keys of the postings that may know more of a snapshot than Stripe tells."""
    payments = [each for invoice in _invoices(snapshot) for each in invoice.payments]
    if isinstance(snapshot, ChargeSnapshot):
        payments += snapshot.payments
    receipts = [receipt_key(each.id) for each in payments if _is_forgotten(each)]
    return frozenset(
        key
        for keys in (
            receipts,
            map(excess_key, receipts),
            map(recovery_key, receipts),
            *(_write_off_keys(each) for each in _invoices(snapshot)),
        )
        for key in keys
    )


def remembering(snapshot: Snapshot, postings: Mapping[str, Posting]) -> Snapshot:
    """Return the snapshot with what the postings remember; the same one if that is nothing.

    Args:
        snapshot: as Stripe has it.
        postings: those of `keys_to_remember`, by key.
    """
    match snapshot:
        case InvoiceSnapshot():
            return _invoice(snapshot, postings)
        case CreditNoteSnapshot():
            invoice = _invoice(snapshot.invoice, postings)
            return dataclasses.replace(snapshot, invoice=invoice)
        case RefundSnapshot():
            invoices = tuple(_invoice(each, postings) for each in snapshot.invoices)
            return dataclasses.replace(snapshot, invoices=invoices)
        case ChargeSnapshot():
            payments = _payments(snapshot.payments, postings)
            paid = [each.invoice for each in payments if each.is_of_its_invoice]
            return dataclasses.replace(
                snapshot,
                payments=payments,
                invoices=tuple(dict.fromkeys([*snapshot.invoices, *paid])),
                paid_invoices=tuple(_invoice(each, postings) for each in snapshot.paid_invoices),
            )
        case _:
            return snapshot


def _invoices(snapshot: Snapshot | None) -> Iterable[InvoiceSnapshot]:
    match snapshot:
        case InvoiceSnapshot():
            return (snapshot,)
        case CreditNoteSnapshot():
            return (snapshot.invoice,)
        case RefundSnapshot(invoices=invoices) | ChargeSnapshot(paid_invoices=invoices):
            return invoices
        case _:
            return ()


def _is_forgotten(payment: InvoicePayment) -> bool:
    """Return whether it is canceled and shows no money; most such payments never brought any."""
    return payment.status == "canceled" and not payment.amount_paid_minor


def _write_off_keys(invoice: InvoiceSnapshot) -> Iterable[str]:
    """Return the keys of the write-offs there may be: to give up again, money must go back."""
    canceled = sum(each.status == "canceled" for each in invoice.payments)
    return (write_off_key(invoice.id, ordinal) for ordinal in range(1, canceled + 2) if canceled)


def _invoice(invoice: InvoiceSnapshot, postings: Mapping[str, Posting]) -> InvoiceSnapshot:
    known = (postings.get(key) for key in _write_off_keys(invoice))
    return dataclasses.replace(
        invoice,
        payments=_payments(invoice.payments, postings),
        written_off_before_unix=tuple(each.happened_at_unix for each in known if _is_booked(each)),
    )


def _payments(
    payments: Iterable[InvoicePayment], postings: Mapping[str, Posting]
) -> tuple[InvoicePayment, ...]:
    """Return the payments, those that Stripe forgot as they were booked, by (paid_at, id)."""
    known = [_payment(each, postings) if _is_forgotten(each) else each for each in payments]
    known.sort(key=lambda each: (each.paid_at_unix is None, each.paid_at_unix or 0, each.id))
    return tuple(known)


def _payment(payment: InvoicePayment, postings: Mapping[str, Posting]) -> InvoicePayment:
    keys = receipt_key(payment.id), excess_key(receipt_key(payment.id))
    booked = [each for key in keys if _is_booked(each := postings.get(key))]
    if not booked:
        return payment
    return dataclasses.replace(
        payment,
        amount_paid_minor=sum(each.amount_minor or 0 for each in booked),
        paid_at_unix=booked[0].happened_at_unix,
    )


def _is_booked(posting: Posting | None) -> TypeGuard[Posting]:
    """Return whether a posting is, or may be, in the books and says when that happened."""
    if posting is None or not posting.happened_at_unix:
        return False
    return posting.may_be_booked or posting.state is State.CLOSED
