"""When each day of the balance is read: some time after its end, and once more some days later.

By the first time the last movements are listed, as a rule. What is there only the second time
differs from what was booked, and so comes to the exceptions list.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from tieout.domain.dates import accounting_date, day_bounds
from tieout.domain.policy import Policy
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.passes import DAY_SECONDS, FIRST_LOOK_BACK_SECONDS, Compared
from tieout.services.ports import Clock, WorkItem, WorkQueue

# How long after its end a day is read, and read again.
# Source: stripe-api dossier section 6: rows may become visible late.
READ_AFTER_SECONDS = (2 * 3_600, 3 * DAY_SECONDS)


class DaysPass:
    """Queues each day of the balance when it is time to read it. Asks Stripe nothing."""

    name = "days"
    every_seconds = 0

    def __init__(self, policy: Policy, queue: WorkQueue, clock: Clock, *, livemode: bool) -> None:
        self._policy = policy
        self._queue = queue
        self._clock = clock
        self._livemode = livemode

    def since_unix(self, began_at_unix: int, complete_unix: int | None, /) -> int:
        """Return when the last complete pass began: what was due until then is queued."""
        if complete_unix is None:
            return began_at_unix - FIRST_LOOK_BACK_SECONDS
        return complete_unix

    def compare(self, since_unix: int, _until_unix: int | None) -> Compared:
        """Queue the days that became due since, the oldest first."""
        now_unix = self._clock.now_unix()
        queued = 0
        for account in (None, *self._policy.accounts):
            policy = self._policy.of_account(account) or self._policy
            for at_unix, day in sorted(_due(policy, since_unix, now_unix)):
                self._send(Subject(SubjectKind.ACTIVITY, day.isoformat(), account), at_unix)
                queued += 1
        return Compared(queued, 0, since_unix)

    def _send(self, subject: Subject, at_unix: int) -> None:
        self._queue.send(
            WorkItem(
                subject=subject,
                trigger="poll",
                # Days do not wait for each other.
                group=str(subject),
                deduplication_id=f"poll:{subject}:{at_unix}",
                livemode=self._livemode,
            )
        )


def _due(policy: Policy, since_unix: int, now_unix: int) -> Iterator[tuple[int, date]]:
    """Yield each moment of this time at which a day is to be read, and the day."""
    zone, books_from = policy.zone, policy.books_from
    day = accounting_date(since_unix - max(READ_AFTER_SECONDS), zone) - timedelta(days=1)
    while (ended_unix := day_bounds(day, zone)[1]) < now_unix:
        for after_seconds in READ_AFTER_SECONDS:
            if since_unix < ended_unix + after_seconds <= now_unix and (
                books_from is None or day >= books_from
            ):
                yield ended_unix + after_seconds, day
        day += timedelta(days=1)
