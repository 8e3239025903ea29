"""Invoices: an AR invoice once finalised, and everything that hangs on it."""

from collections.abc import Mapping
from datetime import date, timedelta

from tieout.domain.dates import accounting_date
from tieout.domain.documents import ArInvoice
from tieout.domain.keys import customer_key, invoice_key, reference
from tieout.domain.policy import Policy
from tieout.domain.policy_rules import Area
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.accounts import clearing
from tieout.planning.credit_balance import add_credit_used, negative_invoice_entry
from tieout.planning.customers import add_customer, debtor_id
from tieout.planning.draft import PlanDraft
from tieout.planning.facts import invoice_case
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX
from tieout.planning.lines import invoice_lines
from tieout.planning.numbers import invoice_number
from tieout.planning.payments import add_receipts
from tieout.planning.periods import is_before_books, posting_date
from tieout.planning.receivable import receivable
from tieout.planning.rules import answer
from tieout.planning.snapshots import InvoiceSnapshot
from tieout.planning.uncollectible import add_write_off
from tieout.planning.voids import add_void

_FINAL_STATUSES = frozenset({"open", "paid", "uncollectible"})


def add_invoice(
    draft: PlanDraft, invoice: InvoiceSnapshot, policy: Policy, booked_under: Mapping[str, Policy]
) -> None:
    """Plan an invoice: customer, AR invoice, what settled it, write-off and void.

    A draft, and a draft that was voided, never owed anybody anything: it calls for nothing.
    """
    key = invoice_key(invoice.id)
    if not _is_final(invoice):
        if invoice.status == "void":
            draft.not_booked(key, Reason.NOTHING_TO_BOOK, "voided before it was finalised")
        return
    is_skipped = (
        invoice.total_minor == 0 and policy.zero_invoices == "skip" and key not in booked_under
    )
    if is_skipped:
        draft.not_booked(
            key,
            Reason.NOTHING_TO_BOOK,
            "the invoice is over nothing, and `invoices.zero` is `skip`",
            0,
            invoice.currency,
        )
    else:
        build = _ar_invoice if invoice.total_minor >= 0 else negative_invoice_entry
        draft.document(key, lambda: build(invoice, policy), invoice.total_minor, invoice.currency)
    account, original = receivable(invoice), booked_under.get(key, policy)
    add_credit_used(draft, invoice, account, policy, original)
    add_receipts(draft, invoice, account, policy, booked_under)
    add_write_off(draft, invoice, account, policy, original)
    if account.void is not None and not is_skipped:
        add_void(draft, invoice, account, policy, booked_under)
    is_ours = not is_skipped and not is_before_books(invoice.issued_at_unix, policy)
    if invoice.customer is not None and (is_ours or draft.has_documents):
        add_customer(draft, invoice.customer, policy)


def _is_final(invoice: InvoiceSnapshot) -> bool:
    if invoice.status == "void":
        return invoice.finalized_at_unix is not None
    return invoice.status in _FINAL_STATUSES


def _ar_invoice(invoice: InvoiceSnapshot, policy: Policy) -> ArInvoice:
    invoice_date = accounting_date(invoice.issued_at_unix, policy.zone)
    posted = posting_date(invoice_date, policy)
    # A currency without clearing account is one that the controller has not decided about.
    clearing(invoice.currency, policy)
    return ArInvoice(
        key=invoice_key(invoice.id),
        stripe_id=invoice.id,
        customer_id=debtor_id(invoice, policy),
        customer_key=customer_key(invoice.customer.id if invoice.customer else ""),
        number=invoice_number(invoice, policy),
        reference=reference(invoice.id),
        invoice_date=invoice_date,
        posting_date=posted.day,
        due_date=_due_date(invoice, invoice_date, policy),
        currency=invoice.currency,
        description=clean(f"Stripe invoice {invoice.id}{posted.note}", DESCRIPTION_LENGTH_MAX),
        lines=invoice_lines(invoice, policy),
        total_minor=invoice.total_minor,
    )


def _due_date(invoice: InvoiceSnapshot, invoice_date: date, policy: Policy) -> date:
    """Return when the invoice is due; Stripe says so only for invoices sent for payment."""
    if invoice.due_date_unix is not None:
        return accounting_date(invoice.due_date_unix, policy.zone)
    ruled = answer(Area.DUE_DATE, invoice_case(invoice, policy), policy).settings.get("due_days")
    return invoice_date + timedelta(days=policy.due_days if ruled is None else int(ruled))
