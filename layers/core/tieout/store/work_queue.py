"""The FIFO queue of subjects, for those who send to it and for those who put a message off."""

import hashlib
import string
from typing import TYPE_CHECKING

from tieout.services.messages import encode
from tieout.services.ports import WorkItem
from tieout.store.aws_faults import Declined, aws_faults

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Source: SQS API reference, SendMessage: MessageGroupId and MessageDeduplicationId have up to 128
# characters, letters, digits and this punctuation.
_NAME_LENGTH_MAX = 128
_NAME_CHARACTERS = frozenset(string.ascii_letters + string.digits + string.punctuation)
# Source: SQS API reference, ChangeMessageVisibility: at most 12 hours, counted from the receive.
VISIBILITY_SECONDS_MAX = 43_200
# The message is not in our hands any more: deleted, or its visibility has run out.
# Source: SQS API reference, ChangeMessageVisibility, errors.
_NOT_OURS = frozenset({"InvalidParameterValue", "MessageNotInflight", "ReceiptHandleIsInvalid"})


class SqsWorkQueue:
    """The `WorkQueue` port's real adapter."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, item: WorkItem) -> None:
        """Queue the item.

        Raises:
            Unavailable, Throttled: the queue did not take it, or nobody knows.
            ConfigurationFault: the queue cannot be used at all.
        """
        with aws_faults(f"sqs:SendMessage to {self._queue_url}"):
            self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=encode(item),
                MessageGroupId=sqs_name(item.group),
                MessageDeduplicationId=sqs_name(item.deduplication_id),
            )


def sqs_name(text: str) -> str:
    """Return the text if SQS takes it for a group or deduplication id, else a hash of it.

    Equal texts have equal names, different texts different ones, which is all that SQS compares.
    """
    assert text, "SQS wants a group and a deduplication id"
    if len(text) <= _NAME_LENGTH_MAX and _NAME_CHARACTERS.issuperset(text):
        return text
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


class Visibility:
    """Puts off when a received message comes again."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def change(self, receipt_handle: str, seconds: int) -> bool:
        """Have the message come again after `seconds`, at most 12 hours from its receive.

        Returns:
            Whether the queue did so. If not, the message is out of our hands: it comes again by
            itself, or was deleted.

        Raises:
            Unavailable, Throttled: the queue did not answer; the message comes again by itself.
            ConfigurationFault: the queue cannot be used at all.
        """
        try:
            with aws_faults(f"sqs:ChangeMessageVisibility on {self._queue_url}", _NOT_OURS):
                self._client.change_message_visibility(
                    QueueUrl=self._queue_url,
                    ReceiptHandle=receipt_handle,
                    VisibilityTimeout=max(0, min(seconds, VISIBILITY_SECONDS_MAX)),
                )
        except Declined:
            return False
        return True
