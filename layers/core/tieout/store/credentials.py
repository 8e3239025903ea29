"""Credentials from Secrets Manager: read seldom, checked on reading, never shown.

A secret is kept for some minutes, but not when it was refused: then it is read anew, since a person
may have corrected it meanwhile.

Whatever is wrong is said by the name of a field and never by its value; the errors of the JSON
parser, which carry the text that they could not parse, are not even chained.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tieout.domain.errors import ConfigurationFault
from tieout.domain.reasons import Reason
from tieout.services.ports import Clock, IntacctCredentials, StripeCredentials
from tieout.store.aws_faults import Declined, aws_faults

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

# A rotated secret is in use this much later at the latest, without a deploy.
SECRET_AGE_SECONDS_MAX = 300
# What is younger is not read anew, so that the ten messages of a batch, all refused alike, do not
# become ten reads.
SECRET_AGE_SECONDS_MIN = 1
_NO_VALUE = frozenset({"ResourceNotFoundException"})
# Source: stripe-api dossier section 1.4 (an event's `account`).
_ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{1,64}")
_INTACCT_FIELDS = ("sender_id", "sender_password", "company_id", "user_id", "user_password")


@dataclass(frozen=True, slots=True)
class _Secret:
    content: Mapping[str, Any] = field(repr=False)
    version: str
    read_at_unix: int


class SecretsManagerSecrets:
    """Reads the two secrets that the operator fills.

    Both methods raise `TransientFault` when Secrets Manager cannot be used now.
    """

    def __init__(self, client: "SecretsManagerClient", clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._cache: dict[str, _Secret] = {}

    def stripe(self, arn: str) -> StripeCredentials:
        """Return Stripe's key and signing secrets.

        Raises:
            ConfigurationFault: the secret is missing, empty or lacks fields; the text names them.
        """
        secret = self._secret(arn)
        fields = _Fields(arn, secret.content)
        credentials = StripeCredentials(
            api_key=fields.text("api_key"),
            signing_secrets=fields.texts("signing_secrets"),
            accounts={
                account: StripeCredentials(each.text("api_key"), each.texts("signing_secrets"))
                for account, each in fields.sections("accounts", _ACCOUNT)
            },
        )
        fields.finish()
        self._cache[arn] = secret
        return credentials

    def intacct(self, arn: str) -> IntacctCredentials:
        """Return what signs in to Intacct.

        Raises:
            ConfigurationFault: the secret is missing, empty or lacks fields; the text names them.
        """
        secret = self._secret(arn)
        fields = _Fields(arn, secret.content)
        values = {name: fields.text(name) for name in _INTACCT_FIELDS}
        entity_id = fields.optional_text("entity_id")
        credentials = IntacctCredentials(**values, entity_id=entity_id, version=secret.version)
        fields.finish()
        self._cache[arn] = secret
        return credentials

    def refresh(self, arn: str) -> None:
        """Forget the secret, so that the next use reads it anew: the old value was refused.

        What was read this very second is kept, so this may be called for each refusal.
        """
        cached = self._cache.get(arn)
        if cached is not None and self._age_seconds(cached) >= SECRET_AGE_SECONDS_MIN:
            del self._cache[arn]

    def _age_seconds(self, secret: _Secret) -> int:
        return self._clock.now_unix() - secret.read_at_unix

    def _secret(self, arn: str) -> _Secret:
        """Return the secret; the caller keeps it if it is whole."""
        cached = self._cache.get(arn)
        if cached is not None and self._age_seconds(cached) < SECRET_AGE_SECONDS_MAX:
            return cached
        try:
            with aws_faults(f"secretsmanager:GetSecretValue of {arn}", _NO_VALUE):
                answer = self._client.get_secret_value(SecretId=arn)
        except Declined:
            raise _invalid(arn, "does not exist or was not filled yet") from None
        content = _json_object(answer.get("SecretString", ""))
        if content is None:
            raise _invalid(arn, "is not a JSON object")
        return _Secret(content, answer["VersionId"], self._clock.now_unix())


class _Fields:
    """Reads fields and collects the names of those that cannot be used."""

    def __init__(
        self, arn: str, content: Mapping[str, Any], path: str = "", errors: list[str] | None = None
    ) -> None:
        self._arn = arn
        self._content = content
        self._path = path
        self._errors: list[str] = [] if errors is None else errors

    def text(self, name: str) -> str:
        value = self._content.get(name)
        if not _is_text(value):
            self._errors.append(f"{self._path}{name} is missing")
            return ""
        return str(value)

    def optional_text(self, name: str) -> str | None:
        return None if self._content.get(name) is None else self.text(name)

    def texts(self, name: str) -> tuple[str, ...]:
        values = self._content.get(name)
        if not isinstance(values, list) or not values or not all(map(_is_text, values)):
            self._errors.append(f"{self._path}{name} is missing or not a list of texts")
            return ()
        return tuple(values)

    def sections(self, name: str, key: re.Pattern[str]) -> Iterator[tuple[str, "_Fields"]]:
        """Yield the objects under a name, which may be missing, by their keys."""
        values = self._content.get(name, {})
        if not isinstance(values, dict):
            self._errors.append(f"{name} is not an object")
            return
        for number, (each, content) in enumerate(values.items(), start=1):
            # The key is not repeated: who mixes up key and value would read a secret here.
            if key.fullmatch(each) is None or not isinstance(content, dict):
                self._errors.append(f"{name}, entry {number}, is not an id with an object")
            else:
                yield each, _Fields(self._arn, content, f"{name}.{each}.", self._errors)

    def finish(self) -> None:
        if self._errors:
            raise _invalid(self._arn, "; ".join(self._errors))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _json_object(text: str) -> Mapping[str, Any] | None:
    try:
        content = json.loads(text)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _invalid(arn: str, what: str) -> ConfigurationFault:
    return ConfigurationFault(Reason.SECRET_INVALID, f"secret {arn}: {what}")
