"""Strategies: invoices as Stripe could issue them, whose amounts add up the way Stripe's do.

With negative proration lines, discounts, inclusive or exclusive tax at several rates, tax totals
that are rounded otherwise than the lines, shipping, and currencies of every exponent.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import strategies as st

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_customer,
    a_line,
    a_payment,
    a_refund,
    an_invoice,
)
from tieout.planning.snapshots import (
    InvoiceLine,
    InvoicePayment,
    InvoiceSnapshot,
    RefundFacts,
    ShippingCost,
    TaxAmount,
)

RATES_PERCENT = {"txr_vat": 19, "txr_state": 7}
CURRENCIES = st.sampled_from(["usd", "eur", "jpy", "bhd"])


@st.composite
def invoice_lines(draw: st.DrawFn, *, inclusive: bool) -> tuple[InvoiceLine, ...]:
    """Lines with a positive sum after discounts."""
    lines = []
    for index in range(draw(st.integers(1, 6))):
        amount_minor = draw(st.integers(-20_000, 100_000))
        discount_minor = draw(st.integers(0, amount_minor)) if amount_minor > 0 else 0
        rate = draw(st.sampled_from([None, *RATES_PERCENT]))
        left_minor = amount_minor - discount_minor
        lines.append(
            a_line(
                amount_minor,
                id=f"il_{index}",
                discount_minor=discount_minor,
                taxes=() if rate is None else (_tax(left_minor, rate, inclusive=inclusive),),
                product=draw(st.sampled_from([None, "prod_usage"])),
                price=draw(st.sampled_from([None, "price_setup"])),
                metadata=draw(st.sampled_from([{}, {"department": "SALES"}])),
            )
        )
    sum_minor = sum(line.amount_minor - line.discount_minor for line in lines)
    if sum_minor <= 0:
        lines.append(a_line(draw(st.integers(1, 1_000)) - sum_minor, id="il_last"))
    return tuple(lines)


@st.composite
def invoices(draw: st.DrawFn) -> InvoiceSnapshot:
    """Open, unpaid invoices with a positive total."""
    inclusive = draw(st.booleans())
    lines = draw(invoice_lines(inclusive=inclusive))
    totals: dict[str, int] = defaultdict(int)
    for tax in (tax for line in lines for tax in line.taxes):
        assert tax.tax_rate is not None
        totals[tax.tax_rate] += tax.amount_minor
    taxed = sum(len(line.taxes) for line in lines)
    if taxed > 1:
        # Stripe may round once for the invoice instead of once for each line.
        totals[next(iter(totals))] += draw(st.integers(-1, 1))
    shipping = None
    if draw(st.booleans()):
        shipping = ShippingCost(draw(st.integers(1, 5_000)), draw(st.integers(0, 900)))
        totals["txr_vat"] += shipping.tax_minor
    taxes = tuple(TaxAmount(amount, inclusive, rate) for rate, amount in totals.items())
    total_minor = _total(lines, taxes, shipping)
    invoice = an_invoice(
        currency=draw(CURRENCIES),
        lines=lines,
        taxes=taxes,
        shipping=shipping,
        total_minor=total_minor,
    )
    if total_minor > 0:
        return invoice
    more = a_line(1_000 - total_minor, id="il_more")
    return dataclasses.replace(invoice, lines=(*lines, more), total_minor=1_000)


@st.composite
def part_paid_invoices(draw: st.DrawFn) -> InvoiceSnapshot:
    """Invoices that up to four payments settled, wholly or in part."""
    invoice = draw(invoices())
    parts = draw(splits(invoice.total_minor, parts_max=4))
    unpaid = draw(st.booleans())
    payments = tuple(
        a_payment(
            amount_minor,
            id=f"inpay_{index}",
            currency=invoice.currency,
            payment_intent=f"pi_{index}",
            paid_at_unix=NOON + draw(st.integers(0, 3)) * DAY_SECONDS,
        )
        for index, amount_minor in enumerate(parts[:-1] if unpaid else parts)
    )
    return paid_by(invoice, payments)


def paid_by(invoice: InvoiceSnapshot, payments: tuple[InvoicePayment, ...]) -> InvoiceSnapshot:
    """The invoice with these payments; paid if they settle all of it."""
    paid_minor = sum(payment.amount_paid_minor for payment in payments)
    settled = paid_minor == invoice.total_minor
    return dataclasses.replace(
        invoice,
        status="paid" if settled else "open",
        paid_at_unix=NOON + 3 * DAY_SECONDS if settled else None,
        payments=payments,
        amount_paid_minor=paid_minor,
        amount_remaining_minor=invoice.total_minor - paid_minor,
    )


@st.composite
def refunds_of(draw: st.DrawFn, payment: InvoicePayment) -> tuple[RefundFacts, ...]:
    """Refunds that give all of a payment back, in up to four steps."""
    parts = draw(splits(payment.amount_paid_minor, parts_max=4))
    return tuple(
        a_refund(
            amount_minor,
            id=f"re_{payment.payment_intent}_{index}",
            currency=payment.currency,
            created_unix=NOON + draw(st.integers(4, 6)) * DAY_SECONDS,
            payment_intent=payment.payment_intent,
            charge=f"ch_of_{payment.payment_intent}",
        )
        for index, amount_minor in enumerate(parts)
    )


@st.composite
def splits(draw: st.DrawFn, total: int, parts_max: int) -> Sequence[int]:
    """A positive total as the sum of some positive parts."""
    cuts = draw(st.sets(st.integers(1, total - 1), max_size=parts_max - 1)) if total > 1 else set()
    edges = [0, *sorted(cuts), total]
    return [end - begin for begin, end in pairwise(edges)]


AMOUNTS = st.integers(-1_000, 20_000)
MOMENTS = st.one_of(st.none(), st.integers(NOON - DAY_SECONDS, NOON + DAY_SECONDS))
ODD_IDS = st.sampled_from(["x_1", "x_2", "", "\x00", "i" * 255, "\U0001f680"])


def contradictory_invoices() -> st.SearchStrategy[InvoiceSnapshot]:
    """Invoices whose fields each have a legal type and together make no sense."""
    taxes = st.lists(st.builds(TaxAmount, AMOUNTS, st.booleans(), st.none()), max_size=2)
    lines = st.builds(
        InvoiceLine,
        ODD_IDS,
        AMOUNTS,
        discount_minor=AMOUNTS,
        billing_credit_minor=st.sampled_from([0, 0, 5]),
        taxes=taxes.map(tuple),
    )
    payments = st.builds(
        InvoicePayment,
        ODD_IDS,
        ODD_IDS,
        AMOUNTS,
        CURRENCIES,
        st.sampled_from(["paid", "open"]),
        MOMENTS,
        st.sampled_from([None, "pi_1"]),
        out_of_band=st.booleans(),
    )
    return st.builds(
        InvoiceSnapshot,
        id=ODD_IDS,
        number=ODD_IDS,
        status=st.sampled_from(["draft", "open", "paid", "uncollectible", "void"]),
        currency=CURRENCIES,
        customer=st.sampled_from([None, a_customer(), a_customer(name="", deleted=True)]),
        created_unix=st.just(NOON),
        effective_at_unix=MOMENTS,
        finalized_at_unix=MOMENTS,
        due_date_unix=MOMENTS,
        paid_at_unix=MOMENTS,
        voided_at_unix=MOMENTS,
        lines=st.lists(lines, max_size=3).map(tuple),
        total_minor=AMOUNTS,
        amount_paid_minor=AMOUNTS,
        amount_remaining_minor=AMOUNTS,
        amount_overpaid_minor=AMOUNTS,
        taxes=taxes.map(tuple),
        shipping=st.one_of(st.none(), st.builds(ShippingCost, AMOUNTS, AMOUNTS)),
        pre_payment_credit_notes_minor=AMOUNTS,
        payments=st.lists(payments, max_size=3).map(tuple),
    )


def contradictory_refunds() -> st.SearchStrategy[tuple[RefundFacts, ...]]:
    """Refunds of one charge whose amounts, times and states make no sense together."""
    refund = st.builds(
        RefundFacts,
        ODD_IDS,
        AMOUNTS,
        CURRENCIES,
        st.sampled_from(["pending", "succeeded", "failed", "canceled"]),
        st.just(NOON),
        MOMENTS,
        MOMENTS,
        payment_intent=st.just("pi_1"),
    )
    return st.lists(refund, min_size=1, max_size=3).map(tuple)


def _tax(left_minor: int, rate: str, *, inclusive: bool) -> TaxAmount:
    percent = RATES_PERCENT[rate]
    divisor = 100 + percent if inclusive else 100
    return TaxAmount(round(left_minor * percent / divisor), inclusive, rate)


def _total(
    lines: Sequence[InvoiceLine], taxes: Sequence[TaxAmount], shipping: ShippingCost | None
) -> int:
    total = sum(line.amount_minor - line.discount_minor for line in lines)
    if taxes and taxes[0].inclusive:
        # The price of shipping holds its tax, as the lines' prices do theirs.
        return total + (shipping.amount_minor + shipping.tax_minor if shipping else 0)
    total += sum(tax.amount_minor for tax in taxes)
    return total + (shipping.amount_minor if shipping else 0)
