"""Counters that can be read."""

from collections import Counter


class FakeMetrics:
    """The `Metrics` port in memory.

    Attributes:
        counts: by name; a name never counted is 0.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def count(self, name: str, value: int = 1) -> None:
        self.counts[name] += value
