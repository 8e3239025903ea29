"""Uncollectible invoices: written off to bad debt, and taken back when they are paid or voided."""

from collections.abc import Mapping
from datetime import date
from functools import partial

from tieout.domain.dates import accounting_date
from tieout.domain.documents import ArAdjustment, ArLine, CreditApplication
from tieout.domain.errors import Refused
from tieout.domain.keys import application_key, invoice_key, write_off_key
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.planning.draft import PlanDraft
from tieout.planning.memos import adjustment, application, plain_line
from tieout.planning.numbers import recovery_number, write_off_number
from tieout.planning.receivable import Receivable, Settlement, WriteOff
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
    """Plan a write-off of what was open each time that the invoice was marked uncollectible."""
    text = f"Stripe marked {invoice.id} uncollectible"
    for ordinal, write_off in enumerate(account.write_offs, 1):
        key, relief = write_off_key(invoice.id, ordinal), write_off.relief
        draft.document(
            key,
            partial(_write_off, invoice, write_off, ordinal, text, policy, original),
            -relief.amount_minor,
            invoice.currency,
        )
        draft.document(
            application_key(key),
            partial(_applied, invoice, write_off, key, text, policy),
            relief.amount_minor,
            invoice.currency,
        )


def _write_off(
    invoice: InvoiceSnapshot,
    write_off: WriteOff,
    ordinal: int,
    text: str,
    policy: Policy,
    original: Policy,
) -> ArAdjustment:
    return adjustment(
        invoice,
        key=write_off_key(invoice.id, ordinal),
        number=write_off_number(invoice, ordinal, original),
        day=_marked_on(invoice, write_off, policy),
        text=text,
        lines=[_line(invoice, -write_off.relief.amount_minor, policy)],
        policy=policy,
        original=original,
        happened_at_unix=write_off.at_unix or 0,
    )


def _applied(
    invoice: InvoiceSnapshot, write_off: WriteOff, key: str, text: str, policy: Policy
) -> CreditApplication:
    day = _marked_on(invoice, write_off, policy)
    return application(invoice, key, write_off.relief, day, text, policy)


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
        happened_at_unix=payment.paid_at_unix,
    )


def _line(invoice: InvoiceSnapshot, amount_minor: int, policy: Policy) -> ArLine:
    memo = f"Uncollectible {invoice.id}"
    account = bad_debt_account(policy)
    return plain_line(invoice, account, amount_minor, memo, BAD_DEBT_WHY, policy)


def _marked_on(invoice: InvoiceSnapshot, write_off: WriteOff, policy: Policy) -> date:
    if write_off.at_unix is None:
        raise Refused(
            Reason.UNREADABLE_OBJECT, f"{invoice.id} is uncollectible, but does not say since when"
        )
    return accounting_date(write_off.at_unix, policy.zone)
