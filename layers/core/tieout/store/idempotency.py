"""Receiving an event once: Powertools' idempotency over the inbox table.

It fits the webhook's door, where failing means that nothing was accepted and Stripe delivers again.
It does not fit postings: there, an exception may well mean that the document was posted.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, cast

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
)
from botocore.exceptions import BotoCoreError, ClientError

from tieout.domain.errors import LeaseHeld, Unavailable
from tieout.store import items
from tieout.store.aws_faults import aws_faults

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_dynamodb import DynamoDBClient

# Stripe lets events be sent again for 30 days; five more are for clocks, queues and people.
# Source: stripe-api dossier section 2.1.
EXPIRES_AFTER_SECONDS = 35 * 86_400
_KEY_PREFIX = "delivery"


class RemainingTime(Protocol):
    """What is used of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda stops the function."""
        ...


class PowertoolsOnce:
    """Runs something once for each event, however often the event is delivered.

    absent ──> in progress ──> completed, until 35 days later
       ^            │  └─────> in progress no more: the function's time is over, it died
       └────────────┘ the action failed: the record is deleted
    """

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._table_name = table_name
        self._layer = DynamoDBPersistenceLayer(
            table_name=table_name,
            key_attr=items.ID,
            expiry_attr=items.EXPIRATION,
            boto3_client=client,
        )
        self._config = IdempotencyConfig(
            expires_after_seconds=EXPIRES_AFTER_SECONDS,
            # Event ids are hashed, which spreads them over partitions. Powertools' own default
            # is not there on a machine that allows approved algorithms only.
            hash_function="sha256",
        )

    @contextmanager
    def during(self, context: RemainingTime) -> Iterator[None]:
        """Let a delivery that is in progress count for as long as this invocation may last."""
        self._config.register_lambda_context(cast("LambdaContext", context))
        yield

    def run(self, event_id: str, action: Callable[[], None]) -> bool:
        """Run the action unless it was completed for this event before; tell whether it ran.

        An action that raises is forgotten, so that the next delivery runs it again.

        Raises:
            LeaseHeld: another delivery of this event is at it right now.
            TransientFault: nothing could be remembered; the action may have run.
            ConfigurationFault: the table cannot be used at all.
        """
        ran = False

        def tell(event_id: str) -> None:  # noqa: ARG001 - Powertools reads it by name
            nonlocal ran
            ran = True
            action()

        guarded = idempotent_function(
            tell,
            data_keyword_argument="event_id",
            persistence_store=self._layer,
            config=self._config,
            key_prefix=_KEY_PREFIX,
        )
        try:
            guarded(event_id=event_id)
        except IdempotencyAlreadyInProgressError:
            raise LeaseHeld(f"another delivery of {event_id} is being received") from None
        except IdempotencyInconsistentStateError as changing:
            raise Unavailable(f"the record of {event_id} is changing") from changing
        except IdempotencyPersistenceLayerError as failed:
            with aws_faults(f"dynamodb idempotency record in {self._table_name}"):
                raise _cause(failed) from failed
        return ran


def _cause(failed: IdempotencyPersistenceLayerError) -> Exception:
    """Return what boto3 raised below Powertools."""
    cause = failed.__cause__
    if isinstance(cause, ClientError | BotoCoreError):
        return cause
    return Unavailable(str(failed))
