"""Goal: an HTTP reply is sorted by what it allows us to conclude, whatever its status and body.

Method: replies of every status with bodies of every kind.
"""

import pytest

from tests.support.intacct_gateway import errors, operation, response, success
from tieout.domain.errors import OutcomeUnknown, Unavailable
from tieout.domain.retry_after import RETRY_AFTER_SECONDS_MAX
from tieout.intacct.gateway import (
    Gateway,
    NoAnswer,
    NotSent,
    Throttled,
    answer_from,
)
from tieout.intacct.response_xml import AuthenticationFailure, ControlFailure, Results
from tieout.intacct.transport import HttpReply

GOOD = operation([success("a")])
EDGE_THROTTLE = (
    b"<response><control><status>failure</status></control><errormessage><error>"
    b"<errorno>GW-0010</errorno><description>API rate limit exceeded</description>"
    b"</error></errormessage></response>"
)
EDGE_ERROR = EDGE_THROTTLE.replace(b"GW-0010", b"GW-0001").replace(b"API rate limit exceeded", b"")
SCHEMA = response(status="failure", errors=errors(("XL03000003", "Error 504")))
EXPIRED = operation(status="failure", errors=errors(("XL03000006", "Sign-in incorrect")))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, GOOD, Results),
        (400, GOOD, Results),
        (200, SCHEMA, ControlFailure),
        (401, SCHEMA, ControlFailure),
        (200, EXPIRED, AuthenticationFailure),
        (429, EDGE_THROTTLE, Throttled),
        (429, b"", Throttled),
        (429, b"<html>slow down", Throttled),
        (503, EDGE_THROTTLE, Throttled),
        (200, EDGE_THROTTLE, Throttled),
        (200, b"API rate limit exceeded", Throttled),
        (200, b"The Service is Temporarily Off-line", NoAnswer),
        (200, b"", NoAnswer),
        (200, GOOD[:-20], NoAnswer),
        (302, b"", NoAnswer),
        (404, b"<html>not here</html>", NoAnswer),
        (500, b"", NoAnswer),
        (500, EDGE_ERROR, NoAnswer),
        (200, EDGE_ERROR, NoAnswer),
        (500, SCHEMA, NoAnswer),
        (502, EXPIRED, NoAnswer),
        (502, b"<html><meta charset=utf-8></html>", NoAnswer),
        (524, b"<!DOCTYPE html><html>A timeout occurred", NoAnswer),
    ],
)
def test_what_a_reply_allows_us_to_conclude(status: int, body: bytes, kind: type) -> None:
    assert isinstance(answer_from(HttpReply(status, {}, body)), kind)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 30 ", 30),
        ("100000", RETRY_AFTER_SECONDS_MAX),
        ("9" * 400, RETRY_AFTER_SECONDS_MAX),
        ("Fri, 20 Nov 2026 02:00:00 GMT", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("", None),
    ],
)
def test_the_pause_that_is_asked_for_is_whole_seconds_within_reason(
    header: str, seconds: int | None
) -> None:
    answer = answer_from(HttpReply(429, {"retry-after": header}, b""))
    assert isinstance(answer, Throttled)
    assert answer.retry_after_seconds == seconds


class Broken:
    """A transport that fails in one way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def post(self, *_: object, **__: object) -> HttpReply:
        raise self.error


def test_a_request_that_never_left_is_not_one_without_an_answer() -> None:
    never = Gateway(Broken(Unavailable("refused")), 5).call("https://x/", b"", ())
    assert never == NotSent("refused")
    doubtful = Gateway(Broken(OutcomeUnknown("cut")), 5).call("https://x/", b"", ())
    assert doubtful == NoAnswer("cut")


def test_every_request_is_counted_answered_or_not() -> None:
    gateway = Gateway(Broken(Unavailable("refused")), 5)
    gateway.call("https://x/", b"", ())
    assert gateway.statistics.requests == 1
