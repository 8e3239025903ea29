"""The double on a socket: Stripe's API and a small control surface on one loopback port."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.api import ApiResponse, StripeApi
from tests.sandbox.stripe.control import ControlSurface
from tests.sandbox.stripe.delivery import WebhookSender
from tests.sandbox.stripe.faults import FaultBox, FaultKind

_NO_ANSWER = ApiResponse(0, b"", {})


class _Handler(BaseHTTPRequestHandler):
    """One connection. Keep-alive, no Nagle delay, buffered writes: one packet per answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: "_Server"

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: tests read the statistics instead."""

    def _serve(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/_double/"):
            self._send(self.server.control.handle(method, self.path, body))
            return
        response = self._faulty() or self.server.api.handle(
            method, self.path, {name.lower(): value for name, value in self.headers.items()}
        )
        if response is _NO_ANSWER:
            self.close_connection = True
        else:
            self._send(response)

    def _faulty(self) -> ApiResponse | None:
        """Let the fault that waits for this path happen; return its answer, if it has one."""
        fault = self.server.faults.take(self.path)
        if fault is None:
            return None
        time.sleep(fault.latency_seconds)
        if fault.kind is FaultKind.CUT_CONNECTION:
            return _NO_ANSWER
        error = fault.error()
        return None if error is None else self.server.api.refuse(error, fault.headers())

    def _send(self, response: ApiResponse) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(
        self, port: int, api: StripeApi, faults: FaultBox, control: ControlSurface
    ) -> None:
        self.api = api
        self.faults = faults
        self.control = control
        super().__init__(("127.0.0.1", port), _Handler)


class StripeServer:
    """Serves an account on 127.0.0.1 while the ``with`` block runs.

    ``port`` 0 takes a free one; :attr:`url` is what ``StripeClient`` takes as its API base.
    """

    def __init__(
        self, account: StripeAccount, port: int = 0, *, sender: WebhookSender | None = None
    ) -> None:
        self.account = account
        self.api = StripeApi(account)
        self.faults = FaultBox()
        control = ControlSurface(account, self.api, self.faults, sender)
        self._server = _Server(port, self.api, self.faults, control)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
