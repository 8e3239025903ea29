"""What waits in the queue behind the batch that Lambda hands to the processor."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.services.process import ReceivedMessage
from tieout.store.aws_faults import aws_faults

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Source: SQS API reference, ReceiveMessage and DeleteMessageBatch.
_MESSAGES_PER_CALL = 10

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """A message and the handle that it is deleted or put off with."""

    message: ReceivedMessage
    receipt_handle: str


class Backlog:
    """What waits behind a batch, for a worker that can do with more than Lambda hands it.

    Lambda gives ten messages of a FIFO queue to an invocation, of which Intacct sees four
    documents: too few to fill a request with. What is taken here is visible again after the queue's
    own time if the worker dies, so that nothing is lost; and while it is not, SQS gives out no
    later message of its group, so that the order is kept.
    """

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def take(self, messages_max: int) -> Sequence[Taken]:
        """Receive up to so many messages, fewer if there are no more or the queue does not answer.

        Source: Amazon SQS Developer Guide, "FIFO queue delivery logic".
        """
        taken: list[Taken] = []
        try:
            with aws_faults(f"sqs:ReceiveMessage on {self._queue_url}"):
                while len(taken) < messages_max and (
                    received := self._receive(messages_max - len(taken))
                ):
                    taken += received
        except (TransientFault, ConfigurationFault) as fault:
            logger.warning("nothing more is taken from the queue", extra={"cause": str(fault)})
        return taken

    def delete(self, done: Sequence[Taken]) -> None:
        """Delete messages; what the queue does not delete comes again and finds nothing to do."""
        for start in range(0, len(done), _MESSAGES_PER_CALL):
            some = enumerate(done[start : start + _MESSAGES_PER_CALL])
            try:
                with aws_faults(f"sqs:DeleteMessage on {self._queue_url}"):
                    self._client.delete_message_batch(
                        QueueUrl=self._queue_url,
                        Entries=[
                            {"Id": str(number), "ReceiptHandle": each.receipt_handle}
                            for number, each in some
                        ],
                    )
            except (TransientFault, ConfigurationFault) as fault:
                logger.warning("messages that are done come again", extra={"cause": str(fault)})

    def _receive(self, messages_max: int) -> Sequence[Taken]:
        answer = self._client.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=min(messages_max, _MESSAGES_PER_CALL),
            MessageSystemAttributeNames=[
                "ApproximateReceiveCount",
                "MessageGroupId",
                "SentTimestamp",
            ],
            # Or the queue's own setting would have us wait for what does not come.
            WaitTimeSeconds=0,
        )
        return [
            Taken(
                received(each["MessageId"], each["Body"], each["Attributes"]),
                each["ReceiptHandle"],
            )
            for each in answer.get("Messages", ())
        ]


def received(message_id: str, body: str, attributes: Mapping[Any, str]) -> ReceivedMessage:
    """Return a message as the use case wants it; SQS and Lambda name its attributes alike."""
    return ReceivedMessage(
        message_id=message_id,
        body=body,
        receive_count=int(attributes["ApproximateReceiveCount"]),
        sent_at_unix=int(attributes["SentTimestamp"]) // 1000,
        group=attributes.get("MessageGroupId", ""),
    )
