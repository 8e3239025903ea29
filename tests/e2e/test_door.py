"""Goal: the door lets in what Stripe signed, now, for this mode, and nothing else; what is refused
leaves no trace but a line in the log.

Method: deliveries over HTTP, signed by the test; nobody takes from the queue meanwhile.
"""

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.shop import Shop
from tests.sandbox.stripe.delivery import signature_header
from tieout.services.receive import BODY_BYTES_MAX

pytestmark = pytest.mark.emulator

GOOD = "good"
REASON_LENGTH_MAX = 80


@dataclass(frozen=True)
class Door:
    """The webhook's URL and the secret that Stripe signs with."""

    shop: Shop
    secret: str

    def knock(self, body: bytes, signature: str | None = GOOD) -> tuple[int, str]:
        """Post a body; return the status and the reason. `GOOD` is signed as Stripe does."""
        if signature == GOOD:
            signature = self.signed(body)
        request = urllib.request.Request(
            self.shop.running.stack.webhook_url,
            data=body,
            headers={
                "Content-Type": "application/json",
                **({"Stripe-Signature": signature} if signature is not None else {}),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)["message"]
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)["message"]

    def signed(self, body: bytes, age_seconds: int = 0, secret: str = "") -> str:
        return signature_header(body, [secret or self.secret], int(time.time()) - age_seconds)

    def traces(self) -> tuple[int, int]:
        """Count the messages in the queue and the items in the inbox's table."""
        stack = self.shop.running.stack
        return stack.event_queue().total, sum(1 for _ in stack.items("Inbox"))


@pytest.fixture(scope="module")
def door(shop: Shop) -> Iterator[Door]:
    with shop.event_source.paused():
        yield Door(shop, shop.running.endpoint.secrets[0].value)


def event(**changes: object) -> bytes:
    whole: Mapping[str, Any] = {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "type": "customer.updated",
        "created": int(time.time()),
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "data": {"object": {"id": "cus_atTheDoor", "object": "customer"}},
    }
    return json.dumps({**whole, **changes}).encode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (event(livemode=True), "event of the wrong mode"),
        (b'{"id": "' + b"x" * BODY_BYTES_MAX + b'"}', "body over"),
        (b"id=evt_1&type=invoice.paid", "not JSON"),
        (b"", "not JSON"),
        (b"[]", "not an event"),
        (event(id=None), "no usable id"),
        (event(data={}), "no data.object"),
        (event(object="v2.core.event"), "thin event"),
    ],
    ids=["mode", "size", "form", "empty", "list", "no-id", "no-object", "thin"],
)
def test_what_cannot_be_an_event_of_ours_gets_400(door: Door, body: bytes, reason: str) -> None:
    before = door.traces()

    status, told = door.knock(body)

    assert status == 400
    assert reason in told
    assert len(told) <= REASON_LENGTH_MAX
    assert door.traces() == before


def test_what_is_not_text_gets_400(door: Door) -> None:
    before = door.traces()

    status, told = door.knock(b'{"id": "evt_\xff\xfe"}')

    # API Gateway may have made text of it on the way, which then is not what was signed.
    assert (status, told) in {(400, "the body is not UTF-8"), (400, "no signature matches")}
    assert door.traces() == before


def test_what_stripe_did_not_sign_now_gets_400(door: Door) -> None:
    before = door.traces()
    body = event()
    header = door.signed(body)

    assert door.knock(body, None) == (400, "the Stripe-Signature header is missing")
    assert door.knock(body, "") == (400, "the Stripe-Signature header is missing")
    assert door.knock(body, "nonsense") == (400, "no signature matches")
    assert door.knock(body, door.signed(body, secret="whsec_of_another")) == (
        400,
        "no signature matches",
    )
    assert door.knock(event(), header) == (400, "no signature matches")
    assert door.knock(body, door.signed(body, age_seconds=301)) == (
        400,
        "the signature is too old",
    )
    assert door.traces() == before


def test_a_type_that_nobody_asked_for_is_thanked_for_and_left_alone(door: Door) -> None:
    before = door.traces()

    assert door.knock(event(type="price.created")) == (200, "type not subscribed to")
    assert door.traces() == before


def test_a_good_event_is_stored_and_queued_once(door: Door) -> None:
    queued, _ = door.traces()
    customer = door.shop.customer("Knocking Ltd")
    body = event(data={"object": {"id": customer, "object": "customer"}})

    assert door.knock(body) == (200, "queued")
    assert door.knock(body) == (200, "received before")
    assert door.traces()[0] == queued + 1
    stored = [
        item
        for item in door.shop.running.stack.items("Inbox")
        if json.loads(body)["id"] in item["id"]["S"]
    ]
    assert len(stored) == 1
