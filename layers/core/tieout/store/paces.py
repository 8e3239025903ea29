"""The pace that all workers share: one item of the state table, replaced as a whole.

    worker A                 the item                  worker B
    (knows version a)        version a                 (knows version a)
                             version b <────────────── a is there: replace it by b
    is a there? ───────────x no: here is b, whole
    decides again, on b
    is b there? ───────────> version c

A version is a name made up for one write. So a write whose answer got lost, and which the SDK
sends again, finds its own version and knows that it was done.
"""

import dataclasses
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tieout.domain.errors import Unavailable
from tieout.domain.pacing import Pace, Slot
from tieout.store import items
from tieout.store.attributes import Item, attributes, plains
from tieout.store.aws_faults import Declined, aws_faults
from tieout.store.conditional import CONDITION_FAILED

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Each failure means that another worker was served: there are never so many at the same moment.
ATTEMPTS_MAX = 12


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is stored under which version; None if nothing is."""

    pace: Pace = dataclasses.field(default_factory=Pace)
    version: str | None = None


class DynamoPaces:
    """The `Paces` port's real adapter.

    What was stored last is remembered, so that a worker that is alone needs one write for a change
    and no read.
    """

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table_name = table_name
        self._known = _Stored()

    def change(self, decide: Callable[[Pace], Pace]) -> Pace:
        """Replace the stored pace by what `decide` makes of it; return that.

        Raises:
            TransientFault: DynamoDB cannot be used now; it may have been stored all the same.
            ConfigurationFault: it cannot be used at all.
        """
        is_fresh = False
        for _ in range(ATTEMPTS_MAX):
            wanted = decide(self._known.pace)
            if wanted != self._known.pace:
                if self._replaced(wanted):
                    return wanted
            elif is_fresh:
                return wanted
            else:
                self._known = self._read()
            is_fresh = True
        raise Unavailable("too many workers change the pace at the same moment")

    def _replaced(self, pace: Pace) -> bool:
        """Store the pace if what is known is still there; then, and else, know what is."""
        seen, ours = self._known.version, uuid.uuid4().hex
        is_there = "attribute_not_exists(#version)" if seen is None else "#version = :seen"
        text = json.dumps(dataclasses.asdict(pace), sort_keys=True)
        try:
            with aws_faults(f"dynamodb:UpdateItem on {self._table_name}", _HANDLED):
                self._client.update_item(
                    TableName=self._table_name,
                    Key=items.key_of(items.PACE_ID),
                    UpdateExpression="SET #pace = :pace, #version = :ours",
                    ConditionExpression=is_there,
                    ExpressionAttributeNames={"#pace": "pace", "#version": "version"},
                    ExpressionAttributeValues=attributes(
                        **{":pace": text, ":ours": ours, ":seen": seen}
                    ),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except Declined as declined:
            self._known = _stored(declined.answer.get("Item", {}))
        else:
            self._known = _Stored(pace, ours)
        return self._known.version == ours

    def _read(self) -> _Stored:
        with aws_faults(f"dynamodb:GetItem on {self._table_name}"):
            answer = self._client.get_item(
                TableName=self._table_name,
                Key=items.key_of(items.PACE_ID),
                ConsistentRead=True,
            )
        return _stored(answer.get("Item", {}))


_HANDLED = frozenset({CONDITION_FAILED})
_FIELDS = frozenset(each.name for each in dataclasses.fields(Pace))


def _stored(item: Item) -> _Stored:
    """Return what an item holds; a pace that cannot be read is as good as none."""
    values = plains(item)
    try:
        written = json.loads(values.get("pace", "{}"))
        slots = {worker: Slot(**slot) for worker, slot in written.pop("slots", {}).items()}
        known = {name: written[name] for name in _FIELDS & written.keys()}
        pace = Pace(**known, slots=slots)
    except (AttributeError, TypeError, ValueError):
        pace = Pace()
    return _Stored(pace, values.get("version"))
