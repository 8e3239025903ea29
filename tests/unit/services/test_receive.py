"""Goal: a delivery is either safe with us and answered 2xx, refused with a short reason and nothing
kept, or answered 5xx so that Stripe delivers it again.

Method: the receiver over an in-memory world in which any step can be made to fail once.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tieout.domain.errors import ConfigurationFault, LeaseHeld, Unavailable
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import StoredEvent, WorkItem
from tieout.services.receive import BODY_BYTES_MAX, Answer, Receiver

GOOD = "good"
NOW_UNIX = 1_795_219_200


class Died(BaseException):
    """The process ended here: nothing runs any more, not even a handler of exceptions."""


@dataclass
class World:
    """Every port of the receiver, with a fault to raise at a named step."""

    faults: dict[str, BaseException] = field(default_factory=dict)
    inbox: dict[str, StoredEvent] = field(default_factory=dict)
    queued: list[WorkItem] = field(default_factory=list)
    completed: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    signed_by: str | None = None

    def receiver(self, *, livemode: bool = False) -> Receiver:
        return Receiver(
            self.signature,
            self,
            self,
            self,
            self,
            self,
            livemode=livemode,
            account_of=lambda _body, _header: self.signed_by,
        )

    def signature(self, body: bytes, header: str | None) -> str | None:
        assert isinstance(body, bytes)
        self._step("secret")
        return None if header == GOOD else "no signature matches"

    def run(self, event_id: str, action: Callable[[], None]) -> bool:
        self._step("once")
        if event_id in self.completed:
            return False
        action()
        self._step("complete")
        self.completed.add(event_id)
        return True

    def store(self, event: StoredEvent) -> bool:
        self._step("store")
        new = event.hint.event_id not in self.inbox
        self.inbox.setdefault(event.hint.event_id, event)
        return new

    def seen(self, event_ids: object) -> frozenset[str]:
        raise NotImplementedError

    def send(self, item: WorkItem) -> None:
        self._step("queue")
        self.queued.append(item)

    def now_unix(self) -> int:
        return NOW_UNIX

    def count(self, name: str, value: int = 1) -> None:
        self.counts[name] += value

    def _step(self, name: str) -> None:
        fault = self.faults.pop(name, None)
        if fault is not None:
            raise fault


def event(**changes: object) -> dict[str, object]:
    return {
        "id": "evt_1",
        "object": "event",
        "type": "invoice.finalized",
        "created": 1_795_219_000,
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "data": {"object": {"id": "in_1", "object": "invoice", "customer": "cus_1"}},
    } | changes


def deliver(world: World, payload: object, header: str | None = GOOD) -> Answer:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return world.receiver().receive(body, header)


def test_a_good_delivery_is_stored_as_signed_and_queued_for_its_customer() -> None:
    world = World()
    body = json.dumps(event(), indent=2).encode()
    assert deliver(world, body) == Answer(200, "queued")
    (stored,) = world.inbox.values()
    assert stored.raw == body
    assert stored.source == "webhook"
    assert stored.received_at_unix == NOW_UNIX
    assert stored.hint.created_unix == 1_795_219_000
    assert stored.hint.api_version == "2026-10-28.endive"
    assert world.queued == [
        WorkItem(
            Subject(SubjectKind.INVOICE, "in_1"),
            "evt_1",
            "cus_1",
            "evt_1",
            livemode=False,
            event_sha256=hashlib.sha256(body).hexdigest(),
        )
    ]
    assert world.counts == {"EventStored": 1}


@pytest.mark.parametrize(
    ("signed_by", "named", "account"),
    [
        (None, None, None),
        ("acct_2", None, "acct_2"),
        (None, "acct_connected", "acct_connected"),
        ("acct_2", "acct_connected", "acct_connected"),
    ],
)
def test_an_event_is_of_the_account_that_it_names_else_of_the_one_that_signed_it(
    signed_by: str | None, named: str | None, account: str | None
) -> None:
    world = World(signed_by=signed_by)
    deliver(world, event(account=named))
    assert [item.subject.account for item in world.queued] == [account]


def test_a_second_delivery_of_a_received_event_is_not_queued_again() -> None:
    world = World()
    deliver(world, event())
    assert deliver(world, event()) == Answer(200, "received before")
    assert len(world.queued) == 1
    assert world.counts == {"EventStored": 1, "EventDuplicate": 1}


def test_two_events_about_one_change_are_both_queued_for_one_subject() -> None:
    world = World()
    deliver(world, event())
    deliver(world, event(id="evt_2"))
    assert [item.subject.id for item in world.queued] == ["in_1", "in_1"]
    assert [item.deduplication_id for item in world.queued] == ["evt_1", "evt_2"]


def test_an_event_that_the_poller_stored_is_still_queued() -> None:
    world = World()
    deliver(world, event())
    world.completed.clear()
    world.queued.clear()
    assert deliver(world, event()).status == 200
    assert len(world.queued) == 1
    assert world.counts["EventStored"] == 1


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"x" * (BODY_BYTES_MAX + 1), f"body over {BODY_BYTES_MAX} bytes"),
        (b"", "body is not JSON"),
        (b"{", "body is not JSON"),
        (b"[" * 100_000, "body is not JSON"),
        (b'{"id": "\xff"}', "body is not UTF-8"),
        (b"[]", "body is not an event"),
        (b"null", "body is not an event"),
        ({"id": "in_1", "object": "invoice"}, "body is not an event"),
        (event(object="v2.core.event"), "thin event: subscribe to snapshot payloads instead"),
        (event(id=None), "event has no usable id"),
        (event(id=""), "event has no usable id"),
        (event(id="e" * 256), "event has no usable id"),
        (event(id="evt_1\n"), "event has no usable id"),
        (event(id="\ud800"), "event has no usable id"),
        (event(type=7), "event has no usable type"),
        (event(created="2026"), "event has no usable created"),
        (event(created=True), "event has no usable created"),
        (event(created=-1), "event has no usable created"),
        (event(created=10**11), "event has no usable created"),
        (event(created=10**38), "event has no usable created"),
        (event(api_version={}), "event has no usable api_version"),
        (event(account=["acct_1"]), "the event has no usable account"),
        (event(livemode="false"), "event has no usable livemode"),
        (event(livemode=1), "event has no usable livemode"),
        (event(livemode=True), "event of the wrong mode (livemode=True)"),
        (event(livemode=True, type="price.updated"), "event of the wrong mode (livemode=True)"),
        (event(data={}), "the event has no data.object"),
        (event(data={"object": {}}), "the event's object has no usable id"),
        (event(data={"object": {"id": "in_1/in_2"}}), "the event's object has no usable id"),
        (event(data={"object": {"id": None}}), "the event's object has no usable id"),
        (
            event(type="customer.tax_id.created", data={"object": {}}),
            "the event's object has no usable id",
        ),
    ],
)
def test_what_can_never_be_accepted_gets_400_and_leaves_nothing(
    payload: object, reason: str
) -> None:
    world = World()
    assert deliver(world, payload) == Answer(400, reason)
    assert (world.inbox, world.queued, world.completed) == ({}, [], set())
    assert world.counts == {"EventRefused": 1}


def test_the_largest_body_allowed_is_read() -> None:
    padded = json.dumps(event()).encode().ljust(BODY_BYTES_MAX)
    assert deliver(World(), padded).status == 200


@pytest.mark.parametrize("header", [None, "", "bad"])
def test_a_bad_signature_gets_400_before_the_body_is_looked_at(header: str | None) -> None:
    world = World()
    assert deliver(world, b"{", header) == Answer(400, "no signature matches")
    assert world.inbox == {}
    assert world.counts == {"SignatureFailed": 1}


def test_a_live_stage_refuses_test_events() -> None:
    world = World()
    body = json.dumps(event()).encode()
    assert world.receiver(livemode=True).receive(body, GOOD).status == 400
    live = json.dumps(event(livemode=True)).encode()
    assert world.receiver(livemode=True).receive(live, GOOD).status == 200


def test_a_tax_id_of_the_account_itself_is_nobodys_and_is_not_asked_for_again() -> None:
    world = World()
    of_the_account = {"id": "txi_1", "object": "tax_id", "customer": None}
    answer = deliver(world, event(type="customer.tax_id.created", data={"object": of_the_account}))
    assert answer.status == 200
    assert (world.inbox, world.queued) == ({}, [])
    assert world.counts == {"EventUnknownType": 1}


def test_a_type_not_subscribed_to_is_thanked_for_and_counted() -> None:
    world = World()
    answer = deliver(world, event(type="price.updated", data={"object": {}}))
    assert answer == Answer(200, "type not subscribed to")
    assert (world.inbox, world.queued) == ({}, [])
    assert world.counts == {"EventUnknownType": 1}


@pytest.mark.parametrize("step", ["secret", "once", "queue", "store", "complete"])
@pytest.mark.parametrize(
    "fault",
    [
        Unavailable("table throttled"),
        LeaseHeld("in progress"),
        ConfigurationFault(Reason.SECRET_INVALID, "no signing_secrets"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_whatever_fails_is_answered_503_and_the_next_delivery_completes_it(
    step: str, fault: Exception
) -> None:
    world = World(faults={step: fault})
    answer = deliver(world, event())
    assert answer.status == 503
    assert str(fault) not in answer.reason
    assert deliver(world, event()).status == 200
    assert set(world.inbox) == world.completed == {"evt_1"}
    assert {item.deduplication_id for item in world.queued} == {"evt_1"}


@pytest.mark.parametrize("step", ["once", "queue", "store", "complete"])
def test_a_process_that_dies_at_any_step_loses_nothing(step: str) -> None:
    world = World(faults={step: Died()})
    with pytest.raises(Died):
        deliver(world, event())
    # The poller skips what the inbox holds: so that must have been queued.
    assert set(world.inbox) <= {item.trigger for item in world.queued}
    assert deliver(world, event()).status == 200
    assert set(world.inbox) == {"evt_1"}
    assert world.queued


def test_a_fault_of_the_deployment_is_counted_for_its_alarm() -> None:
    world = World(faults={"secret": ConfigurationFault(Reason.SECRET_INVALID, "empty")})
    deliver(world, event())
    assert world.counts == {"ConfigurationFault": 1}


def test_log_lines_hold_ids_and_types_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="tieout")
    invoice = {"id": "in_1", "customer": "cus_1", "customer_email": "jenny@example.com"}
    deliver(World(), event(data={"object": invoice}))
    deliver(World(), event(data={"object": invoice}), header="bad")
    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert "evt_1" in logged
    assert "jenny" not in logged
