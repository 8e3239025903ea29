"""Given-up invoices: when that was, and what opened them again.

Stripe tells of the last time only; of earlier ones a snapshot knows what was booked of them.
"""

from collections.abc import Iterator

from tieout.planning.settlement import payments_that_brought_money
from tieout.planning.snapshots import InvoicePayment, InvoiceSnapshot


def given_up_at(invoice: InvoiceSnapshot) -> frozenset[int | None]:
    """Return when the invoice was given up, and so was what went back while it stayed so."""
    marked_at, is_given_up = invoice.marked_uncollectible_at_unix, invoice.status == "uncollectible"
    found: set[int | None] = {*invoice.written_off_before_unix}
    if marked_at is not None or is_given_up:
        found.add(marked_at)
    if marked_at is not None and is_given_up:
        found |= {
            each.returned_at_unix
            for each in payments_that_brought_money(invoice)
            if each.returned_at_unix is not None and each.returned_at_unix > marked_at
        }
    return frozenset(found)


def came_and_went(invoice: InvoiceSnapshot) -> Iterator[tuple[int, InvoicePayment]]:
    """Yield payments that opened a given-up invoice again, and when.

    Nothing is left to see of such a payment where Stripe forgets what it brought, and nobody booked
    it meanwhile: only that it was canceled when nothing else ended it, and the invoice is open.
    Once that ends, too, an attempt that never brought anything looks the same: then it is for the
    books to say.
    """
    marked_at, is_given_up = invoice.marked_uncollectible_at_unix, invoice.status == "uncollectible"
    marks = [*invoice.written_off_before_unix, *([] if marked_at is None else [marked_at])]
    ends = [each.paid_at_unix for each in payments_that_brought_money(invoice)]
    ends += [invoice.voided_at_unix, *(each.created_unix for each in invoice.credit_notes)]
    for payment in invoice.payments:
        if payment.status != "canceled" or payment.amount_paid_minor:
            continue
        at = payment.reopened_at_unix
        if at is None and invoice.status == "open":
            at = payment.returned_at_unix
        if at is None:
            continue
        mark = max((each for each in marks if each <= at), default=None)
        if mark is None or (is_given_up and mark == marked_at):
            continue
        if not any(end is not None and mark <= end <= at for end in ends):
            yield at, payment
