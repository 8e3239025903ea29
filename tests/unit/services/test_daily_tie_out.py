"""Goal: each day is tied out once it can be, looked at again if something was open, kept, and
whatever is unexplained calls somebody; nothing that goes wrong stops the poller.

Method: the use case over memory, with a clock that is moved to each moment of interest.
"""

from datetime import timedelta

import pytest

from tests.factories import DAY_SECONDS, NOON, NOON_DAY, a_movement, a_policy
from tests.fakes import FakeClock, FakeLedger, FakeMetrics, FakePolicies, FakePostings, FakeStripe
from tests.fakes.books import FakeBooks
from tests.fakes.tie_outs import FakeTieOuts
from tieout.domain.errors import ConfigurationFault, Unavailable
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.services.daily_tie_out import (
    AGAIN_AFTER_SECONDS,
    FIRST_AFTER_SECONDS,
    DailyReport,
    DailyTieOut,
)
from tieout.services.ports import LedgerRow
from tieout.services.tie_out import TieOuts

DAY_ENDS = NOON + DAY_SECONDS // 2
BY_HAND = LedgerRow("1200", "usd", NOON_DAY, 700, "", "by hand", "9", of_ledger=True)


class World:
    def __init__(self, policy: Policy | None = None) -> None:
        self.stripe, self.metrics, self.store = FakeStripe(), FakeMetrics(), FakeTieOuts()
        self.books, self.clock = FakeBooks(FakeLedger()), FakeClock(DAY_ENDS)
        self.policies = FakePolicies(
            policy or a_policy(clearing={"usd": a_policy().clearing["usd"]})
        )
        tie_outs = TieOuts(self.stripe, self.books, FakePostings(), self.clock)
        self.daily = DailyTieOut(tie_outs, self.store, self.policies, self.clock, self.metrics)

    def run_at(self, after_seconds: int) -> DailyReport | None:
        self.clock.unix = DAY_ENDS + after_seconds
        return self.daily.run()


def test_a_day_is_tied_out_when_it_is_booked_and_not_before() -> None:
    world = World()
    assert world.run_at(FIRST_AFTER_SECONDS - 10) is None
    assert world.run_at(FIRST_AFTER_SECONDS) == DailyReport(str(NOON_DAY), 1, 0)
    assert [each.currency for each in world.store.by_day[NOON_DAY]] == ["usd"]
    assert world.metrics.counts["TiedOut"] == 1
    assert "ResidualUnexplained" not in world.metrics.counts


def test_a_day_that_agrees_is_not_read_again() -> None:
    world = World()
    world.run_at(FIRST_AFTER_SECONDS)
    reads = world.stripe.reads
    for hours in range(5, 20):
        assert world.run_at(hours * 3_600) is None
    assert world.stripe.reads == reads


def test_a_day_with_something_open_is_read_once_more() -> None:
    world = World()
    world.books.by_hand = [BY_HAND]
    assert world.run_at(FIRST_AFTER_SECONDS) == DailyReport(str(NOON_DAY), 1, 1)
    assert world.metrics.counts["ResidualUnexplained"] == 1
    assert world.run_at(FIRST_AFTER_SECONDS + 3_600) is None
    world.books.by_hand = []
    assert world.run_at(AGAIN_AFTER_SECONDS) == DailyReport(str(NOON_DAY), 1, 0)
    assert world.run_at(AGAIN_AFTER_SECONDS + 3_600) is None


def test_a_day_may_be_tied_out_again_at_any_time_and_that_is_kept() -> None:
    world = World()
    world.books.by_hand = [BY_HAND]
    world.run_at(FIRST_AFTER_SECONDS)
    world.books.by_hand = []
    world.clock.advance(9 * DAY_SECONDS)
    (made,) = world.daily.tie(NOON_DAY, world.policies.current(), look_back_days=31)
    assert made.residual_minor == 0
    assert world.store.by_day[NOON_DAY] == (made,)


def test_what_is_open_has_the_age_of_the_day_it_began_on() -> None:
    world = World()
    world.books.by_hand = [BY_HAND]
    world.run_at(FIRST_AFTER_SECONDS)
    world.run_at(DAY_SECONDS + FIRST_AFTER_SECONDS)
    (tied,) = world.store.by_day[NOON_DAY + timedelta(days=1)]
    assert [each.since for each in tied.residues] == [str(NOON_DAY)]


def test_every_account_that_policy_names_is_tied_out() -> None:
    own = a_policy(clearing={"usd": a_policy().clearing["eur"]})
    world = World(a_policy(clearing={"usd": a_policy().clearing["usd"]}, accounts={"acct_9": own}))
    world.stripe.moved["acct_9"] = [a_movement(500, 0, type="topup", source="tu_1")]
    assert world.run_at(FIRST_AFTER_SECONDS) == DailyReport(str(NOON_DAY), 2, 1)
    assert [each.account for each in world.store.by_day[NOON_DAY]] == ["", "acct_9"]


def test_days_before_the_books_are_nobodys() -> None:
    world = World(a_policy(books_from=NOON_DAY + timedelta(days=1)))
    assert world.run_at(FIRST_AFTER_SECONDS) is None


@pytest.mark.parametrize(
    ("fault", "counted"),
    [
        (Unavailable("no answer"), None),
        (ConfigurationFault(Reason.INTACCT_SIGN_IN, "wrong password"), "ConfigurationFault"),
    ],
)
def test_a_fault_is_told_and_the_next_run_tries_again(
    fault: Exception, counted: str | None
) -> None:
    world = World()
    world.books.fault = fault
    assert world.run_at(FIRST_AFTER_SECONDS) is None
    assert NOON_DAY not in world.store.by_day
    assert counted is None or world.metrics.counts[counted] == 1
    world.books.fault = None
    assert world.run_at(FIRST_AFTER_SECONDS + 900) is not None


def test_without_a_policy_there_is_nothing_to_compare() -> None:
    world = World()
    world.policies.published.clear()
    assert world.run_at(FIRST_AFTER_SECONDS) is None
