"""Reading invoices with everything that hangs on them, in one state."""

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

    What needs several answers is read again when the payments or credit notes that were listed do
    not sum to what it says: either they never do (paid outside Stripe) and nothing moved in
    between, or something came in while we read.

    Args:
        rows: Stripe.
        identifier: of the invoice.
        account: the connected account that owns it; None for the company's own.
        with_credit_notes: whether to list credit notes even if nothing shows that there are any.

    Raises:
        Unavailable: it keeps changing. Refused and other faults: as `Rows` says.
    """
    first, is_one_state = _as_read(rows, identifier, account, with_credit_notes=with_credit_notes)
    if is_one_state:
        return first
    second, is_one_state = _as_read(rows, identifier, account, with_credit_notes=with_credit_notes)
    if is_one_state or second == first:
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
) -> tuple[InvoiceSnapshot, bool]:
    """Return the invoice, and whether what was listed besides adds up to what it says."""
    place = ("invoices", identifier)
    raw = rows.get(place, account, {"expand": ["customer", "payments"]})
    of_it = {"invoice": identifier}
    lines = payments = None
    if has_more(raw.get("lines")):
        lines = list(rows.all((*place, "lines"), account, {}, LINES_MAX))
    if raw.get("payments") is None or has_more(raw["payments"]):
        payments = list(rows.all(("invoice_payments",), account, of_it, PAYMENTS_MAX))
    invoice = decode.invoice(raw, lines, payments)
    is_one_state = payments is None or _payments_add_up(invoice)
    if with_credit_notes or _may_be_credited(invoice):
        listed = rows.all(("credit_notes",), account, of_it, CREDIT_NOTES_MAX)
        notes = [_credit_note(rows, each, account) for each in listed]
        invoice = decode.invoice(raw, lines, payments, notes)
        is_one_state = is_one_state and _credit_notes_add_up(invoice)
    return invoice, is_one_state


def _may_be_credited(invoice: InvoiceSnapshot) -> bool:
    """Return whether credit notes can matter to what else is booked of the invoice.

    Its amounts forget a note that was voided. Yet what was settled after that depends on it: its
    memo stays applied to the AR invoice, and what it took off is asked for by a debit memo.
    Source: stripe-api dossier section 4.3.
    """
    is_credited = invoice.pre_payment_credit_notes_minor or invoice.post_payment_credit_notes_minor
    is_tried = any(each.status != "open" for each in invoice.payments)
    return bool(is_credited or is_tried or invoice.status not in {"draft", "open"})


def _credit_note(rows: Rows, raw: Raw, account: str | None) -> CreditNote:
    lines = None
    if has_more(raw.get("lines")):
        place = ("credit_notes", str(raw.get("id")), "lines")
        lines = list(rows.all(place, account, {}, LINES_MAX))
    return decode.credit_note(raw, lines)


def _payments_add_up(invoice: InvoiceSnapshot) -> bool:
    return sum(each.amount_paid_minor for each in invoice.payments) == invoice.amount_paid_minor


def _credit_notes_add_up(invoice: InvoiceSnapshot) -> bool:
    issued = [each for each in invoice.credit_notes if each.status == "issued"]
    credited_minor = sum(each.pre_payment_minor for each in issued)
    return credited_minor == invoice.pre_payment_credit_notes_minor
