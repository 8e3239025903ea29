"""Goal: only what Stripe signed, recently, gets in, and each refusal says briefly why.

Method: sign with the library's own generator, then spoil one thing at a time.
"""

import time

import pytest
import stripe

from tieout.domain.errors import ConfigurationFault
from tieout.domain.reasons import Reason
from tieout.stripe.signature import SignatureRefused, verify

BODY = '{"object":"event","name":"Müller"}'
SECRET = "whsec_current"
OLD_SECRET = "whsec_rolled"


def signed(body: str = BODY, secret: str = SECRET, age_seconds: int = 0) -> str:
    timestamp = int(time.time()) - age_seconds
    return str(stripe.WebhookSignature.generate_signature_header(body, secret, timestamp))


def refusal(body: bytes, header: str | None, secrets: list[str] | None = None) -> str:
    with pytest.raises(SignatureRefused) as refused:
        verify(body, header, secrets or [SECRET])
    return str(refused.value)


@pytest.mark.parametrize("secrets", [[SECRET], [OLD_SECRET, SECRET], [SECRET, OLD_SECRET, ""]])
def test_any_of_several_secrets_is_enough(secrets: list[str]) -> None:
    verify(BODY.encode(), signed(), secrets)


def test_any_of_several_signatures_is_enough_while_a_secret_is_rolled() -> None:
    foreign = signed(secret=OLD_SECRET)
    both = f"{foreign},{signed().partition(',')[2]}"

    verify(BODY.encode(), both, [SECRET])


def test_a_signature_just_inside_the_tolerance_is_good() -> None:
    verify(BODY.encode(), signed(age_seconds=295), [SECRET])


def test_a_timestamp_in_the_future_is_good() -> None:
    verify(BODY.encode(), signed(age_seconds=-3600), [SECRET])


def test_an_old_signature_is_too_old_and_only_that() -> None:
    assert refusal(BODY.encode(), signed(age_seconds=302)) == "the signature is too old"


def test_an_old_signature_of_nobody_is_no_match() -> None:
    header = signed(secret="whsec_foreign", age_seconds=302)

    assert refusal(BODY.encode(), header) == "no signature matches"


@pytest.mark.parametrize("header", [None, ""])
def test_a_missing_header_is_named(header: str | None) -> None:
    assert refusal(BODY.encode(), header) == "the Stripe-Signature header is missing"


@pytest.mark.parametrize(
    "header",
    [
        "nonsense",
        "t=,v1=",
        "t=1",
        f"t={'9' * 5000},v1=00",
        "t=1,v1=é",
        "t=1,v1=\ud800",
        "v1=00",
        signed().replace("v1=", "v0="),
        signed(secret="whsec_foreign"),
        signed(body="{}"),
    ],
    # A signature holds the time, and every test worker must give a case the same name.
    ids=str.split(
        "nonsense empty only-time long-time accented surrogate only-signature "
        "other-scheme other-secret other-body"
    ),
)
def test_whatever_does_not_match_is_refused_in_the_same_words(header: str) -> None:
    assert refusal(BODY.encode(), header) == "no signature matches"


def test_a_changed_byte_is_no_match() -> None:
    assert refusal(BODY.encode() + b" ", signed()) == "no signature matches"


def test_a_body_that_is_not_utf8_is_named() -> None:
    assert refusal(b"\xff\xfe", signed()) == "the body is not UTF-8"


@pytest.mark.parametrize("secrets", [[], [""], ["  "]])
def test_having_no_secret_is_our_fault_not_the_senders(secrets: list[str]) -> None:
    with pytest.raises(ConfigurationFault) as fault:
        verify(BODY.encode(), signed(), secrets)

    assert fault.value.reason is Reason.SECRET_INVALID


def test_an_empty_secret_opens_nothing() -> None:
    header = stripe.WebhookSignature.generate_signature_header(BODY, "")

    assert refusal(BODY.encode(), header, ["", SECRET]) == "no signature matches"


def test_a_refusal_holds_neither_body_nor_secret() -> None:
    with pytest.raises(SignatureRefused) as refused:
        verify(BODY.encode(), signed(secret="whsec_foreign"), [SECRET])

    assert refused.value.__cause__ is None
    assert SECRET not in str(refused.value)
    assert "Müller" not in str(refused.value)
