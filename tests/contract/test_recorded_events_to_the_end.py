"""Goal: Stripe data that we did not write goes through the whole product to its end: booked,
recognised as not booked, or parked with a reason. And an invoice in its shape from before basil is
booked as in today's.

Method: the real webhook handler with the real signature check, then the real processor handler
over in-memory ports; what Stripe answers is the recorded object itself, in its recorded shape.
An object that was recorded by itself is delivered in an event of its kind. The files are not part
of the project: without them those tests are skipped, and say so.
"""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.factories import a_policy, moving
from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.json_types import PINNED_VERSION, PRE_BASIL_VERSION
from tests.sandbox.stripe.specs import InvoiceSpec, LineSpec, ShippingSpec
from tests.support.to_the_end import InProcess
from tieout.domain.errors import Refused
from tieout.domain.events import SUBSCRIPTIONS
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import BalanceTransaction, RefundSnapshot, Snapshot
from tieout.services import metric_names
from tieout.services.ports import EventHint, InvoiceRow, Stretch
from tieout.stripe import decode

Json = Mapping[str, Any]

RECORDED = Path(__file__).parents[3] / "shared" / "recorded-events"
FILES = sorted([*RECORDED.glob("events/*.json"), *RECORDED.glob("objects/*.json")])
FIXTURES = RECORDED / "openapi-fixtures3.json"

recorded = pytest.mark.skipif(
    not RECORDED.is_dir(), reason=f"NOT TRIED: the recorded Stripe data is not at {RECORDED}"
)

BOOKED = "booked"
NOT_BOOKED = "not booked"
NOT_OURS = "not ours"
# A draft invoice; a charge that only reserves money.
NOTHING = "calls for nothing"
# It leads to another object (the invoice that an old charge names, say), which was not recorded.
MISSING = f"parked: {Reason.OBJECT_MISSING_IN_STRIPE}"
# Each for a reason that is right; test_recorded_events.py says which.
UNREADABLE = f"parked: {Reason.UNREADABLE_OBJECT}"

# What must become of each file; a new file fails until somebody says.
ENDS: Mapping[str, str] = {
    "events/charge_dispute_created.json": NOT_BOOKED,
    "events/charge_failed.json": MISSING,
    "events/charge_pending.json": NOT_OURS,
    "events/charge_succeeded.json": UNREADABLE,
    "events/charge_updated.json": MISSING,
    "events/checkout_session_completed.json": NOT_BOOKED,
    "events/credit_note_created.json": MISSING,
    "events/customer_tax_id_created.json": NOT_OURS,
    "events/customer_updated.json": BOOKED,
    "events/invoice_finalized.json": BOOKED,
    "events/invoice_paid.json": BOOKED,
    "events/invoice_updated.json": NOT_OURS,
    "events/payment_intent_created.json": NOT_OURS,
    "events/price_created.json": NOT_OURS,
    "events/product_created.json": NOT_OURS,
    "events/refund_created.json": UNREADABLE,
    "events/subscription_created.json": NOT_OURS,
    "objects/balance_transaction_txn_fake_ch_fakefakefakefakefake0001.json": NOT_OURS,
    "objects/charge_ch_fakefakefakefakefake0001.json": UNREADABLE,
    "objects/customer_cus_6lsBvm5rJ0zyHc.json": BOOKED,
    "objects/dispute_dp_funds_reinstated_full.json": BOOKED,
    "objects/invoice_in_fakefakefakefakefake0001.json": UNREADABLE,
    "objects/invoice_in_fakefakefakefakefake0004.json": BOOKED,
    "objects/payout_custom_bank_account.json": UNREADABLE,
    "objects/subscription_sub_fakefakefakefakefake0001.json": NOT_OURS,
    "objects/tax_rate_txr_fakefakefakefakefake0001.json": NOT_OURS,
}
# Of the specification's resources, those that are for our books.
ENDS_OF_RESOURCES: Mapping[str, str] = {
    "charge": UNREADABLE,
    "checkout.session": NOT_BOOKED,
    "credit_note": MISSING,
    "customer": BOOKED,
    "dispute": NOT_BOOKED,
    "invoice": NOTHING,
    "invoice_payment": MISSING,
    "payout": NOT_BOOKED,
    "refund": NOT_BOOKED,
    "tax_id": MISSING,
    "topup": NOT_BOOKED,
}


class RecordedStripe:
    """Answers with one object, decoded in the shape that it has.

    Args:
        raw: the object. payments: lists the InvoicePayments of an invoice, which no event embeds;
            None leaves it at what an invoice of its time says itself.
    """

    reads = 0

    def __init__(self, raw: Json, payments: Callable[[str], Sequence[Json]] | None = None) -> None:
        self._raw = raw
        self._payments = payments

    def snapshot(self, subject: Subject) -> Snapshot:
        raw = self._raw
        if raw.get("id") != subject.id:
            raise Refused(Reason.OBJECT_MISSING_IN_STRIPE, f"{subject} was not recorded")
        match subject.kind:
            case SubjectKind.CUSTOMER:
                return decode.customer(raw)
            case SubjectKind.INVOICE:
                listed = self._payments(subject.id) if self._payments else None
                return decode.invoice(raw, payments=listed)
            case SubjectKind.CHARGE:
                return decode.charge(raw)
            case SubjectKind.REFUND:
                facts = decode.refund(raw)
                return RefundSnapshot(facts, siblings=(facts,), invoices=())
            case SubjectKind.CREDIT_NOTE:
                invoice = decode.credited_invoice(raw)
                raise Refused(Reason.OBJECT_MISSING_IN_STRIPE, f"{invoice} was not recorded")
            case SubjectKind.DISPUTE:
                return decode.dispute(raw, map(decode.movement, raw["balance_transactions"]))
            case SubjectKind.PAYOUT:
                return decode.payout(raw, ())
            case SubjectKind.TOPUP:
                return decode.topup(raw, ())
            case _:
                return decode.other(raw, str(raw["object"]))

    def events(
        self,
        types: Sequence[str],
        since_unix: int,
        until_unix: int | None,
        account: str | None = None,
    ) -> Stretch[EventHint]:
        raise NotImplementedError

    def invoices(
        self, since_unix: int, until_unix: int | None, account: str | None = None
    ) -> Stretch[InvoiceRow]:
        raise NotImplementedError

    def open_invoices(
        self, since_unix: int, until_unix: int | None, account: str | None = None
    ) -> Stretch[InvoiceRow]:
        raise NotImplementedError

    def listed(
        self, kind: SubjectKind, since_unix: int, until_unix: int, account: str | None = None
    ) -> Iterator[Subject]:
        raise NotImplementedError

    def charge_of(self, payment_intent: str, account: str | None = None) -> Subject | None:
        raise NotImplementedError

    def movements(
        self, since_unix: int, until_unix: int, account: str | None = None
    ) -> Sequence[BalanceTransaction]:
        raise NotImplementedError

    def movement(self, identifier: str, account: str | None = None) -> BalanceTransaction:
        raise NotImplementedError

    def balance(self, account: str | None = None) -> Mapping[str, int]:
        raise NotImplementedError


def read(path: Path) -> Any:  # noqa: ANN401 - JSON
    return json.loads(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def event_of(raw: Json) -> Json:
    """Return the recorded event, or one that a recorded object could have come in."""
    if raw["object"] == "event":
        return raw
    kinds = [name for name in SUBSCRIPTIONS if f".{raw['object']}." in f".{name}"]
    return {
        "id": f"evt_of_{raw.get('id')}",
        "object": "event",
        "api_version": None,
        "created": 1_795_161_600,
        "data": {"object": raw},
        "livemode": raw.get("livemode", False),
        "type": kinds[0] if kinds else f"{raw['object']}.updated",
    }


def end_of(monkeypatch: pytest.MonkeyPatch, event: Json) -> str:
    """Send an event through the product and say what became of it."""
    stripe = RecordedStripe(event["data"]["object"])
    policy = dataclasses.replace(moving(), zero_invoices="book")
    product = InProcess(monkeypatch, stripe, policy, livemode=event["livemode"])

    status, reason = product.deliver(event)

    assert status == 200
    if reason == "type not subscribed to":
        assert (product.queue.items, product.inbox.events) == ([], {})
        return NOT_OURS
    assert event["id"] in product.inbox.events
    assert len(product.queue.items) == 1
    failing = product.work()
    assert product.metrics.counts[metric_names.UNEXPECTED_ERROR] == 0
    postings = list(product.postings.by_key.values())
    assert bool(failing) == any(is_parked(each) for each in postings)
    return said_of(postings)


def is_parked(posting: Posting) -> bool:
    return posting.state in {State.PARKED, State.REJECTED}


def said_of(postings: Sequence[Posting]) -> str:
    """Return what the postings say; none may be left half way."""
    ends = {State.POSTED, State.NOT_BOOKED, State.PARKED, State.REJECTED}
    assert {each.state for each in postings} <= ends
    parked = [each.reason for each in postings if is_parked(each)]
    if parked:
        return f"parked: {parked[0]}"
    if any(each.state is State.NOT_BOOKED for each in postings):
        return NOT_BOOKED
    return BOOKED if postings else NOTHING


@recorded
@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_recorded_file_comes_to_its_end(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    assert end_of(monkeypatch, event_of(read(path))) == ENDS[name_of(path)]


@recorded
def test_every_resource_of_the_specification_comes_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resources = {
        name: raw
        for name, raw in read(FIXTURES)["resources"].items()
        # What the API answers to a deletion is not what an event carries.
        if not name.startswith("deleted_")
    }
    ends = {name: end_of(monkeypatch, event_of(raw)) for name, raw in resources.items()}
    assert {name: end for name, end in ends.items() if end != NOT_OURS} == ENDS_OF_RESOURCES


def a_business() -> StripeAccount:
    """Return an account whose invoices differ in everything that basil changed."""
    account = StripeAccount()
    for version in (PINNED_VERSION, PRE_BASIL_VERSION):
        account.register_endpoint("http://127.0.0.1:9", api_version=version)
    customer = account.create_customer("Old & New Ltd", email="ap@example.com")["id"]
    seat = account.create_product("Seat")["id"]
    price = account.create_price(seat, 2_500, interval="month")["id"]
    sales_tax = account.create_tax_rate("Sales tax", "8.875")["id"]
    vat = account.create_tax_rate("VAT", "19", inclusive=True)["id"]
    launch = account.create_coupon("Launch", percent_off="15")["id"]

    def invoice(*lines: LineSpec, **more: Any) -> str:  # noqa: ANN401 - fields of the spec
        spec = InvoiceSpec(customer, lines, **more)
        return str(account.finalize_invoice(account.create_invoice(spec)["id"])["id"])

    seats = LineSpec(price=price, quantity=3, description="3 seats")
    invoice(seats)
    account.pay_invoice(invoice(seats, tax_rates=(sales_tax,)))
    in_parts = invoice(seats, tax_rates=(vat,), coupons=(launch,), shipping=ShippingSpec(990))
    account.pay_invoice(in_parts, 4_000)
    account.pay_invoice(in_parts)
    credit = LineSpec(description="Unused time", amount_minor=-1_000, proration=True)
    account.pay_invoice(invoice(credit, seats))
    account.pay_out_of_band(invoice(seats, days_until_due=30), recorded=False)
    account.void_invoice(invoice(seats))
    return account


def test_an_invoice_is_booked_the_same_from_either_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    account = a_business()

    def payments(invoice: str) -> Sequence[Json]:
        return [each for each in account.store.all("invoice_payment") if each["invoice"] == invoice]

    last = {
        record.renderings[PINNED_VERSION]["object"]["id"]: record
        for record in account.event_log
        if record.type.startswith("invoice.") and record.type in SUBSCRIPTIONS
    }
    assert len(last) == 6
    for record in last.values():
        booked = []
        for version in (PINNED_VERSION, PRE_BASIL_VERSION):
            event = record.body(version)
            stripe = RecordedStripe(event["data"]["object"], payments=payments)
            product = InProcess(monkeypatch, stripe, a_policy(), livemode=False)
            assert product.deliver(event) == (200, "queued")
            assert product.work() == []
            booked.append(product)
        today, before_basil = booked
        # Only the digest of what was delivered tells the two apart.
        queued = [
            [dataclasses.replace(each, event_sha256="") for each in one.queue.items]
            for one in (before_basil, today)
        ]
        assert queued[0] == queued[1]
        assert before_basil.ledger.records == today.ledger.records
        assert len(today.ledger.records) >= 2  # the customer and the invoice, at least
