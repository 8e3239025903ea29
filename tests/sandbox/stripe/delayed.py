"""Business actions on payments that take days, and on those that fail after they had arrived."""

from collections.abc import Sequence
from fractions import Fraction

from tests.sandbox.stripe.core import business_action
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.fees import given_back
from tests.sandbox.stripe.json_types import JsonObject, copied
from tests.sandbox.stripe.ledger import Movement, fee_parts
from tests.sandbox.stripe.payments import ChargeSpec, PaymentActions

_FAILURE = ("insufficient_funds", "The bank account has insufficient funds.")


class DelayedPaymentActions(PaymentActions):
    """Bank debits: pending, then succeeded or failed, even late. Source: stripe-api 2, 4.5, 9."""

    @business_action
    def start_payment(
        self, invoice_id: str, *, payment_method: str = "us_bank_account"
    ) -> JsonObject:
        """Begin to collect all that remains of an invoice; returns the pending charge."""
        invoice = self.payable(invoice_id)
        payment = self.default_payment(invoice)
        if payment is None:
            raise refused("This invoice has no default payment to attempt")
        intent = self.store.get("payment_intent", payment["payment"]["payment_intent"])
        if intent["status"] == "processing":
            raise refused("A payment of this invoice is already on its way")
        charge = self.new_charge(intent, invoice["amount_remaining"], payment_method)
        self._begin(charge, intent)
        return self.show(charge)

    @business_action
    def start_charge(self, spec: ChargeSpec) -> JsonObject:
        """Begin a sale without invoice by a method that takes days; returns the pending charge."""
        intent, charge = self.new_sale(spec)
        self._begin(charge, intent)
        return self.show(charge)

    @business_action
    def finish_charge(self, charge_id: str) -> JsonObject:
        """Let a pending charge succeed.

        Raises:
            StripeError: it is not pending, or its invoice can no longer be paid.
        """
        charge, intent = self._pending(charge_id)
        parts = [
            (payment, int(charge["amount"]))
            for payment in self._payments_of(intent)
            if self.payable(payment["invoice"])
        ]
        charge |= {"paid": True, "status": "succeeded"}
        self.succeed(charge, intent, parts)
        return self.show(charge)

    @business_action
    def reject_charge(self, charge_id: str) -> JsonObject:
        """Let a pending charge fail; no money has moved."""
        charge, intent = self._pending(charge_id)
        charge["amount_captured"] = 0
        self._tell_failure(charge, intent)
        for payment in self._payments_of(intent):
            with self.updating(
                self.store.get("invoice", payment["invoice"]), "invoice.updated"
            ) as invoice:
                invoice["attempt_count"] += 1
                invoice["attempted"] = True
                self.emit("invoice.payment_failed", invoice)
        return self.show(charge)

    @business_action
    def fail_charge_late(self, charge_id: str) -> JsonObject:
        """Let the customer's bank take back what a charge had brought.

        What becomes of the invoice is a switch of the account.

        Raises:
            StripeError: the charge brought nothing, or some of it was given back already.
        """
        charge = self.store.get("charge", charge_id)
        brought = charge["balance_transaction"]
        if charge["status"] != "succeeded" or brought is None or charge["amount_refunded"]:
            raise refused("Only a settled charge without refunds can fail late")
        taken = self.store.get("balance_transaction", brought)
        intent = self.store.get("payment_intent", charge["payment_intent"])
        payments = self._paid_by(intent)
        returned = Fraction(1 if self.options.late_failure_returns_fee else 0)
        charge["failure_balance_transaction"] = self.post(
            Movement(
                type="payment_failure_refund",
                reporting_category="charge_failure",
                amount_minor=-taken["amount"],
                currency=taken["currency"],
                source=charge_id,
                fees=given_back(fee_parts(taken), returned),
                exchange_rate=self.settled(0, charge["currency"])[2],
                description="Payment failure refund",
                available_at_once=True,
            )
        )["id"]
        self._tell_failure(charge, intent)
        if self.options.late_failure_reopens_invoice:
            for payment in payments:
                self._reopen(payment)
        return self.show(charge)

    def _begin(self, charge: JsonObject, intent: JsonObject) -> None:
        charge |= {"paid": False, "status": "pending"}
        intent |= {"latest_charge": charge["id"], "status": "processing"}
        self.emit("charge.pending", charge)
        self.emit("payment_intent.processing", intent)

    def _pending(self, charge_id: str) -> tuple[JsonObject, JsonObject]:
        charge = self.store.get("charge", charge_id)
        if charge["status"] != "pending":
            raise refused(f"This charge is {charge['status']}")
        return charge, self.store.get("payment_intent", charge["payment_intent"])

    def _tell_failure(self, charge: JsonObject, intent: JsonObject) -> None:
        code, message = _FAILURE
        charge |= {
            "failure_code": code,
            "failure_message": message,
            "paid": False,
            "status": "failed",
        }
        intent |= {"amount_received": 0, "status": "requires_payment_method"}
        self.emit("charge.failed", charge)
        self.emit("payment_intent.payment_failed", intent)

    def _reopen(self, payment: JsonObject) -> None:
        """Take a payment off its invoice, which is owed again."""
        invoice = self.store.get("invoice", payment["invoice"])
        if invoice["status"] not in ("open", "paid") or invoice["amount_overpaid"]:
            return
        before = copied(invoice)
        amount_minor = payment["amount_paid"]
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = self.clock.now()
        if not self.options.late_failure_keeps_payment:
            payment["amount_paid"] = payment["status_transitions"]["paid_at"] = None
        invoice["status"] = "open"
        invoice["status_transitions"]["paid_at"] = None
        invoice["amount_paid"] -= amount_minor
        invoice["amount_remaining"] += amount_minor
        self.emit("invoice.payment_failed", invoice)
        self.emit("invoice.updated", invoice, before)

    def _paid_by(self, intent: JsonObject) -> Sequence[JsonObject]:
        return self._payments_of(intent, "paid")

    def _payments_of(self, intent: JsonObject, status: str = "open") -> Sequence[JsonObject]:
        return [
            each
            for each in self.store.where("invoice_payment", "payment.payment_intent", intent["id"])
            if each["status"] == status
        ]
