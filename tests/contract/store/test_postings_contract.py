"""Goal: whoever keeps postings, of two workers exactly one writes, and nothing is overlooked.

Method: one suite over the fake, DynamoDB in this process (moto) and the embedded AWS.
"""

import dataclasses

import pytest

from tests.fakes import FakePostings
from tests.support.aws import Aws
from tieout.domain.causes import NO_CAUSE
from tieout.domain.errors import StalePosting
from tieout.domain.postings import Posting, State, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import Postings

INVOICE = Subject(SubjectKind.INVOICE, "in_1")
REFUND = Subject(SubjectKind.REFUND, "re_1", account="acct_1")

FULL = Posting(
    key="invoice/in_1",
    subject=REFUND,
    state=State.POSTED,
    version=1,
    document_type="ArInvoice",
    number="ACME-0001",
    posting_date="2026-10-31",
    effects="-100 4000 location=100 GLDIMREGION=Süd\n100 accounts receivable",
    chosen_by="1: rule größer",
    digest="d" * 64,
    revision=3,
    control_id="tieout:invoice/in_1:r3:dddd",
    record_no="4711",
    policy_version="f00dcafe",
    amount_minor=-123_456_789_012_345,
    currency="jpy",
    reason=Reason.DRIFT,
    reason_text="Größe 10 000 € → 5 000 €",
    attempts=7,
    lease_expires_at_unix=1_795_000_060,
    message_id="0f9f1e",
    trigger="evt_1",
    adopted=True,
    source_state="paid:100:0",
    source_created_unix=1_793_000_000,
    created_at_unix=1_794_000_000,
    updated_at_unix=1_795_000_000,
)


@pytest.fixture
def postings(aws: Aws | None) -> Postings:
    return FakePostings() if aws is None else aws.postings()


def posting(key: str, **changes: object) -> Posting:
    made = Posting(key, INVOICE, State.SENDING, version=1, updated_at_unix=1_795_000_000)
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def test_what_was_never_written_is_not_there(postings: Postings) -> None:
    assert postings.get_many(["invoice/in_1"]) == {}
    assert postings.get_many([]) == {}


def test_a_posting_comes_back_as_it_was_written(postings: Postings) -> None:
    bare = Posting("receipt/inpay_1", INVOICE, State.PLANNED, version=1)
    postings.put(FULL)
    postings.put(bare)
    assert postings.get_many([FULL.key, bare.key]) == {FULL.key: FULL, bare.key: bare}


def test_many_are_read_at_once_and_a_key_may_be_asked_for_twice(postings: Postings) -> None:
    keys = [f"receipt/inpay_{number}" for number in range(105)]
    assert not postings.put_all([(posting(key), NO_CAUSE) for key in keys[:103]])
    assert set(postings.get_many([keys[0], *keys])) == set(keys[:103])


def test_of_two_first_writes_one_wins(postings: Postings) -> None:
    first, second = posting("invoice/in_1", message_id="a"), posting("invoice/in_1", message_id="b")
    postings.put(first)
    with pytest.raises(StalePosting, match="invoice/in_1"):
        postings.put(second)
    assert postings.get_many(["invoice/in_1"]) == {"invoice/in_1": first}


def test_of_two_equal_writes_one_wins_too(postings: Postings) -> None:
    postings.put(posting("invoice/in_1"))
    with pytest.raises(StalePosting):
        postings.put(posting("invoice/in_1"))


def test_a_later_version_replaces_the_one_it_was_made_from(postings: Postings) -> None:
    postings.put(posting("invoice/in_1", reason=Reason.DRIFT, reason_text="differs"))
    postings.put(posting("invoice/in_1", version=2, state=State.POSTED))
    stored = postings.get_many(["invoice/in_1"])["invoice/in_1"]
    assert stored == posting("invoice/in_1", version=2, state=State.POSTED)


@pytest.mark.parametrize("version", [2, 4, 5])
def test_a_version_that_does_not_follow_the_stored_one_is_refused(
    postings: Postings, version: int
) -> None:
    for number in (1, 2, 3):
        postings.put(posting("invoice/in_1", version=number))
    if version == 4:
        postings.put(posting("invoice/in_1", version=4, message_id="overtook"))
    with pytest.raises(StalePosting):
        postings.put(posting("invoice/in_1", version=version))


def test_a_later_version_of_nothing_is_refused(postings: Postings) -> None:
    with pytest.raises(StalePosting):
        postings.put(posting("invoice/in_1", version=2))
    assert postings.get_many(["invoice/in_1"]) == {}


def test_of_many_that_are_written_at_once_only_the_stale_ones_are_not(postings: Postings) -> None:
    keys = [f"receipt/inpay_{number}" for number in range(30)]
    for key in keys[::10]:
        postings.put(posting(key, message_id="was first"))
    made = [(posting(key, number=key), NO_CAUSE) for key in keys]
    assert postings.put_all(made) == set(keys[::10])
    stored = postings.get_many(keys)
    assert {key for key, each in stored.items() if each.message_id == "was first"} == set(
        keys[::10]
    )
    assert len(stored) == len(keys)
    assert postings.put_all([]) == frozenset()
    later = [(posting(key, version=2), NO_CAUSE) for key in keys]
    assert postings.put_all(later) == frozenset()


def test_exceptions_are_listed_oldest_change_first_and_leave_the_list_when_solved(
    postings: Postings,
) -> None:
    changes = {
        "invoice/parked": {"state": State.PARKED, "updated_at_unix": 30},
        "invoice/rejected": {"state": State.REJECTED, "updated_at_unix": 9},
        "invoice/unknown": {"state": State.UNKNOWN, "updated_at_unix": 200},
        "invoice/drifted": {"state": State.POSTED, "reason": Reason.DRIFT, "updated_at_unix": 40},
        "invoice/posted": {"state": State.POSTED, "updated_at_unix": 50},
        "invoice/sending": {"state": State.SENDING, "updated_at_unix": 60},
        "invoice/not_booked": {"state": State.NOT_BOOKED, "updated_at_unix": 70},
    }
    for key, change in changes.items():
        postings.put(posting(key, **change))
    postings.put(posting("invoice/parked", version=2, state=State.POSTED, updated_at_unix=300))
    found = [each.key for each in postings.on_worklist(Worklist.ATTENTION)]
    assert found == ["invoice/rejected", "invoice/drifted", "invoice/unknown"]


def test_an_exception_is_listed_whole(postings: Postings) -> None:
    postings.put(FULL)
    assert list(postings.on_worklist(Worklist.ATTENTION)) == [FULL]


def test_invoices_open_in_the_books_are_listed_until_they_are_settled(postings: Postings) -> None:
    booked = {"state": State.POSTED, "document_type": "ArInvoice"}
    changes = {
        "invoice/in_open": {**booked, "source_state": "open:0:1000"},
        "invoice/in_partly": {**booked, "source_state": "open:400:600"},
        "invoice/in_paid": {**booked, "source_state": "paid:1000:0"},
        "invoice/in_settled": {**booked, "source_state": "open:0:5"},
        "invoice/in_parked": {"state": State.PARKED, "source_state": "open:0:1"},
        "customer/cus_1": {
            "state": State.POSTED,
            "document_type": "Customer",
            "source_state": "open:0:1",
        },
    }
    for key, change in changes.items():
        postings.put(posting(key, **change))
    settled = posting("invoice/in_settled", version=2, **booked, source_state="paid:5:0")
    postings.put(settled)
    assert set(postings.open_invoices(0, None)) == {"in_open", "in_partly"}


@pytest.mark.parametrize(
    ("since_unix", "until_unix", "found"),
    [
        (0, None, ["in_0", "in_100", "in_200"]),
        (1, None, ["in_100", "in_200"]),
        (100, 199, ["in_100"]),
        (100, 200, ["in_100", "in_200"]),
        (101, 199, []),
        (0, 0, ["in_0"]),
    ],
)
def test_invoices_open_in_the_books_are_listed_by_their_creation_in_stripe(
    postings: Postings, since_unix: int, until_unix: int | None, found: list[str]
) -> None:
    booked = {"state": State.POSTED, "document_type": "ArInvoice", "source_state": "open:0:5"}
    for created in (0, 100, 200):
        key = f"invoice/in_{created}"
        postings.put(posting(key, **booked, source_created_unix=created))
    assert list(postings.open_invoices(since_unix, until_unix)) == found


def test_postings_are_found_by_the_subject_they_were_last_changed_for(postings: Postings) -> None:
    postings.put(posting("receipt/inpay_1"))
    postings.put(posting("invoice/in_1"))
    postings.put(posting("customer/cus_1", subject=REFUND))
    assert [each.key for each in postings.of_subject(INVOICE)] == [
        "invoice/in_1",
        "receipt/inpay_1",
    ]
    postings.put(posting("receipt/inpay_1", version=2, subject=REFUND))
    assert [each.key for each in postings.of_subject(INVOICE)] == ["invoice/in_1"]
    assert [each.key for each in postings.of_subject(REFUND)] == [
        "customer/cus_1",
        "receipt/inpay_1",
    ]
    assert postings.of_subject(Subject(SubjectKind.INVOICE, "in_none")) == []
