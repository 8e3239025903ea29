"""Goal: each function reads exactly the variables that the template is compared with, and says
everything that is wrong at once.

Method: environments that record which variables were asked for; one broken environment per rule.
"""

from collections.abc import Callable, Iterator, Mapping

import pytest

from tieout.settings import (
    ENVIRONMENT,
    PollerSettings,
    ProcessorSettings,
    SettingsInvalid,
    WebhookSettings,
)

VALUES = {
    "TIEOUT_STAGE": "dev",
    "TIEOUT_LIVEMODE": "false",
    "POWERTOOLS_SERVICE_NAME": "webhook",
    "POWERTOOLS_METRICS_NAMESPACE": "Tieout/dev",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "INBOX_TABLE": "inbox",
    "POSTINGS_TABLE": "postings",
    "TRAIL_TABLE": "trail",
    "STATE_TABLE": "state",
    "EVENT_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/1/events.fifo",
    "STRIPE_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:1:secret:stripe",
    "INTACCT_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:1:secret:intacct",
    "STATE_KEY_ARN": "arn:aws:kms:us-east-1:1:key/2",
    "STRIPE_API_BASE": "https://api.stripe.com/",
    "INTACCT_ENDPOINT_URL": "https://api.intacct.com/ia/xml/xmlgw.phtml",
    "STRIPE_TIMEOUT_SECONDS": "10",
    "INTACCT_TIMEOUT_SECONDS": "60",
    "INTACCT_CONCURRENCY": "4",
    "STRIPE_READS_PER_SECOND": "60",
    "PROCESSOR_CONCURRENCY": "8",
    "EVENT_RETENTION_DAYS": "90",
    "POLLER_READ_BUDGET": "5",
    "POLLER_OVERLAP_SECONDS": "0",
    "POLLER_INVOICE_LOOKBACK_DAYS": "35",
}

Read = Callable[[Mapping[str, str]], object]
READERS: dict[str, Read] = {
    "webhook": WebhookSettings.from_environment,
    "processor": ProcessorSettings.from_environment,
    "poller": PollerSettings.from_environment,
}


class Recording(Mapping[str, str]):
    """An environment that remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return VALUES[name]

    def __iter__(self) -> Iterator[str]:
        return iter(VALUES)

    def __len__(self) -> int:
        return len(VALUES)


def environment_of(function: str, **changes: str) -> dict[str, str]:
    return {name: VALUES[name] for name in ENVIRONMENT[function]} | changes


@pytest.mark.parametrize("function", READERS)
def test_reads_exactly_what_it_declares(function: str) -> None:
    environment = Recording()
    READERS[function](environment)
    assert environment.asked == ENVIRONMENT[function]


@pytest.mark.parametrize("function", READERS)
def test_an_empty_environment_names_every_variable_at_once(function: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        READERS[function]({})
    assert set(caught.value.errors) == {f"{name} is missing" for name in ENVIRONMENT[function]}
    assert function in str(caught.value)


def test_values_arrive_typed() -> None:
    settings = PollerSettings.from_environment(environment_of("poller", TIEOUT_LIVEMODE="true"))
    assert settings.common.livemode is True
    assert settings.read_budget == 5
    assert settings.overlap_seconds == 0
    assert settings.invoice_lookback_days == 35
    assert settings.stripe.api_base == "https://api.stripe.com"


def test_processors_share_what_they_may_ask_of_stripe() -> None:
    settings = ProcessorSettings.from_environment(environment_of("processor"))
    assert settings.intacct.concurrency == 4
    assert settings.own_reads_per_second == 7.5


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("TIEOUT_LIVEMODE", "True", "TIEOUT_LIVEMODE must be one of true, false"),
        ("POWERTOOLS_LOG_LEVEL", "LOUD", "POWERTOOLS_LOG_LEVEL must be one of"),
        ("POLLER_READ_BUDGET", "3", "POLLER_READ_BUDGET must be a whole number, at least 4"),
        ("POLLER_READ_BUDGET", "-1", "POLLER_READ_BUDGET must be a whole number, at least 4"),
        ("POLLER_READ_BUDGET", "1.5", "POLLER_READ_BUDGET must be a whole number, at least 4"),
        ("POLLER_READ_BUDGET", "٣", "POLLER_READ_BUDGET must be a whole number, at least 4"),
        ("POLLER_READ_BUDGET", "9" * 5000, "POLLER_READ_BUDGET must be a whole number"),
        ("EVENT_RETENTION_DAYS", "30", "EVENT_RETENTION_DAYS must be a whole number, at least 31"),
        ("EVENT_QUEUE_URL", "events.fifo", "EVENT_QUEUE_URL must be an http(s) URL"),
        ("STRIPE_API_BASE", "ftp://stripe", "STRIPE_API_BASE must be an http(s) URL"),
        ("INBOX_TABLE", "  ", "INBOX_TABLE is missing"),
    ],
)
def test_a_wrong_value_is_named_but_not_repeated(name: str, value: str, error: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        PollerSettings.from_environment(environment_of("poller", **{name: value}))
    (only,) = caught.value.errors
    assert only.startswith(error)


def test_several_wrong_values_are_reported_together() -> None:
    broken = environment_of("webhook", TIEOUT_LIVEMODE="yes", EVENT_QUEUE_URL="x")
    del broken["INBOX_TABLE"]
    with pytest.raises(SettingsInvalid) as caught:
        WebhookSettings.from_environment(broken)
    assert [error.split()[0] for error in caught.value.errors] == [
        "TIEOUT_LIVEMODE",
        "INBOX_TABLE",
        "EVENT_QUEUE_URL",
    ]
