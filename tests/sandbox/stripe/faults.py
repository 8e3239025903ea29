"""What can be made to go wrong on purpose on the API side."""

import threading
from dataclasses import dataclass
from enum import StrEnum

from tests.sandbox.stripe.errors import StripeError


class FaultKind(StrEnum):
    """The ways in which a request can go wrong."""

    RATE_LIMIT = "rate_limit"
    LOCK_TIMEOUT = "lock_timeout"
    SERVER_ERROR = "server_error"
    CUT_CONNECTION = "cut_connection"
    LATENCY = "latency"


@dataclass(frozen=True)
class ApiFault:
    """A fault for the next ``times`` requests whose path starts with ``path_prefix``.

    ``reason`` is sent as ``Stripe-Rate-Limited-Reason`` (stripe-api 6.2); ``should_retry`` as
    ``Stripe-Should-Retry`` (6.3); ``latency_seconds`` delays the answer.
    """

    kind: FaultKind
    times: int = 1
    path_prefix: str = "/v1/"
    reason: str = "endpoint-rate"
    should_retry: bool | None = None
    latency_seconds: float = 0.0

    def error(self) -> StripeError | None:
        """Return the error to answer with, if this fault answers with one."""
        if self.kind is FaultKind.RATE_LIMIT:
            return StripeError(429, "Request rate limit exceeded.", code="rate_limit")
        if self.kind is FaultKind.LOCK_TIMEOUT:
            return StripeError(
                429,
                "This object cannot be accessed right now because another API request or "
                "Stripe process is currently accessing it.",
                code="lock_timeout",
            )
        if self.kind is FaultKind.SERVER_ERROR:
            return StripeError(500, "An unknown error occurred.", kind="api_error")
        return None

    def headers(self) -> dict[str, str]:
        """Return the extra headers of the faulty answer."""
        headers = {}
        if self.kind is FaultKind.RATE_LIMIT:
            headers["Stripe-Rate-Limited-Reason"] = self.reason
        if self.should_retry is not None:
            headers["Stripe-Should-Retry"] = str(self.should_retry).lower()
        return headers


class FaultBox:
    """Faults waiting for their requests, first come, first served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[ApiFault, int]] = []

    def add(self, fault: ApiFault) -> None:
        """Let the next matching requests fail."""
        with self._lock:
            self._waiting.append((fault, fault.times))

    def clear(self) -> None:
        """Forget all faults that have not happened yet."""
        with self._lock:
            self._waiting.clear()

    def take(self, path: str) -> ApiFault | None:
        """Return the fault of this request, if there is one, and count it as happened."""
        with self._lock:
            for index, (fault, left) in enumerate(self._waiting):
                if not path.startswith(fault.path_prefix):
                    continue
                if left == 1:
                    del self._waiting[index]
                else:
                    self._waiting[index] = (fault, left - 1)
                return fault
        return None
