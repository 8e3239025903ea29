"""Payments: a receipt for each InvoicePayment, applied to its invoice."""

from tieout.domain.dates import accounting_date
from tieout.domain.documents import ArPayment
from tieout.domain.errors import Refused
from tieout.domain.keys import (
    invoice_key,
    out_of_band_receipt_key,
    receipt_key,
    reference,
    sale_key,
)
from tieout.domain.policy import Policy
from tieout.domain.policy_rules import Area
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.accounts import clearing, out_of_band
from tieout.planning.customers import debtor_id
from tieout.planning.draft import PlanDraft
from tieout.planning.facts import payment_case
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX, amount_text
from tieout.planning.periods import is_before_books, posting_date, refuse_before_books
from tieout.planning.rules import answer
from tieout.planning.settlement import (
    Settlement,
    is_paid_out_of_band,
    settlements,
    unexplained_minor,
)
from tieout.planning.snapshots import InvoicePayment, InvoiceSnapshot


def add_receipts(draft: PlanDraft, invoice: InvoiceSnapshot, policy: Policy) -> None:
    """Plan a receipt for each payment; receipts never exceed the invoice.

    A receipt is planned even if its invoice is refused: it then waits, on the exceptions list. What
    a payment brings beyond the invoice is named, and a payment that finds nothing left to settle
    is parked. Either way the charge behind it is no sale of its own.
    """
    excess_minor = 0
    # It is the last payment that brings too much.
    last_paid_at_unix = None
    for settlement in settlements(invoice):
        last_paid_at_unix = settlement.payment.paid_at_unix
        _add_receipt(draft, invoice, settlement, policy)
        for source_id in (settlement.payment.payment_intent, settlement.payment.charge):
            if source_id:
                draft.supersede(sale_key(source_id))
        if settlement.amount_minor:
            excess_minor += settlement.payment.amount_paid_minor - settlement.amount_minor
    beyond_minor = max(invoice.amount_overpaid_minor, excess_minor)
    if beyond_minor and not is_before_books(last_paid_at_unix, policy):
        draft.not_booked(
            f"{invoice_key(invoice.id)}/overpaid",
            Reason.NOT_YET_PLANNED,
            "more was paid than the invoice asks for; the rest belongs to the customer's balance",
            beyond_minor,
            invoice.currency,
        )
    unexplained = unexplained_minor(invoice)
    if unexplained and not is_paid_out_of_band(invoice):
        draft.not_booked(
            out_of_band_receipt_key(invoice.id),
            Reason.WAITS_FOR_STRIPE,
            "Stripe counts this as paid but shows no payment for it yet",
            unexplained,
            invoice.currency,
        )


def _add_receipt(
    draft: PlanDraft, invoice: InvoiceSnapshot, settlement: Settlement, policy: Policy
) -> None:
    payment = settlement.payment
    key = _key(invoice, payment)
    draft.document(
        key,
        lambda: _receipt(key, invoice, settlement, policy),
        settlement.amount_minor or payment.amount_paid_minor,
        payment.currency,
    )


def _receipt(
    key: str, invoice: InvoiceSnapshot, settlement: Settlement, policy: Policy
) -> ArPayment:
    payment = settlement.payment
    if payment.paid_at_unix is None:
        raise Refused(Reason.UNREADABLE_OBJECT, f"{payment.id} is paid, but does not say when")
    paid_on = accounting_date(payment.paid_at_unix, policy.zone)
    refuse_before_books(paid_on, policy)
    if settlement.amount_minor == 0:
        raise Refused(
            Reason.OVER_APPLICATION,
            f"{_name(payment)} brought {amount_text(payment.amount_paid_minor, payment.currency)}, "
            f"but invoice {invoice.id} ({invoice.status}) had nothing left to settle",
        )
    if payment.currency != invoice.currency:
        raise Refused(
            Reason.DOES_NOT_ADD_UP,
            f"{payment.id} is in {payment.currency}, its invoice in {invoice.currency}",
        )
    posted = posting_date(paid_on, policy)
    outside_stripe = payment.out_of_band
    case = payment_case(invoice, payment, paid_on)
    usual_method = policy.out_of_band_method if outside_stripe else policy.payment_method
    return ArPayment(
        key=key,
        stripe_id=payment.id,
        customer_id=debtor_id(invoice, policy),
        invoice_key=invoice_key(invoice.id),
        reference=_reference(invoice, payment),
        payment_date=paid_on,
        posting_date=posted.day,
        currency=payment.currency,
        amount_minor=settlement.amount_minor,
        method=answer(Area.PAYMENT_METHOD, case, policy).settings.get("method", usual_method),
        cash_account=(
            out_of_band(payment.currency, case, policy)
            if outside_stripe
            else clearing(payment.currency, policy)
        ),
        description=clean(f"{_name(payment)}{posted.note}", DESCRIPTION_LENGTH_MAX),
    )


def _key(invoice: InvoiceSnapshot, payment: InvoicePayment) -> str:
    if payment.id == invoice.id:
        return out_of_band_receipt_key(invoice.id)
    return receipt_key(payment.id)


def _reference(invoice: InvoiceSnapshot, payment: InvoicePayment) -> str:
    """Return the receipt's own reference: the invoice's id is that of the invoice already."""
    if payment.id == invoice.id:
        return reference(f"{invoice.id}-paid")
    return reference(payment.id)


def _name(payment: InvoicePayment) -> str:
    """Return the ids under which a person finds the payment in Stripe."""
    if payment.out_of_band:
        return f"Paid outside Stripe, {payment.payment_record or payment.id}"
    source = payment.payment_intent or payment.charge or ""
    return payment.id if source == payment.id else f"{payment.id} {source}".rstrip()
