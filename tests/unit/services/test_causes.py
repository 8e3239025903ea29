"""Goal: the audit trail knows which events asked for a change, and whose document it is.

Method: causes of each kind of snapshot; then the real processor over messages of one subject.
"""

import dataclasses

import pytest

from tests.factories import (
    a_charge,
    a_credit_note,
    a_credit_note_of,
    a_customer,
    a_paid_invoice,
    a_refund,
    a_refund_of,
)
from tests.unit.services.world import INVOICE, World
from tieout.domain.causes import NO_CAUSE, SourceEvent
from tieout.planning.snapshots import OtherSnapshot, Snapshot
from tieout.services.causes import cause_of, source_event
from tieout.services.messages import decode, encode
from tieout.services.ports import WorkItem
from tieout.services.process import ReceivedMessage

CUSTOMER = a_customer(id="cus_7")
INVOICE_OF = a_paid_invoice(customer=CUSTOMER)
SNAPSHOTS: dict[str, tuple[Snapshot, str]] = {
    "customer": (CUSTOMER, "cus_7"),
    "invoice": (INVOICE_OF, "cus_7"),
    "invoice of nobody": (a_paid_invoice(customer=None), ""),
    "charge": (a_charge(customer=CUSTOMER), "cus_7"),
    "credit note": (
        a_credit_note_of(dataclasses.replace(INVOICE_OF, credit_notes=(a_credit_note(),))),
        "cus_7",
    ),
    "refund of an invoice": (a_refund_of(a_refund(), INVOICE_OF), "cus_7"),
    "something else": (OtherSnapshot("po_1", "payout"), ""),
}


@pytest.mark.parametrize("kind", SNAPSHOTS)
def test_a_document_is_known_by_its_customer(kind: str) -> None:
    snapshot, customer = SNAPSHOTS[kind]
    cause = cause_of(snapshot, ())
    assert cause.customer == customer
    assert len(cause.snapshot_digest) == 64


def test_another_reading_has_another_digest_and_the_same_one_the_same() -> None:
    digest = cause_of(INVOICE_OF, ()).snapshot_digest
    assert digest == cause_of(a_paid_invoice(customer=CUSTOMER), ()).snapshot_digest
    other = dataclasses.replace(INVOICE_OF, metadata={"order": "8"})
    assert digest != cause_of(other, ()).snapshot_digest


def test_what_could_not_be_read_has_no_digest() -> None:
    assert cause_of(None, ()) == NO_CAUSE


@pytest.mark.parametrize(
    ("trigger", "event"),
    [("evt_1", SourceEvent("evt_1", "ab")), ("poll", None), ("retry by evt_ann", None)],
)
def test_only_events_are_events(trigger: str, event: SourceEvent | None) -> None:
    item = WorkItem(INVOICE, trigger, "cus_1", "", livemode=False, event_sha256="ab")
    assert source_event(item) == event
    assert decode(encode(item)).event_sha256 == "ab"


def test_a_message_from_before_the_trail_is_understood() -> None:
    item = WorkItem(INVOICE, "evt_1", "", "", livemode=False)
    assert "sha256" not in encode(item)
    assert decode(encode(item)) == item


def test_every_event_that_asked_is_named_once() -> None:
    world = World()
    world.stripe.snapshots[INVOICE] = INVOICE_OF

    def message(number: int, trigger: str) -> ReceivedMessage:
        item = WorkItem(INVOICE, trigger, "cus_1", "", livemode=False, event_sha256=f"{number}")
        return ReceivedMessage(f"message-{number}", encode(item), 1, world.clock.now_unix())

    world.process(message(1, "evt_1"), message(2, "poll"), message(3, "evt_2"))
    entries = world.postings.trail.of_id("invoice/in_1")
    assert entries
    for entry in entries:
        assert entry.events == (SourceEvent("evt_1", "1"), SourceEvent("evt_2", "3"))
        assert entry.customer == "cus_7"
