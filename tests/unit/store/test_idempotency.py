"""Goal: a delivery is acted upon once, and one that failed is acted upon again.

Method: Powertools over DynamoDB in this process (moto).
"""

import pytest
from botocore.stub import Stubber

from tests.support.aws import Aws
from tieout.domain.errors import ConfigurationFault, LeaseHeld, Throttled, Unavailable
from tieout.store.idempotency import EXPIRES_AFTER_SECONDS, PowertoolsOnce


class Context:
    """Lambda's context, as far as it is asked."""

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


@pytest.fixture
def once(aws: Aws) -> PowertoolsOnce:
    return PowertoolsOnce(aws.dynamodb, aws.inbox_table())


class Action:
    """Something that is to happen once; counts how often it did."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.times = 0
        self.fault = fault

    def __call__(self) -> None:
        self.times += 1
        if self.fault is not None:
            raise self.fault


def test_an_event_is_acted_upon_once(once: PowertoolsOnce) -> None:
    action = Action()
    with once.during(Context()):
        assert once.run("evt_1", action) is True
        assert once.run("evt_1", action) is False
        assert once.run("evt_2", action) is True
    assert action.times == 2


def test_another_function_that_is_warm_knows_too(aws: Aws, once: PowertoolsOnce) -> None:
    action = Action()
    other = PowertoolsOnce(aws.dynamodb, once._table_name)
    with once.during(Context()), other.during(Context()):
        assert once.run("evt_1", action) is True
        assert other.run("evt_1", action) is False
    assert action.times == 1


def test_an_action_that_failed_is_run_again(once: PowertoolsOnce) -> None:
    with once.during(Context()):
        with pytest.raises(Unavailable, match="the queue is down"):
            once.run("evt_1", Action(Unavailable("the queue is down")))
        assert once.run("evt_1", Action()) is True


def test_two_deliveries_at_once_are_told_apart(aws: Aws, once: PowertoolsOnce) -> None:
    other = PowertoolsOnce(aws.dynamodb, once._table_name)

    def second_delivery() -> None:
        with pytest.raises(LeaseHeld, match="evt_1"), other.during(Context()):
            other.run("evt_1", Action())

    with once.during(Context()):
        assert once.run("evt_1", second_delivery) is True


def test_a_delivery_is_remembered_longer_than_stripe_can_send_it_again(
    aws: Aws, once: PowertoolsOnce
) -> None:
    with once.during(Context()):
        once.run("evt_1", Action())
    (item,) = aws.dynamodb.scan(TableName=once._table_name)["Items"]
    assert item["id"]["S"].startswith("delivery#")
    assert "expiration" in item
    assert EXPIRES_AFTER_SECONDS > 30 * 86_400


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ThrottlingException", 400, Throttled),
        ("InternalServerError", 500, Unavailable),
        ("AccessDeniedException", 400, ConfigurationFault),
    ],
)
def test_a_table_that_cannot_be_used_lets_nothing_through(
    aws: Aws, once: PowertoolsOnce, code: str, status: int, expected: type[Exception]
) -> None:
    action = Action()
    with Stubber(aws.dynamodb) as stubber, once.during(Context()):
        stubber.add_client_error("put_item", code, http_status_code=status)
        with pytest.raises(expected):
            once.run("evt_1", action)
    assert action.times == 0
