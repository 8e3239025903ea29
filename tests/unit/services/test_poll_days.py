"""Goal: each day of the balance is queued when it is time to read it: once soon after its end, once
some days later, none left out, whatever the clocks or the poller did in between.

Method: the poller over in-memory ports, run at chosen moments. The mistakes most likely made are a
day taken for 24 hours of UTC, and a cursor that runs ahead of what was queued.
"""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.factories import a_policy
from tests.fakes import FakeClock, FakePolicies
from tests.unit.services.poll_world import DAY, HALF_HOUR, HOUR, NOW_UNIX, Death, Life, World
from tieout.domain.dates import day_bounds
from tieout.domain.policy import Policy
from tieout.domain.subjects import SubjectKind

# 2026-11-21 00:00 UTC, so a day has just ended there.
assert NOW_UNIX % DAY == 0


def world(policy: Policy | None = None, now_unix: int = NOW_UNIX) -> World:
    """Return a world whose poller has run once, long ago."""
    made = World(policies=FakePolicies(policy or a_policy()), clock=FakeClock(now_unix - 10 * DAY))
    made.run()
    made.clock.advance(10 * DAY - 2 * HALF_HOUR)
    made.run()
    made.queue.items.clear()
    return made


def run_for(made: World, seconds: int) -> None:
    for _ in range(seconds // HALF_HOUR):
        made.run()


def test_a_day_is_queued_two_hours_after_its_end_and_not_before() -> None:
    made = world()

    run_for(made, 2 * HOUR)
    assert "2026-11-20" not in made.queued_days
    run_for(made, HALF_HOUR)

    assert made.queued_days.count("2026-11-20") == 1


def test_a_day_is_queued_again_three_days_later_and_then_no_more() -> None:
    made = world()
    run_for(made, 3 * DAY)
    assert made.queued_days.count("2026-11-20") == 1

    run_for(made, HALF_HOUR)
    assert made.queued_days.count("2026-11-20") == 2
    run_for(made, 8 * DAY)

    assert made.queued_days.count("2026-11-20") == 2
    assert {made.queued_days.count(f"2026-11-{number}") for number in range(20, 28)} == {2}


def test_the_first_run_queues_what_became_due_in_the_last_three_days() -> None:
    made = World(policies=FakePolicies(a_policy()))

    report = made.run()

    assert sorted(set(made.queued_days)) == [f"2026-11-{day}" for day in range(15, 20)]
    assert made.queued_days.count("2026-11-17") == 2
    assert (report.days, report.missed) == (6, 0)


def test_a_poller_that_was_off_for_weeks_queues_every_day_in_between() -> None:
    made = world()

    made.clock.advance(40 * DAY)
    made.run()

    first, last = date(2026, 11, 20), date(2026, 12, 29)
    days = {date.fromisoformat(each) for each in made.queued_days}
    assert {first + timedelta(days=n) for n in range((last - first).days + 1)} <= days


def test_days_before_the_books_begin_are_left_alone() -> None:
    made = World(policies=FakePolicies(a_policy(books_from=date(2026, 11, 19))))

    made.run()

    assert made.queued_days == ["2026-11-19"]


def test_without_a_policy_nobody_knows_when_a_day_ends_and_none_is_passed_over() -> None:
    made = World()
    report = made.run()
    assert (made.queued_days, report.days) == ([], 0)
    made.clock.advance(DAY)

    made.policies.published.append(a_policy())
    made.run()

    assert "2026-11-20" in made.queued_days


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Asia/Tokyo", date(2026, 11, 21)),
        ("America/New_York", date(2026, 11, 21)),
        ("Europe/Berlin", date(2026, 10, 25)),
        ("Europe/Berlin", date(2027, 3, 28)),
    ],
    ids=["far east", "far west", "25 hours", "23 hours"],
)
def test_a_day_ends_where_the_company_is(zone: str, day: date) -> None:
    policy = a_policy(zone=ZoneInfo(zone))
    _, last_unix = day_bounds(day, policy.zone)
    made = world(policy, last_unix + 1)

    run_for(made, 2 * HOUR)
    assert day.isoformat() not in made.queued_days
    run_for(made, HALF_HOUR)

    assert made.queued_days.count(day.isoformat()) == 1


def test_a_day_is_queued_as_a_group_of_its_own() -> None:
    made = world()

    run_for(made, 4 * DAY)

    days = [item for item in made.queue.items if item.subject.kind is SubjectKind.ACTIVITY]
    assert {item.group for item in days} == {str(item.subject) for item in days}
    assert len({item.deduplication_id for item in days}) == len(days)


def test_a_run_that_dies_while_it_queues_forgets_no_day() -> None:
    died_while_queueing = 0
    for calls in range(25):
        made = World(policies=FakePolicies(a_policy()))
        try:
            made.run(life=Life(calls, after=calls % 2 == 0))
        except Death:
            died_while_queueing += 0 < len(made.queued_days) < 6
        made.run()
        assert set(made.queued_days) == {f"2026-11-{day}" for day in range(15, 20)}, calls
    assert died_while_queueing
