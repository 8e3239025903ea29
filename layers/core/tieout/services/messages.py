"""The queue's message: a subject to bring up to date, never an instruction to book.

One deploy updates functions one after another, so for seconds old and new code share the queue: the
body carries a version, and a version that is not understood is left for newer code to read.
"""

import json

from tieout.domain.subjects import parse_subject
from tieout.services.ports import WorkItem

MESSAGE_VERSION = 1


def encode(item: WorkItem) -> str:
    """Return the message body of a work item."""
    message = {
        "version": MESSAGE_VERSION,
        "subject": str(item.subject),
        "trigger": item.trigger,
        "livemode": item.livemode,
    }
    if item.event_sha256:
        message["event_sha256"] = item.event_sha256
    return json.dumps(message)


def decode(body: str, group: str = "", deduplication_id: str = "") -> WorkItem:
    """Return the work item of a message body.

    Raises:
        ValueError: the body is not ours, or of a version that this code does not know.
    """
    message = json.loads(body)
    if not isinstance(message, dict) or message.get("version") != MESSAGE_VERSION:
        raise ValueError("the message is not a work item of a version this code knows")
    try:
        return WorkItem(
            subject=parse_subject(message["subject"]),
            trigger=str(message["trigger"]),
            group=group,
            deduplication_id=deduplication_id,
            livemode=bool(message["livemode"]),
            # Messages queued before the audit trail have none.
            event_sha256=str(message.get("event_sha256", "")),
        )
    except (KeyError, AttributeError) as missing:
        raise ValueError(f"the message lacks a usable field: {missing}") from missing
