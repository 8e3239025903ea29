"""`tieout backfill`: have a range of days booked, after saying what it comes to."""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from tieout.cli.console import DONE, NOT_READY, Progress, add_command, say
from tieout.cli.installation import Installation
from tieout.cli.plan import a_day
from tieout.cli.totals import totals_facts, totals_text
from tieout.domain.dates import accounting_date, day_bounds
from tieout.domain.policy import Policy
from tieout.services.backfill import (
    SECONDS_PER_SUBJECT,
    Backfill,
    Range,
    Status,
    hours,
    status,
)
from tieout.services.operate import CannotBeDone
from tieout.services.preview import Previewer
from tieout.services.totals import Totals
from tieout.services.walk import days, subjects_of_day

_MORE = """examples:
  tieout backfill --from 2026-01-01 --stack tieout-prod
  tieout backfill --from 2026-01-01 --until 2026-03-31 --yes --stack tieout-prod
  tieout backfill --from 2026-01-01 --until 2026-03-31 --status --stack tieout-prod

First it says what the range comes to: documents, Intacct transactions and their cost, and hours.
Then it asks, and queues the range day by day, oldest first, no faster than the processors book.
Interrupted, run it again with the same days: it goes on where it stopped. What is booked already
is not booked again. Without --until the range ends today.
exit codes: 0 done, 1 it was not confirmed, or with --status: it is not complete."""


# Source: stripe-api dossier section 6.2: 100 requests a second; an object takes several.
_RATE_MAX = 25


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the command."""
    summary = "have everything of a range of days looked at and booked"
    backfill = add_command(commands, "backfill", _backfill, summary, _MORE)
    backfill.add_argument(
        "--from", dest="since", type=a_day, required=True, metavar="DAY", help="the first day"
    )
    backfill.add_argument("--until", type=a_day, metavar="DAY", help="the last; today if not given")
    backfill.add_argument("--status", action="store_true", help="only say how far it has come")
    backfill.add_argument("--yes", action="store_true", help="do not ask")
    backfill.add_argument(
        "--rate", type=_rate, metavar="N", help="queue at most N objects a second"
    )
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
    until = options.until or accounting_date(at.clock.now_unix(), policy.zone)
    if until < options.since:
        raise CannotBeDone(f"--until {until} lies before --from {options.since}")
    span = Range(options.since, until, policy.zone)
    before = status(span, at.cursors)
    if options.status or before.next_day is None:
        say(_status_facts(span, before) if options.json else _status_text(span, before))
        return NOT_READY if before.next_day else DONE
    concurrency = int(at.stack.parameters["ProcessorConcurrency"])
    facts: dict[str, object] = {"since": str(before.next_day), "until": str(until)}
    totals = _estimate(at, policy, before.next_day, until)
    needed = hours(totals.subjects, concurrency)
    if options.json:
        facts |= {**totals_facts(totals), "hours": round(needed, 2)}
    else:
        say("\n".join(_estimate_text(span, before, totals, needed)))
    if not options.yes and not _confirmed(options):
        say(facts | {"queued": 0} if options.json else "nothing is queued: --yes does it")
        return NOT_READY
    per_second = options.rate or concurrency / SECONDS_PER_SUBJECT
    queued = _queue(at, span, per_second)
    told = f"queued {queued:,} objects; what becomes of them: tieout parked --stack {options.stack}"
    say(facts | {"queued": queued} if options.json else told)
    return DONE


def _estimate(at: Installation, policy: Policy, first: date, until: date) -> Totals:
    totals, progress = Totals(day_bounds(first, policy.zone)[0]), Progress()
    previewer = Previewer(at.stripe, at.postings, at.policies, at.clock)
    for day in days(first, until):
        subjects = subjects_of_day(at.stripe, day, policy.zone, at.clock.now_unix())
        for preview in previewer.preview(subjects):
            totals.add(preview)
            progress.tell(f"estimating {day}: {totals.subjects:,} objects")
    progress.done()
    return totals


def _estimate_text(
    span: Range, before: Status, totals: Totals, needed_hours: float
) -> Sequence[str]:
    return [
        f"{before.next_day} to {span.until}{_before(span, before)}",
        *totals_text(totals),
        f"about {needed_hours:.1f} hours at the concurrency that the stack allows",
    ]


def _confirmed(options: argparse.Namespace) -> bool:
    if options.json or not sys.stdin.isatty():
        return False
    return input("Queue it? [y/N] ").strip().lower() in {"y", "yes"}


def _queue(at: Installation, span: Range, per_second: float) -> int:
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
    for day, _ in backfill.run(span):
        queued += 1
        progress.tell(f"queueing {day}: {queued:,} objects")
    progress.done()
    return queued


def _status_text(span: Range, found: Status) -> str:
    if found.next_day is None:
        return f"{span.since} to {span.until}: all of it is queued"
    return f"{span.since} to {span.until}{_before(span, found) or ': not begun'}"


def _before(span: Range, found: Status) -> str:
    if found.next_day is None or found.next_day == span.since:
        return ""
    return f" (queued before: {span.since} to {found.next_day - timedelta(days=1)})"


def _status_facts(span: Range, found: Status) -> Mapping[str, object]:
    return {
        "since": str(span.since),
        "until": str(span.until),
        "is_complete": found.next_day is None,
        "next_day": found.next_day and str(found.next_day),
    }
