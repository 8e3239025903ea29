"""Goal: every sample in `events/` works as an example of what it is named for.

Method: each file goes through the real handler: the webhook's on moto, signed as Stripe would sign
it now; the processor's and the poller's over the fakes. A file nobody expects anything of fails.
"""

import json
from collections.abc import Iterable, Iterator
from typing import cast

import pytest

from functions.poller import app as poller
from functions.processor import app as processor
from functions.webhook import app as webhook
from tests import factories
from tests.fakes import (
    FakeClock,
    FakeLedger,
    FakeMetrics,
    FakePolicies,
    FakePostings,
    FakeQueue,
    FakeStripe,
)
from tests.fakes.queue import NothingBehind
from tests.support import aws
from tests.support.doors import ROOT, Context, Queued, WebhookWorld, polling, sample, signed
from tieout import bootstrap
from tieout.domain.subjects import Subject, SubjectKind
from tieout.observability import Telemetry
from tieout.services.messages import decode
from tieout.services.process import Processor
from tieout.settings import CommonSettings
from tieout.store.backlog import Backlog
from tieout.store.work_queue import Visibility

CUSTOMER = "cus_TieoutSample001"
INVOICE = Queued(Subject(SubjectKind.INVOICE, "in_1TieoutSample00001"), CUSTOMER)

# What the webhook answers, and what it queues.
WEBHOOK: dict[str, tuple[int, str, Queued | None]] = {
    "invoice-finalized-endive": (200, "queued", INVOICE),
    "invoice-finalized-acacia": (200, "queued", INVOICE),
    "invoice-voided-http-api": (200, "queued", INVOICE),
    "invoice-payment-paid-endive": (200, "queued", Queued(INVOICE.subject, str(INVOICE.subject))),
    # What Stripe keeps of a charge no invoice knows, so an old charge that names one is read, too.
    "charge-succeeded-endive": (
        200,
        "queued",
        Queued(Subject(SubjectKind.CHARGE, "ch_1TieoutSample00001"), CUSTOMER),
    ),
    "charge-succeeded-acacia": (
        200,
        "queued",
        Queued(Subject(SubjectKind.CHARGE, "ch_1TieoutSample00001"), CUSTOMER),
    ),
    "refund-created-base64": (
        200,
        "queued",
        Queued(
            Subject(SubjectKind.REFUND, "re_1TieoutSample00001"), "refund/re_1TieoutSample00001"
        ),
    ),
    "customer-updated": (
        200,
        "queued",
        Queued(Subject(SubjectKind.CUSTOMER, CUSTOMER), CUSTOMER),
    ),
    "type-not-subscribed": (200, "type not subscribed to", None),
    "live-event-in-test-mode": (400, "event of the wrong mode (livemode=True)", None),
    "thin-event": (400, "thin event: subscribe to snapshot payloads instead", None),
    "without-signature": (400, "the Stripe-Signature header is missing", None),
    "broken-base64": (400, "body is not in the encoding that the request says it is", None),
}
# Which of a batch's messages come again, by their position.
PROCESSOR: dict[str, list[int]] = {"batch-of-three": [], "one-unreadable": [1, 2]}
POLLER = {"schedule", "by-hand"}


@pytest.fixture(scope="module")
def world() -> Iterator[WebhookWorld]:
    with aws.moto() as account, pytest.MonkeyPatch.context() as patch:
        world = WebhookWorld.on(account)
        for name, value in world.environment().items():
            patch.setenv(name, value)
        patch.setattr(webhook, "webhook", bootstrap.webhook())
        yield world


def names(function: str) -> set[str]:
    return {path.stem for path in (ROOT / "events" / function).iterdir()}


def test_every_sample_is_expected_to_do_something() -> None:
    folders = {path.name for path in (ROOT / "events").iterdir() if path.is_dir()}
    assert folders == {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert names("webhook") == WEBHOOK.keys()
    assert names("processor") == PROCESSOR.keys()
    assert names("poller") == POLLER


@pytest.mark.parametrize("name", sorted(WEBHOOK))
def test_webhook_sample(name: str, world: WebhookWorld) -> None:
    invocation = sample("webhook", name)
    signable = name != "broken-base64"
    answer = webhook.lambda_handler(signed(invocation) if signable else invocation, Context())
    told = (answer["statusCode"], json.loads(answer["body"])["message"])
    queued = world.queued()
    assert (*told, queued[0] if queued else None) == WEBHOOK[name]


def stripe_that_has(bodies: Iterable[str]) -> FakeStripe:
    """Return a Stripe with an object for every subject that can be read."""
    stripe = FakeStripe()
    for body in bodies:
        try:
            subject = decode(body).subject
        except ValueError:
            continue
        if subject.kind is SubjectKind.CUSTOMER:
            stripe.snapshots[subject] = factories.a_customer(id=subject.id)
        else:
            stripe.snapshots[subject] = factories.an_invoice(id=subject.id, number=subject.id)
    return stripe


class NoQueue:
    """A visibility that nobody listens to."""

    def change(self, receipt_handle: str, seconds: int) -> bool:
        return bool(receipt_handle) and seconds >= 0


@pytest.mark.parametrize("name", sorted(PROCESSOR))
def test_processor_sample(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    invocation = sample("processor", name)
    ledger = FakeLedger()
    use_case = Processor(
        stripe_that_has(record["body"] for record in invocation["Records"]),
        ledger,
        FakePostings(),
        FakePolicies(factories.a_policy()),
        FakeClock(),
        FakeMetrics(),
        lease_seconds=130,
    )
    telemetry = Telemetry(CommonSettings("dev", False, "processor", "Tieout/dev", "INFO"))
    limits = bootstrap.TimeLimits(reading_seconds=30, sending_seconds=70, lease_seconds=130)
    worker = bootstrap.Worker(
        use_case,
        cast("Backlog", NothingBehind()),
        cast("Visibility", NoQueue()),
        telemetry,
        limits,
    )
    monkeypatch.setattr(processor, "processor", lambda: worker)
    answer = processor.lambda_handler(invocation, Context())
    again = [invocation["Records"][position]["messageId"] for position in PROCESSOR[name]]
    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == again
    assert ledger.records


@pytest.mark.parametrize("name", sorted(POLLER))
def test_poller_sample(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = FakeQueue()
    monkeypatch.setattr(poller, "poller", lambda: polling(FakeStripe(), queue=queue))
    report = poller.lambda_handler(sample("poller", name), Context())
    # Two lists of event types, of at most twenty each, then the recent and the open invoices.
    assert report["reads"] == 4
    assert queue.items == []
