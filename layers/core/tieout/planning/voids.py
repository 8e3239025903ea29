"""Voids: an invoice that is no longer owed.

Unpaid, the invoice is reversed. Once something settled part of it, Intacct refuses that, so a
credit memo takes back what is left of each line, and is applied to the invoice.
Source: intacct-xml-api dossier sections 7.2 (reverse_invoice) and 7.5 (credit memo).
"""

import dataclasses
from datetime import date

from tieout.domain.dates import accounting_date
from tieout.domain.documents import ArAdjustment, CreditApplication, InvoiceReversal
from tieout.domain.errors import Refused
from tieout.domain.keys import customer_key, invoice_key, void_application_key, void_key
from tieout.domain.money import allocate
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.customers import debtor_id
from tieout.planning.draft import PlanDraft
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX
from tieout.planning.lines import invoice_lines
from tieout.planning.numbers import invoice_number, void_number
from tieout.planning.periods import posting_date
from tieout.planning.settlement import divide, settlements
from tieout.planning.snapshots import InvoiceSnapshot


def add_void(draft: PlanDraft, invoice: InvoiceSnapshot, policy: Policy, original: Policy) -> None:
    """Plan what takes a voided invoice back, on the day it was voided.

    What credit notes took off before is theirs to book, so it is not taken back a second time.

    Args:
        draft: where the documents go.
        invoice: as Stripe has it.
        policy: today's, for the date.
        original: the one that the invoice was booked under, for whatever is taken back.
    """
    settled_minor = sum(settlement.amount_minor for settlement in settlements(invoice))
    rest_minor = invoice.total_minor - settled_minor - invoice.pre_payment_credit_notes_minor
    key = void_key(invoice.id)
    if rest_minor == invoice.total_minor:
        draft.document(key, lambda: _reversal(invoice, policy), rest_minor, invoice.currency)
    elif rest_minor > 0:
        draft.document(
            key,
            lambda: _credit_memo(invoice, rest_minor, policy, original),
            -rest_minor,
            invoice.currency,
        )
        draft.document(
            void_application_key(invoice.id),
            lambda: _application(invoice, rest_minor, policy),
            rest_minor,
            invoice.currency,
        )


def _reversal(invoice: InvoiceSnapshot, policy: Policy) -> InvoiceReversal:
    posted = posting_date(_voided_on(invoice, policy), policy)
    return InvoiceReversal(
        key=void_key(invoice.id),
        invoice_key=invoice_key(invoice.id),
        reversal_date=posted.day,
        currency=invoice.currency,
        amount_minor=invoice.total_minor,
        description=_description(invoice, posted.note),
    )


def _credit_memo(
    invoice: InvoiceSnapshot, rest_minor: int, policy: Policy, original: Policy
) -> ArAdjustment:
    voided_on = _voided_on(invoice, policy)
    posted = posting_date(voided_on, policy)
    lines = invoice_lines(invoice, original)
    settled = [settlement.amount_minor for settlement in settlements(invoice)]
    _, left = divide(settled, [line.amount_minor for line in lines])
    taken_back = allocate(rest_minor, left)
    return ArAdjustment(
        key=void_key(invoice.id),
        stripe_id=invoice.id,
        customer_key=customer_key(invoice.customer.id if invoice.customer else ""),
        customer_id=debtor_id(invoice, original),
        invoice_key=invoice_key(invoice.id),
        number=void_number(invoice, original),
        invoice_number=invoice_number(invoice, original),
        adjustment_date=voided_on,
        posting_date=posted.day,
        currency=invoice.currency,
        description=_description(invoice, posted.note),
        lines=tuple(
            dataclasses.replace(line, amount_minor=-amount_minor)
            for line, amount_minor in zip(lines, taken_back, strict=True)
            if amount_minor
        ),
        total_minor=-rest_minor,
    )


def _application(invoice: InvoiceSnapshot, rest_minor: int, policy: Policy) -> CreditApplication:
    posted = posting_date(_voided_on(invoice, policy), policy)
    return CreditApplication(
        key=void_application_key(invoice.id),
        adjustment_key=void_key(invoice.id),
        invoice_key=invoice_key(invoice.id),
        application_date=posted.day,
        currency=invoice.currency,
        amount_minor=rest_minor,
        memo=_description(invoice, posted.note),
    )


def _voided_on(invoice: InvoiceSnapshot, policy: Policy) -> date:
    if invoice.voided_at_unix is None:
        raise Refused(
            Reason.UNREADABLE_OBJECT, f"{invoice.id} is void, but does not say since when"
        )
    return accounting_date(invoice.voided_at_unix, policy.zone)


def _description(invoice: InvoiceSnapshot, note: str) -> str:
    return clean(f"Stripe voided {invoice.id}{note}", DESCRIPTION_LENGTH_MAX)
