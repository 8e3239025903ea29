"""Verify: is the audit trail as it was written, and are the postings as it says?

    entries ──> each fits its hash and the one before it, the anchors and the head
       ├──────> its evidence fits its digest, or an entry tells of the erasure
       └──────> no posting is gone, was set back to an older version or names an older entry
    postings ─> each is what the entry says that was written with it

All is read page by page, so memory does not grow with the books.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Protocol

from tieout.domain.causes import NO_CAUSE
from tieout.domain.postings import ERASED, Posting
from tieout.domain.trail import (
    TEXTS,
    Action,
    Anchor,
    Entry,
    Evidence,
    Head,
    chain_of,
    evidence_texts,
    kept,
)
from tieout.domain.trail_check import Breach, Tampering, verify, wrong_with_evidence
from tieout.services.trail_ports import EveryPosting, NumberedPostings, StoredPosting, Trail

_AT_ONCE = 100
# Nowhere does a day begin sooner.
_EARLIEST_ZONE = timezone(timedelta(hours=14))
# While a deployment is under way, functions without a trail may still be at work.
DEPLOYMENT_SECONDS = 900


class StoredPostings(NumberedPostings, EveryPosting, Protocol):
    """The postings table, all of it."""


@dataclass(slots=True)
class Checked:
    """What was looked at in one chain.

    Attributes:
        account: whose it is.
        begins: number of the last entry that was not looked at, since an anchor stands for it.
        began_at_unix: when the chain's first entry was written; None if it is not there.
        entries, anchors, postings: how many were compared.
        erased: entries whose evidence was erased, as another entry tells.
        older: postings that were last written before there was a trail.
        anchored_through, logged_through: ISO days of the newest anchors, in the table and of those
            that the log is said to have; empty if there is none.
        head: where the chain ended.
    """

    account: str
    head: Head
    begins: int = 0
    began_at_unix: int | None = None
    entries: int = 0
    anchors: int = 0
    postings: int = 0
    erased: int = 0
    older: int = 0
    anchored_through: str = ""
    logged_through: str = ""


class Verifier:
    """Compares trail, evidence and postings. Every method raises what the ports raise.

    Args:
        trail: the trail.
        postings: what it tells of.
        tell: hears how far it has come.
        logged: anchors as the log has them, beside those that are stored.

    Attributes:
        checked: what was looked at, by account.
    """

    def __init__(
        self,
        trail: Trail,
        postings: StoredPostings,
        tell: Callable[[str], None] = lambda _: None,
        logged: Sequence[Anchor] = (),
    ) -> None:
        self._trail = trail
        self._postings = postings
        self._tell = tell
        self._logged = logged
        self.checked: dict[str, Checked] = {}
        self._erasures: dict[tuple[str, int], Entry | None] = {}

    def verify(self, first_day: str = "") -> Iterator[Breach]:
        """Yield every breach as it is found; `checked` then says what was looked at.

        Args:
            first_day: ISO day; what was written before it, wherever the company is, is taken for
                true as the newest anchor made before has it. Empty for everything.
        """
        # A chain that only the log knows is gone as a whole.
        named = (each.account for each in self._logged)
        for account in dict.fromkeys([*self._trail.accounts(), *named]):
            yield from self._chain(account, first_day)
        stored = self._postings.everything()
        while chunk := list(islice(stored, _AT_ONCE)):
            for account in {chain_of(each.posting) for each in chunk} - self.checked.keys():
                # Nobody knows of its chain any more, if it ever had one.
                yield from self._chain(account, first_day)
            yield from self._as_written(chunk)

    # --- The chain ----------------------------------------------------------------------------

    def _chain(self, account: str, first_day: str) -> Iterator[Breach]:
        head, stored = self._trail.head(account), self._trail.anchors(account)
        logged = [each for each in self._logged if each.account == account]
        anchors = [*stored, *logged]
        # Who made the chain anew made the stored ones anew, too.
        begins = _begins(account, logged, first_day) or _begins(account, stored, first_day)
        begins = begins or Head(account)
        first = self._trail.at(account, [1]).get(1)
        checked = self.checked[account] = Checked(
            account, head, begins.seq, None if first is None else first.at_unix
        )
        checked.anchored_through = max((each.day for each in stored), default="")
        checked.logged_through = max((each.day for each in logged), default="")
        checked.anchors = sum(each.seq > begins.seq for each in anchors)
        beside: list[Breach] = []
        walked = self._walked(checked, beside)
        for breach in verify(walked, anchors, head, begins):
            yield breach
            yield from _taken(beside)
        yield from _taken(beside)
        if head.seq and account not in self._trail.accounts():
            text = "the list of chains does not name it any more, so it gets no anchors"
            yield Breach(account, 0, "", Tampering.REMOVED, text)
        behind = next(self._trail.entries(account, after=head.seq), None)
        if behind is not None and self._trail.head(account) == head:
            text = f"it comes after the head of the chain, {head.seq}"
            yield Breach(account, behind.seq, behind.key, Tampering.INSERTED, text)

    def _walked(self, checked: Checked, beside: list[Breach]) -> Iterator[Entry]:
        """Yield the entries through the head; note what is wrong with what hangs on them."""
        entries = self._trail.entries(checked.account, after=checked.begins)
        while chunk := list(islice(entries, _AT_ONCE)):
            through_head = [each for each in chunk if each.seq <= checked.head.seq]
            beside += self._evidence(checked, through_head)
            beside += self._not_set_back(checked, through_head)
            checked.entries += len(through_head)
            self._tell(f"{checked.account}: {checked.entries:,} of {checked.head.seq:,} entries")
            yield from through_head

    def _evidence(self, checked: Checked, entries: Sequence[Entry]) -> Iterator[Breach]:
        found = self._trail.evidence(checked.account, [each.seq for each in entries])
        for entry in entries:
            wrong = self._wrong_with(checked, entry, found.get(entry.seq))
            if wrong is not None:
                tampering, text = wrong
                yield Breach.of(entry, tampering, text)

    def _wrong_with(
        self, checked: Checked, entry: Entry, evidence: Evidence | None
    ) -> tuple[Tampering, str] | None:
        erased_by = 0 if evidence is None else evidence.erased_by
        erasure = self._erasure(checked.account, erased_by) if erased_by else None
        wrong = wrong_with_evidence(entry, evidence, erasure)
        checked.erased += erasure is not None and wrong is None
        return wrong

    def _erasure(self, account: str, seq: int) -> Entry | None:
        place = account, seq
        if place not in self._erasures:
            self._erasures[place] = self._trail.at(account, [seq]).get(seq)
        return self._erasures[place]

    # --- The postings -------------------------------------------------------------------------

    def _not_set_back(self, checked: Checked, entries: Sequence[Entry]) -> Iterator[Breach]:
        # One that cannot be read any more names none, and DynamoDB refuses an empty key.
        written = [each for each in entries if each.action is Action.WRITTEN and each.key]
        stored = self._postings.numbered({each.key for each in written})
        for entry in written:
            found = stored.get(entry.key)
            if found is None:
                text = "the posting that it tells of is gone"
                yield Breach.of(entry, Tampering.REMOVED, text)
            elif found.posting.version < entry.version:
                text = (
                    f"it tells of version {entry.version}, and the posting was set back to version "
                    f"{found.posting.version}"
                )
                yield Breach.of(entry, Tampering.CHANGED, text)
            elif found.seq < entry.seq and not _is_overwritten(found, entry, checked):
                text = "the posting was changed behind the trail: it names an older entry, or none"
                yield Breach.of(entry, Tampering.CHANGED, text)

    def _as_written(self, chunk: Sequence[StoredPosting]) -> Iterator[Breach]:
        by_account: dict[str, list[StoredPosting]] = {}
        for each in chunk:
            by_account.setdefault(chain_of(each.posting), []).append(each)
        for account, listed in by_account.items():
            numbers = [each.seq for each in listed if each.seq]
            entries = self._trail.at(account, numbers)
            evidence = self._trail.evidence(account, numbers)
            for each in listed:
                self.checked[account].postings += 1
                yield from _compared(each, entries, evidence, self.checked[account])


def _begins(account: str, anchors: Sequence[Anchor], first_day: str) -> Head | None:
    """Return what the newest anchor from before a day stands for; None if there is none.

    The anchor of the day before is made when that is over, and stands for what was written by then.
    """
    if not first_day:
        return None
    began_unix = datetime.fromisoformat(first_day).replace(tzinfo=_EARLIEST_ZONE).timestamp()
    before = [each for each in anchors if each.at_unix < began_unix]
    newest = max(before, key=lambda each: each.seq, default=None)
    return None if newest is None else Head(account, newest.seq, newest.hash)


def _taken(breaches: list[Breach]) -> Iterator[Breach]:
    while breaches:
        yield breaches.pop(0)


def _deployed_unix(checked: Checked) -> int:
    """Return until when postings may have been written without an entry."""
    return (checked.began_at_unix or 0) + DEPLOYMENT_SECONDS


def _is_overwritten(stored: StoredPosting, entry: Entry, checked: Checked) -> bool:
    """Return whether a function without a trail may have written the posting after an entry."""
    is_newer = stored.seq == 0 and stored.posting.version > entry.version
    return is_newer and entry.at_unix <= _deployed_unix(checked)


def _compared(
    stored: StoredPosting,
    entries: Mapping[int, Entry],
    evidence: Mapping[int, Evidence],
    checked: Checked,
) -> Iterator[Breach]:
    """Yield what is wrong with a posting, going by the entry that was written with it."""
    posting, entry = stored.posting, entries.get(stored.seq)
    account = checked.account
    if stored.seq == 0:
        if checked.began_at_unix is None or posting.updated_at_unix <= _deployed_unix(checked):
            checked.older += 1
        else:
            text = "the posting was written behind the trail: no entry tells of it"
            yield Breach(account, 0, posting.key, Tampering.INSERTED, text)
        return
    if entry is None or (entry.key, entry.version) != (posting.key, posting.version):
        text = f"the posting was changed behind the trail: {posting.version} is no entry's version"
        yield Breach(account, stored.seq, posting.key, Tampering.CHANGED, text)
        return
    found = differing(posting, entry, evidence.get(entry.seq))
    if found:
        text = f"the posting was changed behind the trail: {', '.join(found)}"
        yield Breach(account, entry.seq, posting.key, Tampering.CHANGED, text)
    if not stored.is_listed:
        text = "the lists do not show it, or show what they should not: its marks were changed"
        yield Breach(account, entry.seq, posting.key, Tampering.CHANGED, text)


def differing(posting: Posting, entry: Entry, evidence: Evidence | None) -> Collection[str]:
    """Return the names of the fields that are not as the entry has them, never their values."""
    now, then = kept(posting), entry.posting
    found = {name for name in now.keys() | then.keys() if now.get(name) != then.get(name)}
    if evidence is not None and evidence.erased_by:
        # What was on the posting was erased before.
        return sorted(
            found | {each for each in TEXTS if getattr(posting, each) not in {"", ERASED}}
        )
    content = {} if evidence is None else evidence.content
    texts = evidence_texts(posting, NO_CAUSE)
    return sorted(found | {each for each in TEXTS if texts.get(each) != content.get(each)})
