"""Goal: what waits for its period is booked as soon as that is open, with all that hangs on it, and
nothing is asked again before.

Method: the real processor and poller over the same in-memory ports, while a controller closes and
opens periods. The mistake most likely made is to forget what hangs on something that waits.
"""

from datetime import date
from typing import Literal

import pytest

from tests.factories import (
    DAY_SECONDS,
    a_paid_invoice,
    a_policy,
    a_refund,
    a_refund_of,
    an_invoice,
)
from tests.unit.services.poll_world import World as PollWorld
from tests.unit.services.world import INVOICE, REFUND, World
from tieout.domain.policy import Periods, Policy
from tieout.domain.postings import State, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject
from tieout.services.process import Done

NOVEMBER_2, NOVEMBER_3 = date(2026, 11, 2), date(2026, 11, 3)


def closed(
    through: date | None, when: Literal["park", "wait", "next_open_date"] = "wait"
) -> Policy:
    version = f"{when} {through}"
    return a_policy(version=version, periods=Periods(through, when))


@pytest.fixture
def world() -> World:
    """A paid invoice of 2 and 3 November; books are closed through the 2nd."""
    made = World()
    made.policies.published = [closed(NOVEMBER_2)]
    made.stripe.snapshots[INVOICE] = a_paid_invoice()
    made.stripe.snapshots[REFUND] = a_refund_of(a_refund(), a_paid_invoice())
    return made


def queued(world: World) -> list[Subject]:
    """Let the poller run once; return what it queued on account of periods."""
    around = PollWorld(books=world.postings, policies=world.policies)
    around.run()
    return [item.subject for item in around.queue.items if ":period:" in item.deduplication_id]


def work(world: World) -> None:
    world.clock.advance(60)
    assert set(world.bring_up_to_date(*queued(world))) == {Done()}


def test_what_waits_and_what_hangs_on_it_is_not_booked_and_fails_no_message(world: World) -> None:
    assert world.bring_up_to_date(INVOICE, REFUND) == [Done(), Done()]
    waiting = {each.key: each for each in world.postings.on_worklist(Worklist.NOT_BOOKED)}
    assert {each.reason for each in waiting.values()} == {Reason.WAITS_FOR_PERIOD}
    assert {key: (each.posting_date, each.waits_for_day) for key, each in waiting.items()} == {
        "invoice/in_1": ("2026-11-02", "2026-11-02"),
        "receipt/inpay_1": ("2026-11-03", "2026-11-02"),
        "refund/re_1": ("2026-11-04", "2026-11-02"),
    }
    assert [each.amount_minor for each in waiting.values()] == [10_000] * 3


def test_nothing_is_asked_again_while_the_period_is_closed(world: World) -> None:
    world.bring_up_to_date(INVOICE, REFUND)
    assert queued(world) == []
    world.policies.published.append(closed(NOVEMBER_3))
    assert queued(world) == []


@pytest.mark.parametrize("through", [date(2026, 11, 1), None])
def test_once_it_is_open_all_of_it_is_booked_on_its_own_day(
    world: World, through: date | None
) -> None:
    world.bring_up_to_date(INVOICE, REFUND)
    world.policies.published.append(closed(through))
    assert set(queued(world)) == {INVOICE, REFUND}
    work(world)
    booked = {key: each for key, each in world.postings.by_key.items() if "customer" not in key}
    assert {key: (each.state, each.posting_date) for key, each in booked.items()} == {
        "invoice/in_1": (State.POSTED, "2026-11-02"),
        "receipt/inpay_1": (State.POSTED, "2026-11-03"),
        "refund/re_1": (State.POSTED, "2026-11-04"),
    }
    assert {each.waits_for_day for each in booked.values()} == {""}
    assert queued(world) == []


def test_a_policy_that_waits_no_more_books_on_the_next_open_day(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    world.policies.published.append(closed(NOVEMBER_2, "next_open_date"))
    work(world)
    assert world.postings.by_key["invoice/in_1"].posting_date == "2026-11-03"


def test_a_policy_that_parks_instead_shows_it_to_a_person(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    world.policies.published.append(closed(NOVEMBER_2, "park"))
    world.clock.advance(60)
    world.bring_up_to_date(*queued(world))
    assert world.states()["invoice/in_1"] is State.PARKED
    assert queued(world) == []


def test_what_was_posted_before_the_period_was_closed_is_no_difference(world: World) -> None:
    world.policies.published = [closed(None)]
    world.bring_up_to_date(INVOICE)
    world.policies.published.append(closed(NOVEMBER_3))
    world.clock.advance(60)
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert {each.reason for each in world.postings.by_key.values()} == {None}


def test_a_day_that_stays_closed_goes_on_waiting_when_another_opens(world: World) -> None:
    late = an_invoice(id="in_2", effective_at_unix=an_invoice().created_unix - DAY_SECONDS)
    other = Subject(INVOICE.kind, "in_2")
    world.stripe.snapshots[other] = late
    world.bring_up_to_date(INVOICE, other)
    world.policies.published.append(closed(date(2026, 11, 1)))
    assert queued(world) == [INVOICE]
