"""Which sales a day's journals would sum up, where nobody has decided that yet.

A movement of the balance does not tell whether its charge pays an invoice, nor how it is booked;
the posting of the sale does, once the processor has read the charge. What is only previewed or
compared writes no posting: the plans of the charges are remembered until their day comes, and those
of charges that were not looked at are made.
"""

import dataclasses
from collections.abc import Callable, Iterable

from tieout.domain.plans import Plan
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.activity import evidence
from tieout.planning.snapshots import ActivitySnapshot


class DaySales:
    """Remembers the plans of charges until the day is asked for that they moved the balance on."""

    def __init__(self, plans_of: Callable[[Subject], Iterable[Plan]]) -> None:
        """Ask `plans_of` for the plans of a charge that was not noted."""
        self._plans_of = plans_of
        self._noted: dict[str, frozenset[str]] = {}

    def note(self, made: Plan) -> None:
        """Remember what a plan makes of a charge; of anything else, nothing."""
        if made.subject.kind is not SubjectKind.CHARGE:
            return
        summed_up = {each.key for each in made.findings if each.reason is Reason.IN_DAILY_SUMMARY}
        for key in made.keys:
            version = frozenset({made.policy_version} if key in summed_up else ())
            self._noted[key] = self._noted.get(key, frozenset()) | version

    def of_day(
        self, subject: Subject, day: ActivitySnapshot, keys: Iterable[str], version: str
    ) -> frozenset[str]:
        """Return which sales of a day a policy puts in its journals.

        Args:
            subject: the day's.
            day: what moved the balance on it.
            keys: of the sales in question.
            version: of the policy.
        """
        charges = evidence(day)
        found = set()
        for key in keys:
            if key not in self._noted:
                charge = dataclasses.replace(charges[key], account=subject.account)
                for made in self._plans_of(charge):
                    self.note(made)
            if version in self._noted.get(key, ()):
                found.add(key)
        return frozenset(found)

    def forget(self, keys: Iterable[str]) -> None:
        """Forget the sales of a day that is done with: a range may have any number of them."""
        for key in keys:
            self._noted.pop(key, None)
