"""A Stripe account in memory: snapshots by subject, and lists."""

from collections.abc import Iterable, Sequence

from tests.fakes.faults import Faulty
from tieout.domain.errors import Refused
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject
from tieout.planning.snapshots import Snapshot
from tieout.services.ports import EventHint, InvoiceRow


class FakeStripe(Faulty):
    """The `StripeReader` port in memory; one read for a snapshot, one for a list.

    Attributes:
        snapshots: what is read, by subject; an exception is raised instead.
        events, invoices: what the lists hold, in any order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.snapshots: dict[Subject, Snapshot | Exception] = {}
        self.events: list[EventHint] = []
        self.invoices: list[InvoiceRow] = []
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

    def events_since(self, since_unix: int, types: Sequence[str]) -> Iterable[EventHint]:
        self._read()
        found = [
            hint
            for hint in self.events
            if hint.created_unix >= since_unix and hint.event_type in types
        ]
        return iter(sorted(found, key=lambda hint: hint.created_unix))

    def invoices_created_since(self, since_unix: int) -> Iterable[InvoiceRow]:
        self._read()
        return iter([row for row in self.invoices if row.created_unix >= since_unix])

    def open_invoices(self) -> Iterable[InvoiceRow]:
        self._read()
        return iter([row for row in self.invoices if row.status == "open"])

    def _read(self) -> None:
        self._may_fail()
        self._reads += 1
