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
_PERCENT_MAX = 100
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
        above_from: how many reach the budget, so that `above_budget` counts; None if nothing in
            the policy waits for that.
        above_on: the day on which that will be if it goes on like this; None if not in this month,
            or if it is so already.
    """

    month: str
    budget: int | None
    used: int
    forecast: int
    above_from: int | None = None
    above_on: date | None = None

    @property
    def reached(self) -> str:
        """How much of the budget is used if that reaches it; empty if not."""
        if self.above_from is None or self.used < self.above_from:
            return ""
        return f"{self.used:,} of {self.budget:,} transactions used in {self.month}"

    def percent(self, transactions: int) -> int | None:
        """Return the share of the budget, rounded down; None without a budget."""
        return None if self.budget is None else transactions * 100 // self.budget


def volume(budget: int | None, used: int, now_unix: int, above_from: int | None = None) -> Volume:
    """Return what is known of the month at a moment.

    The forecast goes on in a straight line over business days, Monday to Friday, of which the one
    that is not over counts in part. The first of them is no base for a forecast yet: until it is
    over it counts as a whole. Rounded down, as `above_on` counts: a part of a transaction reaches
    no budget.

    Args:
        budget: how many transactions the policy allows a month, if it says so.
        used: how many were counted so far.
        now_unix: the moment.
        above_from: how many reach the budget, if something waits for that.
    """
    now = datetime.fromtimestamp(now_unix, UTC)
    days = list(_business_days(now.date()))
    over = sum(day < now.date() for day in days) * _DAY
    if now.date() in days:
        over += now - datetime.combine(now.date(), datetime.min.time(), UTC)
    base = max(over, _DAY)
    forecast = max(used, used * (len(days) * _DAY) // base)
    above_on = None
    if above_from is not None and used < above_from:
        by_then = ((day, used * (number * _DAY)) for number, day in enumerate(days, 1))
        above_on = next((day for day, so_far in by_then if so_far >= above_from * base), None)
    return Volume(month_of(now_unix), budget, used, forecast, above_from, above_on)


def month_of(now_unix: int) -> str:
    """Return the month that a moment is counted in, `2026-11`."""
    return f"{datetime.fromtimestamp(now_unix, UTC):%Y-%m}"


def read_budget(file: Section) -> tuple[int | None, int]:
    """Return the budget that a policy file names, and the share of it that reaches it in percent.

    Errors are noted; the budget is None if the file names none.
    """
    section = file.section("intacct")
    allowed = section.integer("transactions_per_month", 0, TRANSACTIONS_A_MONTH_MAX, 0)
    percent = section.integer("above_budget_from_percent", 1, _PERCENT_MAX, _PERCENT_MAX)
    if not allowed and "above_budget_from_percent" in section.values:
        section.note("above_budget_from_percent", "needs `transactions_per_month` to be a share of")
    section.refuse_unknown()
    return allowed or None, percent


def _business_days(of_month: date) -> Iterator[date]:
    day = of_month.replace(day=1)
    while day.month == of_month.month:
        if day.weekday() < _SATURDAY:
            yield day
        day += _DAY
