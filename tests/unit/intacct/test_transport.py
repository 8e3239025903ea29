"""Goal: after every failure it is known whether the request may have been executed.

Method: the real transport against small servers on loopback that misbehave in one way each.
"""

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tieout.domain.errors import OutcomeUnknown, Unavailable
from tieout.intacct import transport as module
from tieout.intacct.transport import IDLE_SECONDS_MAX, RequestsTransport

BODY = b"<request>secret</request>"


def reply(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class Server:
    """Answers each request on each connection with the next of its script, then closes."""

    def __init__(self, *script: bytes) -> None:
        self.script = list(script)
        self.requests: list[bytes] = []
        self.connections = 0
        self.hung_up = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/ia/xml/xmlgw.phtml"
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while self.script:
                request = self._read(connection)
                if not request:
                    return
                self.requests.append(request)
                connection.sendall(self.script.pop(0))
            connection.shutdown(socket.SHUT_RDWR)
            self.hung_up.set()

    @staticmethod
    def _read(connection: socket.socket) -> bytes:
        received = b""
        while not received.endswith(BODY):
            chunk = connection.recv(65536)
            if not chunk:
                break
            received += chunk
        return received

    def close(self) -> None:
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._thread.join(timeout=5)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*script: bytes) -> Server:
        servers.append(Server(*script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


class Seconds:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def transport(clock: Seconds) -> Iterator[RequestsTransport]:
    made = RequestsTransport(clock)
    yield made
    made.close()


Serve = Callable[..., Server]


def test_status_headers_and_body_come_back(serve: Serve, transport: RequestsTransport) -> None:
    server = serve(reply(b"<r/>", "Retry-After: 7", status="429 Too Many Requests"))
    answer = transport.post(server.url, BODY, 5)
    assert (answer.status, answer.headers["retry-after"], answer.body) == (429, "7", b"<r/>")
    assert b"Content-Type: application/xml\r\n" in server.requests[0]
    assert b"Authorization" not in server.requests[0]


def test_a_compressed_answer_is_read(serve: Serve, transport: RequestsTransport) -> None:
    server = serve(reply(gzip.compress(b"<r/>"), "Content-Encoding: gzip"))
    assert transport.post(server.url, BODY, 5).body == b"<r/>"


def test_a_connection_is_used_again(serve: Serve, transport: RequestsTransport) -> None:
    server = serve(reply(b"1"), reply(b"2"))
    assert [transport.post(server.url, BODY, 5).body for _ in range(2)] == [b"1", b"2"]
    assert server.connections == 1


def test_a_connection_that_was_idle_is_not(
    serve: Serve, transport: RequestsTransport, clock: Seconds
) -> None:
    server = serve(reply(b"1"), reply(b"2"))
    transport.post(server.url, BODY, 5)
    clock.now += IDLE_SECONDS_MAX + 1
    assert transport.post(server.url, BODY, 5).body == b"2"
    assert server.connections == 2


def test_a_connection_that_the_other_side_closed_meanwhile_does_no_harm(
    serve: Serve, transport: RequestsTransport
) -> None:
    server = serve(reply(b"1", "Connection: keep-alive"))
    transport.post(server.url, BODY, 5)
    assert server.hung_up.wait(5)
    server.script = [reply(b"2")]
    assert transport.post(server.url, BODY, 5).body == b"2"


def test_a_redirect_is_an_answer_not_an_instruction(
    serve: Serve, transport: RequestsTransport
) -> None:
    elsewhere = serve(reply(b"stolen"))
    server = serve(reply(b"", f"Location: {elsewhere.url}", status="307 Temporary Redirect"))
    assert transport.post(server.url, BODY, 5).status == 307
    assert elsewhere.requests == []


def test_nobody_listening_means_never_sent(transport: RequestsTransport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable, match=r"ConnectionError at 127\.0\.0\.1"):
        transport.post(f"http://127.0.0.1:{port}/", BODY, 5)


def test_an_unknown_host_means_never_sent(
    transport: RequestsTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_such_host(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)
    with pytest.raises(Unavailable):
        transport.post("http://intacct.invalid/", BODY, 5)


@pytest.mark.parametrize("endpoint", ["ftp://127.0.0.1/", "no url", "http://"])
def test_an_impossible_address_means_never_sent(
    transport: RequestsTransport, endpoint: str
) -> None:
    with pytest.raises(Unavailable):
        transport.post(endpoint, BODY, 5)


def test_a_certificate_that_cannot_be_checked_means_never_sent(
    transport: RequestsTransport, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pytest.importorskip("cryptography")
    with tls_server(tmp_path_factory) as port, pytest.raises(Unavailable):
        transport.post(f"https://127.0.0.1:{port}/", BODY, 5)


def test_a_connection_cut_after_the_request_is_in_doubt(
    serve: Serve, transport: RequestsTransport
) -> None:
    server = serve(b"")
    with pytest.raises(OutcomeUnknown):
        transport.post(server.url, BODY, 5)
    assert server.requests


def test_an_answer_cut_short_is_in_doubt(serve: Serve, transport: RequestsTransport) -> None:
    server = serve(reply(b"<resp", length=500))
    with pytest.raises(OutcomeUnknown):
        transport.post(server.url, BODY, 5)


def test_an_answer_that_cannot_be_decompressed_is_in_doubt(
    serve: Serve, transport: RequestsTransport
) -> None:
    server = serve(reply(b"not gzip", "Content-Encoding: gzip"))
    with pytest.raises(OutcomeUnknown):
        transport.post(server.url, BODY, 5)


def test_silence_is_in_doubt(transport: RequestsTransport) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(OutcomeUnknown, match="ReadTimeout"),
    ):
        transport.post(f"http://127.0.0.1:{silent.getsockname()[1]}/", BODY, 1)


def test_an_answer_that_never_ends_is_cut_off(
    serve: Serve, transport: RequestsTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REPLY_BYTES_MAX", 1000)
    server = serve(reply(b"x" * 5000))
    with pytest.raises(OutcomeUnknown, match="larger than 1000 bytes"):
        transport.post(server.url, BODY, 5)


@pytest.mark.parametrize(
    ("headers", "drop"),
    [
        ("Content-Length: 100000", b"x"),
        ("Transfer-Encoding: chunked", b"1\r\nx\r\n"),
        ("Connection: close", b"x"),
    ],
)
def test_an_answer_that_drips_is_cut_off(
    transport: RequestsTransport, headers: str, drop: bytes
) -> None:
    """Each drop comes well within the socket's own time-out."""
    with dripping(f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n".encode(), drop) as port:
        began = time.monotonic()
        with contextlib.suppress(OutcomeUnknown):
            # Who does not say how long it is cannot be cut short; the parser finds that it was.
            assert len(transport.post(f"http://127.0.0.1:{port}/", BODY, 1).body) < 100
        assert time.monotonic() - began < 5


@contextlib.contextmanager
def dripping(beginning: bytes, drop: bytes) -> Iterator[int]:
    """Answer the first request a drop at a time, for ten seconds if nobody hangs up."""

    def drip() -> None:
        with contextlib.suppress(OSError), listener.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(beginning)
            for _ in range(100):
                connection.sendall(drop)
                if hung_up.wait(0.1):
                    return

    hung_up = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        hung_up.set()
        thread.join(timeout=5)


def test_no_error_holds_the_request(serve: Serve, transport: RequestsTransport) -> None:
    server = serve(b"")
    with pytest.raises(OutcomeUnknown) as caught:
        transport.post(server.url, BODY, 5)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "secret" not in str(caught.value)


@contextlib.contextmanager
def tls_server(folder: pytest.TempPathFactory) -> Iterator[int]:
    """Listen with a certificate that nobody trusts."""
    import ssl

    certificate = self_signed(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve_once() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with contextlib.suppress(OSError), context.wrap_socket(connection, True):
                    pass

        thread = threading.Thread(target=serve_once, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(timeout=5)


def self_signed(folder: pytest.TempPathFactory) -> str:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return str(path)
