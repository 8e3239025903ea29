"""Business actions that bring a charge's money into the balance."""

from fractions import Fraction

from tests.sandbox.stripe.amounts import rounded
from tests.sandbox.stripe.core import business_action
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.fees import FeePart
from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.ledger import LedgerActions, Movement


class SettlingActions(LedgerActions):
    """Settle charges, at once or later. Source: stripe-api 0.3, 4.7."""

    @business_action
    def settle_charge(self, charge_id: str) -> JsonObject:
        """Finish the asynchronous capture: balance transaction with fee, ``charge.updated``.

        Cards make a transaction of type ``charge``, all other methods one of type ``payment``;
        the reporting category is the same. Source: stripe-api 0.3, 4.7.
        """
        charge = self.store.get("charge", charge_id)
        if charge["balance_transaction"] is not None:
            raise refused("This charge is already settled")
        amount, currency, rate = self.settled(charge["amount_captured"], charge["currency"])
        transaction = self.post(
            Movement(
                type="charge" if charge["payment_method_details"]["type"] == "card" else "payment",
                reporting_category="charge",
                amount_minor=amount,
                currency=currency,
                source=charge_id,
                fees=(*self.options.fees.parts(amount), *self._platforms_fee(charge)),
                exchange_rate=rate,
                description=charge["description"],
            )
        )
        if rate is not None:
            self._bill_conversion(charge_id, amount, currency)
        with self.updating(charge, "charge.updated"):
            charge["balance_transaction"] = transaction["id"]
        return self.show(transaction)

    def settle_if_prompt(self, charge: JsonObject) -> None:
        """Settle a charge unless the account is set up to do it later."""
        if self.options.settle_at_once:
            self.settle_charge(charge["id"])

    def _platforms_fee(self, charge: JsonObject) -> tuple[FeePart, ...]:
        """Return what the platform that we are connected to keeps of a charge."""
        fee_minor = charge["application_fee_amount"] or 0
        return (FeePart(fee_minor, "application_fee", "Application fee", _PLATFORM),)

    def _bill_conversion(self, charge_id: str, amount_minor: int, currency: str) -> None:
        fee_minor = rounded(
            Fraction(amount_minor * self.options.conversion_fee_basis_points, 10_000)
        )
        if fee_minor:
            self.post(
                Movement(
                    type="stripe_fx_fee",
                    reporting_category="fee",
                    amount_minor=-fee_minor,
                    currency=currency,
                    source=charge_id,
                    description="Currency conversion fee",
                )
            )


_PLATFORM = "ca_TieoutDouble"
