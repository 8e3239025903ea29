"""How a story is told: the same in a terminal and on the page that an auditor is given. Pure."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tieout.cli.console import amount_of, money, printable
from tieout.cli.show import posting_lines
from tieout.domain.effects import read
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.trail import Action, Entry, Evidence, Plain
from tieout.domain.trail_check import Breach
from tieout.services.trace import Moment, Story, What
from tieout.services.trace_keys import Role
from tieout.services.trail_ports import ReceivedEvent

# What an entry says of its posting, in these words and this order.
_OF_POSTING = (
    ("reason", "reason"),
    ("number", "document"),
    ("posting_date", "dated"),
    ("record_no", "RECORDNO"),
    ("control_id", "control id"),
    ("attempts", "attempts"),
    ("policy_version", "policy"),
    ("trigger", "asked by"),
    ("message_id", "message"),
    ("chosen_by", "lines"),
)
# A difference that nobody has accepted.
_OPEN = frozenset({Reason.DRIFT, Reason.CUSTOMER_RENUMBERED})
# What goes away again, and should be seen to.
_PASSING = frozenset({"not sent", "differs"})
_MOMENT_LENGTH = len("2026-11-20 09:15:07")


@dataclass(frozen=True, slots=True)
class Told:
    """A moment in words.

    Attributes:
        at: when, in the company's time zone, with its distance from UTC.
        place: where it is written: the place in the chain, or what kind of thing it is.
        facts: name and text of each; of an entry those that the one before did not say.
        wrong: what is not as it was written.
        entry: the one that was written, if that is what happened.
    """

    at: str
    place: str
    headline: str
    facts: Sequence[tuple[str, str]]
    wrong: Sequence[str] = ()
    entry: Entry | None = None


def at_text(at_unix: int, zone: ZoneInfo) -> str:
    """Return a moment as `2026-11-20 09:15:07 +01:00`; nobody can take it for another one."""
    text = datetime.fromtimestamp(at_unix, zone).isoformat(" ", "seconds")
    return f"{text[:_MOMENT_LENGTH]} {text[_MOMENT_LENGTH:]}"


def told(story: Story, zone: ZoneInfo) -> Iterator[Told]:
    """Yield a story's moments in words."""
    before: dict[str, Mapping[str, str]] = {}
    for moment in story.timeline():
        at = at_text(moment.at_unix, zone)
        if moment.event is not None:
            yield _of_event(at, moment, moment.event)
        elif moment.entry is not None and moment.what is What.READ:
            subject = moment.entry.posting.get("subject", "")
            digest = [("digest", moment.entry.snapshot_digest)]
            yield _printable(at, "read", f"Stripe was read for {subject}", digest)
        elif moment.entry is not None:
            entry = moment.entry
            facts = _facts(entry, story)
            last = before.get(entry.key, {})
            fresh = [
                (name, text or ("no more" if last.get(name) and name in _PASSING else ""))
                for name, text in facts.items()
                if last.get(name) != text
            ]
            before[entry.key] = facts
            wrong = [each.text for each in story.breaches_at(entry)]
            shown = _printable(at, place_of(entry), _headline(entry), fresh)
            yield dataclasses.replace(shown, wrong=[*map(printable, wrong)], entry=entry)


def _of_event(at: str, moment: Moment, event: ReceivedEvent) -> Told:
    hint, stored = event.event.hint, event.event
    if moment.what is What.HAPPENED:
        headline = f"{hint.event_id} {hint.event_type} of {hint.subject}, as Stripe dates it"
        return _printable(at, "event", headline, [])
    facts = [("SHA-256", event.raw_sha256 or "")]
    if event.raw_size_bytes:
        kept = "" if stored.raw is not None else ", not kept any more"
        facts.append(("body", f"{event.raw_size_bytes:,} bytes{kept}"))
    how = "found by the poller" if stored.source == "poll" else f"received by {stored.source}"
    return _printable(at, "inbox", f"{hint.event_id} {how}", facts)


def _printable(at: str, place: str, headline: str, facts: Sequence[tuple[str, str]]) -> Told:
    shown = [(name, printable(text)) for name, text in facts if text]
    return Told(at, printable(place), printable(headline), shown)


def place_of(entry: Entry) -> str:
    """Return where in which chain an entry is, as `tieout trace` takes it."""
    return f"{entry.account}/{entry.seq}"


def _headline(entry: Entry) -> str:
    if entry.action is Action.ERASED:
        return f"{entry.key}  evidence beside {len(entry.erased)} entries erased on request"
    posting = entry.posting
    amount_minor, currency = posting.get("amount_minor"), posting.get("currency")
    amount = ""
    if isinstance(amount_minor, int) and isinstance(currency, str):
        amount = money(amount_minor, currency)
    return f"{entry.key}  {posting.get('state', '')}  {amount}".rstrip()


def _facts(entry: Entry, story: Story) -> Mapping[str, str]:
    posting = entry.posting
    evidence = story.evidence.get((entry.account, entry.seq))
    facts = {label: str(posting.get(name, "")) for name, label in _OF_POSTING}
    facts["document"] = f"{posting.get('document_type', '')} {facts['document']}".strip()
    currency = str(posting.get("currency", ""))
    facts["in Stripe"] = _state_in_words(str(posting.get("source_state", "")), currency)
    facts["accounts"] = _sums(str(posting.get("effects", "")), currency)
    facts["not sent"] = _sums(str(posting.get("planned_effects", "")), currency)
    facts["differs"] = _difference(posting)
    facts["events"] = ", ".join(_event_text(each.id, story) for each in entry.events)
    facts["customer"] = entry.customer
    facts["written by"] = entry.worker
    facts |= _evidence_facts(evidence)
    return facts | {"hash": entry.hash}


def _state_in_words(state: str, currency: str) -> str:
    """Return the fingerprint of an invoice (see `domain.plans.invoice_state`) in words."""
    status, *amounts = state.split(":")
    try:
        paid, remaining = (money(int(each), currency) for each in amounts)
    except ValueError:
        return state
    return f"{status}, {paid} of it paid, {remaining} owed"


def _sums(effects: str, currency: str) -> str:
    """Return what a document does to accounts, a line each."""
    try:
        sums = read(effects)
    except ValueError:
        return effects
    sides = {True: "debit ", False: "credit"}
    return "\n".join(
        f"{sides[amount_minor >= 0]} {money(abs(amount_minor), currency):>16}  {place}"
        for place, amount_minor in sums.items()
    )


def _difference(posting: Mapping[str, Plain]) -> str:
    """Return what an entry says of a difference between Stripe and what is posted."""
    digest, reason = posting.get("drift_digest", ""), posting.get("reason", "")
    if not digest:
        return ""
    if reason == Reason.RECORD_NO_DIFFERS:
        return f"in Intacct it is record {digest}"
    is_open = reason in _OPEN or posting.get("state") != State.POSTED
    said = "not sent" if is_open else "a person has accepted that"
    return f"Stripe calls for other content, {digest}: {said}"


def _event_text(event_id: str, story: Story) -> str:
    return event_id if event_id in story.events else f"{event_id} (not in the inbox any more)"


def _evidence_facts(evidence: Evidence | None) -> Mapping[str, str]:
    if evidence is None:
        return {}
    if evidence.erased_by:
        return {"evidence": f"erased on request, as entry {evidence.erased_by} tells"}
    content = evidence.content
    said = {"request_xml": "request to Intacct", "reply_xml": "reply"}
    sizes = [
        f"{said[name]} ({len(content[name]):,} characters)" for name in said if name in content
    ]
    return {
        "text": content.get("reason_text", ""),
        "decided": content.get("decision", ""),
        "evidence": ", ".join(sizes),
    }


# --- What it leads to --------------------------------------------------------------------------


def summary(story: Story) -> Iterator[tuple[str, str, str]]:
    """Yield of each posting its key, what became of it, and why it is in the story."""
    for key in story.keys:
        posting = story.postings.get(key)
        roles = sorted(story.roles.get(key, ()), key=list(Role).index)
        why = ", ".join(roles) if roles else "belongs to it"
        yield printable(key), _state(posting), why


def _state(posting: Posting | None) -> str:
    if posting is None:
        return "gone"
    record = f"RECORDNO {posting.record_no}" if posting.record_no else ""
    parts = [posting.state, amount_of(posting), posting.document_type, record]
    return printable("  ".join(part for part in parts if part))


def notes(story: Story) -> Iterator[str]:
    """Yield what is to be known of a story before it is read."""
    erased = {place for place, each in story.evidence.items() if each.erased_by}
    of = {each.customer for each in story.entries if (each.account, each.seq) in erased}
    for customer in sorted(of - {"", story.asked}):
        yield printable(
            "evidence was erased: what belongs to it may be missing; "
            f"`tieout trace {customer}` has all of the customer"
        )


def now(story: Story, zone: ZoneInfo) -> Iterator[str]:
    """Yield what is booked now, posting by posting, and what is to be known of it."""
    told_of = {each.key for each in story.entries}
    for key, posting in story.postings.items():
        lines = list(posting_lines(posting, lambda at_unix: at_text(at_unix, zone)))
        if key not in told_of:
            lines.append(f"  no entry tells of it: {_why_untold(key, story)}")
        yield printable("\n".join(lines))
    if not story.keys:
        yield (
            "Nothing was written because of this event: what it asks for waits in a queue, or was "
            "booked already."
        )


def _why_untold(key: str, story: Story) -> str:
    if any(each.key == key for each in story.breaches):
        return "there should be one, see what is NOT as it was written"
    return "as far as is known it was last written before the trail began"


def breach_line(breach: Breach) -> str:
    """Return what is wrong with an entry, on one line."""
    return printable(breach.line)
