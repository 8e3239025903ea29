"""The way from the queue to the processor, in an operator's or a test's hand."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.sandbox.aws.stack import Stack

_BATCH_MAX = 10
_POLL_SECONDS = 0.1
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A message that the processor wants to see again.

    Attributes:
        receipt_handle: of the receive after which it was given back.
    """

    body: str
    receipt_handle: str


@dataclass(frozen=True)
class EventSource:
    """Lambda's event-source mapping of the processor; while it is paused, a test can play it.

    Messages that the processor puts off stay invisible for up to an hour, and only who
    received them can call them back. So a test that is about such messages pauses the mapping,
    hands them to the processor itself, and lets them come again when it wants.
    """

    stack: Stack

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let messages wait in the queue, and have them worked on afterwards."""
        self._switch(enabled=False)
        try:
            yield
        finally:
            self._switch(enabled=True)

    def work(self) -> Sequence[GivenBack]:
        """Do what the mapping does, until no message is visible; return what was given back."""
        given_back: list[GivenBack] = []
        while messages := self._receive_all():
            for start in range(0, len(messages), _BATCH_MAX):
                given_back += self._hand_over(messages[start : start + _BATCH_MAX])
        return given_back

    def _hand_over(self, messages: Sequence[Mapping[str, Any]]) -> Sequence[GivenBack]:
        records = [_record(message) for message in messages]
        answer = self.stack.invoke("processor", {"Records": records})
        failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        for message in messages:
            if message["MessageId"] not in failed:
                self._delete(message)
        return [
            GivenBack(message["Body"], message["ReceiptHandle"])
            for message in messages
            if message["MessageId"] in failed
        ]

    def call_back(self, messages: Sequence[GivenBack]) -> None:
        """Make messages visible again now, however long they were put off for."""
        for message in messages:
            self.stack.client("sqs").change_message_visibility(
                QueueUrl=self.stack.outputs["EventQueueUrl"],
                ReceiptHandle=message.receipt_handle,
                VisibilityTimeout=0,
            )

    def _switch(self, *, enabled: bool) -> None:
        client = self.stack.client("lambda")
        function = self.stack.outputs["ProcessorFunctionName"]
        (mapping,) = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)
        if not enabled:
            self._wait_for_last_batch()

    def _wait_for_last_batch(self) -> None:
        """Wait until nothing is in flight; who pauses has no message put off."""
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while self.stack.event_queue().in_flight:
            if time.monotonic() > deadline:
                raise TimeoutError("the processor is still at work, or messages are put off")
            time.sleep(_POLL_SECONDS)

    def _receive_all(self) -> Sequence[Mapping[str, Any]]:
        """Receive all there is: what is left behind a batch the processor would take by itself."""
        messages: list[Mapping[str, Any]] = []
        while received := self._receive():
            messages += received
        return messages

    def _receive(self) -> Sequence[Mapping[str, Any]]:
        answer = self.stack.client("sqs").receive_message(
            QueueUrl=self.stack.outputs["EventQueueUrl"],
            MaxNumberOfMessages=_BATCH_MAX,
            MessageSystemAttributeNames=["All"],
            WaitTimeSeconds=0,
        )
        messages: Sequence[Mapping[str, Any]] = answer.get("Messages", [])
        return messages

    def _delete(self, message: Mapping[str, Any]) -> None:
        self.stack.client("sqs").delete_message(
            QueueUrl=self.stack.outputs["EventQueueUrl"], ReceiptHandle=message["ReceiptHandle"]
        )


def _record(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a received message as Lambda hands it to the function."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "eventSource": "aws:sqs",
    }
