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
from tieout.domain.policy_rules import Area
from tieout.domain.reasons import Reason
from tieout.domain.text import clean
from tieout.planning.accounts import (
    discount_account,
    revenue_category,
    shipping_account,
    tax_account,
)
from tieout.planning.deferral import deferral
from tieout.planning.dimensions import invoice_dimensions, metadata_dimensions
from tieout.planning.facts import invoice_case, line_facts
from tieout.planning.fields import MEMO_LENGTH_MAX, amount_text
from tieout.planning.rules import Case, answer
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
    case = invoice_case(invoice, policy)
    shared = shared_dimensions(invoice, policy)
    revenue = [_revenue(line, invoice, of_invoice, case, policy) for line in invoice.lines]
    _settle_tax_rounding(revenue, invoice)
    lines = (
        *_revenue_and_discount_lines(revenue, case, policy),
        *_shipping_lines(invoice, shared, case, policy),
        *_tax_lines(invoice, shared, case, policy),
    )
    return tuple(line for line in lines if line.amount_minor != 0) or lines


def shared_dimensions(invoice: InvoiceSnapshot, policy: Policy) -> Dimensions:
    """Return the dimensions of what belongs to the invoice as a whole, to no line of Stripe's."""
    by_rule = answer(Area.DIMENSIONS, invoice_case(invoice, policy), policy).dimensions
    of_invoice = invoice_dimensions(invoice, policy)
    return policy.dimensions.defaults.overlaid(of_invoice).overlaid(by_rule)


def _refuse_unplanned(invoice: InvoiceSnapshot) -> None:
    billing_credits_minor = sum(line.billing_credit_minor for line in invoice.lines)
    if billing_credits_minor:
        raise Refused(
            Reason.BILLING_CREDITS,
            f"{amount_text(billing_credits_minor, invoice.currency)} of billing credits",
        )


def _revenue(
    line: InvoiceLine,
    invoice: InvoiceSnapshot,
    of_invoice: Dimensions,
    of_invoice_case: Case,
    policy: Policy,
) -> _Revenue:
    case = of_invoice_case.plus(lambda: line_facts(line))
    chosen = revenue_category(line, invoice.metadata, case, policy)
    tax_inside_minor = sum(tax.amount_minor for tax in line.taxes if tax.inclusive)
    net_minor = line.amount_minor - line.discount_minor - tax_inside_minor
    dimensions = (
        policy.dimensions.defaults.overlaid(chosen.category.dimensions)
        .overlaid(of_invoice)
        .overlaid(metadata_dimensions(line.metadata, policy))
        .overlaid(answer(Area.DIMENSIONS, case, policy).dimensions)
        .overlaid(chosen.dimensions)
    )
    memo = answer(Area.MEMO, case, policy).settings.get("memo", line.description)
    return _Revenue(
        ArLine(
            account=chosen.category.account,
            amount_minor=net_minor,
            memo=clean(memo, MEMO_LENGTH_MAX) or f"Stripe line {line.id}",
            dimensions=dimensions,
            why=chosen.why,
            deferral=deferral(line, chosen.category, policy),
            stripe_line=line.id,
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


def _revenue_and_discount_lines(
    revenue: Sequence[_Revenue], case: Case, policy: Policy
) -> list[ArLine]:
    """Return net revenue, or gross revenue and a discount line for each set of dimensions.

    What is earned over time stays net: the discount is, too.
    """
    chosen = discount_account(case, policy)
    if chosen is None:
        return [each.line for each in revenue]
    lines = []
    discounts: dict[Dimensions, int] = defaultdict(int)
    for each in revenue:
        if each.line.deferral is not None:
            lines.append(each.line)
            continue
        gross_minor = each.line.amount_minor + each.discount_minor
        lines.append(dataclasses.replace(each.line, amount_minor=gross_minor))
        discounts[each.line.dimensions.overlaid(chosen.dimensions)] += each.discount_minor
    lines.extend(
        ArLine(chosen.account, -amount_minor, "Discount", dimensions, chosen.why)
        for dimensions, amount_minor in discounts.items()
        if amount_minor
    )
    return lines


def _shipping_lines(
    invoice: InvoiceSnapshot, dimensions: Dimensions, case: Case, policy: Policy
) -> list[ArLine]:
    if invoice.shipping is None or invoice.shipping.amount_minor == 0:
        return []
    chosen = shipping_account(case, policy)
    dimensions = dimensions.overlaid(chosen.dimensions)
    amount_minor = invoice.shipping.amount_minor
    return [ArLine(chosen.account, amount_minor, "Shipping", dimensions, chosen.why)]


def _tax_lines(
    invoice: InvoiceSnapshot, dimensions: Dimensions, case: Case, policy: Policy
) -> list[ArLine]:
    """Return one line for each tax rate, from the invoice's totals."""
    totals: dict[str, int] = defaultdict(int)
    for tax in invoice.taxes:
        totals[tax.tax_rate or ""] += tax.amount_minor
    lines = []
    for tax_rate, amount_minor in sorted(totals.items()):
        if amount_minor:
            chosen = tax_account(tax_rate or None, case, policy)
            memo = f"Tax {tax_rate}".rstrip()
            of_tax = dimensions.overlaid(chosen.dimensions)
            lines.append(ArLine(chosen.account, amount_minor, memo, of_tax, chosen.why))
    return lines
