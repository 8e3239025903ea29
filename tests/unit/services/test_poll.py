"""Goal: what Stripe has and the books have not is queued, once per run and state, within the read
budget, and a run that dies forgets nothing.

Method: the poller over an in-memory Stripe that counts page reads, and tables and a queue that can
be made to fail at their nth use.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from tieout.domain.errors import Unavailable
from tieout.domain.events import SUBSCRIPTIONS
from tieout.domain.keys import invoice_key
from tieout.domain.postings import Posting, State
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import Snapshot
from tieout.services.poll import Poller, PollReport
from tieout.services.ports import EventHint, InvoiceRow, StoredEvent, WorkItem
from tieout.services.receive import work_item

NOW_UNIX = 1_795_219_200
HOUR = 3_600
DAY = 24 * HOUR
PAGE_ROWS = 3

Row = TypeVar("Row", EventHint, InvoiceRow)


@dataclass
class StripeLists:
    """Lists of three rows a page, each page a read, like Stripe's of a hundred."""

    events: list[EventHint] = field(default_factory=list)
    invoices: list[InvoiceRow] = field(default_factory=list)
    reads: int = 0
    since_unix: int | None = None

    def snapshot(self, subject: Subject) -> Snapshot:
        raise NotImplementedError

    def events_since(self, since_unix: int, types: Sequence[str]) -> Iterator[EventHint]:
        assert set(types) == set(SUBSCRIPTIONS)
        self.since_unix = since_unix
        found = [hint for hint in self.events if hint.created_unix >= since_unix]
        yield from self._pages(sorted(found, key=lambda hint: hint.created_unix))

    def invoices_created_since(self, since_unix: int) -> Iterator[InvoiceRow]:
        yield from self._pages([row for row in self.invoices if row.created_unix >= since_unix])

    def open_invoices(self) -> Iterator[InvoiceRow]:
        yield from self._pages([row for row in self.invoices if row.status == "open"])

    def _pages(self, rows: Sequence[Row]) -> Iterator[Row]:
        for first in range(0, max(len(rows), 1), PAGE_ROWS):
            self.reads += 1
            yield from rows[first : first + PAGE_ROWS]


@dataclass
class Books:
    """The postings table, as far as the poller asks it."""

    postings: dict[str, Posting] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)

    def get_many(self, keys: Iterable[str]) -> Mapping[str, Posting]:
        return {key: self.postings[key] for key in keys if key in self.postings}

    def open_invoices(self) -> Iterable[tuple[str, str]]:
        return list(self.open.items())

    def put(self, posting: Posting) -> None:
        raise NotImplementedError

    def needing_attention(self) -> Iterable[Posting]:
        raise NotImplementedError

    def of_subject(self, subject: Subject) -> Sequence[Posting]:
        raise NotImplementedError


@dataclass
class World:
    """The rest: inbox, queue, cursors, clock and counters."""

    stripe: StripeLists = field(default_factory=StripeLists)
    books: Books = field(default_factory=Books)
    inbox: dict[str, StoredEvent] = field(default_factory=dict)
    queued: list[WorkItem] = field(default_factory=list)
    cursors: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    now: int = NOW_UNIX
    steps_until_death: int | None = None

    def run(self, *, read_budget: int = 100, overlap_seconds: int = HOUR) -> PollReport:
        return Poller(
            self.stripe,
            self,
            self.books,
            self,
            self,
            self,
            self,
            livemode=False,
            overlap_seconds=overlap_seconds,
            invoice_lookback_days=35,
            read_budget=read_budget,
        ).run()

    def store(self, event: StoredEvent) -> bool:
        self._step()
        self.inbox[event.hint.event_id] = event
        return True

    def seen(self, event_ids: Iterable[str]) -> frozenset[str]:
        return frozenset(event_ids) & frozenset(self.inbox)

    def send(self, item: WorkItem) -> None:
        self._step()
        self.queued.append(item)

    def get(self, name: str) -> int | None:
        return self.cursors.get(name)

    def advance(self, name: str, to_unix: int) -> None:
        self._step()
        self.cursors[name] = max(to_unix, self.cursors.get(name, 0))

    def now_unix(self) -> int:
        return self.now

    def count(self, name: str, value: int = 1) -> None:
        self.counts[name] += value

    def _step(self) -> None:
        if self.steps_until_death is not None:
            if self.steps_until_death == 0:
                raise Unavailable("gone")
            self.steps_until_death -= 1


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


def posting(number: int, state: State, source_state: str) -> Posting:
    key = invoice_key(f"in_{number}")
    subject = Subject(SubjectKind.INVOICE, f"in_{number}")
    return Posting(key, subject, state, source_state=source_state)


# --- events -----------------------------------------------------------------------------------


def test_a_missed_event_is_queued_as_the_webhook_would_and_stored_without_a_body() -> None:
    world = World(StripeLists(events=[hint(1)]))
    report = world.run()
    assert world.queued == [work_item(hint(1))]
    assert world.inbox["evt_1"] == StoredEvent(hint(1), NOW_UNIX, source="poll", raw=None)
    assert (report.events, report.missed, report.budget_exhausted) == (1, 1, False)
    assert world.counts == {"StripeReads": 3, "PollerRun": 1, "Missed": 1}


def test_an_event_that_the_inbox_holds_is_not_queued() -> None:
    world = World(StripeLists(events=[hint(1), hint(2)]))
    world.inbox["evt_1"] = StoredEvent(hint(1), NOW_UNIX, "webhook", b"{}")
    world.run()
    assert [item.trigger for item in world.queued] == ["evt_2"]
    assert world.inbox["evt_1"].source == "webhook"


def test_the_first_run_looks_three_days_back() -> None:
    world = World()
    world.run()
    assert world.stripe.since_unix == NOW_UNIX - 3 * DAY


def test_a_later_run_starts_at_the_cursor_which_stays_the_overlap_behind_now() -> None:
    world = World(StripeLists(events=[hint(1, age_seconds=2 * HOUR), hint(2)]))
    world.run()
    assert world.cursors["events"] == NOW_UNIX - HOUR
    world.now += 1_800
    world.run()
    assert world.stripe.since_unix == NOW_UNIX - HOUR


def test_an_event_that_is_listed_late_is_found_within_the_overlap() -> None:
    world = World()
    world.run()
    world.stripe.events.append(hint(1, age_seconds=HOUR - 60))
    world.now += 1_800
    world.run()
    assert [item.trigger for item in world.queued] == ["evt_1"]


def test_a_cursor_behind_stripes_horizon_is_reported() -> None:
    world = World(cursors={"events": NOW_UNIX - 40 * DAY, "deep": NOW_UNIX})
    report = world.run()
    assert report.out_of_reach
    assert world.stripe.since_unix == NOW_UNIX - 30 * DAY


@pytest.mark.parametrize("steps", range(8))
def test_a_run_that_dies_anywhere_is_completed_by_the_next(steps: int) -> None:
    events = [hint(number, age_seconds=2 * HOUR - number) for number in range(3)]
    world = World(StripeLists(events=events, invoices=[row(1)]), steps_until_death=steps)
    with pytest.raises(Unavailable):
        world.run()
    assert world.counts["PollerRun"] == 0
    queued_before = {item.trigger for item in world.queued}
    assert set(world.inbox) <= queued_before
    world.steps_until_death = None
    world.now += 1_800
    world.run()
    assert set(world.inbox) == {"evt_0", "evt_1", "evt_2"}
    assert {item.trigger for item in world.queued} == {"evt_0", "evt_1", "evt_2", "poll"}


# --- invoices ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "queued"),
    [
        (None, True),
        (posting(1, State.POSTED, "open:0:100"), False),
        (posting(1, State.POSTED, "open:50:50"), True),
        (posting(1, State.SENDING, "open:0:100"), False),
        (posting(1, State.PARKED, "open:0:100"), False),
        (posting(1, State.PARKED, "draft:0:0"), True),
        (posting(1, State.NOT_BOOKED, "open:0:100"), False),
        (posting(1, State.NOT_BOOKED, "paid:0:0"), True),
        (posting(1, State.REJECTED, "open:0:100"), False),
        (posting(1, State.PARKED, ""), False),
        (posting(1, State.POSTED, ""), True),
    ],
    ids=str,
)
def test_an_invoice_is_queued_when_the_books_do_not_show_its_state(
    known: Posting | None, queued: bool
) -> None:
    world = World(StripeLists(invoices=[row(1)]), cursors={"deep": NOW_UNIX})
    if known is not None:
        world.books.postings[known.key] = known
    report = world.run()
    expected = WorkItem(
        Subject(SubjectKind.INVOICE, "in_1"), "poll", "cus_1", "poll:in_1:open:0:100", False
    )
    assert world.queued == ([expected] if queued else [])
    assert report.missed == len(world.queued)


def test_drafts_are_not_our_business() -> None:
    world = World(StripeLists(invoices=[row(1, "draft")]))
    world.run()
    assert world.queued == []


def test_an_invoice_older_than_the_look_back_is_left_to_the_deep_pass() -> None:
    world = World(StripeLists(invoices=[row(1, "void", age_seconds=36 * DAY)]))
    assert world.run().invoices == 0


# --- the deep pass ----------------------------------------------------------------------------


def old(number: int, status: str) -> InvoiceRow:
    return row(number, status, age_seconds=100 * DAY)


def test_an_old_invoice_that_only_our_books_show_open_is_queued() -> None:
    world = World(StripeLists(invoices=[old(1, "void"), old(2, "open")]))
    world.books.open = {"in_1": "open:0:100", "in_2": "open:0:100"}
    report = world.run()
    assert [item.subject.id for item in world.queued] == ["in_1"]
    assert report.open_invoices == 2
    assert world.cursors["deep"] == NOW_UNIX


def test_an_old_invoice_that_was_paid_in_part_is_queued() -> None:
    world = World(StripeLists(invoices=[old(1, "open")]))
    world.books.open = {"in_1": "open:50:50"}
    world.run()
    assert [item.deduplication_id for item in world.queued] == ["poll:in_1:open:0:100"]


def test_the_deep_pass_is_made_once_a_day() -> None:
    world = World()
    world.books.open = {"in_1": "open:0:100"}
    world.run()
    world.now += DAY - 1
    world.run()
    assert len(world.queued) == 1
    world.now += 1
    world.run()
    assert len(world.queued) == 2


# --- the read budget --------------------------------------------------------------------------


def test_the_budget_stops_a_run_and_the_next_goes_on_where_it_stopped() -> None:
    events = [hint(number, age_seconds=20 * HOUR - number) for number in range(10)]
    world = World(StripeLists(events=events))
    report = world.run(read_budget=2)
    assert report.budget_exhausted
    assert report.reads == 3  # the page that showed that there is more
    assert len(world.queued) == 6
    assert world.cursors == {"events": events[5].created_unix}
    assert world.counts["PollerBudgetExhausted"] == world.counts["PollerRun"] == 1
    world.run(read_budget=2)
    assert {item.trigger for item in world.queued} == {each.event_id for each in events}


def test_a_budget_below_one_busy_stretch_still_moves_on() -> None:
    events = [hint(number, age_seconds=20 * HOUR - number) for number in range(30)]
    world = World(StripeLists(events=events))
    runs = 0
    while world.run(read_budget=1).budget_exhausted and world.cursors["events"] < NOW_UNIX - HOUR:
        runs += 1
        assert runs < 30
    assert len(world.inbox) == 30


def test_a_pass_is_not_begun_without_budget() -> None:
    world = World(StripeLists(invoices=[row(1)]))
    report = world.run(read_budget=1)
    assert (report.invoices, report.budget_exhausted) == (0, True)
    assert world.stripe.reads == 1
    assert world.cursors["events"] == NOW_UNIX - HOUR


def test_half_a_list_of_open_invoices_proves_nothing_absent() -> None:
    world = World(StripeLists(invoices=[old(number, "open") for number in range(6)]))
    world.books.open = {f"in_{number}": "open:0:100" for number in range(6)}
    report = world.run(read_budget=3)
    assert report.budget_exhausted
    assert world.queued == []
    assert "deep" not in world.cursors
