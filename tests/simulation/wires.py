"""The ways to Intacct's gateway and Stripe's API, and everything that may happen on them."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import stripe

from tests.sandbox.intacct import Fault, FaultKind
from tests.sandbox.intacct.gateway import Gateway
from tests.sandbox.stripe.api import ApiResponse, StripeApi
from tests.sandbox.stripe.errors import StripeError
from tests.simulation.outside import Outside
from tieout.domain.errors import OutcomeUnknown, Unavailable
from tieout.intacct.transport import HttpReply

# Which of the double's faults a kind of ours may be.
_OF_KIND: Mapping[str, tuple[FaultKind, ...]] = {
    "intacct_throttled": (FaultKind.RATE_LIMITED, FaultKind.PLAIN_TEXT_THROTTLE),
    "intacct_error_before": (
        FaultKind.EDGE_ERROR,
        FaultKind.SERVER_ERROR_BEFORE,
        FaultKind.BAD_GATEWAY_BEFORE,
    ),
    "intacct_error_after": (FaultKind.SERVER_ERROR_AFTER_COMMIT, FaultKind.EMPTY_AFTER_COMMIT),
    "intacct_cut": (FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER_COMMIT),
    "intacct_cdn_timeout": (FaultKind.CDN_TIMEOUT_AFTER_COMMIT,),
    "intacct_html": (FaultKind.HTML_200_BEFORE, FaultKind.HTML_200_AFTER_COMMIT),
    "intacct_broken_xml": (
        FaultKind.MALFORMED_XML_AFTER_COMMIT,
        FaultKind.TRUNCATED_AFTER_COMMIT,
    ),
    "intacct_session_expired": (FaultKind.SESSION_EXPIRED,),
    "intacct_concurrent": (FaultKind.CONCURRENT_REQUEST,),
    "intacct_transient": (FaultKind.TRANSIENT_REFUSAL,),
}
# For how long Intacct asks to be left alone when it refuses a request as one too many, if it says.
_RETRY_AFTER = (None, None, "0", "20", "900", "in a while")
# A request that its client has given up is executed so much later, at most.
LATE_SECONDS_MAX = 600
_DOCUMENTS = b'controlid="tieout:'
# Stripe's lists may be so much behind.
_STALE_SECONDS = 60


class IntacctWire:
    """The transport of the Intacct client."""

    def __init__(self, double: Gateway, outside: Outside) -> None:
        self._double, self._outside, self._luck = double, outside, outside.luck

    def post(self, endpoint: str, body: bytes, timeout_seconds: int) -> HttpReply:
        """Post once, to a gateway that may have a bad day."""
        at_work, now_unix = self._outside.running, self._outside.time.now()
        skew_seconds = at_work.skew_seconds if at_work is not None else 0
        with self._outside.traffic.sending(body, now_unix, skew_seconds):
            where = f"Intacct {len(body) // 100}"
            reply = self._outside.call(where, lambda: self._post(endpoint, body, timeout_seconds))
            if at_work is not None and _DOCUMENTS in body:
                at_work.has_booked = True
            return reply

    def _post(self, endpoint: str, body: bytes, timeout_seconds: int) -> HttpReply:
        host, luck = urlsplit(endpoint).netloc, self._luck
        if luck.strikes("intacct_unreachable"):
            raise Unavailable("nobody is there")
        if luck.strikes("intacct_late"):
            self._outside.let_pass(timeout_seconds)
            late_seconds = luck.below("intacct_late", LATE_SECONDS_MAX)
            self._outside.later(late_seconds, lambda: self._commit(body, host))
            raise OutcomeUnknown("no answer in time")
        asked = None
        for kind, faults in _OF_KIND.items():
            if luck.strikes(kind):
                if kind == "intacct_throttled":
                    asked = luck.one(kind, _RETRY_AFTER)
                at_work = self._outside.running
                if at_work is not None and at_work.has_booked and _DOCUMENTS in body:
                    luck.met[f"{kind} between waves"] += 1
                self._double.faults.push(Fault(luck.one(kind, faults)))
                break
        else:
            if luck.strikes("intacct_aborted"):
                body = self._aborted(body)
        reply = self._double.handle(body, host)
        self._double.requests.clear()
        if reply.cut:
            raise OutcomeUnknown("the connection was cut")
        headers = {name.lower(): value for name, value in reply.headers.items()}
        if asked is not None:
            headers["retry-after"] = asked
        return HttpReply(reply.status, headers, reply.body)

    def _aborted(self, body: bytes) -> bytes:
        """Make a transaction of a request, and have one of its functions be refused."""
        spared = self._luck.below("intacct_aborted", body.count(b"<function "))
        self._double.faults.push(Fault(FaultKind.TRANSIENT_REFUSAL, spared=spared))
        return body.replace(b'transaction="false"', b'transaction="true"')

    def _commit(self, body: bytes, host: str) -> None:
        self._outside.note("Intacct executes a request that was given up")
        self._double.handle(body, host)
        self._double.requests.clear()


def _unreachable() -> stripe.APIConnectionError:
    return stripe.APIConnectionError("nobody is there", should_retry=True)  # type: ignore[no-untyped-call]  # as the library has it


class StripeWire(stripe.HTTPClient):
    """The transport of Stripe's library."""

    name = "simulated"

    def __init__(self, double: StripeApi, outside: Outside) -> None:
        super().__init__()
        self._double, self._outside, self._luck = double, outside, outside.luck

    def request(  # type: ignore[override]  # the library leaves the rest untyped
        self, method: str, url: str, headers: Mapping[str, str], *_: object, **__: object
    ) -> tuple[bytes, int, Mapping[str, str]]:
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}"
        lower = {name.lower(): value for name, value in headers.items()}
        answer = self._outside.call(
            f"GET {target}", lambda: self._answer(method.upper(), target, lower)
        )
        return answer.body, answer.status, answer.headers

    def _answer(self, method: str, target: str, headers: Mapping[str, str]) -> ApiResponse:
        if self._luck.strikes("stripe_throttled"):
            error = StripeError(429, "Request rate limit exceeded.", code="rate_limit")
            return self._double.refuse(error, {})
        if self._luck.strikes("stripe_error"):
            if self._luck.below("stripe_error", 2):
                raise _unreachable()
            error = StripeError(500, "An unknown error occurred.", kind="api_error")
            return self._double.refuse(error, {})
        answer = self._double.handle(method, target, headers)
        if answer.status == 200 and self._may_be_behind(target):
            return ApiResponse(200, self._behind(answer.body), answer.headers)
        return answer

    def _may_be_behind(self, target: str) -> bool:
        listed = target.startswith(("/v1/events?", "/v1/invoices?", "/v1/balance_transactions?"))
        return listed and self._luck.strikes("stripe_list_stale")

    def _behind(self, body: bytes) -> bytes:
        """Leave out of a list what came into being a moment ago."""
        shown: dict[str, Any] = json.loads(body)
        visible_until = self._outside.time.now() - _STALE_SECONDS
        seen = [each for each in shown["data"] if each["created"] <= visible_until]
        if not seen and shown["has_more"]:
            return body
        return json.dumps({**shown, "data": seen}).encode()
