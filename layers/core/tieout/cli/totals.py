"""How the totals of a range look, to people and to programs."""

from collections.abc import Iterator, Mapping

from tieout.cli.console import money, wrapped
from tieout.cli.stripe_accounts import named_account
from tieout.domain.money import decimal_from_minor
from tieout.domain.reasons import WAY_OUT
from tieout.domain.transactions import Volume
from tieout.services.totals import INCLUDED_TRANSACTIONS, Totals, overage_cents, together

ByAccount = Mapping[str | None, Totals]


def totals_text(by_account: ByAccount) -> Iterator[str]:
    """Yield the totals as people read them: documents, exceptions, accounts, cost.

    Of several Stripe accounts each has its own, before those of all.
    """
    several = len(by_account) > 1
    for account, totals in by_account.items():
        if several or account is not None:
            yield f"Stripe account {named_account(account)}"
        yield from _sums_text(totals)
        yield ""
    whole = together(by_account.values())
    if several:
        yield "all Stripe accounts"
        yield from _sums_text(whole)
        yield ""
    yield from cost_text(whole.transactions)


def _sums_text(totals: Totals) -> Iterator[str]:
    yield f"{totals.subjects:,} Stripe objects"
    if totals.documents:
        yield ""
        yield "documents"
    for (kind, change), count in sorted(totals.documents.items()):
        yield f"  {kind:20} {change.replace('_', ' '):10} {count:>10,}"
    if totals.findings:
        yield ""
        yield "no documents"
        for (reason, change), count in sorted(totals.findings.items()):
            label = f"{reason:28} {change.replace('_', ' '):10}"
            yield f"  {label} {count:>8,}  {_sums(totals, reason)}".rstrip()
            yield from (f"  {each}" for each in wrapped(WAY_OUT[reason]).splitlines())
    yield from _accounts(totals)


def _sums(totals: Totals, reason: str) -> str:
    return ", ".join(
        money(amount_minor, currency)
        for (each, currency), amount_minor in sorted(totals.amounts.items())
        if each == reason
    )


def _accounts(totals: Totals) -> Iterator[str]:
    if not totals.accounts:
        return
    yield ""
    yield f"  {'month':8} {'account':26} {'debit':>20} {'credit':>20}"
    for place, sums in sorted(totals.accounts.items()):
        debit, credit = (
            f"{decimal_from_minor(each, place.currency):,f} {place.currency.upper()}"
            if each
            else ""
            for each in (sums.debit_minor, sums.credit_minor)
        )
        yield f"  {place.month:8} {place.account:26} {debit:>20} {credit:>20}".rstrip()


def cost_text(transactions: int) -> Iterator[str]:
    """Yield what so many Intacct transactions cost."""
    yield f"{transactions:,} Intacct transactions"
    least, most = overage_cents(transactions), overage_cents(transactions, INCLUDED_TRANSACTIONS)
    yield (
        f"  posted in one month: {money(least, 'usd')} if nothing else used the "
        f"{INCLUDED_TRANSACTIONS:,} of the first tier, {money(most, 'usd')} if all of it is used"
    )


def month_text(month: Volume, more: int = 0) -> Iterator[str]:
    """Yield how much of the month's transactions is used.

    Args:
        month: of now.
        more: transactions that are not in it yet.
    """
    yield f"  {used_text(month)}"
    if more:
        total = month.forecast + more
        yield f"  with these {total:,} by its end{_share(month, total)}"
    if above_budget := above_budget_text(month):
        yield f"  {above_budget}"


def used_text(month: Volume) -> str:
    """Return how much of a month's transactions is used, and will be."""
    allowed = "" if month.budget is None else f" of {month.budget:,}"
    used, share = f"{month.month}: {month.used:,}{allowed} used", _share(month, month.used)
    if month.forecast == month.used:
        return f"{used}{share}"
    by_its_end = f"{month.forecast:,} by its end at this pace{_share(month, month.forecast)}"
    return f"{used} so far{share}, {by_its_end}"


def _share(month: Volume, transactions: int) -> str:
    percent = month.percent(transactions)
    return "" if percent is None else f" ({percent}%)"


def above_budget_text(month: Volume) -> str:
    """Return from when on `above_budget` counts; empty if nothing in the policy waits for that."""
    if month.above_from is None:
        return ""
    if month.reached:
        return f"{month.above_from:,} are reached: new sales are booked as `above_budget` says"
    when = f"on {month.above_on} at this pace" if month.above_on else "not this month at this pace"
    return f"from {month.above_from:,} on ({when}) new sales are booked as `above_budget` says"


def month_facts(month: Volume) -> Mapping[str, object]:
    """Return how much of the month's transactions is used, for a program."""
    return {
        "month": month.month,
        "budget": month.budget,
        "used": month.used,
        "forecast": month.forecast,
        "above_budget_from": month.above_from,
        "above_budget_on": month.above_on and month.above_on.isoformat(),
        "is_above_budget": month.reached != "",
    }


def totals_facts(by_account: ByAccount) -> Mapping[str, object]:
    """Return the totals for a program; amounts in minor units, all positive.

    Those of all Stripe accounts, and of each.
    """
    return {
        **_facts(together(by_account.values())),
        "stripe_accounts": [
            {"stripe_account": named_account(account), **_facts(totals)}
            for account, totals in by_account.items()
        ],
    }


def _facts(totals: Totals) -> Mapping[str, object]:
    return {
        "subjects": totals.subjects,
        "documents": [
            {"type": kind, "change": change, "count": count}
            for (kind, change), count in sorted(totals.documents.items())
        ],
        "findings": [
            {
                "reason": reason,
                "change": change,
                "count": count,
                "totals_minor": {
                    currency: amount_minor
                    for (each, currency), amount_minor in sorted(totals.amounts.items())
                    if each is reason
                },
                "way_out": WAY_OUT[reason],
            }
            for (reason, change), count in sorted(totals.findings.items())
        ],
        "accounts": [
            {
                "month": place.month,
                "account": place.account,
                "currency": place.currency,
                "debit_minor": sums.debit_minor,
                "credit_minor": sums.credit_minor,
            }
            for place, sums in sorted(totals.accounts.items())
        ],
        **cost_facts(totals.transactions),
    }


def cost_facts(transactions: int) -> Mapping[str, object]:
    """Return what so many Intacct transactions cost, in US cents."""
    return {
        "transactions": transactions,
        "cost_cents": {
            "if_first_tier_unused": overage_cents(transactions),
            "if_first_tier_used": overage_cents(transactions, INCLUDED_TRANSACTIONS),
        },
    }
