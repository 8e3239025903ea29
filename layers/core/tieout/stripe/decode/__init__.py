"""Raw Stripe JSON to snapshots: pure, and tolerant of every API version since 2020-03-02.

Unknown fields are ignored; what accounting needs and cannot find or understand is refused with the
path of the field, never guessed.
"""

from tieout.stripe.decode.balance import balance
from tieout.stripe.decode.charge import charge, latest_charge
from tieout.stripe.decode.credit_note import credit_note, credited_invoice
from tieout.stripe.decode.customer import balance_change, customer
from tieout.stripe.decode.event import event_hint, invoice_row
from tieout.stripe.decode.invoice import invoice
from tieout.stripe.decode.movement import movement
from tieout.stripe.decode.others import other
from tieout.stripe.decode.payments import invoice_payment
from tieout.stripe.decode.refund import refund
from tieout.stripe.decode.transfers import dispute, payout, tells_content, topup

__all__ = [
    "balance",
    "balance_change",
    "charge",
    "credit_note",
    "credited_invoice",
    "customer",
    "dispute",
    "event_hint",
    "invoice",
    "invoice_payment",
    "invoice_row",
    "latest_charge",
    "movement",
    "other",
    "payout",
    "refund",
    "tells_content",
    "topup",
]
