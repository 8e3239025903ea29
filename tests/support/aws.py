"""AWS for tests: moto in this process, or the embedded AWS where `TIEOUT_EMULATOR_URL` says.

Names are new for every test, so tests never see each other's things, also not on an emulator that
they share with a deployed stack.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from moto import mock_aws

from tests.support import aws_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

EMULATOR_URL_VARIABLE = "TIEOUT_EMULATOR_URL"
REGION = "us-east-1"


class Aws:
    """Clients of one AWS and the things that a test made there."""

    def __init__(self, endpoint_url: str | None = None) -> None:
        self._endpoint_url = endpoint_url
        self._tables: list[str] = []
        self._queue_urls: list[str] = []

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self.dynamodb_client()

    def dynamodb_client(self, retries_max: int = 0) -> "DynamoDBClient":
        config = _config(retries_max)
        return _session().client("dynamodb", endpoint_url=self._endpoint_url, config=config)

    @cached_property
    def sqs(self) -> "SQSClient":
        return _session().client("sqs", endpoint_url=self._endpoint_url, config=_config())

    @cached_property
    def kms(self) -> "KMSClient":
        return _session().client("kms", endpoint_url=self._endpoint_url, config=_config())

    @cached_property
    def secrets(self) -> "SecretsManagerClient":
        return _session().client(
            "secretsmanager", endpoint_url=self._endpoint_url, config=_config()
        )

    def postings_table(self) -> str:
        return self._created(aws_tables.postings_table(_new_name("postings")))

    def inbox_table(self) -> str:
        return self._created(aws_tables.inbox_table(_new_name("inbox")))

    def state_table(self) -> str:
        return self._created(aws_tables.state_table(_new_name("state")))

    def queue(self) -> str:
        url = aws_tables.create_queue(self.sqs, f"{_new_name('queue')}.fifo")
        self._queue_urls.append(url)
        return url

    def key(self) -> str:
        return self.kms.create_key()["KeyMetadata"]["KeyId"]

    def clear(self) -> None:
        for name in self._tables:
            self.dynamodb.delete_table(TableName=name)
        for url in self._queue_urls:
            self.sqs.delete_queue(QueueUrl=url)

    def _created(self, table: "CreateTableInputTypeDef") -> str:
        self._tables.append(aws_tables.create(self.dynamodb, table))
        return table["TableName"]


@contextmanager
def moto() -> Iterator[Aws]:
    """Yield an AWS in this process, empty."""
    with mock_aws():
        yield Aws()


@contextmanager
def emulator() -> Iterator[Aws]:
    """Yield the embedded AWS and take away afterwards what was made there."""
    aws = Aws(os.environ[EMULATOR_URL_VARIABLE])
    try:
        yield aws
    finally:
        aws.clear()


@cache
def _session() -> boto3.Session:
    """Return one session for all: it keeps the service models, which take long to load."""
    # Made-up credentials, so that no real ones can get in by accident.
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)


def _config(retries_max: int = 0) -> Config:
    return Config(
        retries={"mode": "standard", "total_max_attempts": retries_max + 1},
        connect_timeout=2,
        read_timeout=10,
    )


def _new_name(what: str) -> str:
    return f"test-{what}-{uuid.uuid4().hex[:12]}"
