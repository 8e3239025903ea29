"""What the three functions need around them: an environment, a signature, a Lambda context."""

import base64
import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import stripe

from tests.fakes import (
    FakeClock,
    FakeCursors,
    FakeInbox,
    FakeLedger,
    FakePolicies,
    FakePostings,
    FakeQueue,
    FakeTrail,
)
from tests.fakes.books import FakeBooks
from tests.fakes.paces import FakePaces
from tests.fakes.tie_outs import FakeTieOuts
from tests.sandbox.aws.emulator import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from tests.support.aws import Aws
from tieout.bootstrap import Polling
from tieout.domain.subjects import Subject
from tieout.observability import Telemetry
from tieout.services.daily_anchors import DailyAnchors
from tieout.services.daily_tie_out import DailyTieOut
from tieout.services.governor import Governor
from tieout.services.messages import decode
from tieout.services.poll import Poller
from tieout.services.ports import StripeReader
from tieout.services.tie_out import TieOuts
from tieout.settings import CommonSettings

ROOT = Path(__file__).parents[2]
SIGNING_SECRET = "whsec_tests_sign_with_this"
# What `Polling` is told that a request to Intacct takes at most.
INTACCT_SECONDS = 70


class Context:
    """Lambda's context, as far as the handlers use it.

    Attributes:
        remaining_ms: what is left of the function's time.
    """

    aws_request_id = "request-1"

    def __init__(self, remaining_ms: int = 110_000) -> None:
        self.remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@dataclass(frozen=True)
class WebhookWorld:
    """A table, a queue and a secret, and the environment that leads the webhook to them."""

    aws: Aws
    inbox_table: str
    queue_url: str
    secret_arn: str

    @classmethod
    def on(cls, aws: Aws) -> "WebhookWorld":
        """Make what the webhook needs; the secret holds an old and a new signing secret."""
        content = {"api_key": "rk_test_1", "signing_secrets": ["whsec_old_one", SIGNING_SECRET]}
        table = aws.inbox_table()
        secret = aws.secrets.create_secret(
            Name=table.replace("inbox", "stripe"), SecretString=json.dumps(content)
        )
        return cls(aws, table, aws.queue(), secret["ARN"])

    def environment(self, endpoint_url: str | None = None) -> Mapping[str, str]:
        """Return the variables that the function is given."""
        return {
            **COMMON_ENVIRONMENT,
            **({"AWS_ENDPOINT_URL": endpoint_url} if endpoint_url else {}),
            "POWERTOOLS_SERVICE_NAME": "webhook",
            "INBOX_TABLE": self.inbox_table,
            "EVENT_QUEUE_URL": self.queue_url,
            "STRIPE_SECRET_ARN": self.secret_arn,
            "EVENT_RETENTION_DAYS": "90",
        }

    def inbox_event_ids(self) -> set[str]:
        """Return the ids of the events that are stored."""
        found = self.aws.dynamodb.scan(TableName=self.inbox_table)["Items"]
        ids = {item["id"]["S"] for item in found}
        return {each.removeprefix("event#") for each in ids if each.startswith("event#")}

    def queued(self) -> Sequence["Queued"]:
        """Take what is in the queue, at most ten messages."""
        sqs = self.aws.sqs
        answer = sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        )
        messages = answer.get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [
            Queued(decode(message["Body"]).subject, message["Attributes"]["MessageGroupId"])
            for message in messages
        ]


@dataclass(frozen=True)
class Queued:
    """A message, as the processor will see it."""

    subject: Subject
    group: str


COMMON_ENVIRONMENT: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
    "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    "AWS_DEFAULT_REGION": REGION,
    "TIEOUT_STAGE": "dev",
    "TIEOUT_LIVEMODE": "false",
    "POWERTOOLS_METRICS_NAMESPACE": "Tieout/dev",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}


def sample(function: str, name: str) -> dict[str, Any]:
    """Return a sample invocation of `events/`."""
    text = (ROOT / "events" / function / f"{name}.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def signed(invocation: Mapping[str, Any], secret: str = SIGNING_SECRET) -> dict[str, Any]:
    """Return the invocation with the signature that Stripe would send with it now.

    One that has no signature header keeps having none.
    """
    result = copy.deepcopy(dict(invocation))
    body = result["body"]
    payload = base64.b64decode(body).decode() if result["isBase64Encoded"] else body
    header = stripe.WebhookSignature.generate_signature_header(payload, secret)
    for headers in (result.get("headers") or {}, result.get("multiValueHeaders") or {}):
        for name in headers:
            if name.lower() == "stripe-signature":
                headers[name] = [header] if isinstance(headers[name], list) else header
    return result


def polling(stripe: StripeReader, **ports: Any) -> Polling:  # noqa: ANN401 - any port
    """Return what the poller's handler works with, over fakes."""
    telemetry = Telemetry(CommonSettings("dev", False, "poller", "Tieout/dev", "INFO"))
    clock, postings = ports.get("clock", FakeClock()), ports.get("postings", FakePostings())
    policies = ports.get("policies", FakePolicies())
    poller = Poller(
        stripe,
        ports.get("inbox", FakeInbox()),
        postings,
        ports.get("queue", FakeQueue()),
        ports.get("cursors", FakeCursors()),
        clock,
        telemetry,
        policies=policies,
        livemode=False,
        overlap_seconds=3600,
        invoice_lookback_days=35,
        read_budget=5,
    )
    tie_outs = TieOuts(stripe, ports.get("books", FakeBooks(FakeLedger())), postings, clock)
    store = ports.get("tie_outs", FakeTieOuts())
    trail = ports.get("trail", FakeTrail())
    return Polling(
        poller,
        DailyTieOut(tie_outs, store, policies, clock, telemetry),
        DailyAnchors(trail, policies, clock, telemetry),
        ports.get("governor") or Governor(FakePaces(), 2, clock, telemetry),
        INTACCT_SECONDS,
        telemetry,
    )
