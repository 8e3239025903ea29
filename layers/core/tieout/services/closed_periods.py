"""Keeping up with what Intacct closes: asked once a day, and whenever it refuses for that reason.

What it says changes the policy in force (`domain.closed_periods`). It never stands in the way: if
Intacct does not answer, what was known before goes on to count.
"""

import logging
from datetime import date

from tieout.domain.closed_periods import entities_of
from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.services import metric_names
from tieout.services.ports import Books, Clock, ClosedBooks, ClosedDates, Metrics, PolicySource

EVERY_SECONDS = 86_400

logger = logging.getLogger(__name__)


class ClosedPeriods:
    """Asks Intacct and keeps what it says."""

    def __init__(
        self,
        books: Books,
        closed_books: ClosedBooks,
        policies: PolicySource,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._books = books
        self._closed_books = closed_books
        self._policies = policies
        self._clock = clock
        self._metrics = metrics

    def ask_daily(self) -> None:
        """Ask if that was not done for a day."""
        try:
            asked_at_unix = self._closed_books.dates().asked_at_unix
        except TransientFault as fault:
            logger.warning("cannot tell when books were closed", extra={"cause": str(fault)})
            return
        if asked_at_unix is None or self._clock.now_unix() - asked_at_unix >= EVERY_SECONDS:
            self.ask()

    def ask(self) -> date | None:
        """Ask for every entity that documents go to, and keep the answers.

        Returns:
            The last day on which any of their books is closed; None if none is or nobody answers.
        """
        now_unix = self._clock.now_unix()
        try:
            asked = {
                entity: self._books.closed_through(entity)
                for entity in sorted(entities_of(self._policies.current()), key=str)
            }
            said = ClosedDates({each: day for each, day in asked.items() if day}, now_unix)
            self._closed_books.save(said)
        except TransientFault as fault:
            logger.warning("cannot ask for closed books now", extra={"cause": str(fault)})
        except ConfigurationFault as fault:
            self._metrics.count(metric_names.CONFIGURATION_FAULT)
            logger.error(  # noqa: TRY400 - the fault's own text says it all
                "cannot ask for closed books", extra={"reason": fault.reason, "cause": fault.text}
            )
        else:
            return said.latest
        return None
