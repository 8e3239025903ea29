"""An installation as seen from the operator's machine: what its stack's own secrets lead to.

Everything is done with the caller's AWS rights; what leads to Stripe and Intacct comes from the
stack's secrets and parameters, so a command reads and books exactly where the functions do.
"""

from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import boto3

from tieout.cli.places import WORKER, Stack, queue_url, stack
from tieout.domain.policy import Policy
from tieout.domain.policy_file import parse_policy
from tieout.domain.transactions import Volume
from tieout.services.governor import WAIT_SECONDS_MAX, Governor
from tieout.services.operate import CannotBeDone
from tieout.services.ports import Books, Ledger, MasterData, StripeReader
from tieout.services.transactions import TransactionMeter, month_so_far, months, policy_of_now
from tieout.store.clock import SystemClock
from tieout.store.credentials import SecretsManagerSecrets
from tieout.store.cursors import DynamoCursors
from tieout.store.inbox import DynamoInbox
from tieout.store.policies import DynamoPolicies
from tieout.store.postings import DynamoPostings
from tieout.store.tie_outs import DynamoTieOuts
from tieout.store.trail import TrailWriter
from tieout.store.trail_reader import DynamoTrail
from tieout.store.transactions import DynamoTransactions
from tieout.store.work_queue import SqsWorkQueue

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tieout.intacct.entities import EntitiesLedger
    from tieout.services.daily_tie_out import DailyTieOut

STRIPE_TIMEOUT_SECONDS = 10
INTACCT_TIMEOUT_SECONDS = 60
# Nobody else takes a document for abandoned while this machine may still be sending it: a request
# and its repetition may each wait for a slot.
LEASE_SECONDS = 2 * (WAIT_SECONDS_MAX + INTACCT_TIMEOUT_SECONDS) + 30


class Installation:
    """One deployed stack; what is not asked for is not connected."""

    def __init__(self, name: str) -> None:
        """Find the stack.

        Raises:
            CannotBeDone, ConfigurationFault, TransientFault: as `places.stack`.
        """
        self.stack: Stack = stack(name)
        self.clock = SystemClock()

    @cached_property
    def postings(self) -> DynamoPostings:
        """The postings table."""
        outputs = self.stack.outputs
        trail = TrailWriter(self._dynamodb, outputs["TrailTableName"], WORKER)
        return DynamoPostings(self._dynamodb, outputs["PostingsTableName"], trail)

    @cached_property
    def inbox(self) -> DynamoInbox:
        """The events that were received."""
        days = int(self.stack.parameters["EventRetentionDays"])
        return DynamoInbox(self._dynamodb, self.stack.outputs["InboxTableName"], days, self.clock)

    @cached_property
    def trail(self) -> DynamoTrail:
        """The audit trail."""
        return DynamoTrail(self._dynamodb, self.stack.outputs["TrailTableName"], WORKER)

    @cached_property
    def policies(self) -> DynamoPolicies:
        """The published policies."""
        table = self.stack.outputs["StateTableName"]
        return DynamoPolicies(self._dynamodb, table, parse_policy, self.clock)

    @cached_property
    def cursors(self) -> DynamoCursors:
        """How far the passes of the poller, and backfills, have come."""
        return DynamoCursors(self._dynamodb, self.stack.outputs["StateTableName"])

    @cached_property
    def tie_outs(self) -> DynamoTieOuts:
        """What the poller tied out, by day."""
        return DynamoTieOuts(self._dynamodb, self.stack.outputs["StateTableName"])

    @cached_property
    def transactions(self) -> DynamoTransactions:
        """How many Intacct transactions each month had."""
        return DynamoTransactions(self._dynamodb, self.stack.outputs["StateTableName"])

    @cached_property
    def meter(self) -> TransactionMeter:
        """Counts what a command books in Intacct and asks there."""
        from tieout.services.preview import Uncounted  # noqa: PLC0415 - it plans

        return TransactionMeter(
            Uncounted(), self.transactions, self.clock, reads=lambda: self._entities.reads
        )

    def month(self, policy: Policy) -> Volume:
        """Return how much of the month's transactions is used, beside what the policy allows."""
        return month_so_far(self.transactions, policy, self.clock)

    def months(self, policy: Policy, first: date, last: date) -> Sequence[Volume]:
        """Return the same for each month of some days."""
        return list(months(self.transactions, policy, self.clock, first, last))

    def of_now(self, policy: Policy) -> Policy:
        """Return the policy as it counts in the month as it is."""
        return policy_of_now(policy, self.transactions, self.clock)

    @cached_property
    def daily_tie_out(self) -> "DailyTieOut":
        """What the poller does once a day."""
        from tieout.services.daily_tie_out import DailyTieOut  # noqa: PLC0415 - it plans
        from tieout.services.preview import Uncounted  # noqa: PLC0415
        from tieout.services.tie_out import TieOuts  # noqa: PLC0415

        tie_outs = TieOuts(self.stripe, self.books, self.postings, self.clock)
        return DailyTieOut(tie_outs, self.tie_outs, self.policies, self.clock, Uncounted())

    @cached_property
    def queue(self) -> SqsWorkQueue:
        """The event queue."""
        client = boto3.client("sqs")
        return SqsWorkQueue(client, queue_url(client, self.stack.outputs["EventQueueUrl"]))

    @cached_property
    def stripe(self) -> StripeReader:
        """Stripe, with the key of the stack's secret; read only."""
        from tieout.stripe.reader import connect  # noqa: PLC0415 - most commands need no Stripe

        secret = self.stack.outputs["StripeSecretArn"]
        return connect(
            lambda: self._secrets.stripe(secret).api_key,
            self.stack.parameters["StripeApiBase"],
            STRIPE_TIMEOUT_SECONDS,
            livemode=self.stack.livemode,
            refresh=lambda: self._secrets.refresh(secret),
            key_of=lambda account: self._secrets.stripe(secret).key_of(account),
        )

    @cached_property
    def ledger(self) -> Ledger:
        """Intacct, for booking."""
        return self._entities

    @cached_property
    def _entities(self) -> "EntitiesLedger":
        """Intacct, with the credentials of the stack's secret and the session of its functions.

        Raises:
            CannotBeDone: the stack is of a version that does not say how much Intacct bears.
        """
        from tieout.intacct.connect import connect_entities  # noqa: PLC0415 - only `apply` books
        from tieout.services.preview import Uncounted  # noqa: PLC0415
        from tieout.store.paces import DynamoPaces  # noqa: PLC0415
        from tieout.store.sessions import DynamoSessions  # noqa: PLC0415

        outputs, kms = self.stack.outputs, boto3.client("kms")
        secret = outputs["IntacctSecretArn"]
        return connect_entities(
            lambda: self._secrets.intacct(secret),
            self.stack.parameters["IntacctEndpointUrl"],
            INTACCT_TIMEOUT_SECONDS,
            lambda entity: DynamoSessions(
                self._dynamodb, kms, outputs["StateTableName"], outputs["KeyArn"], entity
            ),
            self.clock,
            lambda entity: self.policies.current().base_currency_of(entity),
            refresh=lambda: self._secrets.refresh(secret),
            governor=Governor(
                DynamoPaces(self._dynamodb, outputs["StateTableName"]),
                self._intacct_concurrency,
                self.clock,
                Uncounted(),
            ),
        )

    @cached_property
    def books(self) -> Books:
        """Intacct's books, for reading."""
        return self._entities.books(lambda: self.policies.current().base_currency)

    @cached_property
    def master_data(self) -> MasterData:
        """What documents may refer to in Intacct."""
        return self._entities.master_data()

    @property
    def _intacct_concurrency(self) -> int:
        stated = self.stack.parameters.get("IntacctConcurrency")
        if stated is None:
            raise CannotBeDone(
                f"the stack {self.stack.name!r} has no parameter IntacctConcurrency: update the "
                "stack to the version of this command first"
            )
        return int(stated)

    @cached_property
    def _secrets(self) -> SecretsManagerSecrets:
        return SecretsManagerSecrets(boto3.client("secretsmanager"), self.clock)

    @cached_property
    def _dynamodb(self) -> "DynamoDBClient":
        return boto3.client("dynamodb")
