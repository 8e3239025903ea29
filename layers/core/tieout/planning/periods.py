"""Posting dates: a document never lands in a period that policy calls closed."""

from dataclasses import dataclass
from datetime import date, timedelta

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


def posting_date(day: date, policy: Policy) -> PostingDate:
    """Return when something that happened on `day` is posted.

    Raises:
        Refused: the day is in a closed period and policy wants a person to decide.
    """
    closed_through = policy.periods.closed_through
    if closed_through is None or day > closed_through:
        return PostingDate(day)
    if policy.periods.when_closed == "park":
        raise Refused(
            Reason.PERIOD_CLOSED_BY_POLICY,
            f"dated {day.isoformat()}, but policy has closed everything through "
            f"{closed_through.isoformat()}",
        )
    return PostingDate(closed_through + timedelta(days=1), f", dated {day.isoformat()}")
