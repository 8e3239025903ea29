"""Revenue recognition of document lines: what a line earns, month by month.

Source: dossier 7.8, last paragraph: a line with a template credits its deferred-revenue account,
and a schedule moves it to the line's own account. How the real templates round is not documented;
the double's one is straight-line by day, each month being what is earned until its end less what
was earned before, so that the whole is earned exactly. Nothing is posted: whoever wants to know
what is earned by a day asks.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.books.money import ZERO, round_amount
from tests.sandbox.intacct.books.records import DeferredRevenue, DocumentLine


@dataclass(frozen=True)
class Installment:
    """What one line earns in one month; negative for a credit.

    ``on`` is the month's last day, or the last of the service if that comes before.
    """

    on: date
    deferred_account_no: str
    revenue_account_no: str
    amount: Decimal
    currency: str


def check_deferral(company: IntacctCompany, deferred: DeferredRevenue) -> None:
    """Refuse an unknown template or account, and a service that ends before it begins."""
    if deferred.template not in company.profile.revenue_templates:
        raise errors.invalid_reference("revenue recognition template", deferred.template)
    company.account(deferred.account_no)
    if deferred.end_on < deferred.start_on:
        raise errors.illegal("revrecenddate", str(deferred.end_on))


def schedule(line: DocumentLine, currency: str) -> Iterator[Installment]:
    """Yield what a line earns month by month; nothing for one that is earned at once."""
    deferred = line.deferred
    if deferred is None:
        return
    before, on = ZERO, deferred.start_on - timedelta(days=1)
    while on < deferred.end_on:
        on = min(_month_end(on + timedelta(days=1)), deferred.end_on)
        until = _earned(line.amount, deferred, on)
        yield Installment(on, deferred.account_no, line.account_no, until - before, currency)
        before = until


def schedules(company: IntacctCompany) -> Iterator[Installment]:
    """Yield the installments of every line of every document that stands."""
    for document in company.documents:
        if document.state == "posted":
            for line in document.lines:
                yield from schedule(line, document.exchange.currency)


def earned(company: IntacctCompany, as_of: date) -> dict[tuple[str, str], Decimal]:
    """Return what is earned by the end of a day, by revenue account and currency."""
    sums: dict[tuple[str, str], Decimal] = {}
    for document in company.documents:
        if document.state != "posted":
            continue
        for line in document.lines:
            if line.deferred is not None:
                key = (line.account_no, document.exchange.currency)
                amount = _earned(line.amount, line.deferred, as_of)
                sums[key] = sums.get(key, ZERO) + amount
    return sums


def _earned(amount: Decimal, deferred: DeferredRevenue, as_of: date) -> Decimal:
    days = (deferred.end_on - deferred.start_on).days + 1
    passed = min(max((as_of - deferred.start_on).days + 1, 0), days)
    return round_amount(amount * passed / days)


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
