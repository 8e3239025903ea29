"""Business actions that move the balance to the bank."""

from dataclasses import replace
from fractions import Fraction

from tests.sandbox.stripe.amounts import rounded
from tests.sandbox.stripe.core import business_action
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.fees import FeePart
from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.ledger import LedgerActions, Movement


class PayoutActions(LedgerActions):
    """Pay out, fail, cancel, reconcile. Source: stripe-api 4.8, 0.7, 0.8."""

    @business_action
    def create_payout(
        self,
        *,
        currency: str = "usd",
        amount_minor: int | None = None,
        instant: bool = False,
    ) -> JsonObject:
        """Pay out the whole available balance (automatic) or ``amount_minor`` of it (manual).

        An automatic payout owns the balance transactions it pays out; a manual one owns none. Of a
        balance below zero an automatic payout is negative: a debit of our bank account. An
        ``instant`` one is manual and costs a fee.

        Raises:
            StripeError: nothing is available, or less than asked for.
        """
        members = self._available(currency) if amount_minor is None else []
        amount = sum(each["net"] for each in members) if amount_minor is None else amount_minor
        entries = self.balance()["available"]
        available = sum(each["amount"] for each in entries if each["currency"] == currency)
        fee_minor = self._instant_fee(amount) if instant else 0
        if amount == 0 or amount + fee_minor > available or (instant and amount_minor is None):
            raise refused(
                f"You have insufficient funds in your Stripe account for this payout "
                f"({available} {currency} available)",
                code="balance_insufficient",
            )
        payout = self.store.add(
            self._blank_payout(amount, currency, automatic=amount_minor is None, instant=instant)
        )
        transaction = self._post_payout(payout, "payout", -amount, fee_minor=fee_minor)
        payout["balance_transaction"] = transaction["id"]
        if amount < 0 and not self.options.debit_payouts_readable:
            self.store.unreadable_payouts.add(payout["id"])
        if amount_minor is None:
            for each in [*members, transaction]:
                self.store.pay_out(each["id"], payout["id"])
        self.emit("payout.created", payout)
        return self.show(payout)

    @business_action
    def pay_payout(self, payout_id: str) -> JsonObject:
        """Let a payout reach the bank, as far as Stripe knows."""
        payout = self._payout_in(payout_id, "pending", "in_transit")
        payout["status"] = "paid"
        self.emit("payout.paid", payout)
        return self.show(payout)

    @business_action
    def reconcile_payout(self, payout_id: str) -> JsonObject:
        """Make the composition of an automatic payout readable (stripe-api 0.8)."""
        payout = self.store.get("payout", payout_id)
        if not payout["automatic"]:
            raise refused("Only automatic payouts are reconciled")
        payout["reconciliation_status"] = "completed"
        self.emit("payout.reconciliation_completed", payout)
        return self.show(payout)

    @business_action
    def cancel_payout(self, payout_id: str) -> JsonObject:
        """Take a manual payout back before the bank has it (stripe-api 2)."""
        payout = self._payout_in(payout_id, "pending")
        payout["status"] = "canceled"
        payout["failure_balance_transaction"] = self._post_payout(
            payout, "payout_cancel", payout["amount"], category="payout_reversal"
        )["id"]
        self.emit("payout.canceled", payout)
        return self.show(payout)

    @business_action
    def fail_payout(self, payout_id: str, *, failure_code: str = "account_closed") -> JsonObject:
        """Let the bank send a payout back, even after it was paid (stripe-api 0.7)."""
        payout = self._payout_in(payout_id, "pending", "in_transit", "paid")
        payout["status"] = "failed"
        payout["failure_code"] = failure_code
        payout["failure_message"] = "The bank account could not be credited."
        payout["failure_balance_transaction"] = self._post_payout(
            payout, "payout_failure", payout["amount"], category="payout_reversal"
        )["id"]
        self.emit("payout.failed", payout)
        return self.show(payout)

    def _available(self, currency: str) -> list[JsonObject]:
        """Return the balance transactions that are available and in no payout yet."""
        return [
            each
            for each in self.store.in_no_payout.values()
            if each["currency"] == currency and each["available_on"] <= self.clock.now()
        ]

    def _instant_fee(self, amount_minor: int) -> int:
        return rounded(Fraction(amount_minor * self.options.instant_payout_basis_points, 10_000))

    def _payout_in(self, payout_id: str, *allowed: str) -> JsonObject:
        payout = self.store.get("payout", payout_id)
        if payout["status"] not in allowed:
            raise refused(f"This payout is {payout['status']}")
        return payout

    def _post_payout(
        self,
        payout: JsonObject,
        kind: str,
        amount_minor: int,
        *,
        category: str = "payout",
        fee_minor: int = 0,
    ) -> JsonObject:
        inside = self.options.instant_fee_inside
        movement = Movement(
            type=kind,
            reporting_category=category,
            amount_minor=amount_minor,
            currency=payout["currency"],
            source=payout["id"],
            fees=(FeePart(fee_minor, description="Instant payout fee"),) if inside else (),
            description=payout["description"],
            available_at_once=True,
        )
        if fee_minor and not inside:
            self.post(
                replace(
                    movement,
                    type="stripe_fee",
                    reporting_category="fee",
                    amount_minor=-fee_minor,
                    source=None,
                    description="Instant payout fee",
                )
            )
        return self.post(movement)

    def _blank_payout(
        self, amount_minor: int, currency: str, *, automatic: bool, instant: bool
    ) -> JsonObject:
        now = self.clock.now()
        return {
            "id": self.ids.next("po"),
            "object": "payout",
            "amount": amount_minor,
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": now - now % 86_400 + 2 * 86_400,
            "automatic": automatic,
            "balance_transaction": None,
            "created": now,
            "currency": currency,
            "description": "STRIPE PAYOUT",
            "destination": "ba_1TieoutDoubleBankAccount",
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": self.options.livemode,
            "metadata": {},
            "method": "instant" if instant else "standard",
            "original_payout": None,
            "payout_method": None,
            "reconciliation_status": "in_progress" if automatic else "not_applicable",
            "reversed_by": None,
            "source_type": "card",
            "statement_descriptor": None,
            "status": "in_transit" if automatic else "pending",
            "trace_id": {"status": "pending", "value": None},
            "type": "bank_account",
        }
