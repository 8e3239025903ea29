"""Who settled what: which payment pays how much of an invoice, and of which of its lines.

The same division is behind receipts, voids and refunds. A payment gets its share of the lines from
what earlier payments left, so that all payments together take every line exactly, and no share
changes when a later payment arrives.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tieout.domain.money import allocate
from tieout.planning.snapshots import InvoicePayment, InvoiceSnapshot

Shares = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Settlement:
    """A payment and what it settles of its invoice.

    Attributes:
        amount_minor: what fitted into what the invoice still asked for; 0 if nothing was left.
    """

    payment: InvoicePayment
    amount_minor: int


def settlements(invoice: InvoiceSnapshot) -> tuple[Settlement, ...]:
    """Return what each payment that brought money settles, in the order (paid_at, id).

    A payment never settles more than the invoice has left, and nothing of an invoice that was
    voided before it arrived. Money outside Stripe that no InvoicePayment stands for comes as a
    payment of its own, with the invoice's id.
    """
    left_minor = max(invoice.total_minor, 0)
    settled = []
    for payment in sorted([*_paid(invoice), *_out_of_band_rest(invoice)], key=_moment):
        too_late = _is_after_void(payment, invoice)
        amount_minor = 0 if too_late else min(payment.amount_paid_minor, left_minor)
        settled.append(Settlement(payment, amount_minor))
        left_minor -= amount_minor
    return tuple(settled)


def unexplained_minor(invoice: InvoiceSnapshot) -> int:
    """Return what Stripe counts as paid beyond the payments it shows, in minor units.

    Source: stripe-api dossier section 2.1 (rule 7): since basil, amount_paid includes money that
    was paid outside Stripe.
    """
    shown_minor = sum(payment.amount_paid_minor for payment in _paid(invoice))
    return max(invoice.amount_paid_minor - shown_minor, 0)


def is_paid_out_of_band(invoice: InvoiceSnapshot) -> bool:
    """Return whether what the payments do not explain must have been paid outside Stripe.

    Only a paid invoice was; and while a payment is still open, it may be the explanation.
    """
    is_settled = invoice.status == "paid" and invoice.paid_at_unix is not None
    return is_settled and not any(payment.status == "open" for payment in invoice.payments)


def divide(amounts_minor: Sequence[int], weights: Sequence[int]) -> tuple[list[Shares], Shares]:
    """Divide amounts over lines, one after the other, each over what the earlier ones left.

    Args:
        amounts_minor: what to divide, in order; none negative, together at most the lines' sum.
        weights: the lines' amounts.

    Returns:
        The shares of each amount, and what is left of each line: together exactly the lines.
    """
    left = tuple(weights)
    shares = []
    for amount_minor in amounts_minor:
        share = allocate(amount_minor, left) if amount_minor else (0,) * len(left)
        shares.append(share)
        left = subtract(left, share)
    return shares, left


def add(one: Shares, other: Shares) -> Shares:
    """Return the sums, line by line."""
    return tuple(first + second for first, second in zip(one, other, strict=True))


def subtract(one: Shares, other: Shares) -> Shares:
    """Return the differences, line by line."""
    return tuple(first - second for first, second in zip(one, other, strict=True))


def _paid(invoice: InvoiceSnapshot) -> list[InvoicePayment]:
    return [
        payment
        for payment in invoice.payments
        if payment.status == "paid" and payment.amount_paid_minor > 0
    ]


def _out_of_band_rest(invoice: InvoiceSnapshot) -> list[InvoicePayment]:
    amount_minor = unexplained_minor(invoice)
    if amount_minor == 0 or not is_paid_out_of_band(invoice):
        return []
    rest = InvoicePayment(
        id=invoice.id,
        invoice=invoice.id,
        amount_paid_minor=amount_minor,
        currency=invoice.currency,
        status="paid",
        paid_at_unix=invoice.paid_at_unix,
        out_of_band=True,
    )
    return [rest]


def _is_after_void(payment: InvoicePayment, invoice: InvoiceSnapshot) -> bool:
    if invoice.status != "void" or invoice.voided_at_unix is None:
        return False
    return _moment(payment)[0] > invoice.voided_at_unix


def _moment(payment: InvoicePayment) -> tuple[int, str]:
    return payment.paid_at_unix or 0, payment.id
