"""Who settled what: the payments of an invoice, and which of its lines each of them pays.

The same division is behind receipts, voids and refunds. A payment gets its share of the lines from
what earlier payments left, so that all payments together take every line exactly, and no share
changes when a later payment arrives.
"""

from collections.abc import Sequence

from tieout.domain.keys import out_of_band_receipt_key, receipt_key
from tieout.domain.money import allocate
from tieout.planning.snapshots import InvoicePayment, InvoiceSnapshot

Shares = tuple[int, ...]


def payments_that_brought_money(invoice: InvoiceSnapshot) -> tuple[InvoicePayment, ...]:
    """Return them in the order (paid_at, id); one whose money went back later is among them.

    Money outside Stripe that no InvoicePayment stands for comes as a payment of its own, with the
    invoice's id.
    """
    return tuple(sorted([*_shown(invoice), *_out_of_band_rest(invoice)], key=_moment))


def unexplained_minor(invoice: InvoiceSnapshot) -> int:
    """Return what Stripe counts as paid beyond the payments it shows, in minor units.

    Source: stripe-api dossier section 2.1 (rule 7): since basil, amount_paid includes money that
    was paid outside Stripe.
    """
    shown_minor = sum(each.amount_paid_minor for each in _shown(invoice) if each.status == "paid")
    return max(invoice.amount_paid_minor - shown_minor, 0)


def is_paid_out_of_band(invoice: InvoiceSnapshot) -> bool:
    """Return whether what the payments do not explain must have been paid outside Stripe.

    Only a paid invoice was; and while a payment is still open, it may be the explanation.
    """
    is_settled = invoice.status == "paid" and invoice.paid_at_unix is not None
    return is_settled and not any(payment.status == "open" for payment in invoice.payments)


def receipt_key_of(payment: InvoicePayment, invoice: InvoiceSnapshot) -> str:
    """Return the key of a payment's receipt."""
    if payment.id == invoice.id:
        return out_of_band_receipt_key(invoice.id)
    return receipt_key(payment.id)


def divide(amounts_minor: Sequence[int], weights: Sequence[int]) -> tuple[list[Shares], Shares]:
    """Divide amounts over lines, one after the other, each over what the earlier ones left.

    Args:
        amounts_minor: what to divide, in order; none negative. What exceeds the lines is cut.
        weights: the lines' amounts.

    Returns:
        The shares of each amount, and what is left of each line: together exactly the lines.
    """
    left = tuple(weights)
    shares = []
    for amount_minor in amounts_minor:
        fitting_minor = min(amount_minor, sum(left))
        share = allocate(fitting_minor, left) if fitting_minor > 0 else (0,) * len(left)
        shares.append(share)
        left = subtract(left, share)
    return shares, left


def add(one: Shares, other: Shares) -> Shares:
    """Return the sums, line by line."""
    return tuple(first + second for first, second in zip(one, other, strict=True))


def subtract(one: Shares, other: Shares) -> Shares:
    """Return the differences, line by line."""
    return tuple(first - second for first, second in zip(one, other, strict=True))


def not_below_zero(left: Sequence[int], lines: Sequence[int]) -> Shares:
    """Return what is left of each line, and nothing where more was taken than there was.

    Args:
        left: what is left of each line.
        lines: what it is of; a line below zero is a credit, and stays as it is.
    """
    return tuple(
        max(rest, 0) if line >= 0 else rest for rest, line in zip(left, lines, strict=True)
    )


def _shown(invoice: InvoiceSnapshot) -> list[InvoicePayment]:
    return [
        payment
        for payment in invoice.payments
        if payment.status in {"paid", "canceled"} and payment.amount_paid_minor > 0
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


def _moment(payment: InvoicePayment) -> tuple[int, str]:
    return payment.paid_at_unix or 0, payment.id
