"""What is true of the account, computed for a tie-out without going through the API."""

from collections import defaultdict
from collections.abc import Mapping

from tests.sandbox.stripe.core import AccountCore


class Facts(AccountCore):
    """Sums over the account's own objects, in minor units, keyed by customer and currency."""

    def open_receivables(self) -> Mapping[str, Mapping[str, int]]:
        """Return what each customer still owes on open invoices: customer -> currency -> minor.

        Customers who owe nothing are left out. Invoices written off are in
        :meth:`uncollectible_receivables`.
        """
        return self._remaining("open")

    def uncollectible_receivables(self) -> Mapping[str, Mapping[str, int]]:
        """Return what remains on invoices marked uncollectible, in the same form."""
        return self._remaining("uncollectible")

    def counts(self) -> dict[str, int]:
        """Return how many objects of each kind exist, and how many events were logged."""
        with self.lock:
            return {**self.store.kinds(), "event": len(self.event_log)}

    def _remaining(self, status: str) -> Mapping[str, Mapping[str, int]]:
        owed: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        with self.lock:
            for invoice in self.store.all("invoice"):
                if invoice["status"] == status and invoice["amount_remaining"]:
                    owed[invoice["customer"]][invoice["currency"]] += invoice["amount_remaining"]
        return {customer: dict(amounts) for customer, amounts in sorted(owed.items())}
