"""Listing events, and how old endpoints see them.

Method: the API's event lists over small histories, then event payloads of a pre-basil endpoint
compared with what the dossier says was where; the recorded real events of that age, when they are
at hand, must not have a field set of their own that ours lacks.
"""

import json
from pathlib import Path

import pytest

from tests.sandbox.stripe import (
    FULL_KEY,
    PINNED_VERSION,
    PRE_BASIL_VERSION,
    AccountOptions,
    ChargeSpec,
    DeliveryFaults,
    SteppedClock,
    StripeAccount,
    WebhookSender,
)
from tests.sandbox.stripe.api import StripeApi
from tests.sandbox.stripe.events import changed_attributes
from tests.sandbox.stripe.json_types import JsonObject
from tests.unit.sandbox.stripe.business import busy_account, invoice_of, rich_invoice

RECORDED = Path(__file__).parents[5] / "shared" / "recorded-events" / "events"


def events(account: StripeAccount, query: str = "") -> list[JsonObject]:
    response = StripeApi(account).handle(
        "GET",
        f"/v1/events?limit=100&{query}",
        {
            "authorization": f"Bearer {FULL_KEY}",
            "stripe-version": PINNED_VERSION,
        },
    )
    body: JsonObject = json.loads(response.body)
    assert response.status == 200, body
    return list(body["data"])


def old_object(account: StripeAccount, event_type: str) -> JsonObject:
    """Return ``data.object`` of the last event of a type as a pre-basil endpoint gets it."""
    record = [each for each in account.event_log if each.type == event_type][-1]
    shown: JsonObject = record.body(PRE_BASIL_VERSION)["data"]["object"]
    return shown


def test_newest_first_and_filtered_by_type() -> None:
    account = StripeAccount()
    account.create_product("One")
    account.charge(ChargeSpec(1_000))
    types = [each["type"] for each in events(account)]
    assert types == [record.type for record in reversed(account.event_log)]
    assert {each["type"] for each in events(account, "type=charge.*")} == {
        "charge.succeeded",
        "charge.updated",
    }
    assert [each["type"] for each in events(account, "types[]=product.created&types[]=x")] == [
        "product.created"
    ]


def test_events_are_kept_for_thirty_days() -> None:
    clock = SteppedClock()
    account = StripeAccount(clock=clock)
    account.create_product("One")
    old = account.event_log[0].id
    clock.advance(30 * 86_400)
    assert len(events(account)) == 1
    clock.advance(1)
    account.create_product("Two")
    assert [each["id"] for each in events(account)] == [account.event_log[1].id]
    headers = {"authorization": f"Bearer {FULL_KEY}"}
    assert StripeApi(account).handle("GET", f"/v1/events/{old}", headers).status == 404
    gone = StripeApi(account).handle("GET", f"/v1/events?ending_before={old}", headers)
    assert gone.status == 400


def test_delivery_success_tells_delivered_from_the_rest() -> None:
    account = StripeAccount()
    account.create_product("Before any endpoint")
    account.register_endpoint("http://127.0.0.1:1/", enabled_events=("product.created",))
    account.create_product("One")
    account.create_product("Two")
    pending = events(account, "delivery_success=false")
    assert [each["data"]["object"]["name"] for each in pending] == ["Two", "One"]
    assert {each["pending_webhooks"] for each in pending} == {1}
    WebhookSender(account, lambda *_: 200).deliver_due(account.clock.now())
    assert events(account, "delivery_success=false") == []
    assert len(events(account, "delivery_success=true")) == 3


def test_lost_events_count_as_not_delivered() -> None:
    account = StripeAccount()
    account.register_endpoint("http://127.0.0.1:1/")
    account.create_product("One")
    sender = WebhookSender(account, lambda *_: 200, DeliveryFaults(lost_rate=1.0))
    assert sender.deliver_all() == []
    assert len(events(account, "delivery_success=false")) == 1


def test_the_list_shows_the_accounts_own_version() -> None:
    account = StripeAccount(AccountOptions(default_api_version=PRE_BASIL_VERSION))
    account.register_endpoint("http://127.0.0.1:1/", api_version=PINNED_VERSION)
    customer = account.create_customer("Acme")["id"]
    invoice_of(account, customer, 1_000)
    listed = next(each for each in events(account) if each["type"] == "invoice.finalized")
    assert listed["api_version"] == PRE_BASIL_VERSION
    assert "paid" in listed["data"]["object"]
    record = next(each for each in account.event_log if each.id == listed["id"])
    assert "paid" not in record.body(PINNED_VERSION)["data"]["object"]


def test_events_never_change_after_the_fact() -> None:
    account = StripeAccount()
    customer = account.create_customer("Acme")["id"]
    invoice = invoice_of(account, customer, 1_000)["id"]
    finalized = next(each for each in account.event_log if each.type == "invoice.finalized")
    before = json.dumps(finalized.body(PINNED_VERSION))
    account.pay_invoice(invoice)
    assert json.dumps(finalized.body(PINNED_VERSION)) == before


def test_a_request_of_ours_is_recognisable() -> None:
    account = StripeAccount()
    customer = account.create_customer("Acme")["id"]
    with account.request("tieout/1"):
        account.update_customer(customer, metadata={"erp": "C-1"})
    event = account.event_log[-1].body(PINNED_VERSION)
    assert event["request"]["idempotency_key"] == "tieout/1"
    assert event["data"]["previous_attributes"] == {"metadata": {"erp": None}}
    assert account.event_log[0].body(PINNED_VERSION)["request"]["idempotency_key"] is None


def test_previous_attributes_give_arrays_whole_and_objects_by_key() -> None:
    assert changed_attributes(
        {"a": [1, 2], "b": {"x": 1, "y": 2}, "c": 1}, {"a": [1, 3], "b": {"x": 1, "y": 3}, "c": 1}
    ) == {"a": [1, 2], "b": {"y": 2}}


@pytest.fixture(scope="module")
def busy() -> StripeAccount:
    return busy_account()


def test_an_old_invoice_names_its_payment_and_taxes_the_old_way() -> None:
    account = StripeAccount()
    account.register_endpoint("http://127.0.0.1:1/", api_version=PRE_BASIL_VERSION)
    customer = account.create_customer("Acme")["id"]
    invoice = rich_invoice(account, customer)
    payment = account.pay_invoice(invoice["id"])
    old = old_object(account, "invoice.paid")
    charge = account.store.all("charge")[-1]["id"]
    assert (old["paid"], old["paid_out_of_band"]) == (True, False)
    assert old["payment_intent"] == payment["payment"]["payment_intent"]
    assert old["charge"] == charge
    assert old["subscription"] == "sub_1"
    assert old["tax"] == sum(each["amount"] for each in invoice["total_taxes"])
    assert [each["inclusive"] for each in old["total_tax_amounts"]] == [False, True]
    seats, _, book, unused = old["lines"]["data"]
    assert seats["price"]["unit_amount"] == 1_000
    assert (seats["type"], seats["proration"]) == ("invoiceitem", False)
    assert (unused["type"], unused["proration"]) == ("subscription", True)
    assert unused["subscription_item"] == "si_1"
    assert unused["proration_details"]["credited_items"]["invoice"] == "in_earlier"
    assert book["tax_amounts"][0]["inclusive"] is True
    assert old_object(account, "charge.succeeded")["invoice"] == invoice["id"]
    assert old_object(account, "payment_intent.succeeded")["invoice"] == invoice["id"]
    gone = {"parent", "total_taxes", "total_pretax_credit_amounts", "amount_overpaid"}
    assert not gone & old.keys()
    assert not {"parent", "pricing", "taxes"} & seats.keys()


@pytest.mark.parametrize("recorded", [True, False])
def test_an_old_invoice_does_not_count_money_from_outside(recorded: bool) -> None:
    account = StripeAccount()
    account.register_endpoint("http://127.0.0.1:1/", api_version=PRE_BASIL_VERSION)
    invoice = invoice_of(account, account.create_customer("Acme")["id"], 1_000)["id"]
    account.pay_out_of_band(invoice, recorded=recorded)
    old = old_object(account, "invoice.paid")
    assert (old["paid"], old["paid_out_of_band"], old["amount_paid"]) == (True, True, 0)


def test_an_old_credit_note_names_its_refund(busy: StripeAccount) -> None:
    old = old_object(busy, "credit_note.created")
    assert old["refund"].startswith("re_")
    assert [each["inclusive"] for each in old["tax_amounts"]] == [False]
    assert "tax_amounts" in old["lines"]["data"][0]


@pytest.mark.parametrize(
    ("file", "event_type"),
    [
        ("invoice_finalized.json", "invoice.finalized"),
        ("invoice_paid.json", "invoice.paid"),
        ("charge_succeeded.json", "charge.succeeded"),
        ("credit_note_created.json", "credit_note.created"),
        ("refund_created.json", "refund.created"),
        ("product_created.json", "product.created"),
        ("price_created.json", "price.created"),
        ("charge_dispute_created.json", "charge.dispute.created"),
        ("charge_failed.json", "charge.failed"),
        ("customer_updated.json", "customer.updated"),
        ("payment_intent_created.json", "payment_intent.created"),
    ],
)
def test_real_events_of_that_age_have_no_field_that_ours_lack(
    busy: StripeAccount, file: str, event_type: str
) -> None:
    if not RECORDED.is_dir():
        pytest.skip(f"recorded events are not at {RECORDED}")
    real = json.loads((RECORDED / file).read_text())["data"]["object"]
    # Fields that were gone or not embedded by 2023-10-16; the recordings are of 2020-03-02.
    older = {"attributes", "refunds", "sources", "subscriptions", "tax_ids", "tax_percent"}
    assert real.keys() - old_object(busy, event_type).keys() <= older
