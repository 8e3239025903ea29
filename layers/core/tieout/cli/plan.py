"""`tieout plan`: what would be posted, before it is."""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

from tieout.cli.commands import COMMANDS
from tieout.cli.console import DONE, Progress, add_command, say
from tieout.cli.installation import Installation
from tieout.cli.keys import subject_of
from tieout.cli.places import signature
from tieout.cli.policy_files import policy_of
from tieout.cli.ranges import add_range, checked_range
from tieout.cli.render import preview_facts, preview_lines
from tieout.cli.stripe_accounts import accounts_of, add_account, missing, named_account
from tieout.cli.totals import month_facts, month_text, totals_facts, totals_text
from tieout.domain.dates import accounting_date, day_bounds
from tieout.domain.plans import Finding
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject
from tieout.services.operate import CannotBeDone
from tieout.services.plan_files import Header, PlanWriter
from tieout.services.preview import NothingRecorded, Pinned, Preview, Previewer
from tieout.services.totals import Totals, together
from tieout.services.walk import days, subjects_of_day

_MORE = """examples:
  tieout plan in_123 re_456 --stack tieout-prod        these Stripe objects, line by line
  tieout plan 2026-11-20 --stack tieout-prod           what Stripe kept on that day
  tieout plan in_123 --policy draft.yaml --stack tieout-prod
                                                       as if that policy were in force, and what
                                                       it would choose for what is booked already
  tieout plan in_123 --out one.plan --stack tieout-prod
                                                       to be approved: `tieout apply one.plan`
  tieout plan --since 2026-01-01 --stack tieout-prod   a range: totals, documents and their cost
  tieout plan --since 2026-10-01 --until 2026-10-31 --out october.plan --stack tieout-prod
                                                       the same, to be approved: `tieout apply`

Nothing is written, neither to Intacct nor to a table. Stripe is read with the key of the stack.
A payment intent (pi_) stands for its charge. What Stripe does not have is an error: exit code 2.
A range has what was created in Stripe on its days, in the company's time zone, as it is now: in
every Stripe account that the policy names, each under what `stripe_accounts` says of it."""


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the command."""
    plan = add_command(commands, "plan", _plan, COMMANDS["plan"].summary, _MORE)
    plan.add_argument(
        "names",
        nargs="*",
        metavar="ID",
        help="in_, ch_, pi_, re_, cn_, dp_, po_, tu_, cus_ or a day",
    )
    add_range(plan, "first day of a range", "its last day; today if not given")
    plan.add_argument("--out", type=Path, metavar="FILE", help="write the plan down, to apply it")
    plan.add_argument(
        "--policy", type=Path, metavar="FILE", help="this one instead of that in force"
    )
    add_account(plan)
    plan.add_argument("--stack", required=True, metavar="NAME", help="the installation to ask")


def _plan(options: argparse.Namespace) -> int:
    if bool(options.names) is bool(options.since):
        raise CannotBeDone("name what to plan (in_123, 2026-11-20), or a range with --since DAY")
    if options.names and options.until:
        raise CannotBeDone("--until is for a range: give --since DAY")
    at = Installation(options.stack)
    policy = at.of_now(policy_of(options.policy) if options.policy else at.policies.current())
    accounts = accounts_of(options.account, policy)
    subjects = [subject_of(each, at, accounts[0]) for each in options.names]
    if subjects:
        return _single(options, at, policy, list(dict.fromkeys(subjects)))
    previewer = Previewer(at.stripe, at.postings, Pinned(policy, at.policies), at.clock)
    return _range(options, at, previewer, policy, accounts)


def _single(
    options: argparse.Namespace, at: Installation, policy: Policy, subjects: Sequence[Subject]
) -> int:
    pinned = Pinned(policy, at.policies)
    previews = list(Previewer(at.stripe, at.postings, pinned, at.clock).preview(subjects))
    kept = [each.subject for each in previews if options.policy and each.kept(policy.version)]
    anew = Previewer(at.stripe, NothingRecorded(), pinned, at.clock).preview(kept)
    _tell(previews, {each.subject: each for each in anew}, as_json=options.json)
    if options.out:
        with _writer(options, at, policy) as writer:
            for each in previews:
                writer.add(each)
            transactions = len({key for each in previews for key in each.to_send()})
            writer.seal(transactions)
        if not options.json:
            say(_approval(options, transactions))
    return DONE


def _tell(previews: Iterable[Preview], drafts: Mapping[Subject, Preview], *, as_json: bool) -> None:
    """Print them.

    Args:
        previews: what would be posted.
        drafts: by subject, what the policy asked about chooses for what is booked under another.
        as_json: for a program.

    Raises:
        CannotBeDone: of some nothing is known; all others are printed.
    """
    shown, errors = [], []
    for each in previews:
        if (unknown := each.nothing_known) is not None:
            errors.append(_not_planned(each.subject, unknown))
        else:
            shown.append(each)
    if as_json and shown:
        say([preview_facts(each, drafts.get(each.subject)) for each in shown])
    elif shown:
        blocks = ["\n".join(preview_lines(each, drafts.get(each.subject))) for each in shown]
        say("\n\n".join(blocks) + "\n")
    if errors:
        raise CannotBeDone("\n".join(errors))


def _not_planned(subject: Subject, why: Finding) -> str:
    if why.reason is Reason.OBJECT_MISSING_IN_STRIPE:
        return missing(subject.kind, subject.id, subject.account, why.text)
    return f"{subject} cannot be planned: {why.text}"


def _range(
    options: argparse.Namespace,
    at: Installation,
    previewer: Previewer,
    policy: Policy,
    accounts: Sequence[str | None],
) -> int:
    today = accounting_date(at.clock.now_unix(), policy.zone)
    since, until = checked_range(options.since, options.until or today)
    since_unix, progress = day_bounds(since, policy.zone)[0], Progress()
    by_account = {account: Totals(since_unix) for account in accounts}
    steps = list(product(accounts, days(since, until)))
    writing = _writer(options, at, policy, since, until) if options.out else nullcontext()
    with writing as writer:
        for number, (account, day) in enumerate(steps):
            totals, now_unix = by_account[account], at.clock.now_unix()
            subjects = subjects_of_day(at.stripe, day, policy.zone, now_unix, account)
            for preview in previewer.preview(subjects):
                totals.add(preview)
                if writer is not None:
                    writer.add(preview)
                progress.tell(
                    f"{named_account(account)}  {day}  {number * 100 // len(steps)}%  "
                    f"{totals.subjects:,} objects, {totals.transactions:,} documents to post"
                )
        progress.done()
        transactions = together(by_account.values()).transactions
        if writer is not None:
            writer.seal(transactions)
    facts: Mapping[str, object] = {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "policy_version": policy.version,
        **totals_facts(by_account),
        "transactions_of_month": month_facts(month := at.month(policy)),
        "plan_file": options.out and str(options.out),
    }
    lines = [f"{since} to {until}", *totals_text(by_account), *month_text(month, transactions)]
    lines += ["", _approval(options, transactions)] if options.out else []
    say(facts if options.json else "\n".join(lines))
    return DONE


def _approval(options: argparse.Namespace, transactions: int) -> str:
    if not transactions:
        return "nothing to post, so there is nothing to approve"
    return f"Approve it with: tieout apply {options.out} --stack {options.stack}"


@contextmanager
def _writer(
    options: argparse.Namespace,
    at: Installation,
    policy: Policy,
    since: date | None = None,
    until: date | None = None,
) -> Iterator[PlanWriter]:
    """Yield what writes the plan down, of a range or of single objects."""
    who = signature()
    header = Header(
        stack=at.stack.name,
        policy_version=policy.version,
        created_by=who.who,
        created_at_unix=who.now_unix,
        since=since.isoformat() if since else "",
        until=until.isoformat() if until else "",
        budget_reached=policy.budget_reached,
    )
    with options.out.open("w", encoding="utf-8") as stream:
        yield PlanWriter(stream, header)
