"""`tieout replay`: everything of a range planned again, and compared with what is posted."""

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import product
from typing import Any

from tieout.cli.commands import COMMANDS
from tieout.cli.console import (
    DONE,
    NOT_READY,
    Progress,
    add_command,
    debit_and_credit,
    money,
    paint,
    say,
    wrapped,
)
from tieout.cli.installation import Installation
from tieout.cli.ranges import add_range, checked_range
from tieout.cli.render import title, title_of
from tieout.cli.stripe_accounts import accounts_of, add_account, named_account
from tieout.domain.dates import accounting_date
from tieout.domain.documents import digest
from tieout.planning.corrections import Correction
from tieout.services.preview import Pinned
from tieout.services.replay import Outcome, Replay, Replayed, Tally
from tieout.services.walk import days, subjects_of_day

_MORE = """examples:
  tieout replay --from 2026-10-01 --to 2026-10-31 --stack tieout-prod      a month, to close it
  tieout replay --from 2026-01-01 --json --stack tieout-prod               the year so far

Reads again what Stripe created on these days, what its charges paid and what moved the balance, and
whatever else is posted with a date in them; plans all of it as Stripe is now, each document under
the policy that it was booked under; and says how many are posted with the same digest. What is not
is listed: what differs or is called for no more, with the smallest entry that makes the books
right, what is new, and what a person accepted. What moved nothing on an object from before the
range, a void for example, is only found if it was posted: then begin earlier.
It posts nothing and writes nothing, ever: enter a correction in Intacct yourself, then `tieout
retry KEY` and `tieout close KEY`. It reads every object from Stripe and every posting, so a month
may take hours.
With --json each line is one JSON object: what is listed, one each, then the totals.
exit codes: 0 all agree, what a person accepted included, 1 something does not."""

_WHY_SMALLEST = (
    "Each correction moves every account that differs once, by what it lacks: with a line less one "
    "of them would stay wrong. What is in the wrong month lacks something in both."
)
_MEANING = {
    Outcome.SAME: "posted with the same digest",
    Outcome.KEPT: "customers as the company keeps them, or amended with their next change",
    Outcome.ACCEPTED: "as a person accepted or solved it",
    Outcome.DIFFERS: "posted otherwise than Stripe calls for, or corrected and no longer right",
    Outcome.REWORDED: "the same amounts on the same accounts and day, but not the same digest",
    Outcome.WITHDRAWN: "posted, and nothing calls for it any more",
    Outcome.NEW: "called for and not posted",
    Outcome.PARKED: "called for and parked, or posted and not to be planned now",
    Outcome.UNDER_WAY: "under way, in doubt, or changed meanwhile: replay again",
    Outcome.UNREAD: "not compared, since it cannot be read",
    Outcome.NOT_BOOKED: "recognised, and no document",
}
_COLOURS = {Outcome.NEW: "green", Outcome.ACCEPTED: None, Outcome.UNDER_WAY: "yellow"}
_PLACE_WIDTH, _AMOUNT_WIDTH = 40, 18


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the command."""
    replay = add_command(commands, "replay", _replay, COMMANDS["replay"].summary, _MORE)
    add_range(replay, "the first day", "the last; today if not given", required=True)
    add_account(replay)
    replay.add_argument("--stack", required=True, metavar="NAME", help="the installation")


def _replay(options: argparse.Namespace) -> int:
    at = Installation(options.stack)
    policy = at.of_now(at.policies.current())
    today = accounting_date(at.clock.now_unix(), policy.zone)
    since, until = checked_range(options.since, options.until or today)
    accounts = accounts_of(options.account, policy)
    replay = Replay(at.stripe, at.postings, Pinned(policy, at.policies), at.clock)
    progress, has_corrections = Progress(), False

    def listed() -> Iterator[Replayed]:
        for account, day in product(accounts, days(since, until)):
            now_unix = at.clock.now_unix()
            subjects = subjects_of_day(at.stripe, day, policy.zone, now_unix, account)
            yield from replay.replay(_told(subjects, f"{named_account(account)}  {day}"))
        yield from replay.left_over(str(since), str(until), accounts)

    def _told(subjects: Iterator[Any], where: str) -> Iterator[Any]:
        for each in subjects:
            progress.tell(f"{where}  {replay.tally.subjects:,} objects")
            yield each

    for each in listed():
        progress.done()
        has_corrections |= bool(each.corrections)
        say(json.dumps(_facts(each)) if options.json else "\n".join(_lines(each)))
    progress.done()
    if options.json:
        say(json.dumps(_totals_facts(replay.tally, since, until, accounts)))
    else:
        said = [wrapped(_WHY_SMALLEST).strip()] if has_corrections else []
        say("\n".join([*said, *_totals(replay.tally, since, until)]))
    return DONE if replay.tally.agrees else NOT_READY


# --- As people read it ----------------------------------------------------------------------------


def _lines(replayed: Replayed) -> Iterator[str]:
    label = replayed.outcome.replace("_", " ").upper()
    colour = _COLOURS.get(replayed.outcome, "red")
    yield f"{paint(f'{label:10}', colour)} {_title(replayed)}"
    posting = replayed.posting
    if posting is not None and posting.record_no is not None:
        day = f", posted {posting.posting_date}" if posting.posting_date else ""
        yield f"  Intacct record {posting.record_no}{day}; policy {posting.policy_version}"
    if replayed.text:
        yield wrapped(replayed.text)
    for each in replayed.corrections:
        yield from _correction_lines(each)


def _title(replayed: Replayed) -> str:
    document, posting, account = replayed.document, replayed.posting, replayed.subject.account
    named = f"[{replayed.key}]" if account is None else f"[{replayed.key}]  {account}"
    if document is not None:
        return f"{title_of(document)}   {named}"
    if posting is not None and posting.document_type:
        return f"{title(posting.document_type, posting.number)}   {named}"
    return named


def _correction_lines(correction: Correction) -> Iterator[str]:
    entered = "" if correction.entity is None else f" in entity {correction.entity}"
    about = f" on {correction.receivable}" if correction.receivable else ""
    amount = money(correction.amount_minor, correction.currency)
    yield f"  correction: {correction.kind} of {amount}{about}, dated {correction.day}{entered}"
    columns = f"{'debit':>{_AMOUNT_WIDTH}} {'credit':>{_AMOUNT_WIDTH}}"
    yield paint(f"    {'account':{_PLACE_WIDTH}} {columns}", "dim")
    for place, amount_minor in correction.lines.items():
        debit, credit = debit_and_credit(amount_minor, correction.currency)
        columns = f"{debit:>{_AMOUNT_WIDTH}} {credit:>{_AMOUNT_WIDTH}}"
        yield f"    {place:{_PLACE_WIDTH}} {columns}".rstrip()


def _totals(tally: Tally, since: date, until: date) -> Iterator[str]:
    same, new = tally.documents[Outcome.SAME], tally.documents[Outcome.NEW]
    yield f"{since} to {until}: {tally.subjects:,} Stripe objects and days planned again"
    yield (
        f"{tally.documents.total():,} documents, {same:,} posted with the same digest, {new:,} new"
    )
    for outcome in Outcome:
        count = tally.documents[outcome]
        if count and outcome not in {Outcome.SAME, Outcome.NEW}:
            yield f"  {count:>8,}  {_MEANING[outcome]}"
    if tally.findings:
        yield "no documents"
    for (outcome, reason), count in sorted(tally.findings.items()):
        yield f"  {count:>8,}  {reason} ({_MEANING[outcome]})"
    if tally.agrees:
        yield paint("all agree", "green")
    else:
        yield paint("NOT all agree", "red")


# --- As programs read it --------------------------------------------------------------------------


def _facts(replayed: Replayed) -> dict[str, object]:
    document, posting = replayed.document, replayed.posting
    return {
        "stripe_account": named_account(replayed.subject.account),
        "key": replayed.key,
        "subject": str(replayed.subject),
        "outcome": replayed.outcome,
        "text": replayed.text,
        "planned_digest": document and digest(document),
        "posted": posting
        and {
            "state": posting.state,
            "digest": posting.digest,
            "record_no": posting.record_no,
            "posting_date": posting.posting_date,
            "policy_version": posting.policy_version,
        },
        "corrections": [
            {
                "kind": each.kind.name.lower(),
                "day": each.day,
                "entity": each.entity,
                "currency": each.currency,
                "amount_minor": each.amount_minor,
                "receivable": each.receivable,
                "lines": [
                    {"place": place, "amount_minor": amount_minor}
                    for place, amount_minor in each.lines.items()
                ],
            }
            for each in replayed.corrections
        ],
    }


def _totals_facts(
    tally: Tally, since: date, until: date, accounts: Sequence[str | None]
) -> dict[str, object]:
    return {
        "stripe_accounts": [named_account(each) for each in accounts],
        "since": str(since),
        "until": str(until),
        "agrees": tally.agrees,
        "subjects": tally.subjects,
        "documents": tally.documents.total(),
        "by_outcome": {each: tally.documents[each] for each in Outcome},
        "no_documents": [
            {"outcome": outcome, "reason": reason, "count": count}
            for (outcome, reason), count in sorted(tally.findings.items())
        ],
    }
