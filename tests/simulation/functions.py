# ruff: noqa: N803 - some arguments are named as boto3 has them
"""The three functions as they are deployed, each in a container of its own, in a simulated world.

Handlers, use cases, planning, the clients of Intacct and Stripe and the adapters of DynamoDB and
SQS are the real ones. Simulated are the wires, the tables, the queue, the key service and time.
"""

import dataclasses
import datetime as dt
import importlib.util
import json
import math
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import stripe
from aws_lambda_powertools.utilities.idempotency import base as idempotency
from aws_lambda_powertools.utilities.idempotency.persistence import base as records
from aws_lambda_powertools.utilities.idempotency.persistence import datarecord, dynamodb

from tests.sandbox.intacct import (
    COMPANY_ID,
    SENDER_ID,
    SENDER_PASSWORD,
    USER_ID,
    USER_PASSWORD,
)
from tests.sandbox.intacct.gateway import Gateway as IntacctDouble
from tests.sandbox.stripe import FULL_KEY
from tests.sandbox.stripe.api import StripeApi as StripeDouble
from tests.simulation.outside import Invocation, Outside
from tests.simulation.pool import SimulatedPool
from tests.simulation.queues import Queue
from tests.simulation.tables import Table, Tables
from tests.simulation.wires import IntacctWire, StripeWire
from tests.support.wires import INTACCT_ENDPOINT, STRIPE_BASE
from tieout.bootstrap import Polling, TimeLimits, Webhook, Worker
from tieout.domain.policy_file import parse_policy
from tieout.intacct.client import IntacctLedger
from tieout.intacct.connect import FUNCTIONS_PER_REQUEST_MAX, LEASE_MARGIN_SECONDS, SIGN_INS_MAX
from tieout.intacct.entities import EntitiesLedger
from tieout.intacct.gateway import Gateway
from tieout.intacct.session import SessionKeeper, SignIn
from tieout.services.closed_periods import ClosedPeriods
from tieout.services.daily_anchors import DailyAnchors
from tieout.services.daily_tie_out import DailyTieOut
from tieout.services.governor import Governor
from tieout.services.poll import Poller
from tieout.services.ports import IntacctCredentials
from tieout.services.process import Processor
from tieout.services.receive import Receiver
from tieout.services.tie_out import TieOuts
from tieout.services.transactions import BudgetedPolicies, TransactionMeter, TransactionWatch
from tieout.store import items, trail_items
from tieout.store.backlog import Backlog
from tieout.store.closed_books import DynamoClosedBooks
from tieout.store.cursors import DynamoCursors
from tieout.store.idempotency import PowertoolsOnce
from tieout.store.inbox import DynamoInbox
from tieout.store.paces import DynamoPaces
from tieout.store.policies import DynamoPolicies
from tieout.store.postings import DynamoPostings
from tieout.store.sessions import DynamoSessions
from tieout.store.tie_outs import DynamoTieOuts
from tieout.store.trail import TrailWriter
from tieout.store.trail_reader import DynamoTrail
from tieout.store.transactions import DynamoTransactions
from tieout.store.work_queue import SqsWorkQueue, Visibility
from tieout.stripe.api import StripeApi
from tieout.stripe.reader import StripeApiReader

# As the template has them.
INTACCT_TIMEOUT_SECONDS = 60
INTACCT_CONCURRENCY = 2
PROCESSOR_SECONDS, POLLER_SECONDS, WEBHOOK_SECONDS = 120, 120, 10
LIMITS = TimeLimits(reading_seconds=30, sending_seconds=70, lease_seconds=130)
SKEW_SECONDS_MAX = 3
_INBOX, _POSTINGS, _TRAIL, _STATE = "inbox", "postings", "trail", "state"
_CREDENTIALS = IntacctCredentials(SENDER_ID, SENDER_PASSWORD, COMPANY_ID, USER_ID, USER_PASSWORD)
_QUEUE_URL = "https://sqs.test/queue.fifo"
ROOT = Path(__file__).parents[2]


class WorkerClock:
    """The `Clock` port of a function; that of its machine may be wrong."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def now_unix(self) -> int:
        self._outside.think()
        running = self._outside.running
        return self._outside.time.now() + (running.skew_seconds if running else 0)

    def time(self) -> int:
        """Answer as the module `time` does."""
        return self.now_unix()


class Keys:
    """A key service whose secrets are plain to see."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def encrypt(
        self, *, Plaintext: bytes, EncryptionContext: Mapping[str, str], **_: object
    ) -> Mapping[str, bytes]:
        blob = json.dumps([Plaintext.decode(), sorted(EncryptionContext.items())]).encode()
        return self._outside.call("Encrypt", lambda: {"CiphertextBlob": blob})

    def decrypt(
        self, *, CiphertextBlob: bytes, EncryptionContext: Mapping[str, str], **_: object
    ) -> Mapping[str, bytes]:
        text, bound = json.loads(CiphertextBlob)
        assert [tuple(each) for each in bound] == sorted(EncryptionContext.items())
        return self._outside.call("Decrypt", lambda: {"Plaintext": text.encode()})


class Telemetry:
    """Counts nothing; but code that counts is code at work."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def count(self, name: str, value: int = 1) -> None:  # noqa: ARG002 - the port has them
        self._outside.think()

    @contextmanager
    def invocation(self, _context: object) -> Iterator[None]:
        yield


class Context:
    """Lambda's context object."""

    aws_request_id = "simulated"

    def __init__(self, outside: Outside, invocation: Invocation) -> None:
        self._outside, self._invocation = outside, invocation

    def get_remaining_time_in_millis(self) -> int:
        return 1_000 * (self._invocation.ends_at_unix - self._outside.time.now())


@dataclasses.dataclass(frozen=True)
class Cloud:
    """What the functions share.

    Attributes:
        tables: a client of them.
    """

    outside: Outside
    tables: Tables
    queue: Queue
    stripe: StripeDouble
    intacct: IntacctDouble

    @property
    def inbox(self) -> Table:
        """The table of events."""
        return self.tables.tables[_INBOX]

    @property
    def postings(self) -> Table:
        """The table of postings."""
        return self.tables.tables[_POSTINGS]


def new_tables() -> Mapping[str, Table]:
    """Return the tables of a new installation, with the template's keys and indexes."""
    return {
        _INBOX: Table([items.ID], {}),
        _STATE: Table([items.ID], {}),
        _TRAIL: Table([trail_items.CHAIN, trail_items.SEQ], {}),
        _POSTINGS: Table(
            [items.POSTING_KEY],
            {
                items.SUBJECT_INDEX: (items.SUBJECT, items.POSTING_KEY),
                items.WORKLIST_INDEX: (items.WORKLIST, items.UPDATED_AT),
                items.OPEN_INDEX: (items.OPEN, items.SOURCE_CREATED),
            },
        ),
    }


def _as_boto3(simulated: object) -> Any:  # noqa: ANN401 - a client of boto3, to its users
    return simulated


class Container:
    """A warm function: what it remembers is lost with it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.clock = WorkerClock(cloud.outside)
        self.telemetry: Any = Telemetry(cloud.outside)
        self.tables = _as_boto3(cloud.tables)
        self.queue = _as_boto3(cloud.queue)
        self.postings = DynamoPostings(self.tables, _POSTINGS, self._trail())
        self.policies = DynamoPolicies(self.tables, _STATE, parsed, self.clock)
        self.inbox = DynamoInbox(self.tables, _INBOX, 90, self.clock)
        self.transactions = DynamoTransactions(self.tables, _STATE)
        self.governor = Governor(
            DynamoPaces(self.tables, _STATE),
            INTACCT_CONCURRENCY,
            self.clock,
            self.telemetry,
            sleep=lambda seconds: cloud.outside.let_pass(math.ceil(seconds)),
            chance=lambda: 0.0,
        )
        self.ledger = EntitiesLedger(self._ledger_of)
        wire = StripeWire(cloud.stripe, cloud.outside)
        api = StripeApi(wire, lambda: FULL_KEY, STRIPE_BASE)
        self.stripe = StripeApiReader(api, livemode=False)
        self.books = self.ledger.books(lambda: self.policies.current().base_currency)

    def _trail(self) -> TrailWriter:
        """Return the audit trail, without a pause and without chance but the storm's own."""
        return TrailWriter(
            self.tables,
            _TRAIL,
            "simulated",
            new_salt=lambda: bytes(16),
            sleep=lambda _seconds: None,
            chance=lambda: 0.0,
        )

    def closed_periods(self) -> ClosedPeriods:
        """Return what keeps up with Intacct's closed books."""
        kept = DynamoClosedBooks(self.tables, _STATE)
        return ClosedPeriods(self.books, kept, self.policies, self.clock, self.telemetry)

    def _ledger_of(self, entity: str | None) -> IntacctLedger:
        gateway = Gateway(
            IntacctWire(self.cloud.intacct, self.cloud.outside),
            INTACCT_TIMEOUT_SECONDS,
            self.governor,
            monotonic=self.cloud.outside.time.now,
        )
        own = dataclasses.replace(_CREDENTIALS, entity_id=entity)
        lease_seconds = SIGN_INS_MAX * INTACCT_TIMEOUT_SECONDS + LEASE_MARGIN_SECONDS
        sign_in = SignIn(gateway, lambda: own, INTACCT_ENDPOINT, lease_seconds)
        keys = _as_boto3(Keys(self.cloud.outside))
        sessions = DynamoSessions(self.tables, keys, _STATE, "key", entity)
        return IntacctLedger(
            gateway,
            SessionKeeper(sign_in, sessions, self.clock),
            lambda: own,
            lambda: self.policies.current().base_currency_of(entity),
            FUNCTIONS_PER_REQUEST_MAX,
        )


class Function:
    """A function and the container that it runs in, a new one when that is gone."""

    name: str
    seconds: int

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._handler: Callable[[Mapping[str, Any], Any], Mapping[str, Any]] | None = None

    def invoke(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Run the real handler. If it dies, so does its container.

        Raises:
            Killed: it died.
        """
        outside = self.cloud.outside
        skew = 0
        if outside.luck.strikes("clock_skew"):
            skew = outside.luck.below("clock_skew", 2 * SKEW_SECONDS_MAX + 1) - SKEW_SECONDS_MAX
        invocation = Invocation(self.name, outside.time.now() + self.seconds, skew)
        handler = self._handler or self._built()
        with outside.invoked(invocation):
            # If it dies it is not there any more next time.
            self._handler = None
            answer = handler(event, Context(outside, invocation))
            self._handler = handler
        return answer

    def _built(self) -> Callable[[Mapping[str, Any], Any], Mapping[str, Any]]:
        raise NotImplementedError


class WebhookFunction(Function):
    """The webhook; every signature is good."""

    name, seconds = "webhook", WEBHOOK_SECONDS

    def _built(self) -> Callable[[Mapping[str, Any], Any], Mapping[str, Any]]:
        own = Container(self.cloud)
        once = PowertoolsOnce(own.tables, _INBOX)
        receiver = Receiver(
            lambda _body, _header: None,
            once,
            own.inbox,
            SqsWorkQueue(own.queue, _QUEUE_URL),
            own.clock,
            own.telemetry,
            livemode=False,
        )
        return _handler(self.name, lambda: Webhook(receiver, once, own.telemetry), own.clock)


class ProcessorFunction(Function):
    """The processor."""

    name, seconds = "processor", PROCESSOR_SECONDS

    def _built(self) -> Callable[[Mapping[str, Any], Any], Mapping[str, Any]]:
        own = Container(self.cloud)
        processor = Processor(
            own.stripe,
            own.ledger,
            own.postings,
            BudgetedPolicies(own.policies, own.transactions, own.clock),
            own.clock,
            own.telemetry,
            LIMITS.lease_seconds,
            closed_periods=own.closed_periods(),
            transactions=TransactionMeter(
                own.telemetry, own.transactions, own.clock, reads=lambda: own.ledger.reads
            ),
            pool=SimulatedPool(self.cloud.outside),
            governor=own.governor,
        )
        backlog, visibility = Backlog(own.queue, _QUEUE_URL), Visibility(own.queue, _QUEUE_URL)
        worker = Worker(processor, backlog, visibility, own.telemetry, LIMITS)
        return _handler(self.name, lambda: worker, own.clock)


class PollerFunction(Function):
    """The poller."""

    name, seconds = "poller", POLLER_SECONDS

    def _built(self) -> Callable[[Mapping[str, Any], Any], Mapping[str, Any]]:
        own = Container(self.cloud)
        poller = Poller(
            own.stripe,
            own.inbox,
            own.postings,
            SqsWorkQueue(own.queue, _QUEUE_URL),
            DynamoCursors(own.tables, _STATE),
            own.clock,
            own.telemetry,
            policies=own.policies,
            livemode=False,
            overlap_seconds=3_600,
            invoice_lookback_days=3,
            read_budget=100,
            closed_periods=own.closed_periods(),
            transactions=TransactionWatch(own.transactions, own.policies, own.clock, own.telemetry),
        )
        daily = DailyTieOut(
            TieOuts(own.stripe, own.books, own.postings, own.clock),
            DynamoTieOuts(own.tables, _STATE),
            own.policies,
            own.clock,
            own.telemetry,
        )
        anchors = DailyAnchors(
            DynamoTrail(own.tables, _TRAIL), own.policies, own.clock, own.telemetry
        )
        polling = Polling(
            poller, daily, anchors, own.governor, LIMITS.sending_seconds, own.telemetry
        )
        return _handler(self.name, lambda: polling, own.clock)


parsed = cache(parse_policy)


def _handler(
    name: str, built: Callable[[], object], clock: WorkerClock
) -> Callable[[Mapping[str, Any], Any], Mapping[str, Any]]:
    """Return the real handler, over what was built instead of what bootstrap builds."""
    app: Any = _loaded(name)

    def handle(event: Mapping[str, Any], context: object) -> Mapping[str, Any]:
        setattr(app, name, built)
        if name != "webhook":
            app.time = clock
        return app.lambda_handler(event, context)  # type: ignore[no-any-return]  # the module is loaded by path

    return handle


@cache
def _loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        f"app_{name}", ROOT / "functions" / name / "app.py"
    )
    assert spec is not None
    assert spec.loader is not None
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    return app


@contextmanager
def simulated_time(outside: Outside) -> Iterator[None]:
    """Let the libraries that ask the machine for the time, or wait, live in the world's time."""

    class Now(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> "Now":
            return cls.fromtimestamp(outside.time.now(), tz)

    clock = SimpleNamespace(datetime=Now, timedelta=dt.timedelta)
    with pytest.MonkeyPatch.context() as patch:
        for module in (idempotency, records, datarecord, dynamodb):
            patch.setattr(module, "dt", clock)
        patch.setattr(stripe.HTTPClient, "_sleep_time_seconds", lambda *_: 0)
        patch.setattr("tieout.store.batches._BACK_OFF_FIRST_SECONDS", 0)
        yield


def chance_of(seed: int, what: str) -> random.Random:
    """Return a source of chance of its own."""
    return random.Random(f"{seed} {what}")  # noqa: S311 - a simulation
