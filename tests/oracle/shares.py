"""What is left of an invoice's lines while payments, credits and refunds take their parts of it.

Credit notes take their own lines. What they leave is divided by the payments, in the order in which
they came, and a refund that no credit note speaks of takes its part of its payment's share.
"""

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
# What settles an invoice, besides payment intents.
BY_CREDIT = "the customer's credit"
PAST_STRIPE = "past Stripe"


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
class Paid:
    """What settled a part of an invoice.

    Attributes:
        by: a payment intent, or what else it was.
        given_minor: what refunds gave back of it of which credit notes speak.
        refunded: what other refunds gave back of it, of each item.
    """

    by: str
    amount_minor: int
    refunded: Parts
    given_minor: int = 0


@dataclass
class Sold:
    """A finalised invoice.

    Attributes:
        names: of its items: each line, shipping, each tax rate, what is on no line.
        accounts, amounts: of each item; the amounts sum to the total.
        noted, noted_early: what credit notes took of each, and what of that before payment.
        paid: what settled it and did not go back, in order.
        open_minor: what is not settled yet.
        owed_minor: what the customer still owes of it, and is asked for.
        given_up_minor: what the customer still owes of it, and nobody asks for.
    """

    invoice: JsonObject
    names: Sequence[str]
    accounts: Sequence[str]
    amounts: Sequence[int]
    noted: Parts
    noted_early: Parts
    paid: list[Paid] = field(default_factory=list)
    open_minor: int = 0
    owed_minor: int = 0
    given_up_minor: int = 0

    def settle(self, amount_minor: int, by: str) -> None:
        """Let a payment, or a credit, settle as much as is open."""
        settled_minor = max(0, min(amount_minor, self.open_minor))
        self.open_minor -= settled_minor
        self.paid.append(Paid(by, settled_minor, [0] * len(self.amounts)))

    def relieve(self, amount_minor: int) -> int:
        """Let the customer owe less; return what of that had been given up."""
        beyond_minor = amount_minor - max(0, self.owed_minor)
        given_up_minor = max(0, min(beyond_minor, self.given_up_minor))
        self.owed_minor -= amount_minor - given_up_minor
        self.given_up_minor -= given_up_minor
        return given_up_minor

    def give_up(self) -> int:
        """Ask no more for what is owed, and return how much that is."""
        given_up_minor, self.owed_minor = self.owed_minor, 0
        self.given_up_minor += given_up_minor
        return given_up_minor

    def reopen(self, by: str) -> None:
        """Ask again for what a payment had settled."""
        self.open_minor += sum(each.amount_minor for each in self.paid if each.by == by)
        self.paid = [each for each in self.paid if each.by != by]

    def credit(self, parts: Parts, early: Parts, sign: int = 1) -> None:
        """Let a credit note take its items, some of that before payment; or undo that."""
        self.noted = _sums(self.noted, parts, sign)
        self.noted_early = _sums(self.noted_early, early, sign)
        self.open_minor -= sign * sum(early)

    def shares(self, by: str) -> Sequence[tuple[Paid, Parts]]:
        """Return what each payment of an intent paid of each item, if none was refunded."""
        amounts = [each.amount_minor - each.given_minor for each in self.paid]
        shares, _ = self._divided(amounts, self.noted)
        return [pair for pair in zip(self.paid, shares, strict=True) if pair[0].by == by]

    def void(self) -> Parts:
        """End it, and return what nobody had paid of each item; the credit is given back."""
        amounts = [each.amount_minor for each in self.paid if each.by != BY_CREDIT]
        _, rest = self._divided(amounts, self.noted_early)
        self.open_minor = 0
        return rest

    def _divided(self, amounts: Sequence[int], noted: Parts) -> tuple[Sequence[Parts], Parts]:
        """Return what each payment paid of each item, and what is left besides."""
        rest = _sums(self.amounts, noted, -1)
        left, shares = kept(rest, self.amounts), []
        for amount_minor in amounts:
            share = divided(max(0, min(amount_minor, sum(left))), left)
            left, rest = _sums(left, share, -1), _sums(rest, share, -1)
            shares.append(share)
        return shares, rest


def kept(left: Sequence[int], of: Sequence[int]) -> Parts:
    """Return what can still be taken of each item: of what is overdrawn, nothing.

    An item below zero is a credit within the invoice; it goes along with the others.
    """
    return [max(0, each) if item >= 0 else each for each, item in zip(left, of, strict=True)]


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
    nothing = [0] * len(amounts)
    return Sold(
        invoice, tuple(items), accounts, amounts, nothing, nothing, open_minor=invoice["total"]
    )


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


def _sums(one: Sequence[int], other: Sequence[int], sign: int = 1) -> Parts:
    return [first + sign * second for first, second in zip(one, other, strict=True)]
