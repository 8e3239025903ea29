"""Business actions that give money back."""

from fractions import Fraction

from tests.sandbox.stripe.core import business_action
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.fees import FeePart, given_back
from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.ledger import Movement, fee_parts
from tests.sandbox.stripe.payments import PaymentActions

_WITHOUT_FUNDS = frozenset({"insufficient_funds", "charge_pending"})


class RefundActions(PaymentActions):
    """Refund charges, let refunds succeed late or fail. Source: stripe-api 2, 4.5."""

    @business_action
    def refund(
        self,
        charge_id: str,
        amount_minor: int | None = None,
        *,
        reason: str | None = None,
        pending_reason: str | None = None,
    ) -> JsonObject:
        """Refund a charge, by default all that is left of it (minor units, charge currency).

        ``pending_reason`` leaves it pending: with ``processing`` the money has already left the
        balance, with ``insufficient_funds`` or ``charge_pending`` it has not and the refund has
        no balance transaction yet.

        Raises:
            StripeError: more than what is left of the charge.
        """
        charge = self.store.get("charge", charge_id)
        left = charge["amount_captured"] - charge["amount_refunded"]
        amount = left if amount_minor is None else amount_minor
        if charge["status"] != "succeeded" or not 0 < amount <= left:
            raise refused(
                f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
                code="charge_already_refunded" if left == 0 else None,
                param="amount",
            )
        refund = self.store.add(self._blank_refund(charge, amount, reason, pending_reason))
        if pending_reason not in _WITHOUT_FUNDS:
            self._take_funds(refund, charge)
        self.emit("refund.created", refund)
        with self.updating(charge, "charge.refunded"):
            charge["amount_refunded"] += amount
            charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        return self.show(refund)

    @business_action
    def complete_refund(self, refund_id: str) -> JsonObject:
        """Let a pending refund succeed.

        Raises:
            StripeError: it is not pending.
        """
        refund = self.store.get("refund", refund_id)
        if refund["status"] != "pending":
            raise refused(f"This refund is {refund['status']}")
        with self.updating(refund, "refund.updated"):
            if refund["balance_transaction"] is None:
                self._take_funds(refund, self.store.get("charge", refund["charge"]))
            refund["status"] = "succeeded"
            refund["pending_reason"] = None
        self.emit("charge.refund.updated", refund)
        return self.show(refund)

    @business_action
    def fail_refund(
        self, refund_id: str, *, failure_reason: str = "lost_or_stolen_card"
    ) -> JsonObject:
        """Let a pending or succeeded refund fail; money that had left comes back.

        Source: stripe-api 4.5 (``failure_balance_transaction``).
        """
        refund = self.store.get("refund", refund_id)
        if refund["status"] not in ("pending", "succeeded"):
            raise refused(f"This refund is {refund['status']}")
        charge = self.store.get("charge", refund["charge"])
        with self.updating(refund, "refund.updated"):
            refund["status"] = "failed"
            refund["failure_reason"] = failure_reason
            refund["pending_reason"] = None
            if refund["balance_transaction"] is not None:
                taken = self.store.get("balance_transaction", refund["balance_transaction"])
                refund["failure_balance_transaction"] = self.post(
                    Movement(
                        type="refund_failure",
                        reporting_category="refund_failure",
                        amount_minor=-taken["amount"],
                        currency=taken["currency"],
                        source=refund_id,
                        fees=given_back(fee_parts(taken), Fraction(1)),
                        exchange_rate=self.settled(0, charge["currency"])[2],
                        description="Refund failed",
                        available_at_once=True,
                    )
                )["id"]
        with self.updating(charge, "charge.updated"):
            charge["amount_refunded"] -= refund["amount"]
            charge["refunded"] = False
        self.emit("refund.failed", refund)
        self.emit("charge.refund.updated", refund)
        return self.show(refund)

    def _take_funds(self, refund: JsonObject, charge: JsonObject) -> None:
        """Post the refund; converted refunds together never exceed what was settled."""
        taken = sum(
            each["amount"]
            for each in self.store.where("refund", "charge", charge["id"])
            if each["status"] != "failed" and each["balance_transaction"] is not None
        )
        before, currency, rate = self.settled(taken, charge["currency"])
        after, _, _ = self.settled(taken + refund["amount"], charge["currency"])
        refund["balance_transaction"] = self.post(
            Movement(
                type="refund"
                if charge["payment_method_details"]["type"] == "card"
                else "payment_refund",
                reporting_category="refund",
                amount_minor=before - after,
                currency=currency,
                source=refund["id"],
                fees=self._returned_fees(refund, charge),
                exchange_rate=rate,
                description="REFUND FOR CHARGE",
                available_at_once=True,
            )
        )["id"]

    def _returned_fees(self, refund: JsonObject, charge: JsonObject) -> tuple[FeePart, ...]:
        """Return the refund's part of the charge's fee, where Stripe gives it back."""
        if not self.options.refunds_return_fees or charge["balance_transaction"] is None:
            return ()
        charged = self.store.get("balance_transaction", charge["balance_transaction"])
        part = Fraction(refund["amount"], charge["amount_captured"])
        return given_back(fee_parts(charged), part)

    def _blank_refund(
        self, charge: JsonObject, amount_minor: int, reason: str | None, pending: str | None
    ) -> JsonObject:
        return {
            "id": self.ids.next("re"),
            "object": "refund",
            "amount": amount_minor,
            "balance_transaction": None,
            "charge": charge["id"],
            "created": self.clock.now(),
            "currency": charge["currency"],
            "customer": charge["customer"],
            "customer_account": None,
            "destination_details": {
                "card": {
                    "reference": None,
                    "reference_status": "pending",
                    "reference_type": "acquirer_reference_number",
                    "type": "refund",
                },
                "type": "card",
            },
            "failure_balance_transaction": None,
            "failure_reason": None,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "payment_method": None,
            "pending_reason": pending,
            "reason": reason,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "succeeded" if pending is None else "pending",
            "transfer_reversal": None,
        }
