"""The poller and everything around it in memory, small enough to be read page by page."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes import (
    FakeClock,
    FakeCursors,
    FakeInbox,
    FakeMetrics,
    FakePolicies,
    FakePostings,
    FakeQueue,
    FakeStripe,
)
from tieout.domain.keys import invoice_key
from tieout.domain.postings import Posting, State
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.closed_periods import ClosedPeriods
from tieout.services.poll import Poller, PollReport
from tieout.services.ports import EventHint, InvoiceRow
from tieout.services.transactions import TransactionWatch

NOW_UNIX = 1_795_219_200
HALF_HOUR = 1_800
HOUR = 3_600
DAY = 24 * HOUR
LOOK_BACK_DAYS = 35


class Death(Exception):
    """The process is gone."""


@dataclass
class Life:
    """Ends at an outside call, before or after it had its effect.

    Attributes:
        calls_left: how many calls go well; None lives for ever.
        after: whether the last call still has its effect.
    """

    calls_left: int | None = None
    after: bool = False

    def around(self, port: object) -> Any:  # noqa: ANN401 - stands for any port
        return _Mortal(port, self)

    def call(self, method: Callable[..., object], arguments: tuple[object, ...]) -> object:
        dies = self.calls_left == 0
        if dies and not self.after:
            raise Death
        answer = method(*arguments)
        if dies:
            raise Death
        if self.calls_left is not None:
            self.calls_left -= 1
        return answer


class _Mortal:
    def __init__(self, port: object, life: Life) -> None:
        self._port = port
        self._life = life

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the port has
        found = getattr(self._port, name)
        if not callable(found):
            return found
        return lambda *arguments: self._life.call(found, arguments)


@dataclass
class World:
    """Stripe, the tables, the queue and the clock around the poller."""

    stripe: FakeStripe = field(default_factory=lambda: FakeStripe(page_rows=3))
    inbox: FakeInbox = field(default_factory=FakeInbox)
    books: FakePostings = field(default_factory=FakePostings)
    cursors: FakeCursors = field(default_factory=FakeCursors)
    policies: FakePolicies = field(default_factory=FakePolicies)
    metrics: FakeMetrics = field(default_factory=FakeMetrics)
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW_UNIX))
    closed_periods: ClosedPeriods | None = None
    transactions: TransactionWatch | None = None

    def __post_init__(self) -> None:
        self.queue = FakeQueue(self.clock)

    def run(self, read_budget: int = 100, life: Life | None = None) -> PollReport:
        """Make one run, then let half an hour pass."""
        around = (life or Life()).around
        poller = Poller(
            around(self.stripe),
            around(self.inbox),
            around(self.books),
            around(self.queue),
            around(self.cursors),
            self.clock,
            self.metrics,
            policies=self.policies,
            livemode=False,
            overlap_seconds=HOUR,
            invoice_lookback_days=LOOK_BACK_DAYS,
            read_budget=read_budget,
            closed_periods=self.closed_periods,
            transactions=self.transactions,
        )
        try:
            return poller.run()
        finally:
            self.clock.advance(HALF_HOUR)

    def knows(self, *postings: Posting) -> None:
        self.books.by_key.update({posting.key: posting for posting in postings})

    @property
    def queued_events(self) -> list[str]:
        return [item.trigger for item in self.queue.items if item.trigger != "poll"]

    @property
    def queued_invoices(self) -> list[str]:
        return [
            item.subject.id
            for item in self.queue.items
            if item.trigger == "poll" and item.subject.kind is SubjectKind.INVOICE
        ]

    @property
    def queued_days(self) -> list[str]:
        return [
            item.subject.id
            for item in self.queue.items
            if item.subject.kind is SubjectKind.ACTIVITY
        ]


def hint(number: int, *, age_seconds: int = 600) -> EventHint:
    return EventHint(
        event_id=f"evt_{number}",
        event_type="refund.created",
        subject=Subject(SubjectKind.REFUND, f"re_{number}"),
        group=f"cus_{number}",
        created_unix=NOW_UNIX - age_seconds,
        livemode=False,
    )


def row(number: int, status: str = "open", *, age_seconds: int = DAY) -> InvoiceRow:
    state = f"{status}:0:100"
    return InvoiceRow(f"in_{number}", "cus_1", status, state, NOW_UNIX - age_seconds)


def booked(listed: InvoiceRow, state: State = State.POSTED, source_state: str = "") -> Posting:
    """Return the posting of an invoice; without `source_state` the books agree with the row."""
    return Posting(
        invoice_key(listed.invoice),
        Subject(SubjectKind.INVOICE, listed.invoice),
        state,
        document_type="ArInvoice",
        source_state=source_state or listed.state,
        source_created_unix=listed.created_unix,
    )
