"""`tieout plan`: what would be posted, before it is."""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from tieout.cli.console import DONE, Progress, add_command, say
from tieout.cli.installation import Installation
from tieout.cli.keys import subject_of
from tieout.cli.places import signature
from tieout.cli.policy_files import policy_of
from tieout.cli.render import preview_facts, preview_lines
from tieout.cli.totals import totals_facts, totals_text
from tieout.domain.dates import accounting_date, day_bounds
from tieout.domain.policy import Policy
from tieout.services.operate import CannotBeDone
from tieout.services.plan_files import Header, PlanWriter
from tieout.services.preview import Pinned, Preview, Previewer
from tieout.services.totals import Totals
from tieout.services.walk import days, subjects_of_day

_MORE = """examples:
  tieout plan in_123 re_456 --stack tieout-prod        these Stripe objects, line by line
  tieout plan 2026-11-20 --stack tieout-prod           what Stripe kept on that day
  tieout plan in_123 --policy draft.yaml --stack tieout-prod
                                                       as if that policy were in force
  tieout plan --since 2026-01-01 --stack tieout-prod   a range: totals, documents and their cost
  tieout plan --since 2026-10-01 --until 2026-10-31 --out october.plan --stack tieout-prod
                                                       the same, to be approved: `tieout apply`

Nothing is written, neither to Intacct nor to a table. Stripe is read with the key of the stack.
A payment intent (pi_) stands for its charge. What Stripe does not have is an error: exit code 2.
A range has what was created in Stripe on its days, in the company's time zone, as it is now."""


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the command."""
    plan = add_command(commands, "plan", _plan, "print what would be posted", _MORE)
    plan.add_argument(
        "names",
        nargs="*",
        metavar="ID",
        help="in_, ch_, pi_, re_, cn_, dp_, po_, tu_, cus_ or a day",
    )
    plan.add_argument("--since", type=a_day, metavar="DAY", help="first day of a range")
    plan.add_argument("--until", type=a_day, metavar="DAY", help="its last day; today if not given")
    plan.add_argument("--out", type=Path, metavar="FILE", help="write the range down, to apply it")
    plan.add_argument(
        "--policy", type=Path, metavar="FILE", help="this one instead of that in force"
    )
    plan.add_argument("--stack", required=True, metavar="NAME", help="the installation to ask")


def a_day(argument: str) -> date:
    """Return a day given as `2026-11-20`.

    Raises:
        ArgumentTypeError: it is none.
    """
    try:
        return date.fromisoformat(argument)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a day like 2026-11-20, not {argument!r}"
        ) from None


def _plan(options: argparse.Namespace) -> int:
    if bool(options.names) is bool(options.since):
        raise CannotBeDone("name what to plan (in_123, 2026-11-20), or a range with --since DAY")
    if options.names and (options.until or options.out):
        raise CannotBeDone("--until and --out are for a range: give --since DAY")
    at = Installation(options.stack)
    subjects = [subject_of(each, at) for each in options.names]
    policy = policy_of(options.policy) if options.policy else at.policies.current()
    previewer = Previewer(at.stripe, at.postings, Pinned(policy, at.policies), at.clock)
    if subjects:
        _tell(previewer.preview(subjects), as_json=options.json)
        return DONE
    return _range(options, at, previewer, policy)


def _tell(previews: Iterable[Preview], *, as_json: bool) -> None:
    """Print them.

    Raises:
        CannotBeDone: of some nothing is known; all others are printed.
    """
    shown, errors = [], []
    for each in previews:
        if each.nothing_known:
            errors.append(f"{each.subject} cannot be planned: {each.nothing_known}")
        else:
            shown.append(each)
    if as_json and shown:
        say([preview_facts(each) for each in shown])
    elif shown:
        say("\n\n".join("\n".join(preview_lines(each)) for each in shown) + "\n")
    if errors:
        raise CannotBeDone("\n".join(errors))


def _range(
    options: argparse.Namespace, at: Installation, previewer: Previewer, policy: Policy
) -> int:
    since: date = options.since
    until: date = options.until or accounting_date(at.clock.now_unix(), policy.zone)
    if until < since:
        raise CannotBeDone(f"--until {until} lies before --since {since}")
    totals, progress = Totals(day_bounds(since, policy.zone)[0]), Progress()
    days_of_range = list(days(since, until))
    with _writer(options, at, policy, since, until) as writer:
        for number, day in enumerate(days_of_range):
            subjects = subjects_of_day(at.stripe, day, policy.zone, at.clock.now_unix())
            for preview in previewer.preview(subjects):
                totals.add(preview)
                if writer is not None:
                    writer.add(preview)
                progress.tell(
                    f"{day}  {number * 100 // len(days_of_range)}%  "
                    f"{totals.subjects:,} objects, {totals.transactions:,} documents to post"
                )
        progress.done()
        if writer is not None:
            writer.seal(totals.transactions)
    facts: Mapping[str, object] = {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "policy_version": policy.version,
        **totals_facts(totals),
        "plan_file": options.out and str(options.out),
    }
    say(facts if options.json else "\n".join(_range_lines(options, since, until, totals)))
    return DONE


def _range_lines(
    options: argparse.Namespace, since: date, until: date, totals: Totals
) -> Sequence[str]:
    lines = [f"{since} to {until}", *totals_text(totals)]
    if options.out and totals.transactions:
        lines += ["", f"Approve it with: tieout apply {options.out} --stack {options.stack}"]
    elif options.out:
        lines += ["", "nothing to post, so there is nothing to approve"]
    return lines


@contextmanager
def _writer(
    options: argparse.Namespace, at: Installation, policy: Policy, since: date, until: date
) -> Iterator[PlanWriter | None]:
    """Yield what writes the plan down, if that was asked for."""
    if options.out is None:
        yield None
        return
    who = signature()
    header = Header(
        stack=at.stack.name,
        policy_version=policy.version,
        created_by=who.who,
        created_at_unix=who.now_unix,
        since=since.isoformat(),
        until=until.isoformat(),
    )
    with options.out.open("w", encoding="utf-8") as stream:
        yield PlanWriter(stream, header)
