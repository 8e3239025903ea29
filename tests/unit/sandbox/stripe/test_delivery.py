"""Signed delivery with everything that goes wrong between Stripe and an endpoint.

Method: a transport that only writes down what it is given; Stripe's own verifier and header
generator are the oracles for signatures; faults are driven by seeds and the stepped clock.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
import stripe

from tests.sandbox.stripe import (
    PINNED_VERSION,
    PRE_BASIL_VERSION,
    DeliveryFaults,
    SteppedClock,
    StripeAccount,
    WebhookSender,
    http_transport,
)
from tests.sandbox.stripe.delivery import RETRY_AFTER_SECONDS, signature_header
from tests.sandbox.stripe.json_types import JsonObject
from tests.unit.sandbox.stripe.business import invoice_of

URL = "http://127.0.0.1:1/hook"


@dataclass
class Inbox:
    """A transport that answers with the statuses it was given, then with 200."""

    answers: list[int] = field(default_factory=list)
    received: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.received.append((url, body, headers))
        answer = self.answers.pop(0) if self.answers else 200
        if answer == 0:
            raise ConnectionRefusedError
        return answer

    @property
    def events(self) -> list[JsonObject]:
        return [json.loads(body) for _, body, _ in self.received]


def account_with_products(count: int, clock: SteppedClock | None = None) -> StripeAccount:
    account = StripeAccount(clock=clock)
    account.register_endpoint(URL)
    for number in range(count):
        account.create_product(f"Product {number}")
    return account


def secret_of(account: StripeAccount) -> str:
    return next(iter(account.endpoints.values())).secrets[-1].value


def test_the_signature_is_what_stripes_library_makes_and_accepts() -> None:
    account = account_with_products(1)
    inbox = Inbox()
    WebhookSender(account, inbox).deliver_all()
    [(url, body, headers)] = inbox.received
    assert url == URL
    header = headers["Stripe-Signature"]
    assert header == stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret_of(account), timestamp=account.clock.now()
    )
    assert stripe.WebhookSignature.verify_header(
        body.decode(), header, secret_of(account), tolerance=None
    )


def test_while_a_secret_is_rolled_both_sign() -> None:
    clock = SteppedClock()
    account = account_with_products(1, clock)
    endpoint = next(iter(account.endpoints.values()))
    old = endpoint.secrets[0].value
    new = account.roll_secret(endpoint.id, keep_old_seconds=600)
    inbox = Inbox([500])
    sender = WebhookSender(account, inbox)
    sender.deliver_due(clock.now())
    clock.advance(600)
    sender.deliver_due(clock.now())
    first, second = (headers["Stripe-Signature"] for _, _, headers in inbox.received)
    assert first.count("v1=") == 2
    body = inbox.received[0][1].decode()
    for secret in (old, new):
        assert stripe.WebhookSignature.verify_header(body, first, secret, tolerance=None)
    assert second.count("v1=") == 1
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(
            inbox.received[1][1].decode(), second, old, tolerance=None
        )


def test_the_signing_time_can_be_another_clocks() -> None:
    account = account_with_products(1)
    inbox = Inbox()
    WebhookSender(account, inbox, signing_clock=lambda: 42).deliver_all()
    assert inbox.received[0][2]["Stripe-Signature"].startswith("t=42,v1=")
    assert signature_header(b"{}", [], 7) == "t=7"


def test_each_endpoint_gets_its_types_in_its_version() -> None:
    account = StripeAccount()
    account.register_endpoint(URL, enabled_events=("product.*",))
    account.register_endpoint(URL + "/old", api_version=PRE_BASIL_VERSION)
    account.create_customer("Acme")
    account.create_product("One")
    inbox = Inbox()
    WebhookSender(account, inbox).deliver_all()
    seen = [
        (url, json.loads(body)["type"], json.loads(body)["api_version"])
        for url, body, _ in inbox.received
    ]
    assert sorted(seen) == [
        (URL, "product.created", PINNED_VERSION),
        (URL + "/old", "customer.created", PRE_BASIL_VERSION),
        (URL + "/old", "product.created", PRE_BASIL_VERSION),
    ]
    with pytest.raises(ValueError, match="renders events in"):
        account.register_endpoint(URL, api_version="2019-01-01")


def test_endpoints_older_than_invoice_payments_do_not_get_their_events() -> None:
    account = StripeAccount()
    account.register_endpoint(URL)
    account.register_endpoint(URL + "/old", api_version=PRE_BASIL_VERSION)
    account.pay_invoice(invoice_of(account, account.create_customer("Acme")["id"], 100)["id"])
    inbox = Inbox()
    WebhookSender(account, inbox).deliver_all()
    urls = [url for url, body, _ in inbox.received if b"invoice_payment.paid" in body]
    assert urls == [URL]


def test_the_double_posts_to_plain_http_only() -> None:
    with pytest.raises(ValueError, match="plain HTTP only"):
        http_transport("https://example.com/hook", b"", {})


@pytest.mark.parametrize("refusal", [500, 404, 302, 0])
def test_everything_but_2xx_is_tried_again_when_due(refusal: int) -> None:
    clock = SteppedClock()
    account = account_with_products(1, clock)
    inbox = Inbox([refusal, refusal])
    sender = WebhookSender(account, inbox)
    assert [each.accepted for each in sender.deliver_due(clock.now())] == [False]
    assert sender.deliver_due(clock.now()) == []
    clock.advance(RETRY_AFTER_SECONDS[0])
    assert len(sender.deliver_due(clock.now())) == 1
    clock.advance(RETRY_AFTER_SECONDS[1])
    assert [each.accepted for each in sender.deliver_due(clock.now())] == [True]
    assert len({each["id"] for each in inbox.events}) == 1
    assert account.event_log[0].delivered
    assert sender.waiting == 0


def test_after_three_days_stripe_gives_up() -> None:
    account = account_with_products(1)
    inbox = Inbox([500] * 100)
    attempts = WebhookSender(account, inbox).deliver_all()
    assert len(attempts) == len(RETRY_AFTER_SECONDS) + 1
    assert not account.event_log[0].delivered
    assert account.event_log[0].body(PINNED_VERSION)["pending_webhooks"] == 0


def test_duplicates_have_the_same_id_and_twins_another() -> None:
    account = account_with_products(20)
    inbox = Inbox()
    faults = DeliveryFaults(seed=1, duplicate_rate=0.5, twin_rate=0.5)
    WebhookSender(account, inbox, faults).deliver_all()
    by_id = Counter(each["id"] for each in inbox.events)
    assert max(by_id.values()) == 2
    by_product = Counter((each["data"]["object"]["id"], each["id"]) for each in inbox.events)
    ids_per_product = Counter(product for product, _ in by_product)
    assert set(ids_per_product.values()) == {1, 2}
    assert len(account.event_log) == len(by_id) > 20


def test_delay_and_disorder_lose_nothing() -> None:
    clock = SteppedClock()
    account = account_with_products(30, clock)
    inbox = Inbox()
    faults = DeliveryFaults(seed=3, delay_rate=0.5, max_delay_seconds=600, shuffled=True)
    sender = WebhookSender(account, inbox, faults)
    at_once = len(sender.deliver_due(clock.now()))
    assert 0 < at_once < 30
    clock.advance(600)
    sender.deliver_due(clock.now())
    names = [each["data"]["object"]["name"] for each in inbox.events]
    in_order = [f"Product {number}" for number in range(30)]
    assert sorted(names) == sorted(in_order)
    assert names != in_order


def test_the_same_seed_does_the_same_thing() -> None:
    def run() -> list[str]:
        account = account_with_products(20)
        inbox = Inbox()
        faults = DeliveryFaults(9, 0.3, 0.3, 0.2, 0.4, shuffled=True)
        WebhookSender(account, inbox, faults).deliver_all()
        return [each["id"] for each in inbox.events]

    assert run() == run()


def test_an_event_can_be_sent_again_by_hand() -> None:
    account = account_with_products(1)
    inbox = Inbox()
    sender = WebhookSender(account, inbox)
    sender.deliver_all()
    [again] = sender.redeliver(account.event_log[0].id)
    assert again.accepted
    assert [each["id"] for each in inbox.events] == [account.event_log[0].id] * 2
