"""How many Intacct transactions each month had, in memory."""

from collections import Counter

from tests.fakes.faults import Faulty


class FakeTransactions(Faulty):
    """The `TransactionCounts` port in memory.

    Attributes:
        by_month: the sums.
        additions, readings: how often they were added to and read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.by_month: Counter[str] = Counter()
        self.additions = self.readings = 0

    def add(self, month: str, transactions: int) -> None:
        self._may_fail()
        self.additions += 1
        self.by_month[month] += transactions

    def of(self, month: str) -> int:
        self._may_fail()
        self.readings += 1
        return self.by_month[month]
