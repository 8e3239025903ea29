"""What Intacct said about closed books, in memory."""

from tests.fakes.faults import Faulty
from tieout.services.ports import ClosedDates


class FakeClosedBooks(Faulty):
    """The `ClosedBooks` port in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._dates = ClosedDates()

    def dates(self) -> ClosedDates:
        self._may_fail()
        return self._dates

    def save(self, dates: ClosedDates) -> None:
        self._may_fail()
        self._dates = dates
