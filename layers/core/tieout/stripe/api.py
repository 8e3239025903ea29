"""The one seam to Stripe's API: GETs at one pinned version, counted, with errors in our words."""

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import stripe

from tieout.domain.errors import (
    ConfigurationFault,
    Refused,
    Throttled,
    TieoutError,
    Unavailable,
)
from tieout.domain.reasons import Reason
from tieout.domain.retry_after import retry_after_seconds
from tieout.stripe.allowance import Allowance

# Older objects are rendered in this shape, too. Source: stripe-api dossier section 3.
API_VERSION = "2026-10-28.endive"
# So a read takes at most three timeouts and 1.5 s of pauses.
# Source: stripe-api dossier section 6.3.
ATTEMPTS_MAX = 3

_SCOPE = re.compile(r"\brak_[a-z_]{1,60}\b")
_NOT_FOUND = 404
_TOO_MANY_REQUESTS = 429


class RequestRefused(Refused):
    """Stripe knows the object, but does not do what was asked of it."""


class StripeApi:
    """Sends GETs to one Stripe account and counts them, the library's own retries included."""

    def __init__(
        self,
        http: stripe.HTTPClient,
        api_key: Callable[[], str],
        api_base: str,
        refresh: Callable[[], None] = lambda: None,
        key_of: Callable[[str], str | None] = lambda _: None,
        allowance: Allowance | None = None,
    ) -> None:
        # Telemetry would write a file into the home directory, which a function does not have.
        stripe.enable_telemetry = False
        self._http = _CountingHttpClient(http, allowance)
        self._api_key = api_key
        self._refresh = refresh
        self._key_of = key_of
        self._client = stripe.StripeClient(
            "",  # each request brings the key, so that a rolled one is used at once
            stripe_version=API_VERSION,
            base_addresses={"api": api_base.rstrip("/")},
            max_network_retries=ATTEMPTS_MAX - 1,
            http_client=self._http,
        )

    @property
    def reads(self) -> int:
        """How many GET requests were sent."""
        return self._http.requests_sent

    def get(
        self, path: str, parameters: Mapping[str, object], account: str | None = None
    ) -> Mapping[str, object]:
        """Return the JSON object at a path.

        Args:
            path: as `path_of` builds it.
            parameters: query parameters; lists and mappings are written as Stripe wants them.
            account: the account to ask for: with its own key if there is one, else as a connected
                account; None for the account of the main key.

        Raises:
            Throttled, Unavailable: as `fault_of` says.
            Refused: the object does not exist, or Stripe does not understand the request.
            ConfigurationFault: the key is wrong or lacks a permission, and the secret has no other.
        """
        asked = path if account is None else f"{path} of {account}"
        access = self._key_for(account)
        try:
            return self._get(path, parameters, access, asked)
        except ConfigurationFault:
            self._refresh()
            corrected = self._key_for(account)
            if corrected == access:
                raise
            return self._get(path, parameters, corrected, asked)

    def _key_for(self, account: str | None) -> tuple[str, str | None]:
        """Return the key to ask with, and the connected account to name, if it is one."""
        own = None if account is None else self._key_of(account)
        return (self._api_key(), account) if own is None else (own, None)

    def _get(
        self,
        path: str,
        parameters: Mapping[str, object],
        access: tuple[str, str | None],
        asked: str,
    ) -> Mapping[str, object]:
        """Return the JSON object at a path; `asked` says in errors what was asked for."""
        key, connected = access
        usable = _usable(key)
        try:
            response = self._client.raw_request(
                "get", path, api_key=usable, stripe_account=connected, **parameters
            )
        except stripe.StripeError as error:
            # Without a cause: the library's errors carry whole bodies and, when a header is
            # malformed, the key.
            raise fault_of(error, asked) from None
        except (AttributeError, ValueError):
            # What the library does with an error body that is not Stripe's (a proxy's, say).
            raise Unavailable(f"GET {asked} was answered by something else than Stripe") from None
        if not isinstance(response.data, Mapping):
            raise Unavailable(f"Stripe answered GET {asked} with something else than an object")
        return response.data


def _usable(key: str) -> str:
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigurationFault(Reason.STRIPE_KEY, "the Stripe secret has no usable api_key")
    return key


def path_of(*parts: str) -> str:
    """Return `/v1/...` of the parts, escaped: an id comes from outside and must stay one part."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def fault_of(error: stripe.StripeError, asked: str) -> TieoutError:
    """Return what an error of the library means to us: the only place that decides it.

    The text never repeats the library's: it may quote the key or personal data.

    Source: stripe-api dossier sections 6.2, 6.3 and 7.
    """
    text = f"GET {asked} failed: {_evidence(error)}"
    scope = _SCOPE.search(error.user_message or "")
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        if scope is not None:
            needed = f"the Stripe key lacks {scope.group()}; {text}"
            return ConfigurationFault(Reason.STRIPE_PERMISSION, needed)
        if isinstance(error, stripe.PermissionError):
            return ConfigurationFault(
                Reason.STRIPE_PERMISSION, f"the Stripe key lacks a permission; {text}"
            )
        return ConfigurationFault(Reason.STRIPE_KEY, f"Stripe refuses the key; {text}")
    if isinstance(error, stripe.RateLimitError):
        return Throttled(text, _retry_after_seconds(error))
    if isinstance(error, stripe.InvalidRequestError):
        missing = error.code == "resource_missing" or error.http_status == _NOT_FOUND
        if missing:
            return Refused(Reason.OBJECT_MISSING_IN_STRIPE, text)
        return RequestRefused(Reason.UNREADABLE_OBJECT, text)
    return Unavailable(text)


def _evidence(error: stripe.StripeError) -> str:
    parts = [type(error).__name__]
    if error.http_status is not None:
        parts.append(f"status {error.http_status}")
    if error.code:
        parts.append(f"code {error.code}")
    if error.request_id:
        parts.append(f"request {error.request_id}")
    return ", ".join(parts)


def _retry_after_seconds(error: stripe.StripeError) -> int | None:
    return retry_after_seconds((error.headers or {}).get("Retry-After", ""))


class _CountingHttpClient(stripe.HTTPClient):
    """Counts and paces what really leaves: the library retries below `raw_request`."""

    def __init__(self, inner: stripe.HTTPClient, allowance: Allowance | None) -> None:
        super().__init__()
        self.name = inner.name  # type: ignore[misc]  # a class variable in the library
        self.requests_sent = 0
        self._inner = inner
        self._allowance = allowance
        self._lock = threading.Lock()

    def request(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on as given
        with self._lock:
            self.requests_sent += 1
        if self._allowance is None:
            return self._inner.request(*arguments, **options)
        self._allowance.wait()
        answer = self._inner.request(*arguments, **options)
        _, status, headers = answer
        if status == _TOO_MANY_REQUESTS:
            self._allowance.pause(retry_after_seconds(headers.get("Retry-After", "")))
        return answer
