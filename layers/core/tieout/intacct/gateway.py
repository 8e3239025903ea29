"""One exchange with the gateway: bytes out, and an answer that says what may have happened."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from tieout.domain.errors import OutcomeUnknown, Unavailable
from tieout.domain.pacing import Answered, Heard, TooMany
from tieout.domain.retry_after import retry_after_seconds
from tieout.intacct.error_table import (
    Doubt,
    Level,
    Throttle,
    classify,
    text_of,
)
from tieout.intacct.response_xml import (
    SUCCESS,
    AuthenticationFailure,
    ControlFailure,
    ErrorEntry,
    Results,
    Unreadable,
    parse,
)
from tieout.intacct.transport import HttpReply, Transport
from tieout.services.governor import Governor

_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class NotSent:
    """The request never left: nothing was executed."""

    text: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """The gateway refused before executing anything."""

    text: str
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request was sent, and what became of it nobody said."""

    text: str


Answer = Results | ControlFailure | AuthenticationFailure | NotSent | Throttled | NoAnswer


@dataclass(slots=True)
class Statistics:
    """What was asked of Intacct so far; what never got there, or was sent away, was not asked.

    Attributes:
        requests: HTTP requests that were tried, sign-ins included.
        functions: functions that writes were made of; each counts as a transaction.
        look_ups: reads; each counts as a transaction, too.
        sign_ins: requests for a session.
    """

    requests: int = 0
    functions: int = 0
    look_ups: int = 0
    sign_ins: int = 0


class Gateway:
    """Sends requests and sorts the answers by what they allow us to conclude."""

    def __init__(
        self,
        transport: Transport,
        timeout_seconds: int,
        governor: Governor | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._timeout_seconds = timeout_seconds
        self._governor = governor
        self._monotonic = monotonic
        self.statistics = Statistics()

    def call(
        self, endpoint: str, request: bytes, hide: Collection[str], documents: int = 0
    ) -> Answer:
        """Send one request, as soon as the governor permits it; `Throttled` if it does not.

        Args:
            endpoint: where to.
            request: as encoded by `request_xml`.
            hide: secrets that must not come back in any text.
            documents: that it carries; 0 if it only asks, or signs in.
        """
        if self._governor is None:
            return self._sent(endpoint, request, hide)
        busy = self._governor.take(self._timeout_seconds, documents)
        if busy is not None:
            return Throttled(busy.text, busy.retry_after_seconds)
        began = self._monotonic()
        answer = self._sent(endpoint, request, hide)
        took_ms = int(1_000 * (self._monotonic() - began))
        self._governor.give_back(_heard(answer, took_ms, documents))
        return answer

    def _sent(self, endpoint: str, request: bytes, hide: Collection[str]) -> Answer:
        self.statistics.requests += 1
        try:
            reply = self._transport.post(endpoint, request, self._timeout_seconds)
        except Unavailable as fault:
            return NotSent(str(fault))
        except OutcomeUnknown as fault:
            return NoAnswer(str(fault))
        return answer_from(reply, hide)


def _heard(answer: Answer, took_ms: int, documents: int) -> Heard:
    """Return what an answer tells the governor."""
    match answer:
        case Throttled():
            return TooMany(answer.retry_after_seconds)
        case Results():
            # What is refused may be refused at once: only where all was done is its time told.
            done = sum(each.status == SUCCESS for each in answer.by_control_id.values())
            timed = documents if done == documents else 0
            return Answered(is_good=True, milliseconds=took_ms, documents=timed)
        case NoAnswer():
            return Answered(is_good=False, milliseconds=took_ms, documents=documents)
        case _:
            return Answered(is_good=False)


def answer_from(reply: HttpReply, hide: Collection[str] = ()) -> Answer:
    """Return what an HTTP reply allows us to conclude.

    Source: intacct-xml-api dossier sections 2.4 and 2.7: almost every failure comes with status
    200; refusals at the edge with 4xx; with 5xx the server may be working on.
    """
    parsed = parse(reply.body, hide)
    if reply.status == _TOO_MANY_REQUESTS:
        return Throttled("HTTP 429: too many requests", _retry_after_seconds(reply.headers))
    match parsed:
        case Results():
            return parsed
        case Unreadable():
            text = f"HTTP {reply.status}: {parsed.reason}"
            said = [ErrorEntry("", parsed.excerpt)]
            if isinstance(classify(Level.PLAIN_TEXT, said), Throttle):
                return Throttled(text, _retry_after_seconds(reply.headers))
            return NoAnswer(text)
        case ControlFailure() | AuthenticationFailure():
            level = Level.CONTROL if isinstance(parsed, ControlFailure) else Level.AUTHENTICATION
            meaning = classify(level, parsed.errors)
            text = f"HTTP {reply.status}: {text_of(parsed.errors)}"
            if isinstance(meaning, Throttle):
                return Throttled(text, _retry_after_seconds(reply.headers))
            if isinstance(meaning, Doubt) or reply.status >= _SERVER_ERROR:
                return NoAnswer(text)
            return parsed


def _retry_after_seconds(headers: Mapping[str, str]) -> int | None:
    return retry_after_seconds(headers.get("retry-after", "").strip())
