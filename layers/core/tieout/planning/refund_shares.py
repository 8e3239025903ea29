"""Which part of each line a refund takes back.

Refunds of one charge are lined up by (created, id). Each takes its share of what the refunds before
it left of the charge's lines, and a refund that failed gives its share back at the moment it
failed. Hence all refunds together take every line exactly, and what a refund takes back never
changes afterwards, whether later refunds come or earlier ones fail.

A credit note may take a line of which a refund had taken its share already. Later refunds then take
nothing of that line, and give nothing back to it.

What credit notes say of a refund is no matter of shares: such a part takes back their lines.
"""

from collections.abc import Callable, Mapping, Sequence

from tieout.domain.money import allocate
from tieout.planning.settlement import Shares, add, not_below_zero, subtract
from tieout.planning.snapshots import RefundFacts

_CAME_TO_NOTHING = frozenset({"failed", "canceled"})


def has_failed(refund: RefundFacts) -> bool:
    """Return whether the refund came to nothing: the customer did not get the money."""
    return refund.status in _CAME_TO_NOTHING


def refund_shares(
    paid_minor: Sequence[int], refunds: Sequence[RefundFacts]
) -> Mapping[str, Shares]:
    """Return what each refund takes back of each line, by the refund's id.

    Args:
        paid_minor: what the charge paid of each line, in minor units; a credit line is negative.
        refunds: every refund of the charge, in any status and order.

    Returns:
        Shares that sum to the refund's amount. A refund of more than is left has none.
    """
    return shares_until(refunds, lambda _: tuple(paid_minor), lambda each: each.amount_minor)


def shares_until(
    refunds: Sequence[RefundFacts],
    paid: Callable[[RefundFacts], Shares],
    amount_minor: Callable[[RefundFacts], int],
    beyond_minor: Shares = (),
) -> Mapping[str, Shares]:
    """Return what each refund takes back of each line, where that depends on the moment.

    Args:
        refunds: those that count, in any status and order.
        paid: what the charge paid of each line, less what credit notes had taken when the refund
            was made, in minor units.
        amount_minor: what of the refund no credit note speaks of.
        beyond_minor: what the charge brought beyond the lines, in parts: taken when nothing is left
            of the lines. The shares of these parts follow those of the lines.
    """
    taken: dict[str, Shares] = {}
    outstanding: dict[str, RefundFacts] = {}
    for refund in sorted(refunds, key=lambda each: (each.created_unix, each.id)):
        wanted_minor, paid_for = amount_minor(refund), (*paid(refund), *beyond_minor)
        left = paid_for
        for each in outstanding:
            left = subtract(left, taken[each])
        for failed in _failed_in_order(outstanding):
            known = failed.returned_at_unix
            # A failure whose time nobody knows counts from when its money is needed again.
            if (known is not None and known <= refund.created_unix) or sum(left) < wanted_minor:
                left = add(left, taken[failed.id])
                del outstanding[failed.id]
        if 0 < wanted_minor <= sum(left):
            lines = len(paid_for) - len(beyond_minor)
            of_lines_minor = max(min(wanted_minor, sum(left[:lines])), 0)
            taken[refund.id] = (
                *_share(of_lines_minor, not_below_zero(left[:lines], paid_for[:lines])),
                *_share(wanted_minor - of_lines_minor, left[lines:]),
            )
            outstanding[refund.id] = refund
    return taken


def _share(amount_minor: int, left: Shares) -> Shares:
    return allocate(amount_minor, left) if amount_minor else (0,) * len(left)


def _failed_in_order(outstanding: Mapping[str, RefundFacts]) -> list[RefundFacts]:
    failed = [refund for refund in outstanding.values() if has_failed(refund)]
    return sorted(
        failed, key=lambda each: (each.returned_at_unix or each.created_unix, each.created_unix)
    )
