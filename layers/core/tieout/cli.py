"""The operator's command: `tieout events | policy | parked | redrive`.

Exit codes: 0 done, 1 the policy has errors, 2 it could not be done (one line says why).
"""

import argparse
import dataclasses
import json
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError

from tieout.domain.errors import TieoutError
from tieout.domain.events import SUBSCRIPTIONS
from tieout.domain.money import decimal_from_minor
from tieout.domain.policy_file import PolicyErrors, parse_policy
from tieout.domain.postings import Posting, Worklist
from tieout.domain.reasons import WAY_OUT
from tieout.store.aws_faults import Declined, aws_faults
from tieout.store.clock import SystemClock
from tieout.store.dead_letters import move_dead_letters
from tieout.store.policies import DynamoPolicies
from tieout.store.postings import DynamoPostings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

DONE, POLICY_HAS_ERRORS, FAILED = 0, 1, 2
NO_REASON = "outcome_unknown"
NO_REASON_WAY_OUT = "Nothing: the next attempt looks the document up in Intacct before it sends it."

EXAMPLES = """examples:
  tieout events                                        what to subscribe to in Stripe
  tieout events --curl https://.../webhooks/stripe     the command that creates the endpoint
  tieout policy check policy.yaml                      every error at once
  tieout policy publish policy.yaml --stack tieout-dev
  tieout policy undo --stack tieout-dev                back to the version before
  tieout parked --stack tieout-prod                    what a person must look at, and the way out
  tieout redrive --stack tieout-prod                   after the fix: try the failed messages again

AWS region and credentials come from the environment, as for the AWS CLI."""


class Unusable(TieoutError):
    """What was asked for cannot be done; the text is all that the operator needs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except PolicyErrors as errors:
        _say({"errors": list(errors.errors)} if options.json else str(errors), sys.stderr)
        return POLICY_HAS_ERRORS
    except (TieoutError, BotoCoreError, OSError) as error:
        _say({"error": str(error)} if options.json else f"tieout: {error}", sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tieout",
        description="Operate Tieout: set Stripe up, publish the policy, solve what is parked.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    events = _command(commands, "events", _events, "print the event types to subscribe to")
    events.add_argument("--curl", metavar="URL", help="print the command that creates the endpoint")

    policy = commands.add_parser("policy", help="check, publish or take back the accounting policy")
    actions = policy.add_subparsers(required=True, metavar="ACTION")
    check = _command(actions, "check", _policy_check, "list every error of a policy file")
    check.add_argument("file", type=Path, metavar="FILE")
    publish = _command(actions, "publish", _policy_publish, "put a policy file into force")
    publish.add_argument("file", type=Path, metavar="FILE")
    _add_place(publish, "--table", "the state table")
    undo = _command(actions, "undo", _policy_undo, "put the policy before the last into force")
    _add_place(undo, "--table", "the state table")

    parked = _command(commands, "parked", _parked, "list what a person must look at")
    _add_place(parked, "--table", "the postings table")

    redrive = _command(commands, "redrive", _redrive, "move failed messages back into the queue")
    redrive.add_argument("--dead-letter-queue", metavar="QUEUE", help="where they are (URL or ARN)")
    redrive.add_argument("--queue", metavar="QUEUE", help="where they go (URL or ARN)")
    redrive.add_argument("--stack", metavar="NAME", help="look both queues up in this stack")
    return parser


def _command(
    commands: Any,  # noqa: ANN401 - argparse keeps the class of subparsers to itself
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    parser.add_argument("--json", action="store_true", help="print JSON for a program to read")
    parser.set_defaults(run=run)
    return parser


def _add_place(parser: argparse.ArgumentParser, option: str, what: str) -> None:
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument(option, metavar="NAME", help=what)
    place.add_argument("--stack", metavar="NAME", help=f"look {what} up in this stack")


def _events(options: argparse.Namespace) -> int:
    types = sorted(SUBSCRIPTIONS)
    # Importing Stripe's library for its version alone is only worth it here.
    from tieout.stripe.api import API_VERSION  # noqa: PLC0415

    if options.json:
        _say({"api_version": API_VERSION, "enabled_events": types})
    elif options.curl:
        fields = [f"url={options.curl}", f"api_version={API_VERSION}"]
        fields += [f"enabled_events[]={name}" for name in types]
        # The key stays in the operator's shell: a secret on a command line is in its history.
        lines = ['curl https://api.stripe.com/v1/webhook_endpoints -u "$STRIPE_API_KEY:"']
        lines += [f"  -d {shlex.quote(each)}" for each in fields]
        _say(" \\\n".join(lines))
    else:
        _say("\n".join(types))
    return DONE


def _policy_check(options: argparse.Namespace) -> int:
    policy = parse_policy(_text_of(options.file))
    _say({"version": policy.version} if options.json else f"no errors; version {policy.version}")
    return DONE


def _policy_publish(options: argparse.Namespace) -> int:
    text = _text_of(options.file)
    version = parse_policy(text).version
    table = _state_table(options)
    _policies(table).publish(text, version, SystemClock().now_unix())
    told = f"published version {version}; in force within a minute"
    _say({"version": version, "table": table} if options.json else told)
    return DONE


def _policy_undo(options: argparse.Namespace) -> int:
    table = _state_table(options)
    version = _policies(table).undo()
    told = f"back to version {version}; in force within a minute"
    _say({"version": version, "table": table} if options.json else told)
    return DONE


def _state_table(options: argparse.Namespace) -> str:
    return str(options.table or _stack_outputs(options.stack)["StateTableName"])


def _policies(table: str) -> DynamoPolicies:
    return DynamoPolicies(boto3.client("dynamodb"), table, parse_policy, SystemClock())


def _parked(options: argparse.Namespace) -> int:
    table = options.table or _stack_outputs(options.stack)["PostingsTableName"]
    postings = DynamoPostings(boto3.client("dynamodb"), table).on_worklist(Worklist.ATTENTION)
    groups = _by_reason(postings)
    if options.json:
        _say([_described(each) for _, group in groups for each in group])
    elif not groups:
        _say("nothing is parked")
    else:
        _say("\n\n".join(_block(reason, group) for reason, group in groups))
    return DONE


def _by_reason(postings: Iterable[Posting]) -> Sequence[tuple[str, Sequence[Posting]]]:
    ordered = sorted(postings, key=_reason_of)
    return [(reason, list(group)) for reason, group in groupby(ordered, key=_reason_of)]


def _reason_of(posting: Posting) -> str:
    return posting.reason or NO_REASON


def _way_out(posting: Posting) -> str:
    return WAY_OUT[posting.reason] if posting.reason else NO_REASON_WAY_OUT


def _block(reason: str, postings: Sequence[Posting]) -> str:
    lines = [f"{reason} ({len(postings)})", f"  way out: {_way_out(postings[0])}"]
    for posting in postings:
        lines.append(f"  {posting.key}  {posting.state}{_amount(posting)}")
        lines += [f"    {line}" for line in posting.reason_text.splitlines()]
    return "\n".join(lines)


def _amount(posting: Posting) -> str:
    if posting.amount_minor is None or posting.currency is None:
        return ""
    amount = decimal_from_minor(posting.amount_minor, posting.currency)
    return f"  {amount} {posting.currency.upper()}"


def _described(posting: Posting) -> Mapping[str, object]:
    facts = dataclasses.asdict(posting) | {"subject": str(posting.subject)}
    return {name: facts[name] for name in _TOLD} | {"way_out": _way_out(posting)}


_TOLD = (
    "key",
    "subject",
    "state",
    "reason",
    "reason_text",
    "amount_minor",
    "currency",
    "policy_version",
    "attempts",
    "record_no",
    "updated_at_unix",
)


def _redrive(options: argparse.Namespace) -> int:
    source, destination = options.dead_letter_queue, options.queue
    if options.stack:
        outputs = _stack_outputs(options.stack)
        source = source or outputs["EventDeadLetterQueueUrl"]
        destination = destination or outputs["EventQueueUrl"]
    if not (source and destination):
        raise Unusable("name --stack, or both --dead-letter-queue and --queue")
    sqs = boto3.client("sqs")
    moved = move_dead_letters(sqs, _queue_url(sqs, source), _queue_url(sqs, destination))
    _say({"moved": moved} if options.json else f"messages moved: {moved}")
    return DONE


def _queue_url(client: "SQSClient", queue: str) -> str:
    if not queue.startswith("arn:"):
        return queue
    account, name = queue.split(":")[-2:]
    with aws_faults(f"sqs:GetQueueUrl of {queue}"):
        answer = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
    return answer["QueueUrl"]


def _stack_outputs(name: str) -> Mapping[str, str]:
    client = boto3.client("cloudformation")
    try:
        with aws_faults("cloudformation:DescribeStacks", frozenset({"ValidationError"})):
            (stack,) = client.describe_stacks(StackName=name)["Stacks"]
    except Declined as declined:
        region = client.meta.region_name
        raise Unusable(f"there is no stack {name!r} in {region}") from declined
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
    missing = _OUTPUTS - outputs.keys()
    if missing:
        raise Unusable(f"the stack {name!r} is not Tieout: it has no {', '.join(sorted(missing))}")
    return outputs


_OUTPUTS = frozenset(
    {"StateTableName", "PostingsTableName", "EventQueueUrl", "EventDeadLetterQueueUrl"}
)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Unusable(f"{path} is not UTF-8 text") from error


def _say(message: object, stream: Any = None) -> None:  # noqa: ANN401 - stdout as it is now
    text = message if isinstance(message, str) else json.dumps(message, indent=2)
    (stream or sys.stdout).write(text + "\n")
