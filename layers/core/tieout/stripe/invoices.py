"""Reading invoices with everything that hangs on them, in one state."""

from collections.abc import Iterable

from tieout.domain.errors import Unavailable
from tieout.planning.snapshots import CreditNote, InvoicePayment, InvoiceSnapshot
from tieout.stripe import decode
from tieout.stripe.rows import Raw, Rows, has_more

LINES_MAX = 5_000
PAYMENTS_MAX = 1_000
CREDIT_NOTES_MAX = 1_000


def read_invoice(
    rows: Rows, identifier: str, account: str | None, *, with_credit_notes: bool = False
) -> InvoiceSnapshot:
    """Return an invoice of which all parts belong to one moment.

    A normal invoice is one answer. What needs several is read again when its payments or credit
    notes do not sum to what it says: either they never do (paid outside Stripe) and nothing moved
    in between, or something came in while we read.

    Args:
        rows: Stripe.
        identifier: of the invoice.
        account: the connected account that owns it; None for the company's own.
        with_credit_notes: whether to list credit notes that the invoice's amounts do not show: a
            void one leaves no trace there.

    Raises:
        Unavailable: it keeps changing. Refused and other faults: as `Rows` says.
    """
    before = rows.reads
    first = _as_read(rows, identifier, account, with_credit_notes=with_credit_notes)
    if rows.reads == before + 1 or _adds_up(first):
        return first
    second = _as_read(rows, identifier, account, with_credit_notes=with_credit_notes)
    if _adds_up(second) or second == first:
        return second
    raise Unavailable(f"invoice {identifier} is changing while it is read")


def payments_of(rows: Rows, intent: str | None, account: str | None) -> tuple[InvoicePayment, ...]:
    """Return the InvoicePayments of a payment intent, in any status.

    Stripe offers no filter for a charge that has no payment intent (before 2019-03-15): its invoice
    is only found from the invoice's side.

    Source: stripe-api dossier sections 2.1 and 4.4.
    """
    if intent is None:
        return ()
    of_it = {"payment": {"type": "payment_intent", "payment_intent": intent}}
    found = rows.all(("invoice_payments",), account, of_it, PAYMENTS_MAX)
    return tuple(map(decode.invoice_payment, found))


def _as_read(
    rows: Rows, identifier: str, account: str | None, *, with_credit_notes: bool
) -> InvoiceSnapshot:
    place = ("invoices", identifier)
    raw = rows.get(place, account, {"expand": ["customer", "payments"]})
    of_it = {"invoice": identifier}
    lines = payments = None
    notes: Iterable[CreditNote] = ()
    if has_more(raw.get("lines")):
        lines = list(rows.all((*place, "lines"), account, {}, LINES_MAX))
    if raw.get("payments") is None or has_more(raw["payments"]):
        payments = list(rows.all(("invoice_payments",), account, of_it, PAYMENTS_MAX))
    if with_credit_notes or _is_credited(raw):
        listed = rows.all(("credit_notes",), account, of_it, CREDIT_NOTES_MAX)
        notes = [_credit_note(rows, each, account) for each in listed]
    return decode.invoice(raw, lines, payments, notes)


def _is_credited(raw: Raw) -> bool:
    amounts = ("pre_payment_credit_notes_amount", "post_payment_credit_notes_amount")
    return any(raw.get(name) for name in amounts)


def _credit_note(rows: Rows, raw: Raw, account: str | None) -> CreditNote:
    lines = None
    if has_more(raw.get("lines")):
        place = ("credit_notes", str(raw.get("id")), "lines")
        lines = list(rows.all(place, account, {}, LINES_MAX))
    return decode.credit_note(raw, lines)


def _adds_up(invoice: InvoiceSnapshot) -> bool:
    paid_minor = sum(each.amount_paid_minor for each in invoice.payments)
    issued = [each for each in invoice.credit_notes if each.status == "issued"]
    return (
        paid_minor == invoice.amount_paid_minor
        and sum(each.pre_payment_minor for each in issued) == invoice.pre_payment_credit_notes_minor
    )
