"""`tieout policy check | publish | undo | show | versions | diff`: the accounting policy."""

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import boto3

from tieout.cli import policy_diff
from tieout.cli.commands import COMMANDS
from tieout.cli.console import DONE, add_command, moment, say
from tieout.cli.installation import Installation
from tieout.cli.places import add_place, place_of, signature, stack
from tieout.cli.policy_files import text_of
from tieout.domain.errors import PolicyErrors
from tieout.domain.policy import Policy
from tieout.domain.policy_file import parse_policy
from tieout.services.policy_check import Checked, check_policy
from tieout.store.clock import SystemClock
from tieout.store.policies import POLICY_AGE_SECONDS_MAX, DynamoPolicies, Published
from tieout.stripe.examples import example

_IN_FORCE = f"in force within {POLICY_AGE_SECONDS_MAX} seconds"
_CHECK = """examples:
  tieout policy check policy.yaml                        needs no AWS account
  tieout policy check policy.yaml --stack tieout-prod    also asks Intacct for all that it names

Runs the examples of its rules. Exit code 1 if there are errors; all of them are listed."""
_PUBLISH = f"""example:
  tieout policy publish policy.yaml --stack tieout-dev

A policy with errors is not published (exit code 1): those of the file, examples that do not hold,
and, with --stack, what it names and Intacct has not. It is {_IN_FORCE}.
What is posted stays as it was posted; what is parked is planned anew by `tieout redrive`."""
_UNDO = f"""example:
  tieout policy undo --stack tieout-dev

The version before the one in force takes its place, {_IN_FORCE}.
Every version stays stored; forward again goes `tieout policy publish FILE`."""
_SHOW = """examples:
  tieout policy show --stack tieout-dev > policy.yaml
  tieout policy show --stack tieout-dev --version 1a2b3c4d5e6f     as a posting names it"""
_VERSIONS = """example:
  tieout policy versions --stack tieout-dev

Newest first, with the label that each gives itself: the one in force, those before it, and what
`tieout policy undo` took back, when and by whom."""


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the commands."""
    policy = commands.add_parser("policy", help=COMMANDS["policy"].summary)
    actions = policy.add_subparsers(required=True, metavar="ACTION")
    check = add_command(actions, "check", _check, "list every error of a policy file", _CHECK)
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--stack", metavar="NAME", help="ask the Intacct of this stack, too")
    publish = add_command(actions, "publish", _publish, "put a policy file into force", _PUBLISH)
    publish.add_argument("file", type=Path, metavar="FILE")
    publish.add_argument(
        "--unchecked", action="store_true", help="do not ask Intacct for what it names"
    )
    undo = add_command(
        actions, "undo", _undo, "go back to the version before the one in force", _UNDO
    )
    show = add_command(actions, "show", _show, "print the policy in force, as published", _SHOW)
    show.add_argument("--version", metavar="V", help="another one that was published")
    versions = add_command(actions, "versions", _versions, "list what was published", _VERSIONS)
    for each in (publish, undo, show, versions):
        add_place(each, "--table", "the state table")
    policy_diff.register(actions)


def _check(options: argparse.Namespace) -> int:
    text = text_of(options.file)
    policy = parse_policy(text)
    found = _checked(text, policy, options.stack)
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


def _publish(options: argparse.Namespace) -> int:
    text = text_of(options.file)
    policy = parse_policy(text)
    _checked(text, policy, None if options.unchecked else options.stack)
    version, table = policy.version, _state_table(options)
    published = _policies(table).publish(text, version, SystemClock().now_unix())
    if options.json:
        say({"version": version, "table": table, "published": published})
    elif published:
        say(f"published version {version}; {_IN_FORCE}")
    else:
        say(f"nothing to publish: version {version} is in force already")
    return DONE


def _checked(text: str, policy: Policy, stack_name: str | None) -> Checked:
    """Return what a check found that is no error.

    Raises:
        PolicyErrors: with every error.
    """
    master_data = Installation(stack_name).master_data if stack_name else None
    found = check_policy(text, policy, example, master_data)
    if found.errors:
        raise PolicyErrors(found.errors)
    return found


def _undo(options: argparse.Namespace) -> int:
    table = _state_table(options)
    signed = signature()
    version = _policies(table).undo(signed.who, signed.now_unix)
    told = (
        f"back to version {version}; {_IN_FORCE}\n"
        f"Forward again: tieout policy publish FILE {place_of(options)}"
    )
    say({"version": version, "table": table} if options.json else told)
    return DONE


def _show(options: argparse.Namespace) -> int:
    policies = _policies(_state_table(options))
    if options.version:
        version, text = options.version, policies.text_of(options.version)
    else:
        version, text = policies.published()
    say({"version": version, "text": text} if options.json else text.rstrip("\n"))
    return DONE


def _versions(options: argparse.Namespace) -> int:
    published = _policies(_state_table(options)).versions()
    if options.json:
        say([dataclasses.asdict(each) for each in published])
        return DONE
    width = max((len(each.label) for each in published), default=0)
    for each in published:
        line = f"{each.version}  {moment(each.published_at_unix)}  {each.label:{width}}"
        say(f"{line}  {_became(each)}".rstrip())
    return DONE


def _became(published: Published) -> str:
    if published.undone_at_unix is None:
        return "in force" if published.is_in_force else ""
    return f"undone {moment(published.undone_at_unix)} by {published.undone_by}"


def _state_table(options: argparse.Namespace) -> str:
    return str(options.table or stack(options.stack).outputs["StateTableName"])


def _policies(table: str) -> DynamoPolicies:
    return DynamoPolicies(boto3.client("dynamodb"), table, parse_policy, SystemClock())
