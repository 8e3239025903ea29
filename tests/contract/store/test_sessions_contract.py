"""Goal: one worker signs in at a time, and a worker that slept cannot undo what came after it.

Method: two workers share a session, over the fake, DynamoDB and KMS in this process (moto) and the
embedded AWS.
"""

import pytest

from tests.fakes import FakeSessions
from tests.support.aws import Aws
from tieout.domain.errors import LeaseHeld
from tieout.domain.reasons import Reason
from tieout.services.ports import Hold, Session, Sessions
from tieout.store.sessions import DynamoSessions

NOW_UNIX = 1_795_000_000
OLD = Session("session-old", "https://api.intacct.com/ia/xml/xmlgw.phtml", NOW_UNIX + 100)
NEW = Session(
    "session-new", "https://www-p02.intacct.com/ia/xml/xmlgw.phtml", NOW_UNIX + 7200, "them"
)

HOLD = Hold(NOW_UNIX + 900, Reason.INTACCT_SIGN_IN, "wrong password", "version-of-the-secret")


@pytest.fixture
def workers(aws: Aws | None) -> tuple[Sessions, Sessions]:
    if aws is None:
        shared = FakeSessions()
        return shared, shared
    table, key = aws.state_table(), aws.key()
    return (
        DynamoSessions(aws.dynamodb, aws.kms, table, key),
        DynamoSessions(aws.dynamodb, aws.kms, table, key),
    )


Workers = tuple[Sessions, Sessions]


def test_in_the_beginning_there_is_no_session_and_no_hold(workers: Workers) -> None:
    one, _ = workers
    assert one.current() is None
    assert one.held(NOW_UNIX) is None


def test_a_saved_session_is_everybodys(workers: Workers) -> None:
    one, other = workers
    one.save(OLD, one.lease(NOW_UNIX, 60))
    assert other.current() == OLD
    other.save(NEW, other.lease(NOW_UNIX + 1, 60))
    assert one.current() == NEW


def test_only_one_worker_has_the_lease(workers: Workers) -> None:
    one, other = workers
    one.lease(NOW_UNIX, 60)
    with pytest.raises(LeaseHeld):
        other.lease(NOW_UNIX + 59, 60)
    with pytest.raises(LeaseHeld):
        one.lease(NOW_UNIX + 59, 60)


def test_a_lease_that_ran_out_passes_on_with_a_greater_token(workers: Workers) -> None:
    one, other = workers
    token = one.lease(NOW_UNIX, 60)
    assert other.lease(NOW_UNIX + 60, 60) > token


def test_a_lease_that_was_given_back_passes_on_with_a_greater_token(workers: Workers) -> None:
    one, other = workers
    token = one.lease(NOW_UNIX, 60)
    one.save(OLD, token)
    assert other.lease(NOW_UNIX + 1, 60) > token


def test_a_worker_that_slept_through_its_lease_saves_nothing(workers: Workers) -> None:
    one, other = workers
    slept = one.lease(NOW_UNIX, 60)
    other.save(NEW, other.lease(NOW_UNIX + 61, 60))
    with pytest.raises(LeaseHeld):
        one.save(OLD, slept)
    assert one.current() == NEW


def test_saving_again_with_the_newest_token_stands(workers: Workers) -> None:
    one, other = workers
    token = one.lease(NOW_UNIX, 60)
    one.save(OLD, token)
    one.save(NEW, token)
    assert other.current() == NEW


def test_a_refused_save_does_not_give_anothers_lease_back(workers: Workers) -> None:
    one, other = workers
    slept = one.lease(NOW_UNIX, 60)
    other.lease(NOW_UNIX + 61, 60)
    with pytest.raises(LeaseHeld):
        one.save(OLD, slept)
    with pytest.raises(LeaseHeld):
        one.lease(NOW_UNIX + 62, 60)


def test_a_hold_lasts_until_its_time_and_keeps_the_session(workers: Workers) -> None:
    one, other = workers
    one.save(OLD, one.lease(NOW_UNIX, 60))
    one.hold(HOLD, one.lease(NOW_UNIX + 1, 60))
    assert other.held(NOW_UNIX + 899) == HOLD
    assert other.held(NOW_UNIX + 900) is None
    assert other.current() == OLD


def test_of_two_holds_the_newer_counts(workers: Workers) -> None:
    one, other = workers
    one.hold(HOLD, one.lease(NOW_UNIX, 60))
    newer = Hold(NOW_UNIX + 950, Reason.INTACCT_SENDER, "sender id", "corrected-version")
    other.hold(newer, other.lease(NOW_UNIX + 50, 60))
    assert one.held(NOW_UNIX + 51) == newer


def test_a_hold_gives_the_lease_back(workers: Workers) -> None:
    one, other = workers
    token = one.lease(NOW_UNIX, 60)
    one.hold(HOLD, token)
    assert other.lease(NOW_UNIX + 1, 60) > token


def test_a_worker_that_slept_through_its_lease_holds_nobody(workers: Workers) -> None:
    one, other = workers
    slept = one.lease(NOW_UNIX, 60)
    other.save(NEW, other.lease(NOW_UNIX + 61, 60))
    with pytest.raises(LeaseHeld):
        one.hold(HOLD, slept)
    assert one.held(NOW_UNIX + 62) is None


def test_a_session_ends_the_hold(workers: Workers) -> None:
    one, other = workers
    one.hold(HOLD, one.lease(NOW_UNIX, 60))
    other.save(NEW, other.lease(NOW_UNIX + 1, 60))
    assert one.held(NOW_UNIX + 2) is None
