"""Business actions that put the company's own money into its Stripe balance."""

from tests.sandbox.stripe.core import business_action
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.ledger import LedgerActions, Movement


class TopupActions(LedgerActions):
    """Top up, fail, reverse. Source: stripe-api 2, 4.7."""

    @business_action
    def create_topup(self, amount_minor: int, *, currency: str = "usd") -> JsonObject:
        """Ask our bank for money; it has moved nothing yet."""
        topup = self.store.add(self._blank_topup(amount_minor, currency))
        self.emit("topup.created", topup)
        return self.show(topup)

    @business_action
    def succeed_topup(self, topup_id: str) -> JsonObject:
        """Let the money of a pending top-up arrive."""
        topup = self._topup_in(topup_id, "pending")
        topup["status"] = "succeeded"
        topup["balance_transaction"] = self._post_topup(topup, "topup", topup["amount"])["id"]
        self.emit("topup.succeeded", topup)
        return self.show(topup)

    @business_action
    def fail_topup(self, topup_id: str) -> JsonObject:
        """Let a pending top-up fail; nothing moves."""
        topup = self._topup_in(topup_id, "pending")
        topup["status"] = "failed"
        topup["failure_code"] = "insufficient_funds"
        topup["failure_message"] = "The bank account has insufficient funds."
        self.emit("topup.failed", topup)
        return self.show(topup)

    @business_action
    def reverse_topup(self, topup_id: str) -> JsonObject:
        """Let the bank take a top-up back after it had arrived.

        The top-up does not name the second transaction; only its ``source`` tells.
        """
        topup = self._topup_in(topup_id, "succeeded")
        topup["status"] = "reversed"
        self._post_topup(topup, "topup_reversal", -topup["amount"])
        self.emit("topup.reversed", topup)
        return self.show(topup)

    def _topup_in(self, topup_id: str, status: str) -> JsonObject:
        topup = self.store.get("topup", topup_id)
        if topup["status"] != status:
            raise refused(f"This top-up is {topup['status']}")
        return topup

    def _post_topup(self, topup: JsonObject, kind: str, amount_minor: int) -> JsonObject:
        return self.post(
            Movement(
                type=kind,
                reporting_category=kind,
                amount_minor=amount_minor,
                currency=topup["currency"],
                source=topup["id"],
                description=topup["description"],
                available_at_once=True,
            )
        )

    def _blank_topup(self, amount_minor: int, currency: str) -> JsonObject:
        now = self.clock.now()
        return {
            "id": self.ids.next("tu"),
            "object": "topup",
            "amount": amount_minor,
            "balance_transaction": None,
            "created": now,
            "currency": currency,
            "description": "Top-up",
            "expected_availability_date": now + 2 * 86_400,
            "failure_code": None,
            "failure_message": None,
            "initiated_by": "user",
            "livemode": self.options.livemode,
            "metadata": {},
            "payment_method": None,
            "source": None,
            "statement_descriptor": None,
            "status": "pending",
            "transfer_group": None,
        }
