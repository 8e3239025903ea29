"""What the company earned, owes in tax and received, worked out from Stripe's own objects.

This is the other side of the tie-out, so it follows docs/posting-rules.md and uses nothing of
Tieout's code. Amounts are minor units of their currency; positive is earned, owed or received.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tests.sandbox.chart import Chart
from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.json_types import JsonObject

# By account number and currency.
Amounts = dict[tuple[str, str], int]


@dataclass(frozen=True)
class Receipt:
    """Money that settled part of an invoice.

    Attributes:
        intent: the PaymentIntent that brought it; None if it came past Stripe.
    """

    at_unix: int
    id: str
    amount_minor: int
    intent: str | None


@dataclass(frozen=True)
class Sale:
    """A finalised invoice, and what became of it.

    Attributes:
        items: account and amount of each line, of shipping and of each tax; they sum to the total.
        shares: what each receipt paid of each item.
        rest: what no receipt paid of each item.
    """

    invoice: JsonObject
    items: tuple[tuple[str, int], ...]
    receipts: tuple[Receipt, ...]
    shares: tuple[tuple[int, ...], ...]
    rest: tuple[int, ...]

    @property
    def currency(self) -> str:
        """The invoice's currency."""
        return str(self.invoice["currency"])

    @property
    def voided_at_unix(self) -> int | None:
        """When it was voided, if it was."""
        at_unix: int | None = self.invoice["status_transitions"]["voided_at"]
        return at_unix


def sales(account: StripeAccount, chart: Chart) -> list[Sale]:
    """Return every finalised invoice over something, oldest first."""
    with account.lock:
        return [
            _sale(account, invoice, chart)
            for invoice in account.store.all("invoice")
            if invoice["status_transitions"]["finalized_at"] is not None and invoice["total"]
        ]


def earned(account: StripeAccount, chart: Chart) -> Amounts:
    """Return what is left on revenue, shipping and tax accounts after voids and refunds."""
    sold = sales(account, chart)
    totals: Amounts = defaultdict(int)
    for sale in sold:
        kept = _total(sale.shares, len(sale.items)) if sale.voided_at_unix else None
        for index, (account_no, amount_minor) in enumerate(sale.items):
            totals[account_no, sale.currency] += kept[index] if kept else amount_minor
    for (account_no, currency), amount_minor in _refunded(account, sold).items():
        totals[account_no, currency] -= amount_minor
    return dict(totals)


def received_out_of_band(account: StripeAccount, chart: Chart) -> Amounts:
    """Return what was received past Stripe."""
    totals: Amounts = defaultdict(int)
    for sale in sales(account, chart):
        for receipt in sale.receipts:
            if receipt.intent is None:
                account_no = chart.out_of_band[sale.currency]
                totals[account_no, sale.currency] += receipt.amount_minor
    return dict(totals)


def divided(amount_minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Divide an amount in proportion to weights, exactly: the largest remainders are rounded up."""
    whole = sum(weights)
    exact = [Fraction(amount_minor * weight, whole) for weight in weights]
    shares = [math.floor(each) for each in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: shares[index] - exact[index])
    for index in by_remainder[: amount_minor - sum(shares)]:
        shares[index] += 1
    return tuple(shares)


def _sale(account: StripeAccount, invoice: JsonObject, chart: Chart) -> Sale:
    items = tuple(_items(account.store.lines[invoice["id"]], invoice, chart))
    receipts = tuple(_receipts(account, invoice))
    left = tuple(amount for _, amount in items)
    shares = []
    for receipt in receipts:
        share = divided(receipt.amount_minor, left)
        shares.append(share)
        left = _less(left, share)
    return Sale(invoice, items, receipts, tuple(shares), left)


def _items(
    lines: Sequence[JsonObject], invoice: JsonObject, chart: Chart
) -> Iterator[tuple[str, int]]:
    """Yield revenue without discounts and tax, then shipping, then tax by rate.

    What Stripe's tax totals are rounded otherwise than the taxes of the lines is revenue of the
    largest line.
    """
    taxes: dict[str, int] = defaultdict(int)
    for tax in invoice["total_taxes"]:
        taxes[tax["tax_rate_details"]["tax_rate"]] += tax["amount"]
    shipping = invoice["shipping_cost"]
    shipping_minor = shipping["amount_total"] - shipping["amount_tax"] if shipping else 0
    revenue = [_net(line) for line in lines]
    rounding_minor = invoice["total"] - sum(revenue) - shipping_minor - sum(taxes.values())
    assert abs(rounding_minor) <= len(lines), invoice["id"]
    largest = max(range(len(lines)), key=lambda index: abs(revenue[index]))
    revenue[largest] += rounding_minor
    for line, amount_minor in zip(lines, revenue, strict=True):
        yield chart.revenue(line), amount_minor
    if shipping_minor:
        yield chart.shipping, shipping_minor
    for tax_rate in sorted(taxes):
        yield chart.tax_of(tax_rate), taxes[tax_rate]


def _net(line: JsonObject) -> int:
    discounts = sum(each["amount"] for each in line["discount_amounts"])
    inside = sum(each["amount"] for each in line["taxes"] if each["tax_behavior"] == "inclusive")
    return int(line["amount"] - discounts - inside)


def _receipts(account: StripeAccount, invoice: JsonObject) -> list[Receipt]:
    """Return what settled the invoice, oldest first, never more than its total."""
    paid = [
        Receipt(
            each["status_transitions"]["paid_at"],
            each["id"],
            each["amount_paid"],
            each["payment"].get("payment_intent"),
        )
        for each in account.store.all("invoice_payment")
        if each["invoice"] == invoice["id"] and each["status"] == "paid"
    ]
    unrecorded_minor = invoice["amount_paid"] - sum(each.amount_minor for each in paid)
    if unrecorded_minor > 0 and invoice["status"] == "paid":
        paid_at_unix = invoice["status_transitions"]["paid_at"]
        paid.append(Receipt(paid_at_unix, invoice["id"], unrecorded_minor, None))
    return sorted(paid, key=lambda each: (each.at_unix, each.id))


def _refunded(account: StripeAccount, sold: Iterable[Sale]) -> Amounts:
    """Return what refunds took back of each account and did not bring back."""
    by_intent: dict[str, list[JsonObject]] = defaultdict(list)
    with account.lock:
        for refund in account.store.all("refund"):
            by_intent[refund["payment_intent"]].append(refund)
    totals: Amounts = defaultdict(int)
    for intent, refunds in by_intent.items():
        paid = [
            (account_no, sale.currency, amount_minor)
            for sale in sorted(sold, key=lambda each: (each.invoice["created"], each.invoice["id"]))
            for receipt, share in zip(sale.receipts, sale.shares, strict=True)
            if receipt.intent == intent
            for (account_no, _), amount_minor in zip(sale.items, share, strict=True)
        ]
        taken = _taken(account, refunds, [amount_minor for *_, amount_minor in paid])
        for (account_no, currency, _), amount_minor in zip(paid, taken, strict=True):
            totals[account_no, currency] += amount_minor
    return totals


def _taken(
    account: StripeAccount, refunds: Iterable[JsonObject], paid: Sequence[int]
) -> tuple[int, ...]:
    """Return what the refunds of one payment, one after the other, took of each item for good.

    A refund that failed gives its share back at the moment at which it failed.
    """
    left = tuple(paid)
    gone: list[tuple[int, ...]] = []
    to_return: list[tuple[int, tuple[int, ...]]] = []
    for refund in sorted(refunds, key=lambda each: (each["created"], each["id"])):
        for at_unix, share in list(to_return):
            if at_unix <= refund["created"]:
                left = tuple(map(sum, zip(left, share, strict=True)))
                to_return.remove((at_unix, share))
        share = divided(refund["amount"], left)
        left = _less(left, share)
        if refund["failure_balance_transaction"] is not None:
            back = account.store.get("balance_transaction", refund["failure_balance_transaction"])
            to_return.append((back["created"], share))
        elif refund["balance_transaction"] is not None:
            gone.append(share)
    return _total(gone, len(paid))


def _less(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(first - second for first, second in zip(one, other, strict=True))


def _total(shares: Iterable[Sequence[int]], length: int) -> tuple[int, ...]:
    return tuple(map(sum, zip(*shares, strict=True))) or (0,) * length


def customer_numbers(account: StripeAccount) -> Mapping[str, str]:
    """Return each customer's number in Intacct: the one its metadata names, else its own id."""
    with account.lock:
        return {
            each["id"]: each["metadata"].get("intacct_customer_id") or each["id"]
            for each in account.store.all("customer")
        }
