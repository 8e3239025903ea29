"""Stripe's balance: balance transactions and what they add up to."""

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from tests.sandbox.stripe.amounts import rounded
from tests.sandbox.stripe.core import AccountCore, business_action
from tests.sandbox.stripe.fees import FeePart
from tests.sandbox.stripe.json_types import JsonObject


@dataclass(frozen=True)
class Movement:
    """One movement of the balance: gross amount and fee in the settlement currency's minor unit.

    A positive ``amount_minor`` comes in; ``fees`` are what Stripe keeps of it.
    Source: stripe-api 4.7.
    """

    type: str
    reporting_category: str
    amount_minor: int
    currency: str
    source: str | None
    fees: tuple[FeePart, ...] = ()
    exchange_rate: str | None = None
    description: str | None = None
    available_at_once: bool = False


def fee_parts(transaction: JsonObject) -> tuple[FeePart, ...]:
    """Return what the fee of a balance transaction is made of."""
    return tuple(
        FeePart(each["amount"], each["type"], each["description"], each["application"])
        for each in transaction["fee_details"]
    )


class LedgerActions(AccountCore):
    """Post balance transactions and read the balance."""

    def post(self, movement: Movement) -> JsonObject:
        """Record a movement as a balance transaction and return the stored object."""
        now = self.clock.now()
        delay = 0 if movement.available_at_once else self.options.availability_delay_seconds
        fee_minor = sum(each.amount_minor for each in movement.fees)
        rate = movement.exchange_rate
        return self.store.add(
            {
                "id": self.ids.next("txn"),
                "object": "balance_transaction",
                "amount": movement.amount_minor,
                "available_on": now + delay,
                "balance_type": "payments",
                "created": now,
                "currency": movement.currency,
                "description": movement.description,
                "exchange_rate": None if rate is None else float(rate),
                "fee": fee_minor,
                "fee_details": [
                    {
                        "amount": each.amount_minor,
                        "application": each.application,
                        "currency": movement.currency,
                        "description": each.description,
                        "type": each.type,
                    }
                    for each in movement.fees
                    if each.amount_minor
                ],
                "net": movement.amount_minor - fee_minor,
                "reporting_category": movement.reporting_category,
                "source": movement.source,
                "status": "pending",
                "type": movement.type,
            }
        )

    @business_action
    def adjust_balance(
        self,
        amount_minor: int,
        *,
        kind: str,
        reporting_category: str,
        currency: str = "usd",
        description: str | None = None,
    ) -> JsonObject:
        """Move the balance by a transaction of any type that has no object of its own.

        Stripe's bills (``stripe_fee``, ``tax_fee``) and what it gives back of them, holds and
        releases of reserves, and types that nobody has seen yet. Stripe emits no event of its
        own for these (stripe-api 4.7, 2).
        """
        return self.show(
            self.post(
                Movement(
                    type=kind,
                    reporting_category=reporting_category,
                    amount_minor=amount_minor,
                    currency=currency,
                    source=None,
                    description=description,
                    available_at_once=True,
                )
            )
        )

    def settled(self, amount_minor: int, currency: str) -> tuple[int, str, str | None]:
        """Convert a charge amount to what reaches the balance: amount, currency, rate text."""
        settlement = self.options.settlements.get(currency)
        if settlement is None:
            return amount_minor, currency, None
        converted = rounded(amount_minor * Fraction(settlement.rate))
        return converted, settlement.currency, settlement.rate

    def balance(self) -> JsonObject:
        """Return the Balance object: available and pending net amounts per currency."""
        with self.lock:
            now, available = self.clock.now(), self.store.available
            pending: dict[str, int] = defaultdict(int)
            for transaction in list(self.store.pending.values()):
                if transaction["available_on"] <= now:
                    available[transaction["currency"]] += transaction["net"]
                    del self.store.pending[transaction["id"]]
                else:
                    pending[transaction["currency"]] += transaction["net"]
            currencies = {*available, *pending}
        return {
            "object": "balance",
            "available": _balance_entries({each: available.get(each, 0) for each in currencies}),
            "livemode": self.options.livemode,
            "pending": _balance_entries({each: pending.get(each, 0) for each in currencies}),
        }

    def balance_before_fees(self) -> dict[str, int]:
        """Return, per currency, the sum of gross amounts of all balance transactions.

        It is what the clearing account must show while fees are not yet booked. Fees that are
        movements of their own (type ``stripe_fee``) are gross amounts and do count.
        """
        return self._sum_of("amount")

    def balance_after_fees(self) -> dict[str, int]:
        """Return, per currency, the sum of net amounts: available plus pending."""
        return self._sum_of("net")

    def _sum_of(self, field: str) -> dict[str, int]:
        with self.lock:
            sums: dict[str, int] = defaultdict(int)
            for transaction in self.store.all("balance_transaction"):
                sums[transaction["currency"]] += transaction[field]
        return dict(sums)


def _balance_entries(amounts: dict[str, int]) -> list[JsonObject]:
    return [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(amounts.items())
    ]
