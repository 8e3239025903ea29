"""Goal: however small the budget and long the lists, every difference is queued after a bounded
number of runs, no pass starves, and nothing is queued where all agree.

Method: random histories, budgets and deaths over in-memory ports; then lists of known length
against the promise of `tieout.services.poll`.
"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import FakeStripe
from tests.unit.services.poll_world import (
    DAY,
    HALF_HOUR,
    HOUR,
    NOW_UNIX,
    Death,
    Life,
    World,
    booked,
    hint,
    row,
)
from tieout.domain.postings import State
from tieout.services.poll import PASS_SECONDS_MAX
from tieout.services.ports import Progress, StoredEvent
from tieout.settings import READ_BUDGET_MIN

BUDGETS = range(READ_BUDGET_MIN, 9)
# Few, so that many invoices share a second; none so near the look-back that it grows out of it.
AGES_SECONDS = (0, HOUR, HOUR + 1, DAY, 20 * DAY, 30 * DAY, 40 * DAY, 400 * DAY, 401 * DAY)

lives = st.builds(Life, st.integers(0, 25), st.booleans())


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, set[str], set[str]]:
    """Return a world with the invoices and the events that must be queued."""
    world = World()
    missed_invoices, missed_events = set(), set()
    for number in range(draw(st.integers(0, 20))):
        listed = row(
            number,
            draw(st.sampled_from(("draft", "open", "paid", "void"))),
            age_seconds=draw(st.sampled_from(AGES_SECONDS)),
        )
        world.stripe.invoices_listed.append(listed)
        in_books = draw(st.sampled_from(("agrees", "is missing", "is open", "is parked")))
        if in_books == "agrees" or (listed.status == "draft" and in_books == "is open"):
            world.knows(booked(listed))
        elif in_books == "is open":
            world.knows(booked(listed, source_state="open:1:99"))
        elif in_books == "is parked":
            world.knows(booked(listed, State.PARKED))
        recent = NOW_UNIX - listed.created_unix < 35 * DAY
        shown = listed.status == "open" or (recent and listed.status != "draft")
        differs = (in_books == "is missing" and shown) or (
            in_books == "is open" and listed.status != "draft"
        )
        if differs:
            missed_invoices.add(listed.invoice)
    for number in range(draw(st.integers(0, 15))):
        event = hint(number, age_seconds=draw(st.sampled_from((0, HOUR, DAY, 2 * DAY))))
        world.stripe.events_listed.append(event)
        if draw(st.booleans()):
            world.inbox.store(StoredEvent(event, NOW_UNIX, "webhook"))
        else:
            missed_events.add(event.event_id)
    return world, missed_invoices, missed_events


@given(worlds(), st.sampled_from(BUDGETS), st.lists(lives, max_size=4))
def test_every_difference_is_queued_whatever_dies_on_the_way(
    made: tuple[World, set[str], set[str]], budget: int, deaths: list[Life]
) -> None:
    world, missed_invoices, missed_events = made
    for life in deaths:
        try:
            world.run(budget, life)
        except Death:
            assert world.inbox.events.keys() - set(world.queued_events) == (
                world.inbox.events.keys() - missed_events
            )
    # A step shows a whole second at least, and every pass makes a step in every run.
    for _ in range(len(AGES_SECONDS) + 1):
        world.run(budget)
    assert set(world.queued_invoices) == missed_invoices
    assert set(world.queued_events) == missed_events


def long_lists(rows: int) -> World:
    """Return a world of three long lists, each with what was missed at its far end."""
    world = World(FakeStripe(page_rows=100))
    age = 30 * DAY // rows
    world.stripe.invoices_listed = [
        row(number, age_seconds=number * age) for number in range(rows)
    ] + [row(10_000 + number, age_seconds=50 * DAY + number) for number in range(rows)]
    world.knows(*map(booked, world.stripe.invoices_listed))
    for number in (rows - 1, 10_000 + rows - 1):
        del world.books.by_key[f"invoice/in_{number}"]
    for number in range(rows):
        event = hint(number, age_seconds=number * (3 * DAY // rows))
        world.stripe.events_listed.append(event)
        if number != rows - 1:
            world.inbox.store(StoredEvent(event, NOW_UNIX, "webhook"))
    return world


@pytest.mark.parametrize("budget", BUDGETS)
def test_a_pass_is_through_after_the_runs_that_the_poller_promises(budget: int) -> None:
    rows = 600
    world = long_lists(rows)
    # The list of all open invoices is the longest; a page shows its last second again.
    runs = math.ceil(2 * rows / 99 / (budget // READ_BUDGET_MIN))
    reads = [world.run(budget).reads for _ in range(runs)]
    assert max(reads) <= budget
    assert set(world.queued_invoices) == {"in_599", "in_10599"}
    assert world.queued_events == ["evt_599"]
    assert all(world.cursors.progress[name].complete_unix for name in ("events", "open"))


def test_what_changes_behind_a_passs_back_is_found_by_the_next() -> None:
    world = long_lists(600)
    world.knows(*map(booked, world.stripe.invoices_listed))
    world.run(READ_BUDGET_MIN)
    world.knows(booked(world.stripe.invoices_listed[0], source_state="open:1:99"))
    runs = 0
    while not world.queued_invoices:
        world.run(READ_BUDGET_MIN)
        runs += 1
    assert world.queued_invoices == ["in_0"]
    assert runs <= math.ceil(1_200 / 99)


def test_what_comes_in_while_a_pass_is_under_way_is_found_by_the_next() -> None:
    world = World()
    world.stripe.events_listed = [hint(number, age_seconds=number * 60) for number in range(20)]
    world.run(READ_BUDGET_MIN)
    world.stripe.events_listed.append(hint(99, age_seconds=-60))
    runs = 0
    while "evt_99" not in world.queued_events:
        world.run(READ_BUDGET_MIN)
        runs += 1
    assert runs <= math.ceil(20 / 2)
    assert len(world.queued_events) == 21


@pytest.mark.parametrize("budget", [READ_BUDGET_MIN, 5])
def test_a_first_run_keeps_to_the_budget_and_the_next_ones_finish_it(budget: int) -> None:
    world = long_lists(250)
    reports = [world.run(budget)]
    assert all(world.cursors.progress[name].began_at_unix for name in ("events", "invoices"))
    while reports[-1].budget_exhausted:
        reports.append(world.run(budget))
    assert max(report.reads for report in reports) <= budget
    assert len(reports) <= 6
    assert sum(report.missed for report in reports) >= 3


def test_what_a_pass_does_not_need_goes_to_the_others() -> None:
    world = World(FakeStripe(page_rows=100))
    world.stripe.invoices_listed = [
        row(number, "paid", age_seconds=number) for number in range(480)
    ]
    report = world.run(8)
    assert (report.reads, report.invoices, report.budget_exhausted) == (8, 480, False)


def test_passes_that_all_need_more_than_their_share_take_turns() -> None:
    world = long_lists(600)
    report = world.run(3 * READ_BUDGET_MIN)
    assert (report.events, report.invoices, report.open_invoices) == (3 * 99, 3 * 99, 3 * 99)


def test_a_second_longer_than_a_page_is_read_whole_even_over_the_budget() -> None:
    world = World()
    world.stripe.invoices_listed = [row(number) for number in range(20)]
    report = world.run(READ_BUDGET_MIN)
    assert report.reads <= READ_BUDGET_MIN
    report = world.run(READ_BUDGET_MIN)
    assert report.reads > READ_BUDGET_MIN
    assert len(set(world.queued_invoices)) == 20
    assert not report.budget_exhausted


@pytest.mark.parametrize("name", ["events", "invoices", "open"])
def test_a_pass_that_takes_too_long_is_reported_as_behind(name: str) -> None:
    world = long_lists(600)
    began_at = NOW_UNIX - PASS_SECONDS_MAX
    world.cursors.progress[name] = Progress(None, began_at, NOW_UNIX)
    assert not world.run(READ_BUDGET_MIN).behind
    assert world.run(READ_BUDGET_MIN).behind
    assert world.metrics.counts["PollerBehind"] == 1


def test_a_pass_that_ends_late_is_not_behind_any_more() -> None:
    world = World()
    world.cursors.progress["open"] = Progress(None, NOW_UNIX - DAY, NOW_UNIX - DAY)
    report = world.run()
    assert not report.behind
    assert world.metrics.counts["PollerBehind"] == 0


def test_of_two_runs_at_once_the_slower_costs_work_and_loses_nothing() -> None:
    world = long_lists(250)
    world.run(READ_BUDGET_MIN)
    slower = dict(world.cursors.progress)
    while world.run(READ_BUDGET_MIN).budget_exhausted:
        pass
    world.cursors.progress.update(slower)
    world.stripe.events_listed.append(hint(999, age_seconds=-HALF_HOUR))
    for _ in range(10):
        world.run(READ_BUDGET_MIN)
    assert "evt_999" in world.queued_events
    assert len(world.queued_events) == len(set(world.queued_events))
