"""Goal: an event is kept as evidence exactly as it was signed, for as long as it is promised.

Method: DynamoDB in this process (moto).
"""

import hashlib
import random

import pytest

from tests.fakes import FakeClock
from tests.support.aws import Aws
from tests.support.aws_accidents import lose_first_answer
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import EventHint, StoredEvent
from tieout.services.trail_ports import ReceivedEvent
from tieout.store.inbox import DynamoInbox

HINT = EventHint(
    event_id="evt_1",
    event_type="invoice.paid",
    subject=Subject(SubjectKind.INVOICE, "in_1", "acct_1"),
    group="cus_1",
    created_unix=1_795_000_000,
    livemode=True,
    api_version="2026-10-28.endive",
)


def event(raw: bytes | None) -> StoredEvent:
    return StoredEvent(HINT, 1_795_000_002, "webhook" if raw else "poll", raw)


@pytest.fixture
def inbox(aws: Aws) -> DynamoInbox:
    return DynamoInbox(
        aws.dynamodb, aws.inbox_table(), retention_days=90, clock=FakeClock(1_795_000_000)
    )


def test_an_event_comes_back_byte_for_byte(inbox: DynamoInbox) -> None:
    raw = b'{\r\n  "id": "evt_1", "name": "Gr\xc3\xb6\xc3\x9fe" \n}'
    inbox.store(event(raw))
    told = ReceivedEvent(event(raw), hashlib.sha256(raw).hexdigest(), len(raw))
    assert inbox.received(["evt_1"]) == {"evt_1": told}


def test_an_event_that_the_poller_found_has_no_body(inbox: DynamoInbox) -> None:
    inbox.store(event(None))
    assert inbox.received(["evt_1"]) == {"evt_1": ReceivedEvent(event(None))}


def test_an_event_never_seen_is_not_there(inbox: DynamoInbox) -> None:
    assert inbox.received(["evt_1"]) == {}


def test_a_body_too_large_for_an_item_leaves_its_digest(inbox: DynamoInbox) -> None:
    raw = random.Random(7).randbytes(450_000)  # noqa: S311 - bytes that do not compress, no secret
    assert inbox.store(event(raw)) is True
    record = inbox.received(["evt_1"])["evt_1"]
    assert record.event.raw is None
    assert record.raw_sha256 == hashlib.sha256(raw).hexdigest()
    assert record.raw_size_bytes == 450_000


def test_the_largest_body_that_is_kept_fits_into_an_item(inbox: DynamoInbox) -> None:
    raw = random.Random(7).randbytes(399_800)  # noqa: S311 - as above
    inbox.store(event(raw))
    record = inbox.received(["evt_1"])["evt_1"]
    assert record.event.raw == raw


def test_an_event_expires_when_its_retention_is_over(aws: Aws, inbox: DynamoInbox) -> None:
    inbox.store(event(b"{}"))
    (item,) = aws.dynamodb.scan(TableName=inbox._table_name)["Items"]
    assert item["expiration"] == {"N": str(1_795_000_000 + 90 * 86_400)}


def test_a_store_whose_answer_was_lost_still_counts_as_the_first(
    aws: Aws, inbox: DynamoInbox
) -> None:
    lose_first_answer(aws.dynamodb, "PutItem")
    assert inbox.store(event(b"{}")) is True
    assert inbox.store(event(b"{}")) is False
