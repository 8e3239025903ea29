"""The ``expand`` parameter: ids become objects, includable fields appear.

Source: stripe-api 6 (depth, ``data.`` prefix), 4.1 (includable ``payments``).
"""

from collections.abc import Callable
from typing import Any

from tests.sandbox.stripe.errors import StripeError, refused
from tests.sandbox.stripe.json_types import JsonObject, list_object
from tests.sandbox.stripe.store import ObjectStore

MAX_DEPTH = 4

_KIND_OF_PREFIX = {
    "cbtxn": "customer_balance_transaction",
    "ch": "charge",
    "cn": "credit_note",
    "cus": "customer",
    "di": "discount",
    "du": "dispute",
    "fee": "application_fee",
    "fr": "fee_refund",
    "in": "invoice",
    "pi": "payment_intent",
    "po": "payout",
    "pr": "payment_record",
    "price": "price",
    "prod": "product",
    "re": "refund",
    "tr": "transfer",
    "trr": "transfer_reversal",
    "tu": "topup",
    "txn": "balance_transaction",
}

EXPANDABLE = frozenset(
    {
        ("application_fee", "balance_transaction"),
        ("balance_transaction", "source"),
        ("charge", "balance_transaction"),
        ("charge", "customer"),
        ("charge", "failure_balance_transaction"),
        ("charge", "payment_intent"),
        ("credit_note", "customer"),
        ("credit_note", "customer_balance_transaction"),
        ("credit_note", "discount_amounts.discount"),
        ("credit_note", "invoice"),
        ("credit_note", "refunds.refund"),
        ("customer_balance_transaction", "credit_note"),
        ("customer_balance_transaction", "customer"),
        ("customer_balance_transaction", "invoice"),
        ("discount", "customer"),
        ("discount", "source.coupon"),
        ("dispute", "charge"),
        ("dispute", "payment_intent"),
        ("fee_refund", "balance_transaction"),
        ("fee_refund", "fee"),
        ("invoice", "customer"),
        ("invoice", "discounts"),
        ("invoice", "from_invoice.invoice"),
        ("invoice", "latest_revision"),
        ("invoice", "total_discount_amounts.discount"),
        ("invoice", "total_pretax_credit_amounts.discount"),
        ("invoice_payment", "invoice"),
        ("invoice_payment", "payment.charge"),
        ("invoice_payment", "payment.payment_intent"),
        ("invoice_payment", "payment.payment_record"),
        ("line_item", "discount_amounts.discount"),
        ("line_item", "discounts"),
        ("line_item", "pretax_credit_amounts.discount"),
        ("line_item", "pricing.price_details.price"),
        ("payment_intent", "customer"),
        ("payment_intent", "latest_charge"),
        ("payout", "balance_transaction"),
        ("payout", "failure_balance_transaction"),
        ("price", "product"),
        ("product", "default_price"),
        ("refund", "balance_transaction"),
        ("refund", "charge"),
        ("refund", "customer"),
        ("refund", "failure_balance_transaction"),
        ("refund", "payment_intent"),
        ("topup", "balance_transaction"),
        ("transfer", "balance_transaction"),
        ("transfer", "source_transaction"),
        ("transfer_reversal", "balance_transaction"),
        ("transfer_reversal", "transfer"),
    }
)
"""Which fields hold ids that can be expanded: kind of object and dotted path inside it."""


class Expander:
    """Expands paths in rendered objects, reading from the store."""

    def __init__(
        self,
        store: ObjectStore,
        show: Callable[[JsonObject], JsonObject],
        allow: Callable[[str], None],
    ) -> None:
        """Use ``show`` to render what is fetched and ``allow`` to check the key's scope."""
        self._store = store
        self._show = show
        self._allow = allow

    def expand(self, root: JsonObject, paths: list[str]) -> None:
        """Expand every dotted path in ``root`` in place.

        Raises:
            StripeError: a path is too deep or names nothing that can be expanded.
        """
        for path in paths:
            segments = path.split(".")
            if len(segments) > MAX_DEPTH:
                raise refused(
                    f"You cannot expand more than {MAX_DEPTH} levels of a property. "
                    f"Property: {path}",
                    param="expand",
                )
            if root["object"] == "list" and segments[0] != "data":
                raise refused(
                    f"This property cannot be expanded ({segments[0]}). "
                    f"You may want to try expanding 'data.{segments[0]}' instead.",
                    param="expand",
                )
            self._walk(root, root, "", segments)

    def _walk(self, node: Any, owner: JsonObject, inside: str, segments: list[str]) -> None:  # noqa: ANN401
        """Follow ``segments`` from ``node``, which is inside ``owner`` at that dotted path."""
        if isinstance(node, list):
            for each in node:
                self._walk(each, owner, inside, segments)
            return
        if not isinstance(node, dict) or not segments:
            return
        if "object" in node:
            owner, inside = node, ""
        name, rest = segments[0], segments[1:]
        kind, path = owner["object"], f"{inside}.{name}" if inside else name
        if kind == "list":
            self._require(name == "data" and bool(rest), name)
        elif (kind, path) in EXPANDABLE:
            node[name] = self._fetched(node.get(name))
        elif (kind, path) in _INCLUDABLE:
            if name not in node:
                node[name] = _INCLUDABLE[kind, path](self, owner)
        else:
            self._require(name in node and bool(rest), name)
        self._walk(node.get(name), owner, path, rest)

    def _fetched(self, value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, list):
            return [self._fetched(each) for each in value]
        if not isinstance(value, str):
            return value
        prefix, _, letters = value.partition("_")
        kind = _KIND_OF_PREFIX.get(prefix) if letters else "coupon"
        if kind is None:
            raise StripeError(400, f"The double holds no object behind '{value}'", param="expand")
        self._allow(kind)
        return self._show(self._store.get(kind, value))

    def _require(self, condition: bool, name: str) -> None:
        if not condition:
            raise refused(f"This property cannot be expanded ({name}).", param="expand")

    def payments(self, invoice: JsonObject) -> JsonObject:
        """Return the invoice's ``payments`` list (stripe-api 4.1)."""
        payments = [
            self._show(each)
            for each in reversed(self._store.where("invoice_payment", "invoice", invoice["id"]))
        ]
        return list_object(payments[:10], url="/v1/invoice_payments", has_more=len(payments) > 10)

    def refunds(self, charge: JsonObject) -> JsonObject:
        """Return the charge's ``refunds`` list (stripe-api 4.5)."""
        refunds = [
            self._show(each)
            for each in reversed(self._store.where("refund", "charge", charge["id"]))
        ]
        return list_object(
            refunds[:10], url=f"/v1/charges/{charge['id']}/refunds", has_more=len(refunds) > 10
        )

    def shipping_taxes(self, document: JsonObject) -> list[JsonObject]:
        """Return the taxes inside ``shipping_cost`` (the typed class has them as optional)."""
        return [dict(each) for each in self._store.shipping_taxes[document["id"]]]

    def paid_off_stripe(self, invoice: JsonObject) -> int:
        """Return what of ``amount_paid`` did not come through Stripe (stripe-api 3.1)."""
        through_stripe = sum(
            each["amount_paid"] or 0
            for each in self._store.where("invoice_payment", "invoice", invoice["id"])
            if each["payment"]["type"] != "payment_record"
        )
        return max(int(invoice["amount_paid"]) - through_stripe, 0)


def _empty_list(path: str) -> Callable[[Expander, JsonObject], JsonObject]:
    return lambda _, customer: list_object(
        [], url=f"/v1/customers/{customer['id']}/{path}", has_more=False
    )


_INCLUDABLE: dict[tuple[str, str], Callable[[Expander, JsonObject], Any]] = {
    ("charge", "refunds"): Expander.refunds,
    ("credit_note", "shipping_cost.taxes"): Expander.shipping_taxes,
    ("customer", "sources"): _empty_list("sources"),
    ("customer", "subscriptions"): _empty_list("subscriptions"),
    ("customer", "tax_ids"): _empty_list("tax_ids"),
    ("invoice", "amount_paid_off_stripe"): Expander.paid_off_stripe,
    ("invoice", "payments"): Expander.payments,
    ("invoice", "shipping_cost.taxes"): Expander.shipping_taxes,
}
