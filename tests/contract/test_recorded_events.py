"""Goal: data that we did not write is planned, recognised as not booked, or refused with a reason.

Method: every event, object and fixture found beside the repository (webhooks recorded from real
accounts, objects of old API versions, one object of each resource of Stripe's own specification)
goes through the subject table, its decoder and the plan; nothing but a refusal may stop it.
The files are not part of the project: without them the tests are skipped, and say so.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.factories import a_policy
from tieout.domain.errors import Refused
from tieout.domain.events import SUBSCRIPTIONS
from tieout.domain.plans import Plan
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import plan
from tieout.planning.snapshots import RefundSnapshot, Snapshot
from tieout.stripe import decode

RECORDED = Path(__file__).parents[3] / "shared" / "recorded-events"
EVENTS = sorted(RECORDED.glob("events/*.json"))
OBJECTS = sorted(RECORDED.glob("objects/*.json"))
FIXTURES = RECORDED / "openapi-fixtures3.json"

# Our reader asks for balance transactions expanded; an event only names them.
UNEXPANDED = "balance_transaction.created is missing: it is not expanded"
# Of what is recorded, only this cannot be read, each for a reason that is right.
REFUSED: Mapping[str, str] = {
    "objects/invoice_in_fakefakefakefakefake0001.json": "lines.data is missing",
    # Stored by another product, with amounts in major units: not what Stripe sends.
    "objects/payout_custom_bank_account.json": "amount is not an integer",
    "events/charge_succeeded.json": UNEXPANDED,
    "events/refund_created.json": UNEXPANDED,
    "fixture charge": UNEXPANDED,
    "objects/charge_ch_fakefakefakefakefake0001.json": UNEXPANDED,
    "fixture invoice_payment": "status is 'status', which is not known",
}

pytestmark = pytest.mark.skipif(
    not RECORDED.is_dir(), reason=f"the recorded Stripe data is not at {RECORDED}"
)


def refund(raw: object) -> Snapshot:
    facts = decode.refund(raw)
    return RefundSnapshot(facts, siblings=(facts,), invoices=())


def an_other(kind: str) -> Callable[[object], Snapshot]:
    return lambda raw: decode.other(raw, kind)


DECODERS: Mapping[str, tuple[SubjectKind, Callable[[object], Snapshot]]] = {
    "customer": (SubjectKind.CUSTOMER, decode.customer),
    "invoice": (SubjectKind.INVOICE, decode.invoice),
    "charge": (SubjectKind.CHARGE, decode.charge),
    "refund": (SubjectKind.REFUND, refund),
    "credit_note": (SubjectKind.CREDIT_NOTE, an_other("credit_note")),
    "dispute": (SubjectKind.DISPUTE, an_other("dispute")),
    "payout": (SubjectKind.PAYOUT, an_other("payout")),
    "topup": (SubjectKind.TOPUP, an_other("topup")),
    "checkout.session": (SubjectKind.CHECKOUT_SESSION, an_other("checkout.session")),
}


def read(path: Path) -> Any:  # noqa: ANN401 - JSON
    return json.loads(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def outcome(raw: Any) -> Plan | Refused | None:  # noqa: ANN401 - JSON
    """Return the plan of an object, why it was refused, or None for a kind that is not decoded."""
    known = DECODERS.get(raw.get("object"))
    if known is None:
        return None
    kind, decoder = known
    try:
        snapshot = decoder(raw)
    except Refused as refused:
        return refused
    return plan(Subject(kind, raw["id"]), snapshot, a_policy())


def check(raw: Any, name: str) -> None:  # noqa: ANN401 - JSON
    """Hold an object to its one rightful outcome."""
    found = outcome(raw)
    if name in REFUSED:
        assert isinstance(found, Refused)
        assert found.reason is Reason.UNREADABLE_OBJECT
        assert REFUSED[name] in found.text
    else:
        assert not isinstance(found, Refused)
        # What is recognised becomes a document or is recorded. Nothing is called for by a draft, by
        # a charge that moved no money, and by one whose invoice books it.
        calls_for_nothing = raw.get("status") == "draft" or raw["object"] == "charge"
        assert found is None or calls_for_nothing or found.documents or found.findings


def test_there_is_something_to_try() -> None:
    assert len(EVENTS) > 10
    assert len(OBJECTS) > 5
    assert FIXTURES.is_file()


@pytest.mark.parametrize("path", EVENTS, ids=name_of)
def test_an_event_is_a_hint_or_not_for_us(path: Path) -> None:
    raw = read(path)
    payload = raw["data"]["object"]
    if payload["object"] == "tax_id" and payload["customer"] is None:
        assert decode.event_hint(raw) is None  # a tax id of the account itself: no customer's books
        return

    hint = decode.event_hint(raw)

    if hint is None:
        assert raw["type"] not in SUBSCRIPTIONS
    else:
        assert (hint.event_id, hint.created_unix) == (raw["id"], raw["created"])
        assert hint.subject.id in (payload["id"], payload.get("invoice"), payload.get("customer"))


@pytest.mark.parametrize("path", EVENTS, ids=name_of)
def test_the_object_of_an_event_comes_to_an_end(path: Path) -> None:
    check(read(path)["data"]["object"], name_of(path))


@pytest.mark.parametrize("path", OBJECTS, ids=name_of)
def test_an_object_comes_to_an_end(path: Path) -> None:
    check(read(path), name_of(path))


@pytest.mark.parametrize("kind", sorted(DECODERS))
def test_an_object_of_the_specification_comes_to_an_end(kind: str) -> None:
    check(read(FIXTURES)["resources"][kind], f"fixture {kind}")


def test_an_invoice_payment_of_the_specification_is_refused_for_its_made_up_status() -> None:
    with pytest.raises(Refused) as refused:
        decode.invoice_payment(read(FIXTURES)["resources"]["invoice_payment"])

    assert REFUSED["fixture invoice_payment"] in refused.value.text


@pytest.mark.parametrize("decoder", [decoder for _, decoder in DECODERS.values()])
def test_no_resource_of_the_specification_upsets_any_decoder(
    decoder: Callable[[object], Snapshot],
) -> None:
    for raw in read(FIXTURES)["resources"].values():
        for given in (raw, [raw], str(raw)):
            with suppress(Refused):
                decoder(given)
