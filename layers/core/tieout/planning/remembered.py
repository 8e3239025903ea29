"""What Stripe forgets and the postings remember.

When a payment fails late, Stripe may no longer show what it had brought, nor when; and an invoice
that is given up again no longer tells of the first time. Of a deleted customer there is no metadata
any more; of any other, and of a charge, only what it is today. What was booked stands: a snapshot
is completed with what the postings say, and then planned like any other.
Source: stripe-api dossier sections 4.1 (status_transitions), 4.4 and 4.10; how Stripe shows a late
failure is not documented.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeGuard

from tieout.domain import effects
from tieout.domain.keys import (
    customer_key,
    excess_key,
    receipt_key,
    recovery_key,
    sale_key,
    write_off_key,
)
from tieout.domain.postings import Posting, State
from tieout.planning.snapshots import (
    ChargeSnapshot,
    CreditNoteSnapshot,
    CustomerSnapshot,
    InvoicePayment,
    InvoiceSnapshot,
    RefundSnapshot,
    Snapshot,
)


def keys_to_remember(snapshot: Snapshot | None) -> frozenset[str]:
    """Return the keys of the postings that may know more of a snapshot than Stripe tells."""
    invoices, charge = _invoices(snapshot), _charge_of(snapshot)
    payments = [each for invoice in invoices for each in invoice.payments]
    customers = [invoice.customer for invoice in invoices]
    if charge is not None:
        payments += charge.payments
        customers.append(charge.customer)
    sales = [] if charge is None else [sale_key(charge.payment_intent or charge.id)]
    receipts = [receipt_key(each.id) for each in payments if _is_forgotten(each)]
    return frozenset(
        key
        for keys in (
            sales,
            receipts,
            map(excess_key, receipts),
            map(recovery_key, receipts),
            (customer_key(each.id) for each in customers if each is not None and each.deleted),
            *map(_write_off_keys, invoices),
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
            sale = None if snapshot.sale is None else _charge(snapshot.sale, postings)
            return dataclasses.replace(snapshot, invoices=invoices, sale=sale)
        case ChargeSnapshot():
            return _charge(snapshot, postings)
        case _:
            return snapshot


def _charge_of(snapshot: Snapshot | None) -> ChargeSnapshot | None:
    match snapshot:
        case ChargeSnapshot():
            return snapshot
        case RefundSnapshot():
            return snapshot.sale
        case _:
            return None


def _invoices(snapshot: Snapshot | None) -> Sequence[InvoiceSnapshot]:
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


def _charge(charge: ChargeSnapshot, postings: Mapping[str, Posting]) -> ChargeSnapshot:
    payments = _payments(charge.payments, postings)
    paid = [each.invoice for each in payments if each.is_of_its_invoice]
    on, why = _earned(postings.get(sale_key(charge.payment_intent or charge.id)))
    return dataclasses.replace(
        charge,
        earned_on=on,
        earned_why=why,
        customer=_customer(charge.customer, postings),
        payments=payments,
        invoices=tuple(dict.fromkeys([*charge.invoices, *paid])),
        paid_invoices=tuple(_invoice(each, postings) for each in charge.paid_invoices),
    )


def _earned(sale: Posting | None) -> tuple[str, str]:
    """Return where the document of a sale stands that is, or may be, booked, and what chose that.

    Its one line is the one that it credits.
    """
    if sale is None or not sale.may_be_booked:
        return "", ""
    booked = effects.read(sale.effects)
    places = (place for place, amount_minor in booked.items() if amount_minor < 0)
    first, _, _ = sale.chosen_by.partition("\n")
    why = first.partition(": ")[2] if first[:1].isdecimal() else ""
    return next(places, ""), why


def _customer(
    customer: CustomerSnapshot | None, postings: Mapping[str, Posting]
) -> CustomerSnapshot | None:
    if customer is None or not customer.deleted:
        return customer
    booked = postings.get(customer_key(customer.id))
    if booked is None or booked.record_no is None:
        return customer
    return dataclasses.replace(customer, booked_as=booked.number)


def _invoice(invoice: InvoiceSnapshot, postings: Mapping[str, Posting]) -> InvoiceSnapshot:
    known = (postings.get(key) for key in _write_off_keys(invoice))
    return dataclasses.replace(
        invoice,
        customer=_customer(invoice.customer, postings),
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
        recovery = postings.get(recovery_key(keys[0]))
        if recovery is None or not _stands(recovery):
            return payment
        at = recovery.happened_at_unix or payment.returned_at_unix
        return dataclasses.replace(payment, reopened_at_unix=at)
    return dataclasses.replace(
        payment,
        amount_paid_minor=sum(each.amount_minor or 0 for each in booked),
        paid_at_unix=booked[0].happened_at_unix,
    )


def _is_booked(posting: Posting | None) -> TypeGuard[Posting]:
    """Return whether a posting is, or may be, in the books and says when that happened."""
    return posting is not None and posting.happened_at_unix != 0 and _stands(posting)


def _stands(posting: Posting) -> bool:
    return posting.may_be_booked or posting.state is State.CLOSED
