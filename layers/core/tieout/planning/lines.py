"""The lines of an invoice: revenue net of discounts and tax, discounts, shipping, tax.

Voids and refunds take back the very lines made here, so every rule about accounts is in one place.
Amounts are minor units of the invoice's currency; positive increases what the customer owes.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tieout.domain.documents import ArLine, Dimensions
from tieout.domain.errors import Refused
from tieout.domain.money import allocate
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.accounts import revenue_category, shipping_account, tax_account
from tieout.planning.dimensions import invoice_dimensions, metadata_dimensions
from tieout.planning.fields import MEMO_LENGTH_MAX, amount_text
from tieout.planning.snapshots import InvoiceLine, InvoiceSnapshot


@dataclass(frozen=True, slots=True)
class _Revenue:
    """What one Stripe line earns.

    Attributes:
        line: its amount is net: after discount, without tax.
        discount_minor: the discount that the net amount already has off; positive takes away.
    """

    line: ArLine
    discount_minor: int


def invoice_lines(invoice: InvoiceSnapshot, policy: Policy) -> tuple[ArLine, ...]:
    """Return the lines of the AR invoice; they sum to Stripe's total.

    Lines over nothing are left out, unless the invoice has no others.

    Raises:
        Refused: policy does not say where a line goes, or the amounts contradict each other.

    Source: stripe-api dossier sections 4.1, 4.2 (what a line's amount holds) and 5 (rounding).
    """
    _refuse_unplanned(invoice)
    of_invoice = invoice_dimensions(invoice, policy)
    shared = policy.dimensions.defaults.overlaid(of_invoice)
    revenue = [_revenue(line, invoice, of_invoice, policy) for line in invoice.lines]
    _settle_tax_rounding(revenue, invoice)
    lines = (
        *_revenue_and_discount_lines(revenue, policy),
        *_shipping_lines(invoice, shared, policy),
        *_tax_lines(invoice, shared, policy),
    )
    return tuple(line for line in lines if line.amount_minor != 0) or lines


def _refuse_unplanned(invoice: InvoiceSnapshot) -> None:
    if invoice.total_minor < 0:
        raise Refused(
            Reason.NEGATIVE_INVOICE,
            f"the total is {amount_text(invoice.total_minor, invoice.currency)}",
        )
    billing_credits_minor = sum(line.billing_credit_minor for line in invoice.lines)
    if billing_credits_minor:
        raise Refused(
            Reason.BILLING_CREDITS,
            f"{amount_text(billing_credits_minor, invoice.currency)} of billing credits",
        )


def _revenue(
    line: InvoiceLine, invoice: InvoiceSnapshot, of_invoice: Dimensions, policy: Policy
) -> _Revenue:
    chosen = revenue_category(line, invoice.metadata, policy.revenue)
    tax_inside_minor = sum(tax.amount_minor for tax in line.taxes if tax.inclusive)
    net_minor = line.amount_minor - line.discount_minor - tax_inside_minor
    dimensions = (
        policy.dimensions.defaults.overlaid(chosen.category.dimensions)
        .overlaid(of_invoice)
        .overlaid(metadata_dimensions(line.metadata, policy))
    )
    return _Revenue(
        ArLine(
            account=chosen.category.account,
            amount_minor=net_minor,
            memo=clean(line.description, MEMO_LENGTH_MAX) or f"Stripe line {line.id}",
            dimensions=dimensions,
            why=chosen.why,
        ),
        _without_tax(line.discount_minor, net_minor, tax_inside_minor),
    )


def _without_tax(discount_minor: int, net_minor: int, tax_inside_minor: int) -> int:
    """Return a discount without the tax in it, in the proportion that what it left has."""
    left_minor = net_minor + tax_inside_minor
    if tax_inside_minor == 0 or left_minor == 0:
        return discount_minor
    sign = 1 if left_minor > 0 else -1
    return allocate(discount_minor, (sign * net_minor, sign * tax_inside_minor))[0]


def _settle_tax_rounding(revenue: list[_Revenue], invoice: InvoiceSnapshot) -> None:
    """Make revenue agree with Stripe's tax totals, which may be rounded otherwise than its lines.

    The totals are what Stripe charged. Where tax is inside the lines' amounts, a unit of rounding
    per taxed line is revenue, and goes to the largest line; anything more is a contradiction.

    Source: stripe-api dossier section 5 (the sum of line taxes can differ from the total).
    """
    others_minor = sum(tax.amount_minor for tax in invoice.taxes)
    if invoice.shipping is not None:
        others_minor += invoice.shipping.amount_minor
    revenue_minor = sum(each.line.amount_minor for each in revenue)
    difference_minor = invoice.total_minor - others_minor - revenue_minor
    rounded = sum(1 for line in invoice.lines for tax in line.taxes if tax.inclusive)
    if abs(difference_minor) > rounded:
        raise Refused(
            Reason.DOES_NOT_ADD_UP,
            f"lines, tax and shipping sum to {revenue_minor + others_minor}, Stripe's total is "
            f"{invoice.total_minor} (minor units of {invoice.currency})",
        )
    if difference_minor:
        index = max(range(len(revenue)), key=lambda each: abs(revenue[each].line.amount_minor))
        line = revenue[index].line
        revenue[index] = dataclasses.replace(
            revenue[index],
            line=dataclasses.replace(line, amount_minor=line.amount_minor + difference_minor),
        )


def _revenue_and_discount_lines(revenue: Sequence[_Revenue], policy: Policy) -> list[ArLine]:
    """Return net revenue, or gross revenue and a discount line for each set of dimensions."""
    if policy.discount_account is None:
        return [each.line for each in revenue]
    lines = []
    discounts: dict[Dimensions, int] = defaultdict(int)
    for each in revenue:
        gross_minor = each.line.amount_minor + each.discount_minor
        lines.append(dataclasses.replace(each.line, amount_minor=gross_minor))
        discounts[each.line.dimensions] += each.discount_minor
    lines.extend(
        ArLine(policy.discount_account, -amount_minor, "Discount", dimensions, "discount account")
        for dimensions, amount_minor in discounts.items()
        if amount_minor
    )
    return lines


def _shipping_lines(
    invoice: InvoiceSnapshot, dimensions: Dimensions, policy: Policy
) -> list[ArLine]:
    if invoice.shipping is None or invoice.shipping.amount_minor == 0:
        return []
    account = shipping_account(policy)
    amount_minor = invoice.shipping.amount_minor
    return [ArLine(account, amount_minor, "Shipping", dimensions, "shipping account")]


def _tax_lines(invoice: InvoiceSnapshot, dimensions: Dimensions, policy: Policy) -> list[ArLine]:
    """Return one line for each tax rate, from the invoice's totals."""
    totals: dict[str, int] = defaultdict(int)
    for tax in invoice.taxes:
        totals[tax.tax_rate or ""] += tax.amount_minor
    lines = []
    for tax_rate, amount_minor in sorted(totals.items()):
        if amount_minor:
            account, why = tax_account(tax_rate or None, policy)
            memo = f"Tax {tax_rate}".rstrip()
            lines.append(ArLine(account, amount_minor, memo, dimensions, why))
    return lines
