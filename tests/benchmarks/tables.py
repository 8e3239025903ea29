"""How much processor time it takes to write down what became of a document, with its trail.

The real store and AWS's real library, whose requests end before the network: what is measured is to
make the items, and to make a request of them. A document is written down twice: before it is sent,
and after the answer.
"""

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from tests.benchmarks.bench import Bench, take
from tests.benchmarks.fifo_queue import FifoQueue, Groups
from tests.benchmarks.figures import Figure
from tieout import bootstrap
from tieout.domain.causes import Cause
from tieout.domain.postings import Posting
from tieout.store.postings import DynamoPostings
from tieout.store.trail import TrailWriter

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CUSTOMERS = 60


class _Answer:
    """The body of an answer that says that all went well."""

    def stream(self, **_: object) -> Iterable[bytes]:
        yield b"{}"


class WrittenAside:
    """Writes what is written to the fake table to the real store, too, and takes the time.

    Attributes:
        seconds: of processor time. requests: that would have left.
    """

    def __init__(self) -> None:
        client: DynamoDBClient = boto3.client(
            "dynamodb",
            region_name="us-east-1",
            aws_access_key_id="nobody",
            aws_secret_access_key="nothing",
            config=Config(parameter_validation=bootstrap.PARAMETER_VALIDATION),
        )
        # The stubs do not know that whoever answers here keeps the request from the network.
        client.meta.events.register("before-send.dynamodb", self._answered)  # type: ignore[arg-type]
        self.seconds, self.requests = 0.0, 0
        self._store = DynamoPostings(client, "postings", TrailWriter(client, "trail", "worker"))

    def _answered(self, request: object, **_: object) -> AWSResponse:
        self.requests += 1
        return AWSResponse(str(request), 200, {}, _Answer())  # type: ignore[arg-type]

    def write(self, writes: Sequence[tuple[Posting, Cause]]) -> None:
        """Write postings."""
        began = time.process_time()
        self._store.put_all(writes)
        self.seconds += time.process_time() - began


def figures(customers: int = CUSTOMERS) -> Iterable[Figure]:
    """Yield what the tables cost our processor for each document."""
    bench, aside = Bench(customers), WrittenAside()
    postings, before = bench.spine.postings, bench.spine.counts()
    put_all = postings.put_all

    def both(writes: Sequence[tuple[Posting, Cause]]) -> frozenset[str]:
        aside.write(writes)
        return put_all(writes)

    postings.put_all = both  # type: ignore[method-assign]
    queue = FifoQueue(bench.messages, Groups.IN_RUNS)
    while batch := take(queue):
        bench.spine.process(batch)
        queue.finish(batch)
    documents = bench.spine.counts().since(before).transactions
    yield Figure(
        "tables: processor time per document, sent and answered",
        aside.seconds * 1000 / documents,
        "ms",
        detail=f"{aside.requests} requests for {documents} documents and what else is recorded",
    )
