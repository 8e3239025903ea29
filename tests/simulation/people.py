"""What people do in Intacct while nobody is looking."""

from collections import Counter
from datetime import date, timedelta

from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.books.journals import delete_journal_entry
from tests.sandbox.intacct.books.records import JournalEntry
from tests.simulation.faults import Luck
from tests.simulation.outside import Outside


class People:
    """Accountants.

    Attributes:
        explained: what they did to each account and currency; debit positive.
        deleted: entries that they took away, by what people see of them.
    """

    def __init__(self, company: IntacctCompany, luck: Luck, outside: Outside) -> None:
        self.explained: Counter[tuple[str, str]] = Counter()
        self.deleted: dict[str, JournalEntry] = {}
        self._company, self._luck, self._outside = company, luck, outside

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

    def edit(self) -> None:
        """Delete a journal entry of ours, as somebody does who takes it for a mistake."""
        entries: list[JournalEntry] = [
            each for each in self._company.entries if each.module == "2.GL"
        ]
        if not entries:
            return
        entry = self._luck.one("edited_in_intacct", entries[-10:])
        self._outside.note(f"somebody deletes {entry.title}")
        delete_journal_entry(self._company, entry.record_no)
        self._company.log.commit()
        self.deleted[named(entry)] = entry
        self._explain(entry, -1)

    def is_deleted(self, key: str) -> bool:
        """Whether they took away what was booked under a document's key."""
        _, _, identifier = key.partition("/")
        return any(identifier.partition("/")[0] in name for name in self.deleted)

    def undone(self, name: str) -> bool:
        """Take note that what they deleted is there again; tell whether they had deleted it.

        While nobody knows what became of a document, what is not there was never booked.
        """
        entry = self.deleted.pop(name, None)
        if entry is not None:
            self._explain(entry, 1)
        return entry is not None

    def _explain(self, entry: JournalEntry, sign: int) -> None:
        for line in entry.lines:
            self.explained[line.account_no, line.currency.lower()] += sign * line.amount  # type: ignore[assignment]


def named(entry: JournalEntry) -> str:
    """Return what people see of an entry, by which no two of ours are equal."""
    currency = entry.lines[0].currency if entry.lines else ""
    return f"journal {entry.reference} {entry.title} {currency}"
