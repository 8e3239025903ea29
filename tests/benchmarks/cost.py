"""What a million events cost: what a backlog needs of everything, times the list prices.

Durations and counts are measured, on the doubles and in virtual time; prices and what cannot be
measured without an AWS account stand in `prices.toml`.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from functions.processor.app import MESSAGES_MAX
from tests.benchmarks.bench import Bench
from tests.benchmarks.fifo_queue import BATCH_MAX, FifoQueue, Groups
from tests.benchmarks.figures import Figure
from tests.benchmarks.virtual_time import Latencies, side_by_side
from tests.sandbox.aws.template import load_template

PRICES = Path(__file__).with_name("prices.toml")
CUSTOMERS = 100
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Used:
    """What a backlog needed.

    Attributes:
        seconds: of processors, what they wait for included.
    """

    events: int
    seconds: float
    posting_writes: int
    transactions: int


def figures(customers: int = CUSTOMERS) -> Iterable[Figure]:
    """Yield the price of a million events, part by part."""
    prices = tomllib.loads(PRICES.read_text())
    used = work_off(customers, prices["assumed"]["stripe_read_seconds"])
    parts = per_event(used, prices)
    for name, dollars in parts.items():
        yield Figure(f"a million events: {name}", dollars * MILLION, "USD")
    yield Figure(
        "a million events: AWS in all",
        sum(parts.values()) * MILLION,
        "USD",
        detail=f"list prices of {prices['aws']['region']}, {prices['aws']['as_of']}",
    )
    yield Figure(
        "a million events: Intacct, beyond what the contract includes",
        used.transactions / used.events * prices["intacct"]["transaction"] * MILLION,
        "USD",
        detail=f"{used.transactions / used.events:.2f} transactions an event",
    )


def work_off(customers: int, stripe_read_seconds: float) -> Used:
    """Work a backlog off, one invocation after the other."""
    bench = Bench(customers, Latencies(stripe_read=stripe_read_seconds))
    queue, before = FifoQueue(bench.messages, Groups.IN_RUNS), bench.spine.counts()
    written = _writes(bench)
    seconds = side_by_side(1, lambda: bench.invocation(queue))
    transactions = bench.spine.counts().since(before).transactions
    return Used(len(bench.messages), seconds, _writes(bench) - written, transactions)


def per_event(used: Used, prices: Mapping[str, Mapping[str, float]]) -> Mapping[str, float]:
    """Return what AWS charges for an event, in US dollars, by what it is charged for."""
    aws, assumed = prices["aws"], prices["assumed"]
    processor_seconds = used.seconds / used.events
    writes = used.posting_writes / used.events * assumed["posting_write_units"]
    # Sent alone; received and deleted ten at a time.
    queue_requests = 1 + 2 / BATCH_MAX
    return {
        "webhook": aws["api_gateway_request"]
        + aws["lambda_request"]
        + assumed["webhook_seconds"] * assumed["webhook_gigabytes"] * aws["lambda_gigabyte_second"],
        "processor": aws["lambda_request"] / MESSAGES_MAX
        + processor_seconds * processor_gigabytes() * aws["lambda_gigabyte_second"],
        "queue": queue_requests * aws["sqs_fifo_request"],
        "tables": (assumed["inbox_write_units"] + writes) * aws["dynamodb_write_unit"]
        + assumed["read_units_per_event"] * aws["dynamodb_read_unit"],
        "logs": assumed["log_bytes_per_event"] / 1e9 * aws["log_gigabyte"],
    }


def processor_gigabytes() -> float:
    """Return the memory that the template gives the processor."""
    properties = load_template()["Resources"]["ProcessorFunction"]["Properties"]
    return int(properties["MemorySize"]) / 1024


def _writes(bench: Bench) -> int:
    """Return how often postings were written: each write counts its version up."""
    return sum(each.version for each in bench.spine.postings.by_key.values())
