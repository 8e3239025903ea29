"""The evidence pack: a story as files that an auditor can read and check without us.

    entries/   the text of each entry as it was hashed: its SHA-256 is the entry's hash
    evidence/  what lies beside it: SHA-256 of the `.salted` file is the entry's `evidence_digest`
    postings/  what is booked now
    events/    as Stripe signed them, if asked for
    anchors.csv, entries.csv, index.html, README.txt, SHA256SUMS

An entry alone proves nothing: its hash is worth what the entries after it are, up to one that is
anchored. Those are packed along where they are few. The same story makes the same bytes.
"""

import csv
import dataclasses
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tieout.domain.canonical import canonical
from tieout.domain.postings import Posting
from tieout.domain.subjects import SubjectKind
from tieout.domain.trail import TEXTS, Anchor, Entry, Evidence, hash_of, text_of
from tieout.domain.trail_check import Breach, Tampering
from tieout.services.trace import Place, Story
from tieout.services.trail_ports import Trail

# Entries between those of the story and their anchors; each is about a page of text.
LINKS_MAX = 1_000
_NAME_LENGTH_MAX = 80
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]")
_LEFT_OUT = "left out: it may name the customer"
_ADDS = "`tieout trace --pack --with-personal-data`"
# The first that a zip can tell: a time of its own would make other bytes each time.
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16
_EVIDENCE_FILES = {
    "request_xml": "request.xml",
    "reply_xml": "reply.xml",
    "reason_text": "reason.txt",
    "decision": "decision.txt",
}
_README = """VERDICT

{verdicts}

WHAT THIS IS

This pack tells, from Tieout's audit trail, what was done about
  {asked}
Open index.html: it has the whole story, with times. The rest is the evidence.

  entries/     One file for each change of a posting, exactly as it was hashed. entries.csv lists
               them. Those marked `link` are not of this story: they lie between it and an anchor.
  evidence/    For an entry: what was said to Sage Intacct (request.xml), what it answered
               (reply.xml), and texts of persons or of Intacct. Passwords and sessions are not in
               it. What was erased on request is not there, and index.html says so.{kept_back}
  postings/    What is booked now, as Tieout's table has it.
  events/      Events with the bodies that Stripe signed{events}.
  anchors.csv  Number and hash of a chain's last entry at the end of a day.

HOW TO CHECK IT, with sha256sum alone (on macOS: shasum -a 256)

1. Nothing in the pack was changed since it was made:
     sha256sum -c SHA256SUMS
   That is worth something if you know the SHA-256 of the zip, or of SHA256SUMS, from its maker.

2. No entry was changed. The SHA-256 of a file in entries/ is the entry's hash, and the entry of
   the next number names it as `previous`. So this prints each file and the one that follows it:
     cd entries
     for file in *.json; do
       hash=$(sha256sum "$file" | cut -c1-64)
       echo "$file <- $(grep -l "\\"previous\\":\\"$hash\\"" *.json)"
     done
   entries.csv has the hash that is stored with each entry; it must be the same.

3. The evidence is that of the entry. The SHA-256 of evidence/NAME.salted is `evidence_digest` in
   entries/NAME.json. That file is 16 random bytes, then the same texts as in the other files of
   evidence/NAME/, as JSON.

4. The chain was not made anew. Compare anchors.csv with anchors that you have from elsewhere: lines
   `audit trail anchored` of the poller's log, best from a copy outside the AWS account. If an
   anchor has the number and hash of an entry here, no entry before it can have been changed since.

5. An event is the one that led to an entry. The SHA-256 of its body is in `events` of the entry.

WHAT IT PROVES, AND WHAT NOT

{proofs}

It does not prove that nothing was left out: that takes the whole chain, and
  tieout verify --stack NAME
reads it. Nor does it prove that what was written was true when it was written: for that compare
the replies in evidence/ with Intacct's own records, and the events with Stripe's.
"""


@dataclass(frozen=True, slots=True)
class _Proof:
    """How an entry of the story is tied to the first anchor after it.

    Attributes:
        anchor: None if no day is over since.
        links: numbers of the entries between, the anchored one included.
    """

    entry: Entry
    anchor: Anchor | None
    links: range


def pack(
    trail: Trail,
    stories: Sequence[Story],
    tell: Callable[[Sequence[Story], Collection[str]], str],
    *,
    with_personal_data: bool,
) -> tuple[bytes, Sequence[Story]]:
    """Return a zip with all that is known of an id, and the stories with what it shows of them.

    An entry that does not lead to its anchor is a breach that only shows here.

    Args:
        trail: where anchors and links are read.
        stories: of the id, at least one.
        tell: makes a page (HTML) of the stories and the names of the other files.
        with_personal_data: whether the bodies of events are in it, and what was said of customers
            themselves; both have names and addresses.

    Raises:
        TransientFault, ConfigurationFault: the trail cannot be read.
    """
    entries = {(each.account, each.seq): each for story in stories for each in story.entries}
    proofs = [each for account in _accounts(entries) for each in _proofs(trail, account, entries)]
    links, packed = _links(trail, proofs, entries)
    hashes = {each: (of.previous, hash_of(of)) for each, of in {**links, **entries}.items()}
    proved = [_proved(each, hashes, packed) for each in proofs]
    untied = [each for each in proofs if _is_untied(each, hashes, packed)]
    judged = [_judged(each, untied) for each in stories]
    files = {
        "entries.csv": _csv(_entry_rows(entries, links)),
        "anchors.csv": _csv(_anchor_rows(trail, entries)),
    }
    for each in (*entries.values(), *links.values()):
        files[entry_file(each)] = text_of(each).encode()
    kept_back: dict[str, Entry] = {}
    shown: list[Story] = []
    for story in judged:
        told = {(each.account, each.seq): each for each in story.entries}
        personal = {} if with_personal_data else _personal(story, told)
        kept_back |= {evidence_place(each): each for each in personal.values()}
        files |= _evidence_files(story, personal)
        shown.append(story if with_personal_data else _without_personal(story, personal))
        postings = shown[-1].postings.items()
        files |= {_posting_file(key): _posting_text(each) for key, each in postings}
        files |= dict(_event_files(story)) if with_personal_data else {}
    readme = _readme(judged, proved, kept_back, with_personal_data=with_personal_data)
    files |= {"README.txt": readme.encode(), "index.html": tell(shown, [*files]).encode()}
    return _zipped(files), judged


def entry_file(entry: Entry) -> str:
    """Return the name of an entry's file in a pack."""
    return f"entries/{_entry_name(entry.account, entry.seq)}.json"


def evidence_place(entry: Entry) -> str:
    """Return what the names of an entry's evidence begin with."""
    return f"evidence/{_entry_name(entry.account, entry.seq)}"


def _entry_name(account: str, seq: int) -> str:
    return f"{_name(account)}-{seq:010}"


def _name(text: str) -> str:
    """Return what can be a file's name anywhere; keys come from outside."""
    return _NOT_IN_A_NAME.sub("_", text)[:_NAME_LENGTH_MAX]


_Hashes = Mapping[tuple[str, int], tuple[str, str]]
"""By account and number of an entry, the hash that it was made on, and its own, computed anew."""

# --- What ties an entry to an anchor -----------------------------------------------------------


def _accounts(entries: Collection[tuple[str, int]]) -> Sequence[str]:
    return sorted({account for account, _ in entries})


def _proofs(
    trail: Trail, account: str, entries: Mapping[tuple[str, int], Entry]
) -> Iterator[_Proof]:
    anchors = sorted(trail.anchors(account), key=lambda each: each.seq)
    for (of, seq), entry in sorted(entries.items(), key=lambda pair: pair[0]):
        if of == account:
            anchor = next((each for each in anchors if each.seq >= seq), None)
            last = seq if anchor is None else anchor.seq
            yield _Proof(entry, anchor, range(seq + 1, last + 1))


def _links(
    trail: Trail, proofs: Iterable[_Proof], entries: Mapping[tuple[str, int], Entry]
) -> tuple[Mapping[tuple[str, int], Entry], Collection[tuple[str, int]]]:
    """Return the entries between, as far as there is room, and those of the story they are for."""
    wanted: set[tuple[str, int]] = set()
    packed: set[tuple[str, int]] = set()
    for proof in sorted(proofs, key=lambda each: len(each.links)):
        if len(proof.links) > LINKS_MAX + len(entries):
            break
        places = ((proof.entry.account, seq) for seq in proof.links)
        more = {place for place in places if place not in entries and place not in wanted}
        if len(wanted) + len(more) <= LINKS_MAX:
            wanted |= more
            packed.add((proof.entry.account, proof.entry.seq))
    links: dict[tuple[str, int], Entry] = {}
    for account in _accounts(wanted):
        numbers = [seq for of, seq in wanted if of == account]
        links |= {(account, seq): each for seq, each in trail.at(account, numbers).items()}
    return links, packed


def _readme(
    stories: Sequence[Story],
    proved: Sequence[str],
    kept_back: Mapping[str, Entry],
    *,
    with_personal_data: bool,
) -> str:
    listed = [line for each in stories for line in (each.verdict, *_breach_lines(each))]
    events = "" if with_personal_data else f": left out, {_ADDS} adds them"
    personal = [f"    {place}.salted {each.evidence_digest}" for place, each in kept_back.items()]
    left_out = f"\n               Left out, with names of customers, {_ADDS} adds it (digests):"
    return _README.format(
        verdicts="\n".join("".join(map(_shown, each)) for each in listed),
        asked=stories[0].asked,
        events=events,
        kept_back="\n".join([left_out, *personal]) if personal else "",
        proofs="\n".join(proved),
    )


def _breach_lines(story: Story) -> Iterator[str]:
    return (f"  {each.line}" for each in story.breaches)


def _shown(character: str) -> str:
    return character if character.isprintable() else "\ufffd"


def _is_untied(proof: _Proof, hashes: _Hashes, packed: Collection[tuple[str, int]]) -> bool:
    place = proof.entry.account, proof.entry.seq
    return (
        proof.anchor is not None and place in packed and not _is_tied(proof, proof.anchor, hashes)
    )


def _judged(story: Story, untied: Iterable[_Proof]) -> Story:
    """Return a story with the first entry that is not tied to each anchor as a breach."""
    told = {(each.account, each.seq) for each in story.entries}
    first: dict[Anchor, Entry] = {}
    for proof in untied:
        if proof.anchor is not None and (proof.entry.account, proof.entry.seq) in told:
            first.setdefault(proof.anchor, proof.entry)
    breaches = [
        Breach.of(each, Tampering.CHANGED, _not_tied(anchor)) for anchor, each in first.items()
    ]
    return dataclasses.replace(story, breaches=[*story.breaches, *breaches])


def _named(anchor: Anchor) -> str:
    return f"the anchor of {anchor.day}, {anchor.account}/{anchor.seq}"


def _not_tied(anchor: Anchor) -> str:
    return f"NOT TIED to {_named(anchor)}: the entries up to there do not fit together"


def _proved(proof: _Proof, hashes: _Hashes, packed: Collection[tuple[str, int]]) -> str:
    """Return what the pack proves of an entry, on one line."""
    anchor, entry = proof.anchor, proof.entry
    place = f"  {entry.account}/{entry.seq}:"
    if anchor is None:
        return f"{place} not anchored yet; who may write to the trail can still make it anew"
    named = _named(anchor)
    if (entry.account, entry.seq) not in packed:
        count = f"{len(proof.links):,} entries lie between it and {named}"
        return f"{place} {count}, too many to pack: `tieout verify` ties it to that"
    if not _is_tied(proof, anchor, hashes):
        return f"{place} {_not_tied(anchor)}"
    return f"{place} tied to {named} by the entries in this pack"


def _is_tied(proof: _Proof, anchor: Anchor, hashes: _Hashes) -> bool:
    """Whether each entry was made on the one before, and the last is the anchored one."""
    account = anchor.account
    _, last = hashes[account, proof.entry.seq]
    for seq in proof.links:
        previous, own = hashes.get((account, seq), ("", ""))
        if previous != last:
            return False
        last = own
    return last == anchor.hash


# --- Files -------------------------------------------------------------------------------------


def _entry_rows(
    entries: Mapping[tuple[str, int], Entry], links: Mapping[tuple[str, int], Entry]
) -> Iterator[Sequence[str]]:
    yield "file", "place", "part", "posting", "state", "hash", "previous", "evidence_digest"
    everything = {**links, **entries}
    for account, seq in sorted(everything):
        each = everything[account, seq]
        part = "story" if (account, seq) in entries else "link"
        named = each.key, str(each.posting.get("state", each.action))
        hashes = each.hash, each.previous, each.evidence_digest
        yield entry_file(each), f"{account}/{seq}", part, *named, *hashes


def _anchor_rows(trail: Trail, entries: Mapping[tuple[str, int], Entry]) -> Iterator[Sequence[str]]:
    """Yield the anchors from the one before a story to the one after it."""
    yield "account", "day", "number", "hash", "made_at_unix"
    for account in _accounts(entries):
        numbers = [seq for of, seq in entries if of == account]
        anchors = sorted(trail.anchors(account), key=lambda each: (each.seq, each.day))
        before = [each for each in anchors if each.seq < min(numbers)][-1:]
        within = [each for each in anchors if min(numbers) <= each.seq < max(numbers)]
        after = [each for each in anchors if each.seq >= max(numbers)][:1]
        for each in (*before, *within, *after):
            yield each.account, each.day, str(each.seq), each.hash, str(each.at_unix)


def _personal(story: Story, told: Mapping[Place, Entry]) -> Mapping[Place, Entry]:
    """Return the entries of customers themselves that have evidence."""
    return {
        place: told[place]
        for place, evidence in story.evidence.items()
        if place in told and _is_of_customer(told[place].key) and not evidence.erased_by
    }


def _is_of_customer(key: str) -> bool:
    return key.startswith(f"{SubjectKind.CUSTOMER}/")


def _without_personal(story: Story, personal: Collection[Place]) -> Story:
    """Return a story that says nothing of customers but what became of them."""
    evidence = {
        place: dataclasses.replace(each, content={}) if place in personal else each
        for place, each in story.evidence.items()
    }
    postings = {
        key: dataclasses.replace(each, **_texts_left_out(each)) if _is_of_customer(key) else each
        for key, each in story.postings.items()
    }
    return dataclasses.replace(story, evidence=evidence, postings=postings)


def _texts_left_out(posting: Posting) -> Mapping[str, Any]:
    return {name: _LEFT_OUT for name in TEXTS if getattr(posting, name)}


def _evidence_files(story: Story, left_out: Collection[Place]) -> Mapping[str, bytes]:
    files: dict[str, bytes] = {}
    for (account, seq), evidence in story.evidence.items():
        place = f"evidence/{_entry_name(account, seq)}"
        if not evidence.erased_by and (account, seq) not in left_out:
            files[f"{place}.salted"] = _salted(evidence)
            for name, file in _EVIDENCE_FILES.items():
                if name in evidence.content:
                    files[f"{place}/{file}"] = evidence.content[name].encode()
    return files


def _salted(evidence: Evidence) -> bytes:
    return evidence.salt + canonical(evidence.content).encode()


def _posting_file(key: str) -> str:
    # Two keys may look alike once they are names.
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"postings/{_name(key)}-{digest}.json"


def _posting_text(posting: Posting) -> bytes:
    return canonical(posting).encode()


def _event_files(story: Story) -> Iterator[tuple[str, bytes]]:
    for event_id, event in story.events.items():
        if event.event.raw is not None:
            yield f"events/{_name(event_id)}.json", event.event.raw


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of the files and their sums, byte for byte the same for the same files."""
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    content = io.BytesIO()
    # Not compressed: two versions of zlib make different bytes of the same.
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted({**files, "SHA256SUMS": sums.encode()}.items()):
            info = zipfile.ZipInfo(name, _LONG_AGO)
            info.create_system, info.external_attr = 3, _READABLE  # as on Unix, wherever it is made
            archive.writestr(info, data)
    return content.getvalue()
