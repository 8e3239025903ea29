"""Settings: what each function reads from its environment, and nothing else does.

`ENVIRONMENT` is the list that the template is compared with. Everything wrong is reported at once,
by the variable's name: a deployment is corrected in one go. Values are not repeated in errors.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from tieout.domain.errors import TieoutError

_COMMON = frozenset(
    {
        "TIEOUT_STAGE",
        "TIEOUT_LIVEMODE",
        "POWERTOOLS_SERVICE_NAME",
        "POWERTOOLS_METRICS_NAMESPACE",
        "POWERTOOLS_LOG_LEVEL",
    }
)

ENVIRONMENT: Mapping[str, frozenset[str]] = {
    "webhook": _COMMON
    | {"INBOX_TABLE", "EVENT_QUEUE_URL", "STRIPE_SECRET_ARN", "EVENT_RETENTION_DAYS"},
    "processor": _COMMON
    | {
        "POSTINGS_TABLE",
        "TRAIL_TABLE",
        "STATE_TABLE",
        "EVENT_QUEUE_URL",
        "STRIPE_SECRET_ARN",
        "INTACCT_SECRET_ARN",
        "STATE_KEY_ARN",
        "STRIPE_API_BASE",
        "INTACCT_ENDPOINT_URL",
        "STRIPE_TIMEOUT_SECONDS",
        "STRIPE_READS_PER_SECOND",
        "INTACCT_TIMEOUT_SECONDS",
        "INTACCT_CONCURRENCY",
        "PROCESSOR_CONCURRENCY",
    },
    "poller": _COMMON
    | {
        "INBOX_TABLE",
        "POSTINGS_TABLE",
        "TRAIL_TABLE",
        "STATE_TABLE",
        "EVENT_QUEUE_URL",
        "STRIPE_SECRET_ARN",
        "STRIPE_API_BASE",
        "STRIPE_TIMEOUT_SECONDS",
        "INTACCT_SECRET_ARN",
        "STATE_KEY_ARN",
        "INTACCT_ENDPOINT_URL",
        "INTACCT_TIMEOUT_SECONDS",
        "INTACCT_CONCURRENCY",
        "EVENT_RETENTION_DAYS",
        "POLLER_READ_BUDGET",
        "POLLER_OVERLAP_SECONDS",
        "POLLER_INVOICE_LOOKBACK_DAYS",
    },
}

_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
_URL = re.compile(r"https?://[^\s/]+")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
# Stripe lists an event for 30 days; an inbox that forgets sooner would take it for a missed one.
# Source: stripe-api dossier section 6.1.
_RETENTION_DAYS_MIN = 31
# What one step of each of the poller's passes reads: a page of each list of invoices, and one of
# events for every twenty types.
READ_BUDGET_MIN = 4


class SettingsInvalid(TieoutError):
    """The environment lacks something or holds what cannot be used.

    Attributes:
        errors: one sentence for each variable concerned.
    """

    def __init__(self, function: str, errors: tuple[str, ...]) -> None:
        super().__init__(f"settings of the {function} function: " + "; ".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class CommonSettings:
    """What every function is told.

    Attributes:
        stage: name of the installation, for the log.
        livemode: whether events are Stripe's live ones; the others are refused.
        service: name of the function in logs and metrics.
        metrics_namespace: CloudWatch's, one for each stage.
    """

    stage: str
    livemode: bool
    service: str
    metrics_namespace: str
    log_level: str


@dataclass(frozen=True, slots=True)
class StripeSettings:
    """What the functions that read Stripe are told.

    Attributes:
        timeout_seconds: of one attempt of a read.
    """

    secret_arn: str
    api_base: str
    timeout_seconds: int


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Settings of the webhook function."""

    common: CommonSettings
    inbox_table: str
    event_queue_url: str
    stripe_secret_arn: str
    event_retention_days: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings.

        Raises:
            SettingsInvalid: with every error there is.
        """
        read = _Reader(environment)
        settings = cls(
            common=_common(read),
            inbox_table=read.text("INBOX_TABLE"),
            event_queue_url=read.url("EVENT_QUEUE_URL"),
            stripe_secret_arn=read.text("STRIPE_SECRET_ARN"),
            event_retention_days=read.integer("EVENT_RETENTION_DAYS", _RETENTION_DAYS_MIN),
        )
        read.finish("webhook")
        return settings


@dataclass(frozen=True, slots=True)
class IntacctSettings:
    """What the functions that ask Intacct are told.

    Attributes:
        state_key_arn: KMS key under which the Intacct session is stored.
        endpoint_url: gateway that opens sessions; a session names its own from then on.
        timeout_seconds: of one request.
        concurrency: requests at once, at most, of all who ask.
    """

    secret_arn: str
    state_key_arn: str
    endpoint_url: str
    timeout_seconds: int
    concurrency: int


@dataclass(frozen=True, slots=True)
class ProcessorSettings:
    """Settings of the processor function.

    Attributes:
        processors: how many of them work at once.
        stripe_reads_per_second: what they may ask of Stripe, all together.
    """

    common: CommonSettings
    stripe: StripeSettings
    intacct: IntacctSettings
    postings_table: str
    trail_table: str
    state_table: str
    event_queue_url: str
    processors: int
    stripe_reads_per_second: int

    @property
    def own_reads_per_second(self) -> float:
        """One processor's share of what they may ask of Stripe."""
        return self.stripe_reads_per_second / self.processors

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings.

        Raises:
            SettingsInvalid: with every error there is.
        """
        read = _Reader(environment)
        settings = cls(
            common=_common(read),
            stripe=_stripe(read),
            intacct=_intacct(read),
            postings_table=read.text("POSTINGS_TABLE"),
            trail_table=read.text("TRAIL_TABLE"),
            state_table=read.text("STATE_TABLE"),
            event_queue_url=read.url("EVENT_QUEUE_URL"),
            processors=read.integer("PROCESSOR_CONCURRENCY", 1),
            stripe_reads_per_second=read.integer("STRIPE_READS_PER_SECOND", 1),
        )
        read.finish("processor")
        return settings


@dataclass(frozen=True, slots=True)
class PollerSettings:
    """Settings of the poller function.

    Attributes:
        read_budget: Stripe reads that one run may spend.
        overlap_seconds: how far behind now the events cursor stays.
        invoice_lookback_days: how long before now an invoice may have been created.
    """

    common: CommonSettings
    stripe: StripeSettings
    intacct: IntacctSettings
    inbox_table: str
    postings_table: str
    trail_table: str
    state_table: str
    event_queue_url: str
    event_retention_days: int
    read_budget: int
    overlap_seconds: int
    invoice_lookback_days: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings.

        Raises:
            SettingsInvalid: with every error there is.
        """
        read = _Reader(environment)
        settings = cls(
            common=_common(read),
            stripe=_stripe(read),
            intacct=_intacct(read),
            inbox_table=read.text("INBOX_TABLE"),
            postings_table=read.text("POSTINGS_TABLE"),
            trail_table=read.text("TRAIL_TABLE"),
            state_table=read.text("STATE_TABLE"),
            event_queue_url=read.url("EVENT_QUEUE_URL"),
            event_retention_days=read.integer("EVENT_RETENTION_DAYS", _RETENTION_DAYS_MIN),
            read_budget=read.integer("POLLER_READ_BUDGET", READ_BUDGET_MIN),
            overlap_seconds=read.integer("POLLER_OVERLAP_SECONDS", 0),
            invoice_lookback_days=read.integer("POLLER_INVOICE_LOOKBACK_DAYS", 1),
        )
        read.finish("poller")
        return settings


class _Reader:
    """Reads variables and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._errors: list[str] = []

    def text(self, name: str) -> str:
        value = self._environment.get(name, "").strip()
        if not value:
            self._errors.append(f"{name} is missing")
        return value

    def integer(self, name: str, minimum: int) -> int:
        value = self.text(name)
        if not value:
            return minimum
        if not _WHOLE_NUMBER.fullmatch(value) or int(value) < minimum:
            self._errors.append(f"{name} must be a whole number, at least {minimum}")
            return minimum
        return int(value)

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name)
        if value and value not in allowed:
            self._errors.append(f"{name} must be one of {', '.join(allowed)}")
        return value

    def url(self, name: str) -> str:
        value = self.text(name)
        if value and not _URL.match(value):
            self._errors.append(f"{name} must be an http(s) URL")
        return value.rstrip("/")

    def finish(self, function: str) -> None:
        if self._errors:
            raise SettingsInvalid(function, tuple(self._errors))


def _intacct(read: _Reader) -> IntacctSettings:
    return IntacctSettings(
        secret_arn=read.text("INTACCT_SECRET_ARN"),
        state_key_arn=read.text("STATE_KEY_ARN"),
        endpoint_url=read.url("INTACCT_ENDPOINT_URL"),
        timeout_seconds=read.integer("INTACCT_TIMEOUT_SECONDS", 1),
        concurrency=read.integer("INTACCT_CONCURRENCY", 1),
    )


def _stripe(read: _Reader) -> StripeSettings:
    return StripeSettings(
        secret_arn=read.text("STRIPE_SECRET_ARN"),
        api_base=read.url("STRIPE_API_BASE"),
        timeout_seconds=read.integer("STRIPE_TIMEOUT_SECONDS", 1),
    )


def _common(read: _Reader) -> CommonSettings:
    return CommonSettings(
        stage=read.text("TIEOUT_STAGE"),
        livemode=read.choice("TIEOUT_LIVEMODE", ("true", "false")) == "true",
        service=read.text("POWERTOOLS_SERVICE_NAME"),
        metrics_namespace=read.text("POWERTOOLS_METRICS_NAMESPACE"),
        log_level=read.choice("POWERTOOLS_LOG_LEVEL", _LOG_LEVELS),
    )
