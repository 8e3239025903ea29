"""Goal: a warm function reads the policy seldom and whole; an operator is told what is wrong.

Method: DynamoDB in this process (moto); the policy's text is a stand-in whose first word is the
version. What publishing means is in the contract.
"""

import pytest
from botocore.stub import Stubber

from tests.factories import a_policy
from tests.fakes import FakeClock
from tests.support.aws import Aws
from tests.support.aws_accidents import Calls, lose_first_answer
from tieout.domain.errors import ConfigurationFault, PolicyErrors, Unavailable
from tieout.domain.policy import Policy
from tieout.domain.policy_file import parse_policy
from tieout.domain.reasons import Reason
from tieout.store import items
from tieout.store.policies import POLICY_AGE_SECONDS_MAX, DynamoPolicies

UNDONE = 1_795_000_100


class Parser:
    def __init__(self) -> None:
        self.parsed: list[str] = []

    def __call__(self, text: str) -> Policy:
        version = text.split(maxsplit=1)[0]
        self.parsed.append(version)
        return a_policy(version=version)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def parser() -> Parser:
    return Parser()


@pytest.fixture
def policies(aws: Aws, parser: Parser, clock: FakeClock) -> DynamoPolicies:
    return DynamoPolicies(aws.dynamodb, aws.state_table(), parser, clock)


def test_a_warm_function_asks_again_only_when_what_it_knows_is_old(
    aws: Aws, policies: DynamoPolicies, parser: Parser, clock: FakeClock
) -> None:
    policies.publish("v1 text", "v1", clock.now_unix())
    parser.parsed.clear()
    calls = Calls(aws.dynamodb)
    policies.current()
    clock.advance(POLICY_AGE_SECONDS_MAX - 1)
    policies.current()
    # The pointer, what Intacct has closed, and the text.
    assert calls.operations == ["GetItem"] * 3
    clock.advance(1)
    policies.current()
    # No text: the version is still the same.
    assert calls.operations == ["GetItem"] * 5
    assert parser.parsed == ["v1"]


def test_every_version_is_kept_with_its_text(policies: DynamoPolicies) -> None:
    for version in ("v1", "v2"):
        policies.publish(f"{version} says so", version, 1_795_000_000)
    policies.undo("ada", UNDONE)
    assert policies.text_of("v1") == "v1 says so"
    assert policies.text_of("v2") == "v2 says so"
    with pytest.raises(ConfigurationFault, match="v3 is not stored"):
        policies.text_of("v3")


def test_what_was_undone_stays_on_the_list(policies: DynamoPolicies) -> None:
    for at_unix, version in enumerate(("v1", "v2", "v3"), 1):
        policies.publish(version, version, at_unix)
    policies.undo("ada", UNDONE)
    policies.publish("v4", "v4", 4)
    policies.publish("v3", "v3", 5)
    listed = [
        (each.version, each.published_at_unix, each.is_in_force, each.undone_by)
        for each in policies.versions()
    ]
    assert listed == [
        ("v3", 5, True, ""),
        ("v4", 4, False, ""),
        ("v3", 3, False, "ada"),
        ("v2", 2, False, ""),
        ("v1", 1, False, ""),
    ]
    assert [each.undone_at_unix for each in policies.versions() if each.undone_by] == [UNDONE]


def test_what_was_undone_one_after_the_other_is_listed_newest_first(
    policies: DynamoPolicies,
) -> None:
    for at_unix, version in enumerate(("v1", "v2", "v3"), 1):
        policies.publish(version, version, at_unix)
    policies.undo("ada", UNDONE)
    policies.undo("ada", UNDONE)
    assert [each.version for each in policies.versions()] == ["v3", "v2", "v1"]


def test_what_is_published_can_be_read_even_if_newer_rules_refuse_it(
    aws: Aws, policies: DynamoPolicies, clock: FakeClock
) -> None:
    with pytest.raises(ConfigurationFault, match="no policy is published"):
        policies.published()
    for version in ("v1:", "v2:"):
        policies.publish(f"{version} [unreadable", version, 1_795_000_000)
    stricter = DynamoPolicies(aws.dynamodb, policies._table_name, parse_policy, clock)
    assert stricter.published() == ("v2:", "v2: [unreadable")


def test_no_version_and_no_pointer_ever_expires(aws: Aws, policies: DynamoPolicies) -> None:
    policies.publish("v1", "v1", 1_795_000_000)
    stored = aws.dynamodb.scan(TableName=policies._table_name)["Items"]
    assert sorted(item["id"]["S"] for item in stored) == ["policy", "policy#v1"]
    assert not any("expiration" in item for item in stored)


def test_publishing_whose_answer_was_lost_enters_history_once(
    aws: Aws, policies: DynamoPolicies
) -> None:
    policies.publish("v1", "v1", 1_795_000_000)
    lose_first_answer(aws.dynamodb, "TransactWriteItems")
    policies.publish("v2", "v2", 1_795_000_001)
    assert policies.undo("ada", UNDONE) == "v1"


def test_undo_gives_way_to_somebody_who_publishes_at_the_same_moment(
    aws: Aws, policies: DynamoPolicies, clock: FakeClock
) -> None:
    for version in ("v1", "v2"):
        policies.publish(version, version, 1_795_000_000)
    other = DynamoPolicies(aws.dynamodb_client(), policies._table_name, Parser(), clock)

    def publish_meanwhile(**_: object) -> None:
        other.publish("v3", "v3", 1_795_000_002)

    aws.dynamodb.meta.events.register("before-call.dynamodb.UpdateItem", publish_meanwhile)
    with pytest.raises(Unavailable, match="at the same moment"):
        policies.undo("ada", UNDONE)
    assert other.current().version == "v3"


def test_a_transaction_that_collided_is_no_success(aws: Aws, policies: DynamoPolicies) -> None:
    with Stubber(aws.dynamodb) as stubber:
        stubber.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            modeled_fields={
                "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}]
            },
        )
        with pytest.raises(Unavailable):
            policies.publish("v1", "v1", 1_795_000_000)


def test_a_policy_too_large_for_an_item_is_refused(policies: DynamoPolicies) -> None:
    with pytest.raises(ConfigurationFault, match="350000 bytes") as fault:
        policies.publish("v1 " + "ä" * 180_000, "v1", 1_795_000_000)
    assert fault.value.reason is Reason.POLICY_INVALID


def test_a_text_that_newer_rules_refuse_says_every_error(
    aws: Aws, policies: DynamoPolicies, clock: FakeClock
) -> None:
    policies.publish("v1: [unreadable", "v1:", 1_795_000_000)
    stricter = DynamoPolicies(aws.dynamodb, policies._table_name, parse_policy, clock)
    with pytest.raises(PolicyErrors):
        stricter.current()


def test_a_text_that_was_changed_behind_its_version_is_no_policy(
    aws: Aws, parser: Parser, clock: FakeClock
) -> None:
    """Nothing is booked under what nobody published, and nothing is compared with it."""
    table = aws.state_table()
    policies = DynamoPolicies(aws.dynamodb, table, parser, clock)
    policies.publish("v1 text", "v1", 0)
    aws.dynamodb.update_item(
        TableName=table,
        Key=items.key_of(items.policy_id("v1")),
        UpdateExpression="SET #text = :text",
        ExpressionAttributeNames={"#text": "text"},
        ExpressionAttributeValues={":text": {"S": "v2 other accounts"}},
    )
    later = DynamoPolicies(aws.dynamodb, table, parser, clock)
    assert later.of("v1") is None
    assert later.of("v1@2026-10-31") is None
    with pytest.raises(ConfigurationFault, match="stored as policy v1 is that of v2"):
        later.current()
