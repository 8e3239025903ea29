"""AWS for tests: moto in this process, or the embedded AWS.

Names are new for every test, so tests never see each other's things, also not on an emulator that
they share with a deployed stack.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import boto3
from botocore.config import Config
from moto import mock_aws

from tests.sandbox.aws.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from tests.support import aws_tables
from tieout.store.postings import DynamoPostings
from tieout.store.trail import TrailWriter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient


class Aws:
    """Clients of one AWS and the things that a test made there."""

    def __init__(self, endpoint_url: str | None = None) -> None:
        self._endpoint_url = endpoint_url
        self._clients: list[Any] = []
        self._tables: list[str] = []
        self._queue_urls: list[str] = []

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self.dynamodb_client()

    def dynamodb_client(self) -> "DynamoDBClient":
        """Return a client of its own, as another function has it."""
        client: DynamoDBClient = self._client("dynamodb")
        return client

    @cached_property
    def sqs(self) -> "SQSClient":
        client: SQSClient = self._client("sqs")
        return client

    @cached_property
    def kms(self) -> "KMSClient":
        client: KMSClient = self._client("kms")
        return client

    @cached_property
    def secrets(self) -> "SecretsManagerClient":
        client: SecretsManagerClient = self._client("secretsmanager")
        return client

    def postings_table(self) -> str:
        return self._created(aws_tables.postings_table(_new_name("postings")))

    def postings(self, table: str | None = None, trail: str | None = None) -> DynamoPostings:
        """Return postings with an audit trail, each in a new table if none is named."""
        writer = TrailWriter(self.dynamodb, trail or self.trail_table(), "test")
        return DynamoPostings(self.dynamodb, table or self.postings_table(), writer)

    def inbox_table(self) -> str:
        return self._created(aws_tables.inbox_table(_new_name("inbox")))

    def state_table(self) -> str:
        return self._created(aws_tables.state_table(_new_name("state")))

    def trail_table(self) -> str:
        return self._created(aws_tables.trail_table(_new_name("trail")))

    def queue(self) -> str:
        url = aws_tables.create_queue(self.sqs, f"{_new_name('queue')}.fifo")
        self._queue_urls.append(url)
        return url

    def key(self) -> str:
        return self.kms.create_key()["KeyMetadata"]["KeyId"]

    def end(self) -> None:
        """Take away what was made here, and hang up."""
        for name in self._tables:
            self.dynamodb.delete_table(TableName=name)
        for url in self._queue_urls:
            self.sqs.delete_queue(QueueUrl=url)
        for client in self._clients:
            client.close()

    def _client(self, service: str) -> Any:  # noqa: ANN401 - each service has its own class
        client = _session().client(
            service,  # type: ignore[call-overload]
            endpoint_url=self._endpoint_url,
            config=_CONFIG,
        )
        self._clients.append(client)
        return client

    def _created(self, table: "CreateTableInputTypeDef") -> str:
        self._tables.append(aws_tables.create(self.dynamodb, table))
        return table["TableName"]


@contextmanager
def moto() -> Iterator[Aws]:
    """Yield an AWS in this process, empty; whoever asks boto3 for a client gets one of it, too."""
    with mock_aws(), patch("boto3.DEFAULT_SESSION", _session()):
        yield Aws()


@contextmanager
def emulator(endpoint_url: str) -> Iterator[Aws]:
    """Yield the embedded AWS and take away afterwards what was made there."""
    aws = Aws(endpoint_url)
    try:
        yield aws
    finally:
        aws.end()


@cache
def _session() -> boto3.Session:
    """Return one session for all: it keeps the service models, which take long to load."""
    # The sandbox's own key, so that no real one can get in by accident.
    return boto3.Session(
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        region_name=REGION,
    )


# No retries of the SDK's own: a test that wants one arranges it.
_CONFIG = Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10)


def _new_name(what: str) -> str:
    return f"test-{what}-{uuid.uuid4().hex[:12]}"
