"""An HTTP answer as a value, and the answers that faults turn it into."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from tests.sandbox.intacct.errors import ErrorEntry
from tests.sandbox.intacct.faults import FaultKind
from tests.sandbox.intacct.wire.replies import ReplyWriter

XML_TYPE = "text/xml; charset=UTF-8"
HTML_TYPE = "text/html; charset=UTF-8"

# Not well-formed on purpose: the meta element is never closed (dossier 2.7).
_HTML = (
    b"<!DOCTYPE html><html><head><meta charset=utf-8><title>%s</title></head>"
    b"<body><h1>%s</h1></body></html>"
)


@dataclass(frozen=True)
class HttpReply:
    """Status, headers and body; ``cut`` means the connection is closed instead of answered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({"Content-Type": XML_TYPE})
    )
    cut: bool = False


def html(status: int, title: str) -> HttpReply:
    """Return a page of the content-delivery network."""
    words = title.encode()
    headers = MappingProxyType({"Content-Type": HTML_TYPE})
    return HttpReply(status, _HTML % (words, words), headers)


def rate_limited(writer: ReplyWriter) -> HttpReply:
    """Return 429 with GW-0010 and the edge's short control block."""
    entry = ErrorEntry("GW-0010", "API rate limit exceeded")
    return HttpReply(429, writer.control_failure([entry], short=True))


def _edge_error(writer: ReplyWriter) -> HttpReply:
    entry = ErrorEntry("GW-0001", "Unable to process request")
    return HttpReply(500, writer.control_failure([entry], short=True))


def _plain_throttle(_: ReplyWriter) -> HttpReply:
    headers = MappingProxyType({"Content-Type": "text/plain"})
    return HttpReply(200, b"API rate limit exceeded", headers)


_BEFORE: Mapping[FaultKind, Callable[[ReplyWriter], HttpReply]] = {
    FaultKind.RATE_LIMITED: rate_limited,
    FaultKind.EDGE_ERROR: _edge_error,
    FaultKind.SERVER_ERROR_BEFORE: lambda _: HttpReply(500),
    FaultKind.BAD_GATEWAY_BEFORE: lambda _: html(502, "Bad Gateway"),
    FaultKind.CUT_BEFORE: lambda _: HttpReply(0, cut=True),
    FaultKind.HTML_200_BEFORE: lambda _: html(200, "The Service is Temporarily Off-line"),
    FaultKind.PLAIN_TEXT_THROTTLE: _plain_throttle,
}

_AFTER: Mapping[FaultKind, Callable[[HttpReply], HttpReply]] = {
    FaultKind.SERVER_ERROR_AFTER_COMMIT: lambda _: HttpReply(500),
    FaultKind.CDN_TIMEOUT_AFTER_COMMIT: lambda _: html(524, "A timeout occurred"),
    FaultKind.CUT_AFTER_COMMIT: lambda _: HttpReply(0, cut=True),
    FaultKind.MALFORMED_XML_AFTER_COMMIT: lambda reply: replace(
        reply, body=reply.body + b"<response/>"
    ),
    FaultKind.TRUNCATED_AFTER_COMMIT: lambda reply: replace(
        reply, body=reply.body[: len(reply.body) // 2]
    ),
    FaultKind.HTML_200_AFTER_COMMIT: lambda _: html(200, "The Service is Temporarily Off-line"),
    FaultKind.EMPTY_AFTER_COMMIT: lambda reply: replace(reply, body=b""),
}


def answer_instead(kind: FaultKind, writer: ReplyWriter) -> HttpReply | None:
    """Return the answer of a fault that keeps the request from being executed."""
    make = _BEFORE.get(kind)
    return make(writer) if make else None


def spoil(kind: FaultKind, reply: HttpReply) -> HttpReply:
    """Return what a fault makes of the answer to an executed request."""
    change = _AFTER.get(kind)
    return change(reply) if change else reply
