"""The double's memory: every object as Stripe would hold it, before rendering."""

from collections import defaultdict

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
        self.lines: dict[str, list[JsonObject]] = {}
        self.shipping_taxes: dict[str, list[JsonObject]] = {}
        self.payout_of: dict[str, str] = {}
        self.unreadable_payouts: set[str] = set()
        self.countered: dict[str, int] = {}

    def add(self, obj: JsonObject) -> JsonObject:
        """Keep ``obj`` under its own kind and id and return it."""
        self._tables[obj["object"]][obj["id"]] = obj
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
        del self._tables[kind][object_id]

    def all(self, kind: str) -> list[JsonObject]:
        """Return all objects of a kind, oldest first."""
        return list(self._tables[kind].values())

    def kinds(self) -> dict[str, int]:
        """Return how many objects of each kind exist."""
        return {kind: len(table) for kind, table in sorted(self._tables.items()) if table}
