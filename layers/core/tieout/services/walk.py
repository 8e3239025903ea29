"""Walk: every subject of a range of days, a day at a time, oldest first.

Within a day what others hang on comes first; nothing depends on it, but fewer documents wait.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from tieout.domain.dates import day_bounds
from tieout.domain.subjects import Subject, SubjectKind

# A day's own journal sums up what all the others moved, so it comes last.
LISTED = (
    SubjectKind.CUSTOMER,
    SubjectKind.INVOICE,
    SubjectKind.CREDIT_NOTE,
    SubjectKind.CHARGE,
    SubjectKind.REFUND,
    SubjectKind.DISPUTE,
    SubjectKind.TOPUP,
    SubjectKind.PAYOUT,
)


class Lister(Protocol):
    """The part of `StripeReader` that finds subjects."""

    def listed(
        self, kind: SubjectKind, since_unix: int, until_unix: int, account: str | None = None
    ) -> Iterator[Subject]:
        """See `StripeReader.listed`."""
        ...


def days(since: date, until: date) -> Iterator[date]:
    """Yield every day from `since` to `until`, both included."""
    for number in range((until - since).days + 1):
        yield since + timedelta(days=number)


def subjects_of_day(
    stripe: Lister, day: date, zone: ZoneInfo, now_unix: int, account: str | None = None
) -> Iterator[Subject]:
    """Yield what was created in Stripe on a day of the company's, then the day, once it is over.

    Args:
        stripe: where to look.
        day: as the company counts.
        zone: in which its days begin.
        now_unix: the time, by which a day is over or not.
        account: the further or connected account to look in; None for the main one.

    Raises:
        TransientFault, ConfigurationFault: Stripe cannot be asked.
    """
    since_unix, until_unix = day_bounds(day, zone)
    for kind in LISTED:
        yield from stripe.listed(kind, since_unix, until_unix, account)
    if until_unix < now_unix:
        yield Subject(SubjectKind.ACTIVITY, day.isoformat(), account)
