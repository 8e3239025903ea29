"""Changes of a customer's credit balance that somebody made by hand.

Changes that an invoice, a payment or a credit note caused are booked with these.
Source: stripe-api dossier section 4.9.
"""

from tieout.domain.dates import accounting_date
from tieout.domain.documents import JournalEntry, JournalLine
from tieout.domain.errors import Refused
from tieout.domain.keys import customer_balance_key, customer_key, reference
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.accounts import clearing
from tieout.planning.credit_balance import CREDIT_WHY, credit_account
from tieout.planning.customers import customer_id
from tieout.planning.dimensions import customer_dimensions
from tieout.planning.draft import PlanDraft
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX, MEMO_LENGTH_MAX
from tieout.planning.periods import posting_date
from tieout.planning.snapshots import CustomerBalanceTransaction, CustomerSnapshot

_OF_OTHER_DOCUMENTS = frozenset(
    {
        "applied_to_invoice",
        "unapplied_from_invoice",
        "credit_note",
        "invoice_overpaid",
        "invoice_too_small",
        "invoice_too_large",
    }
)


def add_changes_by_hand(draft: PlanDraft, customer: CustomerSnapshot, policy: Policy) -> None:
    """Plan an entry for each change of the balance that no other document books."""
    for change in customer.balance_transactions or ():
        if change.type in _OF_OTHER_DOCUMENTS or change.amount_minor == 0:
            continue
        _add_change(draft, change, customer, policy)


def _add_change(
    draft: PlanDraft,
    change: CustomerBalanceTransaction,
    customer: CustomerSnapshot,
    policy: Policy,
) -> None:
    draft.document(
        customer_balance_key(change.id),
        lambda: _entry(change, customer, policy),
        abs(change.amount_minor),
        change.currency,
    )


def _entry(
    change: CustomerBalanceTransaction, customer: CustomerSnapshot, policy: Policy
) -> JournalEntry:
    """Return the entry; Stripe's negative amount is in the customer's favour, so is a credit."""
    posted = posting_date(accounting_date(change.created_unix, policy.zone), policy)
    # A currency without clearing account is one that the controller has not decided about.
    clearing(change.currency, policy)
    granted, why = _granted(change, policy)
    memo = clean(change.description, MEMO_LENGTH_MAX) or f"Credit balance {change.type}"
    dimensions = policy.dimensions.defaults.overlaid(customer_dimensions(customer, policy))
    in_intacct = customer_id(customer, policy)
    return JournalEntry(
        key=customer_balance_key(change.id),
        stripe_id=change.id,
        journal=policy.journal,
        posting_date=posted.day,
        currency=change.currency,
        title=clean(f"Stripe {change.type} {change.id}{posted.note}", DESCRIPTION_LENGTH_MAX),
        reference=reference(change.id),
        lines=(
            JournalLine(granted, -change.amount_minor, memo, dimensions, in_intacct, why),
            JournalLine(
                credit_account(policy),
                change.amount_minor,
                memo,
                dimensions,
                in_intacct,
                CREDIT_WHY,
            ),
        ),
        after=(customer_key(customer.id),),
    )


def _granted(change: CustomerBalanceTransaction, policy: Policy) -> tuple[str, str]:
    rules = policy.customer_credit
    if account := rules.granted.get(change.type):
        return account, f"balance changed by {change.type}"
    if rules.granted_default is None:
        raise Refused(
            Reason.ACCOUNT_NOT_IN_POLICY,
            f"the credit balance was changed by hand: `customer_credit.granted.{change.type}`",
        )
    return rules.granted_default, "balance changed by hand"
