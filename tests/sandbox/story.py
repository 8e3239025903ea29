"""Telling what happens, for people who watch: progress, tables, and the verdict."""

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TextIO

from tests.sandbox.intacct import reports
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.counters import Counters
from tests.sandbox.scenario import KNOWN_CUSTOMER
from tests.sandbox.tie_out import COUNTED, Check

_RULE = "-" * 100


class Story:
    """Prints what happens, with the seconds since the start in front."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._started = time.monotonic()

    def chapter(self, title: str) -> None:
        """Begin a new part."""
        self._print(f"\n{_RULE}\n{title}\n{_RULE}")

    def say(self, line: str) -> None:
        """Print one line of progress."""
        self._print(f"[{time.monotonic() - self._started:5.0f} s] {line}")

    def show(self, text: str) -> None:
        """Print a report."""
        self._print(text.rstrip())

    def command(self, *arguments: str) -> None:
        """Print a command of the operator as it is typed."""
        self._print(f"\n$ {' '.join(arguments)}")

    def _print(self, text: str) -> None:
        print(text, file=self._out, flush=True)


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, to_the_right: Sequence[str] = ()
) -> str:
    """Align rows below a header; the columns named in `to_the_right` are numbers."""
    lines = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]

    def aligned(cell: str, column: int) -> str:
        right = header[column] in to_the_right
        return cell.rjust(widths[column]) if right else cell.ljust(widths[column])

    return "\n".join(
        "  ".join(aligned(cell, column) for column, cell in enumerate(line)).rstrip()
        for line in lines
    )


def counted(number: int, noun: str) -> str:
    """Return the number with its noun in the singular or the plural."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def cost_text(counters: Counters) -> str:
    """Print what Intacct would bill: each record written and each read is one transaction."""
    return (
        f"Intacct's bill: {counted(counters.paid_transactions, 'transaction')} in"
        f" {counted(counters.requests, 'request')}:"
        f" {counted(counters.records_written, 'record')} written,"
        f" {counted(counters.lookups, 'look-up')}.\n"
        "Most look-ups are not for documents: publishing a policy looks for what it names, and the"
        " poller compares\nthe ledger with Stripe once a day. Tieout's own count, below, leaves"
        " these out.\n"
        f"Refused by Intacct: {counters.failed_functions}. Sent again and recognised by Intacct:"
        f" {counters.replays}.\n"
        f"Customer {KNOWN_CUSTOMER} was in Intacct before Tieout, which does not pay for asking:"
        " creating it was refused\nas a duplicate, then one look-up found it, and it was adopted."
    )


def tie_out_text(checks: Sequence[Check]) -> str:
    """Print every comparison with both sides and the difference, group by group."""
    rows: list[Sequence[str]] = []
    for group, members in groupby(checks, key=lambda each: each.group):
        rows.append((group, "", "", "", ""))
        rows += [
            (
                f"    {each.name}",
                each.unit,
                _figure(each, "stripe"),
                _figure(each, "intacct"),
                "0" if each.agrees else f"{_figure(each, 'difference')}  <-- DIFFERS",
            )
            for each in members
        ]
    header = ("", "unit", "Stripe", "Intacct", "difference")
    return table(header, rows, to_the_right=("Stripe", "Intacct"))


def verdict(checks: Sequence[Check], say: Callable[[str], None]) -> int:
    """Say whether the books tie out, and return the exit code: 0 only if every check agrees."""
    differing = [check for check in checks if not check.agrees]
    if differing or not checks:
        say(f"{len(differing)} of {len(checks)} checks differ: the books do NOT tie out")
        return 1
    say(f"All {len(checks)} checks agree: the books tie out to the cent")
    return 0


def write_ledgers(company: IntacctCompany, directory: Path) -> list[Path]:
    """Write trial balance, AR aging and the lines of every account, and return the files."""
    directory.mkdir(parents=True, exist_ok=True)
    texts = {
        "trial-balance": reports.trial_balance_text(company),
        "ar-aging": reports.aging_text(company),
        **{
            f"account-{row.account_no}": reports.account_ledger_text(company, row.account_no)
            for row in reports.trial_balance(company)
        },
    }
    for name, text in texts.items():
        (directory / f"{name}.txt").write_text(text, encoding="utf-8")
    return [directory / f"{name}.txt" for name in texts]


def _figure(check: Check, side: str) -> str:
    number = getattr(check, side)
    return f"{number:,.0f}" if check.unit in COUNTED else f"{number:,.2f}"
