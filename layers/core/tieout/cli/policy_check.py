"""`tieout policy check`: what is wrong with a policy, before it goes live."""

import argparse
from pathlib import Path
from typing import Any

from tieout.cli.commands import COMMANDS
from tieout.cli.console import DONE, add_command, say
from tieout.cli.policy_files import text_of
from tieout.domain.errors import PolicyErrors
from tieout.domain.policy import Policy
from tieout.domain.policy_file import parse_policy
from tieout.services.policy_check import Checked, check_policy
from tieout.services.ports import MasterData
from tieout.stripe.examples import example

_MORE = """examples:
  tieout policy check policy.yaml                        needs no AWS account
  tieout policy check policy.yaml --stack tieout-prod    also asks Intacct for all that it names

Runs the examples of its rules. Exit code 1 if there are errors; all of them are listed."""


def register(actions: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the command to those of `tieout policy`."""
    check = add_command(actions, "check", _check, COMMANDS["policy check"].summary, _MORE)
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--stack", metavar="NAME", help="ask the Intacct of this stack, too")


def _check(options: argparse.Namespace) -> int:
    text = text_of(options.file)
    policy = parse_policy(text)
    found = checked(text, policy, options.stack)
    if options.json:
        say({"version": policy.version, "examples": found.examples, "notes": list(found.notes)})
    else:
        holds = "example holds" if found.examples == 1 else "examples hold"
        ran = f"; {found.examples} {holds}" if found.examples else ""
        said = [f"no errors; version {policy.version}{ran}"]
        said += [f"note: {each}" for each in found.notes]
        if options.stack:
            said.append("all that it names is in Intacct; names of user-defined dimensions and of")
            said.append("templates for revenue recognition were not looked up")
        say("\n".join(said))
    return DONE


def checked(text: str, policy: Policy, stack_name: str | None) -> Checked:
    """Return what a check found that is no error.

    Args:
        text: of the policy.
        policy: what it says.
        stack_name: of the stack whose Intacct is asked for what the policy names; None: nobody is.

    Raises:
        PolicyErrors: with every error.
    """
    found = check_policy(text, policy, example, _master_data(stack_name))
    if found.errors:
        raise PolicyErrors(found.errors)
    return found


def _master_data(stack_name: str | None) -> MasterData | None:
    if stack_name is None:
        return None
    from tieout.cli.installation import Installation  # noqa: PLC0415 - most checks ask nobody

    return Installation(stack_name).master_data
