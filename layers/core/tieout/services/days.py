"""Days of the balance, as the company counts them: what moved on each."""

from datetime import date

from tieout.domain.dates import day_bounds
from tieout.domain.errors import Refused, TransientFault
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject
from tieout.planning.snapshots import ActivitySnapshot
from tieout.services.ports import StripeReader


def read_day(
    stripe: StripeReader, subject: Subject, policy: Policy, now_unix: int
) -> ActivitySnapshot:
    """Return what moved the balance on a day of the company's.

    Raises:
        TransientFault: the day is not over: half of it is never booked. Or as the reader says.
        Refused: the subject names no day, or there are more movements than can be read.
    """
    day = _day_of(subject)
    own = policy.of_account(subject.account) or policy
    first_unix, last_unix = day_bounds(day, own.zone)
    if now_unix <= last_unix:
        raise TransientFault(f"{day} is not over yet", last_unix + 1 - now_unix)
    movements = stripe.movements(first_unix, last_unix, subject.account)
    return ActivitySnapshot(day, tuple(movements))


def _day_of(subject: Subject) -> date:
    try:
        day = date.fromisoformat(subject.id)
    except ValueError:
        day = None
    # Python reads 20261120, too; but a day has one name.
    if day is None or day.isoformat() != subject.id:
        raise Refused(Reason.UNREADABLE_OBJECT, f"{subject.id!r} is no day, as 2026-11-20 would be")
    return day
