"""`tieout parked | not-booked`: what a person must look at, and what the books lack."""

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from tieout.cli.commands import COMMANDS
from tieout.cli.console import (
    DONE,
    add_command,
    amount_of,
    described,
    moment,
    money,
    say,
    sums_text,
    wrapped,
)
from tieout.cli.places import add_place, postings
from tieout.domain.postings import Posting, Worklist
from tieout.domain.reasons import WAY_OUT
from tieout.services.operate import exceptions, kind_of, totals
from tieout.store.clock import SystemClock

NO_REASON = "outcome_unknown"
NO_REASON_WAY_OUT = "`tieout retry KEY` looks it up in Intacct before it sends it."
STUCK = "stuck"
STUCK_WAY_OUT = (
    "Nothing works on it any more: its message is gone or in the dead-letter queue. "
    "`tieout retry KEY`."
)

_PARKED = """example:
  tieout parked --stack tieout-prod

Grouped by reason, with the way out of each and the total for each currency. "stuck" is what was
under way and has not moved for over an hour; what moves is only counted."""
_NOT_BOOKED = """examples:
  tieout not-booked --stack tieout-prod
  tieout not-booked --stack tieout-prod --detail       each one, with its key and text

Movements in Stripe that the books do not show, by reason and kind, with the total for each
currency. What you book by hand, take off the list with `tieout close KEY --note ...`.
What is parked waits for a person and is not listed here: `tieout parked`. What the books do not
lack is listed nowhere, though its state is not_booked, too: what calls for no document
(nothing_to_book), say, or is in a day's journal."""
# Kinds are named by keys; these are the ones that are not their own plain names.
_KINDS = {
    "activity": "days of the balance",
    "checkout.session": "checkout sessions",
    "sale": "sales without an invoice",
    "topup": "top-ups",
    "invoice credit-balance": "invoices: paid from credit balance",
    "invoice write-off": "invoices: uncollectible",
    "invoice void": "invoices: voided",
    "receipt excess": "receipts: beyond the invoice",
    "receipt returned": "receipts: money went back",
    "refund failed": "refunds: failed",
    "payout failed": "payouts: failed",
}


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the commands."""
    parked = add_command(commands, "parked", _parked, COMMANDS["parked"].summary, _PARKED)
    not_booked = add_command(
        commands, "not-booked", _not_booked, COMMANDS["not-booked"].summary, _NOT_BOOKED
    )
    not_booked.add_argument("--detail", action="store_true", help="list each one")
    for each in (parked, not_booked):
        add_place(each, "--table", "the postings table")


# --- parked -----------------------------------------------------------------------------------


def _parked(options: argparse.Namespace) -> int:
    found = exceptions(postings(options), SystemClock().now_unix())
    groups = list(_grouped(found.parked, _reason_of))
    if options.json:
        listed = [each for _, group in groups for each in group]
        say(
            [_exception(each, _way_out(each)) for each in listed]
            + [_exception(each, STUCK_WAY_OUT, stuck=True) for each in found.stuck]
        )
        return DONE
    blocks = [_block(reason, _way_out(group[0]), group) for reason, group in groups]
    if found.stuck:
        blocks.append(_block(STUCK, STUCK_WAY_OUT, found.stuck, show_since=True))
    if not blocks:
        blocks.append("nothing is parked")
    if found.in_flight:
        blocks.append(f"{found.in_flight} in flight")
    say("\n\n".join(blocks))
    return DONE


def _reason_of(posting: Posting) -> str:
    return posting.reason or NO_REASON


def _way_out(posting: Posting) -> str:
    return WAY_OUT[posting.reason] if posting.reason else NO_REASON_WAY_OUT


def _exception(posting: Posting, way_out: str, *, stuck: bool = False) -> Mapping[str, object]:
    return described(posting) | {"way_out": way_out, "stuck": stuck}


def _block(title: str, way_out: str, group: Sequence[Posting], *, show_since: bool = False) -> str:
    lines = [f"{title} ({len(group)})  {sums_text(totals(group))}".rstrip()]
    lines.append(wrapped(way_out, "way out: "))
    key_width, amount_width = _widths(group)
    for each in group:
        line = f"  {each.key:{key_width}}  {each.state:8}  {amount_of(each):>{amount_width}}"
        if show_since:
            line = f"{line}  since {moment(each.updated_at_unix)}"
        lines.append(line.rstrip())
        lines += [f"    {line}" for line in each.reason_text.splitlines()]
    return "\n".join(lines)


# --- not booked -------------------------------------------------------------------------------


def _not_booked(options: argparse.Namespace) -> int:
    found = list(postings(options).on_worklist(Worklist.NOT_BOOKED))
    reasons = [
        (reason, list(_grouped(group, kind_of))) for reason, group in _grouped(found, _reason_of)
    ]
    if options.json:
        groups = [_lack(reason, *each) for reason, kinds in reasons for each in kinds]
        listed = {"postings": [described(each) for each in found]} if options.detail else {}
        say({"groups": groups} | listed)
    elif not reasons:
        say(
            "nothing is recorded as not booked; what is parked is not booked either: "
            "`tieout parked`"
        )
    else:
        say("\n\n".join(_lacks(*each, detail=options.detail) for each in reasons))
    return DONE


def _lack(reason: str, kind: str, group: Sequence[Posting]) -> Mapping[str, object]:
    return {
        "reason": reason,
        "kind": kind,
        "count": len(group),
        "without_amount": _without_amount(group),
        "totals_minor": totals(group),
    }


def _lacks(reason: str, kinds: Sequence[tuple[str, Sequence[Posting]]], *, detail: bool) -> str:
    everything = [each for _, group in kinds for each in group]
    lines = [f"{reason} ({len(everything)})", wrapped(_way_out(everything[0]))]
    label_width = max(len(_label(kind)) for kind, _ in kinds)
    for kind, group in kinds:
        first, *more = _amounts(group)
        lines.append(f"  {_label(kind):{label_width}}  {len(group):>6}  {first:>20}")
        lines += [f"{'':{label_width + 10}}  {each:>20}" for each in more]
        if detail:
            lines += _details(group)
    return "\n".join(lines)


def _amounts(group: Sequence[Posting]) -> Sequence[str]:
    """Return the totals of a group, a line each; at least one."""
    lines = [money(amount_minor, currency) for currency, amount_minor in totals(group).items()]
    without = _without_amount(group)
    if without:
        lines.append(f"{without} without amount")
    return lines


def _without_amount(group: Iterable[Posting]) -> int:
    return sum(not amount_of(each) for each in group)


def _details(group: Sequence[Posting]) -> Iterator[str]:
    key_width, amount_width = _widths(group)
    for each in group:
        text = " ".join(each.reason_text.split())
        yield f"    {each.key:{key_width}}  {amount_of(each):>{amount_width}}  {text}".rstrip()


def _label(kind: str) -> str:
    return _KINDS.get(kind, f"{kind.replace('_', ' ')}s")


def _grouped(
    listed: Iterable[Posting], name: Callable[[Posting], str]
) -> Iterator[tuple[str, Sequence[Posting]]]:
    for key, group in groupby(sorted(listed, key=name), key=name):
        yield key, list(group)


def _widths(group: Iterable[Posting]) -> tuple[int, int]:
    lengths = [(len(each.key), len(amount_of(each))) for each in group]
    return max(key for key, _ in lengths), max(amount for _, amount in lengths)
