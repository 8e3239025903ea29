"""Uncollectible invoices: written off to bad debt, and taken back when they are paid or voided."""

from collections.abc import Mapping
from datetime import date

from tieout.domain.dates import accounting_date
from tieout.domain.documents import ArAdjustment, ArLine
from tieout.domain.errors import Refused
from tieout.domain.keys import application_key, invoice_key, write_off_key
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.planning.draft import PlanDraft
from tieout.planning.memos import adjustment, application, plain_line
from tieout.planning.numbers import recovery_number, write_off_number
from tieout.planning.receivable import Receivable, Settlement
from tieout.planning.snapshots import InvoiceSnapshot

BAD_DEBT_WHY = "bad debt account"


def bad_debt_account(policy: Policy) -> str:
    """Return the account to which receivables are written off.

    Raises:
        Refused: policy does not name one.
    """
    if policy.bad_debt_account is None:
        raise Refused(
            Reason.ACCOUNT_NOT_IN_POLICY, "the invoice is uncollectible: `bad_debt_account`"
        )
    return policy.bad_debt_account


def add_write_off(
    draft: PlanDraft,
    invoice: InvoiceSnapshot,
    account: Receivable,
    policy: Policy,
    original: Policy,
) -> None:
    """Plan the write-off of what was open when the invoice was marked uncollectible."""
    relief = account.written_off
    if relief is None or not relief.amount_minor:
        return
    key, text = write_off_key(invoice.id), f"Stripe marked {invoice.id} uncollectible"
    draft.document(
        key,
        lambda: adjustment(
            invoice,
            key=key,
            number=write_off_number(invoice, original),
            day=_marked_on(invoice, policy),
            text=text,
            lines=[_line(invoice, -relief.amount_minor, policy)],
            policy=policy,
            original=original,
        ),
        -relief.amount_minor,
        invoice.currency,
    )
    draft.document(
        application_key(key),
        lambda: application(invoice, key, relief, _marked_on(invoice, policy), text, policy),
        relief.amount_minor,
        invoice.currency,
    )


def recovery(
    key: str,
    invoice: InvoiceSnapshot,
    settlement: Settlement,
    policy: Policy,
    booked_under: Mapping[str, Policy],
) -> ArAdjustment:
    """Return the debit memo that asks again for what was written off and is paid after all.

    Raises:
        Refused: policy names no account, or the day is unknown, before the books or closed.
    """
    payment = settlement.payment
    if payment.paid_at_unix is None:
        raise Refused(Reason.UNREADABLE_OBJECT, f"{payment.id} is paid, but does not say when")
    original = booked_under.get(invoice_key(invoice.id), policy)
    as_written_off = booked_under.get(write_off_key(invoice.id), policy)
    return adjustment(
        invoice,
        key=key,
        number=recovery_number(invoice, payment.id, original),
        day=accounting_date(payment.paid_at_unix, policy.zone),
        text=f"{payment.id} paid what was written off of {invoice.id}",
        lines=[_line(invoice, settlement.recovered_minor, as_written_off)],
        policy=policy,
        original=original,
        stripe_id=payment.id,
    )


def _line(invoice: InvoiceSnapshot, amount_minor: int, policy: Policy) -> ArLine:
    memo = f"Uncollectible {invoice.id}"
    account = bad_debt_account(policy)
    return plain_line(invoice, account, amount_minor, memo, BAD_DEBT_WHY, policy)


def _marked_on(invoice: InvoiceSnapshot, policy: Policy) -> date:
    if invoice.marked_uncollectible_at_unix is None:
        raise Refused(
            Reason.UNREADABLE_OBJECT, f"{invoice.id} is uncollectible, but does not say since when"
        )
    return accounting_date(invoice.marked_uncollectible_at_unix, policy.zone)
