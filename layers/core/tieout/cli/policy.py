"""`tieout policy publish | undo | show | versions`: the published policies."""

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import boto3

from tieout.cli.commands import COMMANDS
from tieout.cli.console import DONE, add_command, moment, say
from tieout.cli.places import add_place, place_of, signature, stack
from tieout.cli.policy_check import checked
from tieout.cli.policy_files import text_of
from tieout.domain.policy_file import parse_policy
from tieout.store.clock import SystemClock
from tieout.store.policies import POLICY_AGE_SECONDS_MAX, DynamoPolicies, Published

_IN_FORCE = f"in force within {POLICY_AGE_SECONDS_MAX} seconds"
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


def register(actions: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the commands to those of `tieout policy`."""
    publish, undo, show, versions = (
        add_command(actions, name, run, COMMANDS[f"policy {name}"].summary, more)
        for name, run, more in (
            ("publish", _publish, _PUBLISH),
            ("undo", _undo, _UNDO),
            ("show", _show, _SHOW),
            ("versions", _versions, _VERSIONS),
        )
    )
    publish.add_argument("file", type=Path, metavar="FILE")
    publish.add_argument(
        "--unchecked", action="store_true", help="do not ask Intacct for what it names"
    )
    show.add_argument("--version", metavar="V", help="another one that was published")
    for each in (publish, undo, show, versions):
        add_place(each, "--table", "the state table")


def _publish(options: argparse.Namespace) -> int:
    text = text_of(options.file)
    policy = parse_policy(text)
    checked(text, policy, None if options.unchecked else options.stack)
    version, table = policy.version, _state_table(options)
    published = _policies(table).publish(text, version, SystemClock().now_unix())
    if options.json:
        say({"version": version, "table": table, "published": published})
    elif published:
        say(f"published version {version}; {_IN_FORCE}")
    else:
        say(f"nothing to publish: version {version} is in force already")
    return DONE


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
