"""Late failures: a payment that had succeeded, and whose money went back after all.

The receipt is reversed, which asks for the invoice again.
Source: stripe-api dossier sections 4.5 (failure_balance_transaction) and 9 (delayed failure).
"""

from tieout.domain.dates import accounting_date
from tieout.domain.documents import PaymentReversal
from tieout.domain.errors import Refused
from tieout.domain.keys import receipt_key, returned_excess_key, returned_receipt_key
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.draft import PlanDraft
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX, amount_text
from tieout.planning.periods import posting_date, refuse_before_books
from tieout.planning.receivable import receivable
from tieout.planning.snapshots import BalanceTransaction, ChargeSnapshot, InvoicePayment


def add_returned_receipts(draft: PlanDraft, charge: ChargeSnapshot, policy: Policy) -> None:
    """Plan the reversal of each receipt of a charge that failed after it had succeeded.

    What it brought for a credit balance is parked: Stripe does not say whether the customer keeps
    that.
    """
    failure = charge.failure
    if failure is None:
        return
    excess_minor = {
        each.payment.id: each.excess_minor
        for invoice in charge.paid_invoices
        for each in receivable(invoice).settlements
    }
    for payment in charge.payments:
        beyond_minor = excess_minor.get(payment.id, 0)
        _add_reversal(draft, payment, payment.amount_paid_minor - beyond_minor, failure, policy)
        if beyond_minor:
            _park_excess(draft, payment, beyond_minor, failure, policy)


def _add_reversal(
    draft: PlanDraft,
    payment: InvoicePayment,
    amount_minor: int,
    failure: BalanceTransaction,
    policy: Policy,
) -> None:
    if amount_minor:
        draft.document(
            returned_receipt_key(payment.id),
            lambda: _reversal(payment, amount_minor, failure, policy),
            amount_minor,
            payment.currency,
        )


def _park_excess(
    draft: PlanDraft,
    payment: InvoicePayment,
    amount_minor: int,
    failure: BalanceTransaction,
    policy: Policy,
) -> None:
    def refuse() -> PaymentReversal:
        refuse_before_books(accounting_date(failure.created_unix, policy.zone), policy)
        raise Refused(
            Reason.REFUND_OVER_PAYMENT,
            f"money of {payment.id} went back, {failure.id}; of it "
            f"{amount_text(amount_minor, payment.currency)} were in the customer's credit balance",
        )

    key = returned_excess_key(payment.id)
    draft.document(key, refuse, amount_minor, payment.currency)


def _reversal(
    payment: InvoicePayment, amount_minor: int, failure: BalanceTransaction, policy: Policy
) -> PaymentReversal:
    posted = posting_date(accounting_date(failure.created_unix, policy.zone), policy)
    text = f"Money of {payment.id} went back, {failure.id}{posted.note}"
    return PaymentReversal(
        key=returned_receipt_key(payment.id),
        receipt_key=receipt_key(payment.id),
        reversal_date=posted.day,
        currency=payment.currency,
        amount_minor=amount_minor,
        description=clean(text, DESCRIPTION_LENGTH_MAX),
    )
