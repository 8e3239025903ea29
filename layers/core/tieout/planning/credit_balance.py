"""Customer credit balances: one liability account, moved by whatever moves the balance in Stripe.

Here is what invoices and their payments do to it: what an invoice used of the balance, what an
invoice over less than nothing gave, what a payment brought beyond its invoice.
Source: stripe-api dossier sections 4.1 and 4.9.
"""

from tieout.domain.dates import accounting_date
from tieout.domain.documents import JournalEntry, JournalLine
from tieout.domain.errors import Refused
from tieout.domain.keys import (
    application_key,
    credit_balance_key,
    customer_key,
    invoice_key,
    reference,
)
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.customers import debtor_id
from tieout.planning.draft import PlanDraft
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX
from tieout.planning.lines import invoice_lines, shared_dimensions
from tieout.planning.memos import adjustment, application, plain_line
from tieout.planning.numbers import credit_balance_number, invoice_number
from tieout.planning.periods import posting_date
from tieout.planning.receivable import Receivable, Relief, Settlement
from tieout.planning.snapshots import InvoiceSnapshot
from tieout.planning.taking_back import Against, Earned, taking_back

CREDIT_WHY = "customer credit account"


def credit_account(policy: Policy) -> str:
    """Return the liability account of the customers' credit balances.

    Raises:
        Refused: policy does not name one.
    """
    if policy.customer_credit.account is None:
        raise Refused(
            Reason.ACCOUNT_NOT_IN_POLICY,
            "the customer's credit balance moved: `customer_credit.account`",
        )
    return policy.customer_credit.account


def add_credit_used(
    draft: PlanDraft,
    invoice: InvoiceSnapshot,
    account: Receivable,
    policy: Policy,
    original: Policy,
) -> None:
    """Plan what the customer's credit balance settled of an invoice when it was finalised.

    An invoice too small to be charged is settled by the balance, too, which the customer then owes.
    """
    used_minor = account.credit_used_minor
    if not used_minor:
        return
    key, text = credit_balance_key(invoice.id), f"Credit balance used on {invoice.id}"
    day = accounting_date(invoice.issued_at_unix, policy.zone)
    draft.document(
        key,
        lambda: adjustment(
            invoice,
            key=key,
            number=credit_balance_number(invoice, original),
            day=day,
            text=text,
            lines=[
                plain_line(invoice, credit_account(policy), -used_minor, text, CREDIT_WHY, policy)
            ],
            policy=policy,
            original=original,
        ),
        -used_minor,
        invoice.currency,
    )
    draft.document(
        application_key(key),
        lambda: application(invoice, key, Relief(used_minor), day, text, policy),
        used_minor,
        invoice.currency,
    )


def negative_invoice_entry(invoice: InvoiceSnapshot, policy: Policy) -> JournalEntry:
    """Return the entry of an invoice over less than nothing: Stripe credits it to the balance.

    Raises:
        Refused: policy does not say where a line goes, or the day is closed.
    """
    posted = posting_date(accounting_date(invoice.issued_at_unix, policy.zone), policy)
    number, customer = invoice_number(invoice, policy), debtor_id(invoice, policy)
    earned = [
        Earned(customer, line.memo, line, -line.amount_minor)
        for line in invoice_lines(invoice, policy)
    ]
    against = Against(credit_account(policy), f"Credit of {number}", CREDIT_WHY)
    return JournalEntry(
        key=invoice_key(invoice.id),
        stripe_id=invoice.id,
        journal=policy.journal,
        posting_date=posted.day,
        currency=invoice.currency,
        title=clean(f"Stripe invoice {invoice.id}{posted.note}", DESCRIPTION_LENGTH_MAX),
        reference=reference(invoice.id),
        lines=taking_back(earned, against, invoice.currency, policy),
        after=(customer_key(invoice.customer.id),) if invoice.customer else (),
    )


def excess_entry(
    key: str, invoice: InvoiceSnapshot, settlement: Settlement, cash_account: str, policy: Policy
) -> JournalEntry:
    """Return the entry of what a payment brought beyond its invoice for the credit balance.

    Raises:
        Refused: policy names no account for it, or the day is unknown, before the books or closed.
    """
    payment = settlement.payment
    if payment.paid_at_unix is None:
        raise Refused(Reason.UNREADABLE_OBJECT, f"{payment.id} is paid, but does not say when")
    posted = posting_date(accounting_date(payment.paid_at_unix, policy.zone), policy)
    return JournalEntry(
        key=key,
        stripe_id=payment.id,
        journal=policy.journal,
        posting_date=posted.day,
        currency=payment.currency,
        title=clean(f"{payment.id} beyond {invoice.id}{posted.note}", DESCRIPTION_LENGTH_MAX),
        reference=reference(f"{payment.id}-excess"),
        lines=excess_lines(settlement.excess_minor, invoice, cash_account, policy),
        after=(customer_key(invoice.customer.id),) if invoice.customer else (),
        happened_at_unix=payment.paid_at_unix,
    )


def excess_lines(
    amount_minor: int, invoice: InvoiceSnapshot, cash_account: str, policy: Policy
) -> tuple[JournalLine, ...]:
    """Return the lines of what a payment brought beyond its invoice; negative went back.

    Raises:
        Refused: policy names no account for it.
    """
    customer = debtor_id(invoice, policy)
    dimensions = shared_dimensions(invoice, policy)
    memo = f"Paid beyond {invoice_number(invoice, policy)}"
    return (
        JournalLine(cash_account, amount_minor, memo, dimensions, customer, "as the receipt"),
        JournalLine(credit_account(policy), -amount_minor, memo, dimensions, customer, CREDIT_WHY),
    )
