"""The two doubles as transports: the real clients reach them without sockets."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import stripe

from tests.sandbox.intacct.gateway import ENDPOINT_PATH, Gateway
from tests.sandbox.stripe.api import StripeApi
from tieout.domain.errors import OutcomeUnknown
from tieout.intacct.transport import HttpReply

STRIPE_BASE = "http://stripe.test"
INTACCT_ENDPOINT = f"http://127.0.0.1{ENDPOINT_PATH}"


class StripeWire(stripe.HTTPClient):
    """Takes the requests of Stripe's library straight to the double that its key opens."""

    name = "in process"

    def __init__(self, double: StripeApi, by_key: Mapping[str, StripeApi] | None = None) -> None:
        super().__init__()
        self._double = double
        self._by_key = by_key or {}

    def request(  # type: ignore[override]  # the library leaves the rest untyped
        self, method: str, url: str, headers: Mapping[str, str], *_: object, **__: object
    ) -> tuple[bytes, int, Mapping[str, str]]:
        parts = urlsplit(url)
        lower = {name.lower(): value for name, value in headers.items()}
        key = lower.get("authorization", "").removeprefix("Bearer ")
        double = self._by_key.get(key, self._double)
        answer = double.handle(method.upper(), f"{parts.path}?{parts.query}", lower)
        return answer.body, answer.status, answer.headers


class IntacctWire:
    """Takes the client's requests straight to the double."""

    def __init__(self, double: Gateway) -> None:
        self._double = double

    def post(self, endpoint: str, body: bytes, timeout_seconds: int) -> HttpReply:
        assert timeout_seconds > 0
        reply = self._double.handle(body, urlsplit(endpoint).netloc)
        if reply.cut:
            raise OutcomeUnknown("the double cut the connection")
        headers = {name.lower(): value for name, value in reply.headers.items()}
        return HttpReply(reply.status, headers, reply.body)
