"""Business actions of a platform: money for, from and of its connected accounts."""

from tests.sandbox.stripe.core import business_action
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.ledger import LedgerActions, Movement


class ConnectActions(LedgerActions):
    """Transfer, reverse, earn application fees. Source: stripe-api 2, 4.7."""

    @business_action
    def create_transfer(
        self,
        destination: str,
        amount_minor: int,
        *,
        currency: str = "usd",
        source_transaction: str | None = None,
    ) -> JsonObject:
        """Send balance to a connected account; ``source_transaction`` is the charge it is from."""
        transfer = self.store.add(
            {
                "id": self.ids.next("tr"),
                "object": "transfer",
                "amount": amount_minor,
                "amount_reversed": 0,
                "balance_transaction": None,
                "created": self.clock.now(),
                "currency": currency,
                "description": None,
                "destination": destination,
                "destination_payment": None,
                "livemode": self.options.livemode,
                "metadata": {},
                "reversed": False,
                "source_transaction": source_transaction,
                "source_type": "card",
                "transfer_group": None,
            }
        )
        transfer["balance_transaction"] = self._post_connect(transfer, "transfer", -amount_minor)
        self.emit("transfer.created", transfer)
        return self.show(transfer)

    @business_action
    def reverse_transfer(self, transfer_id: str, amount_minor: int | None = None) -> JsonObject:
        """Take a transfer back, by default all that is left of it; returns the reversal."""
        transfer = self.store.get("transfer", transfer_id)
        left = transfer["amount"] - transfer["amount_reversed"]
        amount = left if amount_minor is None else amount_minor
        if not 0 < amount <= left:
            raise refused("More than what is left of the transfer", param="amount")
        reversal = self.store.add(
            {
                "id": self.ids.next("trr"),
                "object": "transfer_reversal",
                "amount": amount,
                "balance_transaction": None,
                "created": self.clock.now(),
                "currency": transfer["currency"],
                "destination_payment_refund": None,
                "metadata": {},
                "source_refund": None,
                "transfer": transfer_id,
            }
        )
        reversal["balance_transaction"] = self._post_connect(reversal, "transfer_refund", amount)
        with self.updating(transfer, "transfer.reversed"):
            transfer["amount_reversed"] += amount
            transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
        return self.show(reversal)

    @business_action
    def earn_application_fee(
        self, account_id: str, charge_id: str, amount_minor: int, *, currency: str = "usd"
    ) -> JsonObject:
        """Take a fee on a charge of a connected account."""
        fee = self.store.add(
            {
                "id": self.ids.next("fee"),
                "object": "application_fee",
                "account": account_id,
                "amount": amount_minor,
                "amount_refunded": 0,
                "application": "ca_TieoutDouble",
                "balance_transaction": None,
                "charge": charge_id,
                "created": self.clock.now(),
                "currency": currency,
                "fee_source": {"charge": charge_id, "type": "charge"},
                "livemode": self.options.livemode,
                "originating_transaction": None,
                "refunded": False,
            }
        )
        fee["balance_transaction"] = self._post_connect(fee, "application_fee", amount_minor)
        self.emit("application_fee.created", fee)
        return self.show(fee)

    @business_action
    def refund_application_fee(self, fee_id: str, amount_minor: int | None = None) -> JsonObject:
        """Give an application fee back, by default all that is left; returns the fee refund."""
        fee = self.store.get("application_fee", fee_id)
        left = fee["amount"] - fee["amount_refunded"]
        amount = left if amount_minor is None else amount_minor
        if not 0 < amount <= left:
            raise refused("More than what is left of the fee", param="amount")
        refund = self.store.add(
            {
                "id": self.ids.next("fr"),
                "object": "fee_refund",
                "amount": amount,
                "balance_transaction": None,
                "created": self.clock.now(),
                "currency": fee["currency"],
                "fee": fee_id,
                "metadata": {},
            }
        )
        refund["balance_transaction"] = self._post_connect(
            refund, "application_fee_refund", -amount
        )
        with self.updating(fee, "application_fee.refunded"):
            fee["amount_refunded"] += amount
            fee["refunded"] = fee["amount_refunded"] == fee["amount"]
        return self.show(refund)

    def _post_connect(self, source: JsonObject, kind: str, amount_minor: int) -> str:
        transaction = self.post(
            Movement(
                type=kind,
                reporting_category=_CATEGORIES[kind],
                amount_minor=amount_minor,
                currency=source["currency"],
                source=source["id"],
                available_at_once=True,
            )
        )
        return str(transaction["id"])


_CATEGORIES = {
    "application_fee": "platform_earning",
    "application_fee_refund": "platform_earning_refund",
    "transfer": "transfer",
    "transfer_refund": "transfer_reversal",
}
"""Reporting categories by type; likely only (stripe-api 4.7)."""
