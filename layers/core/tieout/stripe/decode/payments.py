"""What settled an invoice: InvoicePayments, and what stood for them before they existed."""

from collections.abc import Sequence

from tieout.planning.snapshots import InvoicePayment
from tieout.stripe.decode.fields import Fields, object_of

_PAID = "paid"
_CANCELED = "canceled"
_STATUSES = frozenset({"open", _PAID, _CANCELED})
_TYPES = frozenset({"payment_intent", "charge", "payment_record"})


def invoice_payment(raw: object) -> InvoicePayment:
    """Return an InvoicePayment; one that is not paid yet has settled 0.

    Raises:
        Refused: the object cannot be read.

    Source: stripe-api dossier section 4.4.
    """
    fields = object_of(raw, "invoice_payment")
    status = fields.one_of("status", _STATUSES)
    means = fields.child("payment")
    if means is None:
        raise fields.refusal("payment")
    invoice = fields.identifier("invoice")
    if invoice is None:
        raise fields.refusal("invoice")
    return InvoicePayment(
        id=fields.text("id"),
        invoice=invoice,
        amount_paid_minor=_amount_paid(fields, status),
        currency=fields.currency(),
        status=status,
        paid_at_unix=_paid_at(fields) if _was_paid(fields, status) else None,
        payment_intent=means.identifier("payment_intent"),
        charge=means.identifier("charge"),
        out_of_band=means.one_of("type", _TYPES) == "payment_record",
        payment_record=means.identifier("payment_record"),
        returned_at_unix=_canceled_at(fields),
    )


def _was_paid(fields: Fields, status: str) -> bool:
    """Return whether the payment brought money, even if that went back since.

    How Stripe shows a payment that failed after it had succeeded is not documented; where it keeps
    what was paid and when, the receipt stays, and its reversal says the rest.
    """
    transitions = fields.child("status_transitions")
    shows_when = transitions is not None and transitions.moment_or_none("paid_at") is not None
    return status == _PAID or (status == _CANCELED and shows_when)


def _amount_paid(fields: Fields, status: str) -> int:
    if status == _PAID:
        return fields.integer("amount_paid")
    return (fields.integer_or_none("amount_paid") or 0) if _was_paid(fields, status) else 0


def _canceled_at(fields: Fields) -> int | None:
    transitions = fields.child("status_transitions")
    return None if transitions is None else transitions.moment_or_none("canceled_at")


def payments_of_invoice(
    invoice: Fields, listed: Sequence[object] | None
) -> tuple[InvoicePayment, ...]:
    """Return everything that settled an invoice, by (paid_at, id), what is unpaid last.

    Looked for in this order: the InvoicePayments that the caller listed; those embedded in the
    invoice; the charge or payment intent that an invoice named before basil. The last has no
    InvoicePayment's id, so it stands under the id of the payment intent (else the charge): the
    documents are the same but for the receipt's key. Who wants that key, too, lists the
    InvoicePayments and hands them in: they exist for every invoice finalised since 2019-03-15.

    Raises:
        Refused: they cannot be read, are incomplete, or something was paid and nothing says how.

    Source: stripe-api dossier sections 3.2 and 4.4.
    """
    found = _embedded(invoice) if listed is None else [invoice_payment(each) for each in listed]
    if found is None:
        found = _before_basil(invoice)
    return tuple(
        sorted(found, key=lambda each: (each.paid_at_unix is None, each.paid_at_unix or 0, each.id))
    )


def _embedded(invoice: Fields) -> list[InvoicePayment] | None:
    embedded = invoice.child("payments")
    if embedded is None:
        return None
    if embedded.boolean("has_more"):
        raise invoice.refusal("payments", "is incomplete: list the rest first")
    rows = embedded.children("data")
    if rows is None:
        raise embedded.refusal("data")
    return [invoice_payment(row.raw) for row in rows]


def _before_basil(invoice: Fields) -> list[InvoicePayment]:
    amount_paid = invoice.integer("amount_paid")
    payment_intent = invoice.identifier("payment_intent")
    charge = invoice.identifier("charge")
    # Paid outside Stripe leaves the payment intent, cancelled, but no charge.
    if amount_paid == 0 or (invoice.boolean("paid_out_of_band") and charge is None):
        return []
    identifier = payment_intent or charge
    if identifier is None:
        raise invoice.refusal("payments", "is missing, so nothing says how it was paid")
    return [
        InvoicePayment(
            id=identifier,
            invoice=invoice.text("id"),
            amount_paid_minor=amount_paid,
            currency=invoice.currency(),
            status=_PAID,
            paid_at_unix=_paid_at(invoice),
            payment_intent=payment_intent,
            # Today's shape names the charge only where there is no payment intent.
            charge=None if payment_intent else charge,
        )
    ]


def _paid_at(fields: Fields) -> int:
    transitions = fields.child("status_transitions")
    if transitions is None:
        raise fields.refusal("status_transitions")
    return transitions.moment("paid_at")
