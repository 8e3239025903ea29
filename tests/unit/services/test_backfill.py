"""Goal: a backfill queues every object of its days once, in order, no faster than allowed; and a
run that dies loses nothing.

Method: objects in memory, a queue that stops taking them, a pause that is only written down.
"""

from datetime import date, timedelta

import pytest

from tests.factories import a_policy
from tests.fakes.clock import FakeClock
from tests.fakes.cursors import FakeCursors
from tests.fakes.queue import FakeQueue
from tests.fakes.stripe import FakeStripe
from tieout.domain.dates import day_bounds
from tieout.domain.errors import Unavailable
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.backfill import Backfill, Range, hours, status

ZONE = a_policy().zone
FIRST = date(2026, 10, 1)


class Shop:
    """Three days with an invoice and a payout each."""

    def __init__(self) -> None:
        self.clock, self.cursors, self.stripe = FakeClock(), FakeCursors(), FakeStripe()
        self.queue = FakeQueue(self.clock)
        self.pauses: list[float] = []
        for number in range(3):
            noon_unix = day_bounds(FIRST + timedelta(days=number), ZONE)[0] + 43_200
            for kind in (SubjectKind.PAYOUT, SubjectKind.INVOICE):
                self.stripe.created[Subject(kind, f"{kind}_{number}")] = noon_unix

    def span(self, last: int = 3) -> Range:
        return Range(FIRST, date(2026, 10, last), ZONE)

    def run(self, span: Range) -> list[str]:
        backfill = Backfill(
            self.stripe,
            self.queue,
            self.cursors,
            self.clock,
            self.pauses.append,
            per_second=4,
            livemode=False,
        )
        return [str(subject) for _, subject in backfill.run(span)]

    @property
    def queued(self) -> list[str]:
        return [str(each.subject) for each in self.queue.items]


@pytest.fixture
def shop() -> Shop:
    return Shop()


def of_day(number: int) -> list[str]:
    day = FIRST + timedelta(days=number)
    return [f"invoice/invoice_{number}", f"payout/payout_{number}", f"activity/{day}"]


def test_everything_is_queued_once_the_oldest_day_first(shop: Shop) -> None:
    assert shop.run(shop.span()) == shop.queued == of_day(0) + of_day(1) + of_day(2)
    assert {each.trigger for each in shop.queue.items} == {"backfill"}


def test_it_is_no_faster_than_allowed(shop: Shop) -> None:
    shop.run(shop.span())
    assert shop.pauses == [0.25] * 9


def test_a_second_run_has_nothing_left_to_do(shop: Shop) -> None:
    shop.run(shop.span())
    assert status(shop.span(), shop.cursors).next_day is None
    assert shop.run(shop.span()) == []


def test_with_a_later_last_day_it_goes_on(shop: Shop) -> None:
    shop.run(shop.span(last=1))
    assert status(shop.span(), shop.cursors).next_day == date(2026, 10, 2)
    assert shop.run(shop.span()) == of_day(1) + of_day(2)


def test_a_run_that_dies_is_taken_up_on_the_day_that_it_was_at(shop: Shop) -> None:
    backfill = Backfill(
        shop.stripe,
        shop.queue,
        shop.cursors,
        shop.clock,
        shop.pauses.append,
        per_second=4,
        livemode=False,
    )
    for _, subject in backfill.run(shop.span()):
        if str(subject) == "invoice/invoice_1":
            break
    shop.clock.advance(3_600)
    assert status(shop.span(), shop.cursors).next_day == date(2026, 10, 2)
    shop.run(shop.span())
    assert shop.queued == [*of_day(0), "invoice/invoice_1", *of_day(1), *of_day(2)]


def test_what_the_queue_does_not_take_is_not_called_queued(shop: Shop) -> None:
    shop.queue.fault = Unavailable("no queue")
    with pytest.raises(Unavailable):
        shop.run(shop.span())
    assert status(shop.span(), shop.cursors).next_day == FIRST


def test_a_day_that_is_not_over_has_no_journal_of_its_own_yet(shop: Shop) -> None:
    shop.clock.unix = day_bounds(date(2026, 10, 3), ZONE)[1]
    assert shop.run(shop.span()) == of_day(0) + of_day(1) + of_day(2)[:2]


def test_the_hours_follow_from_the_concurrency() -> None:
    assert hours(7_200, 2) == pytest.approx(1.0)
    assert hours(7_200, 4) == pytest.approx(0.5)
