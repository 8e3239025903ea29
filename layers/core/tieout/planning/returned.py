"""Late failures: a payment that had succeeded, and whose money went back after all.

The receipt is reversed, which asks for the invoice again. Which of its amount was for a credit
balance the invoice's plan knows.
Source: stripe-api dossier sections 4.5 (failure_balance_transaction) and 9 (delayed failure).
"""

from tieout.domain.dates import accounting_date
from tieout.domain.documents import PaymentReversal
from tieout.domain.keys import receipt_key, returned_receipt_key
from tieout.domain.policy import Policy
from tieout.domain.text import clean
from tieout.planning.draft import PlanDraft
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX
from tieout.planning.periods import posting_date
from tieout.planning.snapshots import BalanceTransaction, ChargeSnapshot, InvoicePayment


def add_returned_receipts(draft: PlanDraft, charge: ChargeSnapshot, policy: Policy) -> None:
    """Plan the reversal of each receipt of a charge that failed after it had succeeded."""
    failure = charge.failure
    if failure is None:
        return
    for payment in charge.payments:
        if payment.amount_paid_minor:
            _add_reversal(draft, payment, failure, policy)


def _add_reversal(
    draft: PlanDraft, payment: InvoicePayment, failure: BalanceTransaction, policy: Policy
) -> None:
    draft.document(
        returned_receipt_key(payment.id),
        lambda: _reversal(payment, failure, policy),
        payment.amount_paid_minor,
        payment.currency,
    )


def _reversal(
    payment: InvoicePayment, failure: BalanceTransaction, policy: Policy
) -> PaymentReversal:
    posted = posting_date(accounting_date(failure.created_unix, policy.zone), policy)
    text = f"Money of {payment.id} went back, {failure.id}{posted.note}"
    return PaymentReversal(
        key=returned_receipt_key(payment.id),
        receipt_key=receipt_key(payment.id),
        reversal_date=posted.day,
        currency=payment.currency,
        amount_minor=payment.amount_paid_minor,
        description=clean(text, DESCRIPTION_LENGTH_MAX),
    )
