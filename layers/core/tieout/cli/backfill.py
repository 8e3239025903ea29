"""`tieout backfill`: have a range of days booked, after saying what it comes to."""

import argparse
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from tieout.cli.commands import COMMANDS
from tieout.cli.console import DONE, NOT_READY, Progress, add_command, say
from tieout.cli.installation import Installation
from tieout.cli.ranges import add_range, checked_range
from tieout.cli.stripe_accounts import accounts_of, add_account, named_account
from tieout.cli.totals import month_facts, month_text, totals_facts, totals_text
from tieout.domain.dates import accounting_date, day_bounds
from tieout.domain.policy import Policy
from tieout.services.backfill import (
    SECONDS_PER_SUBJECT,
    Backfill,
    Range,
    begin_anew,
    begun_last,
    hours,
    note_begun,
    status,
)
from tieout.services.operate import CannotBeDone
from tieout.services.preview import Pinned, Previewer
from tieout.services.totals import Totals, together
from tieout.services.walk import days, subjects_of_day

_MORE = """examples:
  tieout backfill --from 2026-01-01 --stack tieout-prod
  tieout backfill --from 2026-01-01 --until 2026-03-31 --yes --stack tieout-prod
  tieout backfill --status --stack tieout-prod         how far the last one has come

First it says what the range comes to: documents, Intacct transactions and their cost, and hours.
Then it asks, and queues the range day by day, oldest first, no faster than the processors book.
Interrupted, run it again with the same days: it goes on where it stopped. What is booked already
is not booked again. What was queued before is looked at once more with --again; of single objects
`tieout retry KEY` does so.
Without --until the range ends today.
Every Stripe account that the policy names has its range, and goes on where its own stopped.
exit codes: 0 done, 1 it was not confirmed, or with --status: it is not complete."""


# Source: stripe-api dossier section 6.2: 100 requests a second; an object takes several.
_RATE_MAX = 25


# The ranges that are not queued to their end, each with the first day that is not.
Left = Mapping[Range, date]


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the command."""
    backfill = add_command(commands, "backfill", _backfill, COMMANDS["backfill"].summary, _MORE)
    add_range(backfill, "the first day", "the last; today if not given")
    how = backfill.add_mutually_exclusive_group()
    how.add_argument(
        "--status",
        action="store_true",
        help="only say how far it has come; without --from, the one that was begun last",
    )
    how.add_argument("--again", action="store_true", help="queue what was queued before, too")
    backfill.add_argument("--yes", action="store_true", help="do not ask")
    backfill.add_argument(
        "--rate", type=_rate, metavar="N", help="queue at most N objects a second"
    )
    add_account(backfill)
    backfill.add_argument("--stack", required=True, metavar="NAME", help="the installation")


def _rate(argument: str) -> float:
    try:
        rate = float(argument)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= _RATE_MAX:
        raise argparse.ArgumentTypeError(f"must be a number up to {_RATE_MAX}, not {argument!r}")
    return rate


def _backfill(options: argparse.Namespace) -> int:
    at = Installation(options.stack)
    policy = at.policies.current()
    since, until = _asked(options, at, policy)
    accounts = accounts_of(options.account, policy)
    spans = [Range(since, until, policy.zone, each) for each in accounts]
    left = dict.fromkeys(spans, since) if options.again else _left(at, spans)
    if options.status or not left:
        _say_status(options, spans, left)
        return NOT_READY if left else DONE
    concurrency = int(at.stack.parameters["ProcessorConcurrency"])
    facts: dict[str, object] = {"since": str(min(left.values())), "until": str(until)}
    by_account, month = _estimate(at, policy, left), at.month(policy)
    needed = hours(sum(each.subjects for each in by_account.values()), concurrency)
    if options.json:
        facts |= {**totals_facts(by_account), "transactions_of_month": month_facts(month)}
        facts["hours"] = round(needed, 2)
    else:
        said = [_status_text(each, left, again=options.again) for each in left]
        said += totals_text(by_account)
        said += month_text(month, together(by_account.values()).transactions)
        said.append(f"about {needed:.1f} hours at the concurrency that the stack allows")
        say("\n".join(said))
    if not options.yes and not _confirmed(options):
        say(facts | {"queued": 0} if options.json else "nothing is queued: --yes does it")
        return NOT_READY
    if options.again:
        for span in left:
            begin_anew(span, at.cursors)
    queued = _queue(at, left, options.rate or concurrency / SECONDS_PER_SUBJECT)
    told = f"queued {queued:,} objects; what becomes of them: tieout parked --stack {options.stack}"
    say(facts | {"queued": queued} if options.json else told)
    return DONE


def _asked(options: argparse.Namespace, at: Installation, policy: Policy) -> tuple[date, date]:
    """Return the range: the one that is named, or of which the last backfill was.

    Raises:
        CannotBeDone: there is none, or it ends before it begins.
    """
    if options.since is not None:
        today = accounting_date(at.clock.now_unix(), policy.zone)
        return checked_range(options.since, options.until or today)
    if not options.status:
        raise CannotBeDone("name the first day: --from DAY")
    last = begun_last(at.cursors, policy.zone)
    if last is None:
        raise CannotBeDone("no backfill was begun here yet: `tieout backfill --from DAY`")
    return checked_range(last[0], options.until or last[1])


def _left(at: Installation, spans: Iterable[Range]) -> Left:
    """Return the ranges that are not queued to their end."""
    found = ((span, status(span, at.cursors).next_day) for span in spans)
    return {span: next_day for span, next_day in found if next_day is not None}


def _estimate(at: Installation, policy: Policy, left: Left) -> Mapping[str | None, Totals]:
    pinned, progress = Pinned(at.of_now(policy), at.policies), Progress()
    previewer = Previewer(at.stripe, at.postings, pinned, at.clock)
    by_account: dict[str | None, Totals] = {}
    for span, first in left.items():
        totals = by_account[span.account] = Totals(day_bounds(first, policy.zone)[0])
        for day in days(first, span.until):
            now_unix = at.clock.now_unix()
            subjects = subjects_of_day(at.stripe, day, policy.zone, now_unix, span.account)
            for preview in previewer.preview(subjects):
                totals.add(preview)
                told = f"estimating {named_account(span.account)} {day}"
                progress.tell(f"{told}: {totals.subjects:,} objects")
    progress.done()
    return by_account


def _confirmed(options: argparse.Namespace) -> bool:
    if options.json or not sys.stdin.isatty():
        return False
    return input("Queue it? [y/N] ").strip().lower() in {"y", "yes"}


def _queue(at: Installation, spans: Iterable[Range], per_second: float) -> int:
    backfill = Backfill(
        at.stripe,
        at.queue,
        at.cursors,
        at.clock,
        time.sleep,
        per_second=per_second,
        livemode=at.stack.livemode,
    )
    queued, progress = 0, Progress()
    for span in spans:
        note_begun(span, at.cursors)
        for day, _ in backfill.run(span):
            queued += 1
            progress.tell(f"queueing {named_account(span.account)} {day}: {queued:,} objects")
    progress.done()
    return queued


def _say_status(options: argparse.Namespace, spans: Sequence[Range], left: Left) -> None:
    lines = [_status_text(each, left) for each in spans]
    if not options.status:
        lines.append("nothing is queued: --again does it once more")
    say(_status_facts(spans, left) if options.json else "\n".join(lines))


def _status_text(span: Range, left: Left, *, again: bool = False) -> str:
    of_account = f"{span.account}: " if span.account else ""
    so_far = ": all of it, again" if again else _so_far(span, left.get(span))
    return f"{of_account}{span.since} to {span.until}{so_far}"


def _so_far(span: Range, next_day: date | None) -> str:
    if next_day is None:
        return ": all of it is queued"
    if next_day == span.since:
        return ": not begun"
    return f" (queued before: {span.since} to {next_day - timedelta(days=1)})"


def _status_facts(spans: Sequence[Range], left: Left) -> dict[str, object]:
    first = min(left.values(), default=None)
    return {
        "since": str(spans[0].since),
        "until": str(spans[0].until),
        "is_complete": not left,
        "next_day": first and str(first),
        "stripe_accounts": [
            {
                "stripe_account": named_account(each.account),
                "next_day": str(left[each]) if each in left else None,
            }
            for each in spans
        ],
    }
