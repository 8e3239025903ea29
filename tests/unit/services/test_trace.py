"""Goal: a story says so loudly when anything in it is not as it was written, and never otherwise.

Method: an invoice that was paid and refunded, in memory; one thing is changed behind the trail.
"""

import dataclasses
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from tests.factories import a_policy
from tests.fakes import FakeInbox, FakePostings, FakeStripe
from tests.fakes.tie_outs import FakeTieOuts
from tests.support import traced
from tests.support.traced import INVOICE, NOON, fill, posting
from tieout.cli.trace_story import notes, now, told
from tieout.domain.causes import NO_CAUSE
from tieout.domain.postings import State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.trail import MAIN, Action, Anchor, Entry, Evidence, erased, head_after, sealed
from tieout.domain.trail_check import Tampering
from tieout.services.erase import Eraser
from tieout.services.operate import CannotBeDone, Signature
from tieout.services.ports import StoredEvent
from tieout.services.trace import Story, What, trace
from tieout.services.trace_keys import Sources


@dataclasses.dataclass
class Books:
    postings: FakePostings
    inbox: FakeInbox

    @property
    def at(self) -> Sources:
        trail = self.postings.trail
        return Sources(trail, self.postings, self.inbox, FakeStripe, a_policy())

    def story(self, asked: str = "in_1") -> Story:
        (story,) = trace(self.at, asked)
        return story

    def change(self, seq: int, **fields: object) -> None:
        chain = self.postings.trail.chains[MAIN]
        chain[seq] = dataclasses.replace(chain[seq], **fields)  # type: ignore[arg-type]


@pytest.fixture
def books() -> Books:
    made = Books(FakePostings(), FakeInbox())
    fill(made.postings, made.inbox)
    return made


def unsealed(books: Books) -> None:
    books.change(4, at_unix=7)


def made_anew(books: Books) -> None:
    """The entry fits its own hash; the one after it does not know that."""
    chain = books.postings.trail.chains[MAIN]
    chain[4] = sealed(dataclasses.replace(chain[4], worker="nobody"))


def unreadable(books: Books) -> None:
    entry = Entry(MAIN, 4, 0, "", Action.WRITTEN, "", {}, hash="cannot be read")
    books.postings.trail.chains[MAIN][4] = entry


def nonsense(books: Books) -> None:
    entry = books.postings.trail.chains[MAIN][4]
    strange = {**entry.posting, "amount_minor": "x", "read_at_unix": "y", "version": "z"}
    books.change(4, posting=strange, at_unix=10**20)


def removed(books: Books) -> None:
    del books.postings.trail.chains[MAIN][3]


def beginning_removed(books: Books) -> None:
    """The first entry of a posting that is younger than the trail tells of its second version."""
    removed(books)
    posting = books.postings.trail.chains[MAIN][4].posting
    books.change(4, posting={**posting, "created_at_unix": NOON + 86_400})


def last_removed(books: Books) -> None:
    """Of the chain's last entry only the head, and the posting, still know."""
    books.postings.trail.write(posting("invoice/in_1", INVOICE, version=3), NO_CAUSE)
    del books.postings.trail.chains[MAIN][max(books.postings.trail.chains[MAIN])]
    books.postings.by_key["invoice/in_1"] = posting("invoice/in_1", INVOICE, version=3)


def evidence_changed(books: Books) -> None:
    books.postings.trail.kept[MAIN, 4] = Evidence({"request_xml": "<other/>"}, b"salt")


def evidence_gone(books: Books) -> None:
    del books.postings.trail.kept[MAIN, 4]


def erased_by_nobody(books: Books) -> None:
    books.postings.trail.kept[MAIN, 4] = Evidence({}, b"", 2)


def posting_changed(books: Books) -> None:
    stored = books.postings.by_key["invoice/in_1"]
    books.postings.by_key["invoice/in_1"] = dataclasses.replace(stored, record_no="9")


def posting_gone(books: Books) -> None:
    del books.postings.by_key["invoice/in_1"]


def posting_untold(books: Books) -> None:
    """Who changed the posting took its entries along."""
    for seq in (3, 4):
        del books.postings.trail.chains[MAIN][seq]
    posting_changed(books)


def index_gone(books: Books) -> None:
    """The entries are there, and no key leads to them."""
    books.postings.trail.forget(MAIN, "invoice/in_1")


def index_gone_and_posting_changed(books: Books) -> None:
    index_gone(books)
    posting_changed(books)


def trail_gone(books: Books) -> None:
    books.postings.trail.chains.clear()
    books.postings.trail.heads.clear()


def body_changed(books: Books) -> None:
    event: StoredEvent = books.inbox.events["evt_1"]
    books.inbox.events["evt_1"] = dataclasses.replace(event, raw=b"{}")


def anchored_otherwise(books: Books) -> None:
    books.postings.trail.keep(Anchor(MAIN, "2026-11-20", 4, "ab", NOON))


def cut_before_its_anchor(books: Books) -> None:
    """The end of the chain is gone, and the head says that there never was more."""
    trail = books.postings.trail
    trail.keep(Anchor(MAIN, "2026-11-20", 12, trail.chains[MAIN][12].hash, NOON))
    for seq in (10, 11, 12):
        del trail.chains[MAIN][seq]
    trail.heads[MAIN] = head_after(trail.chains[MAIN][9])


@pytest.mark.parametrize(
    ("tamper", "seq", "tampering"),
    [
        (unsealed, 4, Tampering.CHANGED),
        (made_anew, 4, Tampering.CHANGED),
        (unreadable, 4, Tampering.CHANGED),
        (nonsense, 4, Tampering.CHANGED),
        (removed, 4, Tampering.CHANGED),
        (beginning_removed, 4, Tampering.REMOVED),
        (last_removed, 4, Tampering.CHANGED),
        (evidence_changed, 4, Tampering.CHANGED),
        (evidence_gone, 4, Tampering.REMOVED),
        (erased_by_nobody, 4, Tampering.REMOVED),
        (posting_changed, 4, Tampering.CHANGED),
        (posting_gone, 4, Tampering.REMOVED),
        (body_changed, 3, Tampering.CHANGED),
        (posting_untold, 4, Tampering.REMOVED),
        (index_gone, 4, Tampering.REMOVED),
        (index_gone_and_posting_changed, 4, Tampering.CHANGED),
        (trail_gone, 4, Tampering.REMOVED),
        (anchored_otherwise, 4, Tampering.CHANGED),
        (cut_before_its_anchor, 10, Tampering.REMOVED),
    ],
)
def test_what_is_not_as_it_was_written_is_named(
    books: Books, tamper: Callable[[Books], None], seq: int, tampering: Tampering
) -> None:
    assert books.story().breaches == []
    tamper(books)
    found = books.story("invoice/in_1").breaches
    assert (seq, tampering) in {(each.seq, each.tampering) for each in found}
    books.story("invoice/in_1").timeline()


def test_an_id_that_leads_to_nothing_readable_says_so(books: Books) -> None:
    for seq in (3, 4):
        entry = Entry(MAIN, seq, 0, "", Action.WRITTEN, "", {}, hash="cannot be read")
        books.postings.trail.chains[MAIN][seq] = entry
    with pytest.raises(CannotBeDone, match=r"NWT-0007 leads to entry main/3 .* somebody changed"):
        books.story("NWT-0007")
    with pytest.raises(CannotBeDone, match=r"main/4 leads to entry main/4 .* somebody changed"):
        books.story("main/4")


def test_what_was_erased_on_request_is_no_breach(books: Books) -> None:
    trail = books.postings.trail
    entry = trail.chains[MAIN][4]
    told = trail.append(
        MAIN, lambda head: erased(head, "customer/cus_1", (entry.evidence_digest,), "ann", NOON)
    )
    trail.erase(entry, told.seq)
    story = books.story()
    assert story.breaches == []
    assert story.evidence[MAIN, 4].erased_by == told.seq
    assert told in books.story("cus_1").entries


def test_that_evidence_was_erased_is_said_where_the_links_were_in_it(books: Books) -> None:
    assert [*notes(books.story("in_1"))] == []
    trail = books.postings.trail
    eraser = Eraser(trail, trail, books.postings, books.inbox, FakeTieOuts())
    eraser.erase("cus_1", Signature("ann", NOON))
    for asked in ("in_1", "re_1"):
        (note,) = notes(books.story(asked))
        assert note.startswith("evidence was erased: what belongs to it may be missing")
        assert "`tieout trace cus_1` has all of the customer" in note
    assert [*notes(books.story("cus_1"))] == []


def test_what_a_change_does_to_accounts_is_told(books: Books) -> None:
    """And what is not sent, and that it was accepted; the timeline has no other place for it."""
    stored = books.postings.by_key["invoice/in_1"]
    drifted = dataclasses.replace(
        stored, version=3, effects="-11900 9999\n11900 accounts receivable", drift_digest="ab",
        reason=Reason.DRIFT, planned_effects="-100 4000\n100 accounts receivable",
        source_state="paid:11900:0",
    )  # fmt: skip
    books.postings.put(drifted)
    settled = dataclasses.replace(
        drifted, version=4, drift_digest="", reason=None, planned_effects=""
    )
    books.postings.put(settled)
    broken = dataclasses.replace(settled, version=5, effects="nobody's", source_state="x:y:z")
    books.postings.put(broken)
    facts = {each.place: dict(each.facts) for each in told(books.story(), ZoneInfo("UTC"))}
    debit = "debit        119.00 USD  accounts receivable"
    assert facts["main/3"]["accounts"].splitlines()[-1] == debit
    assert facts["main/13"]["accounts"] == f"credit       119.00 USD  9999\n{debit}"
    assert facts["main/13"]["not sent"].startswith("credit         1.00 USD  4000")
    assert facts["main/13"]["differs"] == "Stripe calls for other content, ab: not sent"
    assert facts["main/13"]["in Stripe"] == "paid, 119.00 USD of it paid, 0.00 USD owed"
    assert (facts["main/14"]["not sent"], facts["main/14"]["differs"]) == ("no more", "no more")
    assert (facts["main/15"]["accounts"], facts["main/15"]["in Stripe"]) == ("nobody's", "x:y:z")
    assert "accounts that nobody can read: nobody's" in "\n".join(
        now(books.story(), ZoneInfo("UTC"))
    )


def test_times_of_what_is_booked_are_of_the_companys_zone(books: Books) -> None:
    lines = "\n".join(now(books.story(), ZoneInfo("Europe/Berlin")))
    assert "last change  2026-11-20 14:00:00 +01:00 by evt_1" in lines


def test_a_clock_that_is_wrong_moves_no_entry(books: Books) -> None:
    stored = books.postings.by_key["refund/re_1"]
    early = dataclasses.replace(stored, version=3, updated_at_unix=NOON - 86_400)
    books.postings.put(early)
    written = [each for each in books.story().timeline() if each.what is What.WRITTEN]
    assert [each.entry and each.entry.key for each in written][-1] == "refund/re_1"
    assert [each.at_unix for each in written] == sorted(each.at_unix for each in written)


def test_the_inbox_may_have_forgotten_an_event(books: Books) -> None:
    del books.inbox.events["evt_1"]
    story = books.story()
    assert story.breaches == []
    assert set(story.events) == {"evt_2", "evt_3"}


def test_what_is_older_than_the_trail_is_found_by_its_key(books: Books) -> None:
    old = posting("payout/po_1", Subject(SubjectKind.PAYOUT, "po_1"), "JournalEntry", "po_1")
    books.postings.by_key[old.key] = old
    story = books.story("po_1")
    assert (story.keys, story.entries, story.breaches) == (["payout/po_1"], [], [])
    assert story.verdict == "NOTHING IS PROVED: no entry of the audit trail tells of this"
    assert not story.is_proved


def test_what_was_written_behind_the_trail_is_no_older_than_it(books: Books) -> None:
    subject = Subject(SubjectKind.PAYOUT, "po_1")
    young = posting("payout/po_1", subject, "JournalEntry", "po_1", at=NOON + 901)
    books.postings.by_key[young.key] = young
    (breach,) = books.story("po_1").breaches
    assert (breach.seq, breach.tampering) == (0, Tampering.INSERTED)


def test_a_breach_is_never_explained_by_the_age_of_the_trail(books: Books) -> None:
    posting_untold(books)
    story = books.story("invoice/in_1")
    assert "before the trail began" not in "\n".join(now(story, ZoneInfo("UTC")))


def test_an_amount_is_not_taken_for_the_number_of_an_invoice(books: Books) -> None:
    """The refund over 11.90 does not belong to an invoice whose number is 11 or 90."""
    small = posting("invoice/in_3", dataclasses.replace(INVOICE, id="in_3"), "ArInvoice", "90")
    traced.book(books.postings, dataclasses.replace(small, message_id="m-6"), "6", "evt_4")
    assert books.story("re_1").keys == ["refund/re_1", *traced.STORY[:3]]
    assert books.story("in_3").keys == ["invoice/in_3"]


def test_a_number_in_a_description_makes_no_family(books: Books) -> None:
    said = "<DESCRIPTION>replaces NWT-0007</DESCRIPTION>"
    other = posting("invoice/in_3", dataclasses.replace(INVOICE, id="in_3"), "ArInvoice", "NWT-9")
    traced.book(books.postings, dataclasses.replace(other, message_id="m-6"), "6", "evt_4", said)
    assert books.story().keys == traced.STORY
    assert books.story("in_3").keys == ["invoice/in_3"]


def test_that_a_message_failed_is_no_part_of_a_story(books: Books) -> None:
    failed = posting("invoice/in_1/failure", INVOICE, state=State.NOT_BOOKED)
    books.postings.put(failed)
    assert books.story().keys == traced.STORY
