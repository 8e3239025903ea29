"""Every command, in the order in which the help lists them.

A command's module is loaded when that command is asked for: together they load the libraries of
AWS, Stripe and XML, which takes longer than most of what they do.
"""

import argparse
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple


class Command(NamedTuple):
    """Where a command is, and what it does, in a few words."""

    module: str
    summary: str


COMMANDS: Mapping[str, Command] = {
    "events": Command("setup", "print the event types to subscribe to"),
    "policy check": Command("policy_check", "list every error of a policy file"),
    "policy publish": Command("policy", "put a policy file into force"),
    "policy undo": Command("policy", "go back to the version before the one in force"),
    "policy show": Command("policy", "print the policy in force, as published"),
    "policy versions": Command("policy", "list what was published"),
    "policy diff": Command("policy_diff", "show what another policy books otherwise"),
    "plan": Command("plan", "print what would be posted"),
    "apply": Command("apply", "post what a plan file says, and only if nothing has changed since"),
    "backfill": Command("backfill", "have everything of a range of days looked at and booked"),
    "parked": Command("lists", "list what a person must look at"),
    "not-booked": Command("lists", "list what the books lack, with totals"),
    "show": Command("show", "print what is known of a posting"),
    "redrive": Command("again", "move failed messages back into the queue"),
    "retry": Command("again", "have single documents or Stripe objects looked at again"),
    "close": Command("by_hand", "say that a person solved it"),
    "reopen": Command("by_hand", "undo a close"),
    "close-check": Command(
        "close_check", "say whether a month can be closed, and what stands in the way"
    ),
    "tie-out": Command("report", "compare Stripe's balance with the clearing account"),
    "report": Command("report", "write the tie-out of some days as a page, and as CSV"),
    "trace": Command("trace", "tell the whole story of an id, or pack it for an auditor"),
    "verify": Command("audit", "check the audit trail"),
    "replay": Command("replay", "plan a range again and compare it with what is posted"),
    "erase": Command("audit", "forget a Stripe customer"),
}


GROUPS: Mapping[str, str] = {"policy": "check, publish, take back, show or compare policies"}


def add_commands(parser: argparse.ArgumentParser, typed: Sequence[str]) -> None:
    """Add every command; of those that are not asked for, only their names and what they do.

    Args:
        parser: where to.
        typed: what the operator typed; its first words name the command to run or to explain.
    """
    words = [each for each in typed if not each.startswith("-")]
    asked = COMMANDS.get(" ".join(words[: 2 if words and words[0] in GROUPS else 1]))
    # argparse keeps the class of these to itself.
    parents: dict[str, Any] = {"": parser.add_subparsers(required=True, metavar="COMMAND")}
    is_loaded = False
    for name, command in COMMANDS.items():
        group, _, last = name.rpartition(" ")
        if group not in parents:
            of_group = parents[""].add_parser(group, help=GROUPS[group])
            parents[group] = of_group.add_subparsers(required=True, metavar="ACTION")
        if asked is None or command.module != asked.module:
            parents[group].add_parser(last, help=command.summary)
        elif not is_loaded:
            import_module(f"tieout.cli.{command.module}").register(parents[group])
            is_loaded = True
