"""Numbers of documents: what a person sees in Intacct and finds again in Stripe."""

from tieout.domain.keys import fit
from tieout.domain.policy import Policy
from tieout.domain.text import clean
from tieout.planning.fields import NUMBER_LENGTH_MAX
from tieout.planning.snapshots import CreditNote, InvoiceSnapshot


def invoice_number(invoice: InvoiceSnapshot, policy: Policy) -> str:
    """Return the AR invoice's number: Stripe's number, or its id if policy says so."""
    return fit(_whole_number(invoice, policy), NUMBER_LENGTH_MAX)


def void_number(invoice: InvoiceSnapshot, policy: Policy) -> str:
    """Return the number of the credit memo that takes back a voided invoice."""
    return fit(f"{_whole_number(invoice, policy)}-VOID", NUMBER_LENGTH_MAX)


def credit_balance_number(invoice: InvoiceSnapshot, policy: Policy) -> str:
    """Return the number of the credit memo over the credit balance that an invoice used."""
    return fit(f"{_whole_number(invoice, policy)}-BALANCE", NUMBER_LENGTH_MAX)


def void_return_number(invoice: InvoiceSnapshot, payment_id: str, policy: Policy) -> str:
    """Return the number of the credit memo over what went back after the void."""
    return fit(f"{_whole_number(invoice, policy)}-VOID-{payment_id}", NUMBER_LENGTH_MAX)


def write_off_number(invoice: InvoiceSnapshot, ordinal: int, policy: Policy) -> str:
    """Return the number of the credit memo that writes an invoice off, maybe not the first time."""
    again = "" if ordinal == 1 else f"-{ordinal}"
    return fit(f"{_whole_number(invoice, policy)}-WRITEOFF{again}", NUMBER_LENGTH_MAX)


def recovery_number(invoice: InvoiceSnapshot, payment_id: str, policy: Policy) -> str:
    """Return the number of the debit memo that asks for what was written off and is paid now."""
    return fit(f"{_whole_number(invoice, policy)}-PAID-{payment_id}", NUMBER_LENGTH_MAX)


def credit_note_number(note: CreditNote, policy: Policy) -> str:
    """Return the number of a credit note's credit memo: Stripe's, or its id if policy says so."""
    return fit(_whole_credit_note_number(note, policy), NUMBER_LENGTH_MAX)


def credit_note_void_number(note: CreditNote, policy: Policy) -> str:
    """Return the number of the debit memo that takes back a voided credit note."""
    return fit(f"{_whole_credit_note_number(note, policy)}-VOID", NUMBER_LENGTH_MAX)


def _whole_credit_note_number(note: CreditNote, policy: Policy) -> str:
    number = note.number if policy.invoice_number == "number" else ""
    return clean(number, len(number) + 1) or note.id


def _whole_number(invoice: InvoiceSnapshot, policy: Policy) -> str:
    number = (invoice.number or "") if policy.invoice_number == "number" else ""
    return clean(number, len(number) + 1) or invoice.id
