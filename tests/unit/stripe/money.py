"""What moves Stripe's balance, as the pinned version renders it: well formed, a field at a time
to be changed."""

from tests.unit.stripe.shapes import Json


def moved(identifier: str = "txn_1", amount: int = 500, fee: int = 0, **changes: object) -> Json:
    return {
        "id": identifier,
        "object": "balance_transaction",
        "type": "charge",
        "reporting_category": "charge",
        "amount": amount,
        "fee": fee,
        "net": amount - fee,
        "fee_details": [],
        "currency": "usd",
        "created": 110,
        "source": None,
        "description": None,
        **changes,
    }


def credit_note(identifier: str = "cn_1", **changes: object) -> Json:
    return {
        "id": identifier,
        "object": "credit_note",
        "number": "A-1-CN-01",
        "invoice": "in_1Shape",
        "status": "issued",
        "currency": "usd",
        "created": 100,
        "effective_at": 90,
        "voided_at": None,
        "total": 500,
        "pre_payment_amount": 500,
        "post_payment_amount": 0,
        "out_of_band_amount": None,
        "customer_balance_transaction": None,
        "refunds": [],
        "shipping_cost": None,
        "total_taxes": [],
        "metadata": {},
        "lines": {"object": "list", "data": [credit_note_line()], "has_more": False},
        **changes,
    }


def credit_note_line(identifier: str = "cnli_1", **changes: object) -> Json:
    return {
        "id": identifier,
        "object": "credit_note_line_item",
        "amount": 500,
        "description": "Seats",
        "discount_amount": 0,
        "taxes": [],
        "invoice_line_item": "il_1",
        **changes,
    }


def balance_change(identifier: str = "cbtxn_1", **changes: object) -> Json:
    return {
        "id": identifier,
        "object": "customer_balance_transaction",
        "type": "adjustment",
        "amount": -300,
        "currency": "usd",
        "created": 100,
        "invoice": None,
        "credit_note": None,
        "description": None,
        "metadata": {},
        **changes,
    }


def dispute(**changes: object) -> Json:
    return {
        "id": "du_1",
        "object": "dispute",
        "status": "needs_response",
        "amount": 500,
        "currency": "usd",
        "created": 100,
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "reason": "fraudulent",
        **changes,
    }


def payout(**changes: object) -> Json:
    return {
        "id": "po_1",
        "object": "payout",
        "status": "paid",
        "amount": 470,
        "currency": "usd",
        "created": 100,
        "arrival_date": 200,
        "automatic": True,
        "method": "standard",
        "reconciliation_status": "completed",
        "trace_id": {"status": "supported", "value": "REF7"},
        **changes,
    }


def topup(**changes: object) -> Json:
    return {
        "id": "tu_1",
        "object": "topup",
        "status": "succeeded",
        "amount": 500,
        "currency": "usd",
        "created": 100,
        **changes,
    }
