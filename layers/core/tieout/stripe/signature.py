"""Whether a delivery really comes from Stripe."""

from collections.abc import Sequence

import stripe

from tieout.domain.errors import ConfigurationFault, TieoutError
from tieout.domain.reasons import Reason

# A future timestamp is accepted, as the library does: only who holds a secret can sign one, and a
# clock of ours that lags must not turn deliveries away.
TOLERANCE_SECONDS = 300


class SignatureRefused(TieoutError):
    """The delivery does not prove that Stripe sent it, recently; `str()` is a short reason."""


def verify(
    body: bytes,
    header: str | None,
    secrets: Sequence[str],
    tolerance_seconds: int = TOLERANCE_SECONDS,
) -> None:
    """Return if Stripe signed `body` with any of the secrets within the tolerance.

    Every secret is tried whichever of them matches, so the time taken tells nothing about which.

    Args:
        body: the raw body, exactly as received (base64 undone, nothing else).
        header: the `Stripe-Signature` header.
        secrets: every secret in use; several while one is rolled or for several endpoints.
        tolerance_seconds: how old the signature may be; a positive number.

    Raises:
        SignatureRefused: no header, no match, too old, or the body is not UTF-8.
        ConfigurationFault: there is no secret to check against.

    Source: stripe-api dossier sections 1.1 and 1.2 (docs.stripe.com/webhooks).
    """
    assert tolerance_seconds > 0, "the library takes 0 for no limit at all"
    usable = [secret for secret in secrets if secret.strip()]
    if not usable:
        raise ConfigurationFault(Reason.SECRET_INVALID, "the Stripe secret has no signing_secrets")
    if not header:
        raise SignatureRefused("the Stripe-Signature header is missing")
    if not header.isascii():
        raise SignatureRefused("no signature matches")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise SignatureRefused("the body is not UTF-8") from None
    if not _signed_by_any(text, header, usable, None):
        raise SignatureRefused("no signature matches")
    if not _signed_by_any(text, header, usable, tolerance_seconds):
        raise SignatureRefused("the signature is too old")


def _signed_by_any(
    text: str, header: str, secrets: Sequence[str], tolerance_seconds: int | None
) -> bool:
    answers = [_signed_by(text, header, secret, tolerance_seconds) for secret in secrets]
    return any(answers)


def _signed_by(text: str, header: str, secret: str, tolerance_seconds: int | None) -> bool:
    try:
        stripe.WebhookSignature.verify_header(text, header, secret, tolerance_seconds)
    except stripe.SignatureVerificationError:
        return False
    return True
