"""Goal: an event is stored once, and what is stored is known.

Method: one suite over the fake, DynamoDB in this process (moto) and the embedded AWS.
"""

import random

import pytest

from tests.fakes import FakeClock, FakeInbox
from tests.support.aws import Aws
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import EventHint, Inbox, StoredEvent
from tieout.services.trail_ports import ReceivedEvent
from tieout.store.inbox import DynamoInbox


@pytest.fixture
def inbox(aws: Aws | None) -> FakeInbox | DynamoInbox:
    if aws is None:
        return FakeInbox()
    return DynamoInbox(aws.dynamodb, aws.inbox_table(), retention_days=90, clock=FakeClock())


def event(event_id: str, source: str = "webhook", raw: bytes | None = b"{}") -> StoredEvent:
    hint = EventHint(
        event_id=event_id,
        event_type="invoice.paid",
        subject=Subject(SubjectKind.INVOICE, "in_1"),
        group="cus_1",
        created_unix=1_795_000_000,
        livemode=False,
        api_version=None,
    )
    return StoredEvent(hint, received_at_unix=1_795_000_002, source=source, raw=raw)


def test_an_event_is_stored_once_whoever_brings_it(inbox: Inbox) -> None:
    assert inbox.store(event("evt_1")) is True
    assert inbox.store(event("evt_1")) is False
    assert inbox.store(event("evt_1", source="poll", raw=None)) is False
    assert inbox.store(event("evt_2", source="poll", raw=None)) is True


def test_of_many_ids_those_that_are_stored_are_told(inbox: Inbox) -> None:
    inbox.store(event("evt_1"))
    inbox.store(event("evt_120"))
    asked = [f"evt_{number}" for number in range(130)]
    assert inbox.seen(asked) == {"evt_1", "evt_120"}
    assert inbox.seen(["evt_1", "evt_1"]) == {"evt_1"}
    assert inbox.seen([]) == frozenset()


def test_a_body_that_does_not_fit_is_no_reason_to_lose_the_event(inbox: Inbox) -> None:
    # Random bytes do not compress, so this is over DynamoDB's 400 KB.
    incompressible = random.Random(7).randbytes(600_000)  # noqa: S311 - no secret
    assert inbox.store(event("evt_1", raw=incompressible)) is True
    assert inbox.seen(["evt_1"]) == {"evt_1"}


def test_what_was_received_is_told_with_its_digest(inbox: FakeInbox | DynamoInbox) -> None:
    sha256 = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    for stored in (event("evt_1"), event("evt_2", source="poll", raw=None)):
        inbox.store(stored)
    assert inbox.received(["evt_1", "evt_2", "evt_3", "evt_1"]) == {
        "evt_1": ReceivedEvent(event("evt_1"), sha256, 2),
        "evt_2": ReceivedEvent(event("evt_2", source="poll", raw=None)),
    }
    assert inbox.erase_bodies({"cus_1"}, {"evt_1"}) == 1
    erased = ReceivedEvent(event("evt_1", raw=None), sha256, 2)
    assert inbox.received(["evt_1"]) == {"evt_1": erased}


def test_bodies_are_forgotten_and_events_are_not(inbox: FakeInbox | DynamoInbox) -> None:
    raw = {
        "evt_1": b'{"customer": "cus_1", "name": "Jane Doe"}',
        "evt_2": b'{"customer": "cus_12"}',
        "evt_3": b'{"payment": "of an invoice of cus_1"}',
        "evt_4": None,
        "evt_5": b'{"note":"a \\"b\\"\\n","charge":"ch_1","evidence":{"customer_name":"Jane Doe"}}',
    }
    for event_id, body in raw.items():
        inbox.store(event(event_id, raw=body))
    assert inbox.erase_bodies({"cus_1", "ch_1"}, {"evt_3", "evt_4"}) == 3
    assert inbox.erase_bodies({"cus_1", "ch_1"}, {"evt_3", "evt_4"}) == 0
    assert inbox.seen(raw) == set(raw)
    assert inbox.erase_bodies({"cus_12"}, ()) == 1
