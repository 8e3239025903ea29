"""Numbers of documents: what a person sees in Intacct and finds again in Stripe."""

from tieout.domain.keys import fit
from tieout.domain.policy import Policy
from tieout.domain.text import clean
from tieout.planning.fields import NUMBER_LENGTH_MAX
from tieout.planning.snapshots import InvoiceSnapshot


def invoice_number(invoice: InvoiceSnapshot, policy: Policy) -> str:
    """Return the AR invoice's number: Stripe's number, or its id if policy says so."""
    return fit(_whole_number(invoice, policy), NUMBER_LENGTH_MAX)


def void_number(invoice: InvoiceSnapshot, policy: Policy) -> str:
    """Return the number of the credit memo that takes back a voided invoice."""
    return fit(f"{_whole_number(invoice, policy)}-VOID", NUMBER_LENGTH_MAX)


def _whole_number(invoice: InvoiceSnapshot, policy: Policy) -> str:
    number = (invoice.number or "") if policy.invoice_number == "number" else ""
    return clean(number, len(number) + 1) or invoice.id
