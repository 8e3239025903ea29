"""Goal: a session is secret and tied to its endpoint, and lost answers do not lock anybody out.

Method: DynamoDB and KMS in this process (moto), whose KMS checks encryption contexts; what it
says otherwise than AWS is stubbed.
"""

import pytest
from botocore.stub import Stubber

from tests.support.aws import Aws
from tests.support.aws_accidents import Calls, lose_first_answer
from tieout.domain.errors import ConfigurationFault, LeaseHeld, Unavailable
from tieout.domain.reasons import Reason
from tieout.services.ports import Hold, Session
from tieout.store.sessions import DynamoSessions

NOW_UNIX = 1_795_000_000
SESSION = Session("session-id-4711", "https://api.intacct.com/ia/xml/xmlgw.phtml", NOW_UNIX + 7200)

HOLD = Hold(NOW_UNIX + 900, Reason.INTACCT_SIGN_IN, "text", "version")


@pytest.fixture
def sessions(aws: Aws) -> DynamoSessions:
    return DynamoSessions(aws.dynamodb, aws.kms, aws.state_table(), aws.key())


def stored(aws: Aws, sessions: DynamoSessions) -> dict[str, dict[str, object]]:
    (item,) = aws.dynamodb.scan(TableName=sessions._table_name)["Items"]
    return item  # type: ignore[return-value]


def test_the_table_holds_no_session_id(aws: Aws, sessions: DynamoSessions) -> None:
    sessions.save(SESSION, sessions.lease(NOW_UNIX, 60))
    assert "session-id-4711" not in repr(stored(aws, sessions))


def test_the_item_never_expires_since_its_token_must_never_start_again(
    aws: Aws, sessions: DynamoSessions
) -> None:
    sessions.save(SESSION, sessions.lease(NOW_UNIX, 60))
    assert "expiration" not in stored(aws, sessions)


def test_a_session_cannot_be_sent_to_an_endpoint_that_somebody_wrote_into_the_table(
    aws: Aws, sessions: DynamoSessions
) -> None:
    sessions.save(SESSION, sessions.lease(NOW_UNIX, 60))
    aws.dynamodb.update_item(
        TableName=sessions._table_name,
        Key={"id": {"S": "session"}},
        UpdateExpression="SET endpoint = :theirs",
        ExpressionAttributeValues={":theirs": {"S": "https://evil.example"}},
    )
    fresh = DynamoSessions(aws.dynamodb, aws.kms, sessions._table_name, sessions._key_id)
    assert fresh.current() is None


@pytest.mark.parametrize("code", ["IncorrectKeyException", "InvalidCiphertextException"])
def test_a_session_that_cannot_be_decrypted_any_more_is_as_good_as_none(
    aws: Aws, sessions: DynamoSessions, code: str
) -> None:
    sessions.save(SESSION, sessions.lease(NOW_UNIX, 60))
    with Stubber(aws.kms) as stubber:
        stubber.add_client_error("decrypt", code)
        assert sessions.current() is None


def test_kms_is_asked_once_for_each_session(aws: Aws, sessions: DynamoSessions) -> None:
    sessions.save(SESSION, sessions.lease(NOW_UNIX, 60))
    calls = Calls(aws.kms)
    assert [sessions.current() for _ in range(3)] == [SESSION] * 3
    assert calls.operations == ["Decrypt"]
    again = Session("session-id-4712", SESSION.endpoint, NOW_UNIX + 9000)
    sessions.save(again, sessions.lease(NOW_UNIX + 1, 60))
    assert sessions.current() == again


def test_a_lease_whose_answer_was_lost_is_known_to_be_ours(
    aws: Aws, sessions: DynamoSessions
) -> None:
    lose_first_answer(aws.dynamodb, "UpdateItem")
    token = sessions.lease(NOW_UNIX, 60)
    sessions.save(SESSION, token)
    assert sessions.current() == SESSION


def test_a_save_whose_answer_was_lost_is_done(aws: Aws, sessions: DynamoSessions) -> None:
    token = sessions.lease(NOW_UNIX, 60)
    lose_first_answer(aws.dynamodb, "UpdateItem")
    sessions.save(SESSION, token)
    assert sessions.current() == SESSION


def test_who_waits_for_a_lease_is_told_how_long(sessions: DynamoSessions) -> None:
    sessions.lease(NOW_UNIX, 60)
    with pytest.raises(LeaseHeld) as held:
        sessions.lease(NOW_UNIX + 20, 60)
    assert held.value.retry_after_seconds == 40


def test_every_operation_is_one_write(aws: Aws, sessions: DynamoSessions) -> None:
    calls = Calls(aws.dynamodb)
    token = sessions.lease(NOW_UNIX, 60)
    sessions.save(SESSION, token)
    sessions.hold(HOLD, sessions.lease(NOW_UNIX, 60))
    assert calls.operations == ["UpdateItem"] * 4


def test_a_missing_kms_permission_is_named(aws: Aws, sessions: DynamoSessions) -> None:
    token = sessions.lease(NOW_UNIX, 60)
    with Stubber(aws.kms) as stubber:
        stubber.add_client_error("encrypt", "AccessDeniedException", "no kms:Encrypt for role x")
        with pytest.raises(ConfigurationFault, match="kms:Encrypt for role x") as fault:
            sessions.save(SESSION, token)
    assert "session-id" not in str(fault.value)


def test_an_outage_of_kms_is_no_missing_session(aws: Aws, sessions: DynamoSessions) -> None:
    sessions.save(SESSION, sessions.lease(NOW_UNIX, 60))
    with Stubber(aws.kms) as stubber:
        stubber.add_client_error("decrypt", "KMSInternalException", http_status_code=500)
        with pytest.raises(Unavailable):
            sessions.current()
