"""`tieout policy check | publish | undo | show`: the accounting policy."""

import argparse
from pathlib import Path
from typing import Any

import boto3

from tieout.cli.console import DONE, add_command, say
from tieout.cli.places import add_place, place_of, stack
from tieout.domain.policy import Policy
from tieout.domain.policy_file import parse_policy
from tieout.services.operate import CannotBeDone
from tieout.store.clock import SystemClock
from tieout.store.policies import POLICY_AGE_SECONDS_MAX, DynamoPolicies

_IN_FORCE = f"in force within {POLICY_AGE_SECONDS_MAX} seconds"
_NO_BOOKS_FROM = "note: books_from is not set: everything that Stripe has will be booked"
_CHECK = """example:
  tieout policy check policy.yaml

Needs no AWS account. Exit code 1 if the file has errors; all of them are listed."""
_PUBLISH = f"""example:
  tieout policy publish policy.yaml --stack tieout-dev

A policy with errors is not published (exit code 1). It is {_IN_FORCE}.
What is posted stays as it was posted; what is parked is planned anew by `tieout redrive`."""
_UNDO = f"""example:
  tieout policy undo --stack tieout-dev

The version before the one in force takes its place, {_IN_FORCE}.
Every version stays stored; forward again goes `tieout policy publish FILE`."""
_SHOW = """example:
  tieout policy show --stack tieout-dev > policy.yaml"""


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the commands."""
    policy = commands.add_parser("policy", help="check, publish, take back or show the policy")
    actions = policy.add_subparsers(required=True, metavar="ACTION")
    check = add_command(actions, "check", _check, "list every error of a policy file", _CHECK)
    check.add_argument("file", type=Path, metavar="FILE")
    publish = add_command(actions, "publish", _publish, "put a policy file into force", _PUBLISH)
    publish.add_argument("file", type=Path, metavar="FILE")
    undo = add_command(
        actions, "undo", _undo, "go back to the version before the one in force", _UNDO
    )
    show = add_command(actions, "show", _show, "print the policy in force, as published", _SHOW)
    for each in (publish, undo, show):
        add_place(each, "--table", "the state table")


def _check(options: argparse.Namespace) -> int:
    policy = parse_policy(_text_of(options.file))
    notes = [] if policy.books_from else [_NO_BOOKS_FROM]
    if options.json:
        say({"version": policy.version, "notes": notes})
    else:
        say("\n".join([f"no errors; version {policy.version}", *notes]))
    return DONE


def _publish(options: argparse.Namespace) -> int:
    text = _text_of(options.file)
    version = parse_policy(text).version
    table = _state_table(options)
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
    version = _policies(table).undo()
    told = (
        f"back to version {version}; {_IN_FORCE}\n"
        f"Forward again: tieout policy publish FILE {place_of(options)}"
    )
    say({"version": version, "table": table} if options.json else told)
    return DONE


def _show(options: argparse.Namespace) -> int:
    version, text = _policies(_state_table(options)).published()
    say({"version": version, "text": text} if options.json else text.rstrip("\n"))
    return DONE


def _state_table(options: argparse.Namespace) -> str:
    return str(options.table or stack(options.stack).outputs["StateTableName"])


def _policies(table: str) -> DynamoPolicies:
    return DynamoPolicies(boto3.client("dynamodb"), table, parse_policy, SystemClock())


def policy_of(path: Path) -> Policy:
    """Return the policy that a file holds.

    Raises:
        PolicyErrors: with every error in it.
        CannotBeDone: it cannot be read.
    """
    return parse_policy(_text_of(path))


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CannotBeDone(f"{path} is not UTF-8 text") from error
    except FileNotFoundError as error:
        raise CannotBeDone(f"{path}: no such file") from error
    except OSError as error:
        raise CannotBeDone(f"{path}: {error.strerror}") from error
