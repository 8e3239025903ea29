# ruff: noqa: INP001 - Lambda imports this file as the module `app`, not as part of a package
"""Processor: SQS brings subjects; bring them up to date and answer for each message by itself."""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from tieout import bootstrap
from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.observability import InvocationContext
from tieout.services.process import Done, ReceivedMessage, Result, Retry
from tieout.store.backlog import Backlog, Taken, received
from tieout.store.work_queue import Visibility

# A batch that is at least half full says that more is waiting.
BACKLOG_SIGN = 5
# With what they call for requests to Intacct are about full, and a few times as many are read and
# booked well within the function's time. Source: `make bench`, docs/performance.md.
MESSAGES_MAX = 230
# Half as many first: while those are read there is nothing to send.
FIRST_MESSAGES_MAX = MESSAGES_MAX // 2

processor = bootstrap.processor()
logger = logging.getLogger("tieout.processor")


def lambda_handler(event: Mapping[str, Any], context: InvocationContext) -> Mapping[str, Any]:
    """Process a batch, and more of what waits behind it; report what must come again of the batch.

    Of the batch itself Lambda deletes the rest; what was taken besides is deleted here, and so is
    what was handed over, put off and taken again: Lambda's handle of it is out of date by then.
    """
    worker = processor()
    with worker.telemetry.invocation(context):
        now_unix = int(time.time())
        ends_at_unix = now_unix + context.get_remaining_time_in_millis() // 1000
        stop_sending_at_unix = ends_at_unix - worker.limits.sending_seconds
        stop_reading_at_unix = stop_sending_at_unix - worker.limits.reading_seconds
        # What is taken then is sent when what was taken before has been.
        stop_taking_at_unix = (now_unix + stop_sending_at_unix) // 2
        handed = _by_id(_taken(record) for record in event["Records"])
        in_hand: dict[str, Taken] = {}
        answers: dict[str, Result] = {}

        def batches() -> Iterator[Sequence[ReceivedMessage]]:
            for batch in _batches(worker.backlog, [*handed.values()], stop_taking_at_unix):
                in_hand.update(_by_id(batch))
                yield [each.message for each in batch]

        in_turn = worker.processor.in_turn(batches(), stop_reading_at_unix, stop_sending_at_unix)
        with closing(in_turn):
            for results in in_turn:
                for each, result in results.items():
                    if isinstance(result, Retry):
                        _postpone(worker.visibility, in_hand[each], result)
                done = [in_hand[each] for each in results if isinstance(results[each], Done)]
                own = [each for each in done if each is not handed.get(each.message.message_id)]
                worker.backlog.delete(own)
                answers |= results
    failed = [each for each in handed if not isinstance(answers.get(each), Done)]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def _batches(
    backlog: Backlog, handed: Sequence[Taken], stop_taking_at_unix: int
) -> Iterator[Sequence[Taken]]:
    """Yield what was handed over with what waits behind it, and more as long as there is plenty.

    Args:
        backlog: the queue.
        handed: what Lambda handed over.
        stop_taking_at_unix: from when on what is taken might find no time to be booked.
    """
    wanted = FIRST_MESSAGES_MAX if len(handed) >= BACKLOG_SIGN else 0
    batch = [*handed, *backlog.take(max(0, wanted - len(handed)))]
    while batch:
        yield batch
        is_plenty = len(batch) == wanted and time.time() < stop_taking_at_unix
        wanted = MESSAGES_MAX if is_plenty else 0
        batch = [*backlog.take(wanted)]


def _by_id(taken: Iterable[Taken]) -> dict[str, Taken]:
    return {each.message.message_id: each for each in taken}


def _taken(record: Mapping[str, Any]) -> Taken:
    message = received(record["messageId"], record["body"], record["attributes"])
    return Taken(message, record["receiptHandle"])


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
