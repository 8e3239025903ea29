"""One exchange with the gateway: bytes out, and an answer that says what may have happened."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tieout.domain.errors import OutcomeUnknown, Unavailable
from tieout.intacct.error_table import (
    Doubt,
    Level,
    Throttle,
    classify,
    text_of,
)
from tieout.intacct.response_xml import (
    AuthenticationFailure,
    ControlFailure,
    ErrorEntry,
    Results,
    Unreadable,
    parse,
)
from tieout.intacct.transport import HttpReply, Transport

# However long the other side asks us to wait, someone should look again within a quarter hour.
RETRY_AFTER_SECONDS_MAX = 900
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
    """What was asked of Intacct so far; for benches and for the curious.

    Attributes:
        requests: HTTP requests, sign-ins included.
        functions: functions that writes were made of; each counts as a transaction.
        look_ups: reads.
        sign_ins: requests for a session.
    """

    requests: int = 0
    functions: int = 0
    look_ups: int = 0
    sign_ins: int = 0


class Gateway:
    """Sends requests and sorts the answers by what they allow us to conclude."""

    def __init__(self, transport: Transport, timeout_seconds: int) -> None:
        self._transport = transport
        self._timeout_seconds = timeout_seconds
        self.statistics = Statistics()

    def call(self, endpoint: str, request: bytes, hide: Collection[str]) -> Answer:
        """Send one request.

        Args:
            endpoint: where to.
            request: as encoded by `request_xml`.
            hide: secrets that must not come back in any text.
        """
        self.statistics.requests += 1
        try:
            reply = self._transport.post(endpoint, request, self._timeout_seconds)
        except Unavailable as fault:
            return NotSent(str(fault))
        except OutcomeUnknown as fault:
            return NoAnswer(str(fault))
        return answer_from(reply, hide)


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
    """Return the pause that was asked for; only whole seconds are understood."""
    stated = headers.get("retry-after", "").strip()
    if not (stated.isascii() and stated.isdigit()):
        return None
    return min(int(stated[:9]), RETRY_AFTER_SECONDS_MAX)
