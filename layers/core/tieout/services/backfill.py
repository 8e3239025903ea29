"""Backfill: queue everything that Stripe has of a range of days, and be able to go on.

The days go into the event queue oldest first, not faster than the processor books them, and after
each day the cursor says so. A run that dies queues at most a day twice, and what is booked already
is not booked again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from tieout.domain.dates import accounting_date, day_bounds
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.passes import pass_name
from tieout.services.ports import Clock, Cursors, Progress, WorkItem, WorkQueue
from tieout.services.walk import Lister, days, subjects_of_day

# What a subject takes of a processor: a few reads of Stripe and its share of a request to Intacct.
SECONDS_PER_SUBJECT = 1
# Not how far anything has come, but the range itself: from its first second to its last.
_BEGUN_LAST = "backfill"


@dataclass(frozen=True, slots=True)
class Range:
    """Days of the company's, both included, of one Stripe account; None is the main one."""

    since: date
    until: date
    zone: ZoneInfo
    account: str | None = None

    @property
    def name(self) -> str:
        """What the cursor is called: with a later last day, a backfill goes on where it ended."""
        return pass_name(f"backfill#{self.since}", self.account)


@dataclass(frozen=True, slots=True)
class Status:
    """How far the backfill of a range has come.

    Attributes:
        next_day: the first that is not queued yet; None if all are.
    """

    next_day: date | None


def status(span: Range, cursors: Cursors) -> Status:
    """Return how far the backfill of a range has come.

    The cursor's `until_unix` is the last second of the last day that was queued.

    Raises:
        TransientFault, ConfigurationFault: the table cannot be read.
    """
    until_unix = cursors.get(span.name).until_unix
    if until_unix is None:
        return Status(span.since)
    next_day = accounting_date(until_unix, span.zone) + timedelta(days=1)
    return Status(next_day if next_day <= span.until else None)


def begin_anew(span: Range, cursors: Cursors) -> None:
    """Forget how far the backfill of a range has come: the next run queues all of it.

    Raises:
        TransientFault, ConfigurationFault: the table cannot be used.
    """
    cursors.put(span.name, Progress())


def note_begun(span: Range, cursors: Cursors) -> None:
    """Note that the backfill of a range was begun, so that one can ask for it without its days.

    Raises:
        TransientFault, ConfigurationFault: the table cannot be used.
    """
    since_unix, _ = day_bounds(span.since, span.zone)
    _, until_unix = day_bounds(span.until, span.zone)
    cursors.put(_BEGUN_LAST, Progress(None, since_unix, until_unix))


def begun_last(cursors: Cursors, zone: ZoneInfo) -> tuple[date, date] | None:
    """Return the first and the last day of the backfill that was begun last; None without one.

    Raises:
        TransientFault, ConfigurationFault: the table cannot be read.
    """
    noted = cursors.get(_BEGUN_LAST)
    if noted.began_at_unix is None or noted.until_unix is None:
        return None
    return accounting_date(noted.began_at_unix, zone), accounting_date(noted.until_unix, zone)


def hours(subjects: int, concurrency: int) -> float:
    """Return how long the processors work on so many subjects, about."""
    return subjects * SECONDS_PER_SUBJECT / concurrency / 3_600


class Backfill:
    """Queues a range."""

    def __init__(
        self,
        stripe: Lister,
        queue: WorkQueue,
        cursors: Cursors,
        clock: Clock,
        pause: Callable[[float], None],
        *,
        per_second: float,
        livemode: bool,
    ) -> None:
        self._stripe = stripe
        self._queue = queue
        self._cursors = cursors
        self._clock = clock
        self._pause = pause
        self._pause_seconds = 1 / per_second
        self._livemode = livemode

    def run(self, span: Range) -> Iterator[tuple[date, Subject]]:
        """Queue what is left of a range, and yield each subject once it is queued, with its day.

        Raises:
            TransientFault, ConfigurationFault: Stripe, the queue or the table. What was queued is
                queued; the next run goes on with the day that this one was at.
        """
        first = status(span, self._cursors).next_day
        if first is None:
            return
        began_at_unix = self._clock.now_unix()
        for day in days(first, span.until):
            now_unix = self._clock.now_unix()
            for subject in subjects_of_day(self._stripe, day, span.zone, now_unix, span.account):
                self._send(subject, began_at_unix)
                yield day, subject
                self._pause(self._pause_seconds)
            last_second_unix = day_bounds(day, span.zone)[1]
            self._cursors.put(span.name, Progress(None, began_at_unix, last_second_unix))

    def _send(self, subject: Subject, began_at_unix: int) -> None:
        is_customer = subject.kind is SubjectKind.CUSTOMER
        self._queue.send(
            WorkItem(
                subject=subject,
                trigger="backfill",
                # As webhooks group a customer's own events; the customer of others is not known.
                group=subject.id if is_customer else str(subject),
                deduplication_id=f"backfill:{began_at_unix}:{subject}",
                livemode=self._livemode,
            )
        )
