"""Goal: what API Gateway hands over reaches the use case as Stripe sent it, and Powertools makes a
delivery count once.

Method: the real handler, wired by the real composition root, on one moto; each test takes an
event of its own.
"""

import base64
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from functions.webhook import app
from tests.support import aws
from tests.support.doors import Context, Queued, WebhookWorld, sample, signed
from tieout import bootstrap
from tieout.domain.subjects import Subject, SubjectKind

INVOICE = Queued(Subject(SubjectKind.INVOICE, "in_1TieoutSample00001"), "cus_TieoutSample001")


@pytest.fixture(scope="module")
def account() -> Iterator[WebhookWorld]:
    with aws.moto() as account:
        yield WebhookWorld.on(account)


@pytest.fixture(scope="module")
def door(account: WebhookWorld) -> Callable[[], bootstrap.Webhook]:
    """The function as it is when it is warm: building its clients takes most of a second."""
    build = bootstrap.webhook()
    with pytest.MonkeyPatch.context() as environment:
        for name, value in account.environment().items():
            environment.setenv(name, value)
        build()
    return build


@pytest.fixture
def world(
    account: WebhookWorld,
    door: Callable[[], bootstrap.Webhook],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[WebhookWorld]:
    for name, value in account.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(app, "webhook", door)
    yield account
    account.queued()


@pytest.fixture
def event_id() -> str:
    return f"evt_{uuid.uuid4().hex}"


@pytest.fixture
def delivery(event_id: str) -> dict[str, Any]:
    """A finalised invoice, as API Gateway hands it over."""
    invocation = sample("webhook", "invoice-finalized-endive")
    body = invocation["body"].replace("evt_1TieoutSample00001", event_id)
    return signed(invocation | {"body": body})


def invoke(invocation: dict[str, Any]) -> tuple[int, str]:
    answer = app.lambda_handler(invocation, Context())
    return answer["statusCode"], json.loads(answer["body"])["message"]


def counters(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found: dict[str, float] = {}
    for line in lines:
        if "_aws" in line:
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            found |= {each["Name"]: line[each["Name"]][0] for each in directive["Metrics"]}
    return found


def test_a_delivery_is_stored_and_queued(
    world: WebhookWorld, capsys: pytest.CaptureFixture[str], delivery: dict[str, Any], event_id: str
) -> None:
    assert invoke(delivery) == (200, "queued")
    assert event_id in world.inbox_event_ids()
    assert world.queued() == [INVOICE]
    assert counters(capsys) == {"EventStored": 1.0}


def test_a_second_delivery_is_answered_and_nothing_else(
    world: WebhookWorld, capsys: pytest.CaptureFixture[str], delivery: dict[str, Any]
) -> None:
    invoke(delivery)
    world.queued()
    capsys.readouterr()
    assert invoke(delivery) == (200, "received before")
    assert world.queued() == []
    assert counters(capsys) == {"EventDuplicate": 1.0}


def test_a_delivery_while_another_of_the_same_event_is_received_comes_again(
    world: WebhookWorld, delivery: dict[str, Any], event_id: str
) -> None:
    answers = []
    once = app.webhook().once
    with once.during(Context()):
        once.run(event_id, lambda: answers.append(invoke(delivery)[0]))
    assert answers == [503]
    assert world.queued() == []


def test_a_queue_that_refuses_is_answered_503_and_the_next_delivery_is_queued(
    world: WebhookWorld, monkeypatch: pytest.MonkeyPatch, delivery: dict[str, Any], event_id: str
) -> None:
    warm = app.webhook
    monkeypatch.setattr(app, "webhook", bootstrap.webhook())
    monkeypatch.setenv("EVENT_QUEUE_URL", world.queue_url.replace(".fifo", "-gone.fifo"))
    assert invoke(delivery)[0] == 503
    assert event_id not in world.inbox_event_ids()
    monkeypatch.setattr(app, "webhook", warm)
    assert invoke(delivery) == (200, "queued")
    assert world.queued() == [INVOICE]


def test_a_table_that_refuses_is_answered_503_and_nothing_is_queued(
    world: WebhookWorld, monkeypatch: pytest.MonkeyPatch, delivery: dict[str, Any]
) -> None:
    monkeypatch.setattr(app, "webhook", bootstrap.webhook())
    monkeypatch.setenv("INBOX_TABLE", "gone")
    assert invoke(delivery)[0] == 503
    assert world.queued() == []


def test_a_secret_that_is_missing_is_answered_503(
    world: WebhookWorld,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    delivery: dict[str, Any],
) -> None:
    monkeypatch.setattr(app, "webhook", bootstrap.webhook())
    monkeypatch.setenv("STRIPE_SECRET_ARN", f"{world.secret_arn}-gone")
    assert invoke(delivery)[0] == 503
    assert counters(capsys) == {"ConfigurationFault": 1.0}


def without_header(invocation: dict[str, Any], name: str) -> dict[str, Any]:
    return invocation | {name: None}


def renamed(invocation: dict[str, Any], spelling: str) -> dict[str, Any]:
    header = invocation["headers"]["Stripe-Signature"]
    return invocation | {"headers": {spelling: header}, "multiValueHeaders": None}


def encoded(invocation: dict[str, Any]) -> dict[str, Any]:
    body = base64.b64encode(invocation["body"].encode()).decode()
    return invocation | {"body": body, "isBase64Encoded": True}


@pytest.mark.parametrize(
    "form",
    [
        lambda it: without_header(it, "headers"),
        lambda it: without_header(it, "multiValueHeaders"),
        lambda it: renamed(it, "stripe-signature"),
        lambda it: renamed(it, "STRIPE-SIGNATURE"),
        encoded,
    ],
    ids=["only multi-value", "only single-value", "lower case", "upper case", "base64"],
)
def test_every_form_of_a_request_is_understood(
    world: WebhookWorld, form: Callable[[dict[str, Any]], dict[str, Any]], delivery: dict[str, Any]
) -> None:
    assert invoke(form(delivery)) == (200, "queued")
    assert world.queued() == [INVOICE]


NO_SIGNATURE = "the Stripe-Signature header is missing"
UNREADABLE = "body is not in the encoding that the request says it is"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"body": "e30", "isBase64Encoded": True}, UNREADABLE),
        ({"body": "e30=*", "isBase64Encoded": True}, UNREADABLE),
        ({"body": "é", "isBase64Encoded": True}, UNREADABLE),
        ({"body": "\ud800"}, UNREADABLE),
        ({"body": {"id": "evt_1"}}, UNREADABLE),
        ({"body": None}, "no signature matches"),
        ({"body": base64.b64encode(b"\xff").decode(), "isBase64Encoded": True}, "the body is not"),
        ({"body": " " * (1024 * 1024 + 1)}, "body over 1048576 bytes"),
        ({"headers": None, "multiValueHeaders": None}, NO_SIGNATURE),
        ({"headers": [], "multiValueHeaders": {"Stripe-Signature": []}}, NO_SIGNATURE),
        ({"headers": {"Stripe-Signature": 7}, "multiValueHeaders": "t=1"}, NO_SIGNATURE),
    ],
    ids=range(11),
)
def test_a_request_that_cannot_be_accepted_leaves_nothing(
    world: WebhookWorld,
    changes: dict[str, Any],
    reason: str,
    delivery: dict[str, Any],
    event_id: str,
) -> None:
    status, told = invoke(delivery | changes)
    assert status == 400
    assert told.startswith(reason)
    assert event_id not in world.inbox_event_ids()
    assert world.queued() == []


def test_a_stale_signature_is_refused(
    world: WebhookWorld, capsys: pytest.CaptureFixture[str], delivery: dict[str, Any], event_id: str
) -> None:
    stale = delivery
    # What the placeholder in the sample says was signed long ago or with another secret.
    stale["headers"] = sample("webhook", "invoice-finalized-endive")["headers"]
    assert invoke(stale)[0] == 400
    assert counters(capsys) == {"SignatureFailed": 1.0}
    assert event_id not in world.inbox_event_ids()


def test_the_answer_is_json_for_stripes_dashboard(
    world: WebhookWorld, delivery: dict[str, Any]
) -> None:
    answer = app.lambda_handler(delivery, Context())
    assert world.queued()
    assert answer["headers"] == {"Content-Type": "application/json"}
