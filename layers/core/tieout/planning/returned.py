"""Late failures: a payment that had succeeded, and whose money went back after all.

The receipt is reversed, which asks for the invoice again.
Source: stripe-api dossier sections 4.5 (failure_balance_transaction) and 9 (delayed failure).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from tieout.domain.dates import accounting_date
from tieout.domain.documents import JournalEntry, PaymentReversal
from tieout.domain.errors import Refused
from tieout.domain.keys import (
    excess_key,
    owed_again_key,
    receipt_key,
    reference,
    returned_excess_key,
    returned_receipt_key,
)
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.accounts import clearing
from tieout.planning.credit_balance import excess_lines
from tieout.planning.draft import PlanDraft
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX, amount_text
from tieout.planning.periods import posting_date, refuse_before_books
from tieout.planning.receivable import owed_before_minor, receivable
from tieout.planning.snapshots import (
    BalanceTransaction,
    ChargeSnapshot,
    InvoicePayment,
    InvoiceSnapshot,
)


@dataclass(frozen=True, slots=True)
class _Return:
    """A payment whose money went back.

    Attributes:
        excess_minor: what it had brought beyond its invoice, for the customer's credit balance.
        policy: today's, for dates.
        as_booked: under which that was booked.
    """

    payment: InvoicePayment
    excess_minor: int
    failure: BalanceTransaction
    policy: Policy
    as_booked: Policy

    @property
    def settled_minor(self) -> int:
        return self.payment.amount_paid_minor - self.excess_minor

    @property
    def day(self) -> date:
        return accounting_date(self.failure.created_unix, self.policy.zone)

    @property
    def text(self) -> str:
        return f"Money of {self.payment.id} went back, {self.failure.id}"


def add_returned_receipts(
    draft: PlanDraft, charge: ChargeSnapshot, policy: Policy, booked_under: Mapping[str, Policy]
) -> None:
    """Plan the reversal of each receipt of a charge that failed after it had succeeded.

    What it brought for the credit balance goes back, too, if the customer had owed it from before.
    What was overpaid is parked: Stripe does not say whether the customer keeps that. While Stripe
    goes on showing the payment as paid, a person must know that nobody asks for the money.

    Args:
        draft: where the documents go.
        charge: as Stripe has it, with its payments and their invoices.
        policy: today's.
        booked_under: by key, the older policies of what is taken back.
    """
    failure = charge.failure
    if failure is None:
        return
    paid = {
        each.payment.id: (invoice, each.excess_minor)
        for invoice in charge.paid_invoices
        for each in receivable(invoice).settlements
    }
    for payment in charge.payments:
        invoice, excess_minor = paid.get(payment.id, (None, 0))
        as_booked = booked_under.get(excess_key(receipt_key(payment.id)), policy)
        of = _Return(payment, excess_minor, failure, policy, as_booked)
        if of.settled_minor:
            key = returned_receipt_key(payment.id)
            draft.document(key, partial(_reversal, of), of.settled_minor, payment.currency)
        if of.settled_minor and payment.status == "paid":
            key = owed_again_key(payment.invoice, payment.id)
            refuse = partial(_refuse_owed_again, of, invoice)
            draft.document(key, refuse, of.settled_minor, payment.currency)
        if invoice is not None and excess_minor:
            key = returned_excess_key(payment.id)
            draft.document(key, partial(_excess, of, invoice), excess_minor, payment.currency)


def _reversal(of: _Return) -> PaymentReversal:
    posted = posting_date(of.day, of.policy)
    return PaymentReversal(
        key=returned_receipt_key(of.payment.id),
        receipt_key=receipt_key(of.payment.id),
        reversal_date=posted.day,
        currency=of.payment.currency,
        amount_minor=of.settled_minor,
        description=clean(f"{of.text}{posted.note}", DESCRIPTION_LENGTH_MAX),
    )


def _refuse_owed_again(of: _Return, invoice: InvoiceSnapshot | None) -> PaymentReversal:
    refuse_before_books(of.day, of.policy)
    shown = invoice.status if invoice is not None else of.payment.status
    raise Refused(
        Reason.OWED_AGAIN,
        f"{of.text}: the books ask for {amount_text(of.settled_minor, of.payment.currency)} of "
        f"invoice {of.payment.invoice} again, which Stripe shows as {shown}, with that payment",
        of.day,
    )


def _excess(of: _Return, invoice: InvoiceSnapshot) -> JournalEntry:
    payment = of.payment
    posted = posting_date(of.day, of.policy)
    if of.excess_minor > owed_before_minor(invoice):
        raise Refused(
            Reason.REFUND_OVER_PAYMENT,
            f"{of.text}; of it {amount_text(of.excess_minor, payment.currency)} were in the "
            "customer's credit balance",
        )
    account = clearing(payment.currency, of.as_booked).account
    return JournalEntry(
        key=returned_excess_key(payment.id),
        stripe_id=payment.id,
        journal=of.policy.journal,
        posting_date=posted.day,
        currency=payment.currency,
        title=clean(f"{of.text}{posted.note}", DESCRIPTION_LENGTH_MAX),
        reference=reference(f"{payment.id}-excess-returned"),
        lines=excess_lines(-of.excess_minor, invoice, account, of.as_booked),
        after=(excess_key(receipt_key(payment.id)),),
    )
