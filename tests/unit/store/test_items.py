"""Goal: what is written can be read by older and newer code, and shows in the right indexes.

Method: the shape of one item of each kind, and a round trip of any posting and any event.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import EventHint, StoredEvent
from tieout.services.trail_ports import ReceivedEvent
from tieout.store import items
from tieout.store.attributes import attribute, plain

ids = st.text("abcdefghij_0123456789", min_size=1, max_size=20)
texts = st.text(max_size=30)
numbers = st.integers(-(10**15), 10**15)
subjects = st.builds(Subject, st.sampled_from(SubjectKind), ids, st.none() | ids)
any_posting = st.builds(
    Posting,
    key=ids,
    subject=subjects,
    state=st.sampled_from(State),
    version=st.integers(1, 10**6),
    document_type=st.sampled_from(["", "ArInvoice", "Customer"]),
    digest=texts,
    record_no=st.none() | texts,
    amount_minor=st.none() | numbers,
    currency=st.none() | st.sampled_from(["usd", "jpy"]),
    reason=st.none() | st.sampled_from(Reason),
    reason_text=texts,
    adopted=st.booleans(),
    source_state=st.sampled_from(["", "open:0:100", "paid:100:0"]),
    updated_at_unix=st.integers(0, 2**40),
)
any_event = st.builds(
    StoredEvent,
    hint=st.builds(
        EventHint, ids, texts, subjects, texts, numbers, st.booleans(), st.none() | texts
    ),
    received_at_unix=numbers,
    source=st.sampled_from(["webhook", "poll"]),
    raw=st.none() | st.binary(max_size=200),
)


@given(any_posting)
def test_any_posting_survives_the_table(posting: Posting) -> None:
    assert items.posting_from(items.posting_item(posting)) == posting


@given(any_event)
def test_any_event_survives_the_table(event: StoredEvent) -> None:
    assert items.event_from(items.event_item(event, expires_at_unix=1)).event == event


def test_the_shape_of_a_posting_is_what_the_indexes_expect() -> None:
    posting = Posting(
        key="invoice/in_1",
        subject=Subject(SubjectKind.INVOICE, "in_1"),
        state=State.POSTED,
        version=3,
        document_type="ArInvoice",
        reason=Reason.DRIFT,
        adopted=True,
        source_state="open:0:100",
        updated_at_unix=1_795_000_000,
    )
    item = items.posting_item(posting)
    assert {name: item[name] for name in sorted(item) if name in _INDEXED | _TYPED} == {
        "adopted": {"BOOL": True},
        "key": {"S": "invoice/in_1"},
        "open": {"S": "yes"},
        "reason": {"S": "drift"},
        "source_state": {"S": "open:0:100"},
        "state": {"S": "posted"},
        "subject": {"S": "invoice/in_1"},
        "updated_at": {"N": "1795000000"},
        "version": {"N": "3"},
        "worklist": {"S": "attention"},
    }
    assert "record_no" not in item


_INDEXED = {"key", "subject", "worklist", "updated_at", "open", "source_state"}
_TYPED = {"state", "reason", "version", "adopted"}


@pytest.mark.parametrize("state", State)
def test_a_posting_is_in_the_sparse_index_of_its_list(state: State) -> None:
    posting = Posting("receipt/inpay_1", Subject(SubjectKind.INVOICE, "in_1"), state)
    item = items.posting_item(posting)
    assert item.get("worklist") == ({"S": posting.worklist} if posting.worklist else None)
    assert ("worklist" in item) is (state not in {State.POSTED, State.CLOSED})
    assert "open" not in item


def test_what_another_version_of_the_code_wrote_can_be_read() -> None:
    subject = Subject(SubjectKind.INVOICE, "in_1")
    newer = {
        **items.posting_item(Posting("invoice/in_1", subject, State.POSTED, version=1)),
        "colour": {"S": "blue"},
    }
    assert items.posting_from(newer) == Posting("invoice/in_1", subject, State.POSTED, version=1)
    older = {name: newer[name] for name in ("key", "subject", "state")}
    assert items.posting_from(older) == Posting("invoice/in_1", subject, State.POSTED)


def test_a_body_is_stored_small_and_with_its_digest() -> None:
    raw = b'{"id": "evt_1"}' * 1000
    hint = EventHint("evt_1", "invoice.paid", Subject(SubjectKind.INVOICE, "in_1"), "c", 1, True)
    event = StoredEvent(hint, 2, "webhook", raw)
    item = items.event_item(event, expires_at_unix=99)
    assert item["id"] == {"S": "event#evt_1"}
    assert item["expiration"] == {"N": "99"}
    assert len(item["raw"]["B"]) < len(raw) / 10
    sha256 = "cdaee3244222c05f5f7209937fa70bfcbdcde420801bf149cd7554ab97c1b16f"
    assert items.event_from(item) == ReceivedEvent(event, sha256, len(raw))


def test_an_attribute_of_a_type_that_we_never_write_is_refused() -> None:
    with pytest.raises(ValueError, match="type SS"):
        plain({"SS": ["a"]})


@given(st.text() | numbers | st.booleans() | st.binary())
def test_any_plain_value_survives(value: str | int | bool | bytes) -> None:
    again = plain(attribute(value))
    assert again == value
    assert type(again) is type(value)
