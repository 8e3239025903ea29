"""The daily tie-out: once a day is over and booked, compare it; if something is open, once more.

It runs with the poller and never in its way: whatever it meets is counted and told, and the next
run tries again.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tieout.domain.dates import accounting_date, day_bounds
from tieout.domain.errors import ConfigurationFault, Refused, TransientFault
from tieout.domain.policy import Policy
from tieout.domain.tie_outs import TieOut
from tieout.services import metric_names
from tieout.services.ports import Clock, Metrics, PolicySource, TieOutStore
from tieout.services.tie_out import LOOK_BACK_DAYS, TieOuts

# The day's own journals are queued two hours after its end, and may meet a busy queue.
FIRST_AFTER_SECONDS = 4 * 3_600
# What was open then is worth a second look before it is anybody's work in the morning.
AGAIN_AFTER_SECONDS = 8 * 3_600

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DailyReport:
    """What came of it.

    Attributes:
        day: the day that was tied out.
        balances: how many Stripe balances were compared.
        unexplained: how many of them differ from the books for a reason that nobody knows.
    """

    day: str
    balances: int
    unexplained: int


class DailyTieOut:
    """The use case that the poller's function runs last."""

    def __init__(
        self,
        tie_outs: TieOuts,
        store: TieOutStore,
        policies: PolicySource,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._tie_outs = tie_outs
        self._store = store
        self._policies = policies
        self._clock = clock
        self._metrics = metrics

    def run(self) -> DailyReport | None:
        """Tie yesterday out if it is time to; None if it is not, or if that failed."""
        try:
            policy = self._policies.current()
            day = self._due(policy)
            return None if day is None else self._report(self.tie(day, policy))
        except (TransientFault, Refused) as fault:
            logger.warning("cannot tie out now", extra={"cause": str(fault)})
        except ConfigurationFault as fault:
            self._metrics.count(metric_names.CONFIGURATION_FAULT)
            logger.error("cannot tie out", extra={"reason": fault.reason, "cause": fault.text})  # noqa: TRY400 - the fault's own text says it all
        return None

    def _due(self, policy: Policy) -> date | None:
        """Return yesterday if it was not tied out yet, or should be again."""
        now_unix = self._clock.now_unix()
        day = accounting_date(now_unix, policy.zone) - timedelta(days=1)
        if policy.books_from is not None and day < policy.books_from:
            return None
        age_seconds = now_unix - day_bounds(day, policy.zone)[1]
        if age_seconds < FIRST_AFTER_SECONDS:
            return None
        made = self._store.of_days([day]).get(day)
        if made is None:
            return day
        is_second = min(each.made_at_unix for each in made) < now_unix - age_seconds + (
            AGAIN_AFTER_SECONDS
        )
        worth_it = age_seconds >= AGAIN_AFTER_SECONDS and is_second
        is_open = any(each.differs for each in made)
        return day if worth_it and is_open else None

    def tie(
        self, day: date, policy: Policy, look_back_days: int = LOOK_BACK_DAYS
    ) -> Sequence[TieOut]:
        """Tie a day out for every account whose books are kept, and keep that.

        Args:
            day: the company's; it is over.
            policy: today's.
            look_back_days: how many days before are searched for movements that nobody has read.

        Raises:
            TransientFault, ConfigurationFault, Refused: as `TieOuts.of_day`; nothing is kept then.
        """
        before = self._store.of_days([day - timedelta(days=1)])
        known = [each for made in before.values() for each in made]
        made: list[TieOut] = []
        for account in (None, *policy.accounts):
            earlier = [each for each in known if each.account == (account or "")]
            made += self._tie_outs.of_day(day, policy, earlier, account, look_back_days)
        self._store.save(day, made)
        return made

    def _report(self, made: Sequence[TieOut]) -> DailyReport:
        unexplained = [each for each in made if not each.is_explained]
        self._metrics.count(metric_names.TIED_OUT, len(made))
        if unexplained:
            self._metrics.count(metric_names.RESIDUAL_UNEXPLAINED, len(unexplained))
        for each in unexplained:
            logger.warning(
                "residual not explained",
                extra={
                    "day": each.day,
                    "currency": each.currency,
                    "account": each.account,
                    "unexplained_minor": each.unexplained_minor,
                    "open_items": sum(not item.explained for item in each.open_items),
                    "control_difference_minor": each.control_difference_minor,
                },
            )
        return DailyReport(made[0].day if made else "", len(made), len(unexplained))
