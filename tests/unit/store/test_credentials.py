"""Goal: a bad secret is told by its fields' names and never by their values; a rotated one is seen.

Method: Secrets Manager in this process (moto).
"""

import json
import traceback

import pytest
from botocore.stub import Stubber

from tests.fakes import FakeClock
from tests.support.aws import Aws
from tests.support.aws_accidents import Calls
from tieout.domain.errors import ConfigurationFault, Unavailable
from tieout.domain.reasons import Reason
from tieout.services.ports import IntacctCredentials, StripeCredentials
from tieout.store.credentials import (
    SECRET_AGE_SECONDS_MAX,
    SECRET_AGE_SECONDS_MIN,
    SecretsManagerSecrets,
)

INTACCT = {
    "sender_id": "sender",
    "sender_password": "hunter2",
    "company_id": "company",
    "user_id": "user",
    "user_password": "hunter3",
}
STRIPE = {"api_key": "rk_test_hunter2", "signing_secrets": ["whsec_hunter3", "whsec_hunter4"]}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def secrets(aws: Aws, clock: FakeClock) -> SecretsManagerSecrets:
    return SecretsManagerSecrets(aws.secrets, clock)


def secret(aws: Aws, content: object) -> str:
    text = content if isinstance(content, str) else json.dumps(content)
    return aws.secrets.create_secret(Name="secret", SecretString=text)["ARN"]


def test_both_secrets_are_read_whole(aws: Aws, secrets: SecretsManagerSecrets) -> None:
    arn = secret(aws, INTACCT | STRIPE | {"note": "for people"})
    version = aws.secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    assert secrets.intacct(arn) == IntacctCredentials(**INTACCT, version=next(iter(version)))
    assert secrets.stripe(arn) == StripeCredentials(
        "rk_test_hunter2", ("whsec_hunter3", "whsec_hunter4")
    )


def test_further_accounts_bring_their_own_keys(aws: Aws, secrets: SecretsManagerSecrets) -> None:
    other = {"api_key": "rk_test_other", "signing_secrets": ["whsec_other"]}
    found = secrets.stripe(secret(aws, STRIPE | {"accounts": {"acct_2": other}}))
    assert found.accounts == {"acct_2": StripeCredentials("rk_test_other", ("whsec_other",))}
    assert found.key_of("acct_2") == "rk_test_other"
    assert found.key_of("acct_connected") is None


def test_an_entity_may_be_named(aws: Aws, secrets: SecretsManagerSecrets) -> None:
    assert secrets.intacct(secret(aws, INTACCT | {"entity_id": "E100"})).entity_id == "E100"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "api_key is missing; signing_secrets is missing or not a list of texts"),
        (STRIPE | {"api_key": " "}, "api_key is missing"),
        (STRIPE | {"signing_secrets": []}, "signing_secrets"),
        (STRIPE | {"signing_secrets": "whsec_hunter3"}, "signing_secrets"),
        (STRIPE | {"signing_secrets": ["whsec_hunter3", ""]}, "signing_secrets"),
        ('{"api_key": "rk_test_hunter2"', "is not a JSON object"),
        ("[1]", "is not a JSON object"),
        (STRIPE | {"accounts": ["rk_test_hunter2"]}, "accounts is not an object"),
        (STRIPE | {"accounts": {"rk_test_hunter2": {}}}, "accounts, entry 1, is not an id"),
        (STRIPE | {"accounts": {"acct_2": "rk_test_hunter2"}}, "accounts, entry 1, is not an id"),
        (
            STRIPE | {"accounts": {"acct_2": {"api_key": "rk_test_hunter2"}}},
            "accounts.acct_2.signing_secrets is missing",
        ),
    ],
)
def test_what_is_wrong_is_named_and_no_value_is_shown(
    aws: Aws, secrets: SecretsManagerSecrets, content: object, said: str
) -> None:
    arn = secret(aws, content)
    with pytest.raises(ConfigurationFault, match=said) as fault:
        secrets.stripe(arn)
    assert fault.value.reason is Reason.SECRET_INVALID
    assert arn in str(fault.value)
    shown = "".join(traceback.format_exception(fault.value))
    assert "hunter" not in shown.replace(__file__, "")
    assert fault.value.__context__ is None


@pytest.mark.parametrize("field", INTACCT)
def test_each_field_of_intacct_is_needed(
    aws: Aws, secrets: SecretsManagerSecrets, field: str
) -> None:
    arn = secret(aws, {name: value for name, value in INTACCT.items() if name != field})
    with pytest.raises(ConfigurationFault, match=f"secret {arn}: {field} is missing$"):
        secrets.intacct(arn)


def test_a_secret_that_was_not_filled_yet_is_named(
    aws: Aws, secrets: SecretsManagerSecrets
) -> None:
    arn = aws.secrets.create_secret(Name="empty")["ARN"]
    with pytest.raises(ConfigurationFault, match="was not filled yet") as fault:
        secrets.stripe(arn)
    assert fault.value.reason is Reason.SECRET_INVALID


def test_a_rotated_secret_is_seen_after_five_minutes(
    aws: Aws, secrets: SecretsManagerSecrets, clock: FakeClock
) -> None:
    arn = secret(aws, STRIPE)
    secrets.stripe(arn)
    rotate(aws, arn, api_key="rk_test_new")
    clock.advance(SECRET_AGE_SECONDS_MAX - 1)
    assert secrets.stripe(arn).api_key == "rk_test_hunter2"
    clock.advance(1)
    assert secrets.stripe(arn).api_key == "rk_test_new"


def test_a_secret_that_was_refused_is_read_anew_at_once(
    aws: Aws, secrets: SecretsManagerSecrets, clock: FakeClock
) -> None:
    arn = secret(aws, STRIPE)
    secrets.stripe(arn)
    rotate(aws, arn, api_key="rk_test_new")
    clock.advance(SECRET_AGE_SECONDS_MIN)
    secrets.refresh(arn)
    assert secrets.stripe(arn).api_key == "rk_test_new"


def test_a_batch_of_refusals_reads_the_secret_once(
    aws: Aws, secrets: SecretsManagerSecrets, clock: FakeClock
) -> None:
    arn = secret(aws, STRIPE)
    secrets.stripe(arn)
    clock.advance(SECRET_AGE_SECONDS_MIN)
    calls = Calls(aws.secrets)
    for _ in range(10):
        secrets.refresh(arn)
        secrets.stripe(arn)
    assert calls.operations == ["GetSecretValue"]


def test_each_writing_of_a_secret_has_a_version_of_its_own(
    aws: Aws, secrets: SecretsManagerSecrets, clock: FakeClock
) -> None:
    arn = secret(aws, INTACCT)
    written = secrets.intacct(arn)
    clock.advance(SECRET_AGE_SECONDS_MAX)
    assert secrets.intacct(arn) == written
    aws.secrets.put_secret_value(SecretId=arn, SecretString=json.dumps(INTACCT))
    clock.advance(SECRET_AGE_SECONDS_MAX)
    assert secrets.intacct(arn).version != written.version


@pytest.mark.parametrize("wrong", ["not yet", {}, {"api_key": "rk_test_1"}])
def test_a_mended_secret_needs_no_waiting(
    aws: Aws, secrets: SecretsManagerSecrets, wrong: object
) -> None:
    arn = secret(aws, wrong)
    with pytest.raises(ConfigurationFault):
        secrets.stripe(arn)
    rotate(aws, arn)
    assert secrets.stripe(arn).api_key == "rk_test_hunter2"


def rotate(aws: Aws, arn: str, **changes: str) -> None:
    aws.secrets.put_secret_value(SecretId=arn, SecretString=json.dumps(STRIPE | changes))


def test_an_outage_is_no_bad_secret(aws: Aws, secrets: SecretsManagerSecrets) -> None:
    with Stubber(aws.secrets) as stubber:
        stubber.add_client_error("get_secret_value", "InternalServiceError", http_status_code=500)
        with pytest.raises(Unavailable):
            secrets.stripe("arn")


def test_credentials_do_not_show_in_a_repr(aws: Aws, secrets: SecretsManagerSecrets) -> None:
    arn = secret(aws, INTACCT | STRIPE)
    shown = repr((secrets.stripe(arn), secrets.intacct(arn), secrets._cache))
    assert "hunter" not in shown
