"""What is left of an invoice's lines while payments, credits and refunds take their parts of it."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from tests.oracle.chart import GOODWILL, SHIPPING, Chart
from tests.sandbox.stripe.json_types import JsonObject

Parts = list[int]
# The item of what a credit note gives that was on no line; an invoice has nothing of it.
_ON_NO_LINE = "on no line"


def divided(amount_minor: int, weights: Sequence[int]) -> Parts:
    """Divide an amount in proportion to weights, exactly: the largest remainders are rounded up.

    Where there is nothing to divide over, all of it goes to the first.
    """
    whole = sum(weights)
    if whole == 0:
        return [amount_minor, *(0 for _ in weights[1:])]
    exact = [Fraction(amount_minor * weight, whole) for weight in weights]
    parts = [math.floor(each) for each in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: parts[index] - exact[index])
    for index in by_remainder[: amount_minor - sum(parts)]:
        parts[index] += 1
    return parts


@dataclass
class Sold:
    """A finalised invoice.

    Attributes:
        names: of its items: each line, shipping, each tax rate, what is on no line.
        accounts, amounts: of each item; the amounts sum to the total.
        unpaid: what neither payment nor credit has settled of each.
        paid: what payments settled of each and nothing took back, by payment intent.
        owed_minor: what the customer still owes of it.
        written_off: whether that was given up.
    """

    invoice: JsonObject
    names: Sequence[str]
    accounts: Sequence[str]
    amounts: Sequence[int]
    unpaid: Parts
    paid: dict[str, Parts] = field(default_factory=dict)
    owed_minor: int = 0
    written_off: bool = False

    def settle(self, amount_minor: int, intent: str | None) -> None:
        """Let a payment, or a credit, settle a part of what is left."""
        share = divided(min(amount_minor, sum(self.unpaid)), self.unpaid)
        self.unpaid = _less(self.unpaid, share)
        if intent is not None:
            before = self.paid.get(intent, [0] * len(share))
            self.paid[intent] = [one + other for one, other in zip(before, share, strict=True)]

    def reopen(self, intent: str) -> None:
        """Leave unpaid again what a payment had settled."""
        back = self.paid.pop(intent, [0] * len(self.unpaid))
        self.unpaid = [one + other for one, other in zip(self.unpaid, back, strict=True)]

    def credit(self, parts: Parts, before_payment_minor: int) -> None:
        """Let a credit note take its lines off: what is unpaid first, then what was paid."""
        early = divided(before_payment_minor, parts)
        self.unpaid = _less(self.unpaid, early)
        late = _less(parts, early)
        for intent in sorted(self.paid):
            self.paid[intent] = _less(self.paid[intent], late)
            break


def sold(invoice: JsonObject, lines: Sequence[JsonObject], chart: Chart) -> Sold:
    """Return a finalised invoice with its items.

    What Stripe's totals are rounded otherwise than its lines belongs to the largest line.
    """
    items: dict[str, tuple[str, int]] = {}
    for line in lines:
        items[line["id"]] = chart.revenue(line), net(line)
    shipping_minor = _shipping_minor(invoice)
    if shipping_minor:
        items["shipping"] = SHIPPING, shipping_minor
    for tax_rate, amount_minor in sorted(_taxes(invoice).items()):
        items[tax_rate] = chart.tax(tax_rate), amount_minor
    items[_ON_NO_LINE] = GOODWILL, 0
    amounts = [amount_minor for _, amount_minor in items.values()]
    largest = max(range(len(lines)), key=lambda index: abs(amounts[index]))
    amounts[largest] += invoice["total"] - sum(amounts)
    accounts = [account for account, _ in items.values()]
    return Sold(invoice, tuple(items), accounts, amounts, list(amounts))


def credited(note: JsonObject, lines: Sequence[JsonObject], of: Sold) -> Parts:
    """Return what a credit note takes back of each item of its invoice."""
    parts = dict.fromkeys(of.names, 0)
    for line in lines:
        parts[_item_of(line)] += net(line)
    if shipping_minor := _shipping_minor(note):
        parts["shipping"] += shipping_minor
    for tax_rate, amount_minor in _taxes(note).items():
        parts[tax_rate] += amount_minor
    largest = max(lines, key=lambda line: abs(net(line)))
    parts[_item_of(largest)] += note["total"] - sum(parts.values())
    return list(parts.values())


def _item_of(line: JsonObject) -> str:
    """Return the item of its invoice that a credit note's line takes back."""
    return line["invoice_line_item"] or _ON_NO_LINE


def _taxes(document: JsonObject) -> Counter[str]:
    taxes: Counter[str] = Counter()
    for tax in document["total_taxes"]:
        taxes[tax["tax_rate_details"]["tax_rate"]] += tax["amount"]
    return taxes


def _shipping_minor(document: JsonObject) -> int:
    shipping = document["shipping_cost"]
    return int(shipping["amount_total"] - shipping["amount_tax"]) if shipping else 0


def net(line: JsonObject) -> int:
    """Return a line without its discounts and the tax inside it."""
    discounts = sum(each["amount"] for each in line["discount_amounts"])
    inside = sum(each["amount"] for each in line["taxes"] if each["tax_behavior"] == "inclusive")
    return int(line["amount"] - discounts - inside)


def _less(one: Sequence[int], other: Sequence[int]) -> Parts:
    return [first - second for first, second in zip(one, other, strict=True)]
