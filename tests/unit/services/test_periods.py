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
from tests.fakes import LostAnswer
from tests.unit.services.poll_world import World as PollWorld
from tests.unit.services.world import INVOICE, REFUND, World, again
from tieout.domain.errors import ConfigurationFault, Unavailable
from tieout.domain.policy import Periods, Policy
from tieout.domain.postings import State, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject
from tieout.services.apply import PERIOD_PAUSE_SECONDS
from tieout.services.closed_periods import EVERY_SECONDS
from tieout.services.ports import ClosedDates, NotAccepted
from tieout.services.process import Done, Result, Retry

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


# --- What Intacct has closed ------------------------------------------------------------------

CLOSED = NotAccepted(Reason.PERIOD_CLOSED, "Periods are closed.")


def deliver_twice(world: World, subject: Subject) -> list[Result]:
    """Deliver a message, and again after its pause."""
    message = world.message(subject)
    results = []
    for _ in range(2):
        world.clock.advance(60)
        results.append(world.process(message)[message.message_id])
        message = again(message)
    return results


@pytest.mark.parametrize(
    ("when", "state", "dated"),
    [
        ("next_open_date", State.POSTED, "2026-11-04"),
        ("wait", State.NOT_BOOKED, "2026-11-02"),
    ],
)
def test_what_intacct_closed_meanwhile_is_planned_anew(
    world: World, when: Literal["wait", "next_open_date"], state: State, dated: str
) -> None:
    world.policies.published = [closed(None, when)]
    world.books.closed = {None: NOVEMBER_3}
    world.ledger.script("invoice/in_1", CLOSED)
    first, second = deliver_twice(world, INVOICE)
    assert first == Retry(PERIOD_PAUSE_SECONDS, CLOSED.text)
    assert second == Done()
    posting = world.postings.by_key["invoice/in_1"]
    assert (posting.state, posting.posting_date) == (state, dated)
    assert posting.policy_version == f"{when} None@2026-11-03"


def test_a_policy_that_parks_does_so_without_asking(world: World) -> None:
    world.policies.published = [closed(None, "park")]
    world.books.closed = {None: NOVEMBER_3}
    world.ledger.script("invoice/in_1", CLOSED)
    world.bring_up_to_date(INVOICE)
    assert world.states()["invoice/in_1"] is State.REJECTED
    assert world.policies.closed_books.dates().asked_at_unix is None


@pytest.mark.parametrize("through", [None, date(2026, 11, 1)])
def test_a_refusal_that_intacts_date_does_not_explain_is_parked(
    world: World, through: date | None
) -> None:
    world.policies.published = [closed(None, "next_open_date")]
    world.books.closed = {} if through is None else {None: through}
    world.ledger.script("invoice/in_1", CLOSED)
    world.bring_up_to_date(INVOICE)
    posting = world.postings.by_key["invoice/in_1"]
    assert (posting.state, posting.reason) == (State.REJECTED, Reason.PERIOD_CLOSED)


def test_a_gateway_that_goes_on_refusing_is_not_asked_for_ever(world: World) -> None:
    world.policies.published = [closed(None, "next_open_date")]
    world.books.closed = {None: NOVEMBER_3}
    world.ledger.script("invoice/in_1", CLOSED, CLOSED)
    first, second = deliver_twice(world, INVOICE)
    assert isinstance(first, Retry)
    assert isinstance(second, Retry)
    assert world.states()["invoice/in_1"] is State.REJECTED


def test_what_may_be_booked_is_not_sent_under_another_date(world: World) -> None:
    world.policies.published = [closed(None, "next_open_date")]
    world.ledger.script("invoice/in_1", LostAnswer(executed=False), CLOSED)
    world.bring_up_to_date(INVOICE)
    world.books.closed = {None: NOVEMBER_3}
    world.clock.advance(3_600)
    world.bring_up_to_date(INVOICE)
    posting = world.postings.by_key["invoice/in_1"]
    assert (posting.state, posting.in_doubt) == (State.REJECTED, True)


def test_intacct_that_does_not_answer_the_question_changes_nothing(world: World) -> None:
    world.policies.published = [closed(None, "next_open_date")]
    world.policies.closed_books.save(ClosedDates({None: date(2026, 10, 31)}, 1))
    world.books.fault = Unavailable("gone")
    world.ledger.script("invoice/in_1", CLOSED)
    world.bring_up_to_date(INVOICE)
    assert world.states()["invoice/in_1"] is State.REJECTED
    assert world.policies.closed_books.dates().latest == date(2026, 10, 31)


def test_what_was_posted_before_intacct_closed_the_period_is_no_difference(world: World) -> None:
    world.policies.published = [closed(None, "next_open_date")]
    world.bring_up_to_date(INVOICE, REFUND)
    world.policies.closed_books.save(ClosedDates({None: date(2026, 11, 30)}, 1))
    world.clock.advance(60)
    assert world.bring_up_to_date(INVOICE, REFUND) == [Done(), Done()]
    assert {each.reason for each in world.postings.by_key.values()} == {None}


# --- The daily question -----------------------------------------------------------------------


def test_intacct_is_asked_once_a_day_for_every_entity(world: World) -> None:
    entities = {"acct_1": a_policy(entity="E200")}
    world.policies.published = [a_policy(version="v", entity="E100", accounts=entities)]
    world.books.closed = {"E100": NOVEMBER_2, "E200": NOVEMBER_3, "E300": date(2027, 1, 1)}
    periods = world.closed_periods()
    periods.ask_daily()
    asked = ClosedDates({"E100": NOVEMBER_2, "E200": NOVEMBER_3}, world.clock.now_unix())
    assert world.policies.closed_books.dates() == asked
    assert world.policies.current().version == "v@2026-11-03"

    world.books.closed = {}
    world.clock.advance(EVERY_SECONDS - 1)
    periods.ask_daily()
    assert world.policies.closed_books.dates() == asked
    world.clock.advance(1)
    periods.ask_daily()
    assert world.policies.closed_books.dates().latest is None


@pytest.mark.parametrize(
    "fault", [Unavailable("gone"), ConfigurationFault(Reason.INTACCT_SIGN_IN, "no")]
)
def test_the_poller_goes_on_if_intacct_does_not_answer(world: World, fault: Exception) -> None:
    world.books.fault = fault
    around = PollWorld(books=world.postings, policies=world.policies)
    around.closed_periods = world.closed_periods()
    assert around.run().out_of_reach is False
    assert world.policies.closed_books.dates() == ClosedDates()


def test_what_waits_for_intacct_is_queued_once_it_opens_the_period(world: World) -> None:
    world.policies.published = [closed(None)]
    world.books.closed = {None: NOVEMBER_2}
    world.closed_periods().ask()
    world.bring_up_to_date(INVOICE)
    assert queued(world) == []
    world.books.closed = {}
    world.closed_periods().ask()
    assert queued(world) == [INVOICE]


def test_what_became_of_the_others_is_written_down_before_intacct_is_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.policies.published = [closed(None, "wait")]
    other = Subject(INVOICE.kind, "in_2")
    world.stripe.snapshots[INVOICE] = an_invoice()
    world.stripe.snapshots[other] = an_invoice(id="in_2", number="ACME-0002")
    world.ledger.script("invoice/in_1", CLOSED)
    states = []

    def closed_through(_: object) -> None:
        states.append(world.states()["invoice/in_2"])

    monkeypatch.setattr(world.books, "closed_through", closed_through)
    world.bring_up_to_date(INVOICE, other)
    assert states == [State.POSTED]
