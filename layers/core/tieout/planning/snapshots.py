"""Snapshots: frozen, typed views of Stripe objects, holding just what accounting needs.

They have one shape, whatever API version Stripe rendered the object in; `tieout.stripe.decode`
makes them. All amounts are minor units of the object's currency; all times are unix seconds.
Source: stripe-api dossier section 4.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; Stripe leaves any part null, which is an empty string here."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country_code: str = ""


@dataclass(frozen=True, slots=True)
class CustomerSnapshot:
    """A Stripe customer.

    Attributes:
        deleted: Stripe only keeps the id; name and address are then those frozen on an invoice.
    """

    id: str
    name: str = ""
    email: str = ""
    phone: str = ""
    address: Address = Address()
    metadata: Mapping[str, str] = field(default_factory=dict)
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """A tax on a line, on shipping or on an invoice.

    Attributes:
        inclusive: whether the amount is already inside the line's amount.
        tax_rate: id of the tax rate, where Stripe names one.
    """

    amount_minor: int
    inclusive: bool
    tax_rate: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line of an invoice.

    Attributes:
        amount_minor: signed; before discounts; includes inclusive tax, excludes exclusive tax.
        discount_minor: sum of the discounts on this line; positive takes away.
        billing_credit_minor: billing credits applied to this line; positive takes away.
        proration: whether the line settles a change in the middle of a period.
        period_start_unix, period_end_unix: the service period.
    """

    id: str
    amount_minor: int
    description: str = ""
    discount_minor: int = 0
    billing_credit_minor: int = 0
    taxes: tuple[TaxAmount, ...] = ()
    product: str | None = None
    price: str | None = None
    proration: bool = False
    period_start_unix: int | None = None
    period_end_unix: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShippingCost:
    """Shipping on an invoice.

    Attributes:
        amount_minor: before tax. tax_minor: part of the invoice's total taxes.
    """

    amount_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class InvoicePayment:
    """Money that settled (part of) an invoice.

    Attributes:
        id: `inpay_...`; for invoices older than the object, the id of the charge or payment intent.
        amount_paid_minor: what this payment settled of this invoice; 0 until paid.
        paid_at_unix: None until paid.
        out_of_band: paid outside Stripe (a payment record).
        payment_record: id of that record, where Stripe names it.
    """

    id: str
    invoice: str
    amount_paid_minor: int
    currency: str
    status: str
    paid_at_unix: int | None
    payment_intent: str | None = None
    charge: str | None = None
    out_of_band: bool = False
    payment_record: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceSnapshot:
    """An invoice with all its lines and payments.

    Attributes:
        status: draft, open, paid, uncollectible or void.
        total_minor: after discounts, tax and shipping; not reduced by credit notes.
        taxes: totals per tax rate, shipping tax included: the control total for tax.
        credit_balance_applied_minor: positive when customer credit balance paid part of it.
        pre_payment_credit_notes_minor: what credit notes took off what is owed.
        payments: every InvoicePayment in any status, by (paid_at, id).
        api_paid_out_of_band: the flag of invoices rendered before basil.
    """

    id: str
    number: str | None
    status: str
    currency: str
    customer: CustomerSnapshot | None
    created_unix: int
    effective_at_unix: int | None
    finalized_at_unix: int | None
    due_date_unix: int | None
    paid_at_unix: int | None
    voided_at_unix: int | None
    lines: tuple[InvoiceLine, ...]
    total_minor: int
    amount_paid_minor: int
    amount_remaining_minor: int
    amount_overpaid_minor: int = 0
    taxes: tuple[TaxAmount, ...] = ()
    shipping: ShippingCost | None = None
    credit_balance_applied_minor: int = 0
    pre_payment_credit_notes_minor: int = 0
    payments: tuple[InvoicePayment, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    api_paid_out_of_band: bool = False
    marked_uncollectible_at_unix: int | None = None


@dataclass(frozen=True, slots=True)
class Fee:
    """What Stripe kept of a movement of its balance.

    Attributes:
        balance_transaction: id of the movement.
        amount_minor: positive when Stripe keeps it, negative when it gives it back; never zero.
        currency: the balance's, which may be another one than the charge's or refund's.
    """

    balance_transaction: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """One refund.

    Attributes:
        status: pending, requires_action, succeeded, failed or canceled.
        moved_at_unix: when it moved Stripe's balance (its balance transaction); None if it did not.
        returned_at_unix: when a failure brought the money back; None if it did not.
        fees: what Stripe kept or gave back when the money moved and when it came back.
    """

    id: str
    amount_minor: int
    currency: str
    status: str
    created_unix: int
    moved_at_unix: int | None
    returned_at_unix: int | None
    charge: str | None = None
    payment_intent: str | None = None
    reason: str = ""
    fees: tuple[Fee, ...] = ()


@dataclass(frozen=True, slots=True)
class RefundSnapshot:
    """A refund, its siblings on the same charge, and the invoices that the charge paid.

    Attributes:
        siblings: every refund of the charge, this one included, by (created, id).
        invoices: invoices that the charge's payment intent paid; empty for a sale without invoice.
    """

    refund: RefundFacts
    siblings: tuple[RefundFacts, ...]
    invoices: tuple[InvoiceSnapshot, ...]


@dataclass(frozen=True, slots=True)
class ChargeSnapshot:
    """A charge, and the ids of the invoices that it paid.

    Attributes:
        invoices: ids of invoices; their own subjects book the payment.
        fees: what Stripe kept of it; empty until the charge has moved Stripe's balance.
        moved_at_unix: when it last did; None until then.
    """

    id: str
    amount_minor: int
    currency: str
    status: str
    created_unix: int
    captured: bool
    payment_intent: str | None = None
    invoices: tuple[str, ...] = ()
    fees: tuple[Fee, ...] = ()
    moved_at_unix: int | None = None


@dataclass(frozen=True, slots=True)
class OtherSnapshot:
    """An object that is recognised but not booked yet: what a person needs to find it.

    Attributes:
        kind: Stripe's `object` (credit_note, dispute, payout, ...).
        amount_minor: with `currency`, where the object has one; of a credit note without what
            refunds paid out, which are subjects of their own.
    """

    id: str
    kind: str
    status: str = ""
    amount_minor: int | None = None
    currency: str | None = None


Snapshot = CustomerSnapshot | InvoiceSnapshot | RefundSnapshot | ChargeSnapshot | OtherSnapshot
