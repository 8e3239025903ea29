"""What a caller says about an invoice or credit note before the account works it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LineSpec:
    """One invoice line: ``price`` times ``quantity``, or an ``amount_minor`` of its own.

    A negative ``amount_minor`` with ``proration=True`` is a credit for unused time;
    ``credited_invoice`` and ``credited_lines`` name what it credits. ``tax_rates`` and
    ``coupons`` are ids; a line without tax rates takes the invoice's. ``period`` is (start, end)
    in unix seconds. Source: stripe-api 4.2.
    """

    description: str | None = None
    price: str | None = None
    quantity: int = 1
    amount_minor: int | None = None
    period: tuple[int, int] | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tax_rates: tuple[str, ...] = ()
    coupons: tuple[str, ...] = ()
    proration: bool = False
    credited_invoice: str | None = None
    credited_lines: tuple[str, ...] = ()
    subscription_item: str | None = None


@dataclass(frozen=True)
class ShippingSpec:
    """Shipping on the whole invoice, in minor units, with tax rate ids."""

    amount_minor: int
    tax_rates: tuple[str, ...] = ()


@dataclass(frozen=True)
class InvoiceSpec:
    """A draft invoice. ``coupons`` discount the invoice, ``tax_rates`` are the lines' default.

    ``days_until_due`` makes it ``send_invoice``; without it Stripe charges automatically.
    ``subscription`` is only an id that the invoice refers to. Source: stripe-api 4.1.
    """

    customer: str
    lines: tuple[LineSpec, ...]
    currency: str = "usd"
    coupons: tuple[str, ...] = ()
    tax_rates: tuple[str, ...] = ()
    shipping: ShippingSpec | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None
    days_until_due: int | None = None
    subscription: str | None = None


@dataclass(frozen=True)
class CreditLineSpec:
    """One credit note line: part or all of an invoice line, before discounts, minor units.

    Without ``invoice_line`` it is a custom line with a text and tax rates of its own.
    """

    invoice_line: str | None
    amount_minor: int
    description: str | None = None
    tax_rates: tuple[str, ...] = ()


@dataclass(frozen=True)
class CreditNoteSpec:
    """A credit note. What is not taken off the unpaid part must be named to the unit.

    ``refund_minor`` is refunded now, ``refunds`` were made before and are paid back by this note,
    ``credit_minor`` goes to the customer's balance, ``out_of_band_minor`` was given back outside
    Stripe. ``shipping_minor`` is credited of the shipping, without exclusive tax. Source:
    stripe-api 4.3.
    """

    invoice: str
    lines: tuple[CreditLineSpec, ...]
    reason: str | None = None
    memo: str | None = None
    refund_minor: int = 0
    refunds: tuple[str, ...] = ()
    shipping_minor: int = 0
    credit_minor: int = 0
    out_of_band_minor: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
