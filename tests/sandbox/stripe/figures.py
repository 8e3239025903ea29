"""How an invoice adds up: discounts and taxes per line, in integers, pure.

Amounts are minor units; credits are negative. Order of operations per line (stripe-api 4.1,
4.2): the line's own discounts, then its share of the invoice's discounts, then inclusive tax is
taken out of what is left and exclusive tax is put on top of the rest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tests.sandbox.stripe.amounts import allocate, rounded, share


@dataclass(frozen=True)
class DiscountTerm:
    """A discount: a percentage or a fixed amount off."""

    id: str
    percent: Fraction | None
    amount_off_minor: int | None

    def off(self, amount_minor: int) -> int:
        """Return what the discount takes off ``amount_minor``; never more than it, never < 0."""
        if amount_minor <= 0:
            return 0
        if self.percent is not None:
            return share(amount_minor, self.percent)
        return min(self.amount_off_minor or 0, amount_minor)


@dataclass(frozen=True)
class TaxTerm:
    """A tax rate as it applies to one customer. ``reason`` is Stripe's taxability_reason."""

    rate_id: str
    percent: Fraction
    inclusive: bool
    reason: str = "not_available"


@dataclass(frozen=True)
class TaxShare:
    """One tax on one amount. ``exact`` is the unrounded tax, for rounding per invoice."""

    term: TaxTerm
    amount_minor: int
    taxable_minor: int
    exact: Fraction


@dataclass(frozen=True)
class LineInput:
    """What is known of a line before discounts and taxes."""

    amount_minor: int
    discounts: tuple[DiscountTerm, ...] = ()
    taxes: tuple[TaxTerm, ...] = ()
    discountable: bool = True


@dataclass(frozen=True)
class LineFigures:
    """A line with its discounts and taxes. Discounts are (discount id, minor units)."""

    amount_minor: int
    own_discounts: tuple[tuple[str, int], ...]
    invoice_discounts: tuple[tuple[str, int], ...]
    taxes: tuple[TaxShare, ...]
    own_inclusive_minor: int

    @property
    def discounts(self) -> tuple[tuple[str, int], ...]:
        """Own discounts first, then the shares of the invoice's."""
        return self.own_discounts + self.invoice_discounts

    @property
    def subtotal_minor(self) -> int:
        """Return the line's part of the invoice's subtotal: after own discounts only."""
        return self.amount_minor - total(self.own_discounts)


def total(parts: Iterable[tuple[str, int]]) -> int:
    """Sum the amounts of (id, amount) pairs."""
    return sum(amount for _, amount in parts)


def tax_shares(amount_minor: int, terms: Sequence[TaxTerm]) -> tuple[TaxShare, ...]:
    """Tax ``amount_minor``: inclusive rates are taken out of it, exclusive ones put on top."""
    inclusive = [term for term in terms if term.inclusive]
    rate = sum((term.percent for term in inclusive), Fraction(0))
    inside = rounded(amount_minor * rate / (100 + rate))
    net = amount_minor - inside
    exact_net = amount_minor * 100 / (100 + rate)
    weights = [int(term.percent * 10_000) for term in inclusive]
    parts = iter(allocate(inside, weights) if inside else [0] * len(inclusive))
    return tuple(
        TaxShare(
            term=term,
            amount_minor=next(parts) if term.inclusive else share(net, term.percent),
            taxable_minor=net,
            exact=exact_net * term.percent / 100,
        )
        for term in terms
    )


def line_figures(
    lines: Sequence[LineInput], invoice_discounts: Sequence[DiscountTerm]
) -> list[LineFigures]:
    """Discount and tax every line; the invoice's discounts are split over discountable lines."""
    own = [_own_discounts(line) for line in lines]
    remaining = [line.amount_minor - total(mine) for line, mine in zip(lines, own, strict=True)]
    after_own = list(remaining)
    shares: list[list[tuple[str, int]]] = [[] for _ in lines]
    for discount in invoice_discounts:
        weights = [
            left if line.discountable and left > 0 else 0
            for line, left in zip(lines, remaining, strict=True)
        ]
        for index, part in enumerate(allocate(discount.off(sum(weights)), weights)):
            if part:
                shares[index].append((discount.id, part))
                remaining[index] -= part
    return [
        LineFigures(
            amount_minor=line.amount_minor,
            own_discounts=own[index],
            invoice_discounts=tuple(shares[index]),
            taxes=tax_shares(remaining[index], line.taxes),
            own_inclusive_minor=inclusive_minor(tax_shares(after_own[index], line.taxes)),
        )
        for index, line in enumerate(lines)
    ]


def inclusive_minor(shares: Iterable[TaxShare]) -> int:
    """Sum the taxes that are inside the amount."""
    return sum(each.amount_minor for each in shares if each.term.inclusive)


def exclusive_minor(shares: Iterable[TaxShare]) -> int:
    """Sum the taxes that come on top of the amount."""
    return sum(each.amount_minor for each in shares if not each.term.inclusive)


def _own_discounts(line: LineInput) -> tuple[tuple[str, int], ...]:
    left = line.amount_minor
    taken = []
    for discount in line.discounts:
        part = discount.off(left)
        left -= part
        taken.append((discount.id, part))
    return tuple(taken)


@dataclass(frozen=True)
class RateTotal:
    """One tax rate over the whole invoice."""

    term: TaxTerm
    amount_minor: int
    taxable_minor: int


def totals_by_rate(shares: Iterable[TaxShare], *, round_once: bool) -> list[RateTotal]:
    """Add taxes up per rate; ``round_once`` rounds the exact sum instead of summing the rounded.

    The two can differ by a unit, which is why Stripe's line taxes need not sum to the invoice's
    total (stripe-api 5).
    """
    grouped: dict[tuple[str, bool], list[TaxShare]] = {}
    for each in shares:
        grouped.setdefault((each.term.rate_id, each.term.inclusive), []).append(each)
    return [
        RateTotal(
            term=group[0].term,
            amount_minor=rounded(sum((each.exact for each in group), Fraction(0)))
            if round_once
            else sum(each.amount_minor for each in group),
            taxable_minor=sum(each.taxable_minor for each in group),
        )
        for group in grouped.values()
    ]
