"""`tieout close-check`: whether a month can be closed."""

import argparse
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from itertools import groupby
from typing import Any

from tieout.cli.commands import COMMANDS
from tieout.cli.console import DONE, NOT_READY, add_command, money, paint, say, wrapped
from tieout.cli.installation import Installation
from tieout.services.close_check import CloseCheck, Obstacle

_MORE = """examples:
  tieout close-check 2026-10 --stack tieout-prod
  tieout close-check 2026-10 --json --stack tieout-prod

The month can be closed if nothing through its end is unposted, parked or unknown, each of its days
has its own journal, Stripe was compared with the books after its end, and its last day ties out.
What is not the case is listed with the way out.
exit codes: 0 it can be closed, 1 something stands in the way."""
_A_COMMAND = re.compile(r"`(tieout [^`]+)`")


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the command."""
    check = add_command(commands, "close-check", _check, COMMANDS["close-check"].summary, _MORE)
    check.add_argument("month", type=_month, metavar="MONTH", help="like 2026-10")
    check.add_argument("--stack", required=True, metavar="NAME", help="the installation to ask")


def _month(argument: str) -> date:
    try:
        return date.fromisoformat(f"{argument}-01")
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a month like 2026-10, not {argument!r}"
        ) from None


def _check(options: argparse.Namespace) -> int:
    at = Installation(options.stack)
    check = CloseCheck(at.postings, at.cursors, at.tie_outs, at.clock)
    found = list(check.obstacles(options.month, at.policies.current()))
    if options.json:
        listed = [asdict(each) for each in found]
        say({"month": f"{options.month:%Y-%m}", "can_be_closed": not found, "obstacles": listed})
    else:
        say("\n".join(_lines(f"{options.month:%Y-%m}", found, shlex.quote(options.stack))))
    return NOT_READY if found else DONE


def _lines(month: str, found: Sequence[Obstacle], stack: str) -> Iterator[str]:
    if not found:
        yield paint(f"{month} can be closed", "green")
        return
    yield paint(f"{month} cannot be closed: {len(found)} in the way", "red")
    for (kind, way_out), group in groupby(found, key=lambda each: (each.kind, each.way_out)):
        yield ""
        yield kind.replace("_", " ")
        to_type = _A_COMMAND.sub(lambda command: f"`{command[1]} --stack {stack}`", way_out)
        yield wrapped(to_type, "way out: ")
        for each in group:
            amount = ""
            if each.amount_minor is not None and each.currency is not None:
                amount = f"  {money(each.amount_minor, each.currency)}"
            yield f"  {each.key}{amount}"
            yield from (f"  {line}" for line in wrapped(each.text).splitlines())
