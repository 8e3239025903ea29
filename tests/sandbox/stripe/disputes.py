"""Business actions on disputes."""

from tests.sandbox.stripe.core import business_action
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.fees import FeePart
from tests.sandbox.stripe.json_types import JsonObject, copied
from tests.sandbox.stripe.ledger import Movement
from tests.sandbox.stripe.payments import PaymentActions

_EVIDENCE = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
)


class DisputeActions(PaymentActions):
    """Open disputes, move their funds, close them. Source: stripe-api 2, 4.6."""

    @business_action
    def create_dispute(
        self,
        charge_id: str,
        amount_minor: int | None = None,
        *,
        reason: str = "fraudulent",
        inquiry: bool = False,
    ) -> JsonObject:
        """Open a dispute on a charge; an ``inquiry`` moves no money."""
        charge = self.store.get("charge", charge_id)
        dispute = self.store.add(
            {
                "id": self.ids.next("du"),
                "object": "dispute",
                "amount": charge["amount_captured"] if amount_minor is None else amount_minor,
                "balance_transactions": [],
                "charge": charge_id,
                "created": self.clock.now(),
                "currency": charge["currency"],
                "enhanced_eligibility_types": [],
                "evidence": {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
                "evidence_details": {
                    "due_by": self.clock.now() + 7 * 86_400,
                    "enhanced_eligibility": {},
                    "has_evidence": False,
                    "past_due": False,
                    "submission_count": 0,
                    "submission_method": "not_submitted",
                },
                "is_charge_refundable": inquiry,
                "livemode": self.options.livemode,
                "metadata": {},
                "network_reason_code": "10.4",
                "payment_intent": charge["payment_intent"],
                "payment_method_details": {
                    "card": {
                        "brand": "visa",
                        "case_type": "inquiry" if inquiry else "chargeback",
                        "network": "visa",
                        "network_reason_code": "10.4",
                    },
                    "type": "card",
                },
                "reason": reason,
                "status": "warning_needs_response" if inquiry else "needs_response",
            }
        )
        with self.updating(charge, "charge.updated"):
            charge["disputed"] = True
        self.emit("charge.dispute.created", dispute)
        return self.show(dispute)

    @business_action
    def withdraw_dispute_funds(self, dispute_id: str) -> JsonObject:
        """Take the disputed amount and the dispute fee off the balance (stripe-api 4.6)."""
        dispute = self.store.get("dispute", dispute_id)
        if dispute["balance_transactions"]:
            raise refused("The funds of this dispute have already been withdrawn")
        return self._move_disputed(dispute, -dispute["amount"], "dispute", "funds_withdrawn")

    @business_action
    def submit_dispute_evidence(self, dispute_id: str) -> JsonObject:
        """Counter a dispute, which costs a fee of its own unless it is an inquiry."""
        dispute = self.store.get("dispute", dispute_id)
        inquiry = dispute["status"].startswith("warning_")
        if dispute["status"] not in ("needs_response", "warning_needs_response"):
            raise refused(f"This dispute is {dispute['status']}")
        with self.updating(dispute, "charge.dispute.updated"):
            dispute["status"] = "warning_under_review" if inquiry else "under_review"
            dispute["evidence_details"] |= {
                "has_evidence": True,
                "submission_count": 1,
                "submission_method": "manual",
            }
        if not inquiry:
            self.store.countered[dispute_id] = self.options.countered_fee.amount_minor
            self._adjust_fee(dispute, -self.options.countered_fee.amount_minor, "countered fee")
        return self.show(dispute)

    @business_action
    def reinstate_dispute_funds(
        self, dispute_id: str, amount_minor: int | None = None
    ) -> JsonObject:
        """Put what was disputed back, or part of it.

        The fee for having been disputed stays with Stripe, unless the country's rule is another.
        """
        dispute = self.store.get("dispute", dispute_id)
        if len(dispute["balance_transactions"]) != 1:
            raise refused("There are no withdrawn funds to reinstate")
        amount = dispute["amount"] if amount_minor is None else amount_minor
        if not 0 < amount <= dispute["amount"]:
            raise refused("No more than what was withdrawn can be reinstated", param="amount")
        return self._move_disputed(dispute, amount, "dispute_reversal", "funds_reinstated")

    @business_action
    def close_dispute(self, dispute_id: str, *, won: bool) -> JsonObject:
        """Close a dispute; the funds move by other actions, the countered fee comes back if won."""
        dispute = self.store.get("dispute", dispute_id)
        inquiry = dispute["status"].startswith("warning_")
        dispute["status"] = "warning_closed" if inquiry else "won" if won else "lost"
        self.emit("charge.dispute.closed", dispute)
        countered_minor = self.store.countered.pop(dispute_id, 0)
        if won and countered_minor:
            self._adjust_fee(dispute, countered_minor, "countered fee returned")
        return self.show(dispute)

    def _move_disputed(
        self, dispute: JsonObject, amount_minor: int, category: str, event_suffix: str
    ) -> JsonObject:
        amount, currency, rate = self.settled(amount_minor, dispute["currency"])
        fee_minor = self._fee_of(amount_minor)
        inside = self.options.dispute_fee_inside
        before = copied(dispute)
        transaction = self.post(
            Movement(
                type="adjustment",
                reporting_category=category,
                amount_minor=amount,
                currency=currency,
                source=dispute["id"],
                fees=(FeePart(fee_minor, description="Dispute fee"),) if inside else (),
                exchange_rate=rate,
                description=f"Chargeback {event_suffix.replace('_', ' ')} for {dispute['charge']}",
                available_at_once=True,
            )
        )
        if fee_minor and not inside:
            self._adjust_fee(dispute, -fee_minor, "received fee")
        dispute["balance_transactions"].append(transaction["id"])
        self.emit(f"charge.dispute.{event_suffix}", dispute, before)
        return self.show(dispute)

    def _fee_of(self, amount_minor: int) -> int:
        """Return the received fee that moving this amount takes, or gives back (negative)."""
        if amount_minor < 0:
            return self.options.dispute_fee_minor
        returned = self.options.dispute_fee_returned_when_won
        return -self.options.dispute_fee_minor if returned else 0

    def _adjust_fee(self, dispute: JsonObject, amount_minor: int, what: str) -> None:
        """Post a dispute fee as a movement of its own; the dispute does not list it."""
        shape = self.options.countered_fee
        _, currency, _ = self.settled(0, dispute["currency"])
        self.post(
            Movement(
                type="adjustment",
                reporting_category=shape.reporting_category,
                amount_minor=amount_minor,
                currency=currency,
                source=dispute["id"] if shape.names_dispute else None,
                description=f"Stripe card dispute {what}",
                available_at_once=True,
            )
        )
