"""Payments: a receipt for each InvoicePayment, applied to its invoice."""

from collections.abc import Mapping

from tieout.domain.dates import accounting_date
from tieout.domain.documents import ArPayment, CashAccount, JournalEntry
from tieout.domain.errors import Refused
from tieout.domain.keys import (
    excess_key,
    invoice_key,
    out_of_band_receipt_key,
    owed_again_key,
    recovery_key,
    reference,
    sale_key,
)
from tieout.domain.policy import Policy
from tieout.domain.policy_rules import Area
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.accounts import clearing, out_of_band
from tieout.planning.credit_balance import excess_entry
from tieout.planning.customers import debtor_id
from tieout.planning.draft import PlanDraft
from tieout.planning.facts import payment_case
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX, amount_text
from tieout.planning.periods import posting_date, refuse_before_books
from tieout.planning.receivable import Receivable, Settlement
from tieout.planning.rules import answer
from tieout.planning.settlement import (
    is_paid_out_of_band,
    receipt_key_of,
    unexplained_minor,
)
from tieout.planning.snapshots import InvoicePayment, InvoiceSnapshot
from tieout.planning.uncollectible import recovery


def add_receipts(
    draft: PlanDraft,
    invoice: InvoiceSnapshot,
    account: Receivable,
    policy: Policy,
    booked_under: Mapping[str, Policy],
) -> None:
    """Plan a receipt for each payment; receipts never exceed the invoice.

    A receipt is planned even if its invoice is refused: it then waits, on the exceptions list. What
    a payment brings beyond the invoice is booked apart if Stripe put it into the customer's
    balance, else parked. In any case the charge behind it is no sale of its own.
    """
    for settlement in account.reopened:
        _add_recovery(draft, invoice, settlement, policy, booked_under)
    for settlement in account.settlements:
        if settlement.payment.status == "canceled":
            draft.supersede(owed_again_key(invoice.id, settlement.payment.id))
        _add_recovery(draft, invoice, settlement, policy, booked_under)
        _add_receipt(draft, invoice, settlement, policy)
        _add_excess(draft, invoice, settlement, policy)
        for source_id in (settlement.payment.payment_intent, settlement.payment.charge):
            if source_id:
                draft.supersede(sale_key(source_id))
    unexplained = unexplained_minor(invoice)
    if unexplained and not is_paid_out_of_band(invoice):
        draft.not_booked(
            out_of_band_receipt_key(invoice.id),
            Reason.WAITS_FOR_STRIPE,
            "Stripe counts this as paid but shows no payment for it yet",
            unexplained,
            invoice.currency,
        )


def _add_recovery(
    draft: PlanDraft,
    invoice: InvoiceSnapshot,
    settlement: Settlement,
    policy: Policy,
    booked_under: Mapping[str, Policy],
) -> None:
    """Plan the debit memo that asks again for what was written off and is paid after all."""
    if not settlement.recovered_minor:
        return
    key = recovery_key(receipt_key_of(settlement.payment, invoice))
    draft.document(
        key,
        lambda: recovery(key, invoice, settlement, policy, booked_under),
        settlement.recovered_minor,
        invoice.currency,
    )


def _add_receipt(
    draft: PlanDraft, invoice: InvoiceSnapshot, settlement: Settlement, policy: Policy
) -> None:
    payment = settlement.payment
    key = receipt_key_of(payment, invoice)
    if settlement.excess_minor and not settlement.amount_minor:
        return
    draft.document(
        key,
        lambda: _receipt(key, invoice, settlement, policy),
        settlement.amount_minor or payment.amount_paid_minor,
        payment.currency,
        outside_stripe=payment.out_of_band,
    )


def _add_excess(
    draft: PlanDraft, invoice: InvoiceSnapshot, settlement: Settlement, policy: Policy
) -> None:
    payment = settlement.payment
    key = excess_key(receipt_key_of(payment, invoice))
    unknown_minor = payment.amount_paid_minor - settlement.amount_minor - settlement.excess_minor
    if unknown_minor and (settlement.amount_minor or settlement.excess_minor):
        draft.document(
            key,
            lambda: _refuse_excess(invoice, payment, unknown_minor, policy),
            unknown_minor + settlement.excess_minor,
            payment.currency,
            outside_stripe=payment.out_of_band,
        )
    elif settlement.excess_minor:
        draft.document(
            key,
            lambda: excess_entry(
                key, invoice, settlement, _cash_account(invoice, payment, policy).account, policy
            ),
            settlement.excess_minor,
            payment.currency,
            outside_stripe=payment.out_of_band,
        )


def _refuse_excess(
    invoice: InvoiceSnapshot, payment: InvoicePayment, unknown_minor: int, policy: Policy
) -> JournalEntry:
    if payment.paid_at_unix is not None:
        refuse_before_books(accounting_date(payment.paid_at_unix, policy.zone), policy)
    raise Refused(
        Reason.OVER_APPLICATION,
        f"{_name(payment)} brought {amount_text(unknown_minor, payment.currency)} more than "
        f"invoice {invoice.id} had left to settle, and Stripe does not say where that is",
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
        cash_account=_cash_account(invoice, payment, policy),
        description=clean(f"{_name(payment)}{posted.note}", DESCRIPTION_LENGTH_MAX),
        debit_memos=settlement.relief.debit_memos,
        after=settlement.relief.after,
        happened_at_unix=payment.paid_at_unix,
    )


def _cash_account(invoice: InvoiceSnapshot, payment: InvoicePayment, policy: Policy) -> CashAccount:
    if not payment.out_of_band:
        return clearing(payment.currency, policy)
    paid_on = accounting_date(payment.paid_at_unix or 0, policy.zone)
    return out_of_band(payment.currency, payment_case(invoice, payment, paid_on), policy)


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
