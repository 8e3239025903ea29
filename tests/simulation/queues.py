# ruff: noqa: N803 - arguments are named as boto3 has them
"""A FIFO queue in memory behind the calls of boto3's client, its dead letters, and what reads it.

As long as a message of a group is out of sight, nothing else of its group is handed out.
Source: SQS developer guide, "FIFO delivery logic" and "Using dead-letter queues".
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
_Handle = tuple[str, int]
"""A message and the receive that it is in hand by."""


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
        most_at_once: how many messages a worker had in hand, at most.
    """

    def __init__(self, outside: Outside) -> None:
        self.waiting: list[Message] = []
        self.dead: list[Message] = []
        self.consumed: list[str] = []
        self.accepted: set[str] = set()
        self.is_deployed = False
        self.most_at_once = 0
        self._in_hands: list[list[_Handle]] = []
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
            message_id, holder = _read(ReceiptHandle)
            for each in self.waiting:
                if each.message_id == message_id and self._is_held(each, holder):
                    each.visible_at_unix = self._time.now() + VisibilityTimeout
                    return {}
            raise _refused("ChangeMessageVisibility", "MessageNotInflight")

        return self._outside.call(f"ChangeMessageVisibility {ReceiptHandle}", change)

    def receive_message(
        self,
        *,
        QueueUrl: str,  # noqa: ARG002 - as boto3 has it
        MaxNumberOfMessages: int,
        **_: object,
    ) -> Mapping[str, Any]:
        """Hand out messages to who is at work already."""

        def receive() -> Mapping[str, Any]:
            if self._luck.strikes("queue_throttled"):
                raise _refused("ReceiveMessage", "RequestThrottled")
            messages_max = MaxNumberOfMessages
            if self._luck.strikes("queue_read_in_part"):
                messages_max = self._luck.below("queue_read_in_part", messages_max)
            batch = self.receive(messages_max)
            self._hand_over(batch)
            if self._luck.strikes("queue_answer_lost"):
                raise ReadTimeoutError(endpoint_url="https://sqs.test")
            return {"Messages": [self._shown(each) for each in batch]} if batch else {}

        return self._outside.call(f"ReceiveMessage {MaxNumberOfMessages}", receive)

    def delete_message_batch(
        self,
        *,
        QueueUrl: str,  # noqa: ARG002 - as boto3 has it
        Entries: Sequence[Mapping[str, str]],
    ) -> Mapping[str, Any]:
        """Delete messages, each of which the queue may refuse to delete."""

        def delete() -> Mapping[str, Any]:
            if self._luck.strikes("queue_throttled"):
                raise _refused("DeleteMessageBatch", "RequestThrottled")
            told: dict[str, list[Mapping[str, str]]] = {"Successful": [], "Failed": []}
            for entry in Entries:
                fails = self._luck.strikes("queue_deleted_in_part")
                if not fails:
                    self._delete(*_read(entry["ReceiptHandle"]))
                told["Failed" if fails else "Successful"].append({"Id": entry["Id"]})
            if self._luck.strikes("queue_answer_lost"):
                raise ReadTimeoutError(endpoint_url="https://sqs.test")
            return told

        handles = " ".join(each["ReceiptHandle"] for each in Entries)
        return self._outside.call(f"DeleteMessageBatch {handles}", delete)

    # -- the event source mapping -----------------------------------------------------------

    @contextmanager
    def in_hands(self, batch: Sequence[Message]) -> Iterator[None]:
        """Remember what a worker has in hand, from its batch on, until it answers or is gone."""
        self._in_hands.append([])
        self._hand_over(batch)
        try:
            yield
        finally:
            self._in_hands.pop()

    def _hand_over(self, batch: Sequence[Message]) -> None:
        if len(self._in_hands) > 1 and len(self._in_hands[-2]) > BATCH_MAX:
            self._luck.met["two workers take"] += 1
        self._in_hands[-1] += [(each.message_id, each.holder) for each in batch]
        self.most_at_once = max(self.most_at_once, len(self._in_hands[-1]))

    def receive(self, messages_max: int = BATCH_MAX) -> Sequence[Message]:
        """Hand out a batch: of each group what can be seen, in its order."""
        now, batch = self._time.now(), list[Message]()
        blocked = {each.group for each in self.waiting if each.visible_at_unix > now}
        self._receives += 1
        for each in list(self.waiting):
            if len(batch) == messages_max:
                break
            if each.group in blocked:
                continue
            if each.receives >= RECEIVES_MAX:
                self.waiting.remove(each)
                self.dead.append(each)
                continue
            each.receives += 1
            each.visible_at_unix, each.holder = now + VISIBILITY_SECONDS, self._receives
            batch.append(each)
        return batch

    def overtaken(self) -> None:
        """Let all that the worker has in hand who began last be seen again."""
        for each in self.waiting:
            if (each.message_id, each.holder) in self._in_hands[-1]:
                each.visible_at_unix, each.holder = self._time.now(), 0

    def answered(self, batch: Sequence[Message], holder: int, failed: frozenset[str]) -> None:
        """Delete what was done of a batch."""
        for each in batch:
            if each.message_id not in failed:
                self._delete(each.message_id, holder)

    def _delete(self, message_id: str, holder: int) -> None:
        """Delete what is done, unless it left these hands or the delete gets lost.

        A FIFO queue refuses the handle of a message whose time was over, seen again or not.
        Source: local-aws dossier, sections 4-5; the SQS API's DeleteMessage.
        """
        for each in self.waiting:
            if each.message_id == message_id and self._is_held(each, holder):
                if self._luck.strikes("message_redelivered"):
                    later_seconds = self._luck.below("message_redelivered", 900)
                    each.visible_at_unix = self._time.now() + later_seconds
                else:
                    self.waiting.remove(each)
                    self.consumed.append(each.body)
                return

    def _is_held(self, message: Message, holder: int) -> bool:
        """Whether a message is in these hands still, as it is until it comes again."""
        return message.holder == holder and message.visible_at_unix > self._time.now()

    def record_of(self, message: Message) -> Mapping[str, Any]:
        """Return a message as Lambda hands it to a function."""
        return {
            "messageId": message.message_id,
            "receiptHandle": f"{message.message_id}/{message.holder}",
            "body": self.body_of(message),
            "attributes": {
                "ApproximateReceiveCount": str(message.receives),
                "SentTimestamp": str(message.sent_at_unix * 1_000),
                "MessageGroupId": message.group,
            },
        }

    def _shown(self, message: Message) -> Mapping[str, Any]:
        """Return a message as the queue answers: the same, its names begin with capitals."""
        return {f"{name[0].upper()}{name[1:]}": of for name, of in self.record_of(message).items()}

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
        if not self.is_deployed:
            message.is_newer = self._luck.strikes("message_newer")
            if self._luck.strikes("message_older"):
                message.body = _as_before_the_trail(body)
        self.waiting.append(message)


def _as_before_the_trail(body: str) -> str:
    """Return a body as the code wrote it that knew of no digests."""
    message = json.loads(body)
    message.pop("event_sha256", None)
    return json.dumps(message)


def _read(receipt_handle: str) -> _Handle:
    message_id, _, holder = receipt_handle.partition("/")
    return message_id, int(holder)


def _refused(operation: str, code: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {}}
    return ClientError(answer, operation)
