"""Goal: nothing of boto3's leaves an adapter, and each fault says whether trying again may help.

Method: a stubbed client answers each error code; the network errors are botocore's own.
"""

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from tieout.domain.errors import ConfigurationFault, Throttled, TieoutError, Unavailable
from tieout.store.aws_faults import Declined, aws_faults

URL = "https://dynamodb.us-east-1.amazonaws.com"


def refusal(code: str, status: int = 400) -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": f"{code} text"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "PutItem")


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (refusal("ProvisionedThroughputExceededException"), Throttled),
        (refusal("ThrottlingException"), Throttled),
        (refusal("RequestLimitExceeded"), Throttled),
        (refusal("RequestThrottled", 403), Throttled),
        (refusal("TransactionConflictException"), Unavailable),
        (refusal("InternalServerError", 500), Unavailable),
        (refusal("ServiceUnavailable", 503), Unavailable),
        (EndpointConnectionError(endpoint_url=URL), Unavailable),
        (ConnectTimeoutError(endpoint_url=URL), Unavailable),
        (ReadTimeoutError(endpoint_url=URL), Unavailable),
        (refusal("AccessDeniedException"), ConfigurationFault),
        (refusal("ResourceNotFoundException"), ConfigurationFault),
        (refusal("AWS.SimpleQueueService.NonExistentQueue"), ConfigurationFault),
        (refusal("ValidationException"), ConfigurationFault),
        (refusal("ConditionalCheckFailedException"), ConfigurationFault),
        (NoCredentialsError(), ConfigurationFault),
    ],
)
def test_every_fault_is_told_in_our_own_words(
    raised: Exception, expected: type[TieoutError]
) -> None:
    with (
        pytest.raises(expected, match="dynamodb:PutItem on postings") as fault,
        aws_faults("dynamodb:PutItem on postings"),
    ):
        raise raised
    assert type(fault.value) is expected


@pytest.mark.parametrize("code", ["QueueDoesNotExist", "AWS.SimpleQueueService.QueueDoesNotExist"])
def test_a_code_that_the_caller_handles_is_for_the_caller_alone(code: str) -> None:
    with (
        pytest.raises(Declined) as declined,
        aws_faults("sqs:SendMessage", frozenset({"QueueDoesNotExist"})),
    ):
        raise refusal(code)
    assert declined.value.code == "QueueDoesNotExist"
    assert not isinstance(declined.value, TieoutError)


def test_a_missing_permission_is_named() -> None:
    with (
        pytest.raises(ConfigurationFault, match="AccessDeniedException text"),
        aws_faults("kms:Decrypt with the state key"),
    ):
        raise refusal("AccessDeniedException")


def test_other_texts_might_repeat_what_was_sent_and_are_left_out() -> None:
    with pytest.raises(ConfigurationFault) as fault, aws_faults("dynamodb:PutItem on postings"):
        raise refusal("ValidationException")
    assert "ValidationException text" not in str(fault.value)


def test_a_defect_of_our_own_stays_a_defect() -> None:
    with pytest.raises(ParamValidationError), aws_faults("dynamodb:PutItem on postings"):
        raise ParamValidationError(report="TableName is missing")
