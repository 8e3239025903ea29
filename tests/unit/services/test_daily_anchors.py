"""Goal: once a day is over its end of each chain is kept and logged, once, and nothing stops a run.

Method: a trail in memory, and a clock that is moved over midnight in the company's zone.
"""

import logging
from datetime import date

import pytest

from tests.factories import a_policy
from tests.fakes import FakeClock, FakeMetrics, FakePolicies, FakePostings
from tieout.domain.dates import day_bounds
from tieout.domain.errors import ConfigurationFault, TieoutError, Unavailable
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.trail import MAIN
from tieout.services.daily_anchors import DailyAnchors
from tieout.services.verify import Verifier


class World:
    def __init__(self) -> None:
        self.postings, self.metrics = FakePostings(), FakeMetrics()
        self.trail, self.policy = self.postings.trail, a_policy()
        self.clock = FakeClock()
        self.daily = DailyAnchors(self.trail, FakePolicies(self.policy), self.clock, self.metrics)

    def books(self, number: int, account: str | None = None) -> None:
        subject = Subject(SubjectKind.INVOICE, f"in_{number}", account)
        self.postings.put(Posting(subject.key, subject, State.SENDING, version=1))


@pytest.fixture
def world() -> World:
    return World()


def test_without_a_chain_there_is_nothing_to_anchor(world: World) -> None:
    assert world.daily.run() == []


def test_a_day_is_anchored_once_for_each_chain(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world.books(1)
    world.books(2, "acct_1")
    anchors = world.daily.run()
    assert [(each.account, each.day, each.seq) for each in anchors] == [
        (MAIN, "2026-11-19", 1),
        ("acct_1", "2026-11-19", 1),
    ]
    logged = [record.__dict__["anchor"] for record in caplog.records]
    assert [(each["account"], each["hash"]) for each in logged] == [
        (each.account, each.hash) for each in anchors
    ]
    world.books(3)
    assert world.daily.run() == []
    assert len(caplog.records) == 2


def test_the_day_is_the_companys(world: World) -> None:
    world.books(1)
    world.daily.run()
    last_second = day_bounds(date(2026, 11, 20), world.policy.zone)[1]
    world.clock.advance(last_second - world.clock.now_unix())
    world.books(2)
    assert world.daily.run() == []
    world.clock.advance(1)
    (anchor,) = world.daily.run()
    assert (anchor.day, anchor.seq) == ("2026-11-20", 2)
    assert list(Verifier(world.trail, world.postings).verify()) == []


@pytest.mark.parametrize(
    ("fault", "counted"),
    [
        (Unavailable("not now"), 0),
        (ConfigurationFault(Reason.AWS_REFUSED, "dynamodb:PutItem was refused"), 1),
    ],
)
def test_a_fault_stops_nothing(
    world: World, fault: TieoutError, counted: int, caplog: pytest.LogCaptureFixture
) -> None:
    world.books(1)
    world.trail.fault = fault
    assert world.daily.run() == []
    assert world.metrics.counts["ConfigurationFault"] == counted
    assert "cannot anchor" in caplog.text
    world.trail.fault = None
    assert len(world.daily.run()) == 1
