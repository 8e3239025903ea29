"""`tieout redrive | retry`: have Tieout try again."""

import argparse
import uuid
from typing import Any

import boto3

from tieout.cli.commands import COMMANDS
from tieout.cli.console import DONE, add_command, say
from tieout.cli.keys import checked
from tieout.cli.places import queue_url, signature, stack
from tieout.services.operate import CannotBeDone, exceptions, retry, subjects_of
from tieout.store.clock import SystemClock
from tieout.store.dead_letters import move_dead_letters
from tieout.store.postings import DynamoPostings
from tieout.store.work_queue import SqsWorkQueue

_REDRIVE = """example:
  tieout redrive --stack tieout-prod

Moves every message of the dead-letter queue back. What is booked or closed by now books nothing."""
_RETRY = """examples:
  tieout retry invoice/in_1 receipt/inpay_2 --stack tieout-prod
  tieout retry charge/ch_1 --stack tieout-prod         any Stripe object, known to Tieout or not
  tieout retry --all-parked --stack tieout-prod        all that `tieout parked` lists

A retry is always safe: it only has the object read from Stripe and compared with the books once
more. What is booked is not booked again, and what may have been sent is looked up in Intacct
first. Unlike a redrive it needs no message in the dead-letter queue, and leaves it as it is."""

_NOT_KNOWN = "  (not known to Tieout yet; Stripe will be asked)"


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the commands."""
    redrive = add_command(commands, "redrive", _redrive, COMMANDS["redrive"].summary, _REDRIVE)
    redrive.add_argument("--dead-letter-queue", metavar="QUEUE", help="where they are (URL or ARN)")
    redrive.add_argument("--queue", metavar="QUEUE", help="where they go (URL or ARN)")
    redrive.add_argument("--stack", metavar="NAME", help="look both queues up in this stack")

    again = add_command(commands, "retry", _retry, COMMANDS["retry"].summary, _RETRY)
    again.add_argument(
        "names", nargs="*", metavar="KEY", help="a posting's key, or a Stripe object: charge/ch_1"
    )
    again.add_argument(
        "--all-parked", action="store_true", help="what `tieout parked` lists, stuck ones included"
    )
    again.add_argument("--stack", metavar="NAME", help="look table and queue up in this stack")
    again.add_argument("--table", metavar="NAME", help="the postings table")
    again.add_argument("--queue", metavar="QUEUE", help="the event queue (URL or ARN)")
    again.add_argument(
        "--live", action="store_true", help="with --queue: it is an installation for live mode"
    )


def _redrive(options: argparse.Namespace) -> int:
    source, destination = options.dead_letter_queue, options.queue
    if options.stack:
        outputs = stack(options.stack).outputs
        source = source or outputs["EventDeadLetterQueueUrl"]
        destination = destination or outputs["EventQueueUrl"]
    if not (source and destination):
        raise CannotBeDone("name --stack, or both --dead-letter-queue and --queue")
    sqs = boto3.client("sqs")
    moved = move_dead_letters(sqs, queue_url(sqs, source), queue_url(sqs, destination))
    say({"moved": moved} if options.json else f"messages moved: {moved}")
    return DONE


def _retry(options: argparse.Namespace) -> int:
    if bool(options.names) is options.all_parked:
        raise CannotBeDone("name what to retry, or --all-parked")
    table, queue, livemode = _table_queue_and_mode(options)
    postings = DynamoPostings(boto3.client("dynamodb"), table)
    if options.all_parked:
        found = exceptions(postings, SystemClock().now_unix())
        subjects = [each.subject for each in (*found.parked, *found.stuck)]
    else:
        subjects = list(subjects_of(postings, checked(options.names)))
    sqs = boto3.client("sqs")
    queued = retry(
        SqsWorkQueue(sqs, queue_url(sqs, queue)),
        subjects,
        signature().who,
        lambda: str(uuid.uuid4()),
        livemode=livemode,
    )
    # Nothing is wrong with these: it may be what webhooks missed. But it may be mistyped, too.
    named = () if options.all_parked else queued
    unknown = [each for each in named if not postings.of_subject(each)]
    if options.json:
        say({"queued": [str(each) for each in queued], "unknown": [str(each) for each in unknown]})
    else:
        lines = [f"queued {each}{_NOT_KNOWN if each in unknown else ''}" for each in queued]
        say("\n".join(lines) or "nothing is parked")
    return DONE


def _table_queue_and_mode(options: argparse.Namespace) -> tuple[str, str, bool]:
    table, queue = options.table, options.queue
    if options.stack and not (table or queue or options.live):
        found = stack(options.stack)
        return found.outputs["PostingsTableName"], found.outputs["EventQueueUrl"], found.livemode
    if options.stack or not (table and queue):
        raise CannotBeDone("name --stack, or both --table and --queue")
    return table, queue, options.live
