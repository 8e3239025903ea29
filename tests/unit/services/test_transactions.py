"""Goal: what is booked and looked up counts, once; and the budget's alarm has something to hear.

Method: the meter and the watch over counts in memory that can be made to fail.
"""

import dataclasses
from datetime import date

import pytest

from tests.factories import a_paid_invoice, a_policy, budgeted
from tests.fakes import FakeClock, FakeMetrics, FakePolicies, FakeTransactions
from tests.unit.services import poll_world
from tests.unit.services.world import INVOICE, LEASE_SECONDS, World
from tieout.domain.errors import ConfigurationFault, Unavailable
from tieout.domain.reasons import Reason
from tieout.services import metric_names
from tieout.services.process import Processor
from tieout.services.transactions import (
    BudgetedPolicies,
    TransactionMeter,
    TransactionWatch,
    months,
)

NOVEMBER_20_UNIX = 1_795_132_800
FAULTS = [Unavailable("busy"), ConfigurationFault(Reason.AWS_REFUSED, "no such table")]


def test_what_is_booked_and_looked_up_is_one_addition() -> None:
    counts, metrics = FakeTransactions(), FakeMetrics()
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
    counts = FakeTransactions()
    meter = TransactionMeter(FakeMetrics(), counts, FakeClock(NOVEMBER_20_UNIX))
    counts.fault = fault
    meter.count(metric_names.POSTED)
    meter.write_down()
    counts.fault = None
    meter.count(metric_names.POSTED)
    meter.write_down()
    assert counts.by_month == {"2026-11": 2}


def test_the_processor_adds_a_batch_when_it_is_over() -> None:
    counts, world = FakeTransactions(), World()
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


def watch(counts: FakeTransactions, metrics: FakeMetrics, budget: int | None) -> TransactionWatch:
    policy = dataclasses.replace(a_policy(), transactions_per_month=budget)
    return TransactionWatch(counts, FakePolicies(policy), FakeClock(NOVEMBER_20_UNIX), metrics)


def test_the_share_of_the_budget_is_counted() -> None:
    counts, metrics = FakeTransactions(), FakeMetrics()
    counts.add("2026-11", 800)
    counts.add("2026-10", 5_000)
    month = watch(counts, metrics, 1_000).run()
    assert month is not None
    assert (month.used, month.forecast) == (800, 1_200)
    assert metrics.counts == {"TransactionsUsedPercent": 80}


def test_each_run_of_the_poller_tells_it() -> None:
    counts, world = FakeTransactions(), poll_world.World()
    counts.add("2026-11", 800)
    world.transactions = watch(counts, world.metrics, 1_000)
    world.run()
    assert world.metrics.counts["TransactionsUsedPercent"] == 80


def test_without_a_budget_there_is_no_share() -> None:
    metrics = FakeMetrics()
    assert watch(FakeTransactions(), metrics, None).run() is not None
    assert metrics.counts == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_watch_is_in_nobodys_way(fault: Exception) -> None:
    counts, metrics = FakeTransactions(), FakeMetrics()
    counts.fault = fault
    assert watch(counts, metrics, 1_000).run() is None
    assert metrics.counts == {}


# --- The policy as it counts in the month ---------------------------------------------------------


@pytest.mark.parametrize(("used", "reached"), [(9, ""), (10, "10 of 10"), (11, "11 of 10")])
def test_the_policy_in_force_counts_in_the_month_as_it_is(used: int, reached: str) -> None:
    counts = FakeTransactions()
    counts.add("2026-11", used)
    counts.add("2026-10", 5_000)
    published = FakePolicies(budgeted("other_receipt", "daily_summary"))
    policies = BudgetedPolicies(published, counts, FakeClock(NOVEMBER_20_UNIX))
    told = f"{reached} transactions used in 2026-11" if reached else ""
    assert policies.current() == published.current().in_month(told)
    assert policies.of("policy-1") == published.current()


@pytest.mark.parametrize("fault", FAULTS)
def test_where_nobody_knows_what_is_used_sales_are_booked_in_detail(fault: Exception) -> None:
    counts = FakeTransactions()
    counts.fault = fault
    published = FakePolicies(budgeted("other_receipt", "daily_summary"))
    policies = BudgetedPolicies(published, counts, FakeClock(NOVEMBER_20_UNIX))
    assert policies.current() == published.current()


def test_where_nothing_waits_for_the_budget_the_count_is_not_read() -> None:
    counts = FakeTransactions()
    published = FakePolicies(dataclasses.replace(a_policy(), transactions_per_month=10))
    assert BudgetedPolicies(published, counts, FakeClock(NOVEMBER_20_UNIX)).current().version
    assert counts.readings == 0


def test_each_month_of_a_range_has_its_count_and_that_of_now_its_forecast() -> None:
    counts = FakeTransactions()
    for month, used in (("2026-09", 7), ("2026-10", 12), ("2026-11", 800)):
        counts.add(month, used)
    policy = dataclasses.replace(
        budgeted("other_receipt", "daily_summary"), transactions_per_month=1_000
    )
    clock = FakeClock(NOVEMBER_20_UNIX)
    first, last = date(2026, 9, 30), date(2026, 12, 1)
    told = list(months(counts, policy, clock, first, last))
    assert [(each.month, each.used, each.forecast, each.above_from) for each in told] == [
        ("2026-09", 7, 7, None),
        ("2026-10", 12, 12, None),
        ("2026-11", 800, 1_200, 1_000),
        ("2026-12", 0, 0, None),
    ]
