"""Renders today's objects in the shape from before basil, for events of old endpoints.

Only event payloads are rendered this way; the HTTP API speaks the pinned version alone.
Source: stripe-api 3.1 (table "acacia -> basil" and "basil -> clover").
"""

from collections.abc import Callable

from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.store import ObjectStore

_NEW_INVOICE_FIELDS = (
    "amount_overpaid",
    "customer_account",
    "parent",
    "payments",
    "status_details",
    "total_pretax_credit_amounts",
    "total_taxes",
)
_NEW_LINE_FIELDS = (
    "parent",
    "pretax_credit_amounts",
    "pricing",
    "quantity_decimal",
    "subtotal",
    "taxes",
)


def render_pre_basil(store: ObjectStore, shown: JsonObject) -> JsonObject:
    """Return ``shown`` (a copy in today's shape) in the shape of 2023-10-16."""
    renderer = _RENDERERS.get(shown["object"])
    return shown if renderer is None else renderer(store, shown)


def _invoice(store: ObjectStore, shown: JsonObject) -> JsonObject:
    links = _payment_links(store, shown)
    details = (shown["parent"] or {}).get("subscription_details")
    first_discount = shown["discounts"][0] if shown["discounts"] else None
    taxes = [_tax_amount(each) for each in shown["total_taxes"]]
    old = _without(shown, _NEW_INVOICE_FIELDS)
    old["lines"]["data"] = [_line(store, each) for each in shown["lines"]["data"]]
    old["lines"]["total_count"] = len(store.lines.get(shown["id"], []))
    # Before basil, money received outside Stripe did not count as paid (stripe-api 3.1).
    paid_in_stripe = min(shown["amount_paid"], links["amount_paid"])
    return old | {
        "amount_paid": paid_in_stripe,
        "application_fee_amount": None,
        "charge": links["charge"],
        "discount": None
        if first_discount is None
        else _discount(store, store.get("discount", first_discount)),
        "paid": shown["status"] == "paid",
        "paid_out_of_band": shown["amount_paid"] > paid_in_stripe,
        "payment_intent": links["payment_intent"],
        "quote": None,
        "subscription": None if details is None else details["subscription"],
        "subscription_details": {"metadata": None if details is None else details["metadata"]},
        "tax": sum(each["amount"] for each in taxes) if taxes else None,
        "total_tax_amounts": taxes,
        "transfer_data": None,
    }


def _line(store: ObjectStore, shown: JsonObject) -> JsonObject:
    parent = shown["parent"]
    subscribed = parent["type"] == "subscription_item_details"
    details = parent[parent["type"]]
    price = None
    if shown["pricing"] is not None:
        price = store.get("price", shown["pricing"]["price_details"]["price"])
    inclusive = sum(
        each["amount"] for each in shown["taxes"] if each["tax_behavior"] == "inclusive"
    )
    net = shown["amount"] - inclusive
    old = _without(shown, _NEW_LINE_FIELDS) | {
        "amount_excluding_tax": net,
        "plan": None,
        "price": None if price is None else dict(price),
        "proration": details["proration"],
        "proration_details": details["proration_details"] or {"credited_items": None},
        "tax_amounts": [_tax_amount(each) for each in shown["taxes"]],
        "tax_rates": [
            dict(store.get("tax_rate", each["tax_rate_details"]["tax_rate"]))
            for each in shown["taxes"]
        ],
        "type": "subscription" if subscribed else "invoiceitem",
        "unit_amount_excluding_tax": str(net) if shown["quantity"] == 1 else None,
    }
    if details["invoice_item"] is not None:
        old["invoice_item"] = details["invoice_item"]
    if subscribed:
        old["subscription_item"] = details["subscription_item"]
    return old


def _charge(store: ObjectStore, shown: JsonObject) -> JsonObject:
    return shown | {
        "destination": None,
        "dispute": None,
        "invoice": _invoice_of_intent(store, shown["payment_intent"]),
        "order": None,
    }


def _payment_intent(store: ObjectStore, shown: JsonObject) -> JsonObject:
    return _without(shown, ("customer_account",)) | {
        "invoice": _invoice_of_intent(store, shown["id"])
    }


def _refund(_store: ObjectStore, shown: JsonObject) -> JsonObject:
    return _without(shown, ("customer", "customer_account", "payment_method", "pending_reason"))


def _credit_note(_store: ObjectStore, shown: JsonObject) -> JsonObject:
    old = _without(
        shown,
        (
            "customer_account",
            "post_payment_amount",
            "pre_payment_amount",
            "pretax_credit_amounts",
            "refunds",
            "total_taxes",
        ),
    )
    old["lines"]["data"] = [
        _without(each, ("metadata", "pretax_credit_amounts", "taxes"))
        | {
            "amount_excluding_tax": each["amount"],
            "tax_amounts": [_tax_amount(tax) for tax in each["taxes"]],
            "unit_amount_excluding_tax": None,
        }
        for each in shown["lines"]["data"]
    ]
    return old | {
        "refund": shown["refunds"][0]["refund"] if shown["refunds"] else None,
        "tax_amounts": [_tax_amount(each) for each in shown["total_taxes"]],
        "type": "post_payment" if shown["post_payment_amount"] else "pre_payment",
    }


def _discount(store: ObjectStore, shown: JsonObject) -> JsonObject:
    old = _without(shown, ("customer_account", "source"))
    return old | {"coupon": dict(store.get("coupon", shown["source"]["coupon"]))}


def _customer(_store: ObjectStore, shown: JsonObject) -> JsonObject:
    return _without(shown, ("business_name", "customer_account", "individual_name"))


def _tax_amount(tax: JsonObject) -> JsonObject:
    return {
        "amount": tax["amount"],
        "inclusive": tax["tax_behavior"] == "inclusive",
        "tax_rate": tax["tax_rate_details"]["tax_rate"],
        "taxability_reason": tax["taxability_reason"],
        "taxable_amount": tax["taxable_amount"],
    }


def _payment_links(store: ObjectStore, invoice: JsonObject) -> JsonObject:
    """Return the one intent and charge that an old invoice could name, and what they paid."""
    links: JsonObject = {"charge": None, "payment_intent": None, "amount_paid": 0}
    for payment in store.all("invoice_payment"):
        intent_id = payment["payment"].get("payment_intent")
        if payment["invoice"] != invoice["id"] or intent_id is None:
            continue
        if payment["status"] == "canceled":
            continue
        links["payment_intent"] = intent_id
        links["charge"] = store.get("payment_intent", intent_id)["latest_charge"]
        links["amount_paid"] += payment["amount_paid"] or 0
    return links


def _invoice_of_intent(store: ObjectStore, intent_id: str) -> str | None:
    for payment in store.all("invoice_payment"):
        if payment["payment"].get("payment_intent") == intent_id:
            return str(payment["invoice"])
    return None


def _without(shown: JsonObject, fields: tuple[str, ...]) -> JsonObject:
    return {key: value for key, value in shown.items() if key not in fields}


_RENDERERS: dict[str, Callable[[ObjectStore, JsonObject], JsonObject]] = {
    "charge": _charge,
    "credit_note": _credit_note,
    "customer": _customer,
    "discount": _discount,
    "invoice": _invoice,
    "payment_intent": _payment_intent,
    "refund": _refund,
}
