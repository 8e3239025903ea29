"""Charges."""

from collections.abc import Iterable

from tieout.planning.snapshots import ChargeSnapshot, CustomerSnapshot, InvoicePayment
from tieout.stripe.decode.customer import customer
from tieout.stripe.decode.fields import Fields, object_of
from tieout.stripe.decode.moves import MOVES, fees, move


def latest_charge(raw: object) -> str | None:
    """Return the id of the newest charge of a payment intent; None if it has none yet.

    Raises:
        Refused: the object cannot be read.

    Source: stripe-api dossier section 4.5 (at most one charge of a payment intent succeeds, and
    none is made after it).
    """
    return object_of(raw, "payment_intent").identifier("latest_charge")


def charge(raw: object, payments: Iterable[InvoicePayment] = ()) -> ChargeSnapshot:
    """Return the snapshot of a charge whose balance transactions are expanded.

    They are null until Stripe has captured the charge, which `charge.updated` tells. The invoice is
    the one that a charge named before basil; since then only the InvoicePayments know.

    Args:
        raw: the charge, with its customer expanded or not.
        payments: every InvoicePayment of its payment intent; one that was canceled unpaid pays
            nothing.

    Raises:
        Refused: the object cannot be read, or a balance transaction is only named.

    Source: stripe-api dossier sections 0 (item 3) and 4.5.
    """
    fields = object_of(raw, "charge")
    moves = tuple(move(fields, each) for each in MOVES)
    named = fields.identifier("invoice")
    payments = tuple(payments)
    paid = [each.invoice for each in payments if each.is_of_its_invoice]
    means = fields.child("payment_method_details")
    return ChargeSnapshot(
        id=fields.text("id"),
        # Of what was authorised, a part may have been released.
        amount_minor=fields.integer_or_none("amount_captured") or fields.integer("amount"),
        currency=fields.currency(),
        status=fields.text("status"),
        created_unix=fields.moment("created"),
        captured=fields.boolean("captured"),
        payment_intent=fields.identifier("payment_intent"),
        invoices=tuple(dict.fromkeys([*([named] if named else []), *paid])),
        fees=fees(moves),
        moved_at_unix=max((each.created_unix for each in moves if each), default=None),
        payments=payments,
        movement=moves[0],
        failure=moves[1],
        customer=_customer(fields),
        description=fields.text_or_empty("description"),
        payment_method="" if means is None else means.text_or_empty("type"),
        metadata=fields.metadata(),
    )


def _customer(fields: Fields) -> CustomerSnapshot | None:
    """Return the live customer; of one that is not expanded, its id alone."""
    live = fields.expanded("customer")
    if live is not None:
        return customer(live.raw)
    identifier = fields.identifier("customer")
    return None if identifier is None else CustomerSnapshot(identifier)
