"""What another policy would book otherwise: history planned again under both.

Nothing is compared with the books, and nothing is written.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tieout.domain.documents import Document
from tieout.domain.errors import ConfigurationFault
from tieout.domain.plans import Plan
from tieout.domain.policy import Policy
from tieout.domain.sale_decisions import IN_THE_DAY
from tieout.domain.subjects import Subject
from tieout.planning.differences import Change, Place, differences
from tieout.planning.plan import plan, reversed_by
from tieout.planning.sales import sale_keys
from tieout.planning.snapshots import ActivitySnapshot, Snapshot
from tieout.services.day_sales import DaySales
from tieout.services.ports import Clock, PolicySource, StripeReader
from tieout.services.preview import Pinned, Uncounted
from tieout.services.readings import UNEXPECTED_DELIVERIES_MAX, UNREAD_DELIVERIES_MAX, Readings

# What cannot be read is told, not tried again.
_DELIVERIES = max(UNREAD_DELIVERIES_MAX, UNEXPECTED_DELIVERIES_MAX)


@dataclass(slots=True)
class Moved:
    """What all changes come to; grows with places and months, not with documents.

    Attributes:
        subjects: how many were planned. documents: how many of them have a change.
        unread: subjects that Stripe did not show, so that nothing is known of them.
        places: by how much each place would differ (minor units, debit positive); what moves to
            and fro within a place is not in it.
    """

    subjects: int = 0
    documents: int = 0
    unread: list[str] = field(default_factory=list)
    places: Counter[Place] = field(default_factory=Counter)

    def add(self, change: Change) -> None:
        """Count a change."""
        self.documents += 1
        for each in change.moves:
            self.places[each.place] += each.after_minor - each.before_minor

    @property
    def money(self) -> Counter[tuple[str, str]]:
        """Return what would move, by month and currency: the sum of what places get more."""
        sums: Counter[tuple[str, str]] = Counter()
        for place, amount_minor in self.places.items():
            sums[place.month, place.currency] += max(amount_minor, 0)
        return +sums


class PolicyDiff:
    """Plans each subject under two policies."""

    def __init__(
        self, stripe: StripeReader, published: PolicySource, old: Policy, new: Policy, clock: Clock
    ) -> None:
        self._readings = Readings(stripe, Pinned(new, published), clock, Uncounted())
        self._old = old
        self._new = new
        self._day_sales = DaySales(self._plans_of)
        self.moved = Moved()

    def changes(self, subjects: Iterable[Subject]) -> Iterator[Change]:
        """Yield what differs, subject by subject; `moved` adds it up on the way.

        Raises:
            ConfigurationFault: Stripe refuses our key.
        """
        for subject in subjects:
            self.moved.subjects += 1
            reading = self._readings.read(subject, self._new, _DELIVERIES)
            if reading.answer is not None and reading.answer.waits_for_person:
                (finding,) = reading.parts[0].plan.findings
                raise ConfigurationFault(finding.reason, finding.text)
            snapshots = [
                part.snapshot
                for part in reading.parts
                if part.plan.subject == subject and part.snapshot is not None
            ]
            if not snapshots:
                self.moved.unread.append(str(subject))
            for snapshot in snapshots:
                before, after = self._under_both(subject, snapshot)
                others = (_reversed(snapshot, subject, each) for each in (self._old, self._new))
                for change in differences(before, after, *others):
                    self.moved.add(change)
                    yield change

    def _under_both(self, subject: Subject, snapshot: Snapshot) -> tuple[Plan, Plan]:
        """Return the plans of a subject as if one policy, or the other, had always been in force.

        The sales that a day's journals sum up are those that were once decided to be there; here
        they are those that the policy itself puts there.
        """
        if not isinstance(snapshot, ActivitySnapshot):
            both = plan(subject, snapshot, self._old), plan(subject, snapshot, self._new)
            for each in both:
                self._day_sales.note(each)
            return both
        keys = sale_keys(snapshot)
        before, after = (
            plan(
                subject,
                snapshot,
                each,
                decided=dict.fromkeys(
                    self._day_sales.of_day(subject, snapshot, keys, each.version), IN_THE_DAY
                ),
            )
            for each in (self._old, self._new)
        )
        self._day_sales.forget(keys)
        return before, after

    def _plans_of(self, charge: Subject) -> Iterator[Plan]:
        """Yield the plans of a charge that no range of days has shown yet."""
        for part in self._readings.read(charge, self._new, _DELIVERIES).parts:
            if part.snapshot is not None:
                for each in (self._old, self._new):
                    yield plan(part.plan.subject, part.snapshot, each)


def _reversed(snapshot: Snapshot, subject: Subject, policy: Policy) -> Mapping[str, Document]:
    """Return what is booked of what the subject's plan reverses, by key."""
    return {
        each.key: each
        for of, origin in reversed_by(subject, snapshot)
        for each in plan(of, origin, policy).documents
    }
