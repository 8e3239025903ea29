"""What moves money between Stripe's balance and somebody's bank: disputes, payouts and top-ups.

Their statuses are taken as they are: what is booked is how the balance moved, and that is read with
them.
"""

from collections.abc import Iterable

from tieout.planning.snapshots import (
    BalanceTransaction,
    DisputeSnapshot,
    PayoutSnapshot,
    TopupSnapshot,
)
from tieout.stripe.decode.fields import object_of
from tieout.stripe.decode.movement import in_order

Movements = Iterable[BalanceTransaction]


def dispute(raw: object, movements: Movements) -> DisputeSnapshot:
    """Return the snapshot of a dispute.

    Raises:
        Refused: the object cannot be read.

    Source: stripe-api dossier section 4.6.
    """
    fields = object_of(raw, "dispute")
    return DisputeSnapshot(
        id=fields.text("id"),
        status=fields.text("status"),
        amount_minor=fields.integer("amount"),
        currency=fields.currency(),
        created_unix=fields.moment("created"),
        movements=in_order(movements),
        charge=fields.identifier("charge"),
        payment_intent=fields.identifier("payment_intent"),
        reason=fields.text_or_empty("reason"),
    )


def payout(raw: object, movements: Movements, content_minor: int | None = None) -> PayoutSnapshot:
    """Return the snapshot of a payout.

    Raises:
        Refused: the object cannot be read.

    Source: stripe-api dossier section 4.8.
    """
    fields = object_of(raw, "payout")
    trace = fields.child("trace_id")
    return PayoutSnapshot(
        id=fields.text("id"),
        status=fields.text("status"),
        amount_minor=fields.integer("amount"),
        currency=fields.currency(),
        created_unix=fields.moment("created"),
        arrival_unix=fields.moment("arrival_date"),
        automatic=fields.boolean("automatic"),
        method=fields.text_or_empty("method"),
        movements=in_order(movements),
        content_minor=content_minor,
        trace_id="" if trace is None else trace.text_or_empty("value"),
    )


def tells_content(raw: object) -> bool:
    """Return whether Stripe tells what a payout pays out: it was automatic, and is reconciled.

    Raises:
        Refused: the object cannot be read.

    Source: stripe-api dossier section 4.8.
    """
    fields = object_of(raw, "payout")
    return fields.boolean("automatic") and fields.text("reconciliation_status") == "completed"


def topup(raw: object, movements: Movements) -> TopupSnapshot:
    """Return the snapshot of a top-up.

    Raises:
        Refused: the object cannot be read.
    """
    fields = object_of(raw, "topup")
    return TopupSnapshot(
        id=fields.text("id"),
        status=fields.text("status"),
        amount_minor=fields.integer("amount"),
        currency=fields.currency(),
        created_unix=fields.moment("created"),
        movements=in_order(movements),
    )
