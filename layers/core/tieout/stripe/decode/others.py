"""Charges, and the objects that are recognised but not booked yet."""

from tieout.planning.snapshots import ChargeSnapshot, OtherSnapshot
from tieout.stripe.decode.fields import Fields, object_of
from tieout.stripe.decode.moves import MOVES, fees, moved_at


def charge(raw: object) -> ChargeSnapshot:
    """Return the snapshot of a charge whose balance transactions are expanded.

    They are null until Stripe has captured the charge, which `charge.updated` tells. The invoice is
    the one that a charge named before basil; since then only the InvoicePayments know.

    Raises:
        Refused: the object cannot be read, or a balance transaction is only named.

    Source: stripe-api dossier sections 0 (item 3) and 4.5.
    """
    fields = object_of(raw, "charge")
    named = fields.identifier("invoice")
    captured_minor = fields.integer_or_none("amount_captured")
    return ChargeSnapshot(
        id=fields.text("id"),
        # Of what was authorised, a part may have been released.
        amount_minor=captured_minor or fields.integer("amount"),
        currency=fields.currency(),
        status=fields.text("status"),
        created_unix=fields.moment("created"),
        captured=fields.boolean("captured"),
        payment_intent=fields.identifier("payment_intent"),
        invoices=(named,) if named else (),
        fees=fees(fields),
        moved_at_unix=max(filter(None, (moved_at(fields, each) for each in MOVES)), default=None),
    )


def other(raw: object, kind: str) -> OtherSnapshot:
    """Return what a person needs to find an object that is not booked yet.

    Args:
        raw: the object.
        kind: Stripe's name of it (`credit_note`, `checkout.session`, ...).

    Raises:
        Refused: the object cannot be read.

    Source: stripe-api dossier section 4.3 for what of a credit note is refunds.
    """
    fields = object_of(raw, kind)
    return OtherSnapshot(
        id=fields.text("id"),
        kind=kind,
        status=fields.text_or_empty("status"),
        amount_minor=_amount_minor(fields, kind),
        currency=None if fields.text_or_none("currency") is None else fields.currency(),
    )


def _amount_minor(fields: Fields, kind: str) -> int | None:
    if kind == "credit_note":
        # What was refunded outside Stripe names no refund.
        refunds = [each for each in fields.children("refunds") or () if each.identifier("refund")]
        return fields.integer("amount") - sum(each.integer("amount_refunded") for each in refunds)
    amount_minor = fields.integer_or_none("amount")
    # A checkout session calls it so.
    return fields.integer_or_none("amount_total") if amount_minor is None else amount_minor
