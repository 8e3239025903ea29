# ruff: noqa: N803 - arguments are named as boto3 has them
"""A FIFO queue in memory behind the calls of boto3's client, its dead letters, and what reads it.

As long as a message of a group is out of sight, nothing else of its group is handed out.
Source: SQS developer guide, "FIFO delivery logic" and "Using dead-letter queues".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.simulation.outside import Outside
from tieout.services.messages import MESSAGE_VERSION

BATCH_MAX = 10
DEDUPLICATION_SECONDS = 300
# As the template has them; here a message waits for a person sooner.
VISIBILITY_SECONDS = 720
RECEIVES_MAX = 30


@dataclass
class Message:
    """One message.

    Attributes:
        is_newer: code that is only being deployed sent it.
        holder: which receive has it in hand; 0 for none.
    """

    message_id: str
    body: str
    group: str
    sent_at_unix: int
    visible_at_unix: int
    is_newer: bool = False
    receives: int = 0
    holder: int = 0


class Queue:
    """The client, and what the event source mapping does.

    Attributes:
        waiting, dead: messages in the queue, and those set aside for a person.
        consumed: bodies of those that were done.
        accepted: deduplication ids of all that was ever taken.
        is_deployed: whether the new code is everywhere.
    """

    def __init__(self, outside: Outside) -> None:
        self.waiting: list[Message] = []
        self.dead: list[Message] = []
        self.consumed: list[str] = []
        self.accepted: set[str] = set()
        self.is_deployed = False
        self._outside, self._luck, self._time = outside, outside.luck, outside.time
        self._accepted: dict[tuple[str, str], int] = {}
        self._sent = self._receives = 0

    # -- boto3 ------------------------------------------------------------------------------

    def send_message(
        self,
        *,
        QueueUrl: str,  # noqa: ARG002 - as boto3 has it
        MessageBody: str,
        MessageGroupId: str,
        MessageDeduplicationId: str,
    ) -> Mapping[str, Any]:
        """Take a message; a repeat within five minutes is swallowed."""

        def send() -> Mapping[str, Any]:
            if self._luck.strikes("queue_throttled"):
                raise _refused("SendMessage", "RequestThrottled")
            self.accepted.add(MessageDeduplicationId)
            same, now = (MessageGroupId, MessageDeduplicationId), self._time.now()
            accepted_at = self._accepted.get(same)
            if accepted_at is None or now - accepted_at >= DEDUPLICATION_SECONDS:
                self._accepted[same] = now
                self._add(MessageBody, MessageGroupId)
            if self._luck.strikes("queue_answer_lost"):
                raise ReadTimeoutError(endpoint_url="https://sqs.test")
            return {"MessageId": str(self._sent)}

        return self._outside.call(f"SendMessage {MessageGroupId} {MessageDeduplicationId}", send)

    def change_message_visibility(
        self,
        *,
        QueueUrl: str,  # noqa: ARG002 - as boto3 has it
        ReceiptHandle: str,
        VisibilityTimeout: int,
    ) -> Mapping[str, Any]:
        """Have a message come again after so many seconds, if it is still in these hands."""

        def change() -> Mapping[str, Any]:
            if self._luck.strikes("queue_throttled"):
                raise _refused("ChangeMessageVisibility", "RequestThrottled")
            message_id, _, holder = ReceiptHandle.partition("/")
            for each in self.waiting:
                if each.message_id == message_id and each.holder == int(holder):
                    each.visible_at_unix = self._time.now() + VisibilityTimeout
                    each.holder = 0
                    return {}
            raise _refused("ChangeMessageVisibility", "MessageNotInflight")

        return self._outside.call(f"ChangeMessageVisibility {ReceiptHandle}", change)

    # -- the event source mapping -----------------------------------------------------------

    def receive(self) -> Sequence[Message]:
        """Hand out a batch: of each group what can be seen, in its order."""
        now, batch = self._time.now(), list[Message]()
        blocked = {each.group for each in self.waiting if each.visible_at_unix > now}
        self._receives += 1
        for each in list(self.waiting):
            if each.group in blocked or len(batch) == BATCH_MAX:
                continue
            if each.receives >= RECEIVES_MAX:
                self.waiting.remove(each)
                self.dead.append(each)
                continue
            each.receives += 1
            each.visible_at_unix, each.holder = now + VISIBILITY_SECONDS, self._receives
            batch.append(each)
        return batch

    def overtaken(self, batch: Sequence[tuple[str, int]]) -> None:
        """Let the messages that somebody has in hand be seen again."""
        for each in self.waiting:
            if (each.message_id, each.holder) in batch:
                each.visible_at_unix, each.holder = self._time.now(), 0

    def answered(self, batch: Sequence[Message], holder: int, failed: frozenset[str]) -> None:
        """Delete what was done, unless it came into other hands or the delete gets lost."""
        for each in batch:
            if each.message_id in failed or each not in self.waiting:
                continue
            if each.holder not in {0, holder}:
                continue
            if self._luck.strikes("message_redelivered"):
                each.visible_at_unix = self._time.now() + self._luck.below(
                    "message_redelivered", 900
                )
                continue
            self.waiting.remove(each)
            self.consumed.append(each.body)

    def body_of(self, message: Message) -> str:
        """Return the body as the code that is there now will find it."""
        if message.is_newer and not self.is_deployed:
            return json.dumps({**json.loads(message.body), "version": MESSAGE_VERSION + 1})
        return message.body

    def poison(self) -> None:
        """Put something into the queue that is not ours."""
        self._sent += 1
        now = self._time.now()
        self.waiting.append(Message(f"m{self._sent}", "{not ours", f"x{self._sent}", now, now))

    def redrive(self) -> None:
        """Queue anew what was set aside, as new messages; what is not ours is thrown away."""
        dead, self.dead = self.dead, []
        for each in dead:
            if each.body.startswith("{not"):
                continue
            self._sent += 1
            now = self._time.now()
            self.waiting.append(
                Message(f"m{self._sent}", each.body, each.group, now, now, each.is_newer)
            )

    @property
    def next_at_unix(self) -> int | None:
        """When something can be seen again; None if nothing waits."""
        by_group: dict[str, int] = {}
        for each in self.waiting:
            by_group[each.group] = max(by_group.get(each.group, 0), each.visible_at_unix)
        return min(by_group.values(), default=None)

    def _add(self, body: str, group: str) -> None:
        self._sent += 1
        now = self._time.now()
        message = Message(f"m{self._sent}", body, group, now, now)
        message.is_newer = not self.is_deployed and self._luck.strikes("message_newer")
        self.waiting.append(message)


def _refused(operation: str, code: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {}}
    return ClientError(answer, operation)
