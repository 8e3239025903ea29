"""From stored objects to what the API shows: embedded lists, moving statuses."""

from tests.sandbox.stripe.json_types import JsonObject, copied, list_object
from tests.sandbox.stripe.store import ObjectStore

EMBEDDED_LINES = 10
"""How many lines Stripe embeds in an invoice or credit note (stripe-api 1.4, likely)."""

_LINES_URL = {"invoice": "/v1/invoices/{}/lines", "credit_note": "/v1/credit_notes/{}/lines"}

# Lists that Stripe embeds whole: name, kind of the elements, their field with the parent's id.
_EMBEDDED = {
    "application_fee": ("refunds", "fee_refund", "fee"),
    "transfer": ("reversals", "transfer_reversal", "transfer"),
}


def present(store: ObjectStore, obj: JsonObject, now: int) -> JsonObject:
    """Return a copy of ``obj`` as the API shows it at ``now`` (unix seconds)."""
    shown = copied(obj)
    url = _LINES_URL.get(shown.get("object", ""))
    if url is not None:
        lines = [copied(each) for each in store.lines.get(shown["id"], [])]
        shown["lines"] = list_object(
            lines[:EMBEDDED_LINES],
            url=url.format(shown["id"]),
            has_more=len(lines) > EMBEDDED_LINES,
        )
    if shown.get("object") == "balance_transaction":
        shown["status"] = "available" if shown["available_on"] <= now else "pending"
    embedded = _EMBEDDED.get(shown.get("object", ""))
    if embedded is not None:
        _embed(store, shown, *embedded)
    if shown.get("object") == "dispute":
        shown["balance_transactions"] = [
            present(store, store.get("balance_transaction", each), now)
            for each in shown["balance_transactions"]
        ]
    return shown


def _embed(store: ObjectStore, shown: JsonObject, name: str, kind: str, field: str) -> None:
    data = [copied(each) for each in reversed(store.where(kind, field, shown["id"]))]
    url = f"/v1/{shown['object']}s/{shown['id']}/{name}"
    shown[name] = list_object(data[:EMBEDDED_LINES], url=url, has_more=len(data) > EMBEDDED_LINES)
