# ruff: noqa: INP001 - Lambda imports this file as the module `app`, not as part of a package
"""Processor: SQS brings subjects; bring them up to date and answer for each message by itself."""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tieout import bootstrap
from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.observability import InvocationContext
from tieout.services.process import ReceivedMessage, Retry
from tieout.store.work_queue import Visibility

processor = bootstrap.processor()
logger = logging.getLogger("tieout.processor")


def lambda_handler(event: Mapping[str, Any], context: InvocationContext) -> Mapping[str, Any]:
    """Process a batch and report the messages that must come again."""
    worker = processor()
    with worker.telemetry.invocation(context):
        records = {record["messageId"]: record for record in event["Records"]}
        ends_at_unix = int(time.time()) + context.get_remaining_time_in_millis() // 1000
        stop_sending_at_unix = ends_at_unix - worker.limits.sending_seconds
        results = worker.processor.process(
            _messages(records),
            stop_reading_at_unix=stop_sending_at_unix - worker.limits.reading_seconds,
            stop_sending_at_unix=stop_sending_at_unix,
        )
        retries = {each: retry for each, retry in results.items() if isinstance(retry, Retry)}
        for message_id, retry in retries.items():
            _postpone(worker.visibility, records[message_id], retry)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in retries]}


def _messages(records: Mapping[str, Mapping[str, Any]]) -> Sequence[ReceivedMessage]:
    return [
        ReceivedMessage(
            message_id=message_id,
            body=record["body"],
            receive_count=int(record["attributes"]["ApproximateReceiveCount"]),
            sent_at_unix=int(record["attributes"]["SentTimestamp"]) // 1000,
            group=record["attributes"].get("MessageGroupId", ""),
        )
        for message_id, record in records.items()
    ]


def _postpone(visibility: Visibility, record: Mapping[str, Any], retry: Retry) -> None:
    """Put the message off; if that fails it comes again when the queue's own time is over."""
    told = {
        "message_id": record["messageId"],
        "after_seconds": retry.after_seconds,
        "reason": retry.reason,
    }
    try:
        visibility.change(record["receiptHandle"], retry.after_seconds)
    except (TransientFault, ConfigurationFault) as fault:
        logger.warning("message comes again, when is not ours", extra=told | {"cause": str(fault)})
    else:
        logger.info("message comes again", extra=told)
