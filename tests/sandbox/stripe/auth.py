"""API keys: who may read what. Source: stripe-api 7."""

import base64
import binascii
from collections.abc import Mapping

from tests.sandbox.stripe.errors import StripeError
from tests.sandbox.stripe.options import AccountOptions, ApiKey
from tests.sandbox.stripe.resources import SCOPES


def authenticate(headers: Mapping[str, str], options: AccountOptions) -> ApiKey:
    """Return the key of a request, given as Bearer token or as Basic user name.

    Raises:
        StripeError: 401, no key or an unknown one; the message shows only its ends.
    """
    value = _presented(headers.get("authorization", ""))
    if not value:
        raise StripeError(
            401,
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth.",
        )
    for key in options.api_keys:
        if key.value == value:
            return key
    raise StripeError(401, f"Invalid API Key provided: {_masked(value)}")


def authorise(key: ApiKey, kind: str, options: AccountOptions) -> None:
    """Check that ``key`` may read objects of ``kind``.

    Raises:
        StripeError: 403, naming the permission that is missing.
    """
    scope = SCOPES.get(kind)
    if key.scopes is None or scope is None or scope in key.scopes:
        return
    raise StripeError(
        403,
        f"The provided key '{_masked(key.value)}' does not have the required permissions for "
        f"this endpoint on account '{options.account_id}'. Having the '{scope}' permission "
        "would allow this request to continue.",
    )


def _presented(header: str) -> str:
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def _masked(value: str) -> str:
    return f"{value[:8]}{'*' * 10}{value[-4:]}"
