"""Counting the month's Intacct transactions, and saying how much of the budget they take."""

import dataclasses
import logging
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Protocol

from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.domain.policy import Policy
from tieout.domain.transactions import Volume, month_of, volume
from tieout.services import metric_names
from tieout.services.ports import Clock, Metrics, PolicySource

logger = logging.getLogger(__name__)


class TransactionCounts(Protocol):
    """Keeps how many transactions each month had.

    Both methods raise `TransientFault` when that cannot be done now and `ConfigurationFault` when
    it cannot be done at all.
    """

    def add(self, month: str, transactions: int) -> None:
        """Add to a month's (`2026-11`); concurrent additions all count."""
        ...

    def of(self, month: str) -> int:
        """Return how many there were in a month so far."""
        ...


class TransactionMeter:
    """Counters that also count transactions: one addition for all that an invocation did.

    A document that was found where an unknown outcome had left it was written by us, too.

    The sum is an estimate, good to a few: what a process that dies had counted is missing from it,
    and an addition of which nobody knows whether it was made is made again.
    """

    def __init__(
        self,
        metrics: Metrics,
        counts: TransactionCounts,
        clock: Clock,
        reads: Callable[[], int] = lambda: 0,
    ) -> None:
        """Meter what is counted.

        Args:
            metrics: to which every counter goes on.
            counts: where the sum is kept.
            clock: for the month.
            reads: how many calls that read Intacct were sent by this process so far.
        """
        self._metrics = metrics
        self._counts = counts
        self._clock = clock
        self._reads = reads
        self._posted = self._added = 0

    def count(self, name: str, value: int = 1) -> None:
        """Add to a counter."""
        self._metrics.count(name, value)
        if name == metric_names.POSTED:
            self._posted += value

    def write_down(self) -> None:
        """Add what was counted to the month's sum; what cannot be added now is the next time."""
        transactions = self._posted + self._reads()
        if transactions == self._added:
            return
        try:
            self._counts.add(month_of(self._clock.now_unix()), transactions - self._added)
        except (TransientFault, ConfigurationFault) as fault:
            logger.warning(
                "the month's transactions cannot be added to now", extra={"cause": str(fault)}
            )
        else:
            self._added = transactions


class TransactionWatch:
    """Tells how much of the month's budget is used."""

    def __init__(
        self, counts: TransactionCounts, policies: PolicySource, clock: Clock, metrics: Metrics
    ) -> None:
        self._counts = counts
        self._policies = policies
        self._clock = clock
        self._metrics = metrics

    def run(self) -> Volume | None:
        """Count the share for the alarm and return the month; None if that failed."""
        try:
            month = month_so_far(self._counts, self._policies.current(), self._clock)
        except (TransientFault, ConfigurationFault) as fault:
            logger.warning("the month's transactions are not known", extra={"cause": str(fault)})
            return None
        share = month.percent(month.used)
        if share is not None:
            self._metrics.count(metric_names.TRANSACTIONS_USED_PERCENT, share)
        return month


def month_so_far(counts: TransactionCounts, policy: Policy, clock: Clock) -> Volume:
    """Return how much of the month's transactions is used, beside what the policy allows.

    Raises:
        TransientFault, ConfigurationFault: the count cannot be read.
    """
    now_unix = clock.now_unix()
    used = counts.of(month_of(now_unix))
    return volume(policy.transactions_per_month, used, now_unix, policy.above_budget_from)


def months(
    counts: TransactionCounts, policy: Policy, clock: Clock, first: date, last: date
) -> Iterator[Volume]:
    """Yield what each month of some days used; that of now goes on, one to come has used nothing.

    Raises:
        TransientFault, ConfigurationFault: the count cannot be read.
    """
    now = month_so_far(counts, policy, clock)
    month = first.replace(day=1)
    while month <= last:
        name = f"{month:%Y-%m}"
        used = counts.of(name)
        yield (
            now
            if name == now.month
            else dataclasses.replace(
                now, month=name, used=used, forecast=used, above_from=None, above_on=None
            )
        )
        month = (month + timedelta(days=31)).replace(day=1)


def policy_of_now(policy: Policy, counts: TransactionCounts, clock: Clock) -> Policy:
    """Return the policy as it counts in the month as it is.

    If the count cannot be read, that is in detail: nothing has to wait for what is about cost
    alone, and the books are the same in either form.
    """
    if policy.above_budget_from is None:
        return policy
    try:
        return policy.in_month(month_so_far(counts, policy, clock).reached)
    except (TransientFault, ConfigurationFault) as fault:
        logger.warning("the month's transactions are not known", extra={"cause": str(fault)})
        return policy


class BudgetedPolicies:
    """Policies, of which the one in force counts in the month as it is when it is asked for."""

    def __init__(self, policies: PolicySource, counts: TransactionCounts, clock: Clock) -> None:
        self._policies = policies
        self._counts = counts
        self._clock = clock

    def current(self) -> Policy:
        """Return the policy in force; see `PolicySource.current`."""
        return policy_of_now(self._policies.current(), self._counts, self._clock)

    def of(self, version: str) -> Policy | None:
        """Return a policy that was in force once; see `PolicySource.of`."""
        return self._policies.of(version)
