"""Deferred revenue: what a line earns over its service period, and what is taken back of it.

The service is counted in whole days of the company's: the first is the day on which it begins, the
last the day before the one on which the next period begins. So two periods that follow each other
share no day, and a credit for the rest of a period has exactly the days that are left.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from tieout.domain.dates import accounting_date
from tieout.domain.documents import ArLine, Deferral
from tieout.domain.money import allocate
from tieout.domain.policy import Policy, RevenueCategory
from tieout.planning.snapshots import InvoiceLine
from tieout.planning.taking_back import Earned


def deferral(line: InvoiceLine, category: RevenueCategory, policy: Policy) -> Deferral | None:
    """Return how a line is earned over time; None if it is at once.

    That are lines of a category that is not deferred, and lines without a service of two days or
    more: one-off items begin and end in the same second.

    Source: stripe-api dossier section 4.2 (`period` includes its end, and is a moment for one-off
    items); in practice a period ends in the second in which the next one begins.
    """
    start_unix, end_unix = line.period_start_unix, line.period_end_unix
    if category.deferred is None or start_unix is None or end_unix is None:
        return None
    start = accounting_date(start_unix, policy.zone)
    # The last second of a month belongs to the month; the first of the next one ends it, too.
    end = accounting_date(end_unix + 1, policy.zone) - timedelta(days=1)
    if end <= start:
        return None
    waits = category.deferred
    return Deferral(waits.account, waits.template, start, end, waits.refunds_from)


def taken_back(line: ArLine, amount_minor: int, on: date) -> tuple[tuple[str, int], ...]:
    """Return the accounts that (part of) a line is on by the beginning of a day.

    What the days before have earned is revenue, the rest still waits. The division is exact.

    Args:
        line: as it was booked.
        amount_minor: what of it is taken back, in minor units; any sign.
        on: the day on which it is taken back; that day is not earned any more.

    Returns:
        Accounts with their shares, which sum to the amount; none over nothing.
    """
    if line.deferral is None:
        shares: tuple[tuple[str, int], ...] = ((line.account, amount_minor),)
    else:
        days = (line.deferral.end - line.deferral.start).days + 1
        passed = min(max((on - line.deferral.start).days, 0), days)
        earned_minor, waiting_minor = allocate(amount_minor, (passed, days - passed))
        shares = ((line.account, earned_minor), (line.deferral.account, waiting_minor))
    return tuple(each for each in shares if each[1])


def taken_back_lines(line: ArLine, on: date) -> tuple[ArLine, ...]:
    """Return a memo's line as of a day: what was earned, and what ends the earning of the rest.

    The rest has the line's own schedule for the days that are left, so that from then on the two
    schedules cancel each other out.

    Args:
        line: over what is taken back, with the deferral of the line that it takes back.
        on: the day on which it is taken back.
    """
    if line.deferral is None or on <= line.deferral.start:
        return (line,)
    rest = dataclasses.replace(line.deferral, start=on)
    return tuple(
        dataclasses.replace(
            line, amount_minor=share, deferral=None if account == line.account else rest
        )
        for account, share in taken_back(line, line.amount_minor, on)
    )


def as_of(earned: Iterable[Earned], on: date) -> Iterator[Earned]:
    """Yield what a journal entry takes back, each part on the account that it is taken from.

    An entry cannot end a schedule, so all of it is taken from revenue: the schedule goes on and
    fills up what is missing there. Unless policy says that people end schedules; then each part is
    taken from where it is by the day.
    """
    for each in earned:
        line, deferral = each.line, each.line.deferral
        if deferral is not None and deferral.refunds_from == "revenue":
            line = dataclasses.replace(line, deferral=None)
        for account, amount_minor in taken_back(line, each.amount_minor, on):
            part = dataclasses.replace(line, account=account, deferral=None)
            yield dataclasses.replace(each, line=part, amount_minor=amount_minor)
