"""Raw Stripe JSON to snapshots: pure, and tolerant of every API version since 2020-03-02.

Unknown fields are ignored; what accounting needs and cannot find or understand is refused with the
path of the field, never guessed.
"""

from tieout.stripe.decode.customer import customer
from tieout.stripe.decode.event import event_hint, invoice_row
from tieout.stripe.decode.invoice import invoice
from tieout.stripe.decode.others import charge, other
from tieout.stripe.decode.payments import invoice_payment
from tieout.stripe.decode.refund import refund

__all__ = [
    "charge",
    "customer",
    "event_hint",
    "invoice",
    "invoice_payment",
    "invoice_row",
    "other",
    "refund",
]
