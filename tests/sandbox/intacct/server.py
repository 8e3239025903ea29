"""A threaded HTTP server around the gateway, for clients in any language.

Source: dossier 1.1 (one POST endpoint; GET is blocked).
"""

import ipaddress
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, cast

from tests.sandbox.intacct.control import PREFIX, ControlSurface
from tests.sandbox.intacct.gateway import ENDPOINT_PATH, Gateway
from tests.sandbox.intacct.http_reply import HttpReply

_BODY_BYTES_MAX = 64 * 1024 * 1024
_IDLE_SECONDS = 75.0


class IntacctServer:
    """Serves a gateway until closed; use as a context manager.

    ``port`` 0 takes a free one. The control surface is there only if ``host`` is a loopback
    address. With ``tls`` the endpoint is an https one.
    """

    def __init__(
        self,
        gateway: Gateway,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.gateway = gateway
        self.scheme = "https" if tls else "http"
        control = ControlSurface(gateway) if _is_loopback(host) else None
        self._server = _HttpServer((host, port), gateway, control, self.scheme)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def port(self) -> int:
        """The port in use."""
        return int(self._server.server_address[1])

    @property
    def base_url(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self._server.server_address[0]!s}:{self.port}"

    @property
    def url(self) -> str:
        """The gateway endpoint."""
        return f"{self.base_url}{ENDPOINT_PATH}"

    @property
    def control_url(self) -> str:
        """The root of the control surface."""
        return f"{self.base_url}{PREFIX}"

    def start(self) -> Self:
        """Serve in the background."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        gateway: Gateway,
        control: ControlSurface | None,
        scheme: str,
    ) -> None:
        self.gateway = gateway
        self.control = control
        self.scheme = scheme
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "IntacctDouble"
    # Headers and body leave in one packet; without this a client waits for a delayed ACK.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS

    def do_POST(self) -> None:
        """Answer the gateway endpoint or a lever of the control surface."""
        body = self._body()
        if body is None:
            self._send(HttpReply(411))
        elif self.path.startswith(PREFIX):
            self._send(self._control("POST", body))
        elif self.path.split("?")[0] == ENDPOINT_PATH:
            host = self.headers.get("Host") or self._own_host()
            scheme = self.headers.get("X-Forwarded-Proto") or self._double.scheme
            self._send(self._double.gateway.handle(body, host, scheme=scheme))
        else:
            self._send(HttpReply(404))

    def do_GET(self) -> None:
        """Answer a report; the gateway itself has blocked GET since 2023."""
        if self.path.startswith(PREFIX):
            self._send(self._control("GET", b""))
        else:
            self._send(HttpReply(405))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent: the gateway keeps its own log."""

    @property
    def _double(self) -> _HttpServer:
        return cast("_HttpServer", self.server)

    def _own_host(self) -> str:
        host, port = self._double.server_address[:2]
        return f"{host!s}:{port}"

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _BODY_BYTES_MAX:
            self.close_connection = True
            return None
        return self.rfile.read(int(length))

    def _control(self, method: str, body: bytes) -> HttpReply:
        control = self._double.control
        if control is None or not _is_loopback(str(self.client_address[0])):
            return HttpReply(403)
        return control.handle(method, self.path, body)

    def _send(self, reply: HttpReply) -> None:
        if reply.cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
