"""The double's memory: every object as Stripe would hold it, before rendering."""

import itertools
from bisect import bisect_left, bisect_right
from collections import defaultdict
from operator import itemgetter

from tests.sandbox.stripe.errors import resource_missing
from tests.sandbox.stripe.json_types import JsonObject


class ObjectStore:
    """Objects by kind and id, in the order in which they came into being.

    Kinds are Stripe's ``object`` names. Embedded lists (invoice lines, credit note lines) live
    beside their parent, because Stripe shows only the first few of them in the parent. So do
    facts that Stripe keeps to itself: the payout of a balance transaction, and what a dispute's
    countered fee was (minor units).
    """

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, JsonObject]] = defaultdict(dict)
        self._created: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._indexes: dict[tuple[str, str], dict[object, dict[str, JsonObject]]] = {}
        self.lines: dict[str, list[JsonObject]] = {}
        self.shipping_taxes: dict[str, list[JsonObject]] = {}
        self.payout_of: dict[str, str] = {}
        # Of balance transactions: sums of what is available, what is not yet, what no payout has.
        self.available: dict[str, int] = defaultdict(int)
        self.pending: dict[str, JsonObject] = {}
        self.in_no_payout: dict[str, JsonObject] = {}
        self.unreadable_payouts: set[str] = set()
        self.countered: dict[str, int] = {}

    def add(self, obj: JsonObject) -> JsonObject:
        """Keep ``obj`` under its own kind and id and return it."""
        table = self._tables[obj["object"]]
        if obj["id"] not in table and "created" in obj:
            self._created[obj["object"]].append((obj["created"], obj["id"]))
        table[obj["id"]] = obj
        if obj["object"] == "balance_transaction":
            self.pending[obj["id"]] = self.in_no_payout[obj["id"]] = obj
        for (kind, path), index in self._indexes.items():
            if kind == obj["object"]:
                index[_at(obj, path)][obj["id"]] = obj
        return obj

    def find(self, kind: str, object_id: str) -> JsonObject | None:
        """Return the stored object, or None."""
        return self._tables[kind].get(object_id)

    def get(self, kind: str, object_id: str) -> JsonObject:
        """Return the stored object itself; callers inside the double may change it.

        Raises:
            StripeError: there is no such object (the API's 404).
        """
        found = self._tables[kind].get(object_id)
        if found is None:
            raise resource_missing(kind, object_id)
        return found

    def remove(self, kind: str, object_id: str) -> None:
        """Forget an object (a deleted draft)."""
        obj = self._tables[kind].pop(object_id)
        for (indexed, path), index in self._indexes.items():
            if indexed == kind:
                del index[_at(obj, path)][object_id]

    def all(self, kind: str) -> list[JsonObject]:
        """Return all objects of a kind, oldest first."""
        return list(self._tables[kind].values())

    def newest(self, kind: str, count: int) -> list[JsonObject]:
        """Return the last objects of a kind, newest first."""
        return list(itertools.islice(reversed(self._tables[kind].values()), count))

    def where(self, kind: str, path: str, value: object) -> list[JsonObject]:
        """Return the objects of a kind that have a value under a dotted path, oldest first.

        An index answers, however many objects there are; so what is there must never change.
        """
        index = self._indexes.get((kind, path))
        if index is None:
            index = self._indexes[kind, path] = defaultdict(dict)
            for obj in self._tables[kind].values():
                index[_at(obj, path)][obj["id"]] = obj
        return list(index[value].values()) if value in index else []

    def pay_out(self, transaction_id: str, payout_id: str) -> None:
        """Note which payout a balance transaction is in."""
        self.payout_of[transaction_id] = payout_id
        self.in_no_payout.pop(transaction_id, None)

    def created_between(self, kind: str, since: int | None, until: int | None) -> list[JsonObject]:
        """Return the objects of a kind created in a time (unix seconds, inclusive), oldest first.

        Without any time that is all of them. What was deleted does not know any more when it was
        created, and is left out.
        """
        if since is None and until is None:
            return self.all(kind)
        created, when, table = self._created[kind], itemgetter(0), self._tables[kind]
        first = 0 if since is None else bisect_left(created, since, key=when)
        end = None if until is None else bisect_right(created, until, key=when)
        found = (table.get(object_id) for _, object_id in created[first:end])
        return [each for each in found if each is not None and "created" in each]

    def kinds(self) -> dict[str, int]:
        """Return how many objects of each kind exist."""
        return {kind: len(table) for kind, table in sorted(self._tables.items()) if table}


def _at(obj: JsonObject, path: str) -> object:
    found: object = obj
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found
