"""What boto3 raises, said in Tieout's own errors: the only place that knows botocore's exceptions.

throttled ............................................... Throttled
5xx, no connection, no answer ........................... Unavailable
a code that the caller named in `handles` ............... Declined, for the caller alone
any other refusal (access denied, no such table, ...) ... ConfigurationFault
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    ClientError,
    HTTPClientError,
    NoCredentialsError,
)
from botocore.exceptions import ConnectionError as ConnectionFailed

from tieout.domain.errors import ConfigurationFault, Throttled, Unavailable
from tieout.domain.reasons import Reason

# Source: "Common errors" of the DynamoDB, SQS, KMS and Secrets Manager API references; every
# service spells it in its own way.
_THROTTLING_CODES = frozenset(
    {
        "KmsThrottled",
        "LimitExceededException",
        "OverLimit",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
# Refused because of what somebody else was doing at the same moment, not because of what we asked.
_CONTENTION_CODES = frozenset({"TransactionConflictException", "TransactionInProgressException"})
_SERVER_ERROR_STATUS = 500
# Only these texts are repeated: they name the missing permission, or what is missing. Others might
# repeat the values that were sent.
_SAFE_TEXT_CODES = frozenset({"AccessDenied", "AccessDeniedException"})


class Declined(Exception):
    """AWS refused in a way that the caller said it can handle; never leaves the adapter.

    Attributes:
        code: AWS's error code.
        answer: the whole answer, with whatever evidence AWS added.
    """

    def __init__(self, code: str, answer: Mapping[str, Any]) -> None:
        super().__init__(code)
        self.code = code
        self.answer = answer


@contextmanager
def aws_faults(operation: str, handles: frozenset[str] = frozenset()) -> Iterator[None]:
    """Translate what boto3 raises inside the block.

    Args:
        operation: what is being done to what, for the text: `dynamodb:PutItem on <table>`.
        handles: error codes that come back as `Declined`.

    Raises:
        Declined: a code of `handles`.
        Throttled: AWS asked us to slow down, after the client's own retries.
        Unavailable: AWS could not answer, after the client's own retries. A write may have
            happened all the same.
        ConfigurationFault: AWS refused for a reason that a person must remove.
    """
    try:
        yield
    except ClientError as error:
        raise _translated(error, operation, handles) from error
    except (ConnectionFailed, HTTPClientError) as error:
        # Connection refused, timed out, or broken off: botocore has no more common base than these.
        raise Unavailable(f"{operation}: {type(error).__name__}") from error
    except NoCredentialsError as error:
        raise ConfigurationFault(Reason.AWS_REFUSED, f"{operation}: no credentials") from error


def _translated(error: ClientError, operation: str, handles: frozenset[str]) -> Exception:
    answer: Mapping[str, Any] = error.response
    code = str(answer.get("Error", {}).get("Code", "?"))
    # SQS answers old and new clients differently: `AWS.SimpleQueueService.X` is the same as `X`.
    code = code.rpartition(".")[2]
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in handles:
        return Declined(code, answer)
    if code in _THROTTLING_CODES:
        return Throttled(f"{operation}: {code}")
    if code in _CONTENTION_CODES or status >= _SERVER_ERROR_STATUS:
        return Unavailable(f"{operation}: {code}")
    text = f": {answer['Error'].get('Message', '')}" if code in _SAFE_TEXT_CODES else ""
    return ConfigurationFault(Reason.AWS_REFUSED, f"{operation} was refused: {code}{text}")
