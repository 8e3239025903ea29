"""Every command, in the order in which the help lists them.

A command's module is loaded when that command is asked for: together they load the libraries of
AWS, Stripe and XML, which takes longer than most of what they do.
"""

import argparse
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple


class Command(NamedTuple):
    """Where a command is, and what it does, in a few words."""

    module: str
    summary: str


COMMANDS: Mapping[str, Command] = {
    "events": Command("setup", "print the event types to subscribe to"),
    "policy": Command("policy", "check, publish, take back, show or compare policies"),
    "plan": Command("plan", "print what would be posted"),
    "apply": Command("apply", "post what a plan file says, and only if nothing has changed since"),
    "backfill": Command("backfill", "have everything of a range of days looked at and booked"),
    "parked": Command("lists", "list what a person must look at"),
    "not-booked": Command("lists", "list what the books lack, with totals"),
    "show": Command("show", "print what is known of a posting"),
    "redrive": Command("replay", "move failed messages back into the queue"),
    "retry": Command("replay", "have single documents or Stripe objects looked at again"),
    "close": Command("by_hand", "say that a person solved it"),
    "reopen": Command("by_hand", "undo a close"),
    "close-check": Command(
        "close_check", "say whether a month can be closed, and what stands in the way"
    ),
    "tie-out": Command("report", "compare Stripe's balance with the clearing account"),
    "report": Command("report", "write the tie-out of some days as a page, and as CSV"),
}


def add_commands(parser: argparse.ArgumentParser, asked: str | None) -> None:
    """Add every command; of those that are not asked for, only their names and what they do.

    Args:
        parser: where to.
        asked: the name of the command that is to be run, or explained.
    """
    # argparse keeps the class of this to itself.
    commands: Any = parser.add_subparsers(required=True, metavar="COMMAND")
    loaded = COMMANDS[asked].module if asked is not None and asked in COMMANDS else None
    if loaded is not None:
        import_module(f"tieout.cli.{loaded}").register(commands)
    for name, command in COMMANDS.items():
        if command.module != loaded:
            commands.add_parser(name, help=command.summary)
