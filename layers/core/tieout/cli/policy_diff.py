"""`tieout policy diff`: what another policy would have booked otherwise."""

import argparse
import json
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from tieout.cli.commands import COMMANDS
from tieout.cli.console import DONE, Progress, add_command, money, say
from tieout.cli.installation import Installation
from tieout.cli.policy_files import policy_of
from tieout.cli.ranges import add_range, checked_range
from tieout.cli.stripe_accounts import accounts_of, add_account, named_account
from tieout.domain.dates import accounting_date
from tieout.domain.money import decimal_from_minor
from tieout.domain.plans import Finding
from tieout.domain.policy import Policy
from tieout.planning.differences import Change, Planned
from tieout.services.operate import CannotBeDone
from tieout.services.policy_diff import Moved, PolicyDiff
from tieout.services.walk import days, subjects_of_day

_PUBLISHED = "p:"
_MORE = """examples:
  tieout policy diff 1a2b3c4d5e6f draft.yaml --since 2026-07-01 --stack tieout-prod
  tieout policy diff old.yaml new.yaml --since 2026-07-01 --until 2026-07-31 --stack tieout-prod

OLD and NEW are files, or versions that were published (`tieout policy versions`); where a file has
the name of a version, `p:1a2b3c4d5e6f` means the version. What was created in Stripe since then is
read again and planned under both, as if each had always been in force; nothing is written.
What is posted stays as it was posted, whatever this shows.
Every Stripe account that one of the two names is compared.
With --json each line is one JSON object: a change each, the totals last."""


def register(actions: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the command to those of `tieout policy`."""
    diff = add_command(actions, "diff", _diff, COMMANDS["policy diff"].summary, _MORE)
    diff.add_argument("old", metavar="OLD", help="a policy file, or a version that was published")
    diff.add_argument("new", metavar="NEW", help="the same")
    add_range(diff, "first day", "last day; today if not given", required=True)
    add_account(diff)
    diff.add_argument("--stack", required=True, metavar="NAME", help="whose Stripe to read")


def _diff(options: argparse.Namespace) -> int:
    at = Installation(options.stack)
    old, new = _policy(options.old, at), _policy(options.new, at)
    today = accounting_date(at.clock.now_unix(), new.zone)
    since, until = checked_range(options.since, options.until or today)
    accounts = accounts_of(options.account, old, new)
    diff, progress = PolicyDiff(at.stripe, at.policies, old, new, at.clock), Progress()
    for account, day in product(accounts, days(since, until)):
        now_unix = at.clock.now_unix()
        subjects = subjects_of_day(at.stripe, day, new.zone, now_unix, account)
        for change in diff.changes(subjects):
            progress.done()
            if options.json:
                say(json.dumps(_change_facts(change, account)))
            else:
                _tell(change, accounts, account)
        progress.tell(
            f"{named_account(account)}  {day}  {diff.moved.subjects:,} objects, "
            f"{diff.moved.documents:,} changes"
        )
    progress.done()
    if options.json:
        named = [named_account(each) for each in accounts]
        versions = {"old": old.version, "new": new.version, "stripe_accounts": named}
        say(json.dumps({**versions, **_facts(diff.moved)}))
    else:
        say("\n".join(_totals(diff.moved)))
    return DONE


def _policy(named: str, at: Installation) -> Policy:
    version = named.removeprefix(_PUBLISHED)
    if version == named and Path(named).exists():
        return policy_of(Path(named))
    policy = at.policies.of(version)
    if policy is None:
        raise CannotBeDone(
            f"{named!r} is no file here, nor a version that was published and can still be read: "
            "`tieout policy versions` lists them"
        )
    return policy


def _tell(change: Change, accounts: Sequence[str | None], account: str | None) -> None:
    of_account = f"{named_account(account)}  " if len(accounts) > 1 else ""
    say(f"{of_account}{change.key}  {_named(change.before)} -> {_named(change.after)}")
    for each in change.moves:
        currency = each.place.currency
        before, after = money(each.before_minor, currency), money(each.after_minor, currency)
        say(f"  {each.place.month}  {each.place.account:40}  {before:>18} -> {after:>18}")
    if change.fields:
        say(f"  also: {', '.join(change.fields)}")


def _named(planned: Planned) -> str:
    if planned is None:
        return "nothing"
    if isinstance(planned, Finding):
        return f"{planned.disposition} ({planned.reason})"
    return type(planned).__name__


def _change_facts(change: Change, account: str | None) -> dict[str, object]:
    return {
        "stripe_account": named_account(account),
        "key": change.key,
        "before": _named(change.before),
        "after": _named(change.after),
        "fields": list(change.fields),
        "moves": [
            {
                "month": each.place.month,
                "account": each.place.account,
                "currency": each.place.currency,
                "before_minor": each.before_minor,
                "after_minor": each.after_minor,
            }
            for each in change.moves
        ],
    }


def _facts(moved: Moved) -> dict[str, object]:
    return {
        "subjects": moved.subjects,
        "changes": moved.documents,
        "unread": moved.unread,
        "money": [
            {"month": month, "currency": currency, "amount_minor": amount_minor}
            for (month, currency), amount_minor in sorted(moved.money.items())
        ],
        "places": [
            {
                "month": place.month,
                "account": place.account,
                "currency": place.currency,
                "amount_minor": amount_minor,
            }
            for place, amount_minor in sorted(moved.places.items())
            if amount_minor
        ],
    }


def _totals(moved: Moved) -> Iterator[str]:
    yield f"{moved.subjects:,} Stripe objects, {moved.documents:,} changes"
    for each in moved.unread:
        yield f"  not read: {each}"
    if any(moved.places.values()):
        yield "what accounts would get more (-: less); debits positive"
    for place, amount_minor in sorted(moved.places.items()):
        if amount_minor:
            amount = f"{decimal_from_minor(amount_minor, place.currency):+,f}"
            yield f"  {place.month}  {place.account:40}  {amount:>18} {place.currency.upper()}"
    for (month, currency), amount_minor in sorted(moved.money.items()):
        yield f"{month}: {money(amount_minor, currency)} would move"
