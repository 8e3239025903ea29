"""Goal: whatever is wrong in Stripe's JSON, it ends as a snapshot that can be planned or refused.

Method: take full objects of both shapes and spoil every node in turn: absent, null, and each wrong
type. No other exception may come out of decoding or planning, and a refusal names the object.
"""

import copy
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from tests.factories import a_policy
from tests.unit.stripe import money, shapes
from tests.unit.stripe.shapes import Facts, Json, Line, Tax
from tieout.domain.errors import Refused
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import plan
from tieout.planning.snapshots import (
    ActivitySnapshot,
    CreditNoteSnapshot,
    RefundSnapshot,
    Snapshot,
)
from tieout.stripe import decode

ABSENT = object()
ODD: tuple[object, ...] = (
    ABSENT,
    None,
    True,
    -1,
    10**12,
    10**30,
    1.5,
    "",
    "odd",
    "\ud800\x00",
    [],
    [None],
    {},
    {"id": None},
)

FULL = Facts(
    status="paid",
    lines=(
        Line("il_1", 2_000, discounts=(100,), taxes=(Tax(190), Tax(19, inclusive=True))),
        Line("il_2", -10, from_subscription=False, proration=True, metadata={"a": "b"}),
    ),
    shipping={"amount_subtotal": 5, "amount_tax": 1, "amount_total": 6},
)
DETAIL = {"type": "stripe_fee", "amount": 3, "description": "Fee"}
MOVED = money.moved(amount=5, fee=3, fee_details=[DETAIL])
REFUND = {
    "id": "re_1",
    "object": "refund",
    "amount": 5,
    "currency": "usd",
    "status": "failed",
    "created": 1,
    "charge": "ch_1",
    "payment_intent": {"id": "pi_1"},
    "balance_transaction": MOVED,
    "failure_balance_transaction": MOVED,
    "reason": "duplicate",
}
CUSTOMER = shapes.today(FULL)["customer"]
CHARGE = {
    "id": "ch_1",
    "object": "charge",
    "amount": 5,
    "currency": "usd",
    "status": "succeeded",
    "created": 1,
    "captured": True,
    "amount_captured": 5,
    "balance_transaction": MOVED,
    "payment_intent": "pi_1",
    "invoice": None,
}
SESSION = {"id": "cs_1", "object": "checkout.session", "amount_total": 5, "currency": "usd"}
BEHIND = {**CHARGE, "balance_transaction": "txn_1", "metadata": {"a": "b"}, "description": "x"}
MOVEMENT = money.moved(amount=5, fee=3, fee_details=[DETAIL], source=BEHIND)
CREDIT_NOTE = money.credit_note(
    total_taxes=shapes.today(FULL)["total_taxes"],
    refunds=[{"type": "refund", "refund": "re_1", "amount_refunded": 5}],
    customer_balance_transaction="cbtxn_1",
)


def refund(raw: object) -> Snapshot:
    facts = decode.refund(raw)
    return RefundSnapshot(facts, siblings=(facts,), invoices=())


def credit_note(raw: object) -> Snapshot:
    note = decode.credit_note(raw)
    return CreditNoteSnapshot(note, decode.invoice(shapes.today(FULL), credit_notes=[note]))


def customer(raw: object) -> Snapshot:
    return decode.customer(CUSTOMER, [decode.balance_change(raw)])


def day(raw: object) -> Snapshot:
    return ActivitySnapshot(date(2026, 11, 20), (decode.movement(raw),))


def transfer(read: Callable[..., Snapshot]) -> Callable[[object], Snapshot]:
    return lambda raw: read(raw, (decode.movement(MOVED),))


IDS = {SubjectKind.ACTIVITY: "2026-11-20"}
NAMED = (
    "invoice",
    "customer",
    "refund",
    "charge",
    "credit_note",
    "dispute",
    "payout",
    "topup",
    "balance_transaction",
    "checkout.session",
)
OBJECTS: dict[str, tuple[SubjectKind, Callable[[Any], Snapshot], Json]] = {
    "invoice of today": (SubjectKind.INVOICE, decode.invoice, shapes.today(FULL)),
    "invoice before basil": (SubjectKind.INVOICE, decode.invoice, shapes.before_basil(FULL)),
    "invoice of a deleted customer": (
        SubjectKind.INVOICE,
        decode.invoice,
        shapes.today(Facts(deleted_customer=True)),
    ),
    "customer": (SubjectKind.CUSTOMER, decode.customer, CUSTOMER),
    "refund": (SubjectKind.REFUND, refund, REFUND),
    "charge": (SubjectKind.CHARGE, decode.charge, CHARGE),
    "credit note": (SubjectKind.CREDIT_NOTE, credit_note, CREDIT_NOTE),
    "credit balance": (SubjectKind.CUSTOMER, customer, money.balance_change(invoice="in_1")),
    "dispute": (SubjectKind.DISPUTE, transfer(decode.dispute), money.dispute()),
    "payout": (SubjectKind.PAYOUT, transfer(decode.payout), money.payout()),
    "topup": (SubjectKind.TOPUP, transfer(decode.topup), money.topup()),
    "movement": (SubjectKind.ACTIVITY, day, MOVEMENT),
    "checkout session": (
        SubjectKind.CHECKOUT_SESSION,
        lambda raw: decode.other(raw, "checkout.session"),
        SESSION,
    ),
}


def spoiled(raw: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON
    """Yield copies of a JSON value, each with one node spoiled in one way."""
    for way in ways_into(raw):
        for odd in ODD:
            changed = copy.deepcopy(raw)
            parent = changed
            for step in way[:-1]:
                parent = parent[step]
            if odd is ABSENT:
                del parent[way[-1]]
            else:
                parent[way[-1]] = odd
            yield changed


def ways_into(raw: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    steps: Any = ()
    if isinstance(raw, dict):
        steps = raw.items()
    elif isinstance(raw, list):
        steps = enumerate(raw)
    for step, inner in steps:
        yield (step,)
        yield from ((step, *rest) for rest in ways_into(inner))


@pytest.mark.parametrize("name", OBJECTS)
def test_a_spoiled_object_is_read_and_planned_or_refused(name: str) -> None:
    kind, decoder, whole = OBJECTS[name]
    policy = a_policy()
    planned, refusals = 0, []
    for raw in spoiled(whole):
        try:
            snapshot = decoder(raw)
        except Refused as refused:
            refusals.append(refused)
        else:
            plan(Subject(kind, IDS.get(kind, "x_1")), snapshot, policy)
            planned += 1

    assert planned
    assert refusals
    assert {refused.reason for refused in refusals} == {Reason.UNREADABLE_OBJECT}
    assert all(re.match(rf"(the )?({'|'.join(NAMED)})", refused.text) for refused in refusals)


def test_a_spoiled_event_is_a_hint_or_none_or_refused() -> None:
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "charge.succeeded",
        "created": 1,
        "livemode": False,
        "api_version": "2020-03-02",
        "account": None,
        "data": {"object": {**CHARGE, "invoice": {"id": "in_1"}, "customer": {"id": "cus_1"}}},
    }
    hints = 0
    for raw in spoiled(event):
        try:
            hints += decode.event_hint(raw) is not None
        except Refused as refused:
            assert refused.text.startswith("event")  # noqa: PT017 - some are rightly hints
    assert hints > len(ODD)
