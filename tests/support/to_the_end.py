"""The product in one process: the real handlers and use cases, with memory where AWS would be.

    deliver(event) -> webhook handler -> queue -> work() -> processor handler -> postings, ledger

The signature is really checked; what Stripe would answer is handed in.
"""

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from functions.processor import app as processor_app
from functions.webhook import app as webhook_app
from tests.fakes import (
    FakeClock,
    FakeInbox,
    FakeLedger,
    FakeMetrics,
    FakePolicies,
    FakePostings,
    FakeQueue,
)
from tests.fakes.queue import NothingBehind
from tests.support.doors import SIGNING_SECRET, Context, signed
from tieout.bootstrap import TimeLimits, Webhook, Worker
from tieout.domain.policy import Policy
from tieout.observability import InvocationContext, Telemetry
from tieout.services import messages
from tieout.services.ports import StripeReader
from tieout.services.process import Processor
from tieout.services.readings import UNEXPECTED_DELIVERIES_MAX
from tieout.services.receive import Receiver
from tieout.settings import CommonSettings
from tieout.store.backlog import Backlog
from tieout.store.idempotency import PowertoolsOnce
from tieout.store.work_queue import Visibility
from tieout.stripe.signature import SignatureRefused, verify

LEASE_SECONDS = 130


def _refusal(body: bytes, header: str | None) -> str | None:
    try:
        verify(body, header, [SIGNING_SECRET])
    except SignatureRefused as refused:
        return str(refused)
    return None


@dataclass
class _Once:
    """Remembers events in memory."""

    received: set[str] = field(default_factory=set)

    @contextmanager
    def during(self, _: InvocationContext) -> Iterator[None]:
        yield

    def run(self, event_id: str, action: Callable[[], None]) -> bool:
        if event_id in self.received:
            return False
        action()
        self.received.add(event_id)
        return True


class _NoVisibility:
    """A queue's visibility that has nothing to change: `work` decides what comes again."""

    def change(self, _receipt_handle: str, _seconds: int) -> bool:
        return True


class InProcess:
    """One installation; `stripe` is what it reads, `livemode` which events it takes."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        stripe: StripeReader,
        policy: Policy,
        *,
        livemode: bool,
    ) -> None:
        self.inbox, self.queue = FakeInbox(), FakeQueue()
        self.postings, self.ledger, self.metrics = FakePostings(), FakeLedger(), FakeMetrics()
        clock = FakeClock()
        common = CommonSettings("dev", livemode, "test", "Tieout/dev", "INFO")
        telemetry = Telemetry(common, io.StringIO())
        once = _Once()
        receiver = Receiver(
            _refusal, once, self.inbox, self.queue, clock, self.metrics, livemode=livemode
        )
        processor = Processor(
            stripe,
            self.ledger,
            self.postings,
            FakePolicies(policy),
            clock,
            self.metrics,
            LEASE_SECONDS,
        )
        webhook = Webhook(receiver, cast("PowertoolsOnce", once), telemetry)
        limits = TimeLimits(reading_seconds=0, sending_seconds=0, lease_seconds=LEASE_SECONDS)
        worker = Worker(
            processor,
            cast("Backlog", NothingBehind()),
            cast("Visibility", _NoVisibility()),
            telemetry,
            limits,
        )
        monkeypatch.setattr(webhook_app, "webhook", lambda: webhook)
        monkeypatch.setattr(processor_app, "processor", lambda: worker)

    def deliver(self, event: Mapping[str, Any]) -> tuple[int, str]:
        """Sign the event as Stripe does, hand it to the webhook; return status and reason."""
        invocation = {
            "body": json.dumps(event, indent=2),
            "isBase64Encoded": False,
            "headers": {"Stripe-Signature": "made by `signed`"},
        }
        answer = webhook_app.lambda_handler(signed(invocation), Context())
        return answer["statusCode"], json.loads(answer["body"])["message"]

    def work(self) -> Sequence[int]:
        """Let the processor work on the queue until nothing changes; return what was not done."""
        failing: list[int] = list(range(len(self.queue.items)))
        for receive_count in range(1, UNEXPECTED_DELIVERIES_MAX + 2):
            if not failing:
                break
            batch = {"Records": [self._record(number, receive_count) for number in failing]}
            answer = processor_app.lambda_handler(batch, Context())
            failing = [int(each["itemIdentifier"]) for each in answer["batchItemFailures"]]
        return failing

    def _record(self, number: int, receive_count: int) -> Mapping[str, Any]:
        item = self.queue.items[number]
        return {
            "messageId": str(number),
            "receiptHandle": str(number),
            "body": messages.encode(item),
            "attributes": {
                "ApproximateReceiveCount": str(receive_count),
                "SentTimestamp": "1795161600000",
                "MessageGroupId": item.group,
            },
        }
