"""Tie-outs in memory."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from tests.fakes.faults import Faulty
from tieout.domain.tie_outs import TieOut


class FakeTieOuts(Faulty):
    """The `TieOutStore` port in memory.

    Attributes:
        by_day: what is stored.
    """

    def __init__(self) -> None:
        super().__init__()
        self.by_day: dict[date, Sequence[TieOut]] = {}

    def save(self, day: date, made: Sequence[TieOut]) -> None:
        self._may_fail()
        self.by_day[day] = tuple(made)

    def of_days(self, days: Iterable[date]) -> Mapping[date, Sequence[TieOut]]:
        self._may_fail()
        return {day: self.by_day[day] for day in days if day in self.by_day}
