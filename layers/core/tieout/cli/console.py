"""What the commands share: their arguments, their output, their exit codes."""

import argparse
import dataclasses
import json
import os
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tieout.domain.money import decimal_from_minor
from tieout.domain.postings import Posting

DONE, FAILED = 0, 2
# The command did what it was asked to, and the answer is no.
POLICY_HAS_ERRORS = NOT_READY = 1
_WIDTH = 96
_PROGRESS_SECONDS = 0.2
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


def add_command(
    commands: Any,  # noqa: ANN401 - argparse keeps the class of subparsers to itself
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    more: str = "",
) -> argparse.ArgumentParser:
    """Add a command that prints JSON if asked to.

    Args:
        commands: where to.
        name: of the command.
        run: takes the options and returns the exit code.
        summary: one line.
        more: shown below the options: what to know, and examples.
    """
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print JSON for a program to read")
    parser.set_defaults(run=run)
    return parser


def say(message: object, stream: Any = None) -> None:  # noqa: ANN401 - stdout as it is now
    """Print text as it is, anything else as JSON."""
    text = message if isinstance(message, str) else json.dumps(message, indent=2)
    (stream or sys.stdout).write(text + "\n")


def printable(text: str) -> str:
    """Return a text from outside without what a terminal, or a page, would take for a command."""
    return "".join(each if each.isprintable() or each == "\n" else "\ufffd" for each in text)


def paint(text: str, colour: str | None) -> str:
    """Return the text in a colour, on a terminal whose owner does not mind.

    Source: no-color.org: a variable NO_COLOR that is not empty means no colour.
    """
    plain = colour is None or os.environ.get("NO_COLOR") or not sys.stdout.isatty()
    return text if plain else f"\033[{_CODES[colour or 'bold']}m{text}\033[0m"


class Progress:
    """One line that tells how far long work has come, on a terminal only.

    It goes to stderr, so that what is printed can still be piped.
    """

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._next_at = 0.0

    def tell(self, text: str) -> None:
        """Replace the line, a few times a second at most."""
        if self._shown and time.monotonic() >= self._next_at:
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()
            self._next_at = time.monotonic() + _PROGRESS_SECONDS

    def done(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


def wrapped(text: str, label: str = "") -> str:
    """Return a sentence in lines of a terminal's width, indented, below its label."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=f"  {label}",
        subsequent_indent=" " * (2 + len(label)),
        break_on_hyphens=False,
    )


def money(amount_minor: int, currency: str) -> str:
    """Return an amount (minor units) as people read it."""
    return f"{decimal_from_minor(amount_minor, currency):,f} {currency.upper()}"


def amount_of(posting: Posting) -> str:
    """Return a posting's amount as people read it; empty if it has none."""
    if posting.amount_minor is None or posting.currency is None:
        return ""
    return money(posting.amount_minor, posting.currency)


def debit_and_credit(amount_minor: int, currency: str) -> tuple[str, str]:
    """Return an amount (minor units, debit positive) in the column where accountants read it."""
    amount = money(abs(amount_minor), currency)
    return (amount, "") if amount_minor >= 0 else ("", amount)


def sums_text(sums: Mapping[str, int]) -> str:
    """Return totals (minor units by currency) on one line."""
    return ", ".join(money(amount_minor, currency) for currency, amount_minor in sums.items())


def moment(at_unix: int) -> str:
    """Return a time (unix seconds) as people read it."""
    return f"{datetime.fromtimestamp(at_unix, UTC):%Y-%m-%d %H:%M} UTC"


def described(posting: Posting) -> dict[str, object]:
    """Return the facts of a posting that a program may rely on."""
    facts = dataclasses.asdict(posting) | {"subject": str(posting.subject)}
    return {name: facts[name] for name in _TOLD}


_TOLD = (
    "key",
    "subject",
    "state",
    "reason",
    "reason_text",
    "decision",
    "amount_minor",
    "currency",
    "posting_date",
    "policy_version",
    "chosen_by",
    "attempts",
    "record_no",
    "trigger",
    "updated_at_unix",
)
