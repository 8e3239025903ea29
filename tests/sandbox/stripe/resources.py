"""What can be read over HTTP: paths, scopes and list filters, one row per resource.

Source: stripe-api 6 (filters), 7 (scopes of restricted keys).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.sandbox.stripe.filters import (
    Filter,
    contained,
    equals,
    flag,
    in_payout,
    moment,
    nested,
    of_subscription,
    one_of,
    paid_by,
)


@dataclass(frozen=True)
class Resource:
    """A kind of object under ``/v1/<path>``; ``listed`` tells whether it can be listed."""

    path: str
    kind: str
    scope: str
    filters: Mapping[str, Filter] = field(default_factory=dict)
    listed: bool = True


_CREATED: dict[str, Filter] = {"created": moment("created")}

RESOURCES = (
    Resource(
        "customers",
        "customer",
        "rak_customer_read",
        {**_CREATED, "email": equals("email"), "test_clock": equals("test_clock")},
    ),
    Resource(
        "invoices",
        "invoice",
        "rak_invoice_read",
        {
            **_CREATED,
            "collection_method": one_of(
                "collection_method", "charge_automatically", "send_invoice"
            ),
            "customer": equals("customer"),
            "customer_account": equals("customer_account"),
            "due_date": moment("due_date"),
            "subscription": of_subscription,
            "status": one_of("status", "draft", "open", "paid", "uncollectible", "void"),
        },
    ),
    Resource(
        "invoice_payments",
        "invoice_payment",
        "rak_invoice_read",
        {
            **_CREATED,
            "invoice": equals("invoice"),
            "payment": paid_by,
            "status": one_of("status", "open", "paid", "canceled"),
        },
    ),
    Resource(
        "charges",
        "charge",
        "rak_charge_read",
        {
            **_CREATED,
            "customer": equals("customer"),
            "payment_intent": equals("payment_intent"),
            "transfer_group": equals("transfer_group"),
        },
    ),
    Resource(
        "payment_intents",
        "payment_intent",
        "rak_payment_intent_read",
        {
            **_CREATED,
            "customer": equals("customer"),
            "customer_account": equals("customer_account"),
        },
    ),
    Resource("payment_records", "payment_record", "rak_payment_record_read", listed=False),
    Resource(
        "refunds",
        "refund",
        "rak_charge_read",
        {**_CREATED, "charge": equals("charge"), "payment_intent": equals("payment_intent")},
    ),
    Resource(
        "credit_notes",
        "credit_note",
        "rak_credit_note_read",
        {
            **_CREATED,
            "customer": equals("customer"),
            "customer_account": equals("customer_account"),
            "invoice": equals("invoice"),
        },
    ),
    Resource(
        "disputes",
        "dispute",
        "rak_dispute_read",
        {**_CREATED, "charge": equals("charge"), "payment_intent": equals("payment_intent")},
    ),
    Resource(
        "payouts",
        "payout",
        "rak_payout_read",
        {
            **_CREATED,
            "arrival_date": moment("arrival_date"),
            "destination": equals("destination"),
            "status": one_of("status", "pending", "in_transit", "paid", "failed", "canceled"),
        },
    ),
    Resource(
        "balance_transactions",
        "balance_transaction",
        "rak_balance_transaction_source_read",
        {
            **_CREATED,
            "currency": equals("currency"),
            "payout": in_payout,
            "source": equals("source"),
            "type": equals("type"),
        },
    ),
    Resource(
        "topups",
        "topup",
        "rak_top_up_read",
        {
            **_CREATED,
            "amount": moment("amount"),
            "status": one_of("status", "canceled", "failed", "pending", "succeeded"),
        },
    ),
    Resource(
        "transfers",
        "transfer",
        "rak_transfer_read",
        {
            **_CREATED,
            "destination": equals("destination"),
            "transfer_group": equals("transfer_group"),
        },
    ),
    Resource(
        "application_fees",
        "application_fee",
        "rak_application_fee_read",
        {**_CREATED, "charge": equals("charge")},
    ),
    Resource(
        "products",
        "product",
        "rak_product_read",
        {
            **_CREATED,
            "active": flag("active"),
            "ids": contained("id"),
            "shippable": flag("shippable"),
            "type": one_of("type", "good", "service"),
            "url": equals("url"),
        },
    ),
    Resource(
        "prices",
        "price",
        "rak_plan_read",
        {
            **_CREATED,
            "active": flag("active"),
            "currency": equals("currency"),
            "lookup_keys": contained("lookup_key"),
            "product": equals("product"),
            "recurring": nested("recurring", "interval", "meter", "usage_type"),
            "type": one_of("type", "one_time", "recurring"),
        },
    ),
    Resource(
        "tax_rates",
        "tax_rate",
        "rak_tax_rate_read",
        {**_CREATED, "active": flag("active"), "inclusive": flag("inclusive")},
    ),
    Resource("coupons", "coupon", "rak_coupon_read", dict(_CREATED)),
)

SCOPES = {
    **{resource.kind: resource.scope for resource in RESOURCES},
    "balance": "rak_balance_read",
    "customer_balance_transaction": "rak_customer_read",
    "credit_note_line_item": "rak_credit_note_read",
    "discount": "rak_coupon_read",
    "event": "rak_event_read",
    "fee_refund": "rak_application_fee_read",
    "line_item": "rak_invoice_read",
    "transfer_reversal": "rak_transfer_read",
}
"""The scope a restricted key needs per kind of object (stripe-api 7)."""


@dataclass(frozen=True)
class SubList:
    """A list below one object, ``/v1/<path>/{id}/<name>``."""

    parent_path: str
    name: str
    parent_kind: str
    kind: str
    filters: Mapping[str, Filter] = field(default_factory=dict)


SUB_LISTS = (
    SubList("invoices", "lines", "invoice", "line_item"),
    SubList("credit_notes", "lines", "credit_note", "credit_note_line_item"),
    SubList(
        "customers",
        "balance_transactions",
        "customer",
        "customer_balance_transaction",
        {**_CREATED, "invoice": equals("invoice")},
    ),
)
