"""The documents of one sale: a receipt, or an invoice with its payment, and what takes it back.

Everything is dated when the charge moved Stripe's balance, which is what clearing must equal.
"""

from tieout.domain.dates import accounting_date
from tieout.domain.documents import ArInvoice, ArPayment, JournalEntry, OtherReceipt
from tieout.domain.errors import Refused
from tieout.domain.keys import (
    customer_key,
    fit,
    reference,
    sale_key,
    sale_receipt_key,
    sale_return_key,
)
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.accounts import clearing
from tieout.planning.customers import customer_id
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX, NUMBER_LENGTH_MAX
from tieout.planning.periods import posting_date, refuse_before_books
from tieout.planning.sale_lines import (
    booked_before,
    refuse_second_payment,
    revenue_line,
    source_id,
    taken_back,
)
from tieout.planning.sale_modes import sale_rules
from tieout.planning.snapshots import BalanceTransaction, ChargeSnapshot

# Source: intacct-xml-api dossier section 7.7: other receipts know fewer methods than AR payments.
_RECEIPT_METHODS = frozenset({"Printed Check", "Cash", "EFT", "Credit Card"})
_OTHER_METHOD = "EFT"
_PAYER_LENGTH_MAX = 80


def sale(
    charge: ChargeSnapshot, movement: BalanceTransaction, policy: Policy
) -> OtherReceipt | ArInvoice:
    """Return the document that books a sale.

    Args:
        charge: the sale.
        movement: how it moved the balance.
        policy: the one that the sale was first planned under.

    Raises:
        Refused: it has no document of its own, because its day books it or nobody does; policy does
            not say how or where; or it is the second payment of an invoice.
    """
    day = accounting_date(movement.created_unix, policy.zone)
    refuse_before_books(day, policy)
    refuse_second_payment(charge)
    rules = sale_rules(charge, policy)
    if rules.mode == "ignore":
        raise Refused(Reason.IGNORED_BY_POLICY, f"charge {charge.id}: {rules.ignore_reason}")
    if not rules.is_decided:
        # A currency or a category that policy does not know must not wait for the day's journal.
        # Later the decision stays, or a sale that the journal has would look as if it were free.
        clearing(charge.currency, policy)
        revenue_line(charge, charge.amount_minor, policy)
    if rules.mode == "daily_summary":
        text = f"charge {charge.id} is in the journal of {day} in {charge.currency}"
        raise Refused(Reason.IN_DAILY_SUMMARY, f"{text}: {rules.why}" if rules.why else text)
    return (_invoice if rules.mode == "invoice" else _other_receipt)(charge, movement, policy)


def sale_receipt(
    charge: ChargeSnapshot, movement: BalanceTransaction, original: Policy, policy: Policy
) -> ArPayment:
    """Return the payment of a sale that is booked as an AR invoice.

    Args:
        charge: the sale.
        movement: how it moved the balance.
        original: the policy that the sale was first planned under, for whom it is of.
        policy: today's, for everything else.

    Raises:
        Refused: policy names no customer or no clearing account, or closed the period.
    """
    day = accounting_date(movement.created_unix, policy.zone)
    posted = posting_date(day, policy)
    return ArPayment(
        key=sale_receipt_key(source_id(charge)),
        stripe_id=charge.id,
        customer_id=_debtor(charge, original),
        invoice_key=sale_key(source_id(charge)),
        reference=reference(charge.id),
        payment_date=day,
        posting_date=posted.day,
        currency=charge.currency,
        amount_minor=charge.amount_minor,
        method=policy.payment_method,
        cash_account=clearing(charge.currency, policy),
        description=_description(charge, posted.note),
    )


def returned(
    charge: ChargeSnapshot, failure: BalanceTransaction, original: Policy, policy: Policy
) -> JournalEntry:
    """Return what takes a sale back whose charge failed afterwards: the mirror of what it earned.

    Args:
        charge: the sale.
        failure: how its failure moved the balance.
        original: the policy that the sale was first planned under.
        policy: today's, for date, journal and clearing.

    Raises:
        Refused: the sale is not booked, or policy closed the period.
    """
    day = accounting_date(failure.created_unix, policy.zone)
    refuse_before_books(day, policy)
    refuse_unbooked(charge, original)
    posted = posting_date(day, policy)
    title = f"Stripe charge {charge.id} failed{posted.note}"
    return JournalEntry(
        key=sale_return_key(source_id(charge)),
        stripe_id=charge.id,
        journal=policy.journal,
        posting_date=posted.day,
        currency=charge.currency,
        title=clean(title, DESCRIPTION_LENGTH_MAX),
        reference=reference(f"{charge.id}-failed"),
        lines=taken_back(
            charge, charge.amount_minor, f"Failed charge {charge.id}", original, policy
        ),
        after=booked_before(charge, original, policy),
    )


def refuse_unbooked(charge: ChargeSnapshot, policy: Policy) -> None:
    """Refuse what happens to a sale that the books do not have.

    Raises:
        Refused: the policy that it was first planned under ignores it, or says nothing of it; or it
            is none, but the second payment of an invoice.
    """
    refuse_second_payment(charge)
    rules = sale_rules(charge, policy)
    if rules.mode == "ignore":
        raise Refused(Reason.IGNORED_BY_POLICY, f"charge {charge.id}: {rules.ignore_reason}")


def _invoice(charge: ChargeSnapshot, movement: BalanceTransaction, policy: Policy) -> ArInvoice:
    day = accounting_date(movement.created_unix, policy.zone)
    posted = posting_date(day, policy)
    return ArInvoice(
        key=sale_key(source_id(charge)),
        stripe_id=charge.id,
        customer_id=_debtor(charge, policy),
        customer_key=customer_key(charge.customer.id) if charge.customer else "",
        number=fit(charge.id, NUMBER_LENGTH_MAX),
        reference=reference(charge.id),
        invoice_date=day,
        posting_date=posted.day,
        due_date=day,
        currency=charge.currency,
        description=_description(charge, posted.note),
        lines=(revenue_line(charge, charge.amount_minor, policy),),
        total_minor=charge.amount_minor,
    )


def _other_receipt(
    charge: ChargeSnapshot, movement: BalanceTransaction, policy: Policy
) -> OtherReceipt:
    day = accounting_date(movement.created_unix, policy.zone)
    posted = posting_date(day, policy)
    name = clean(charge.customer.name if charge.customer else "", _PAYER_LENGTH_MAX)
    method = policy.payment_method
    return OtherReceipt(
        key=sale_key(source_id(charge)),
        stripe_id=charge.id,
        payer=name or "Stripe",
        reference=reference(charge.id),
        payment_date=day,
        posting_date=posted.day,
        currency=charge.currency,
        method=method if method in _RECEIPT_METHODS else _OTHER_METHOD,
        cash_account=clearing(charge.currency, policy),
        description=_description(charge, posted.note),
        lines=(revenue_line(charge, charge.amount_minor, policy),),
        total_minor=charge.amount_minor,
    )


def _debtor(charge: ChargeSnapshot, policy: Policy) -> str:
    if charge.customer is not None:
        return customer_id(charge.customer, policy)
    walk_in = sale_rules(charge, policy).customer
    if walk_in is None:
        text = f"charge {charge.id} has no customer, and `sales.customer` names none"
        raise Refused(Reason.CUSTOMER_MISSING, text)
    return walk_in


def _description(charge: ChargeSnapshot, note: str) -> str:
    return clean(f"Stripe charge {charge.id}{note}", DESCRIPTION_LENGTH_MAX)
