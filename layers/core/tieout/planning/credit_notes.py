"""Credit notes: what they took off what was owed, and what they gave back afterwards.

What was refunded with a credit note is booked by the refund, on the note's lines, and only there.
Source: stripe-api dossier section 4.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tieout.domain.dates import accounting_date
from tieout.domain.documents import ArAdjustment, JournalEntry
from tieout.domain.errors import Refused
from tieout.domain.keys import (
    application_key,
    credit_note_balance_key,
    credit_note_key,
    credit_note_out_of_band_key,
    credit_note_void_key,
    invoice_key,
    reference,
    write_off_key,
)
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.accounts import out_of_band
from tieout.planning.credit_balance import CREDIT_WHY, credit_account
from tieout.planning.credit_note_lines import (
    CreditedLines,
    credited_lines,
    credited_parts,
    with_amounts,
)
from tieout.planning.customers import add_customer, debtor_id
from tieout.planning.deferral import as_of
from tieout.planning.draft import PlanDraft
from tieout.planning.facts import invoice_case
from tieout.planning.fields import DESCRIPTION_LENGTH_MAX, amount_text
from tieout.planning.memos import adjustment, application
from tieout.planning.numbers import credit_note_number, credit_note_void_number
from tieout.planning.periods import posting_date
from tieout.planning.receivable import NoteRelief, receivable
from tieout.planning.settlement import Shares
from tieout.planning.snapshots import CreditNote, CreditNoteSnapshot, InvoiceSnapshot
from tieout.planning.taking_back import Against, Earned, taking_back
from tieout.planning.uncollectible import BAD_DEBT_WHY, bad_debt_account


@dataclass(frozen=True, slots=True)
class _Note:
    """A credit note, its invoice and what both are booked by.

    Attributes:
        policy: today's, for dates and for accounts of what is new.
        relief: what it took off what was owed; nothing if it does not fit into the invoice.
    """

    note: CreditNote
    invoice: InvoiceSnapshot
    relief: NoteRelief
    policy: Policy
    booked_under: Mapping[str, Policy]

    @property
    def original(self) -> Policy:
        return self.booked(invoice_key(self.invoice.id))

    @property
    def lines(self) -> CreditedLines:
        return credited_lines(self.note, self.invoice, self.original)

    @property
    def text(self) -> str:
        return f"Stripe credit note {self.note.id}"

    @property
    def issued_on(self) -> date:
        at_unix = self.note.effective_at_unix or self.note.created_unix
        return accounting_date(at_unix, self.policy.zone)

    @property
    def voided_on(self) -> date:
        if self.note.voided_at_unix is None:
            raise Refused(
                Reason.UNREADABLE_OBJECT, f"{self.note.id} is void, but does not say since when"
            )
        return accounting_date(self.note.voided_at_unix, self.policy.zone)

    def booked(self, key: str) -> Policy:
        return self.booked_under.get(key, self.policy)


def plan_credit_note(
    draft: PlanDraft,
    snapshot: CreditNoteSnapshot,
    policy: Policy,
    booked_under: Mapping[str, Policy],
) -> None:
    """Plan a credit note, and its void.

    Args:
        draft: where the documents go.
        snapshot: the note and its invoice, with all other notes of it.
        policy: today's.
        booked_under: by key, the older policies of what is booked: a note takes back on the
            accounts that its invoice earned on.
    """
    note, invoice = snapshot.note, snapshot.invoice
    relief = receivable(invoice).notes.get(note.id)
    if relief is None:
        draft.document(
            credit_note_key(note.id),
            lambda: _refuse(note, invoice),
            note.total_minor,
            note.currency,
        )
        return
    of = _Note(note, invoice, relief, policy, booked_under)
    _add_pre_payment(draft, of)
    _add_given_back(draft, of)
    if not draft.has_entries:
        _note_refunded(draft, note)
    if draft.has_documents and invoice.customer is not None:
        add_customer(draft, invoice.customer, policy)


def _refuse(note: CreditNote, invoice: InvoiceSnapshot) -> ArAdjustment:
    raise Refused(
        Reason.CREDIT_NOTE_OVER_INVOICE,
        f"credit note {note.id} over {amount_text(note.total_minor, note.currency)}, of it "
        f"{amount_text(note.pre_payment_minor, note.currency)} off what is owed, is more than "
        f"invoice {invoice.id} over {amount_text(invoice.total_minor, invoice.currency)} had left",
    )


def _note_refunded(draft: PlanDraft, note: CreditNote) -> None:
    key, text = credit_note_key(note.id), "it was refunded, and the refund takes back its lines"
    try:
        credited_parts(note)
    except Refused as refused:
        draft.refused(key, refused, note.total_minor, note.currency)
    else:
        draft.not_booked(key, Reason.NOTHING_TO_BOOK, text, 0, note.currency)


def _add_pre_payment(draft: PlanDraft, of: _Note) -> None:
    note, key = of.note, credit_note_key(of.note.id)
    pre_minor, relief = note.pre_payment_minor, of.relief.relief
    if not pre_minor:
        return
    if of.relief.written_off_minor:
        draft.document(key, lambda: _write_off_taken_back(of), pre_minor, note.currency)
    else:
        draft.document(key, lambda: _credit_memo(of), -pre_minor, note.currency)
        draft.document(
            application_key(key),
            lambda: application(of.invoice, key, relief, of.issued_on, of.text, of.policy),
            pre_minor,
            note.currency,
        )
    if note.status == "void":
        draft.document(
            credit_note_void_key(note.id),
            lambda: _write_off_again(of) if of.relief.written_off_minor else _debit_memo(of),
            pre_minor,
            note.currency,
        )


def _credit_memo(of: _Note) -> ArAdjustment:
    lines = of.lines
    return adjustment(
        of.invoice,
        key=credit_note_key(of.note.id),
        number=credit_note_number(of.note, of.original),
        day=of.issued_on,
        text=of.text,
        lines=with_amounts(lines.lines, (-each for each in lines.pre_payment)),
        policy=of.policy,
        original=of.original,
        stripe_id=of.note.id,
    )


def _debit_memo(of: _Note) -> ArAdjustment:
    """Return the opposite of the credit memo: Intacct cannot reverse that.

    Source: intacct-xml-api dossier section 7.5.
    """
    lines = of.lines
    return adjustment(
        of.invoice,
        key=credit_note_void_key(of.note.id),
        number=credit_note_void_number(of.note, of.original),
        day=of.voided_on,
        text=f"{of.text} is void",
        lines=with_amounts(lines.lines, lines.pre_payment),
        policy=of.policy,
        original=of.original,
        stripe_id=of.note.id,
    )


def _write_off_taken_back(of: _Note) -> JournalEntry:
    """Return the entry over what was bad debt before the note: it was never earned."""
    return _entry(of, credit_note_key(of.note.id), of.issued_on, of.text, _of_bad_debt(of))


def _write_off_again(of: _Note) -> JournalEntry:
    key, text = credit_note_void_key(of.note.id), f"{of.text} is void"
    return _entry(of, key, of.voided_on, text, _of_bad_debt(of), sign=-1)


@dataclass(frozen=True, slots=True)
class _Given:
    """A part of a note, and where it went."""

    share: Shares
    against: Against


def _of_bad_debt(of: _Note) -> _Given:
    account = bad_debt_account(of.booked(write_off_key(of.invoice.id)))
    return _Given(of.lines.pre_payment, Against(account, of.text, BAD_DEBT_WHY))


def _to_balance(of: _Note) -> _Given:
    return _Given(of.lines.balance, Against(credit_account(of.policy), of.text, CREDIT_WHY))


def _outside(of: _Note) -> _Given:
    case = invoice_case(of.invoice, of.policy)
    account = out_of_band(of.note.currency, case, of.policy).account
    return _Given(of.lines.out_of_band, Against(account, of.text, "out-of-band account"))


def _add_given_back(draft: PlanDraft, of: _Note) -> None:
    """Plan what was given back without a refund, after the invoice was paid."""
    note = of.note
    if note.balance_credit_minor:
        key = credit_note_balance_key(note.id)
        draft.document(
            key,
            lambda: _entry(of, key, of.issued_on, of.text, _to_balance(of)),
            note.balance_credit_minor,
            note.currency,
        )
    if note.outside_minor:
        out_key = credit_note_out_of_band_key(note.id)
        draft.document(
            out_key,
            lambda: _entry(of, out_key, of.issued_on, of.text, _outside(of)),
            note.outside_minor,
            note.currency,
        )


def _entry(of: _Note, key: str, day: date, text: str, given: _Given, sign: int = 1) -> JournalEntry:
    posted = posting_date(day, of.policy)
    customer = debtor_id(of.invoice, of.original)
    memo = f"Credit note {credit_note_number(of.note, of.original)}"
    earned = [
        Earned(customer, memo, line, amount_minor)
        for line, amount_minor in zip(of.lines.lines, given.share, strict=True)
    ]
    # What a void gives again is what the note took, so both are as of the note's day.
    as_issued = as_of(earned, of.issued_on)
    return JournalEntry(
        key=key,
        stripe_id=of.note.id,
        journal=of.policy.journal,
        posting_date=posted.day,
        currency=of.note.currency,
        title=clean(f"{text}{posted.note}", DESCRIPTION_LENGTH_MAX),
        reference=reference(key.removeprefix("credit_note/").replace("/", "-")),
        lines=taking_back(as_issued, given.against, of.note.currency, of.policy, sign),
        after=(invoice_key(of.invoice.id),),
    )
