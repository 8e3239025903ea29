"""Goal: what is published is in force a little later, whole or not at all, and can be taken back.

What Intacct closes is in force with it.

Method: an operator publishes and a processor reads, over the fake, DynamoDB in this process (moto)
and the embedded AWS. The policy's text is a stand-in: its first word is the version.
"""

from datetime import date
from typing import Protocol

import pytest

from tests.factories import a_policy
from tests.fakes import FakeClock, FakePolicies
from tests.support.aws import Aws
from tieout.domain.errors import ConfigurationFault
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.services.ports import ClosedBooks, ClosedDates, PolicySource
from tieout.store.closed_books import DynamoClosedBooks
from tieout.store.policies import POLICY_AGE_SECONDS_MAX, DynamoPolicies


class Publisher(Protocol):
    def publish(self, text: str, version: str, now_unix: int) -> bool: ...

    def undo(self, who: str, now_unix: int) -> str: ...


class Office:
    """An operator, a processor that is warm, and a clock."""

    def __init__(
        self,
        publisher: Publisher,
        source: PolicySource,
        closed_books: ClosedBooks,
        clock: FakeClock,
    ) -> None:
        self.publisher = publisher
        self.source = source
        self.closed_books = closed_books
        self.clock = clock

    def publish(self, version: str) -> bool:
        return self.publisher.publish(f"{version} says so", version, self.clock.now_unix())

    def undo(self) -> str:
        return self.publisher.undo("ada", self.clock.now_unix())

    def version_a_little_later(self) -> str:
        self.clock.advance(POLICY_AGE_SECONDS_MAX)
        return self.source.current().version


@pytest.fixture
def office(aws: Aws | None) -> Office:
    clock = FakeClock()
    if aws is None:
        fake = FakePolicies(parse=parse)
        return Office(fake, fake, fake.closed_books, clock)
    table = aws.state_table()
    return Office(
        DynamoPolicies(aws.dynamodb, table, parse, clock),
        DynamoPolicies(aws.dynamodb, table, parse, clock),
        DynamoClosedBooks(aws.dynamodb, table),
        clock,
    )


def parse(text: str) -> Policy:
    version = text.split(maxsplit=1)[0]
    if version == "bad":
        raise ConfigurationFault(Reason.POLICY_INVALID, "zone: missing; journal: missing")
    return a_policy(version=version)


def test_without_a_policy_nothing_can_be_booked(office: Office) -> None:
    with pytest.raises(ConfigurationFault) as fault:
        office.source.current()
    assert fault.value.reason is Reason.POLICY_MISSING


def test_a_published_policy_is_in_force_a_little_later(office: Office) -> None:
    office.publish("v1")
    assert office.source.current().version == "v1"
    office.publish("v2")
    assert office.version_a_little_later() == "v2"


def test_an_invalid_policy_never_comes_into_force(office: Office) -> None:
    office.publish("v1")
    with pytest.raises(ConfigurationFault, match="zone: missing; journal: missing") as fault:
        office.publisher.publish("bad", "v2", office.clock.now_unix())
    assert fault.value.reason is Reason.POLICY_INVALID
    assert office.version_a_little_later() == "v1"


def test_a_policy_is_published_under_its_own_version_only(office: Office) -> None:
    with pytest.raises(ConfigurationFault, match="v2"):
        office.publisher.publish("v1 says so", "v2", office.clock.now_unix())


def test_undo_goes_back_version_by_version_to_the_first(office: Office) -> None:
    for version in ("v1", "v2", "v3"):
        office.publish(version)
    assert office.undo() == "v2"
    assert office.version_a_little_later() == "v2"
    assert office.undo() == "v1"
    assert office.version_a_little_later() == "v1"
    with pytest.raises(ConfigurationFault, match="no policy to go back to"):
        office.undo()


def test_publishing_the_current_version_again_changes_nothing(office: Office) -> None:
    published = [office.publish(version) for version in ("v1", "v2", "v2", "v2")]
    assert published == [True, True, False, False]
    assert office.undo() == "v1"


def test_an_old_version_can_be_published_again_and_taken_back(office: Office) -> None:
    for version in ("v1", "v2", "v1"):
        office.publish(version)
    assert office.version_a_little_later() == "v1"
    assert office.undo() == "v2"
    assert office.version_a_little_later() == "v2"


def test_after_undo_one_can_publish_again(office: Office) -> None:
    for version in ("v1", "v2"):
        office.publish(version)
    office.undo()
    office.publish("v3")
    assert office.version_a_little_later() == "v3"
    assert office.undo() == "v1"


def test_every_version_that_was_ever_in_force_can_be_read(office: Office) -> None:
    for version in ("v1", "v2", "v3"):
        office.publish(version)
        assert office.version_a_little_later() == version
    office.undo()
    found = [office.source.of(version) for version in ("v1", "v3", "v2")]
    assert [each.version for each in found if each] == ["v1", "v3", "v2"]
    assert office.source.of("v4") is None


def test_what_intacct_closes_is_in_force_a_little_later_under_a_version_of_its_own(
    office: Office,
) -> None:
    office.publish("v1")
    assert office.source.current().periods.closed_through is None
    office.closed_books.save(ClosedDates({None: date(2026, 9, 30), "E2": date(2026, 10, 31)}, 1))
    assert office.version_a_little_later() == "v1@2026-10-31"
    assert office.source.current().periods.closed_through == date(2026, 10, 31)
    office.publish("v2")
    assert office.version_a_little_later() == "v2@2026-10-31"
    office.closed_books.save(ClosedDates({}, 2))
    assert office.version_a_little_later() == "v2"


def test_what_was_in_force_under_a_closed_period_can_be_read(office: Office) -> None:
    office.publish("v1")
    office.closed_books.save(ClosedDates({None: date(2026, 9, 30)}, 1))
    assert office.version_a_little_later() == "v1@2026-09-30"
    office.closed_books.save(ClosedDates({None: date(2026, 10, 31)}, 2))
    then, before = office.source.of("v1@2026-09-30"), office.source.of("v1")
    assert then is not None
    assert (then.version, then.periods.closed_through) == ("v1@2026-09-30", date(2026, 9, 30))
    assert before is not None
    assert (before.version, before.periods.closed_through) == ("v1", None)


def test_a_version_with_no_day_in_it_was_never_in_force(office: Office) -> None:
    office.publish("v1")
    assert office.version_a_little_later() == "v1"
    assert office.source.of("v1@soon") is None
