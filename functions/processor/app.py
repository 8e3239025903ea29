# ruff: noqa: INP001 - Lambda imports this file as the module `app`, not as part of a package
"""Processor: SQS brings subjects; bring them up to date and answer for each message by itself."""

import logging
import time
from collections.abc import Mapping
from typing import Any

from tieout import bootstrap
from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.observability import InvocationContext
from tieout.services.process import Done, Result, Retry
from tieout.store.backlog import Taken, received
from tieout.store.work_queue import Visibility

# A batch that is at least half full says that more is waiting.
BACKLOG_SIGN = 5
# With what they call for a request to Intacct is about full, and it is all read and booked well
# within the function's time. Source: `make bench`, docs/performance.md.
MESSAGES_MAX = 200

processor = bootstrap.processor()
logger = logging.getLogger("tieout.processor")


def lambda_handler(event: Mapping[str, Any], context: InvocationContext) -> Mapping[str, Any]:
    """Process a batch, and more of what waits behind it; report what must come again of the batch.

    Of the batch itself Lambda deletes the rest; what was taken besides is deleted here.
    """
    worker = processor()
    with worker.telemetry.invocation(context):
        ends_at_unix = int(time.time()) + context.get_remaining_time_in_millis() // 1000
        batch = [_taken(record) for record in event["Records"]]
        wanted = MESSAGES_MAX - len(batch) if len(batch) >= BACKLOG_SIGN else 0
        more = worker.backlog.take(wanted)
        stop_sending_at_unix = ends_at_unix - worker.limits.sending_seconds
        results = worker.processor.process(
            [each.message for each in (*batch, *more)],
            stop_reading_at_unix=stop_sending_at_unix - worker.limits.reading_seconds,
            stop_sending_at_unix=stop_sending_at_unix,
        )
        for each in (*batch, *more):
            result = results[each.message.message_id]
            if isinstance(result, Retry):
                _postpone(worker.visibility, each, result)
        worker.backlog.delete([each for each in more if _is_done(each, results)])
    failed = [each.message.message_id for each in batch if not _is_done(each, results)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _taken(record: Mapping[str, Any]) -> Taken:
    message = received(record["messageId"], record["body"], record["attributes"])
    return Taken(message, record["receiptHandle"])


def _is_done(taken: Taken, results: Mapping[str, Result]) -> bool:
    return isinstance(results[taken.message.message_id], Done)


def _postpone(visibility: Visibility, taken: Taken, retry: Retry) -> None:
    """Put the message off; if that fails it comes again when the queue's own time is over."""
    told = {
        "message_id": taken.message.message_id,
        "after_seconds": retry.after_seconds,
        "reason": retry.reason,
    }
    try:
        visibility.change(taken.receipt_handle, retry.after_seconds)
    except (TransientFault, ConfigurationFault) as fault:
        logger.warning("message comes again, when is not ours", extra=told | {"cause": str(fault)})
    else:
        logger.info("message comes again", extra=told)
