"""`tieout trace`: the whole story of an id, in a terminal or as a file for an auditor."""

import argparse
import dataclasses
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tieout.cli.commands import COMMANDS
from tieout.cli.console import DONE, NOT_READY, Progress, add_command, paint, printable, say
from tieout.cli.installation import Installation
from tieout.cli.trace_page import page
from tieout.cli.trace_story import at_text, breach_line, notes, now, place_of, summary, told
from tieout.domain.errors import ConfigurationFault
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.trail import Entry, text_of
from tieout.services.evidence_pack import pack
from tieout.services.operate import CannotBeDone
from tieout.services.trace import Moment, Story, What, trace
from tieout.services.trace_keys import Sources
from tieout.services.trail_ports import ReceivedEvent

_MORE = """examples:
  tieout trace in_123 --stack tieout-prod              a Stripe object: in_, ch_, pi_, re_, inpay_,
                                                       cn_, dp_, po_, tu_, txn_, cus_, a day
  tieout trace NWT-0007 --stack tieout-prod            the number of a document in Intacct
  tieout trace 4711 --stack tieout-prod                a record number (RECORDNO) in Intacct
  tieout trace evt_123 --stack tieout-prod             an event; so with a queue message, a control
                                                       id, a posting's key, an entry like main/4711
  tieout trace in_123 --pack in_123.zip --stack tieout-prod
                                                       the same for an auditor, with the evidence

Prints when each event came that led to something, when Stripe was read, what was then written
down, sent and answered, and what is booked now, with what belongs to it. An event that came when
all was booked changed nothing, and only its own id leads to the story. Each entry of the audit
trail is checked as it is read; whether anything is missing elsewhere, only `tieout verify` can
tell. Of an id that several things share (Intacct counts the records of each type by themselves)
each has a story of its own. Nothing is asked of Intacct, and of Stripe only what it says of a txn_
that no key names.

The pack is a zip that explains itself and is checked with sha256sum alone. It holds what was said
to Intacct and answered, so it may name customers. The bodies of events and what was said of the
customers themselves, with addresses and e-mail addresses in them, are left out unless
--with-personal-data is given. No file is overwritten, and only you may read it.
exit codes: 0 found, 1 found, and something is not as it was written, 2 the id leads nowhere."""
_UTC = ZoneInfo("UTC")
_PRIVATE = 0o600


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the command."""
    command = add_command(commands, "trace", _trace, COMMANDS["trace"].summary, _MORE)
    command.add_argument("id", metavar="ID", help="any id at hand")
    command.add_argument("--pack", type=Path, metavar="FILE", help="write an evidence file (zip)")
    command.add_argument(
        "--with-personal-data",
        action="store_true",
        help="with --pack: the bodies of events and the requests of customers, too",
    )
    command.add_argument("--stack", required=True, metavar="NAME", help="the installation")


def _trace(options: argparse.Namespace) -> int:
    if options.with_personal_data and not options.pack:
        raise CannotBeDone("--with-personal-data is for --pack: name the file that it goes into")
    if options.pack and options.pack.exists():
        raise CannotBeDone(_exists(options.pack))
    at = Installation(options.stack)
    policy = _policy(at)
    zone = policy.zone if policy else _UTC
    sources = Sources(at.trail, at.postings, at.inbox, lambda: at.stripe, policy)
    progress = Progress()
    stories = trace(sources, options.id, progress.tell)
    progress.done()
    written = {}
    if options.pack:
        content, stories = pack(
            at.trail,
            stories,
            lambda judged, files: page(judged, zone, at.stack.name, files),
            with_personal_data=options.with_personal_data,
        )
        _keep(options.pack, content)
        written = {"pack": str(options.pack), "sha256": sha256(content).hexdigest()}
    is_as_written = not any(each.breaches for each in stories)
    if options.json:
        listed = [_facts(each, zone) for each in stories]
        say({"is_as_written": is_as_written, "stories": listed, **written})
    else:
        for number, each in enumerate(stories, 1):
            say("\n".join(lines(each, zone, (number, len(stories)))))
        say(f"all of the chain is checked by: tieout verify --stack {options.stack}")
        for name, text in written.items():
            say(f"{name}: {text}")
    return DONE if is_as_written else NOT_READY


def _keep(file: Path, content: bytes) -> None:
    """Write a new file that nobody else may read."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    except FileExistsError as error:
        raise CannotBeDone(_exists(file)) from error
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


def _exists(file: Path) -> str:
    return f"{file} exists already: name another file, or remove it first"


def _policy(at: Installation) -> Policy | None:
    """Return the policy in force; None if there is none that can be read."""
    try:
        return at.policies.current()
    except ConfigurationFault as fault:
        if fault.reason not in {Reason.POLICY_MISSING, Reason.POLICY_INVALID}:
            raise
        return None


# --- In a terminal -----------------------------------------------------------------------------


def lines(story: Story, zone: ZoneInfo, number: tuple[int, int] = (1, 1)) -> Iterator[str]:
    """Yield a story as people read it.

    Args:
        story: of an id.
        zone: in which times are told.
        number: which of how many stories of this id it is.
    """
    which, of = number
    shared = f" ({which} of {of}: {of} things share it)" if of > 1 else ""
    yield paint(f"{printable(story.asked)} leads to{shared}", "bold")
    yield from _columns([*summary(story)])
    yield from (paint(f"  {each}", "bold") for each in notes(story))
    yield ""
    yield paint(f"what happened (times of {zone.key}, with their distance from UTC)", "bold")
    for each in told(story, zone):
        yield f"{each.at}  {each.place:12}  {each.headline}"
        yield from (paint(f"    NOT AS IT WAS WRITTEN: {text}", "red") for text in each.wrong)
        for name, text in each.facts:
            first, *more = text.splitlines() or [""]
            yield f"    {name:11}  {first}"
            yield from (f"    {'':11}  {line}" for line in more)
    yield ""
    yield paint("what is booked now", "bold")
    yield from now(story, zone)
    yield ""
    yield paint(printable(story.verdict), _colour(story))
    yield from (paint(f"  {breach_line(each)}", "red") for each in story.breaches)


def _colour(story: Story) -> str | None:
    if story.breaches:
        return "red"
    return "green" if story.is_proved else None


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


# --- For a program -----------------------------------------------------------------------------


def _facts(story: Story, zone: ZoneInfo) -> Mapping[str, object]:
    return {
        "asked": story.asked,
        "leads_to": [{"key": key, "as": sorted(story.roles.get(key, ()))} for key in story.keys],
        "notes": [*notes(story)],
        "time_zone": zone.key,
        "timeline": [_moment_facts(each, story, zone) for each in story.timeline()],
        "postings": [
            {**dataclasses.asdict(each), "subject": str(each.subject)}
            for each in story.postings.values()
        ],
        "breaches": [dataclasses.asdict(each) for each in story.breaches],
    }


def _moment_facts(moment: Moment, story: Story, zone: ZoneInfo) -> Mapping[str, object]:
    facts: dict[str, object] = {
        "at": at_text(moment.at_unix, zone),
        "at_unix": moment.at_unix,
        "what": moment.what.name.lower(),
    }
    if moment.event is not None:
        facts |= _event_facts(moment.event)
    if moment.entry is not None and moment.what is What.READ:
        facts |= {
            "subject": moment.entry.posting.get("subject"),
            "snapshot_digest": moment.entry.snapshot_digest,
        }
    elif moment.entry is not None:
        facts |= _entry_facts(moment.entry, story)
    return facts


def _event_facts(event: ReceivedEvent) -> Mapping[str, object]:
    hint = event.event.hint
    return {
        **dataclasses.asdict(hint),
        "subject": str(hint.subject),
        "source": event.event.source,
        "sha256": event.raw_sha256,
        "size_bytes": event.raw_size_bytes,
        "is_kept": event.event.raw is not None,
    }


def _entry_facts(entry: Entry, story: Story) -> Mapping[str, object]:
    evidence = story.evidence.get((entry.account, entry.seq))
    return {
        **json.loads(text_of(entry)),
        "place": place_of(entry),
        "hash": entry.hash,
        "is_as_written": not story.breaches_at(entry),
        "evidence": evidence
        and {"content": dict(evidence.content), "erased_by": evidence.erased_by},
    }
