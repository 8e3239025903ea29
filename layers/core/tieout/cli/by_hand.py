"""`tieout close | reopen`: what a person solved in Intacct, and taking that back."""

import argparse
import shlex
from collections.abc import Sequence
from typing import Any

from tieout.cli.commands import COMMANDS
from tieout.cli.console import DONE, add_command, amount_of, described, say
from tieout.cli.keys import checked
from tieout.cli.places import (
    add_place,
    place_of,
    postings_to_change,
    retry_place_of,
    signature,
)
from tieout.domain.postings import Posting, State
from tieout.services.operate import close, reopen, waiting_for

_CLOSE = """examples:
  tieout close invoice/in_1 --note "entered by hand as INV-77" --record-no 4711 --stack tieout-prod
  tieout close payout/po_1 payout/po_2 --note "in the May journal JE-310" --stack tieout-prod

Tieout never sends what is closed. With --record-no (Intacct's RECORDNO of the record that you made)
what depends on it can be booked: payments are applied to that invoice. Of a posted document that
differs from Stripe, `close` accepts the difference; another difference is reported again.

Your name (as AWS knows you), the time and the note stay on the posting: `tieout show KEY`."""
_REOPEN = """example:
  tieout reopen invoice/in_1 --stack tieout-prod

Then `tieout retry KEY`: it is planned anew, and looked up in Intacct by Tieout's own number before
it is sent. What you made by hand has another number: take it back in Intacct first, and say so with
--record-is-gone if the close named it. An accepted difference is back on the list at once."""


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the commands."""
    closing = add_command(commands, "close", _close, COMMANDS["close"].summary, _CLOSE)
    closing.add_argument("keys", nargs="+", metavar="KEY", help="as the lists name it")
    closing.add_argument(
        "--note", required=True, type=_text, metavar="TEXT", help="how it was solved: the evidence"
    )
    closing.add_argument(
        "--record-no", type=_record_no, metavar="N", help="RECORDNO of the record made by hand"
    )
    reopening = add_command(commands, "reopen", _reopen, COMMANDS["reopen"].summary, _REOPEN)
    reopening.add_argument("keys", nargs="+", metavar="KEY", help="what was closed")
    reopening.add_argument(
        "--record-is-gone",
        action="store_true",
        help="the record that the close named was taken back in Intacct",
    )
    for each in (closing, reopening):
        add_place(each, "--table", "the postings table")
        each.add_argument(
            "--trail-table", metavar="NAME", help="with --table: the table of the audit trail"
        )


def _text(argument: str) -> str:
    if not argument.strip():
        raise argparse.ArgumentTypeError("must not be empty")
    return argument.strip()


def _record_no(argument: str) -> str:
    record_no = _text(argument)
    if not (record_no.isascii() and record_no.isdigit()):
        raise argparse.ArgumentTypeError(
            f"must be Intacct's RECORDNO, which has digits only, not {argument!r}"
        )
    return record_no


def _close(options: argparse.Namespace) -> int:
    table = postings_to_change(options)
    closed = close(table, checked(options.keys), signature(), options.note, options.record_no)
    by_key = {each.key: each for posting in closed for each in waiting_for(table, posting)}
    waiting = [by_key[key] for key in by_key.keys() - {each.key for each in closed}]
    if options.json:
        keys = sorted(each.key for each in waiting)
        say({"closed": [described(each) for each in closed], "waiting": keys})
        return DONE
    lines = [_told(each) for each in closed]
    if waiting:
        lines += ["", *_next_for(waiting, options)]
    redrive = (
        f"tieout redrive --stack {shlex.quote(options.stack)}"
        if options.stack
        else "tieout redrive"
    )
    lines += ["", f"Its message, if one failed, leaves the dead-letter queue by `{redrive}`."]
    say("\n".join(lines))
    return DONE


def _told(posting: Posting) -> str:
    what = "closed" if posting.state is State.CLOSED else "accepted the difference of"
    record = f"  RECORDNO {posting.record_no}" if posting.record_no else ""
    amount = f"  {amount_of(posting)}".rstrip()
    return f"{what} {posting.key}{amount}{record}\n  {posting.reason_text}"


def _next_for(waiting: Sequence[Posting], options: argparse.Namespace) -> Sequence[str]:
    keys = " ".join(sorted(each.key for each in waiting))
    if options.record_no is not None:
        again = f"  tieout retry {keys} {retry_place_of(options)}"
        return ["What waited for it can be booked now:", again]
    closed, place = " ".join(options.keys), place_of(options)
    if options.trail_table:
        place += f" --trail-table {shlex.quote(options.trail_table)}"
    return [
        "What waits for it cannot be booked without --record-no. To close it again with one, first",
        f"  tieout reopen {closed} {place}",
        "or, if that is booked by hand too,",
        f"  tieout close {keys} --note {shlex.quote(options.note)} {place}",
    ]


def _reopen(options: argparse.Namespace) -> int:
    opened = reopen(
        postings_to_change(options),
        checked(options.keys),
        signature(),
        record_is_gone=options.record_is_gone,
    )
    if options.json:
        say({"reopened": [described(each) for each in opened]})
        return DONE
    lines = [f"reopened {each.key}: it is {each.state}" for each in opened]
    keys = " ".join(each.key for each in opened)
    next_step = f"tieout retry {keys} {retry_place_of(options)}"
    say("\n".join([*lines, f"Now have it looked at: {next_step}"]))
    return DONE
