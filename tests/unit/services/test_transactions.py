"""Goal: what is booked and looked up counts, once; and the budget's alarm has something to hear.

Method: the meter and the watch over counts in memory that can be made to fail.
"""

import dataclasses
from collections import Counter

import pytest

from tests.factories import a_paid_invoice, a_policy
from tests.fakes import FakeClock, FakeMetrics, FakePolicies
from tests.unit.services import poll_world
from tests.unit.services.world import INVOICE, LEASE_SECONDS, World
from tieout.domain.errors import ConfigurationFault, Unavailable
from tieout.domain.reasons import Reason
from tieout.services import metric_names
from tieout.services.process import Processor
from tieout.services.transactions import TransactionMeter, TransactionWatch

NOVEMBER_20_UNIX = 1_795_132_800
FAULTS = [Unavailable("busy"), ConfigurationFault(Reason.AWS_REFUSED, "no such table")]


class Counts:
    """The `TransactionCounts` port in memory."""

    def __init__(self) -> None:
        self.by_month: Counter[str] = Counter()
        self.additions = 0
        self.fault: Exception | None = None

    def add(self, month: str, transactions: int) -> None:
        self._may_fail()
        self.additions += 1
        self.by_month[month] += transactions

    def of(self, month: str) -> int:
        self._may_fail()
        return self.by_month[month]

    def _may_fail(self) -> None:
        if self.fault is not None:
            raise self.fault


def test_what_is_booked_and_looked_up_is_one_addition() -> None:
    counts, metrics = Counts(), FakeMetrics()
    reads = iter([1, 1, 4])
    clock = FakeClock(NOVEMBER_20_UNIX)
    meter = TransactionMeter(metrics, counts, clock, reads=lambda: next(reads))
    meter.count(metric_names.POSTED, 2)
    meter.count(metric_names.PARKED, 5)
    meter.write_down()
    meter.write_down()
    assert counts.by_month == {"2026-11": 3}
    assert counts.additions == 1
    meter.write_down()
    assert counts.by_month == {"2026-11": 6}
    assert metrics.counts == {"Posted": 2, "Parked": 5}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_added_now_is_added_later(fault: Exception) -> None:
    counts = Counts()
    meter = TransactionMeter(FakeMetrics(), counts, FakeClock(NOVEMBER_20_UNIX))
    counts.fault = fault
    meter.count(metric_names.POSTED)
    meter.write_down()
    counts.fault = None
    meter.count(metric_names.POSTED)
    meter.write_down()
    assert counts.by_month == {"2026-11": 2}


def test_the_processor_adds_a_batch_when_it_is_over() -> None:
    counts, world = Counts(), World()
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    processor = Processor(
        world.stripe,
        world.ledger,
        world.postings,
        world.policies,
        world.clock,
        world.metrics,
        LEASE_SECONDS,
        transactions=TransactionMeter(world.metrics, counts, world.clock),
    )
    processor.process([world.message(INVOICE), world.message(INVOICE)])
    assert counts.by_month.total() == len(world.ledger.records) == 3
    assert counts.additions == 1


def watch(counts: Counts, metrics: FakeMetrics, budget: int | None) -> TransactionWatch:
    policy = dataclasses.replace(a_policy(), transactions_per_month=budget)
    return TransactionWatch(counts, FakePolicies(policy), FakeClock(NOVEMBER_20_UNIX), metrics)


def test_the_share_of_the_budget_is_counted() -> None:
    counts, metrics = Counts(), FakeMetrics()
    counts.add("2026-11", 800)
    counts.add("2026-10", 5_000)
    month = watch(counts, metrics, 1_000).run()
    assert month is not None
    assert (month.used, month.forecast) == (800, 1_200)
    assert metrics.counts == {"TransactionsUsedPercent": 80}


def test_each_run_of_the_poller_tells_it() -> None:
    counts, world = Counts(), poll_world.World()
    counts.add("2026-11", 800)
    world.transactions = watch(counts, world.metrics, 1_000)
    world.run()
    assert world.metrics.counts["TransactionsUsedPercent"] == 80


def test_without_a_budget_there_is_no_share() -> None:
    metrics = FakeMetrics()
    assert watch(Counts(), metrics, None).run() is not None
    assert metrics.counts == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_watch_is_in_nobodys_way(fault: Exception) -> None:
    counts, metrics = Counts(), FakeMetrics()
    counts.fault = fault
    assert watch(counts, metrics, 1_000).run() is None
    assert metrics.counts == {}
