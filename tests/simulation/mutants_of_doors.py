# ruff: noqa: ANN401 - a planted bug takes whatever the real one takes
"""Known bugs of the doors: webhook, poller and queue."""

import dataclasses
from typing import Any

import pytest

from tests.simulation.functions import _loaded as loaded
from tests.simulation.planting import around
from tieout.domain.errors import LeaseHeld, TransientFault
from tieout.services import passes, poll, process, receive
from tieout.services.messages import decode
from tieout.services.ports import Progress, StoredEvent, WorkItem
from tieout.services.process import Done
from tieout.store.backlog import Backlog
from tieout.store.idempotency import PowertoolsOnce
from tieout.store.work_queue import SqsWorkQueue


class _Careless:
    """A queue that does not tell when it did not take something."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def send(self, item: WorkItem) -> None:
        try:
            self._queue.send(item)
        except TransientFault:
            return


# -- the webhook ----------------------------------------------------------------------------


def acknowledged_without_queueing(patch: pytest.MonkeyPatch) -> None:
    def mutated(queue_and_store: Any, self: receive.Receiver, *of: Any) -> None:
        real = self._queue
        self._queue = _Careless(real)
        try:
            queue_and_store(self, *of)
        finally:
            self._queue = real

    around(patch, receive.Receiver, "_queue_and_store", mutated)


def acknowledged_without_storing(patch: pytest.MonkeyPatch) -> None:
    def mutated(accept: Any, *of: Any) -> Any:
        try:
            return accept(*of)
        except TransientFault:
            return receive.Answer(receive.OK, "queued")

    around(patch, receive.Receiver, "_accept", mutated)


def acknowledged_while_another_is_at_it(patch: pytest.MonkeyPatch) -> None:
    def mutated(run: Any, *of: Any) -> bool:
        try:
            ran: bool = run(*of)
        except LeaseHeld:
            return False
        return ran

    around(patch, PowertoolsOnce, "run", mutated)


def inbox_before_queue(patch: pytest.MonkeyPatch) -> None:
    def mutated(self: receive.Receiver, hint: Any, body: bytes) -> None:
        stored = StoredEvent(hint, self._clock.now_unix(), source="webhook", raw=body)
        if self._inbox.store(stored):
            self._queue.send(receive.work_item(hint))

    patch.setattr(receive.Receiver, "_queue_and_store", mutated)


# -- the poller -----------------------------------------------------------------------------


def cursor_before_queue(patch: pytest.MonkeyPatch) -> None:
    def mutated(step: Any, self: poll._Walk) -> None:
        self._cursors.put(self._pass.name, Progress(complete_unix=self._progress.began_at_unix))
        step(self)

    around(patch, poll._Walk, "step", mutated)


def polled_event_stored_before_queued(patch: pytest.MonkeyPatch) -> None:
    def mutated(compare: Any, self: passes.EventsPass, *of: Any) -> Any:
        queue, sent = self._queue, list[WorkItem]()

        class Later:
            def send(self, item: WorkItem) -> None:
                sent.append(item)

        self._queue = Later()
        try:
            compared = compare(self, *of)
        finally:
            self._queue = queue
        for item in sent:
            queue.send(item)
        return compared

    around(patch, passes.EventsPass, "compare", mutated)


# -- the queue ------------------------------------------------------------------------------


def deduplicated_by_subject(patch: pytest.MonkeyPatch) -> None:
    def mutated(send: Any, self: SqsWorkQueue, item: WorkItem) -> None:
        send(self, dataclasses.replace(item, deduplication_id=str(item.subject)))

    around(patch, SqsWorkQueue, "send", mutated)


def failure_acknowledged(patch: pytest.MonkeyPatch) -> None:
    app: Any = loaded("processor")

    def mutated(handle: Any, *of: Any) -> Any:
        return {**handle(*of), "batchItemFailures": []}

    around(patch, app, "lambda_handler", mutated)


def failure_deleted_from_the_backlog(patch: pytest.MonkeyPatch) -> None:
    in_hand = dict[str, Any]()

    def take(real: Any, *of: Any) -> Any:
        taken = real(*of)
        in_hand.update((each.receipt_handle, each) for each in taken)
        return taken

    def delete(real: Any, self: Backlog, _done: Any) -> None:
        real(self, list(in_hand.values()))

    around(patch, Backlog, "take", take)
    around(patch, Backlog, "delete", delete)


def newer_message_thrown_away(patch: pytest.MonkeyPatch) -> None:
    def mutated(jobs: Any, self: process.Processor, messages: Any, answers: Any) -> Any:
        readable = []
        for message in messages:
            try:
                decode(message.body, message.group)
            except ValueError:
                answers.results[message.message_id] = Done()
            else:
                readable.append(message)
        return jobs(self, readable, answers)

    around(patch, process.Processor, "_jobs", mutated)
