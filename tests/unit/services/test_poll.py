"""Goal: what Stripe has and the books have not is queued, whatever its age, within the read budget
of a run, and a run that dies forgets nothing.

Method: the poller over in-memory ports that can end its life at any call; lists of three rows a
page, each page a read. Coverage of long lists is in `test_poll_coverage.py`.
"""

import dataclasses

import pytest

from tests.unit.services.poll_world import DAY, HOUR, NOW_UNIX, World, booked, hint, row
from tieout.domain.errors import Unavailable
from tieout.domain.postings import Posting, State
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import InvoiceRow, Progress, StoredEvent, WorkItem
from tieout.services.receive import work_item

# --- events -----------------------------------------------------------------------------------


def test_a_missed_event_is_queued_as_the_webhook_would_and_stored_without_a_body() -> None:
    world = World()
    world.stripe.events_listed = [hint(1)]
    report = world.run()
    assert world.queue.items == [work_item(hint(1))]
    assert world.inbox.events["evt_1"] == StoredEvent(hint(1), NOW_UNIX, source="poll", raw=None)
    assert (report.events, report.missed, report.budget_exhausted) == (1, 1, False)
    assert world.metrics.counts == {"StripeReads": 4, "PollerRun": 1, "Missed": 1}


def test_an_event_that_the_inbox_holds_is_not_queued() -> None:
    world = World()
    world.stripe.events_listed = [hint(1), hint(2)]
    world.inbox.store(StoredEvent(hint(1), NOW_UNIX, "webhook", b"{}"))
    world.run()
    assert world.queued_events == ["evt_2"]
    assert world.inbox.events["evt_1"].source == "webhook"


def test_the_first_run_looks_three_days_back() -> None:
    world = World()
    world.stripe.events_listed = [
        hint(1, age_seconds=3 * DAY),
        hint(2, age_seconds=3 * DAY + 1),
    ]
    world.run()
    assert world.queued_events == ["evt_1"]


def test_an_event_that_is_listed_late_is_found_within_the_overlap() -> None:
    world = World()
    world.run()
    world.stripe.events_listed = [
        hint(1, age_seconds=HOUR),
        hint(2, age_seconds=HOUR + 1),
    ]
    world.run()
    assert world.queued_events == ["evt_1"]


def test_events_behind_stripes_horizon_are_reported_as_out_of_reach() -> None:
    world = World()
    world.cursors.progress["events"] = Progress(NOW_UNIX - 40 * DAY)
    world.stripe.events_listed = [
        hint(1, age_seconds=30 * DAY),
        hint(2, age_seconds=30 * DAY + 1),
    ]
    assert world.run().out_of_reach
    assert world.queued_events == ["evt_1"]
    assert not world.run().out_of_reach


def test_events_of_one_stretch_are_queued_oldest_first() -> None:
    world = World()
    world.stripe.events_listed = [hint(number, age_seconds=number) for number in (1, 3, 2)]
    world.run()
    assert world.queued_events == ["evt_3", "evt_2", "evt_1"]


# --- invoices ---------------------------------------------------------------------------------


def known(state: State, source_state: str) -> Posting:
    return dataclasses.replace(booked(row(1), state), source_state=source_state)


@pytest.mark.parametrize(
    ("posting", "queued"),
    [
        (None, True),
        (known(State.POSTED, "open:0:100"), False),
        (known(State.POSTED, "open:50:50"), True),
        (known(State.SENDING, "open:0:100"), False),
        (known(State.PARKED, "open:0:100"), False),
        (known(State.PARKED, "draft:0:0"), True),
        (known(State.NOT_BOOKED, "open:0:100"), False),
        (known(State.NOT_BOOKED, "paid:0:0"), True),
        (known(State.REJECTED, "open:0:100"), False),
        (known(State.CLOSED, "open:0:100"), False),
        (known(State.CLOSED, "paid:0:0"), True),
        (known(State.PARKED, ""), False),
        (known(State.CLOSED, ""), False),
        (known(State.POSTED, ""), True),
    ],
    ids=str,
)
def test_an_invoice_is_queued_when_the_books_do_not_show_its_state(
    posting: Posting | None, queued: bool
) -> None:
    world = World()
    world.cursors.progress["open"] = Progress(NOW_UNIX)
    world.stripe.invoices_listed = [row(1)]
    if posting is not None:
        world.knows(posting)
    report = world.run()
    expected = WorkItem(
        Subject(SubjectKind.INVOICE, "in_1"), "poll", "cus_1", "poll:in_1:open:0:100", False
    )
    assert world.queue.items == ([expected] if queued else [])
    assert report.missed == len(world.queue.items)


def test_drafts_are_not_our_business() -> None:
    world = World()
    world.stripe.invoices_listed = [row(1, "draft")]
    world.run()
    assert world.queue.items == []


def test_an_invoice_older_than_the_look_back_is_left_to_the_pass_over_the_open_ones() -> None:
    world = World()
    world.stripe.invoices_listed = [row(1, "void", age_seconds=35 * DAY + 1)]
    assert world.run().invoices == 0


# --- open invoices ----------------------------------------------------------------------------


def old(number: int, status: str) -> InvoiceRow:
    return row(number, status, age_seconds=(100 + number) * DAY)


@pytest.mark.parametrize("status", ["void", "paid", "uncollectible"])
def test_an_old_invoice_that_only_our_books_show_open_is_queued(status: str) -> None:
    world = World()
    world.stripe.invoices_listed = [old(1, status), old(2, "open")]
    world.knows(booked(old(1, "open")), booked(old(2, "open")))
    report = world.run()
    assert [item.deduplication_id for item in world.queue.items] == ["poll:in_1:not-open:0:100"]
    assert report.open_invoices == 1
    assert world.cursors.progress["open"] == Progress(NOW_UNIX)


def test_an_old_invoice_that_was_paid_in_part_is_queued() -> None:
    world = World()
    world.stripe.invoices_listed = [old(1, "open")]
    world.knows(booked(old(1, "open"), source_state="open:50:50"))
    world.run()
    assert [item.deduplication_id for item in world.queue.items] == ["poll:in_1:open:0:100"]


def test_an_old_open_invoice_that_the_books_never_saw_is_queued() -> None:
    world = World()
    world.stripe.invoices_listed = [old(1, "open")]
    world.run()
    assert world.queued_invoices == ["in_1"]


def test_what_is_open_in_the_books_beyond_the_last_row_of_stripe_is_queued() -> None:
    world = World()
    world.stripe.invoices_listed = [old(1, "open")]
    world.knows(booked(old(1, "open")), booked(old(9, "open")))
    world.run()
    assert world.queued_invoices == ["in_9"]


@pytest.mark.parametrize("age_seconds", [100 * DAY - 1, 100 * DAY, 100 * DAY + 1, 200 * DAY])
def test_no_second_falls_between_two_pages_of_stripes_list(age_seconds: int) -> None:
    world = World()
    world.stripe.invoices_listed = [row(n, age_seconds=(98 + n) * DAY) for n in range(8)]
    world.knows(*map(booked, world.stripe.invoices_listed))
    world.knows(booked(row(99, age_seconds=age_seconds)))
    world.run()
    assert world.queued_invoices == ["in_99"]


def test_an_index_that_is_older_than_the_posting_queues_nothing() -> None:
    world = World()
    world.knows(booked(old(1, "paid")))
    world.books.open_invoices = lambda *_: ["in_1"]  # type: ignore[method-assign]
    world.run()
    assert world.queue.items == []


def test_the_pass_over_the_open_invoices_is_made_once_a_day() -> None:
    world = World()
    world.knows(booked(old(1, "open")))
    for _ in range(48):
        world.run()
    assert len(world.queue.items) == 1
    world.run()
    assert len(world.queue.items) == 2


# --- faults -----------------------------------------------------------------------------------


def test_a_run_that_fails_counts_its_reads_but_no_run() -> None:
    world = World()
    world.queue.fault = Unavailable("gone")
    world.stripe.events_listed = [hint(1)]
    with pytest.raises(Unavailable):
        world.run()
    assert world.metrics.counts == {"StripeReads": 2}
    assert world.inbox.events == {}
