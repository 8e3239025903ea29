# ruff: noqa: PLC0415 - each function loads what it needs and nothing of the others
"""The composition root: the one place where adapters are chosen and handed to the use cases.

Each factory below works in two steps. Calling it imports what its function needs and needs no
environment: a handler does so when it is itself imported, in Lambda's init phase, which has a whole
processor to itself. What it returns reads the environment and builds, once, at the first event.
"""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tieout.intacct.entities import EntitiesLedger
    from tieout.observability import Telemetry
    from tieout.services.daily_anchors import DailyAnchors
    from tieout.services.daily_tie_out import DailyTieOut
    from tieout.services.governor import Governor
    from tieout.services.poll import Poller
    from tieout.services.ports import Clock, Metrics, PolicySource
    from tieout.services.process import Processor
    from tieout.services.receive import Receiver
    from tieout.settings import (
        CommonSettings,
        IntacctSettings,
        ProcessorSettings,
        StripeSettings,
    )
    from tieout.store.backlog import Backlog
    from tieout.store.credentials import SecretsManagerSecrets
    from tieout.store.idempotency import PowertoolsOnce
    from tieout.store.work_queue import Visibility
    from tieout.stripe.allowance import Allowance
    from tieout.stripe.reader import StripeApiReader

# AWS answers these calls within milliseconds. Better to give up early, so that the retry fits into
# the function's time, and to let Stripe or the queue come again, than to wait.
_CONNECT_TIMEOUT_SECONDS = 1
_READ_TIMEOUT_SECONDS = 3
_ATTEMPTS_MAX = 3
# AWS looks at what it is sent; to look at it here as well is a third of what a write to the tables
# takes us. Source: `make bench`, docs/performance.md.
PARAMETER_VALIDATION = False
# At a tenth of a second each, that is up to 40 in a second, if the worker's share allows so many.
_READS_AT_A_TIME = 4
# What a worker needs besides its longest request, to write down what came of it.
_FINISHING_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Webhook:
    """What the webhook's handler works with."""

    receiver: "Receiver"
    once: "PowertoolsOnce"
    telemetry: "Telemetry"


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How the processor divides the time of an invocation.

    Attributes:
        reading_seconds: what one unanswered read of Stripe takes; no subject is begun unless so
            much is left before sending must stop.
        sending_seconds: what one unanswered request to Intacct takes, and writing down that its
            outcome is unknown; no request is begun unless so much is left.
        lease_seconds: for how long a posting that is being sent is nobody else's.
    """

    reading_seconds: int
    sending_seconds: int
    lease_seconds: int


@dataclass(frozen=True, slots=True)
class Worker:
    """What the processor's handler works with."""

    processor: "Processor"
    backlog: "Backlog"
    visibility: "Visibility"
    telemetry: "Telemetry"
    limits: TimeLimits


@dataclass(frozen=True, slots=True)
class Polling:
    """What the poller's handler works with.

    Attributes:
        intacct_seconds: what one unanswered request to Intacct takes, and giving its slot back; no
            request waits for a slot when no more than that is left.
    """

    poller: "Poller"
    daily_tie_out: "DailyTieOut"
    daily_anchors: "DailyAnchors"
    governor: "Governor"
    intacct_seconds: int
    telemetry: "Telemetry"


def webhook() -> Callable[[], Webhook]:
    """Import the webhook's parts; return what builds them."""
    with _collector_at_rest():
        import boto3  # noqa: F401 - clients are made of it later

        from tieout.observability import Telemetry
        from tieout.services.receive import Receiver
        from tieout.settings import WebhookSettings
        from tieout.store.clock import SystemClock
        from tieout.store.credentials import SecretsManagerSecrets
        from tieout.store.idempotency import PowertoolsOnce
        from tieout.store.inbox import DynamoInbox
        from tieout.store.work_queue import SqsWorkQueue
        from tieout.stripe.signature import SignatureRefused, verify

    @cache
    def build() -> Webhook:
        settings = WebhookSettings.from_environment(os.environ)
        telemetry = Telemetry(settings.common)
        clock = SystemClock()
        dynamodb = _client("dynamodb")
        secrets = SecretsManagerSecrets(_client("secretsmanager"), clock)
        once = PowertoolsOnce(dynamodb, settings.inbox_table)

        def refusal(body: bytes, header: str | None) -> str | None:
            known = secrets.stripe(settings.stripe_secret_arn)
            others = [each for of in known.accounts.values() for each in of.signing_secrets]
            try:
                verify(body, header, [*known.signing_secrets, *others])
            except SignatureRefused as refused:
                return str(refused)
            return None

        def account_of(body: bytes, header: str | None) -> str | None:
            for account, of in secrets.stripe(settings.stripe_secret_arn).accounts.items():
                with suppress(SignatureRefused):
                    verify(body, header, of.signing_secrets)
                    return account
            return None

        receiver = Receiver(
            refusal,
            once,
            DynamoInbox(dynamodb, settings.inbox_table, settings.event_retention_days, clock),
            SqsWorkQueue(_client("sqs"), settings.event_queue_url),
            clock,
            telemetry,
            livemode=settings.common.livemode,
            account_of=account_of,
        )
        return Webhook(receiver, once, telemetry)

    return build


def processor() -> Callable[[], Worker]:
    """Import the processor's parts; return what builds them."""
    with _collector_at_rest():
        from concurrent.futures import ThreadPoolExecutor

        import boto3  # noqa: F401 - clients are made of it later

        import tieout.intacct.connect
        import tieout.store.paces
        import tieout.store.sessions
        import tieout.stripe.reader  # noqa: F401 - `_intacct` and its like use them
        from tieout.domain.policy_file import parse_policy
        from tieout.observability import Telemetry
        from tieout.services.closed_periods import ClosedPeriods
        from tieout.services.process import Processor
        from tieout.services.transactions import BudgetedPolicies, TransactionMeter
        from tieout.settings import ProcessorSettings
        from tieout.store.backlog import Backlog
        from tieout.store.clock import SystemClock
        from tieout.store.closed_books import DynamoClosedBooks
        from tieout.store.credentials import SecretsManagerSecrets
        from tieout.store.policies import DynamoPolicies
        from tieout.store.postings import DynamoPostings
        from tieout.store.trail import TrailWriter
        from tieout.store.transactions import DynamoTransactions
        from tieout.store.work_queue import Visibility
        from tieout.stripe.allowance import Allowance

    @cache
    def build() -> Worker:
        settings = ProcessorSettings.from_environment(os.environ)
        limits = time_limits(settings)
        telemetry = Telemetry(settings.common)
        clock = SystemClock()
        dynamodb = _client("dynamodb")
        secrets = SecretsManagerSecrets(_client("secretsmanager"), clock)
        policies = DynamoPolicies(dynamodb, settings.state_table, parse_policy, clock)
        governor = _governor(settings.intacct, settings.state_table, dynamodb, clock, telemetry)
        intacct = _intacct(
            settings.intacct, settings.state_table, dynamodb, secrets, policies, governor
        )
        transactions = DynamoTransactions(dynamodb, settings.state_table)
        processor = Processor(
            _stripe_reader(
                settings.common,
                settings.stripe,
                secrets,
                Allowance(settings.own_reads_per_second),
            ),
            intacct,
            DynamoPostings(
                dynamodb,
                settings.postings_table,
                TrailWriter(dynamodb, settings.trail_table, _worker()),
            ),
            BudgetedPolicies(policies, transactions, clock),
            clock,
            telemetry,
            limits.lease_seconds,
            closed_periods=ClosedPeriods(
                intacct.books(lambda: policies.current().base_currency),
                DynamoClosedBooks(dynamodb, settings.state_table),
                policies,
                clock,
                telemetry,
            ),
            transactions=TransactionMeter(
                telemetry, transactions, clock, reads=lambda: intacct.reads
            ),
            pool=ThreadPoolExecutor(_READS_AT_A_TIME),
            governor=governor,
        )
        sqs = _client("sqs")
        backlog = Backlog(sqs, settings.event_queue_url)
        visibility = Visibility(sqs, settings.event_queue_url)
        return Worker(processor, backlog, visibility, telemetry, limits)

    return build


def time_limits(settings: "ProcessorSettings") -> TimeLimits:
    """Return the limits that follow from the time-outs; a test compares them with the template."""
    from tieout.stripe.api import ATTEMPTS_MAX

    return TimeLimits(
        reading_seconds=ATTEMPTS_MAX * settings.stripe.timeout_seconds,
        sending_seconds=settings.intacct.timeout_seconds + _FINISHING_SECONDS,
        # The template gives the function twice the time of its longest request; only when all of
        # it is over can nobody be at work on a posting any more.
        lease_seconds=2 * settings.intacct.timeout_seconds + _FINISHING_SECONDS,
    )


def poller() -> Callable[[], Polling]:
    """Import the poller's parts; return what builds them."""
    with _collector_at_rest():
        import boto3  # noqa: F401 - clients are made of it later

        import tieout.intacct.connect
        import tieout.store.paces
        import tieout.store.sessions
        import tieout.stripe.reader  # noqa: F401 - `_intacct` and its like use them
        from tieout.domain.policy_file import parse_policy
        from tieout.observability import Telemetry
        from tieout.services.closed_periods import ClosedPeriods
        from tieout.services.daily_anchors import DailyAnchors
        from tieout.services.daily_tie_out import DailyTieOut
        from tieout.services.poll import Poller
        from tieout.services.tie_out import TieOuts
        from tieout.services.transactions import TransactionWatch
        from tieout.settings import PollerSettings
        from tieout.store.clock import SystemClock
        from tieout.store.closed_books import DynamoClosedBooks
        from tieout.store.credentials import SecretsManagerSecrets
        from tieout.store.cursors import DynamoCursors
        from tieout.store.inbox import DynamoInbox
        from tieout.store.policies import DynamoPolicies
        from tieout.store.postings import DynamoPostings
        from tieout.store.tie_outs import DynamoTieOuts
        from tieout.store.trail_reader import DynamoTrail
        from tieout.store.transactions import DynamoTransactions
        from tieout.store.work_queue import SqsWorkQueue

    @cache
    def build() -> Polling:
        settings = PollerSettings.from_environment(os.environ)
        telemetry = Telemetry(settings.common)
        clock = SystemClock()
        dynamodb = _client("dynamodb")
        secrets = SecretsManagerSecrets(_client("secretsmanager"), clock)
        stripe = _stripe_reader(settings.common, settings.stripe, secrets)
        postings = DynamoPostings(dynamodb, settings.postings_table)
        policies = DynamoPolicies(dynamodb, settings.state_table, parse_policy, clock)
        governor = _governor(settings.intacct, settings.state_table, dynamodb, clock, telemetry)
        books = _intacct(
            settings.intacct, settings.state_table, dynamodb, secrets, policies, governor
        ).books(lambda: policies.current().base_currency)
        poller = Poller(
            stripe,
            DynamoInbox(dynamodb, settings.inbox_table, settings.event_retention_days, clock),
            postings,
            SqsWorkQueue(_client("sqs"), settings.event_queue_url),
            DynamoCursors(dynamodb, settings.state_table),
            clock,
            telemetry,
            policies=policies,
            livemode=settings.common.livemode,
            overlap_seconds=settings.overlap_seconds,
            invoice_lookback_days=settings.invoice_lookback_days,
            read_budget=settings.read_budget,
            closed_periods=ClosedPeriods(
                books,
                DynamoClosedBooks(dynamodb, settings.state_table),
                policies,
                clock,
                telemetry,
            ),
            transactions=TransactionWatch(
                DynamoTransactions(dynamodb, settings.state_table), policies, clock, telemetry
            ),
        )
        daily_tie_out = DailyTieOut(
            TieOuts(stripe, books, postings, clock),
            DynamoTieOuts(dynamodb, settings.state_table),
            policies,
            clock,
            telemetry,
        )
        trail = DynamoTrail(dynamodb, settings.trail_table, _worker())
        daily_anchors = DailyAnchors(trail, policies, clock, telemetry)
        intacct_seconds = settings.intacct.timeout_seconds + _FINISHING_SECONDS
        return Polling(poller, daily_tie_out, daily_anchors, governor, intacct_seconds, telemetry)

    return build


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Import without looking for garbage, and spare what was imported from every later search.

    Modules are there to stay; looking through them takes a tenth of a cold start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _intacct(
    intacct: "IntacctSettings",
    state_table: str,
    dynamodb: "DynamoDBClient",
    secrets: "SecretsManagerSecrets",
    policies: "PolicySource",
    governor: "Governor",
) -> "EntitiesLedger":
    from tieout.intacct.connect import connect_entities
    from tieout.store.clock import SystemClock
    from tieout.store.sessions import DynamoSessions

    kms = _client("kms")
    return connect_entities(
        lambda: secrets.intacct(intacct.secret_arn),
        intacct.endpoint_url,
        intacct.timeout_seconds,
        lambda entity: DynamoSessions(dynamodb, kms, state_table, intacct.state_key_arn, entity),
        SystemClock(),
        lambda entity: policies.current().base_currency_of(entity),
        refresh=lambda: secrets.refresh(intacct.secret_arn),
        governor=governor,
    )


def _governor(
    intacct: "IntacctSettings",
    state_table: str,
    dynamodb: "DynamoDBClient",
    clock: "Clock",
    metrics: "Metrics",
) -> "Governor":
    from tieout.services.governor import Governor
    from tieout.store.paces import DynamoPaces

    return Governor(DynamoPaces(dynamodb, state_table), intacct.concurrency, clock, metrics)


def _stripe_reader(
    common: "CommonSettings",
    stripe: "StripeSettings",
    secrets: "SecretsManagerSecrets",
    allowance: "Allowance | None" = None,
) -> "StripeApiReader":
    from tieout.stripe.reader import connect

    return connect(
        lambda: secrets.stripe(stripe.secret_arn).api_key,
        stripe.api_base,
        stripe.timeout_seconds,
        livemode=common.livemode,
        refresh=lambda: secrets.refresh(stripe.secret_arn),
        key_of=lambda account: secrets.stripe(stripe.secret_arn).key_of(account),
        allowance=allowance,
    )


def _worker() -> str:
    """Return what names this process: the stream of its log."""
    return os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "")


def _client(service: str) -> Any:  # noqa: ANN401 - each service has a class of its own
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=_CONNECT_TIMEOUT_SECONDS,
        read_timeout=_READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS_MAX},
        parameter_validation=PARAMETER_VALIDATION,
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]
