"""The two doubles as transports: the real clients reach them without sockets."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit

import stripe
from stripe._encode import _api_encode

from tests.sandbox.intacct.gateway import ENDPOINT_PATH, Gateway
from tests.sandbox.stripe.api import StripeApi as StripeDouble
from tests.sandbox.stripe.errors import StripeError
from tieout.domain.errors import OutcomeUnknown
from tieout.intacct.transport import HttpReply
from tieout.stripe.api import API_VERSION, StripeApi

STRIPE_BASE = "http://stripe.test"
INTACCT_ENDPOINT = f"http://127.0.0.1{ENDPOINT_PATH}"


class StripeWire(stripe.HTTPClient):
    """Takes the requests of Stripe's library straight to the double that its key opens."""

    name = "in process"

    def __init__(
        self, double: StripeDouble, by_key: Mapping[str, StripeDouble] | None = None
    ) -> None:
        super().__init__()
        self._double = double
        self._by_key = by_key or {}

    def request(  # type: ignore[override]  # the library leaves the rest untyped
        self, method: str, url: str, headers: Mapping[str, str], *_: object, **__: object
    ) -> tuple[bytes, int, Mapping[str, str]]:
        parts = urlsplit(url)
        lower = {name.lower(): value for name, value in headers.items()}
        key = lower.get("authorization", "").removeprefix("Bearer ")
        answer = self.double(key).handle(method.upper(), f"{parts.path}?{parts.query}", lower)
        return answer.body, answer.status, answer.headers

    def double(self, key: str) -> StripeDouble:
        """Return the double that a key opens."""
        return self._by_key.get(key, self._double)


class StripeShortCut(StripeApi):
    """Takes what the double answers as it is; only what it refuses goes through the library.

    Writing JSON, reading it and wrapping it up is most of the time of many reads.
    """

    def __init__(
        self, wire: StripeWire, api_key: str, key_of: Callable[[str], str | None] = lambda _: None
    ) -> None:
        super().__init__(wire, lambda: api_key, STRIPE_BASE, key_of=key_of)
        self._wire, self._main_key, self._own_key_of = wire, api_key, key_of
        self._short_cuts = 0

    @property
    def reads(self) -> int:
        """How many reads there were, by either way."""
        return super().reads + self._short_cuts

    def get(
        self, path: str, parameters: Mapping[str, object], account: str | None = None
    ) -> Mapping[str, object]:
        own = None if account is None else self._own_key_of(account)
        key = self._main_key if own is None else own
        headers = {"authorization": f"Bearer {key}", "stripe-version": API_VERSION}
        if account is not None and own is None:
            headers["stripe-account"] = account
        query = urlencode(list(_api_encode(parameters)))
        try:
            answer = self._wire.double(key).look_up(path, query, headers)
        except StripeError:
            return super().get(path, parameters, account)
        self._short_cuts += 1
        return answer


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
