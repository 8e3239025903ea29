"""Goal: what any Stripe account has and the books have not is queued for that account and no
other, whatever state the others are in.

Method: the poller over in-memory ports, with a main account, a further one and one that nobody
named. The mistake most likely made is to take what one list lacks for a change in another account.
"""

import dataclasses

import pytest

from tests.factories import a_policy
from tests.fakes import FakePolicies, FakeStripe
from tests.unit.services.poll_world import DAY, NOW_UNIX, World, booked, hint, row
from tieout.domain.errors import ConfigurationFault, Unavailable
from tieout.domain.postings import Posting
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import EventHint, Progress
from tieout.settings import READ_BUDGET_MIN

FURTHER = "acct_2"


def policies(*accounts: str) -> FakePolicies:
    return FakePolicies(a_policy(accounts={account: a_policy() for account in accounts}))


def of_account(made: EventHint, account: str) -> EventHint:
    return dataclasses.replace(made, subject=dataclasses.replace(made.subject, account=account))


def booked_in(account: str, number: int) -> Posting:
    made = booked(row(number, age_seconds=100 * DAY))
    return dataclasses.replace(made, subject=dataclasses.replace(made.subject, account=account))


def queued(world: World) -> set[Subject]:
    return {
        item.subject for item in world.queue.items if item.subject.kind is not SubjectKind.ACTIVITY
    }


@pytest.fixture
def world() -> World:
    return World(policies=policies(FURTHER))


def test_events_are_looked_for_in_every_account_that_policy_names(world: World) -> None:
    world.stripe.events_listed = [
        hint(1),
        of_account(hint(2), FURTHER),
        of_account(hint(3), "acct_of_others"),
    ]
    report = world.run()
    assert world.queued_events == ["evt_1", "evt_2"]
    assert report.events == report.missed == 2
    assert Subject(SubjectKind.REFUND, "re_2", FURTHER) in queued(world)


def test_invoices_are_queued_for_the_account_that_has_them(world: World) -> None:
    world.stripe.invoices_listed = [row(1)]
    world.stripe.invoices_of[FURTHER] = [row(2), row(3, age_seconds=200 * DAY)]
    report = world.run()
    assert queued(world) == {
        Subject(SubjectKind.INVOICE, "in_1"),
        Subject(SubjectKind.INVOICE, "in_2", FURTHER),
        Subject(SubjectKind.INVOICE, "in_3", FURTHER),
    }
    assert (report.invoices, report.open_invoices) == (2, 3)


def test_what_is_open_in_the_books_of_one_account_is_not_missed_in_anothers(world: World) -> None:
    world.stripe.invoices_listed = [row(1, age_seconds=100 * DAY)]
    world.stripe.invoices_of[FURTHER] = [row(2, age_seconds=100 * DAY)]
    world.knows(booked(row(1, age_seconds=100 * DAY)), booked_in(FURTHER, 2))
    world.run()
    assert queued(world) == set()


def test_what_is_open_in_the_books_alone_is_queued_for_its_own_account(world: World) -> None:
    world.knows(booked_in(FURTHER, 2))
    world.run()
    assert queued(world) == {Subject(SubjectKind.INVOICE, "in_2", FURTHER)}


def test_each_account_has_cursors_of_its_own(world: World) -> None:
    world.cursors.progress["events"] = Progress(NOW_UNIX - DAY)
    world.cursors.progress[f"events#{FURTHER}"] = Progress(NOW_UNIX - 40 * DAY)
    assert world.run().out_of_reach
    assert {name.partition("#")[0] for name in world.cursors.progress if "#" in name} == {
        "events",
        "invoices",
        "open",
    }
    assert not world.run().out_of_reach


def test_an_account_that_is_named_later_begins_like_a_new_installation() -> None:
    world = World(policies=policies())
    world.run()
    world.policies.published = policies(FURTHER).published
    world.stripe.events_listed = [of_account(hint(1, age_seconds=2 * DAY), FURTHER)]
    world.run()
    assert world.queued_events == ["evt_1"]


@pytest.mark.parametrize("budget", [READ_BUDGET_MIN, 3 * READ_BUDGET_MIN])
def test_the_budget_is_each_accounts_own(budget: int) -> None:
    world = World(FakeStripe(page_rows=100), policies=policies(FURTHER))
    many = [row(number, age_seconds=number * 60) for number in range(3_000)]
    world.stripe.invoices_listed, world.stripe.invoices_of[FURTHER] = many, many
    report = world.run(budget)
    assert report.reads == 2 * budget
    assert report.budget_exhausted
    alone = World(FakeStripe(page_rows=100), policies=policies())
    alone.stripe.invoices_listed = many
    assert alone.run(budget).invoices * 2 == report.invoices


@pytest.mark.parametrize("refused", [None, FURTHER])
@pytest.mark.parametrize(
    "fault",
    [Unavailable("gone"), ConfigurationFault(Reason.STRIPE_PERMISSION, "lacks rak_event_read")],
)
def test_an_account_that_cannot_be_read_does_not_stop_the_others(
    world: World, refused: str | None, fault: Exception
) -> None:
    world.stripe.events_listed = [hint(1), of_account(hint(2), FURTHER)]
    world.stripe.refused_accounts[refused] = fault
    with pytest.raises(type(fault)):
        world.run()
    assert world.queued_events == ["evt_2" if refused is None else "evt_1"]
    assert "PollerRun" not in world.metrics.counts

    world.stripe.refused_accounts.clear()
    world.run()
    assert set(world.queued_events) == {"evt_1", "evt_2"}
