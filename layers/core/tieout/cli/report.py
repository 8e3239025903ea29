"""`tieout tie-out | report`: does every cent of Stripe's balance show in the books?"""

import argparse
import csv
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from tieout.cli.commands import COMMANDS
from tieout.cli.console import DONE, NOT_READY, add_command, moment, money, paint, say
from tieout.cli.installation import Installation
from tieout.cli.ranges import a_day, add_range, checked_range
from tieout.cli.report_page import CAUSE_TEXTS, age_days, control_text, item_text, page
from tieout.cli.totals import month_facts, month_text, used_text
from tieout.domain.dates import accounting_date, span_text, spans
from tieout.domain.money import decimal_from_minor
from tieout.domain.tie_outs import EXPLAINED, TieOut
from tieout.domain.transactions import Volume
from tieout.services.operate import CannotBeDone

DAYS_SHOWN = 31
_FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")

_TIE_OUT = """examples:
  tieout tie-out --stack tieout-prod                   the last day that the poller tied out
  tieout tie-out 2026-10-31 --stack tieout-prod        another day, as it was stored
  tieout tie-out 2026-10-31 --now --stack tieout-prod  read Stripe and Intacct again, and keep that

The residual is what the clearing account shows more than Stripe has, item by item: what is parked,
queued, entered by hand in Intacct, or not known. Open invoices are those of the moment at which it
was read. exit code 1: a part of the residual, or of the open invoices, is not explained."""
_REPORT = """examples:
  tieout report --stack tieout-prod --out october.html --from 2026-10-01 --to 2026-10-31
  tieout report --stack tieout-prod --csv october.csv --from 2026-10-01 --to 2026-10-31

A page with a chart and tables for the file, and the same as CSV for a spreadsheet."""


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the commands."""
    tie_out = add_command(commands, "tie-out", _tie_out, COMMANDS["tie-out"].summary, _TIE_OUT)
    tie_out.add_argument("day", nargs="?", type=a_day, help="a day like 2026-10-31")
    tie_out.add_argument("--now", action="store_true", help="read Stripe and Intacct again")
    report = add_command(commands, "report", _report, COMMANDS["report"].summary, _REPORT)
    add_range(report, "the first day; a month before the last", "the last day; yesterday")
    report.add_argument("--out", type=Path, metavar="FILE", help="where the page goes (HTML)")
    report.add_argument("--csv", type=Path, metavar="FILE", help="where the table goes (CSV)")
    for each in (tie_out, report):
        each.add_argument("--stack", required=True, metavar="NAME", help="the deployed stack")


# --- tie-out ----------------------------------------------------------------------------------


def _tie_out(options: argparse.Namespace) -> int:
    installation = Installation(options.stack)
    day: date = options.day or _yesterday(installation)
    made = _made_now(installation, day) if options.now else _stored(installation, day, options)
    month = installation.month(installation.policies.current())
    if options.json:
        listed = [dataclasses.asdict(each) for each in made]
        say({"tie_outs": listed, "transactions_of_month": month_facts(month)})
    else:
        used = "\n".join(["Intacct transactions", *month_text(month)])
        say("\n\n".join([*map(described, made), used]))
    return DONE if all(each.is_explained for each in made) else NOT_READY


def _made_now(installation: Installation, day: date) -> Sequence[TieOut]:
    if day > _yesterday(installation):
        raise CannotBeDone(f"{day.isoformat()} is not over yet: the day before is the last to tie")
    policy = installation.policies.current()
    return installation.daily_tie_out.tie(day, policy, look_back_days=DAYS_SHOWN)


def _stored(installation: Installation, day: date, options: argparse.Namespace) -> Sequence[TieOut]:
    days = [day] if options.day else [day - timedelta(days=each) for each in range(DAYS_SHOWN)]
    found = installation.tie_outs.of_days(days)
    if not found:
        raise CannotBeDone(
            f"nothing was tied out for {day.isoformat()}: the poller does so once a day is over; "
            "`--now` reads Stripe and Intacct here"
        )
    return found[max(found)]


def described(tie_out: TieOut) -> str:
    """Return a tie-out as text for a terminal."""
    currency = tie_out.currency
    account = tie_out.ledger_account or "(no clearing account in the policy)"
    of_account = f"{tie_out.account} " if tie_out.account else ""
    lines = [
        f"{tie_out.day} {of_account}{currency.upper()}: {_verdict(tie_out)}",
        f"  Stripe, opening    {money(tie_out.opening_minor, currency):>22}",
        f"  moved              {money(tie_out.moved_minor, currency):>22}",
        f"  Stripe, closing    {money(tie_out.closing_minor, currency):>22}",
        f"  account {account:10} {money(tie_out.books_minor, currency):>22}",
        f"  residual           {money(tie_out.residual_minor, currency):>22}",
    ]
    lines += [
        f"    {money(each.amount_minor, currency):>20}  {each.id}  "
        f"{paint(CAUSE_TEXTS[each.cause], None if each.cause in EXPLAINED else 'red')}"
        f", {age_days(each, tie_out)} days"
        for each in tie_out.residues
    ]
    if not tie_out.account:
        lines.append(
            f"  open invoices, {moment(tie_out.made_at_unix)}: "
            f"{money(tie_out.receivable_stripe_minor, currency)} in Stripe, "
            f"{money(tie_out.receivable_books_minor, currency)} in the books"
        )
    lines += [
        f"    {each.invoice}: {money(each.stripe_minor, currency)} in Stripe, "
        f"{money(each.books_minor, currency)} in the books ({item_text(each)})"
        for each in tie_out.open_items
    ]
    if tie_out.control_account:
        told = f"  {control_text(tie_out)}"
        lines.append(paint(told, "red" if tie_out.control_difference_minor else None))
    return "\n".join(lines)


def _verdict(tie_out: TieOut) -> str:
    if not tie_out.is_explained:
        return paint("OPEN", "red")
    return paint("explained" if tie_out.differs else "ties out", "green")


# --- report -----------------------------------------------------------------------------------


def _report(options: argparse.Namespace) -> int:
    if options.out is None and options.csv is None:
        raise CannotBeDone("name a file: `--out report.html`, `--csv report.csv`, or both")
    installation = Installation(options.stack)
    last: date = options.until or _yesterday(installation)
    first, last = checked_range(options.since or last - timedelta(days=DAYS_SHOWN - 1), last)
    days = [first + timedelta(days=each) for each in range((last - first).days + 1)]
    found = installation.tie_outs.of_days(days)
    missing = [day for day in days if day not in found]
    months = installation.months(installation.policies.current(), first, last)
    written: dict[str, str] = {}
    if options.out is not None:
        title = f"Tie-out of {installation.stack.name}, {span_text(first, last)}"
        options.out.write_text(page(found, title, missing, months), encoding="utf-8")
        written["page"] = str(options.out)
    if options.csv is not None:
        with options.csv.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(csv_rows(found, months))
        written["csv"] = str(options.csv)
    if options.json:
        say(
            {
                "written": written,
                "days": len(found),
                "days_not_tied_out": list(map(str, missing)),
                "transactions_of_months": list(map(month_facts, months)),
            }
        )
        return DONE
    for name, path in written.items():
        say(f"{name}: {path}")
    gaps = ", ".join(span_text(*each) for each in spans(missing)) or "none"
    tied_out = f"tied out on {len(found)} of {len(days)} days"
    say(f"{span_text(first, last)}: {tied_out}; not tied out: {gaps}")
    say("\n".join(["Intacct transactions", *chain.from_iterable(map(month_text, months))]))
    return DONE


def csv_rows(
    days: Mapping[date, Sequence[TieOut]], months: Iterable[Volume] = ()
) -> Iterator[Sequence[str]]:
    """Yield the table: for each tie-out its balance and receivables, and what they differ by.

    Last what each month used of Intacct's transactions, in words: those columns are for money.

    Texts come from outside; none may begin like a formula, which a spreadsheet would run.
    """
    yield (
        *("day", "stripe_account", "currency", "read_at", "row", "id", "cause", "since"),
        *("stripe", "ledger_account", "books", "difference", "text"),
    )
    for day in sorted(days):
        for each in days[day]:
            yield from _csv_rows_of(each)
    for month in months:
        nothing = [""] * 6
        yield ("", "", "", "", "transactions", month.month, *nothing, used_text(month))


def _csv_rows_of(each: TieOut) -> Iterator[Sequence[str]]:
    def row(  # noqa: PLR0913, PLR0917 - the columns
        kind: str,
        stripe_minor: int | None,
        books_minor: int | None,
        difference_minor: int,
        identifier: str = "",
        cause: str = "",
        since: str = "",
        text: str = "",
    ) -> Sequence[str]:
        stripe, books, difference = (
            "" if amount is None else f"{decimal_from_minor(amount, each.currency):f}"
            for amount in (stripe_minor, books_minor, difference_minor)
        )
        return (
            *(each.day, each.account, each.currency.upper(), moment(each.made_at_unix), kind),
            *(_safe(identifier), cause, since, stripe),
            *(_safe(each.ledger_account if kind == "balance" else ""), books, difference),
            _safe(text),
        )

    yield row("balance", each.closing_minor, each.books_minor, each.residual_minor)
    for part in each.residues:
        named = (part.id, str(part.cause), part.since, part.text)
        yield row("residual", None, None, part.amount_minor, *named)
    stripe_minor, books_minor = each.receivable_stripe_minor, each.receivable_books_minor
    yield row("receivables", stripe_minor, books_minor, books_minor - stripe_minor)
    if each.control_account:
        control_minor, owed_minor = each.control_minor, each.subledger_minor
        named = (each.control_account, "", "", "control account beside open items, both of Intacct")
        yield row("control account", owed_minor, control_minor, control_minor - owed_minor, *named)
    for item in each.open_items:
        difference_minor = item.books_minor - item.stripe_minor
        named = (item.invoice, "", "", item_text(item))
        yield row("open invoice", item.stripe_minor, item.books_minor, difference_minor, *named)


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_BEGINNINGS) else text


def _yesterday(installation: Installation) -> date:
    policy = installation.policies.current()
    return accounting_date(installation.clock.now_unix(), policy.zone) - timedelta(days=1)
