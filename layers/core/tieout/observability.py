"""Logs and metrics of one function: JSON lines and CloudWatch's embedded metric format.

Our modules log through the standard library under the name `tieout`; what is set up here turns that
into JSON. They log ids and types only. Should a text from elsewhere carry more, `scrub` takes
secrets and e-mail addresses out of the finished line, wherever in it they are.
"""

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Protocol

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

from tieout.settings import CommonSettings

# Source: stripe-api dossier section 1.1 (whsec_), Stripe's key prefixes sk_ and rk_.
_STRIPE_SECRET = re.compile(r"(?<![A-Za-z0-9])(whsec|sk|rk)_[A-Za-z0-9_+/=]{4,}")
_EMAIL_ADDRESS = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_NAMES_OF_SECRETS = r"session_?id|(?:sender_|user_)?password|signing_secrets?|api_key"
_SECRET_ELEMENT = re.compile(rf"<({_NAMES_OF_SECRETS})>[^<]*", re.IGNORECASE)
_SECRET_FIELD = re.compile(
    rf"""(['"\\]+(?:{_NAMES_OF_SECRETS})['"\\]+\s*[:=]\s*[\[(]?\s*['"\\]+)[^'"\\]+""", re.IGNORECASE
)


def scrub(text: str) -> str:
    """Return the text without Stripe keys, Intacct sessions and passwords, and e-mail addresses."""
    text = _STRIPE_SECRET.sub(r"\1_***", text)
    text = _SECRET_ELEMENT.sub(r"<\1>***", text)
    text = _SECRET_FIELD.sub(r"\1***", text)
    return _EMAIL_ADDRESS.sub("***@***", text)


class InvocationContext(Protocol):
    """What is used of Lambda's context object."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda stops the function."""
        ...


class Telemetry:
    """Log and counters of a function; the `Metrics` port's real adapter."""

    def __init__(self, common: CommonSettings, stream: IO[str] | None = None) -> None:
        # Loggers named `tieout.*` hand their records up to this one.
        self._logger = Logger(
            service="tieout",
            level=common.log_level,
            stream=stream,
            json_serializer=_serialize,
            utc=True,
        )
        self._logger.append_keys(service=common.service, stage=common.stage)
        self._provider = AmazonCloudWatchEMFProvider(
            namespace=common.metrics_namespace, service=common.service
        )
        self._counts: Counter[str] = Counter()

    def count(self, name: str, value: int = 1) -> None:
        """Add to a counter; counters are written when the invocation ends."""
        self._counts[name] += value

    @contextmanager
    def invocation(self, context: InvocationContext) -> Iterator[None]:
        """Name the invocation in every log line and write its counters, even when it fails."""
        self._logger.append_keys(function_request_id=context.aws_request_id)
        try:
            yield
        except Exception:
            logging.getLogger(__name__).exception("invocation failed")
            raise
        finally:
            self._flush()

    def _flush(self) -> None:
        counts, self._counts = self._counts, Counter()
        for name, value in counts.items():
            self._provider.add_metric(name=name, unit=MetricUnit.Count, value=value)
        if counts:
            self._provider.flush_metrics()


def _serialize(line: dict[str, Any]) -> str:
    return scrub(json.dumps(line, default=str, ensure_ascii=False))
