"""Poll: find what Stripe has and the books have not, and queue it.

Three passes, from cheap to thorough, under one budget of Stripe reads:

    events    every event since the cursor that the inbox does not hold
    invoices  every recent invoice whose state is not the one last brought up to date
    deep      once a day: every invoice that our books show open and Stripe does not, or not so

A run that dies at any line leaves work to be repeated, never work to be forgotten: an event is
queued before it is stored, and a cursor moves only over what was handled.
Source: stripe-api dossier section 6.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from tieout.domain.events import SUBSCRIPTIONS
from tieout.domain.keys import invoice_key
from tieout.domain.postings import Posting, State
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services import metric_names
from tieout.services.ports import (
    Clock,
    Cursors,
    EventHint,
    Inbox,
    InvoiceRow,
    Metrics,
    Postings,
    StoredEvent,
    StripeReader,
    WorkItem,
    WorkQueue,
)
from tieout.services.receive import work_item

_DAY_SECONDS = 86_400
# Stripe lists an event for 30 days. Source: stripe-api dossier section 6.1.
EVENT_HORIZON_SECONDS = 30 * _DAY_SECONDS
# Stripe itself retries a delivery for three days, so a new installation has missed no more.
FIRST_LOOK_BACK_SECONDS = 3 * _DAY_SECONDS
DEEP_PASS_EVERY_SECONDS = _DAY_SECONDS
EVENTS_CURSOR = "events"
DEEP_CURSOR = "deep"
# How much is looked up in our tables at once: what DynamoDB reads in one request.
CHUNK_ROWS = 100
_SET_ASIDE = frozenset({State.PARKED, State.REJECTED, State.NOT_BOOKED})

logger = logging.getLogger(__name__)

Row = TypeVar("Row", EventHint, InvoiceRow)


@dataclass(frozen=True, slots=True)
class PollReport:
    """What one run saw and did.

    Attributes:
        events, invoices, open_invoices: how many each pass looked at.
        missed: how many subjects were queued.
        reads: GET requests sent to Stripe.
        budget_exhausted: something was left for the next run.
        out_of_reach: the cursor was behind Stripe's horizon, so events between are gone; what
            happened to invoices shows in their state.
    """

    events: int
    invoices: int
    open_invoices: int
    missed: int
    reads: int
    budget_exhausted: bool
    out_of_reach: bool


class _Budget:
    """Counts Stripe reads of one run against what it may spend.

    What was read is used, even if reading it overspent: a reader that must read several pages to
    put them in order would otherwise never come past a busy day. The run stops at the first row
    that was read after the budget was spent.
    """

    def __init__(self, stripe: StripeReader, reads_max: int) -> None:
        self._stripe = stripe
        self._reads_before = stripe.reads
        self._reads_max = reads_max
        self.exhausted = False

    @property
    def spent(self) -> int:
        return self._stripe.reads - self._reads_before

    def rows(self, listing: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows that the budget covers; `exhausted` tells if there were more."""
        spent_until_last_row = self.spent
        if spent_until_last_row >= self._reads_max:
            self.exhausted = True
            return
        for row in listing:
            if self.spent > spent_until_last_row >= self._reads_max:
                self.exhausted = True
                return
            spent_until_last_row = self.spent
            yield row


class Poller:
    """The use case behind the poller function."""

    def __init__(  # noqa: PLR0913 - a use case names everything it touches
        self,
        stripe: StripeReader,
        inbox: Inbox,
        postings: Postings,
        queue: WorkQueue,
        cursors: Cursors,
        clock: Clock,
        metrics: Metrics,
        *,
        livemode: bool,
        overlap_seconds: int,
        invoice_lookback_days: int,
        read_budget: int,
    ) -> None:
        self._stripe = stripe
        self._inbox = inbox
        self._postings = postings
        self._queue = queue
        self._cursors = cursors
        self._clock = clock
        self._metrics = metrics
        self._livemode = livemode
        self._overlap_seconds = overlap_seconds
        self._invoice_lookback_seconds = invoice_lookback_days * _DAY_SECONDS
        self._read_budget = read_budget

    def run(self) -> PollReport:
        """Make the passes that the budget allows and tell what they found.

        Raises:
            TransientFault, ConfigurationFault: Stripe, the queue or a table; the next run starts
                from the same cursors.
        """
        now_unix = self._clock.now_unix()
        budget = _Budget(self._stripe, self._read_budget)
        cursor = self._cursors.get(EVENTS_CURSOR)
        horizon_unix = now_unix - EVENT_HORIZON_SECONDS
        try:
            events, missed_events = self._poll_events(now_unix, budget, cursor, horizon_unix)
            invoices, missed_invoices = self._poll_invoices(now_unix, budget)
            deep, missed_deep = self._poll_open_invoices(now_unix, budget)
        finally:
            self._metrics.count(metric_names.STRIPE_READS, budget.spent)
        report = PollReport(
            events=events,
            invoices=invoices,
            open_invoices=deep,
            missed=missed_events + missed_invoices + missed_deep,
            reads=budget.spent,
            budget_exhausted=budget.exhausted,
            out_of_reach=cursor is not None and cursor < horizon_unix,
        )
        self._count(report)
        return report

    def _count(self, report: PollReport) -> None:
        self._metrics.count(metric_names.POLLER_RUN)
        if report.missed:
            self._metrics.count(metric_names.MISSED, report.missed)
        if report.budget_exhausted:
            self._metrics.count(metric_names.POLLER_BUDGET_EXHAUSTED)

    def _poll_events(
        self, now_unix: int, budget: _Budget, cursor: int | None, horizon_unix: int
    ) -> tuple[int, int]:
        """Queue events that the webhook never received; return how many were seen and missed."""
        since_unix = now_unix - FIRST_LOOK_BACK_SECONDS if cursor is None else cursor
        since_unix = max(since_unix, horizon_unix)
        # Rows can become listed late. A cursor that never comes closer to now than the overlap
        # re-reads what is young, and still moves on when the budget ends a run early.
        cursor_max = now_unix - self._overlap_seconds
        seen = missed = 0
        listing = self._stripe.events_since(since_unix, sorted(SUBSCRIPTIONS))
        for chunk in _chunks(budget.rows(listing)):
            known = self._inbox.seen(hint.event_id for hint in chunk)
            for hint in chunk:
                if hint.event_id not in known:
                    self._queue.send(work_item(hint))
                    self._inbox.store(StoredEvent(hint, now_unix, source="poll"))
                    logger.info(
                        "missed event queued",
                        extra={"event_id": hint.event_id, "event_type": hint.event_type},
                    )
                    missed += 1
            seen += len(chunk)
            self._cursors.advance(EVENTS_CURSOR, min(chunk[-1].created_unix, cursor_max))
        if not budget.exhausted:
            self._cursors.advance(EVENTS_CURSOR, cursor_max)
        return seen, missed

    def _poll_invoices(self, now_unix: int, budget: _Budget) -> tuple[int, int]:
        """Queue recent invoices that the books are behind on."""
        seen = missed = 0
        listing = self._stripe.invoices_created_since(now_unix - self._invoice_lookback_seconds)
        for chunk in _chunks(budget.rows(listing)):
            postings = self._postings.get_many(invoice_key(row.invoice) for row in chunk)
            for row in chunk:
                if row.status == "draft":
                    continue
                if _is_behind(postings.get(invoice_key(row.invoice)), row):
                    self._queue_invoice(row.invoice, row.state, row.customer)
                    missed += 1
            seen += len(chunk)
        return seen, missed

    def _poll_open_invoices(self, now_unix: int, budget: _Budget) -> tuple[int, int]:
        """Queue invoices, however old, that are open in our books only or open otherwise.

        Voids, write-offs and late payments of invoices beyond the look-back show nowhere else.
        """
        last_unix = self._cursors.get(DEEP_CURSOR)
        if last_unix is not None and now_unix - last_unix < DEEP_PASS_EVERY_SECONDS:
            return 0, 0
        in_stripe = {row.invoice: row for row in budget.rows(self._stripe.open_invoices())}
        if budget.exhausted:
            # From half a list nothing can be said to be absent.
            return 0, 0
        seen = missed = 0
        for invoice, state in self._postings.open_invoices():
            row = in_stripe.get(invoice)
            if row is None or row.state != state:
                self._queue_invoice(invoice, row.state if row else f"not-{state}", None)
                missed += 1
            seen += 1
        self._cursors.advance(DEEP_CURSOR, now_unix)
        return seen, missed

    def _queue_invoice(self, invoice: str, state: str, customer: str | None) -> None:
        subject = Subject(SubjectKind.INVOICE, invoice)
        self._queue.send(
            WorkItem(
                subject=subject,
                trigger="poll",
                group=customer or str(subject),
                deduplication_id=f"poll:{invoice}:{state}",
                livemode=self._livemode,
            )
        )
        logger.info("missed invoice queued", extra={"subject": str(subject)})


def _is_behind(posting: Posting | None, row: InvoiceRow) -> bool:
    """Whether the books have not yet been brought up to the row's state.

    What was parked, rejected or not booked in this very state is not asked for again on every run;
    nor is what was refused before its state could be read: a person redrives it, or Stripe's next
    event does.
    """
    if posting is None:
        return True
    if not posting.source_state and posting.state in _SET_ASIDE:
        return False
    return posting.source_state != row.state


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK_ROWS)):
        yield chunk
