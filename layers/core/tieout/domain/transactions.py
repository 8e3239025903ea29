"""The month's Intacct transactions: how many are used, and where the month is going.

Intacct counts each record that is written once, whatever its lines, and each call that reads once,
whatever its rows. A contract includes so many a month; what goes beyond is billed, not blocked.
Source: intacct-xml-api dossier section 6 (counting, volumes).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tieout.domain.policy_reader import Section

TRANSACTIONS_A_MONTH_MAX = 1_000_000_000
_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Volume:
    """A month's transactions.

    Attributes:
        month: `2026-11`, of UTC.
        budget: how many the policy allows a month; None if it does not say.
        used: how many were counted so far.
        forecast: how many there will be at the end of the month if it goes on like this.
    """

    month: str
    budget: int | None
    used: int
    forecast: int

    def percent(self, transactions: int) -> int | None:
        """Return the share of the budget, rounded down; None without a budget."""
        return None if self.budget is None else transactions * 100 // self.budget


def volume(budget: int | None, used: int, now_unix: int) -> Volume:
    """Return what is known of the month at a moment.

    The forecast goes on in a straight line over business days, Monday to Friday, of which the one
    that is not over counts in part. The first of them is no base for a forecast yet: until it is
    over it counts as a whole.
    """
    now = datetime.fromtimestamp(now_unix, UTC)
    days = list(_business_days(now.date()))
    over = sum(day < now.date() for day in days) * _DAY
    if now.date() in days:
        over += now - datetime.combine(now.date(), datetime.min.time(), UTC)
    forecast = used * (len(days) * _DAY) // max(over, _DAY)
    return Volume(month_of(now_unix), budget, used, max(used, forecast))


def month_of(now_unix: int) -> str:
    """Return the month that a moment is counted in, `2026-11`."""
    return f"{datetime.fromtimestamp(now_unix, UTC):%Y-%m}"


def read_transactions_per_month(file: Section) -> int | None:
    """Return the budget that a policy file names, noting its errors; None if it names none."""
    section = file.section("intacct")
    allowed = section.integer("transactions_per_month", 0, TRANSACTIONS_A_MONTH_MAX, 0)
    section.refuse_unknown()
    return allowed or None


def _business_days(of_month: date) -> Iterator[date]:
    day = of_month.replace(day=1)
    while day.month == of_month.month:
        if day.weekday() < _SATURDAY:
            yield day
        day += _DAY
