# ruff: noqa: ANN401 - a planted bug takes whatever the real one takes
"""Known bugs of amounts: a minor unit, a sign, a fee, a cent."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from tests.simulation.planting import around
from tieout.domain import money
from tieout.domain.movement_policy import Category
from tieout.planning import activity, disputes, refund_shares, refunds, settlement
from tieout.planning.balance_types import BookedBy, Row


def exponent_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(money, "exponent", lambda _currency: 2)


def refund_with_the_wrong_sign(patch: pytest.MonkeyPatch) -> None:
    def mutated(lines: Any, *of: Any, sign: int = 1) -> Any:
        return lines(*of, sign=-sign)

    around(patch, refunds, "_lines", mutated)


def fees_left_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(activity, "kept", lambda *_: Counter())


def dispute_fee_left_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(disputes, "kept", lambda *_: Counter())


def refund_in_the_days_journal_too(patch: pytest.MonkeyPatch) -> None:
    def mutated(row_of: Any, movement: Any) -> Row:
        row: Row = row_of(movement)
        if row.booked_by is not BookedBy.REFUND:
            return row
        return Row(BookedBy.DAY, row.direction, Category.ADJUSTMENTS, row.why)

    around(patch, activity, "row_of", mutated)


def remainder_dropped(patch: pytest.MonkeyPatch) -> None:
    def mutated(total_minor: int, weights: Sequence[int]) -> tuple[int, ...]:
        return tuple(total_minor * weight // sum(weights) for weight in weights)

    for module in (refund_shares, settlement):
        patch.setattr(module, "allocate", mutated)
