"""Goal: workers share what Intacct bears; who finds no slot waits a bounded time, and a governor
that does not work holds up nobody.

Method: workers over one pace in memory, with a clock that moves when they sleep.
"""

import logging
from collections.abc import Callable

import pytest

from tests.fakes import FakeClock, FakeMetrics
from tests.fakes.paces import FakePaces
from tests.unit.services.world import World
from tieout.domain.errors import ConfigurationFault, Throttled
from tieout.domain.pacing import Answered, Pace, TooMany
from tieout.domain.reasons import Reason
from tieout.services import metric_names
from tieout.services.governor import (
    BUSY_PAUSE_SECONDS,
    SLOT_MARGIN_SECONDS,
    WAIT_SECONDS_MAX,
    Busy,
    Governor,
)
from tieout.services.process import Processor

GOOD = Answered(is_good=True)
TIMEOUT_SECONDS = 60


class Company:
    """An Intacct company, and workers that share its pace; `slept` is for how long, in turn."""

    def __init__(self, maximum: int = 2) -> None:
        self.paces, self.clock, self.metrics = FakePaces(), FakeClock(), FakeMetrics()
        self.maximum, self.slept = maximum, list[float]()
        self.meanwhile: Callable[[], object] = lambda: None

    def worker(self) -> Governor:
        return Governor(
            self.paces,
            self.maximum,
            self.clock,
            self.metrics,
            sleep=self._sleep,
            chance=lambda: 1.0,
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(max(1, int(seconds)))
        self.meanwhile()


def take(worker: Governor, documents: int = 50) -> bool:
    return worker.take(TIMEOUT_SECONDS, documents) is None


def test_a_worker_alone_never_waits_and_writes_twice_for_a_request() -> None:
    company = Company()
    worker = company.worker()
    for _ in range(3):
        assert take(worker)
        worker.give_back(GOOD)
    assert company.slept == []
    assert company.paces.changes == 2 * 3
    assert not company.metrics.counts


def test_a_worker_waits_until_another_gives_its_slot_back() -> None:
    company = Company()
    first, second, third = (company.worker() for _ in range(3))
    assert take(first)
    assert take(second)
    company.meanwhile = lambda: first.give_back(GOOD)
    assert take(third)
    assert len(company.slept) == 1


def test_who_waits_in_vain_is_told_when_to_come_again() -> None:
    company = Company(maximum=1)
    assert take(company.worker())
    began_unix = company.clock.unix
    busy = company.worker().take(TIMEOUT_SECONDS, documents=1)
    assert busy is not None
    assert busy.retry_after_seconds == BUSY_PAUSE_SECONDS
    assert 0 < company.clock.unix - began_unix <= WAIT_SECONDS_MAX
    assert company.metrics.counts[metric_names.INTACCT_BUSY] == 1


def test_nobody_waits_beyond_the_moment_from_which_on_nothing_may_be_sent() -> None:
    company = Company(maximum=1)
    assert take(company.worker())
    second = company.worker()
    second.wait_until(company.clock.unix + 3)
    assert not take(second)
    assert sum(company.slept) <= 3


def test_documents_do_not_get_even_a_free_slot_from_that_moment_on() -> None:
    company = Company()
    worker = company.worker()
    worker.wait_until(company.clock.unix + 50)
    company.clock.advance(49)
    assert take(worker)
    company.clock.advance(60)
    worker.give_back(GOOD)
    assert worker.take(TIMEOUT_SECONDS, documents=1) == Busy(
        "no time is left to send it", BUSY_PAUSE_SECONDS
    )
    assert company.paces.pace.slots == {}
    assert not company.metrics.counts, "Intacct was not busy"


def test_who_only_asks_gets_a_free_slot_even_after_that_moment() -> None:
    company = Company()
    worker = company.worker()
    worker.wait_until(company.clock.unix - 1)
    assert take(worker, documents=0)


def test_a_worker_that_was_killed_is_waited_for_no_longer_than_its_slot_lasts() -> None:
    company = Company(maximum=1)
    assert take(company.worker())
    company.clock.advance(TIMEOUT_SECONDS + SLOT_MARGIN_SECONDS - 1)
    assert take(company.worker())
    assert len(company.slept) == 1


def test_who_only_asks_looks_more_often_than_who_brings_documents() -> None:
    company = Company(maximum=1)
    assert take(company.worker())
    assert not take(company.worker(), documents=50)
    with_documents, company.slept = company.slept, []
    assert not take(company.worker(), documents=0)
    assert company.slept[0] <= with_documents[0] / 2


def test_who_has_waited_long_looks_more_often() -> None:
    company = Company(maximum=1)
    assert take(company.worker())
    assert not take(company.worker())
    assert company.slept == sorted(company.slept, reverse=True)
    assert company.slept[-1] <= company.slept[0] / 5


def test_what_intacct_asked_of_one_worker_all_of_them_heed() -> None:
    company = Company()
    first, second = company.worker(), company.worker()
    assert take(first)
    first.give_back(TooMany(retry_after_seconds=20))
    assert take(second)
    assert sum(company.slept) >= 20
    assert company.metrics.counts[metric_names.INTACCT_THROTTLED] == 1


def test_nobody_waits_for_what_is_too_far_away() -> None:
    company = Company()
    first, second = company.worker(), company.worker()
    assert take(first)
    first.give_back(TooMany(retry_after_seconds=300))
    busy = second.take(TIMEOUT_SECONDS, documents=1)
    assert busy is not None
    assert (busy.retry_after_seconds, company.slept) == (300, [])


def test_fewer_at_once_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    company = Company(maximum=6)
    worker = company.worker()
    assert take(worker)
    with caplog.at_level(logging.INFO, "tieout"):
        worker.give_back(TooMany())
    assert [each.__dict__["permits"] for each in caplog.records] == [3]


FAULTS = [Throttled("throttled"), ConfigurationFault(Reason.AWS_REFUSED, "denied")]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_governor_that_cannot_be_asked_lets_requests_through(fault: Exception) -> None:
    company = Company(maximum=1)
    assert take(company.worker())
    company.paces.fault = fault
    worker = company.worker()
    assert take(worker)
    worker.give_back(GOOD)
    assert company.slept == []
    assert company.metrics.counts[metric_names.PACE_UNKNOWN] == 2


@pytest.mark.parametrize("fault", FAULTS)
def test_a_slot_that_cannot_be_given_back_runs_out(fault: Exception) -> None:
    company = Company(maximum=1)
    worker = company.worker()
    assert take(worker)
    company.paces.fault = fault
    worker.give_back(GOOD)
    company.paces.fault = None
    company.clock.advance(TIMEOUT_SECONDS + SLOT_MARGIN_SECONDS)
    assert take(company.worker())
    assert company.slept == []


def test_a_slot_that_could_not_be_given_back_is_taken_again_by_its_own_worker() -> None:
    company = Company(maximum=1)
    worker = company.worker()
    assert take(worker)
    company.paces.fault = FAULTS[0]
    worker.give_back(GOOD)
    company.paces.fault = None
    assert take(worker)
    assert company.slept == []


def test_the_processor_says_from_when_on_nothing_may_be_sent() -> None:
    company, world = Company(maximum=1), World()
    worker = company.worker()
    processor = Processor(
        world.stripe,
        world.ledger,
        world.postings,
        world.policies,
        world.clock,
        world.metrics,
        lease_seconds=130,
        governor=worker,
    )
    processor.process([], stop_sending_at_unix=company.clock.unix + 3)
    assert take(company.worker())
    assert not take(worker)
    assert sum(company.slept) <= 3


def test_nothing_is_refused_with_more_permitted_than_there_are_workers() -> None:
    company = Company(maximum=4)
    workers = [company.worker() for _ in range(4)]
    for _ in range(20):
        assert all(take(each) for each in workers)
        for each in workers:
            each.give_back(GOOD)
    assert company.slept == []
    assert company.paces.pace.slots == {}
    assert company.paces.pace != Pace()
