"""The JSON of PaymentIntents, InvoicePayments, charges and payment records."""

from tests import planted
from tests.sandbox.stripe.json_types import JsonObject


def blank_intent(
    intent_id: str,
    amount_minor: int,
    currency: str,
    *,
    now: int,
    livemode: bool,
    customer: str | None,
) -> JsonObject:
    """Return a PaymentIntent that waits for a payment method. Source: stripe-api 4.5."""
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount_minor,
        "amount_capturable": 0,
        "amount_details": {"tip": None},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_double",
        "confirmation_method": "automatic",
        "created": now,
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": livemode,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": None,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def invoice_payment(
    payment_id: str,
    invoice: JsonObject,
    amount_minor: int,
    payment: JsonObject,
    *,
    now: int,
    is_default: bool,
) -> JsonObject:
    """Return an open InvoicePayment. Source: stripe-api 4.4."""
    return {
        "id": payment_id,
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": amount_minor,
        "created": now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": is_default,
        "livemode": invoice["livemode"],
        "payment": payment,
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }


def blank_charge(
    charge_id: str,
    intent: JsonObject,
    amount_minor: int,
    *,
    now: int,
    payment_method: str,
    captured: bool = True,
    failure: tuple[str, str] | None = None,
) -> JsonObject:
    """Return a charge of an intent; ``failure`` is (code, message) of a declined one.

    ``balance_transaction`` starts as null, as with asynchronous capture. Source: stripe-api
    0.3, 4.5.
    """
    succeeded = failure is None
    return {
        "id": charge_id,
        "object": "charge",
        "amount": amount_minor,
        "amount_captured": amount_minor if captured and succeeded else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": {
            "address": None,
            "email": planted.EMAIL,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "calculated_statement_descriptor": "EXAMPLE TRADING",
        "captured": captured and succeeded,
        "created": now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None if failure is None else failure[0],
        "failure_message": None if failure is None else failure[1],
        "fraud_details": {},
        "livemode": intent["livemode"],
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": _outcome(succeeded=succeeded),
        "paid": succeeded,
        "payment_intent": intent["id"],
        "payment_method": None,
        "payment_method_details": _method_details(payment_method),
        "receipt_email": planted.EMAIL,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded" if succeeded else "failed",
        "transfer_data": None,
        "transfer_group": None,
    }


def _method_details(payment_method: str) -> JsonObject:
    """Return what was paid with; only cards have details that the double fills in."""
    details: JsonObject = {}
    if payment_method == "card":
        details = {
            "brand": "visa",
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "pass",
            },
            "country": "US",
            "exp_month": 12,
            "exp_year": 2030,
            "fingerprint": None,
            "funding": "credit",
            "installments": None,
            "last4": "4242",
            "mandate": None,
            "network": "visa",
            "three_d_secure": None,
            "wallet": None,
        }
    return {payment_method: details, "type": payment_method}


def _outcome(*, succeeded: bool) -> JsonObject:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network" if succeeded else "declined_by_network",
        "reason": None if succeeded else "generic_decline",
        "risk_level": "normal",
        "seller_message": "Payment complete." if succeeded else "The bank declined the payment.",
        "type": "authorized" if succeeded else "issuer_declined",
    }


def payment_record(
    record_id: str,
    amount_minor: int,
    currency: str,
    *,
    now: int,
    livemode: bool,
    customer: str,
    reference: str | None,
) -> JsonObject:
    """Return the record of a payment that was received outside Stripe. Source: 2.1 rule 7."""
    paid = {"currency": currency, "value": amount_minor}
    nothing = {"currency": currency, "value": 0}
    return {
        "id": record_id,
        "object": "payment_record",
        "amount": dict(paid),
        "amount_authorized": dict(nothing),
        "amount_canceled": dict(nothing),
        "amount_failed": dict(nothing),
        "amount_guaranteed": dict(paid),
        "amount_refunded": dict(nothing),
        "amount_requested": dict(paid),
        "application": None,
        "created": now,
        "customer_details": {"customer": customer, "email": None, "name": None, "phone": None},
        "customer_presence": None,
        "description": None,
        "latest_payment_attempt_record": None,
        "livemode": livemode,
        "metadata": {},
        "payment_method_details": {
            "custom": {"display_name": "Bank transfer", "type": None},
            "type": "custom",
        },
        "processor_details": {"custom": {"payment_reference": reference}, "type": "custom"},
        "reported_by": "self",
        "shipping_details": None,
    }
