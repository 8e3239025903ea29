"""Business actions on customers and their credit balance."""

from collections.abc import Mapping

from tests import planted
from tests.sandbox.stripe.core import AccountCore, business_action, merged_metadata
from tests.sandbox.stripe.errors import refused
from tests.sandbox.stripe.json_types import JsonObject

_ADDRESS_KEYS = ("city", "country", "line1", "line2", "postal_code", "state")
_UPDATABLE = frozenset(
    {"name", "email", "phone", "description", "tax_exempt", "business_name", "individual_name"}
)


def whole_address(address: Mapping[str, str | None] | None) -> JsonObject | None:
    """Return an address with all of Stripe's keys, or None."""
    if address is None:
        return None
    unknown = address.keys() - set(_ADDRESS_KEYS)
    if unknown:
        raise refused(f"Received unknown parameter: address[{min(unknown)}]")
    return {key: address.get(key) for key in _ADDRESS_KEYS}


class CustomerActions(AccountCore):
    """Create, change and delete customers; move their credit balance."""

    @business_action
    def create_customer(
        self,
        name: str | None,
        *,
        email: str | None = None,
        address: Mapping[str, str | None] | None = None,
        metadata: Mapping[str, str] | None = None,
        tax_exempt: str = "none",
    ) -> JsonObject:
        """Create a customer. ``address`` uses Stripe's keys. Source: stripe-api 4.10."""
        customer_id = self.ids.next("cus", 14)
        customer = self.store.add(
            {
                "id": customer_id,
                "object": "customer",
                "address": whole_address(address),
                "balance": 0,
                "business_name": None,
                "created": self.clock.now(),
                "currency": None,
                "customer_account": None,
                "default_source": None,
                "delinquent": False,
                "description": planted.NOTE,
                "discount": None,
                "email": email,
                "individual_name": None,
                "invoice_prefix": customer_id[-8:].upper(),
                "invoice_settings": {
                    "custom_fields": None,
                    "default_payment_method": None,
                    "footer": None,
                    "rendering_options": None,
                },
                "livemode": self.options.livemode,
                "metadata": dict(metadata or {}),
                "name": name,
                "next_invoice_sequence": 1,
                "phone": None,
                "preferred_locales": [],
                "shipping": None,
                "tax_exempt": tax_exempt,
                "test_clock": None,
            }
        )
        self.emit("customer.created", customer)
        return self.show(customer)

    @business_action
    def update_customer(
        self,
        /,
        customer_id: str,
        *,
        address: Mapping[str, str | None] | None = None,
        metadata: Mapping[str, str] | None = None,
        **fields: str | None,
    ) -> JsonObject:
        """Change a customer; metadata is merged, everything else replaced.

        Raises:
            StripeError: an unknown field, or no such customer.
        """
        unknown = fields.keys() - _UPDATABLE
        if unknown:
            raise refused(f"Received unknown parameter: {min(unknown)}", param=min(unknown))
        with self.updating(self.store.get("customer", customer_id), "customer.updated") as customer:
            customer.update(fields)
            if address is not None:
                customer["address"] = whole_address(address)
            customer["metadata"] = merged_metadata(customer["metadata"], metadata or {})
        return self.show(customer)

    @business_action
    def delete_customer(self, customer_id: str) -> JsonObject:
        """Delete a customer; retrieving it afterwards shows only ``deleted``."""
        customer = self.store.get("customer", customer_id)
        self.emit("customer.deleted", customer)
        self.store.add({"id": customer_id, "object": "customer", "deleted": True})
        return {"id": customer_id, "object": "customer", "deleted": True}

    @business_action
    def adjust_customer_balance(
        self,
        customer_id: str,
        amount_minor: int,
        *,
        currency: str = "usd",
        description: str = "",
        kind: str = "adjustment",
    ) -> JsonObject:
        """Move a customer's balance by hand. Negative is credit in the customer's favour.

        ``kind`` may be another type that has no object of its own: initial, migration.
        Source: stripe-api 4.9; no event but ``customer.updated`` tells of it.
        """
        customer = self.store.get("customer", customer_id)
        customer["currency"] = customer["currency"] or currency
        with self.updating(customer, "customer.updated"):
            return self.show(
                self.move_customer_balance(
                    customer, amount_minor, kind=kind, description=description or None
                )
            )

    def move_customer_balance(
        self,
        customer: JsonObject,
        amount_minor: int,
        *,
        kind: str,
        invoice: str | None = None,
        credit_note: str | None = None,
        description: str | None = None,
    ) -> JsonObject:
        """Record a customer balance transaction and return it; the caller emits the update."""
        customer["balance"] += amount_minor
        return self.store.add(
            {
                "id": self.ids.next("cbtxn"),
                "object": "customer_balance_transaction",
                "amount": amount_minor,
                "checkout_session": None,
                "created": self.clock.now(),
                "credit_note": credit_note,
                "currency": customer["currency"],
                "customer": customer["id"],
                "customer_account": None,
                "description": description,
                "ending_balance": customer["balance"],
                "invoice": invoice,
                "livemode": self.options.livemode,
                "metadata": {},
                "type": kind,
            }
        )
