# ruff: noqa: N803 - arguments are named as boto3 has them
"""A DynamoDB in memory behind the calls of boto3's client, with everything that may befall a call.

Our own adapters and Powertools reach it as they reach AWS. Each call is an outside call.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.simulation.expressions import Item, condition, plain, updated
from tests.simulation.outside import Outside

_T = TypeVar("_T")
_BEHIND_MAX = 3


class Table:
    """Items by key, and the order of the last writes.

    Attributes:
        key: names of the attributes that are the key.
        items: by its values.
        indexes: name of an index: its hash and range attribute.
    """

    def __init__(self, key: Sequence[str], indexes: Mapping[str, tuple[str, str]]) -> None:
        self.key, self.indexes = key, indexes
        self.items: dict[str, Item] = {}
        self._partitions: defaultdict[str, set[str]] = defaultdict(set)
        self._keys: dict[str, dict[Any, dict[str, None]]] = {
            hashed: defaultdict(dict) for hashed, _ in indexes.values()
        }
        self._before: deque[tuple[str, Item | None]] = deque(maxlen=_BEHIND_MAX)

    def key_of(self, item: Item) -> str:
        """Return what an item, or its key, is kept under."""
        # Numbers in the order that a range of them is read in.
        parts = (plain(item[name]) for name in self.key)
        return " ".join(f"{each:020}" if isinstance(each, int) else each for each in parts)

    def put(self, key: str, item: Item | None) -> None:
        """Replace an item, or take it away."""
        before = self.items.pop(key, None)
        self._before.append((key, before))
        if before is not None:
            self._partitions[plain(before[self.key[0]])].discard(key)
        if item is not None:
            self._partitions[plain(item[self.key[0]])].add(key)
        for hashed, keys in self._keys.items():
            if before is not None and hashed in before:
                keys[plain(before[hashed])].pop(key, None)
            if item is not None and hashed in item:
                keys[plain(item[hashed])][key] = None
        if item is not None:
            self.items[key] = item

    def partition(self, value: str) -> Sequence[Item]:
        """Return the items of a partition of the table itself, in the order of their keys."""
        return [self.items[key] for key in sorted(self._partitions[value])]

    def indexed(self, index: str, value: object, *, behind: bool) -> Sequence[Item]:
        """Return the items of an index under a value, in its order; maybe as it was before."""
        hashed, ranged = self.indexes[index]
        found = {key: self.items[key] for key in self._keys[hashed].get(value, ())}
        if behind:
            for key, before in reversed(self._before):
                found.pop(key, None)
                if before is not None and plain(before.get(hashed)) == value:
                    found[key] = before
        by_range = sorted(found.items(), key=lambda pair: (plain(pair[1].get(ranged)), pair[0]))
        return [item for _, item in by_range]


class Tables:
    """The client."""

    def __init__(self, tables: Mapping[str, Table], outside: Outside) -> None:
        self.tables = tables
        self._outside, self._luck = outside, outside.luck

    def get_item(self, *, TableName: str, Key: Item, **_: object) -> Mapping[str, Any]:
        """Return an item."""
        table = self.tables[TableName]

        def read() -> Mapping[str, Any]:
            item = table.items.get(table.key_of(Key))
            return {} if item is None else {"Item": dict(item)}

        return self._read(f"GetItem {TableName} {table.key_of(Key)}", read)

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return items in no order; some keys may be handed back."""
        ((name, asked),) = RequestItems.items()
        table = self.tables[name]
        given = {table.key_of(each): each for each in asked["Keys"]}
        keys = sorted(given)

        def read() -> Mapping[str, Any]:
            read_keys, left = keys, list[str]()
            if len(keys) > 1 and self._luck.strikes("table_read_in_part"):
                middle = self._luck.below("table_read_in_part", len(keys))
                read_keys, left = keys[:middle], keys[middle:]
            found = [dict(table.items[each]) for each in read_keys if each in table.items]
            again = {name: {**asked, "Keys": [given[each] for each in left]}}
            return {"Responses": {name: found}, "UnprocessedKeys": again if left else {}}

        return self._read(f"BatchGetItem {name} {len(keys)} {keys[:1]}", read)

    def get_paginator(self, operation: str) -> "_Pages":
        """Return what asks page by page."""
        return _Pages({"query": self.query, "scan": self.scan}[operation])

    def scan(self, *, TableName: str, **_: object) -> Mapping[str, Any]:
        """Return every item."""

        def read() -> Mapping[str, Any]:
            return {"Items": [dict(each) for each in self.tables[TableName].items.values()]}

        return self._read(f"Scan {TableName}", read)

    def query(self, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as boto3 has it
        """Return the items of a partition; those of an index may be behind the table."""
        table, names = self.tables[request["TableName"]], request["ExpressionAttributeNames"]
        values, wanted = request["ExpressionAttributeValues"], request["KeyConditionExpression"]
        first, _, value = wanted.partition(" AND ")[0].partition(" = ")
        index = request.get("IndexName")
        assert names[first] == (table.key if index is None else table.indexes[index])[0]

        def read() -> Mapping[str, Any]:
            if index is None:
                found = table.partition(plain(values[value]))
            else:
                behind = self._luck.strikes("index_behind")
                found = table.indexed(index, plain(values[value]), behind=behind)
            holds = condition(wanted)
            return {"Items": [dict(each) for each in found if holds(each, names, values)]}

        return self._read(f"Query {index or request['TableName']} {plain(values[value])}", read)

    def put_item(self, *, TableName: str, Item: Item, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as boto3 has it
        """Put an item if the condition holds."""
        table = self.tables[TableName]
        key = table.key_of(Item)

        def write() -> Mapping[str, Any]:
            _require(table.items.get(key), request, "PutItem")
            table.put(key, dict(Item))
            return {}

        return self._write(f"PutItem {TableName} {key}", write)

    def update_item(self, *, TableName: str, Key: Item, **request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as boto3 has it
        """Change an item if the condition holds."""
        table = self.tables[TableName]
        key = table.key_of(Key)

        def write() -> Mapping[str, Any]:
            _require(table.items.get(key), request, "UpdateItem")
            after = self._updated(table, Key, request)
            table.put(key, after)
            return {"Attributes": dict(after)}

        return self._write(f"UpdateItem {TableName} {key}", write)

    def delete_item(self, *, TableName: str, Key: Item, **_: object) -> Mapping[str, Any]:
        """Take an item away."""
        table = self.tables[TableName]
        key = table.key_of(Key)

        def write() -> Mapping[str, Any]:
            table.put(key, None)
            return {}

        return self._write(f"DeleteItem {TableName} {key}", write)

    def transact_write_items(
        self,
        *,
        TransactItems: Sequence[Mapping[str, Any]],
        **_: object,
    ) -> Mapping[str, Any]:
        """Write all or nothing. The SDK's token makes its second attempt harmless."""
        done = False

        def write() -> Mapping[str, Any]:
            nonlocal done
            if not done:
                self._transact(TransactItems)
                done = True
            return {}

        told = [
            f"{word} {plain(next(iter(of.get('Key', of.get('Item')).values())))}"
            for each in TransactItems
            for word, of in each.items()
        ]
        return self._write(f"TransactWriteItems {' '.join(told)}", write)

    def _transact(self, items: Sequence[Mapping[str, Any]]) -> None:
        changes: list[tuple[Table, str, Item | None]] = []
        reasons: list[Mapping[str, Any]] = []
        for ((word, request),) in (each.items() for each in items):
            table = self.tables[request["TableName"]]
            at = request["Item"] if word == "Put" else request["Key"]
            key = table.key_of(at)
            stored = table.items.get(key)
            if _holds(stored, request):
                reasons.append({"Code": "None"})
            else:
                all_old = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
                told = {"Item": dict(stored)} if all_old and stored is not None else {}
                reasons.append({"Code": "ConditionalCheckFailed", **told})
            match word:
                case "Put":
                    changes.append((table, key, dict(at)))
                case "Update":
                    changes.append((table, key, self._updated(table, at, request)))
                case "Delete":
                    changes.append((table, key, None))
        if any(each["Code"] != "None" for each in reasons):
            self._luck.met["a condition fails"] += 1
            raise _refused("TransactWriteItems", "TransactionCanceledException", reasons)
        for table, key, item in changes:
            table.put(key, item)

    def _updated(self, table: Table, key: Item, request: Mapping[str, Any]) -> Item:
        before = table.items.get(table.key_of(key), dict(key))
        names = request.get("ExpressionAttributeNames", {})
        values = request.get("ExpressionAttributeValues", {})
        return updated(before, request["UpdateExpression"], names, values)

    def _read(self, where: str, read: Callable[[], _T]) -> _T:
        return self._outside.call(where, lambda: self._unless_throttled(where, read))

    def _write(self, where: str, write: Callable[[], _T]) -> _T:
        def attempt() -> _T:
            if self._luck.strikes("table_contended"):
                raise _refused(where, "TransactionConflictException")
            if self._luck.strikes("table_answer_lost"):
                if self._luck.below("table_answer_lost", 2):
                    write()
                raise ReadTimeoutError(endpoint_url="https://dynamodb.test")
            if self._luck.strikes("table_sent_twice"):
                write()
            return self._unless_throttled(where, write)

        return self._outside.call(where, attempt)

    def _unless_throttled(self, where: str, do: Callable[[], _T]) -> _T:
        if self._luck.strikes("table_throttled"):
            raise _refused(where, "ProvisionedThroughputExceededException")
        return do()


class _Pages:
    def __init__(self, query: Callable[..., Mapping[str, Any]]) -> None:
        self._query = query

    def paginate(self, **request: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - as boto3 has it
        yield self._query(**request)


def _holds(stored: Item | None, request: Mapping[str, Any]) -> bool:
    if "ConditionExpression" not in request:
        return True
    holds = condition(request["ConditionExpression"])
    names = request.get("ExpressionAttributeNames", {})
    return holds(stored or {}, names, request.get("ExpressionAttributeValues", {}))


def _require(stored: Item | None, request: Mapping[str, Any], operation: str) -> None:
    if not _holds(stored, request):
        error = _refused(operation, "ConditionalCheckFailedException")
        if request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and stored is not None:
            error.response["Item"] = dict(stored)  # type: ignore[typeddict-unknown-key]
        raise error


def _refused(
    operation: str, code: str, reasons: Sequence[Mapping[str, Any]] | None = None
) -> ClientError:
    answer: dict[str, Any] = {
        "Error": {"Code": code, "Message": code},
        "ResponseMetadata": {"HTTPStatusCode": 400},
    }
    if reasons is not None:
        answer["CancellationReasons"] = reasons
    return ClientError(answer, operation)  # type: ignore[arg-type]
