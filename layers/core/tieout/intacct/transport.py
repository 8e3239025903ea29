"""The one place where bytes leave for Intacct.

What matters about a failure is whether the request may have been executed: a connection that was
never made is harmless, one that broke after the first byte went out is not.
"""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Timer
from typing import Protocol
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NameResolutionError, NewConnectionError

from tieout.domain.errors import OutcomeUnknown, Unavailable
from tieout.intacct.response_xml import REPLY_BYTES_MAX

CONNECT_TIMEOUT_SECONDS_MAX = 10
CHUNK_BYTES = 64 * 1024
# A frozen function finds its idle connections cut off without a word when it is thawed (NAT
# gateways forget them after 350 s), and writing to one would end in an unknown outcome.
IDLE_SECONDS_MAX = 30
# Source: intacct-xml-api dossier section 1.1.
HEADERS: Mapping[str, str] = {
    "Content-Type": "application/xml",
    "Accept": "application/xml",
    "Accept-Encoding": "gzip",
    "User-Agent": "tieout",
}


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer, whatever its status.

    Attributes:
        headers: names in lower case.
        body: decompressed; kept out of the repr because a sign-in answers a session id.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


class Transport(Protocol):
    """Posts bytes and returns the answer; knows nothing of Intacct."""

    def post(self, endpoint: str, body: bytes, timeout_seconds: int) -> HttpReply:
        """Post once: no redirects, no retries.

        Args:
            endpoint: where to.
            body: the whole request.
            timeout_seconds: for the whole exchange.

        Raises:
            Unavailable: the request was never sent.
            OutcomeUnknown: it was sent, at least in part, and no complete answer came.
        """
        ...


class RequestsTransport:
    """A transport over one `requests.Session`, whose connections are used again."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._session = requests.Session()
        self._last_used: float | None = None

    def post(self, endpoint: str, body: bytes, timeout_seconds: int) -> HttpReply:
        """Post once; see `Transport`."""
        started = self._monotonic()
        if self._last_used is not None and started - self._last_used > IDLE_SECONDS_MAX:
            self.close()
        host = urlsplit(endpoint).hostname
        try:
            with self._session.post(
                endpoint,
                data=body,
                headers=HEADERS,
                timeout=(min(CONNECT_TIMEOUT_SECONDS_MAX, timeout_seconds), timeout_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = self._read(response, deadline=started + timeout_seconds)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return HttpReply(response.status_code, headers, content)
        except requests.RequestException as error:
            # The cause is left out: it holds the request, and with it the password.
            text = f"{type(error).__name__} at {host}"
            if _never_sent(error):
                raise Unavailable(text) from None
            raise OutcomeUnknown(text) from None
        finally:
            self._last_used = self._monotonic()

    def close(self) -> None:
        """Close the connections; a later post opens new ones."""
        self._session.close()

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        """Read the body, up to a size and a time."""
        chunks: list[bytes] = []
        size = 0
        with _ended_after(response, max(0.0, deadline - self._monotonic())):
            for chunk in response.iter_content(CHUNK_BYTES):
                chunks.append(chunk)
                size += len(chunk)
                if size > REPLY_BYTES_MAX:
                    raise OutcomeUnknown(f"the answer is larger than {REPLY_BYTES_MAX} bytes")
        return b"".join(chunks)


@contextmanager
def _ended_after(response: requests.Response, seconds: float) -> Iterator[None]:
    """Let a body end after some seconds, and so be cut short if there is more to come.

    The socket's own time-out begins anew with each byte, and we would wait for a whole chunk.
    """
    alarm = Timer(seconds, _end, [response])
    alarm.daemon = True
    alarm.start()
    try:
        yield
    finally:
        alarm.cancel()


def _end(response: requests.Response) -> None:
    # It may just have been read to its end; then the connection is not the response's any more.
    with suppress(OSError, RuntimeError):
        response.raw.shutdown()


_NEVER_SENT = (
    requests.ConnectTimeout,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.ProxyError,
    NewConnectionError,
    NameResolutionError,
    ssl.SSLCertVerificationError,
)


def _never_sent(error: BaseException) -> bool:
    """Whether the failure, or what caused it, came before the first byte of the request."""
    return any(isinstance(each, _NEVER_SENT) for each in _causes(error, depth=8))


def _causes(error: BaseException, depth: int) -> Iterator[BaseException]:
    """Yield the error and what it wraps; requests and urllib3 hide causes in args and reason."""
    yield error
    if depth:
        for inner in (*error.args, getattr(error, "reason", None), error.__cause__):
            if isinstance(inner, BaseException):
                yield from _causes(inner, depth - 1)
