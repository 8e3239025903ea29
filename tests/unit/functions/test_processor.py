"""Goal: every message of a batch is answered for itself, and one that must come again comes when
the use case says.

Method: the real handler and use case over fakes; only the queue's visibility is a stand-in here.
"""

import io
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from functions.processor import app
from tests.support.doors import Context, sample
from tieout.bootstrap import TimeLimits, Worker
from tieout.domain.errors import ConfigurationFault, Unavailable
from tieout.domain.reasons import Reason
from tieout.observability import Telemetry
from tieout.services.process import Done, Processor, ReceivedMessage, Result, Retry
from tieout.settings import CommonSettings
from tieout.store.backlog import Backlog, Taken
from tieout.store.work_queue import Visibility

COMMON = CommonSettings("dev", False, "processor", "Tieout/dev", "INFO")
LIMITS = TimeLimits(reading_seconds=30, sending_seconds=70, lease_seconds=130)


@dataclass
class Scripted:
    """A use case that answers as told and remembers what it was asked."""

    results: Mapping[str, Result] = field(default_factory=dict)
    asked: list[ReceivedMessage] = field(default_factory=list)
    batches: int = 0
    stop_reading_at_unix: int = 0
    stop_sending_at_unix: int = 0

    def in_turn(
        self,
        batches: Iterable[Sequence[ReceivedMessage]],
        stop_reading_at_unix: int,
        stop_sending_at_unix: int,
    ) -> Iterator[Mapping[str, Result]]:
        self.stop_reading_at_unix = stop_reading_at_unix
        self.stop_sending_at_unix = stop_sending_at_unix
        for messages in batches:
            self.asked += messages
            self.batches += 1
            yield {each.message_id: self.results.get(each.message_id, Done()) for each in messages}


@dataclass
class Postponed:
    """A queue's visibility that remembers, and fails if told so."""

    changes: dict[str, int] = field(default_factory=dict)
    fault: Exception | None = None

    def change(self, receipt_handle: str, seconds: int) -> bool:
        if self.fault is not None:
            raise self.fault
        self.changes[receipt_handle] = seconds
        return True


@dataclass
class Waiting:
    """What waits behind the batch; remembers what was asked for and deleted of it."""

    messages: list[Taken] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    wanted: list[int] = field(default_factory=list)

    def take(self, messages_max: int) -> Sequence[Taken]:
        self.wanted.append(messages_max)
        taken, self.messages = self.messages[:messages_max], self.messages[messages_max:]
        return taken

    def delete(self, done: Sequence[Taken]) -> None:
        self.deleted += [each.message.message_id for each in done]


@pytest.fixture
def use_case(monkeypatch: pytest.MonkeyPatch, visibility: Postponed, backlog: Waiting) -> Scripted:
    use_case = Scripted()
    worker = Worker(
        cast("Processor", use_case),
        cast("Backlog", backlog),
        cast("Visibility", visibility),
        Telemetry(COMMON, io.StringIO()),
        LIMITS,
    )
    monkeypatch.setattr(app, "processor", lambda: worker)
    return use_case


@pytest.fixture
def visibility() -> Postponed:
    return Postponed()


@pytest.fixture
def backlog() -> Waiting:
    return Waiting()


def batch() -> tuple[dict[str, Any], list[str]]:
    invocation = sample("processor", "batch-of-three")
    return invocation, [record["messageId"] for record in invocation["Records"]]


def test_records_arrive_as_the_use_case_wants_them(use_case: Scripted) -> None:
    invocation, ids = batch()
    app.lambda_handler(invocation, Context())
    assert [each.message_id for each in use_case.asked] == ids
    assert use_case.asked[2] == ReceivedMessage(
        message_id=ids[2],
        body=invocation["Records"][2]["body"],
        receive_count=2,
        sent_at_unix=1_795_219_200,
        group="invoice/in_1TieoutSample00002",
    )


def test_a_batch_that_is_done_is_deleted_whole(use_case: Scripted, visibility: Postponed) -> None:
    assert app.lambda_handler(batch()[0], Context()) == {"batchItemFailures": []}
    assert use_case.asked
    assert visibility.changes == {}


def test_a_message_that_must_come_again_does_not_take_the_others_along(
    use_case: Scripted, visibility: Postponed
) -> None:
    invocation, ids = batch()
    use_case.results = {ids[0]: Retry(40, "Stripe is slow")}
    answer = app.lambda_handler(invocation, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": ids[0]}]}
    assert visibility.changes == {invocation["Records"][0]["receiptHandle"]: 40}


@pytest.mark.parametrize(
    "fault",
    [Unavailable("SQS"), ConfigurationFault(Reason.UNEXPECTED_ERROR, "no permission")],
    ids=["unavailable", "forbidden"],
)
def test_a_message_that_cannot_be_put_off_is_still_reported(
    use_case: Scripted, visibility: Postponed, fault: Exception
) -> None:
    invocation, ids = batch()
    use_case.results = {each: Retry(40, "Stripe is slow") for each in ids}
    visibility.fault = fault
    answer = app.lambda_handler(invocation, Context())
    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == ids


def test_sending_stops_while_an_answer_can_be_waited_for_and_reading_before(
    use_case: Scripted,
) -> None:
    before = int(time.time())
    app.lambda_handler(batch()[0], Context(remaining_ms=119_000))
    assert 0 <= use_case.stop_sending_at_unix - (before + 119 - 70) <= 2
    assert use_case.stop_reading_at_unix == use_case.stop_sending_at_unix - 30


def behind(*names: str) -> list[Taken]:
    return [Taken(ReceivedMessage(each, "", 1, 0), f"handle of {each}") for each in names]


def full_batch() -> dict[str, Any]:
    record = batch()[0]["Records"][0]
    records = [record | {"messageId": f"m{number}"} for number in range(app.BACKLOG_SIGN)]
    return {"Records": records}


def test_what_waits_behind_a_full_batch_is_booked_with_it_and_deleted_here(
    use_case: Scripted, visibility: Postponed, backlog: Waiting
) -> None:
    backlog.messages = behind("a", "b", "c")
    use_case.results = {"b": Retry(40, "Stripe is slow")}
    answer = app.lambda_handler(full_batch(), Context())
    assert [each.message_id for each in use_case.asked][app.BACKLOG_SIGN :] == ["a", "b", "c"]
    assert backlog.wanted[0] == app.FIRST_MESSAGES_MAX - app.BACKLOG_SIGN
    assert not any(backlog.wanted[1:]), "there was no more"
    # Lambda knows nothing of them, and refuses an answer about what it did not hand over.
    assert answer == {"batchItemFailures": []}
    assert backlog.deleted == ["a", "c"]
    assert visibility.changes == {"handle of b": 40}


def test_nothing_more_is_taken_behind_a_batch_that_is_not_full(
    use_case: Scripted, backlog: Waiting
) -> None:
    backlog.messages = behind("a")
    app.lambda_handler(batch()[0], Context())
    assert not any(backlog.wanted)
    assert len(use_case.asked) == len(batch()[1])


def test_what_nobody_answered_for_comes_again(
    use_case: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    invocation, message_ids = batch()
    monkeypatch.setattr(use_case, "in_turn", lambda batches, *_: ({} for _ in batches))
    answer = app.lambda_handler(invocation, Context())
    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == message_ids


def test_as_long_as_there_is_plenty_more_is_taken(use_case: Scripted, backlog: Waiting) -> None:
    plenty = app.FIRST_MESSAGES_MAX + app.MESSAGES_MAX
    names = [str(number) for number in range(plenty)]
    backlog.messages = behind(*names)
    use_case.results = {names[-1]: Retry(40, "Stripe is slow")}
    assert app.lambda_handler(full_batch(), Context()) == {"batchItemFailures": []}
    assert use_case.batches == 3
    assert backlog.deleted == names[:-1]


def test_what_was_put_off_and_taken_again_is_deleted_by_the_hands_that_have_it_now(
    use_case: Scripted, backlog: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A FIFO queue refuses the handle of an earlier receive, and that is what Lambda has."""

    def late_at_first(batches: Iterable[Sequence[ReceivedMessage]], *_: int) -> Iterator[Any]:
        for messages in batches:
            late = {each.message_id for each in messages if each.receive_count == 1} & {"m0"}
            yield {each.message_id: Done() for each in messages} | dict.fromkeys(late, Retry(9, ""))

    names = [str(n) for n in range(app.FIRST_MESSAGES_MAX - app.BACKLOG_SIGN + app.MESSAGES_MAX)]
    again = Taken(ReceivedMessage("m0", "", 2, 0), "newer handle")
    backlog.messages = [*behind(*names), again]
    deleted: list[Taken] = []
    monkeypatch.setattr(use_case, "in_turn", late_at_first)
    monkeypatch.setattr(backlog, "delete", deleted.extend)
    assert app.lambda_handler(full_batch(), Context()) == {"batchItemFailures": []}
    assert [each.message.message_id for each in deleted] == [*names, "m0"]
    assert deleted[-1] is again


def test_nothing_is_taken_that_might_find_no_time(use_case: Scripted, backlog: Waiting) -> None:
    backlog.messages = behind(*(str(number) for number in range(app.FIRST_MESSAGES_MAX)))
    app.lambda_handler(full_batch(), Context(remaining_ms=70_000))
    assert use_case.batches == 1
    assert len(backlog.messages) == app.BACKLOG_SIGN


def test_nothing_is_deleted_if_the_use_case_fails(
    use_case: Scripted, backlog: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> Iterator[Mapping[str, Result]]:
        raise MemoryError

    monkeypatch.setattr(use_case, "in_turn", failing)
    backlog.messages = behind("a")
    with pytest.raises(MemoryError):
        app.lambda_handler(full_batch(), Context())
    assert backlog.deleted == []
