"""Scripted faults: what the network, the edge and a bad day do to the next requests.

Source: dossier 2.4, 2.7 and 9.8.
"""

from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum


class FaultKind(StrEnum):
    """What happens to a request.

    ``*_after_commit`` execute it first and lose the answer. ``LATE_ANSWER`` executes, then waits;
    ``LATE_COMMIT`` waits, then executes, so that a client that has given up looks too early.
    """

    RATE_LIMITED = "rate_limited"
    EDGE_ERROR = "edge_error"
    SERVER_ERROR_BEFORE = "server_error_before"
    SERVER_ERROR_AFTER_COMMIT = "server_error_after_commit"
    BAD_GATEWAY_BEFORE = "bad_gateway_before"
    CDN_TIMEOUT_AFTER_COMMIT = "cdn_timeout_after_commit"
    CUT_BEFORE = "cut_before"
    CUT_AFTER_COMMIT = "cut_after_commit"
    MALFORMED_XML_AFTER_COMMIT = "malformed_xml_after_commit"
    TRUNCATED_AFTER_COMMIT = "truncated_after_commit"
    HTML_200_BEFORE = "html_200_before"
    HTML_200_AFTER_COMMIT = "html_200_after_commit"
    EMPTY_AFTER_COMMIT = "empty_after_commit"
    PLAIN_TEXT_THROTTLE = "plain_text_throttle"
    SESSION_EXPIRED = "session_expired"
    CONCURRENT_REQUEST = "concurrent_request"
    TRANSIENT_REFUSAL = "transient_refusal"
    LATE_ANSWER = "late_answer"
    LATE_COMMIT = "late_commit"


@dataclass(frozen=True)
class Fault:
    """A fault for the next ``times`` requests, or the next that contain ``function`` and ``text``.

    ``after`` lets that many matching requests through first, ``spared`` that many functions of the
    request that a refusal hits; ``seconds`` is the wait of the late kinds.
    """

    kind: FaultKind
    times: int = 1
    function: str = ""
    text: str = ""
    after: int = 0
    spared: int = 0
    seconds: float = 0.0

    def matches(self, functions: tuple[str, ...], body: bytes) -> bool:
        """Tell whether a request with these functions is meant."""
        is_named = not self.function or self.function in functions
        return is_named and self.text.encode() in body


class FaultScript:
    """Faults in the order they were scripted; a request meets at most one."""

    def __init__(self) -> None:
        self._queue: deque[Fault] = deque()

    def push(self, *faults: Fault) -> None:
        """Script further faults."""
        self._queue.extend(faults)

    def clear(self) -> None:
        """Forget what has not happened yet."""
        self._queue.clear()

    @property
    def pending(self) -> tuple[Fault, ...]:
        """What has not happened yet."""
        return tuple(self._queue)

    def take(self, functions: tuple[str, ...], body: bytes) -> Fault | None:
        """Return the fault of this request, using it up."""
        for index, fault in enumerate(self._queue):
            if not fault.matches(functions, body):
                continue
            if fault.after:
                self._queue[index] = replace(fault, after=fault.after - 1)
                return None
            if fault.times > 1:
                self._queue[index] = replace(fault, times=fault.times - 1)
            else:
                del self._queue[index]
            return fault
        return None
