"""What a delivery costs in a warm webhook, against the least that any webhook must do.

The bare way verifies, puts and sends: it stores an event twice and queues it twice when Stripe
delivers it twice. Both use the same emulator, the same kind of clients and the same event; samples
of several deliveries take turns.
"""

import contextlib
import io
import json
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import boto3
import pytest
import stripe

from tests.benchmarks.figures import Figure, interleaved
from tests.benchmarks.surroundings import webhook_world
from tests.support.doors import SIGNING_SECRET, Context, WebhookWorld, sample, signed

SAMPLES = 25
DELIVERIES = 10
RATIO_MAX = 2.5

Delivery = dict[str, Any]


def figures() -> Iterable[Figure]:
    """Yield the ratio."""
    with webhook_world() as (world, environment), pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        ours, bare = _ours(), _bare(world)
        for deliver in (ours, bare):
            _sample_ms(deliver)
        pair = interleaved(lambda: _sample_ms(ours), lambda: _sample_ms(bare), SAMPLES)
    yield pair.ratio("webhook, warm: verify, put, send", RATIO_MAX, "ms")


def _sample_ms(deliver: Callable[[Delivery], None]) -> float:
    """Return the milliseconds that one delivery takes, a mean over several new events."""
    deliveries = [_new_delivery() for _ in range(DELIVERIES)]
    # Log lines go to a pipe in Lambda, not to a terminal.
    with contextlib.redirect_stdout(io.StringIO()):
        began = time.perf_counter()
        for delivery in deliveries:
            deliver(delivery)
        return (time.perf_counter() - began) * 1000 / DELIVERIES


def _new_delivery() -> Delivery:
    invocation = sample("webhook", "invoice-finalized-endive")
    event_id = f"evt_{uuid.uuid4().hex}"
    body = invocation["body"].replace("evt_1TieoutSample00001", event_id)
    return signed(invocation | {"body": body})


def _ours() -> Callable[[Delivery], None]:
    from functions.webhook import app

    def deliver(delivery: Delivery) -> None:
        answer = app.lambda_handler(delivery, Context())
        assert answer["statusCode"] == 200, answer

    return deliver


def _bare(world: WebhookWorld) -> Callable[[Delivery], None]:
    dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")

    def deliver(delivery: Delivery) -> None:
        body = delivery["body"]
        signature = delivery["headers"]["Stripe-Signature"]
        stripe.WebhookSignature.verify_header(body, signature, SIGNING_SECRET, 300)
        event = json.loads(body)
        dynamodb.put_item(
            TableName=world.inbox_table,
            Item={"id": {"S": event["id"]}, "body": {"S": body}},
        )
        sqs.send_message(
            QueueUrl=world.queue_url,
            MessageBody=json.dumps({"id": event["id"], "type": event["type"]}),
            MessageGroupId=event["data"]["object"]["customer"],
            MessageDeduplicationId=event["id"],
        )

    return deliver
