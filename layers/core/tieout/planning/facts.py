"""Facts: what rules may know of a thing to book. Neither names nor e-mail addresses are among them.

docs/policy.md lists them, `domain.expressions.FACTS` is the list that conditions are checked with.
Amounts are minor units, signed as Stripe has them.
"""

from datetime import date

from tieout.domain.dates import accounting_date
from tieout.domain.expressions import Facts
from tieout.domain.movement_policy import Category
from tieout.domain.policy import Policy
from tieout.planning.rules import Case
from tieout.planning.snapshots import (
    BalanceTransaction,
    ChargeSnapshot,
    CustomerSnapshot,
    FeeDetail,
    InvoiceLine,
    InvoicePayment,
    InvoiceSnapshot,
)


def invoice_case(invoice: InvoiceSnapshot, policy: Policy) -> Case:
    """Return the case of an invoice, on its legal day, whatever is booked of it later."""
    return Case(
        lambda: accounting_date(invoice.issued_at_unix, policy.zone), lambda: _invoice(invoice)
    )


def payment_case(invoice: InvoiceSnapshot, payment: InvoicePayment, day: date) -> Case:
    """Return the case of a payment of an invoice, on the day it was paid."""
    return Case(
        lambda: day,
        lambda: {
            **_invoice(invoice),
            "kind": "out_of_band_payment" if payment.out_of_band else "payment",
            "currency": payment.currency,
            "amount_minor": payment.amount_paid_minor,
            "charge": {"id": payment.charge},
        },
    )


def charge_case(charge: ChargeSnapshot, policy: Policy) -> Case:
    """Return the case of a charge that pays no invoice, on the day it was made."""
    return Case(
        lambda: accounting_date(charge.created_unix, policy.zone),
        lambda: {
            "kind": "charge",
            "currency": charge.currency,
            "amount_minor": charge.amount_minor,
            "customer": None if charge.customer is None else _customer(charge.customer),
            "charge": {
                "id": charge.id,
                "description": charge.description,
                "payment_method": charge.payment_method,
                "metadata": charge.metadata,
            },
            "metadata": charge.metadata,
        },
    )


def sale_case(charge: ChargeSnapshot, policy: Policy, *, is_summarised: bool) -> Case:
    """Return the case of what a sale earns, on the day it moved the balance.

    A day's journal knows a charge only as its movement shows it. So that it and the charge's own
    subject get one answer, nothing else is a fact of what it sums up: of the customer the id, of
    the means of payment nothing.
    """
    moved_at_unix = charge.movement.created_unix if charge.movement else charge.created_unix
    customer = charge.customer
    if customer is not None and is_summarised:
        customer = CustomerSnapshot(customer.id)
    return Case(
        lambda: accounting_date(moved_at_unix, policy.zone),
        lambda: {
            "kind": "sale",
            "currency": charge.currency,
            "amount_minor": charge.amount_minor,
            "customer": None if customer is None else _customer(customer),
            "charge": {
                "id": charge.id,
                "description": charge.description,
                "metadata": charge.metadata,
            },
            "metadata": charge.metadata,
        },
    )


def customer_case(customer: CustomerSnapshot) -> Case:
    """Return the case of a customer, who has no day."""
    return Case(
        lambda: None,
        lambda: {
            "kind": "customer",
            "customer": _customer(customer),
            "metadata": customer.metadata,
        },
    )


def fee_case(
    movement: BalanceTransaction, category: Category, part: FeeDetail, policy: Policy
) -> Case:
    """Return the case of what Stripe kept of a movement, or of a part of it.

    Args:
        movement: of the balance.
        category: what the fee is to an accountant.
        part: the fee as Stripe tells it; without a type where Stripe does not.
        policy: the company's.
    """
    return Case(
        lambda: accounting_date(movement.created_unix, policy.zone),
        lambda: {
            "kind": "fee",
            "currency": movement.currency,
            "amount_minor": part.amount_minor,
            "fee": {
                "category": category.value,
                "type": part.type or None,
                "description": part.description or None,
            },
            "movement": {
                "type": movement.type,
                "reporting_category": movement.reporting_category,
                "description": movement.description or None,
            },
        },
    )


def line_facts(line: InvoiceLine) -> Facts:
    """Return what is known of an invoice line."""
    return {
        "line": {
            "id": line.id,
            "description": line.description,
            "price": line.price,
            "product": line.product,
            "proration": line.proration,
            "metadata": line.metadata,
            "amount_minor": line.amount_minor,
        }
    }


def tax_facts(tax_rate: str | None) -> Facts:
    """Return what is known of a tax."""
    return {"tax": {"rate": tax_rate}}


def _invoice(invoice: InvoiceSnapshot) -> Facts:
    return {
        "kind": "invoice",
        "currency": invoice.currency,
        "amount_minor": invoice.total_minor,
        "customer": None if invoice.customer is None else _customer(invoice.customer),
        "invoice": {"id": invoice.id, "number": invoice.number, "metadata": invoice.metadata},
        "metadata": invoice.metadata,
    }


def _customer(customer: CustomerSnapshot) -> Facts:
    return {
        "id": customer.id,
        "metadata": customer.metadata,
        "country": customer.address.country_code or None,
    }
