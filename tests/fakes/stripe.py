"""A Stripe account in memory: snapshots by subject, and lists."""

from collections.abc import Iterable, Sequence

from tests.fakes.faults import Faulty
from tieout.domain.errors import Refused
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject
from tieout.planning.snapshots import Snapshot
from tieout.services.ports import EventHint, InvoiceRow, Row, Stretch

# Stripe lists the events of so many types at once.
TYPES_MAX = 20


class FakeStripe(Faulty):
    """The `StripeReader` port in memory; one read for a snapshot, one for a page of a list.

    Attributes:
        snapshots: what is read, by subject; an exception is raised instead.
        events_listed, invoices_listed: what the lists hold, in any order.
        page_rows: how many rows a page has.
    """

    def __init__(self, page_rows: int = 100) -> None:
        super().__init__()
        self.page_rows = page_rows
        self.snapshots: dict[Subject, Snapshot | Exception] = {}
        self.events_listed: list[EventHint] = []
        self.invoices_listed: list[InvoiceRow] = []
        self._reads = 0

    @property
    def reads(self) -> int:
        return self._reads

    def snapshot(self, subject: Subject) -> Snapshot:
        self._read()
        found = self.snapshots.get(subject)
        if found is None:
            raise Refused(Reason.OBJECT_MISSING_IN_STRIPE, f"{subject} is not in Stripe")
        if isinstance(found, Exception):
            raise found
        return found

    def events(
        self, types: Sequence[str], since_unix: int, until_unix: int | None
    ) -> Stretch[EventHint]:
        lists = -(-len(types) // TYPES_MAX)
        found = [hint for hint in self.events_listed if hint.event_type in types]
        return self._stretch(found, since_unix, until_unix, reads_per_page=lists)

    def invoices(self, since_unix: int, until_unix: int | None) -> Stretch[InvoiceRow]:
        return self._stretch(self.invoices_listed, since_unix, until_unix)

    def open_invoices(self, since_unix: int, until_unix: int | None) -> Stretch[InvoiceRow]:
        found = [row for row in self.invoices_listed if row.status == "open"]
        return self._stretch(found, since_unix, until_unix)

    def _stretch(
        self,
        listed: Iterable[Row],
        since_unix: int,
        until_unix: int | None,
        reads_per_page: int = 1,
    ) -> Stretch[Row]:
        """Return a page, or as many as show one whole second."""
        rows = [
            row
            for row in sorted(listed, key=lambda row: row.created_unix, reverse=True)
            if row.created_unix >= since_unix
            and (until_unix is None or row.created_unix <= until_unix)
        ]
        for end in range(self.page_rows, len(rows), self.page_rows):
            self._read(reads_per_page)
            oldest_unix = rows[end - 1].created_unix
            if until_unix is None or oldest_unix < until_unix:
                whole = [row for row in rows[:end] if row.created_unix > oldest_unix]
                return Stretch(whole, oldest_unix + 1)
        self._read(reads_per_page)
        return Stretch(rows, since_unix)

    def _read(self, reads: int = 1) -> None:
        self._may_fail()
        self._reads += reads
