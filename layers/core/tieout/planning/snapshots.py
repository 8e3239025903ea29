"""Snapshots: frozen, typed views of Stripe objects, holding just what accounting needs.

They have one shape, whatever API version Stripe rendered the object in; `tieout.stripe.decode`
makes them. All amounts are minor units of the object's currency; all times are unix seconds.
Source: stripe-api dossier section 4.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


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
class CustomerBalanceTransaction:
    """One change of what Stripe keeps in a customer's favour, or against them.

    Attributes:
        amount_minor: negative is in the customer's favour, as Stripe has it.
        type: adjustment, applied_to_invoice, credit_note, invoice_overpaid, ...
    Source: stripe-api dossier section 4.9.
    """

    id: str
    type: str
    amount_minor: int
    currency: str
    created_unix: int
    invoice: str | None = None
    credit_note: str | None = None
    description: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CustomerSnapshot:
    """A Stripe customer.

    Attributes:
        deleted: Stripe only keeps the id; name and address are then those frozen on an invoice.
        balance_transactions: every change of the credit balance, by (created, id); None where they
            were not read, as with the customer of an invoice.
        booked_as: the CUSTOMERID of a deleted one, whose metadata nobody knows any more; empty if
            it was never booked.
    """

    id: str
    name: str = ""
    email: str = ""
    phone: str = ""
    address: Address = Address()
    metadata: Mapping[str, str] = field(default_factory=dict)
    deleted: bool = False
    balance_transactions: tuple[CustomerBalanceTransaction, ...] | None = None
    booked_as: str = ""


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
        credited_invoice, credited_lines: what a proration credit takes back, where Stripe says so.
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
    credited_invoice: str | None = None
    credited_lines: tuple[str, ...] = ()


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
        returned_at_unix: when the money went back after all (a late failure of the payment
            method), or the payment was canceled that had brought none; None if neither, or nobody
            knows when.
        reopened_at_unix: when a given-up invoice was owed again because of it, though Stripe shows
            nothing that it brought; Stripe never tells, so this is what was booked.
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
    returned_at_unix: int | None = None
    reopened_at_unix: int | None = None

    @property
    def is_of_its_invoice(self) -> bool:
        """Whether it pays its invoice, may yet do so, or did so before its money went back."""
        return self.status != "canceled" or self.amount_paid_minor > 0


@dataclass(frozen=True, slots=True)
class CreditNoteLine:
    """A line of a credit note.

    Attributes:
        amount_minor: positive gives back; before discounts, with inclusive and without exclusive
            tax, as on an invoice's line.
        invoice_line: the line that it takes back; None for a custom line.
    """

    id: str
    amount_minor: int
    description: str = ""
    discount_minor: int = 0
    taxes: tuple[TaxAmount, ...] = ()
    invoice_line: str | None = None


@dataclass(frozen=True, slots=True)
class CreditNoteRefund:
    """A part of a credit note that is paid back.

    Attributes:
        refund: id of the refund; None for one that was recorded outside Stripe.
    """

    refund: str | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A credit note.

    Attributes:
        status: issued or void.
        total_minor: what is given back, tax included; pre- and post-payment part together.
        pre_payment_minor: what it took off what was still owed.
        refunds: what of the post-payment part is paid back through Stripe or past it.
        balance_credit_minor: what of it went to the customer's credit balance.
        out_of_band_minor: what of it was given back outside Stripe.
        taxes: totals per tax rate, shipping tax included.
    Source: stripe-api dossier section 4.3.
    """

    id: str
    number: str
    invoice: str
    status: str
    currency: str
    created_unix: int
    effective_at_unix: int | None
    voided_at_unix: int | None
    total_minor: int
    pre_payment_minor: int
    lines: tuple[CreditNoteLine, ...]
    taxes: tuple[TaxAmount, ...] = ()
    shipping: ShippingCost | None = None
    refunds: tuple[CreditNoteRefund, ...] = ()
    balance_credit_minor: int = 0
    out_of_band_minor: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def refunded_minor(self) -> Mapping[str, int]:
        """What of it each refund pays back, by the refund's id."""
        found: dict[str, int] = {}
        for each in self.refunds:
            if each.refund is not None:
                found[each.refund] = found.get(each.refund, 0) + each.amount_minor
        return found

    @property
    def outside_minor(self) -> int:
        """What of it was given back outside Stripe, recorded there as a refund or not."""
        recorded = (each.amount_minor for each in self.refunds if each.refund is None)
        return self.out_of_band_minor + sum(recorded)


@dataclass(frozen=True, slots=True)
class InvoiceSnapshot:
    """An invoice with all its lines and payments.

    Attributes:
        status: draft, open, paid, uncollectible or void.
        total_minor: after discounts, tax and shipping; not reduced by credit notes.
        taxes: totals per tax rate, shipping tax included: the control total for tax.
        credit_balance_applied_minor: positive when customer credit balance paid part of it,
            negative when what the customer owed from before was added to what is due.
        pre_payment_credit_notes_minor: what credit notes took off what is owed.
        payments: every InvoicePayment in any status, by (paid_at, id).
        credit_notes: every credit note in any status, by (created, id).
        api_paid_out_of_band: the flag of invoices rendered before basil.
        written_off_before_unix: when it had been marked uncollectible before; Stripe only tells of
            the last time, so these are what was booked.
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
    post_payment_credit_notes_minor: int = 0
    credit_notes: tuple[CreditNote, ...] = ()
    written_off_before_unix: tuple[int, ...] = ()

    @property
    def issued_at_unix(self) -> int:
        """The legal moment of the invoice.

        Source: stripe-api dossier section 4.1: `effective_at` is the finalisation unless
        overridden.
        """
        return self.effective_at_unix or self.finalized_at_unix or self.created_unix


@dataclass(frozen=True, slots=True)
class CreditNoteSnapshot:
    """A credit note and the invoice that it takes back, with all credit notes of that."""

    note: CreditNote
    invoice: InvoiceSnapshot


@dataclass(frozen=True, slots=True)
class FeeDetail:
    """A part of what Stripe kept of a movement.

    Attributes:
        type: stripe_fee, application_fee, tax, ...
        amount_minor: positive when Stripe keeps it; of the movement's currency.
    """

    type: str
    amount_minor: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """The object behind a movement of Stripe's balance, as far as accounting asks.

    Attributes:
        kind: Stripe's `object` (charge, refund, dispute, payout, ...).
        amount_minor: unsigned, minor units of `currency`, which may not be the balance's.
    """

    kind: str
    id: str
    amount_minor: int | None = None
    currency: str | None = None
    charge: str | None = None
    payment_intent: str | None = None
    customer: str | None = None
    description: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BalanceTransaction:
    """One movement of Stripe's balance; `amount_minor - fee_minor` is what the balance changed by.

    Attributes:
        amount_minor: gross; positive comes in.
        fee_minor: positive when Stripe keeps it, negative when it gives it back.
        currency: the balance's (settlement currency).
        fees: what the fee is made of.
        source: id of the object behind it; None for Stripe's own bills.
        origin: that object, where it was read along.
    Source: stripe-api dossier section 4.7.
    """

    id: str
    type: str
    reporting_category: str
    amount_minor: int
    fee_minor: int
    currency: str
    created_unix: int
    source: str | None = None
    description: str = ""
    fees: tuple[FeeDetail, ...] = ()
    origin: Origin | None = None

    @property
    def net_minor(self) -> int:
        """By how much the balance changed; positive is more."""
        return self.amount_minor - self.fee_minor


@dataclass(frozen=True, slots=True)
class DisputeSnapshot:
    """A dispute or inquiry, and how it moved the balance so far.

    Attributes:
        amount_minor: disputed, in the charge's currency.
        movements: every balance transaction of it, by (created, id).
    """

    id: str
    status: str
    amount_minor: int
    currency: str
    created_unix: int
    movements: tuple[BalanceTransaction, ...]
    charge: str | None = None
    payment_intent: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PayoutSnapshot:
    """A payout, and how it moved the balance so far.

    Attributes:
        amount_minor: positive to our bank; negative is a debit of it.
        status: pending, in_transit, paid, failed or canceled.
        arrival_unix: when the bank should have it.
        movements: every balance transaction of it, its failure's too, by (created, id).
        content_minor: the net sum of what an automatic, reconciled payout pays out; None where
            Stripe does not tell.
    """

    id: str
    status: str
    amount_minor: int
    currency: str
    created_unix: int
    arrival_unix: int
    automatic: bool
    method: str
    movements: tuple[BalanceTransaction, ...]
    content_minor: int | None = None
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class TopupSnapshot:
    """Money that the company put into its Stripe balance; movements by (created, id)."""

    id: str
    status: str
    amount_minor: int
    currency: str
    created_unix: int
    movements: tuple[BalanceTransaction, ...]


@dataclass(frozen=True, slots=True)
class ActivitySnapshot:
    """Every movement of the balance on one day of the company's.

    Attributes:
        day: as the company counts.
        movements: of all currencies, by (created, id), each with its origin.
    """

    day: date
    movements: tuple[BalanceTransaction, ...]


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
    """A refund, its siblings on the same charge, and what the charge paid.

    Attributes:
        siblings: every refund of the charge, this one included, by (created, id).
        invoices: invoices that the charge's payment intent paid; empty for a sale without invoice.
        sale: the charge, where it paid no invoice.
    """

    refund: RefundFacts
    siblings: tuple[RefundFacts, ...]
    invoices: tuple[InvoiceSnapshot, ...]
    sale: "ChargeSnapshot | None" = None


@dataclass(frozen=True, slots=True)
class ChargeSnapshot:
    """A charge, and the ids of the invoices that it paid.

    Attributes:
        invoices: ids of invoices; their own subjects book the payment.
        payments: the InvoicePayments behind them.
        paid_invoices: the invoices themselves, where the money went back.
        movement, failure: how it moved the balance, and how its late failure did.
        fees: what Stripe kept of it; empty until the charge has moved Stripe's balance.
        moved_at_unix: when it last did; None until then.
        earned_on, earned_why: account and dimensions of what the sale's document earned, and what
            chose them; empty where none was booked. Stripe's metadata may say otherwise by now.
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
    payments: tuple[InvoicePayment, ...] = ()
    paid_invoices: tuple[InvoiceSnapshot, ...] = ()
    movement: BalanceTransaction | None = None
    failure: BalanceTransaction | None = None
    customer: CustomerSnapshot | None = None
    description: str = ""
    payment_method: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    earned_on: str = ""
    earned_why: str = ""


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


Snapshot = (
    CustomerSnapshot
    | InvoiceSnapshot
    | CreditNoteSnapshot
    | RefundSnapshot
    | ChargeSnapshot
    | DisputeSnapshot
    | PayoutSnapshot
    | TopupSnapshot
    | ActivitySnapshot
    | OtherSnapshot
)
