"""Published policies: every version is kept, one pointer says which is current.

    policy         version b2, history [a1, b2], undone [c3]: publish appends, undo moves
    policy#a1      the text, as published
    policy#b2      the text, as published
    policy#c3      the text, as published

Text and pointer are written in one transaction, so there is never a current version without text.
In force is what is current with what Intacct has closed, under a version like `c3@2026-10-31`.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from tieout.domain.closed_periods import in_force, parts_of
from tieout.domain.errors import ConfigurationFault, Unavailable
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.services.ports import Clock
from tieout.store import items
from tieout.store.attributes import Item, attribute, attributes, plains
from tieout.store.aws_faults import Declined, aws_faults
from tieout.store.closed_books import DynamoClosedBooks
from tieout.store.conditional import CONDITION_FAILED

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef, UpdateTypeDef

# How long a warm function goes without asking. Whoever corrects the policy redrives next, and what
# is redriven must not be parked again under the old one; asking costs one small read.
POLICY_AGE_SECONDS_MAX = 5
# Well inside DynamoDB's 400 KB for an item; a policy has a few KB.
POLICY_BYTES_MAX = 350_000

_VERSION = "version"
_HISTORY = "history"
_UNDONE = "undone"
_TEXT = "text"
_PUBLISHED_AT = "published_at_unix"
_TRANSACTION_FAILED = "TransactionCanceledException"


@dataclass(frozen=True, slots=True)
class Published:
    """A version that was published, and what became of it.

    Attributes:
        label: what the policy calls itself; empty if today's rules cannot read it.
        undone_at_unix: when it was taken back; None if it was not.
        undone_by: who did.
    """

    version: str
    published_at_unix: int
    label: str = ""
    is_in_force: bool = False
    undone_at_unix: int | None = None
    undone_by: str = ""


@dataclass(frozen=True, slots=True)
class _Cached:
    policy: Policy
    stored_version: str
    closed_through: date | None
    read_at_unix: int


class DynamoPolicies:
    """The `PolicySource` port's real adapter, and the operator's way to publish.

    Every method raises `TransientFault` when DynamoDB cannot be used now and `ConfigurationFault`
    when it cannot be used at all.

    Args:
        client: DynamoDB's.
        table_name: the state table.
        parse: makes a policy of a text; raises `ConfigurationFault` whose text lists every error.
        clock: tells the age of what was read.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table_name: str,
        parse: Callable[[str], Policy],
        clock: Clock,
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._parse = parse
        self._clock = clock
        self._closed_books = DynamoClosedBooks(client, table_name)
        self._cached: _Cached | None = None
        self._older: dict[str, Policy] = {}

    def current(self) -> Policy:
        """Return the policy in force, as of a few seconds ago at most.

        Raises:
            ConfigurationFault: none is published, or it is invalid (the text lists every error).
        """
        now_unix, cached = self._clock.now_unix(), self._cached
        if cached is not None and now_unix - cached.read_at_unix < POLICY_AGE_SECONDS_MAX:
            return cached.policy
        version, closed_through = self._current_version(), self._closed_books.dates().latest
        if cached is not None and (
            (cached.stored_version, cached.closed_through) == (version, closed_through)
        ):
            policy = cached.policy
        else:
            policy = in_force(self._policy(version), closed_through)
        self._cached = _Cached(policy, version, closed_through, now_unix)
        return policy

    def of(self, version: str) -> Policy | None:
        """Return a policy that was in force once; None if today's rules cannot read it."""
        if version not in self._older:
            try:
                published, closed_through = parts_of(version)
                self._older[version] = in_force(self._policy(published), closed_through)
            except (ConfigurationFault, ValueError):
                return None
        return self._older[version]

    def _policy(self, version: str) -> Policy:
        """Return a version as it was published.

        Raises:
            ConfigurationFault: it was never published, or its text says something else by now.
        """
        policy = self._parse(self.text_of(version))
        if policy.version != version:
            text = (
                f"the text stored as policy {version} is that of {policy.version}: it was changed"
            )
            raise ConfigurationFault(Reason.POLICY_INVALID, text)
        return policy

    def published(self) -> tuple[str, str]:
        """Return version and text of what is published, valid by today's rules or not.

        Raises:
            ConfigurationFault: none is published.
        """
        version = self._current_version()
        return version, self.text_of(version)

    def text_of(self, version: str) -> str:
        """Return the text of a version, current or not.

        Raises:
            ConfigurationFault: it was never published.
        """
        item = self._read(items.policy_id(version))
        if item is None:
            raise ConfigurationFault(Reason.POLICY_MISSING, f"policy {version} is not stored")
        return str(item[_TEXT]["S"])

    def versions(self) -> Sequence[Published]:
        """Return what was ever published, newest first: the one in force, and what was undone.

        A version that was published again is listed for each time, with its last time.
        """
        pointer = self._pointer()
        history = [
            Published(version, self._published_at_unix(version), self._label(version))
            for version in reversed(_listed(pointer, _HISTORY))
        ]
        history[:1] = [dataclasses.replace(each, is_in_force=True) for each in history[:1]]
        undone = [
            Published(**found, label=self._label(found["version"]))
            for found in (plains(entry["M"]) for entry in _entries(pointer, _UNDONE))
        ]
        return sorted([*undone, *history], key=lambda each: -each.published_at_unix)

    def publish(self, text: str, version: str, now_unix: int) -> bool:
        """Store the text under its version and make it current.

        A version is a hash of what the policy says, so other comments make no other version.
        Publishing the current version again is a no-op; an older one becomes current again, as a
        new entry of the history.

        Returns:
            Whether it became current; if not, it was.

        Raises:
            ConfigurationFault: the policy is invalid or too large, or not of this version.
            Unavailable: someone published at the same moment: look, then decide again.
        """
        policy = self._parse(text)
        if policy.version != version:
            raise ConfigurationFault(
                Reason.POLICY_INVALID, f"the text is version {policy.version}, not {version}"
            )
        if len(text.encode()) > POLICY_BYTES_MAX:
            raise ConfigurationFault(
                Reason.POLICY_INVALID, f"the policy has more than {POLICY_BYTES_MAX} bytes"
            )
        operation = f"dynamodb:TransactWriteItems on {self._table_name}"
        try:
            with aws_faults(operation, frozenset({_TRANSACTION_FAILED})):
                self._client.transact_write_items(
                    TransactItems=[
                        {"Put": self._text_write(text, version, now_unix)},
                        {"Update": self._pointer_write(version, now_unix)},
                    ]
                )
        except Declined as declined:
            reasons = declined.answer.get("CancellationReasons", [])
            if not any(each.get("Code") == "ConditionalCheckFailed" for each in reasons):
                raise Unavailable(f"{operation}: another write was in the way") from None
            return False
        self._cached = None
        return True

    def undo(self, who: str, now_unix: int) -> str:
        """Make the version that was current before current again, and return it.

        Args:
            who: named beside what is undone, in `versions`.
            now_unix: the time, named there, too.

        Raises:
            ConfigurationFault: there is nothing to go back to.
            Unavailable: someone published at the same moment: look, then decide again.
        """
        history = _listed(self._pointer(), _HISTORY)
        if len(history) < 2:  # noqa: PLR2004 - the current one and one before it
            raise ConfigurationFault(Reason.POLICY_MISSING, "there is no policy to go back to")
        *kept, undone = history
        entry = attributes(
            version=undone,
            published_at_unix=self._published_at_unix(undone),
            undone_at_unix=now_unix,
            undone_by=who,
        )

        # The history is as long as when it was read, and ends in the same version.
        history_is_as_read = f"size(#history) = :length AND #history[{len(kept)}] = :undone"
        try:
            with aws_faults(
                f"dynamodb:UpdateItem on {self._table_name}", frozenset({CONDITION_FAILED})
            ):
                self._client.update_item(
                    TableName=self._table_name,
                    Key=items.key_of(items.POLICY_POINTER_ID),
                    UpdateExpression=(
                        "SET #version = :previous, "
                        "#undone = list_append(if_not_exists(#undone, :none), :entry) "
                        f"REMOVE #history[{len(kept)}]"
                    ),
                    ConditionExpression=history_is_as_read,
                    ExpressionAttributeNames={
                        "#version": _VERSION,
                        "#history": _HISTORY,
                        "#undone": _UNDONE,
                    },
                    ExpressionAttributeValues={
                        ":length": attribute(len(history)),
                        ":undone": attribute(undone),
                        ":previous": attribute(kept[-1]),
                        ":none": {"L": []},
                        ":entry": {"L": [{"M": entry}]},
                    },
                )
        except Declined:
            raise Unavailable("a policy was published or taken back at the same moment") from None
        self._cached = None
        return kept[-1]

    def _published_at_unix(self, version: str) -> int:
        stored = self._read(items.policy_id(version)) or {}
        return int(stored.get(_PUBLISHED_AT, {"N": "0"})["N"])

    def _label(self, version: str) -> str:
        policy = self.of(version)
        return "" if policy is None else policy.label

    def _text_write(self, text: str, version: str, now_unix: int) -> "PutTypeDef":
        return {
            "TableName": self._table_name,
            "Item": attributes(id=items.policy_id(version), text=text, published_at_unix=now_unix),
        }

    def _pointer_write(self, version: str, now_unix: int) -> "UpdateTypeDef":
        # Publishing the current version again must not enter history, or undo would change nothing.
        # This also makes it harmless that the SDK sends again when an answer is lost.
        another_is_current = "#version <> :version"
        return {
            "TableName": self._table_name,
            "Key": items.key_of(items.POLICY_POINTER_ID),
            "UpdateExpression": (
                "SET #version = :version, #published_at = :now, "
                "#history = list_append(if_not_exists(#history, :none), :entry)"
            ),
            "ConditionExpression": another_is_current,
            "ExpressionAttributeNames": {
                "#version": _VERSION,
                "#published_at": _PUBLISHED_AT,
                "#history": _HISTORY,
            },
            "ExpressionAttributeValues": {
                ":version": attribute(version),
                ":now": attribute(now_unix),
                ":none": {"L": []},
                ":entry": {"L": [attribute(version)]},
            },
        }

    def _current_version(self) -> str:
        pointer = self._pointer()
        if _VERSION not in pointer:
            raise ConfigurationFault(Reason.POLICY_MISSING, "no policy is published")
        return str(pointer[_VERSION]["S"])

    def _pointer(self) -> Item:
        return self._read(items.POLICY_POINTER_ID) or {}

    def _read(self, identifier: str) -> Item | None:
        with aws_faults(f"dynamodb:GetItem on {self._table_name}"):
            answer = self._client.get_item(
                TableName=self._table_name, Key=items.key_of(identifier), ConsistentRead=True
            )
        return answer.get("Item")


def _entries(pointer: Item, name: str) -> Sequence[Item]:
    found: Sequence[Item] = pointer.get(name, {}).get("L", [])
    return found


def _listed(pointer: Item, name: str) -> list[str]:
    return [str(entry["S"]) for entry in _entries(pointer, name)]
