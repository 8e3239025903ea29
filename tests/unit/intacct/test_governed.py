"""Goal: every request to Intacct has a slot: documents, questions and sign-ins; who gets none has
sent nothing and hears so; what the governor learns is what Intacct said.

Method: the real client over a scripted transport, with a governor over a pace in memory.
"""

import dataclasses
from collections.abc import Sequence
from typing import cast

import pytest

from tests.fakes import FakeClock, FakeMetrics, FakeSessions
from tests.fakes.paces import FakePaces
from tests.support.intacct_documents import invoice, journal_entry, submission
from tests.support.intacct_gateway import (
    OperatorsSecret,
    ScriptedTransport,
    all_accepted,
    errors,
    failure,
    ledger_on,
    look_up_answer,
    operation,
    response,
    success,
)
from tieout.domain.errors import OutcomeUnknown, Throttled, Unavailable
from tieout.domain.pacing import SLOW_RUN, Answered, Heard, Pace, Slot, allowed
from tieout.intacct import gateway as answers
from tieout.intacct.connect import connect_entities
from tieout.intacct.gateway import Answer, Gateway
from tieout.intacct.response_xml import Results
from tieout.intacct.transport import HttpReply
from tieout.services.governor import BUSY_PAUSE_SECONDS, Busy, Governor
from tieout.services.ports import NotExecuted

GOOD = HttpReply(200, {}, operation([success("a")]))
FIFTY = HttpReply(200, {}, operation(success(f"c-{n}") for n in range(50)))
CLOSED = errors(("BL01001973", "the period is closed"))
SCHEMA = response(status="failure", errors=errors(("XL03000003", "Error 504")))


class Wire:
    """Answers as scripted, and notes how many slots are taken while a request is under way."""

    def __init__(self, paces: FakePaces, script: Sequence[HttpReply | Exception]) -> None:
        self.paces, self.script = paces, list(script)
        self.under_way: list[int] = []

    def post(self, endpoint: str, body: bytes, timeout_seconds: int) -> HttpReply:  # noqa: ARG002 - the port has them
        self.under_way.append(len(self.paces.pace.slots))
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Governed:
    """A gateway with a governor.

    Attributes:
        seconds: that a request takes.
    """

    def __init__(self, *script: HttpReply | Exception, maximum: int = 6) -> None:
        self.paces, self.clock = FakePaces(), FakeClock()
        self.wire = Wire(self.paces, script)
        governor = Governor(
            self.paces,
            maximum,
            self.clock,
            FakeMetrics(),
            sleep=lambda seconds: self.clock.advance(1 + int(seconds)),
        )
        self.seconds, self._monotonic = 5.25, 0.0
        self.gateway = Gateway(self.wire, 60, governor, monotonic=self._later)

    def call(self, documents: int = 0) -> Answer:
        return self.gateway.call("https://x/", b"", (), documents)

    def _later(self) -> float:
        self._monotonic += self.seconds
        return self._monotonic


def test_a_request_has_a_slot_while_it_is_under_way_and_none_after() -> None:
    governed = Governed(GOOD, GOOD)
    governed.call(documents=50)
    governed.call()
    assert governed.wire.under_way == [1, 1]
    assert governed.paces.pace.slots == {}


def test_without_a_slot_nothing_is_sent_and_the_answer_says_throttled() -> None:
    governed = Governed(maximum=1)
    governed.paces.pace = Pace(slots={"another": Slot(0, governed.clock.unix + 10**6)})
    answer = governed.call(documents=50)
    assert isinstance(answer, answers.Throttled)
    assert answer.retry_after_seconds == BUSY_PAUSE_SECONDS
    assert governed.wire.under_way == []
    assert governed.gateway.statistics.requests == 0


def test_a_429_is_told_with_what_it_asked_for() -> None:
    governed = Governed(HttpReply(429, {"retry-after": "40"}, b""))
    assert governed.call(documents=50) == answers.Throttled("HTTP 429: too many requests", 40)
    pace = governed.paces.pace
    assert (pace.permits, pace.not_before_unix) == (3, governed.clock.unix + 40)


def test_documents_are_timed_and_questions_are_not() -> None:
    governed = Governed(GOOD, FIFTY)
    governed.call()
    assert (governed.paces.pace.floor_ms, governed.paces.pace.good) == (None, 1)
    governed.call(documents=50)
    assert (governed.paces.pace.floor_ms, governed.paces.pace.good) == (100, 2)


@pytest.mark.parametrize("refused", [1, 2])
def test_a_request_of_which_something_was_refused_is_good_but_not_timed(refused: int) -> None:
    results = [failure("a", CLOSED), failure("b", CLOSED), success("c"), success("d")]
    governed = Governed(HttpReply(200, {}, operation(results[2 - refused : 4 - refused])))
    governed.call(documents=2)
    assert (governed.paces.pace.floor_ms, governed.paces.pace.good) == (None, 1)


def test_quick_refusals_make_nobody_slow() -> None:
    refusals = HttpReply(200, {}, operation(failure(f"c-{n}", CLOSED) for n in range(50)))
    governed = Governed(FIFTY, refusals, *[FIFTY] * 2 * SLOW_RUN)
    governed.seconds = 52 * 0.4
    governed.call(documents=50)
    governed.seconds = 52 * 0.02
    governed.call(documents=50)
    governed.seconds = 52 * 0.4
    for _ in range(2 * SLOW_RUN):
        governed.call(documents=50)
    assert allowed(governed.paces.pace, 6) == 6


@pytest.mark.parametrize(
    "answer",
    [
        HttpReply(200, {}, SCHEMA),
        HttpReply(500, {}, b""),
        Unavailable("refused"),
        OutcomeUnknown("cut"),
    ],
)
def test_other_failures_give_the_slot_back_and_change_nothing(
    answer: HttpReply | Exception,
) -> None:
    governed = Governed(answer)
    governed.call(documents=50)
    assert governed.paces.pace == Pace()


class Noting:
    """A governor that permits everything, and notes how many documents each request carries."""

    def __init__(self) -> None:
        self.documents: list[int] = []

    def take(self, timeout_seconds: int, documents: int) -> None:
        assert timeout_seconds > 0
        self.documents.append(documents)

    def give_back(self, heard: Heard) -> None:
        assert isinstance(heard, Answered)


def test_sign_ins_documents_and_look_ups_all_ask_and_say_how_many_documents_they_carry() -> None:
    two = [submission(invoice()), submission(journal_entry())]
    booked = operation([success(each.control_id) for each in two])
    ledger = ledger_on(ScriptedTransport([booked, look_up_answer()]))
    noting = Noting()
    ledger._gateway._governor = cast("Governor", noting)
    ledger.submit(two)
    ledger.find(two[0])
    assert noting.documents == [0, 2, 0]


def test_all_entities_share_one_governor() -> None:
    governor = cast("Governor", Noting())
    ledger = connect_entities(
        OperatorsSecret().read,
        "https://x/",
        30,
        lambda _: FakeSessions(),
        FakeClock(),
        lambda _: "usd",
        governor=governor,
    )
    governors = [ledger.ledger_of(each)._gateway._governor for each in (None, "E-100", "E-200")]
    assert governors == [governor] * 3


def test_a_governor_that_fails_neither_stops_a_request_nor_hides_its_answer() -> None:
    governed = Governed(GOOD, OutcomeUnknown("cut"))
    governed.paces.fault = Throttled("the table is busy")
    assert isinstance(governed.call(documents=50), Results)
    assert governed.call(documents=50) == answers.NoAnswer("cut")


class Full:
    """A governor that permits nothing."""

    def take(self, timeout_seconds: int, documents: int) -> Busy:  # noqa: ARG002 - the governor's
        return Busy("full", BUSY_PAUSE_SECONDS)


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_what_found_no_slot_is_no_transaction_of_the_month(*, is_signed_in: bool) -> None:
    ledger = ledger_on(ScriptedTransport([all_accepted]))
    one, other = submission(invoice()), submission(journal_entry())
    if is_signed_in:
        ledger.submit([one])
    before = dataclasses.replace(ledger.statistics)
    ledger._gateway._governor = cast("Governor", Full())
    with pytest.raises(Throttled):
        ledger.find(one)
    if is_signed_in:
        (outcome,) = ledger.submit([other]).values()
        assert outcome == NotExecuted("full", BUSY_PAUSE_SECONDS)
    assert ledger.statistics == before
