"""Where the commands work: tables, queues and settings of a stack, and who is asking."""

import argparse
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from tieout.services.operate import CannotBeDone, Signature
from tieout.store.aws_faults import Declined, aws_faults
from tieout.store.clock import SystemClock
from tieout.store.postings import DynamoPostings
from tieout.store.trail import TrailWriter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Who a change is by, the posting itself says.
WORKER = "command line"
OUTPUTS = frozenset(
    {
        "StateTableName",
        "PostingsTableName",
        "TrailTableName",
        "EventQueueUrl",
        "EventDeadLetterQueueUrl",
    }
)


@dataclass(frozen=True, slots=True)
class Stack:
    """What a deployed stack says of itself."""

    name: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    @property
    def livemode(self) -> bool:
        """Whether it takes Stripe's live events."""
        return self.parameters["Livemode"] == "true"


def stack(name: str) -> Stack:
    """Return the stack.

    Raises:
        CannotBeDone: there is none of this name, or it is not Tieout's.
        ConfigurationFault, TransientFault: CloudFormation cannot be asked.
    """
    client = boto3.client("cloudformation")
    try:
        with aws_faults("cloudformation:DescribeStacks", frozenset({"ValidationError"})):
            (found,) = client.describe_stacks(StackName=name)["Stacks"]
    except Declined as declined:
        region = client.meta.region_name
        raise CannotBeDone(f"there is no stack {name!r} in {region}") from declined
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    missing = OUTPUTS - outputs.keys()
    if missing:
        raise CannotBeDone(
            f"the stack {name!r} is not Tieout: it has no {', '.join(sorted(missing))}"
        )
    parameters = {
        each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])
    }
    return Stack(name, outputs, parameters)


def add_place(parser: argparse.ArgumentParser, option: str, what: str) -> None:
    """Let a command be told one table, or the stack that it is of."""
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument(option, metavar="NAME", help=what)
    place.add_argument("--stack", metavar="NAME", help=f"look {what} up in this stack")


def postings(options: argparse.Namespace) -> DynamoPostings:
    """Return the postings that the options name."""
    table = options.table or stack(options.stack).outputs["PostingsTableName"]
    return DynamoPostings(boto3.client("dynamodb"), table)


def postings_to_change(options: argparse.Namespace) -> DynamoPostings:
    """Return the postings that the options name, with the audit trail that tells of each change.

    Raises:
        CannotBeDone: the options name no audit trail.
        ConfigurationFault, TransientFault: as `stack`.
    """
    table, trail = options.table, options.trail_table
    if options.stack:
        outputs = stack(options.stack).outputs
        table, trail = outputs["PostingsTableName"], outputs["TrailTableName"]
    elif not trail:
        raise CannotBeDone("each change is written into the audit trail: name --trail-table, too")
    client = boto3.client("dynamodb")
    return DynamoPostings(client, table, TrailWriter(client, trail, WORKER))


def place_of(options: argparse.Namespace) -> str:
    """Return the place that the caller named, as options of the next command on postings."""
    name, value = ("--stack", options.stack) if options.stack else ("--table", options.table)
    return f"{name} {shlex.quote(value)}"


def retry_place_of(options: argparse.Namespace) -> str:
    """Return the same for `tieout retry`, which wants a queue beside a table."""
    return place_of(options) + ("" if options.stack else " --queue URL")


def queue_url(client: "SQSClient", queue: str) -> str:
    """Return the URL of a queue that is named by its URL or ARN.

    Raises:
        ConfigurationFault, TransientFault: SQS cannot be asked.
    """
    if not queue.startswith("arn:"):
        return queue
    account, name = queue.split(":")[-2:]
    with aws_faults(f"sqs:GetQueueUrl of {queue}"):
        answer = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
    return answer["QueueUrl"]


def signature() -> Signature:
    """Return who is asking, as AWS knows them, and the time.

    Raises:
        ConfigurationFault, TransientFault: STS cannot be asked.
    """
    with aws_faults("sts:GetCallerIdentity"):
        arn = boto3.client("sts").get_caller_identity()["Arn"]
    # The name of the user or of the session: ...:user/alice, ...:assumed-role/Finance/alice, :root.
    return Signature(re.split("[:/]", arn)[-1], SystemClock().now_unix())
