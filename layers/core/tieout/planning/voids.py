"""Voids: an invoice that is no longer owed.

Untouched, the invoice is reversed. Once something settled part of it, Intacct refuses that, so a
credit memo takes back what is left of each line, and is applied to what is open. What the
customer's credit balance settled goes back there; what was written off is taken back from bad debt.
Money that goes back afterwards opens the invoice again: a credit memo takes that back, too.
Source: intacct-xml-api dossier sections 7.2 (reverse_invoice) and 7.5 (credit memo).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tieout.domain.dates import accounting_date
from tieout.domain.documents import ArAdjustment, ArLine, InvoiceReversal, JournalEntry, JournalLine
from tieout.domain.errors import Refused
from tieout.domain.keys import (
    application_key,
    credit_balance_key,
    invoice_key,
    reference,
    void_key,
    void_return_key,
    void_write_off_key,
    write_off_key,
)
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.credit_balance import CREDIT_WHY, credit_account
from tieout.planning.credit_note_lines import credited_invoice, with_amounts
from tieout.planning.customers import debtor_id
from tieout.planning.deferral import as_of
from tieout.planning.draft import PlanDraft
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX
from tieout.planning.memos import adjustment, application, plain_line
from tieout.planning.numbers import invoice_number, void_number, void_return_number
from tieout.planning.periods import posting_date
from tieout.planning.receivable import Receivable, Relief
from tieout.planning.settlement import Shares, divide
from tieout.planning.snapshots import InvoiceSnapshot
from tieout.planning.taking_back import Against, Earned, taking_back
from tieout.planning.uncollectible import BAD_DEBT_WHY, bad_debt_account


@dataclass(frozen=True, slots=True)
class _Void:
    """A voided invoice.

    Attributes:
        open: what was open when it was voided.
        policy: today's, for dates.
    """

    invoice: InvoiceSnapshot
    account: Receivable
    open: Relief
    policy: Policy
    booked_under: Mapping[str, Policy]

    @property
    def original(self) -> Policy:
        return self.booked(invoice_key(self.invoice.id))

    @property
    def text(self) -> str:
        return f"Stripe voided {self.invoice.id}"

    @property
    def day(self) -> date:
        if self.invoice.voided_at_unix is None:
            raise Refused(
                Reason.UNREADABLE_OBJECT, f"{self.invoice.id} is void, but does not say since when"
            )
        return accounting_date(self.invoice.voided_at_unix, self.policy.zone)

    def booked(self, key: str) -> Policy:
        return self.booked_under.get(key, self.policy)


def add_void(
    draft: PlanDraft,
    invoice: InvoiceSnapshot,
    account: Receivable,
    policy: Policy,
    booked_under: Mapping[str, Policy],
) -> None:
    """Plan what takes a voided invoice back, on the day it was voided.

    What credit notes took off before is theirs to book, so it is not taken back a second time.

    Args:
        draft: where the documents go.
        invoice: as Stripe has it.
        account: what became of it.
        policy: today's, for the dates.
        booked_under: by key, the older policies of what is taken back.
    """
    assert account.void is not None
    void = _Void(invoice, account, account.void, policy, booked_under)
    key, currency, open_minor = void_key(invoice.id), invoice.currency, void.open.amount_minor
    if account.is_untouched and invoice.total_minor >= 0:
        draft.document(key, lambda: _reversal(void), open_minor, currency)
    elif open_minor:
        draft.document(key, lambda: _credit_memo(void), -open_minor, currency)
        draft.document(
            application_key(key),
            lambda: application(invoice, key, void.open, void.day, void.text, policy),
            open_minor,
            currency,
        )
    if account.void_written_off_minor:
        draft.document(
            void_write_off_key(invoice.id),
            lambda: _write_off_taken_back(void),
            account.void_written_off_minor,
            currency,
        )
    for payment_id, relief in account.void_returns.items():
        _add_return(draft, void, payment_id, relief)


def _add_return(draft: PlanDraft, void: _Void, payment_id: str, relief: Relief) -> None:
    """Plan what takes back what a payment had paid, whose money went back after the void."""
    invoice, key = void.invoice, void_return_key(void.invoice.id, payment_id)
    settlement = next(each for each in void.account.settlements if each.payment.id == payment_id)
    day = accounting_date(settlement.payment.returned_at_unix or 0, void.policy.zone)
    text = f"Void {invoice.id}, {payment_id} went back"

    def memo() -> ArAdjustment:
        return adjustment(
            invoice,
            key=key,
            number=void_return_number(invoice, payment_id, void.original),
            day=day,
            text=text,
            lines=_taken_back(void).paid[payment_id],
            policy=void.policy,
            original=void.original,
            stripe_id=payment_id,
        )

    amount_minor, currency = relief.amount_minor, invoice.currency
    draft.document(key, memo, -amount_minor, currency)
    draft.document(
        application_key(key),
        lambda: application(invoice, key, relief, day, text, void.policy),
        amount_minor,
        currency,
    )


def _reversal(void: _Void) -> InvoiceReversal:
    posted = posting_date(void.day, void.policy)
    return InvoiceReversal(
        key=void_key(void.invoice.id),
        invoice_key=invoice_key(void.invoice.id),
        reversal_date=posted.day,
        currency=void.invoice.currency,
        amount_minor=void.invoice.total_minor,
        description=clean(f"{void.text}{posted.note}", DESCRIPTION_LENGTH_MAX),
    )


def _credit_memo(void: _Void) -> ArAdjustment:
    invoice, used_minor = void.invoice, void.account.credit_used_minor
    lines = list(_taken_back(void).memo)
    if used_minor:
        as_used = void.booked(credit_balance_key(invoice.id))
        memo = f"Credit balance given back, {invoice.id}"
        account = credit_account(as_used)
        lines.append(plain_line(invoice, account, used_minor, memo, CREDIT_WHY, as_used))
    return adjustment(
        invoice,
        key=void_key(invoice.id),
        number=void_number(invoice, void.original),
        day=void.day,
        text=void.text,
        lines=lines,
        policy=void.policy,
        original=void.original,
    )


def _write_off_taken_back(void: _Void) -> JournalEntry:
    """Return the entry: what was bad debt was never earned.

    If nothing was open, no credit memo gives back the credit balance that was used: this does.
    """
    invoice, policy = void.invoice, void.policy
    posted = posting_date(void.day, policy)
    taken = _taken_back(void)
    account = bad_debt_account(void.booked(write_off_key(invoice.id)))
    lines = _against(void, taken.entry, account, BAD_DEBT_WHY)
    if void.account.credit_used_minor and not void.open.amount_minor:
        credit = credit_account(void.booked(credit_balance_key(invoice.id)))
        lines += _against(void, taken.memo, credit, CREDIT_WHY)
    return JournalEntry(
        key=void_write_off_key(invoice.id),
        stripe_id=invoice.id,
        journal=policy.journal,
        posting_date=posted.day,
        currency=invoice.currency,
        title=clean(f"{void.text}{posted.note}", DESCRIPTION_LENGTH_MAX),
        reference=reference(f"{invoice.id}-void"),
        lines=lines,
        after=(write_off_key(invoice.id),),
    )


def _against(
    void: _Void, taken: Iterable[ArLine], account: str, why: str
) -> tuple[JournalLine, ...]:
    customer = debtor_id(void.invoice, void.original)
    memo = f"Void of {invoice_number(void.invoice, void.original)}"
    earned = as_of((Earned(customer, memo, line, -line.amount_minor) for line in taken), void.day)
    return taking_back(earned, Against(account, memo, why), void.invoice.currency, void.policy)


@dataclass(frozen=True, slots=True)
class _TakenBack:
    """Negative lines; together with credit notes they are every line of the invoice, exactly.

    Attributes:
        memo: of the credit memo.
        entry: of the entry over what was written off.
        paid: by the id of each payment, what it had paid.
    """

    memo: tuple[ArLine, ...]
    entry: tuple[ArLine, ...]
    paid: Mapping[str, tuple[ArLine, ...]]


def _taken_back(void: _Void) -> _TakenBack:
    of = credited_invoice(void.invoice, void.original)
    paid_minor = list(void.account.void_paid_minor.values())
    voided_at_unix = void.invoice.voided_at_unix
    paid, left = of.divided(paid_minor, voided_at_unix, lambda credited: credited.pre_payment)
    memo_minor = void.open.amount_minor + void.account.credit_used_minor
    (memo, entry), _ = divide([memo_minor, void.account.void_written_off_minor], left)

    def negative(shares: Shares) -> tuple[ArLine, ...]:
        return with_amounts(of.lines, (-each for each in shares))

    by_payment = zip(void.account.void_paid_minor, map(negative, paid), strict=True)
    return _TakenBack(negative(memo), negative(entry), dict(by_payment))
