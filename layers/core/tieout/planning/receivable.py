"""What happened to what an invoice asks for, in the order in which it happened.

One walk through the facts says what the credit balance, each payment and each credit note settled,
what was written off and what a void found left, and which records of Intacct's that concerns: the
AR invoice, or a debit memo that asked for something again. Every step looks only at what came
before it, so nothing that happens later changes what was booked.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from tieout.domain.documents import Application
from tieout.domain.keys import (
    credit_note_void_key,
    invoice_key,
    recovery_key,
    returned_receipt_key,
)
from tieout.planning.given_up import came_and_went, given_up_at
from tieout.planning.settlement import payments_that_brought_money, receipt_key_of
from tieout.planning.snapshots import CreditNote, InvoicePayment, InvoiceSnapshot

# What comes first of what Stripe dates alike.
_CREDIT_NOTE, _CREDIT_NOTE_VOID, _PAYMENT, _RETURN, _WRITE_OFF, _VOID = range(6)


@dataclass(frozen=True, slots=True)
class Relief:
    """What one event settled.

    Attributes:
        amount_minor: positive, on all records together.
        debit_memos: what of it was on debit memos; the rest was on the AR invoice.
        after: keys of reversals that made room for it.
    """

    amount_minor: int = 0
    debit_memos: tuple[Application, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settlement:
    """A payment and what it settled.

    Attributes:
        relief: nothing, if nothing was left to settle.
        excess_minor: what it brought beyond that, which Stripe put into the customer's balance.
        recovered_minor: what of the relief had been written off before.
    """

    payment: InvoicePayment
    relief: Relief
    excess_minor: int = 0
    recovered_minor: int = 0

    @property
    def amount_minor(self) -> int:
        """What it settled."""
        return self.relief.amount_minor


@dataclass(frozen=True, slots=True)
class NoteRelief:
    """What a credit note took off what was still owed.

    Attributes:
        written_off_minor: what it took off what had been written off; nothing was open then.
    """

    relief: Relief = Relief()
    written_off_minor: int = 0


@dataclass(frozen=True, slots=True)
class WriteOff:
    """What was open when the invoice was given up.

    Attributes:
        at_unix: when; None if Stripe does not say.
    """

    relief: Relief
    at_unix: int | None


@dataclass(frozen=True, slots=True)
class Receivable:
    """What became of what an invoice asks for; all amounts positive.

    Attributes:
        reopened: payments that came and went unseen, and what of what was written off is owed
            again since; they settled nothing.
        credit_used_minor: what the customer's credit balance settled when it was finalised.
        notes: by the id of each credit note that fitted into the invoice.
        write_offs: what was open each time that it was given up, where something was.
        void: what was open when it was voided; None if it never was.
        void_written_off_minor: what was written off at that time.
        void_paid_minor: by the id of each payment whose money had not gone back by then, what it
            had settled.
        void_returns: by the id of a payment, what was open again since its money went back later.
        is_untouched: whether nothing had settled anything of it until it was voided.
    """

    settlements: tuple[Settlement, ...]
    reopened: tuple[Settlement, ...]
    credit_used_minor: int
    notes: Mapping[str, NoteRelief]
    write_offs: tuple[WriteOff, ...]
    void: Relief | None
    void_written_off_minor: int
    void_paid_minor: Mapping[str, int]
    void_returns: Mapping[str, Relief]
    is_untouched: bool


@dataclass(slots=True)
class _Walk:
    """What is open, while walking through what happened.

    Attributes:
        open_minor: by the key of each record, what is still to be settled of it.
        for_balance_minor: what payments may still bring for the customer's credit balance: what
            was overpaid, and what the customer owed from before and the invoice asked for, too.
        unreturned: payments whose money went back, nobody knows when.
        returned: keys of the reversals of receipts so far.
        kept_minor: by the id of a payment, what it settled, while its money has not gone back.
    """

    invoice: InvoiceSnapshot
    open_minor: dict[str, int] = field(default_factory=dict)
    for_balance_minor: int = 0
    written_off_minor: int = 0
    credited_minor: int = 0
    is_untouched: bool = True
    settlements: dict[str, Settlement] = field(default_factory=dict)
    unreturned: list[InvoicePayment] = field(default_factory=list)
    returned: tuple[str, ...] = ()
    reopened: tuple[Settlement, ...] = ()
    kept_minor: dict[str, int] = field(default_factory=dict)
    notes: dict[str, NoteRelief] = field(default_factory=dict)
    write_offs: list[WriteOff] = field(default_factory=list)
    void: Relief | None = None
    void_written_off_minor: int = 0
    void_paid_minor: dict[str, int] = field(default_factory=dict)
    void_returns: dict[str, Relief] = field(default_factory=dict)

    def settle(self, amount_minor: int) -> Relief:
        """Settle as much of the amount as there is open, the AR invoice first."""
        applied = []
        for key, open_minor in self.open_minor.items():
            part_minor = min(open_minor, amount_minor)
            if part_minor > 0:
                applied.append(Application(key, part_minor))
                amount_minor -= part_minor
        for each in applied:
            self.open_minor[each.key] -= each.amount_minor
        if applied:
            self.is_untouched = False
        own = invoice_key(self.invoice.id)
        return Relief(
            sum(each.amount_minor for each in applied),
            tuple(each for each in applied if each.key != own),
            self.returned,
        )

    def pay(self, payment: InvoicePayment) -> None:
        brought_minor = payment.amount_paid_minor
        if self.void is not None:
            self.settlements[payment.id] = Settlement(payment, Relief())
            return
        while self.unreturned and brought_minor > self._all_open():
            self.give_back(self.unreturned.pop(0))
        recovered_minor = min(max(brought_minor - self._all_open(), 0), self.written_off_minor)
        if recovered_minor:
            self.written_off_minor -= recovered_minor
            self.open_minor[recovery_key(receipt_key_of(payment, self.invoice))] = recovered_minor
        relief = self.settle(brought_minor)
        excess_minor = min(brought_minor - relief.amount_minor, self.for_balance_minor)
        self.for_balance_minor -= excess_minor
        self.settlements[payment.id] = Settlement(payment, relief, excess_minor, recovered_minor)
        self.kept_minor[payment.id] = relief.amount_minor
        if payment.status == "canceled" and payment.returned_at_unix is None:
            self.unreturned.append(payment)

    def give_back(self, payment: InvoicePayment) -> None:
        settlement = self.settlements[payment.id]
        relief = settlement.relief
        self.for_balance_minor += settlement.excess_minor
        for each in relief.debit_memos:
            self.open_minor[each.key] += each.amount_minor
        on_memos_minor = sum(each.amount_minor for each in relief.debit_memos)
        self.open_minor[invoice_key(self.invoice.id)] += relief.amount_minor - on_memos_minor
        self.returned = (*self.returned, returned_receipt_key(payment.id))
        self.kept_minor.pop(payment.id, None)
        if self.void is not None and relief.amount_minor:
            self.void_returns[payment.id] = self.settle(relief.amount_minor)

    def reopen(self, payment: InvoicePayment, at_unix: int) -> None:
        recovered_minor, self.written_off_minor = self.written_off_minor, 0
        if recovered_minor:
            self.open_minor[recovery_key(receipt_key_of(payment, self.invoice))] = recovered_minor
            payment = dataclasses.replace(payment, paid_at_unix=at_unix)
            recovered = Settlement(payment, Relief(), recovered_minor=recovered_minor)
            self.reopened = (*self.reopened, recovered)

    def credit(self, note: CreditNote) -> None:
        if self.credited_minor + note.total_minor > self.invoice.total_minor:
            return
        if 0 <= note.pre_payment_minor <= self._all_open():
            self.notes[note.id] = NoteRelief(self.settle(note.pre_payment_minor))
        elif 0 < note.pre_payment_minor <= self.written_off_minor and not self._all_open():
            self.written_off_minor -= note.pre_payment_minor
            self.notes[note.id] = NoteRelief(written_off_minor=note.pre_payment_minor)
        else:
            return
        self.credited_minor += note.total_minor

    def uncredit(self, note: CreditNote) -> None:
        if note.id not in self.notes:
            return
        self.credited_minor -= note.total_minor
        took = self.notes[note.id]
        self.written_off_minor += took.written_off_minor
        if took.relief.amount_minor:
            self.open_minor[credit_note_void_key(note.id)] = took.relief.amount_minor

    def write_off(self, at_unix: int | None) -> None:
        relief = self.settle(self._all_open())
        self.written_off_minor += relief.amount_minor
        if relief.amount_minor:
            self.write_offs.append(WriteOff(relief, at_unix))

    def end(self) -> None:
        was_untouched = self.is_untouched
        self.void = self.settle(self._all_open())
        self.is_untouched = was_untouched
        self.void_paid_minor = dict(self.kept_minor)
        self.void_written_off_minor, self.written_off_minor = self.written_off_minor, 0

    def _all_open(self) -> int:
        return sum(self.open_minor.values())


def receivable(invoice: InvoiceSnapshot) -> Receivable:
    """Return what became of what a finalised invoice asks for."""
    walk = _Walk(invoice, {invoice_key(invoice.id): max(invoice.total_minor, 0)})
    walk.for_balance_minor = invoice.amount_overpaid_minor + owed_before_minor(invoice)
    credit_used = walk.settle(max(invoice.credit_balance_applied_minor, 0))
    for _, _, _, happen in sorted(_events(walk, invoice), key=lambda each: each[:3]):
        happen()
    return Receivable(
        settlements=tuple(walk.settlements.values()),
        reopened=walk.reopened,
        credit_used_minor=credit_used.amount_minor,
        notes=walk.notes,
        write_offs=tuple(walk.write_offs),
        void=walk.void,
        void_written_off_minor=walk.void_written_off_minor,
        void_paid_minor=walk.void_paid_minor,
        void_returns=walk.void_returns,
        is_untouched=walk.is_untouched,
    )


def owed_before_minor(invoice: InvoiceSnapshot) -> int:
    """Return what the customer owed from before, and this invoice asks for beyond its total.

    An invoice over less than nothing changes the balance by its own total, too.
    """
    return max(min(invoice.total_minor, 0) - invoice.credit_balance_applied_minor, 0)


_Event = tuple[float, int, str, Callable[[], None]]


def _events(walk: _Walk, invoice: InvoiceSnapshot) -> list[_Event]:
    events: list[_Event] = []
    for payment in payments_that_brought_money(invoice):
        at = payment.paid_at_unix or 0
        events.append((at, _PAYMENT, payment.id, partial(walk.pay, payment)))
        if payment.returned_at_unix is not None:
            back = max(payment.returned_at_unix, at)
            events.append((back, _RETURN, payment.id, partial(walk.give_back, payment)))
    for at, payment in came_and_went(invoice):
        events.append((at, _RETURN, payment.id, partial(walk.reopen, payment, at)))
    for note in invoice.credit_notes:
        events.append((note.created_unix, _CREDIT_NOTE, note.id, partial(walk.credit, note)))
        if note.status == "void":
            at = note.created_unix if note.voided_at_unix is None else note.voided_at_unix
            events.append((at, _CREDIT_NOTE_VOID, note.id, partial(walk.uncredit, note)))
    for marked_at in given_up_at(invoice):
        happen = partial(walk.write_off, marked_at)
        events.append((_moment(marked_at), _WRITE_OFF, "", happen))
    if invoice.status == "void":
        events.append((_moment(invoice.voided_at_unix), _VOID, "", walk.end))
    return events


def _moment(at_unix: int | None) -> float:
    """What Stripe does not date is last."""
    return math.inf if at_unix is None else at_unix
