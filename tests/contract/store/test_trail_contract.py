"""Goal: whoever keeps the trail, each write of a posting has its entry, and the chain is whole.

Method: one suite over the fake, DynamoDB in this process (moto) and the embedded AWS.
"""

import dataclasses
from dataclasses import dataclass

import pytest

from tests.fakes import FakePostings, FakeTrail
from tests.support.aws import Aws
from tieout.domain.causes import Cause, Exchange, SourceEvent
from tieout.domain.errors import StalePosting
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.trail import MAIN, Action, Anchor, Entry, Head, erased, head_after, kept
from tieout.domain.trail_check import verify
from tieout.store.postings import DynamoPostings
from tieout.store.trail import TrailWriter
from tieout.store.trail_reader import DynamoTrail

INVOICE = Subject(SubjectKind.INVOICE, "in_1")
ELSEWHERE = Subject(SubjectKind.INVOICE, "in_2", account="acct_1")
FIRST = Posting("invoice/in_1", INVOICE, State.SENDING, version=1, updated_at_unix=1_795_000_000)
CAUSE = Cause(
    (SourceEvent("evt_1", "ab12"), SourceEvent("evt_2")),
    "cus_1",
    "5d",
    Exchange("<function>Jane Doe</function>", "<result/>"),
)


@dataclass
class Kept:
    """Postings, and the trail that tells of them."""

    postings: FakePostings | DynamoPostings
    trail: FakeTrail | DynamoTrail

    def whole(self, account: str = MAIN) -> list[Entry]:
        """Return the chain; nothing is wrong with it."""
        entries = list(self.trail.entries(account))
        found = verify(entries, self.trail.anchors(account), self.trail.head(account))
        assert list(found) == []
        return entries


@pytest.fixture
def books(aws: Aws | None) -> Kept:
    if aws is None:
        postings = FakePostings()
        return Kept(postings, postings.trail)
    table, trail = aws.postings_table(), aws.trail_table()
    writer = TrailWriter(aws.dynamodb, trail, "fake")
    return Kept(DynamoPostings(aws.dynamodb, table, writer), DynamoTrail(aws.dynamodb, trail))


def later(posting: Posting, **changes: object) -> Posting:
    return dataclasses.replace(posting, version=posting.version + 1, **changes)  # type: ignore[arg-type]


def test_without_a_posting_there_is_no_chain(books: Kept) -> None:
    assert books.trail.accounts() == []
    assert books.trail.head(MAIN) == Head(MAIN)
    assert books.whole() == []
    assert books.trail.of_id("invoice/in_1") == []
    assert books.trail.at(MAIN, []) == {}


def test_each_write_has_an_entry_that_says_what_and_why(books: Kept) -> None:
    second = later(FIRST, state=State.POSTED, record_no="4711", amount_minor=-5, currency="usd")
    books.postings.put(FIRST)
    books.postings.put(second, CAUSE)
    first, entry = books.whole()
    assert (first.seq, first.action, first.posting) == (1, Action.WRITTEN, kept(FIRST))
    assert (first.events, first.evidence_digest) == ((), "")
    assert entry.posting == kept(second)
    assert (entry.key, entry.version, entry.at_unix) == ("invoice/in_1", 2, 1_795_000_000)
    assert (entry.events, entry.customer, entry.snapshot_digest) == (CAUSE.events, "cus_1", "5d")
    assert (entry.worker, entry.previous) == ("fake", first.hash)
    assert books.trail.head(MAIN) == head_after(entry)


def test_personal_data_lies_beside_the_chain(books: Kept) -> None:
    refused = dataclasses.replace(
        FIRST, reason=Reason.INTACCT_REFUSED, reason_text="Jane Doe exists already"
    )
    books.postings.put(refused, CAUSE)
    (entry,) = books.whole()
    assert "Jane" not in f"{entry}"
    evidence = books.trail.evidence(MAIN, [1])[1]
    assert evidence.content == {
        "request_xml": "<function>Jane Doe</function>",
        "reply_xml": "<result/>",
        "reason_text": "Jane Doe exists already",
    }
    assert evidence.digest == entry.evidence_digest
    assert len(evidence.salt) == 16
    assert evidence.erased_by == 0


def test_each_account_has_a_chain_of_its_own(books: Kept) -> None:
    other = dataclasses.replace(FIRST, key="invoice/in_2", subject=ELSEWHERE)
    books.postings.put(other)
    books.postings.put(FIRST)
    books.postings.put(later(other))
    assert books.trail.accounts() == [MAIN, "acct_1"]
    assert [each.key for each in books.whole()] == ["invoice/in_1"]
    assert [each.version for each in books.whole("acct_1")] == [1, 2]


def test_a_write_that_came_too_late_leaves_no_entry(books: Kept) -> None:
    books.postings.put(FIRST)
    for stale in (FIRST, later(later(FIRST))):
        with pytest.raises(StalePosting):
            books.postings.put(stale, CAUSE)
    assert len(books.whole()) == 1
    books.postings.put(later(FIRST))
    assert len(books.whole()) == 2


def test_any_id_leads_to_the_entries(books: Kept) -> None:
    sent = dataclasses.replace(FIRST, control_id="tieout:x", number="ACME-1", message_id="m-1")
    books.postings.put(sent, CAUSE)
    books.postings.put(later(sent, record_no="4711", message_id="m-2"))
    other = dataclasses.replace(FIRST, key="invoice/in_2", subject=ELSEWHERE, record_no="4711")
    books.postings.put(other)
    found = {
        each: [(entry.account, entry.seq) for entry in books.trail.of_id(each)]
        for each in ("invoice/in_1", "tieout:x", "ACME-1", "4711", "m-1", "evt_2", "cus_1", "x")
    }
    assert found == {
        "invoice/in_1": [(MAIN, 1), (MAIN, 2)],
        "tieout:x": [(MAIN, 1), (MAIN, 2)],
        "ACME-1": [(MAIN, 1), (MAIN, 2)],
        "4711": [(MAIN, 2), ("acct_1", 1)],
        "m-1": [(MAIN, 1)],
        "evt_2": [(MAIN, 1)],
        "cus_1": [(MAIN, 1)],
        "x": [],
    }


def test_a_chain_can_be_read_from_anywhere(books: Kept) -> None:
    posting = FIRST
    for _ in range(5):
        books.postings.put(posting)
        posting = later(posting)
    assert [each.seq for each in books.trail.entries(MAIN, after=3)] == [4, 5]
    assert sorted(books.trail.at(MAIN, [2, 5, 7, 2])) == [2, 5]


def test_an_anchor_stays_as_it_was_first_kept(books: Kept) -> None:
    books.postings.put(FIRST)
    head = books.trail.head(MAIN)
    anchor = Anchor(MAIN, "2026-11-20", head.seq, head.hash, 1_795_200_000)
    assert books.trail.anchor_of(MAIN, "2026-11-20") is None
    assert books.trail.keep(anchor)
    assert not books.trail.keep(dataclasses.replace(anchor, seq=9))
    earlier = dataclasses.replace(anchor, day="2026-11-19")
    assert books.trail.keep(earlier)
    assert books.trail.keep(dataclasses.replace(anchor, account="acct_1"))
    assert books.trail.anchor_of(MAIN, "2026-11-20") == anchor
    assert books.trail.anchors(MAIN) == [earlier, anchor]
    assert len(books.whole()) == 1


def test_what_is_erased_is_told_in_the_chain_and_gone_beside_it(books: Kept) -> None:
    books.postings.put(FIRST, CAUSE)
    (entry,) = books.whole()
    told = books.trail.append(
        MAIN, lambda head: erased(head, "customer/cus_1", (entry.evidence_digest,), "ann", 7)
    )
    books.trail.erase(entry, told.seq)
    evidence = books.trail.evidence(MAIN, [1])[1]
    assert (evidence.content, evidence.salt, evidence.erased_by) == ({}, b"", 2)
    assert [each.action for each in books.whole()] == [Action.WRITTEN, Action.ERASED]
    books.postings.put(later(FIRST))
    assert len(books.whole()) == 3


def test_every_posting_is_listed_with_the_entry_that_was_written_with_it(books: Kept) -> None:
    other = dataclasses.replace(FIRST, key="receipt/inpay_1")
    for each in (FIRST, other, later(FIRST)):
        books.postings.put(each)
    listed = {each.posting.key: each for each in books.postings.everything()}
    assert {key: each.seq for key, each in listed.items()} == {FIRST.key: 3, other.key: 2}
    assert listed[FIRST.key].posting == later(FIRST)
