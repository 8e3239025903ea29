"""Posting dates: a document never lands before the books begin, nor in a closed period.

Every document gets its date here, so nothing that the company booked by hand is booked again.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from tieout.domain.dates import accounting_date
from tieout.domain.errors import Refused
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class PostingDate:
    """The day on which a document counts in the general ledger.

    Attributes:
        note: to be added to the document's text; empty unless the day was moved.
    """

    day: date
    note: str = ""


def is_before_books(at_unix: int | None, policy: Policy) -> bool:
    """Return whether something happened before `books_from`; what has no known time did not.

    Args:
        at_unix: when, in unix seconds.
        policy: the company's.
    """
    if at_unix is None or policy.books_from is None:
        return False
    return accounting_date(at_unix, policy.zone) < policy.books_from


def refuse_before_books(day: date, policy: Policy) -> None:
    """Refuse what happened before `books_from`.

    Raises:
        Refused: the company has booked the day by hand.
    """
    if policy.books_from is not None and day < policy.books_from:
        raise Refused(
            Reason.BEFORE_BOOKS,
            f"dated {day.isoformat()}, before `books_from` ({policy.books_from.isoformat()})",
        )


def posting_date(day: date, policy: Policy) -> PostingDate:
    """Return when something that happened on `day` is posted.

    Raises:
        Refused: the day is before `books_from`, or in a closed period and policy wants to wait or
            a person to decide.
    """
    refuse_before_books(day, policy)
    closed_through = policy.periods.closed_through
    if closed_through is None or day > closed_through:
        return PostingDate(day)
    if policy.periods.when_closed == "next_open_date":
        return PostingDate(closed_through + timedelta(days=1), f", dated {day.isoformat()}")
    waits = policy.periods.when_closed == "wait"
    raise Refused(
        Reason.WAITS_FOR_PERIOD if waits else Reason.PERIOD_CLOSED_BY_POLICY,
        f"dated {day.isoformat()}, but everything is closed through {closed_through.isoformat()}",
        day,
    )


def waits_for(day: date, policy: Policy) -> bool:
    """Return whether policy has what is dated on a day wait until its period is open."""
    closed_through = policy.periods.closed_through
    is_open = closed_through is None or day > closed_through
    return not is_open and policy.periods.when_closed == "wait"
