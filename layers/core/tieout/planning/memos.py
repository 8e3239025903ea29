"""Credit memos and debit memos of an invoice, and what a credit memo is applied to."""

from collections.abc import Iterable
from datetime import date

from tieout.domain.documents import ArAdjustment, ArLine, CreditApplication
from tieout.domain.keys import application_key, customer_key, invoice_key
from tieout.domain.policy import Policy
from tieout.domain.text import clean
from tieout.planning.customers import debtor_id
from tieout.planning.deferral import taken_back_lines
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX
from tieout.planning.lines import shared_dimensions
from tieout.planning.numbers import invoice_number
from tieout.planning.periods import posting_date
from tieout.planning.receivable import Relief
from tieout.planning.snapshots import InvoiceSnapshot


def adjustment(  # noqa: PLR0913 - what a memo consists of
    invoice: InvoiceSnapshot,
    *,
    key: str,
    number: str,
    day: date,
    text: str,
    lines: Iterable[ArLine],
    policy: Policy,
    original: Policy,
    stripe_id: str = "",
    happened_at_unix: int = 0,
) -> ArAdjustment:
    """Return a memo over the sum of its lines; they are negative for a credit memo.

    A line that is earned over time is taken back as it is on the day: see `taken_back_lines`.

    Args:
        invoice: that it is about.
        key: the document's key.
        number: ADJUSTMENTNO.
        day: when it happened.
        text: for people, with the Stripe id.
        lines: signed like an invoice's: positive is owed.
        policy: today's, for the posting date.
        original: under which the invoice was booked.
        stripe_id: of the object behind it, if that is not the invoice.
        happened_at_unix: when, where Stripe may forget it.

    Raises:
        Refused: the invoice has no usable customer, or the day is before the books or closed.
    """
    posted = posting_date(day, policy)
    of = tuple(part for line in lines for part in taken_back_lines(line, day))
    return ArAdjustment(
        key=key,
        stripe_id=stripe_id or invoice.id,
        customer_key=customer_key(invoice.customer.id if invoice.customer else ""),
        customer_id=debtor_id(invoice, original),
        invoice_key=invoice_key(invoice.id),
        number=number,
        invoice_number=invoice_number(invoice, original),
        adjustment_date=day,
        posting_date=posted.day,
        currency=invoice.currency,
        description=clean(f"{text}{posted.note}", DESCRIPTION_LENGTH_MAX),
        lines=of,
        total_minor=sum(line.amount_minor for line in of),
        happened_at_unix=happened_at_unix,
    )


def application(
    invoice: InvoiceSnapshot, credit_memo: str, relief: Relief, day: date, text: str, policy: Policy
) -> CreditApplication:
    """Return the application of a credit memo to what it settles.

    Raises:
        Refused: the day is before the books, or closed.
    """
    posted = posting_date(day, policy)
    return CreditApplication(
        key=application_key(credit_memo),
        adjustment_key=credit_memo,
        invoice_key=invoice_key(invoice.id),
        application_date=posted.day,
        currency=invoice.currency,
        amount_minor=relief.amount_minor,
        memo=clean(f"{text}{posted.note}", DESCRIPTION_LENGTH_MAX),
        debit_memos=relief.debit_memos,
        after=relief.after,
    )


def plain_line(
    invoice: InvoiceSnapshot, account: str, amount_minor: int, memo: str, why: str, policy: Policy
) -> ArLine:
    """Return a line that belongs to the invoice as a whole; signed like an invoice's."""
    return ArLine(account, amount_minor, memo, shared_dimensions(invoice, policy), why)
