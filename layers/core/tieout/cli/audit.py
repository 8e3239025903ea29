"""`tieout verify | erase`: the audit trail, checked; and what must be forgotten, forgotten."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tieout.cli.console import DONE, NOT_READY, Progress, add_command, moment, paint, say
from tieout.cli.installation import Installation
from tieout.cli.places import signature
from tieout.cli.ranges import a_day
from tieout.domain.trail import Anchor
from tieout.domain.trail_check import Breach
from tieout.services.erase import Eraser
from tieout.services.operate import CannotBeDone
from tieout.services.verify import Checked, Verifier

_VERIFY = """examples:
  tieout verify --stack tieout-prod
  tieout verify --from 2026-11-01 --stack tieout-prod       from that day's beginning on
  tieout verify --anchors anchors.log --stack tieout-prod   also against the anchors in the log

Reads every entry of the audit trail and every posting: each entry must fit the one before it, the
daily anchors and the end of its chain; each posting must be what its last entry says; evidence must
be as it was, or an entry must tell of its erasure.
Who may write to the table may also have made a whole chain anew, its anchors included. The log has
the anchors, too; --anchors compares with a file of its lines, fetched by
  aws logs filter-log-events --log-group-name /tieout/NAME/poller \\
    --filter-pattern '"audit trail anchored"' --query 'events[].message' --output text > anchors.log
exit codes: 0 all is as it was written, 1 something is not."""
_ERASE = """example:
  tieout erase cus_123 --stack tieout-prod

For a customer that has the right to be forgotten. Takes out of Tieout's tables: the bodies of the
events that Stripe delivered, what was said to Intacct and answered, and the texts on the customer's
postings, where tie-outs quote them, too. Ids, amounts and accounts stay, since the books rest on
them, and an entry of the audit trail says who erased what. Stripe and Intacct are asked nothing:
erase there, too, and first, or what Stripe still has is read again. It cannot be undone: it says
how much it found and asks; without a terminal, or with --json, only --yes does it.
exit codes: 0 done, 1 not confirmed, 2 nothing is known of the customer."""


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the commands."""
    verify = add_command(commands, "verify", _verify, "check the audit trail", _VERIFY)
    verify.add_argument(
        "--from", "--since", dest="since", type=a_day, metavar="DAY", help="the first day to check"
    )
    verify.add_argument("--anchors", type=Path, metavar="FILE", help="lines of the poller's log")
    erase = add_command(commands, "erase", _erase, "forget a Stripe customer", _ERASE)
    erase.add_argument("customer", metavar="CUSTOMER", help="Stripe's id: cus_...")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    for each in (verify, erase):
        each.add_argument("--stack", required=True, metavar="NAME", help="the installation")


def _verify(options: argparse.Namespace) -> int:
    logged = [] if options.anchors is None else list(_anchors(options.anchors))
    at, progress = Installation(options.stack), Progress()
    verifier = Verifier(at.trail, at.postings, progress.tell, logged)
    first_day = "" if options.since is None else options.since.isoformat()
    listed: list[Breach] = []
    for breach in verifier.verify(first_day):
        progress.done()
        listed.append(breach)
        if not options.json:
            say(paint(_breach_text(breach), "red"))
    progress.done()
    checked = list(verifier.checked.values())
    say(
        _facts(checked, listed) if options.json else "\n".join(_lines(checked, len(listed), logged))
    )
    return NOT_READY if listed else DONE


def _anchors(path: Path) -> Iterator[Anchor]:
    """Yield the anchors in lines of the poller's log; lines that say something else are let be."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CannotBeDone(f"{path} cannot be read: {error}") from error
    found = False
    # As text, the AWS CLI puts tabs between what it lists.
    for line in text.replace("\t", "\n").splitlines():
        try:
            anchor = Anchor(**json.loads(line)["anchor"])
        except (ValueError, KeyError, TypeError):
            continue
        if isinstance(anchor.seq, int):
            found = True
            yield anchor
    if not found:
        raise CannotBeDone(f"{path} has no anchor: give it lines of the poller's log")


def _breach_text(breach: Breach) -> str:
    place = f"entry {breach.seq}" if breach.seq else "no entry"
    return (
        f"BREACH  {breach.tampering}  {breach.account} {place}  {breach.key}\n  {breach.text}"
    ).rstrip()


def _lines(checked: Sequence[Checked], breaches: int, logged: Sequence[Anchor]) -> Iterator[str]:
    if not checked:
        yield "there is no audit trail yet: nothing was written"
        return
    for each in checked:
        since = "" if each.began_at_unix is None else f", began at {moment(each.began_at_unix)}"
        yield f"{each.account}: {_counted(each.entries, 'entry', 'entries')}{since}"
        if each.begins:
            yield f"  entries 1 to {each.begins:,} not looked at: an anchor stands for them"
        yield f"  {_counted(each.anchors, 'anchor')}, {_counted(each.postings, 'posting')}"
        if each.anchored_through:
            yield f"  anchored through {each.anchored_through}"
        if logged and each.logged_through < each.anchored_through:
            through = (
                f"ends with {each.logged_through}" if each.logged_through else "has none of it"
            )
            yield paint(f"  the log given {through}: later anchors may be anybody's", "yellow")
        if each.older:
            yield f"  {each.older:,} of them were last written before the trail began"
        if each.erased:
            entries = _counted(each.erased, "entry", "entries")
            yield f"  evidence of {entries} was erased on request"
    if breaches:
        count = _counted(breaches, "breach", "breaches")
        yield paint(f"NOT as it was written: {count}", "red")
    else:
        yield paint("all is as it was written", "green")


def _counted(number: int, one: str, more: str = "") -> str:
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"


def _facts(checked: Sequence[Checked], breaches: Sequence[Breach]) -> dict[str, object]:
    chains = []
    for each in checked:
        facts = dataclasses.asdict(each)
        facts["head"] = {"seq": each.head.seq, "hash": each.head.hash}
        chains.append(facts)
    return {
        "is_as_written": not breaches,
        "chains": chains,
        "breaches": [dataclasses.asdict(each) for each in breaches],
    }


def _erase(options: argparse.Namespace) -> int:
    customer = options.customer
    if not customer.startswith("cus_"):
        raise CannotBeDone(f"{customer!r} is no Stripe customer: give an id that begins with cus_")
    at = Installation(options.stack)
    eraser = Eraser(at.trail, at.trail, at.postings, at.inbox, at.tie_outs)
    found = eraser.find(customer)
    if not options.json:
        keys = _counted(len({each.key for each in found.entries}), "posting")
        entries = _counted(len(found.evidence), "entry", "entries")
        say(f"{customer}: {keys}, evidence beside {entries}")
    if not options.yes and not _confirmed(options):
        say({"erased": False} if options.json else "nothing is erased: --yes does it")
        return NOT_READY
    done = eraser.erase(customer, signature())
    if not (found.entries or done.texts or done.events):
        raise CannotBeDone(f"nothing is known of {customer}: is it mistyped (capitals count)?")
    if options.json:
        say({"erased": True, **dataclasses.asdict(done)})
        return DONE
    say(
        f"erased: evidence of {_counted(done.evidence, 'entry', 'entries')}, texts of "
        f"{_counted(done.texts, 'posting')} and in tie-outs of {_counted(done.tie_outs, 'day')}, "
        f"bodies of {_counted(done.events, 'event')}"
    )
    if done.evidence:
        say("the audit trail says so")
    return DONE


def _confirmed(options: argparse.Namespace) -> bool:
    if options.json or not sys.stdin.isatty():
        return False
    return input("It cannot be undone. Erase it? [y/N] ").strip().lower() in {"y", "yes"}
