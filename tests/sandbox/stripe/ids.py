"""Stripe-looking identifiers that are the same in every run."""

import hashlib
from collections import Counter

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# Two letters at a time, the lower first: half the divisions.
_PAIRS = [low + high for high in _ALPHABET for low in _ALPHABET]


class IdFactory:
    """Makes ids from a seed and one counter per prefix.

    An object's id does not depend on how many objects of other kinds exist, so a golden file
    keeps its ids when an unrelated step is added to the scenario before it.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._counters: Counter[str] = Counter()

    def next(self, prefix: str, length: int = 24) -> str:
        """Return the next id, for example ``in_`` followed by ``length`` letters and digits."""
        self._counters[prefix] += 1
        return f"{prefix}_{self._letters(prefix, self._counters[prefix], length)}"

    def _letters(self, prefix: str, number: int, length: int) -> str:
        digest = hashlib.sha256(f"{self._seed}/{prefix}/{number}".encode()).digest()
        value = int.from_bytes(digest, "big")
        pairs = []
        for _ in range(0, length, 2):
            value, index = divmod(value, len(_PAIRS))
            pairs.append(_PAIRS[index])
        return "".join(pairs)[:length]
