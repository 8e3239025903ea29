"""What can go wrong, how often, and whether it does so now: chance with a seed.

Each kind of fault has a source of chance of its own. So a kind can be switched off, or a single
occurrence of it spared, and what is left strikes as before: that is how a failing history is made
shorter.
"""

import dataclasses
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

_T = TypeVar("_T")


def _up_to(strongest: float) -> float:
    """Declare a kind that is off by default, and how often it strikes at most when it is drawn."""
    return field(default=0.0, metadata={"strongest": strongest})


@dataclass(frozen=True)
class Faults:
    """Probabilities, each for one opportunity of its kind; 0 is off."""

    # A webhook, between Stripe and us; or all of them for a while, that then come at once.
    webhook_lost: float = _up_to(0.2)
    webhook_late: float = _up_to(0.3)
    webhook_repeated: float = _up_to(0.3)
    webhook_reordered: float = _up_to(0.6)
    webhook_twin: float = _up_to(0.1)
    webhook_held: float = _up_to(0.05)

    # The queue: a message comes again though it was done; comes to a second worker while the first
    # is at it; is none of ours; is of code that is only being deployed, or of the code before. Who
    # asks for more gets less than there is; of what is to be deleted some is not.
    message_redelivered: float = _up_to(0.1)
    message_overtaken: float = _up_to(0.02)
    message_poisoned: float = _up_to(0.03)
    message_newer: float = _up_to(0.1)
    message_older: float = _up_to(0.2)
    queue_throttled: float = _up_to(0.05)
    queue_answer_lost: float = _up_to(0.05)
    queue_read_in_part: float = _up_to(0.2)
    queue_deleted_in_part: float = _up_to(0.2)

    # DynamoDB: refused; the SDK's first attempt worked and it sends again; nobody knows; another
    # transaction is in the way; an index is behind; a batch is read in part.
    table_throttled: float = _up_to(0.02)
    table_sent_twice: float = _up_to(0.05)
    table_answer_lost: float = _up_to(0.02)
    table_contended: float = _up_to(0.02)
    table_read_in_part: float = _up_to(0.05)
    index_behind: float = _up_to(0.2)

    # Lambda: gone at an outside call, before or after it; slow until its time is over; gone while
    # it thinks. Another worker, or the poller, works while an outside call is under way. A clock
    # is wrong by some seconds.
    killed: float = _up_to(0.01)
    out_of_time: float = _up_to(0.004)
    out_of_memory: float = _up_to(0.002)
    neighbour: float = _up_to(0.03)
    clock_skew: float = _up_to(1.0)

    # Intacct's edge and Intacct.
    intacct_unreachable: float = _up_to(0.05)
    intacct_throttled: float = _up_to(0.1)
    intacct_error_before: float = _up_to(0.05)
    intacct_error_after: float = _up_to(0.1)
    intacct_cut: float = _up_to(0.1)
    intacct_late: float = _up_to(0.05)
    intacct_cdn_timeout: float = _up_to(0.05)
    intacct_html: float = _up_to(0.05)
    intacct_broken_xml: float = _up_to(0.1)
    intacct_session_expired: float = _up_to(0.1)
    intacct_concurrent: float = _up_to(0.05)
    intacct_transient: float = _up_to(0.05)
    intacct_aborted: float = _up_to(0.1)

    # What people do in the middle of it, for each thing that happens on Stripe and each request to
    # Intacct: to the books' periods, to records of ours, to the policy.
    period_closed: float = _up_to(0.02)
    deleted_in_intacct: float = _up_to(0.01)
    voided_in_intacct: float = _up_to(0.01)
    edited_in_intacct: float = _up_to(0.01)
    policy_published: float = _up_to(0.03)

    # Stripe's API; what is read side by side is not answered in its order.
    stripe_throttled: float = _up_to(0.03)
    stripe_error: float = _up_to(0.03)
    stripe_list_stale: float = _up_to(0.2)
    changed_between_reads: float = _up_to(0.02)
    reads_mixed: float = _up_to(0.5)

    @classmethod
    def drawn(cls, chance: random.Random) -> "Faults":
        """Draw a storm: a random part of all kinds, each of a random strength.

        Few kinds at a time reach states that all of them together never do: one hides the other.
        """
        share = chance.choice((0.1, 0.25, 0.5, 0.8))
        strengths = {}
        for each in dataclasses.fields(cls):
            strongest: float = each.metadata["strongest"]
            is_on, weakness = chance.random() < share, chance.random()
            strengths[each.name] = strongest * 0.05**weakness if is_on else 0.0
        return cls(**strengths)

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds that are on."""
        return [each.name for each in dataclasses.fields(self) if getattr(self, each.name)]

    def without(self, kind: str) -> "Faults":
        """Return the same storm without a kind."""
        return dataclasses.replace(self, **{kind: 0.0})


# What lets an older reading of Stripe come after a newer one.
OVERTAKING = (
    "intacct_late",
    "neighbour",
    "message_overtaken",
    "clock_skew",
    "changed_between_reads",
)
Occurrence = tuple[str, int]
"""A kind and a number: its n-th strike."""


class Luck:
    """Decides, and remembers what struck.

    Attributes:
        is_off: while it is, nothing strikes.
        struck: how often each kind struck.
        met: how often they came about in a way that matters by itself.
    """

    def __init__(
        self, seed: int, faults: Faults, spared: frozenset[Occurrence] = frozenset()
    ) -> None:
        self.is_off = False
        self.struck: Counter[str] = Counter()
        self.met: Counter[str] = Counter()
        self._seed, self._faults, self._spared = seed, faults, spared
        self._chances: dict[str, random.Random] = {}
        self._numbered: Counter[str] = Counter()

    def strikes(self, kind: str) -> bool:
        """Whether a kind strikes at this opportunity."""
        probability: float = getattr(self._faults, kind)
        if self.is_off or not probability or self._of(kind).random() >= probability:
            return False
        self._numbered[kind] += 1
        if (kind, self._numbered[kind]) in self._spared:
            return False
        self.struck[kind] += 1
        return True

    def below(self, kind: str, limit: int) -> int:
        """Return a number from 0 up to, not including, the limit."""
        return self._of(f"details of {kind}").randrange(limit)

    def one(self, kind: str, of: Sequence[_T]) -> _T:
        """Return one of several."""
        return of[self.below(kind, len(of))]

    def _of(self, kind: str) -> random.Random:
        if kind not in self._chances:
            self._chances[kind] = random.Random(f"{self._seed} {kind}")  # noqa: S311 - a simulation
        return self._chances[kind]
