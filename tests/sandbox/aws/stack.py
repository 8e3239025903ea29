"""A deployed stack and what an operator, or a test, does to it from outside."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_POLL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many messages a queue holds, roughly: SQS promises no more.

    Attributes:
        visible: waiting to be received.
        in_flight: received, neither deleted nor given back.
    """

    visible: int
    in_flight: int

    @property
    def total(self) -> int:
        """Messages that are not done with."""
        return self.visible + self.in_flight


@dataclass(frozen=True)
class Stack:
    """One deployment of the template.

    Attributes:
        name: the stack's name.
        outputs: the template's outputs by name.
        webhook_url: the webhook as it can be reached here; the output of the same name has the
            host name that real AWS would serve it under.
        client: returns a boto3 client of the named service that speaks to the same AWS.
    """

    name: str
    outputs: Mapping[str, str]
    webhook_url: str
    client: Callable[[str], Any]

    def put_secrets(self, *, stripe: Mapping[str, Any], intacct: Mapping[str, Any]) -> None:
        """Fill the two secrets, which the template creates empty."""
        secrets = self.client("secretsmanager")
        for output, value in (("StripeSecretArn", stripe), ("IntacctSecretArn", intacct)):
            secrets.put_secret_value(
                SecretId=self.outputs[output], SecretString=json.dumps(dict(value))
            )

    def event_queue(self) -> QueueCounts:
        """Count what waits to be booked."""
        return self._count(self.outputs["EventQueueUrl"])

    def dead_letter_queue(self) -> QueueCounts:
        """Count what could not be booked."""
        return self._count(self.outputs["EventDeadLetterQueueUrl"])

    def wait_until_idle(self, timeout_seconds: float) -> None:
        """Wait until nothing is queued and no processor works.

        Raises:
            TimeoutError: when something is still queued then.
        """
        deadline = time.monotonic() + timeout_seconds
        while (counts := self.event_queue()).total:
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {timeout_seconds} s there are still {counts}")
            time.sleep(_POLL_SECONDS)

    def poll_now(self) -> None:
        """Run the poller at once instead of waiting for its schedule.

        Raises:
            RuntimeError: when the poller fails.
        """
        self.invoke("poller", {})

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        """Invoke "webhook", "processor" or "poller" and return its answer.

        Raises:
            RuntimeError: when the function fails.
        """
        answer = self.client("lambda").invoke(
            FunctionName=self.outputs[f"{function.title()}FunctionName"],
            Payload=json.dumps(dict(event)).encode(),
        )
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise RuntimeError(f"{function} failed: {payload}")
        return payload

    def restart(self, function: str) -> None:
        """Have the next invocation start anew, with nothing remembered of secrets and policy.

        On AWS any change of its configuration does that; so does writing its variables unchanged.
        """
        name = self.outputs[f"{function.title()}FunctionName"]
        client = self.client("lambda")
        environment = client.get_function_configuration(FunctionName=name)["Environment"]
        client.update_function_configuration(FunctionName=name, Environment=environment)

    def queue_subject(self, subject: str, group: str, trigger: str) -> None:
        """Put a subject into the queue by hand, as an operator would to have it looked at again.

        Args:
            subject: `invoice/in_...`, say.
            group: the message group.
            trigger: named in the posting that changes; also makes the message a new one.
        """
        body = {"version": 1, "subject": subject, "trigger": trigger, "livemode": False}
        self.client("sqs").send_message(
            QueueUrl=self.outputs["EventQueueUrl"],
            MessageBody=json.dumps(body),
            MessageGroupId=group,
            MessageDeduplicationId=f"{trigger}:{subject}:{time.time_ns()}",
        )

    def log_lines(self, function: str) -> list[str]:
        """Return what "webhook", "processor" or "poller" has logged, oldest first."""
        pages = self.client("logs").get_paginator("filter_log_events")
        return [
            event["message"]
            for page in pages.paginate(logGroupName=f"/tieout/{self.name}/{function}")
            for event in page["events"]
        ]

    def items(self, table: str) -> Iterator[dict[str, Any]]:
        """Read the whole of "Inbox", "Postings" or "State", each item in DynamoDB's own JSON."""
        pages = self.client("dynamodb").get_paginator("scan")
        for page in pages.paginate(TableName=self.outputs[f"{table}TableName"]):
            yield from page["Items"]

    def _count(self, queue_url: str) -> QueueCounts:
        attributes = self.client("sqs").get_queue_attributes(
            QueueUrl=queue_url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
            ],
        )["Attributes"]
        return QueueCounts(
            visible=int(attributes["ApproximateNumberOfMessages"]),
            in_flight=int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        )
