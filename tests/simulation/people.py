"""What people do in Intacct while nobody is looking, and what of it shows in the books."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from tests.sandbox.intacct.books.company import IntacctCompany, Scope
from tests.sandbox.intacct.books.document_lines import NewLine
from tests.sandbox.intacct.books.documents import (
    DocumentChange,
    delete_document,
    reverse_document,
    update_document,
)
from tests.sandbox.intacct.books.journals import delete_journal_entry, update_journal_entry
from tests.sandbox.intacct.books.ledger import NewEntry
from tests.sandbox.intacct.books.money import convert
from tests.sandbox.intacct.books.payments import reverse_payment
from tests.sandbox.intacct.books.records import (
    JournalEntry,
    LedgerLine,
    Payment,
    ReceivableDocument,
)
from tests.sandbox.intacct.books.tables import Table
from tests.sandbox.intacct.errors import FunctionFailedError
from tests.simulation.faults import Luck
from tests.simulation.outside import Outside

Place = tuple[str, str, str]
"""An account, a currency and a customer; the customer is empty where there is none."""
Sums = defaultdict[Place, Decimal]
"""In major units, debit positive."""
Record = JournalEntry | Payment | ReceivableDocument
_Record = TypeVar("_Record", JournalEntry, Payment, ReceivableDocument)

# People look at what is new.
_NEWEST = 10
# What they change: an amount by this, an account to this, a date by this.
_MORE, _OTHER_ACCOUNT, _LATER = Decimal(1), "6810", timedelta(days=1)


@dataclass
class _Touched:
    """A record of ours that somebody laid hands on.

    Attributes:
        told: what people see of it, with the Stripe id that it is for.
        booked: what it did to the accounts as we had booked it.
        is_gone: whether it does nothing to them any more.
    """

    told: str
    booked: Sums
    is_gone: bool = False


class People:
    """Accountants."""

    def __init__(self, company: IntacctCompany, luck: Luck, outside: Outside) -> None:
        self._touched: dict[tuple[bool, int], _Touched] = {}
        self._company, self._luck, self._outside = company, luck, outside

    # -- periods ----------------------------------------------------------------------------

    def close_period(self) -> None:
        """Close the month that is over, or even the one that is not."""
        today = self._company.today()
        last = today.replace(day=1) - timedelta(days=1)
        closed: date = self._luck.one("period_closed", (last, last, today))
        self._outside.note(f"somebody closes {closed:%Y-%m}")
        self._company.close_period(closed.year, closed.month)
        self._company.log.commit()

    def open_periods(self) -> None:
        """Open all books again."""
        for year, month, entity in self._company.closed_months.keys():  # noqa: SIM118 - a table yields its rows
            self._company.open_period(year, month, entity)
        self._company.log.commit()

    # -- records of ours --------------------------------------------------------------------

    def delete(self) -> None:
        """Delete an entry, or what nobody has paid yet, as who takes it for a mistake."""
        kind = "deleted_in_intacct"
        if self._luck.below(kind, 3):
            self._act(kind, self._entries(), self.delete_entry)
        else:
            self._act(kind, self._unpaid(), self.delete_document)

    def void(self) -> None:
        """Reverse a payment, or an invoice that nobody has paid yet."""
        kind = "voided_in_intacct"
        if self._luck.below(kind, 3):
            self._act(kind, self._newest(self._company.payments), self.void_payment)
        else:
            invoices = [each for each in self._unpaid() if each.kind == "invoice"]
            self._act(kind, invoices, self.void_invoice)

    def edit(self) -> None:
        """Change an amount, an account or a date."""
        kind = "edited_in_intacct"
        match self._luck.below(kind, 4):
            case 0:
                self._act(kind, self._unpaid(), self.change_document)
            case 1:
                self._act(kind, self._entries(), self.change_amount)
            case 2:
                self._act(kind, self._entries(), self.change_account)
            case _:
                self._act(kind, self._entries(), self.change_date)

    def _act(self, kind: str, among: Sequence[_Record], do: Callable[[_Record], None]) -> None:
        if among:
            record = self._luck.one(kind, among)
            self.touch(record, do)

    def touch(self, record: _Record, do: Callable[[_Record], None]) -> None:
        """Do something to a record, unless Intacct does not let people."""
        booked = self._sums_of(record)
        try:
            with self._company.unit_of_work():
                do(record)
        except FunctionFailedError:
            return
        finally:
            self._company.log.commit()
        self._outside.note(f"{do.__name__} of {told_of(record)}")
        touched = self._touched.setdefault(_key(record), _Touched(told_of(record), booked))
        touched.is_gone = not any(self._sums_of(record).values())

    def delete_entry(self, entry: JournalEntry) -> None:
        """Delete a journal entry."""
        delete_journal_entry(self._company, entry.record_no)

    def delete_document(self, document: ReceivableDocument) -> None:
        """Delete an invoice or an adjustment."""
        delete_document(self._company, document.record_no, document.kind)

    def void_payment(self, payment: Payment) -> None:
        """Reverse a payment, or the application of a credit."""
        scope, today = Scope(payment.entity_id), self._company.today()
        reverse_payment(self._company, scope, payment.record_no, today, "")

    def void_invoice(self, invoice: ReceivableDocument) -> None:
        """Reverse an invoice."""
        scope, today = Scope(invoice.entity_id), self._company.today()
        reverse_document(self._company, scope, invoice.record_no, today, "")

    def change_document(self, document: ReceivableDocument) -> None:
        """Ask more on the first line."""
        lines = [
            NewLine(
                each.account_no,
                each.amount if number else each.amount + _MORE,
                each.memo,
                each.dimensions,
                each.offset_account_no,
                deferred=each.deferred,
            )
            for number, each in enumerate(document.lines)
        ]
        change, scope = DocumentChange(lines=tuple(lines)), Scope(document.entity_id)
        update_document(self._company, scope, document.record_no, change)

    def change_amount(self, entry: JournalEntry) -> None:
        """Move more from the last account to the first."""
        first, *others, last = entry.lines
        if first.currency == last.currency and first.dimensions == last.dimensions:
            lines = (self._with_more(first, _MORE), *others, self._with_more(last, -_MORE))
            self._replace(entry, lines=lines)

    def change_account(self, entry: JournalEntry) -> None:
        """Book the last line elsewhere."""
        *others, last = entry.lines
        moved = dataclasses.replace(last, account_no=_OTHER_ACCOUNT)
        self._replace(entry, lines=(*others, moved))

    def change_date(self, entry: JournalEntry) -> None:
        """Book it a day later."""
        self._replace(entry, posted_on=entry.posted_on + _LATER)

    def _with_more(self, line: LedgerLine, more: Decimal) -> LedgerLine:
        rate = self._company.exchange(line.currency, None, "").rate
        base = line.base_amount + convert(more, rate)
        return dataclasses.replace(line, amount=line.amount + more, base_amount=base)

    def _replace(
        self,
        entry: JournalEntry,
        *,
        lines: tuple[LedgerLine, ...] | None = None,
        posted_on: date | None = None,
    ) -> None:
        changed = NewEntry(
            entry.journal,
            posted_on or entry.posted_on,
            entry.title,
            lines or entry.lines,
            reference=entry.reference,
            base_location=entry.base_location,
        )
        update_journal_entry(self._company, Scope(entry.entity_id), entry.record_no, changed)

    def _entries(self) -> Sequence[JournalEntry]:
        return [each for each in self._newest(self._company.entries) if each.module == "2.GL"]

    def _unpaid(self) -> Sequence[ReceivableDocument]:
        newest = self._newest(self._company.documents)
        return [each for each in newest if each.state == "posted" and not each.applied]

    def _newest(self, table: Table[int, _Record]) -> Sequence[_Record]:
        return [table[key] for key in table.keys()[-_NEWEST:]]

    # -- what shows of it -------------------------------------------------------------------

    @property
    def have_acted(self) -> bool:
        """Whether they ever laid hands on something."""
        return bool(self._touched)

    def touched(self, stripe_id: str) -> bool:
        """Whether they laid hands on something that was booked for a Stripe object."""
        return any(stripe_id in each.told for each in self._touched.values())

    def took_away(self, named: str) -> bool:
        """Whether they took away something that was booked with this number or Stripe id."""
        return any(named in each.told for each in self._touched.values() if each.is_gone)

    def undone(self, record: Record) -> bool:
        """Take note that what they took away is there again; tell whether they had.

        While nobody knows what became of a document, what is not there was never booked.
        """
        again = told_of(record)
        for key, each in self._touched.items():
            if each.is_gone and each.told == again and key != _key(record):
                del self._touched[key]
                return True
        return False

    def explained(self, reversed_by_us: frozenset[int]) -> Sums:
        """Return by how much the books differ from what we booked, for what people did.

        Args:
            reversed_by_us: invoices and payments that we took back, whatever they were by then.
        """
        sums: Sums = defaultdict(Decimal)
        for (is_entry, record_no), touched in self._touched.items():
            there = self._sums(is_entry=is_entry, record_no=record_no)
            for place, amount in there.items():
                sums[place] += amount
            if is_entry or record_no not in reversed_by_us:
                for place, amount in touched.booked.items():
                    sums[place] -= amount
        return sums

    def _sums_of(self, record: Record) -> Sums:
        return self._sums(is_entry=isinstance(record, JournalEntry), record_no=record.record_no)

    def _sums(self, *, is_entry: bool, record_no: int) -> Sums:
        """Return what is on the accounts of a record, by Intacct's ledger."""
        entries: Iterable[JournalEntry | None] = [self._company.entries.get(record_no)]
        if not is_entry:
            entries = [each for each in self._company.entries if each.source_key == record_no]
        sums: Sums = defaultdict(Decimal)
        for entry in entries:
            for line in entry.lines if entry else ():
                place = line.account_no, line.currency.lower(), line.dimensions.customer
                sums[place] += line.amount
        return sums


def stripe_id_of(key: str) -> str:
    """Return the id that is in a document's key."""
    return key.split("/")[1]


def told_of(record: Record) -> str:
    """Return what people see of a record, by which no two of ours are equal."""
    match record:
        case JournalEntry():
            currency = record.lines[0].currency if record.lines else ""
            return f"journal {record.reference} {record.title} {currency}"
        case Payment():
            return f"{record.kind} {record.reference} {record.description}"
        case ReceivableDocument():
            return f"{record.kind} {record.number} {record.description}"


def _key(record: Record) -> tuple[bool, int]:
    return isinstance(record, JournalEntry), record.record_no
