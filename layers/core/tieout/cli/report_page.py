"""The tie-out as a page: one file of HTML that needs nothing else and prints well. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from html import escape

from tieout.cli.console import moment, money
from tieout.cli.html_page import document, table
from tieout.cli.totals import above_budget_text, used_text
from tieout.domain.dates import span_text, spans
from tieout.domain.tie_outs import EXPLAINED, Cause, OpenItem, Residue, TieOut
from tieout.domain.transactions import Volume

CAUSE_TEXTS: Mapping[Cause, str] = {
    Cause.IN_TRANSIT: "in transit: queued or being sent",
    Cause.STUCK: "stuck: was being sent, and nobody works on it any more",
    Cause.DAY_OPEN: "booked with the day's journal, after the day",
    Cause.PARKED: "parked: a person must look",
    Cause.DRIFT: "posted otherwise than Stripe calls for now: parked, or accepted",
    Cause.NOT_BOOKED: "recorded, not booked",
    Cause.IGNORED: "ignored by policy",
    Cause.BY_HAND: "entered by hand in Intacct",
    Cause.NOT_READ: "moved by Stripe, not seen by Tieout",
    Cause.UNKNOWN: "unknown",
}

_CHART_WIDTH, _CHART_HEIGHT, _MARGIN = 720, 180, 8


def page(
    days: Mapping[date, Sequence[TieOut]],
    title: str,
    missing: Sequence[date] = (),
    months: Sequence[Volume] = (),
) -> str:
    """Return the report over some days, oldest first.

    Args:
        days: the tie-outs of each day.
        title: what it is of and which days were asked for, for people.
        missing: those of them that were not tied out, in order.
        months: what of Intacct's transactions was used.
    """
    made = [each for day in sorted(days) for each in days[day]]
    balances = sorted({(each.account, each.currency) for each in made})
    sections = "".join(
        _section([each for each in made if (each.account, each.currency) == balance])
        for balance in balances
    )
    if missing:
        gaps = escape(", ".join(span_text(*each) for each in spans(missing)))
        sections = f'<p class="bad">Not tied out: {gaps}</p>{sections}'
    return document(
        title,
        "<p>Amounts: positive is a debit of the clearing account. "
        "The residual is what the books show more than Stripe has.</p>"
        f"{sections or '<p>Nothing was tied out in this time.</p>'}{_transactions(months)}",
    )


def _transactions(months: Sequence[Volume]) -> str:
    told = [text for each in months for text in (used_text(each), above_budget_text(each)) if text]
    if not told:
        return ""
    listed = "".join(f"<li>{escape(each)}</li>" for each in told)
    return f"<section><h2>Intacct transactions</h2><ul>{listed}</ul></section>"


def _section(made: Sequence[TieOut]) -> str:
    last = made[-1]
    currency, named = last.currency, f"{last.account} {last.currency.upper()}".strip()
    if last.is_explained:
        verdict = f"Every cent of {named} is explained on {last.day}."
    elif last.unexplained_minor:
        verdict = f"{money(last.unexplained_minor, currency)} cannot be explained on {last.day}."
    elif last.control_difference_minor:
        verdict = f"The receivables' control account differs on {last.day}."
    else:
        verdict = f"Open invoices differ on {last.day}."
    verdict = f"<p>{_marked(verdict, good=last.is_explained)}</p>"
    account = last.ledger_account or "no clearing account in the policy"
    return (
        f"<section><h2>{escape(named)}: Stripe and account {escape(account)}</h2>"
        f"{verdict}{chart(made)}{_days_table(made)}{_residue_table(last)}{_open_table(last)}"
        "</section>"
    )


def _days_table(made: Iterable[TieOut]) -> str:
    rows = [
        (
            escape(each.day),
            *(
                money(amount_minor, each.currency)
                for amount_minor in (
                    each.opening_minor,
                    each.moved_minor,
                    each.closing_minor,
                    each.books_minor,
                    each.residual_minor,
                )
            ),
            _flag(each),
        )
        for each in made
    ]
    head = ("day", "opening", "moved", "Stripe", "books", "residual", "explained")
    return table(head, rows, amounts=range(1, 6))


def _flag(tie_out: TieOut) -> str:
    good = tie_out.is_explained
    return _marked("yes" if good else "no", good=good)


def _marked(text: str, *, good: bool) -> str:
    return f'<span class="{"good" if good else "bad"}">{escape(text)}</span>'


def _residue_table(last: TieOut) -> str:
    if not last.residues:
        return f"<p>Stripe and the books agree at the end of {escape(last.day)}.</p>"
    rows = [
        (
            escape(each.id),
            _marked(CAUSE_TEXTS[each.cause], good=each.cause in EXPLAINED),
            escape(each.since),
            str(age_days(each, last)),
            money(each.amount_minor, last.currency),
            escape(each.text),
        )
        for each in last.residues
    ]
    head = ("id", "cause", "since", "days", "amount", "")
    return f"<h3>The residual on {escape(last.day)}</h3>" + table(
        head, rows, amounts=(3, 4), ids=(0,)
    )


def _open_table(last: TieOut) -> str:
    if last.account:
        return ""
    sums = (
        f"<p>Open invoices when this was read, {escape(moment(last.made_at_unix))}: "
        f"{escape(money(last.receivable_stripe_minor, last.currency))} in Stripe, "
        f"{escape(money(last.receivable_books_minor, last.currency))} in the books.</p>"
    )
    if last.control_account:
        sums += f"<p>{_marked(control_text(last), good=not last.control_difference_minor)}.</p>"
    rows = [
        (
            escape(each.invoice),
            money(each.stripe_minor, last.currency),
            money(each.books_minor, last.currency),
            escape(item_text(each)),
        )
        for each in last.open_items
    ]
    if not rows:
        return sums
    return sums + table(("invoice", "Stripe", "books", ""), rows, amounts=(1, 2), ids=(0,))


def control_text(tie_out: TieOut) -> str:
    """Return what the control account shows beside what customers owe in Intacct."""
    shown, owed = (
        money(amount_minor, tie_out.currency)
        for amount_minor in (tie_out.control_minor, tie_out.subledger_minor)
    )
    return f"Control account {tie_out.control_account}: {shown}; open items in Intacct: {owed}"


def item_text(item: OpenItem) -> str:
    """Return what is known of an invoice on which the two sides differ."""
    if item.accepted:
        return f"{item.text}; accepted"
    return f"{item.text}; parked or under way" if item.explained else item.text


def age_days(residue: Residue, tie_out: TieOut) -> int:
    """Return for how many days a residue has been there."""
    return (date.fromisoformat(tie_out.day) - date.fromisoformat(residue.since)).days


def chart(made: Sequence[TieOut]) -> str:
    """Return a drawing (SVG) of Stripe's balance and the books', day by day."""
    if len(made) < 2:  # noqa: PLR2004 - a line needs two points
        return ""
    values = [each.closing_minor for each in made] + [each.books_minor for each in made]
    low, high = min(values), max(values)
    step = (_CHART_WIDTH - 2 * _MARGIN) / (len(made) - 1)

    def line(amounts: Iterable[int], kind: str) -> str:
        points = " ".join(
            f"{_MARGIN + index * step:.1f},{_height(amount, low, high):.1f}"
            for index, amount in enumerate(amounts)
        )
        return f'<polyline class="{kind}" points="{points}"/>'

    lines = line([each.closing_minor for each in made], "stripe") + line(
        [each.books_minor for each in made], "books"
    )
    first, last = made[0], made[-1]
    label = (
        f"Stripe's balance (line) and the clearing account (dashes), {first.day} to {last.day}, "
        f"between {money(low, first.currency)} and {money(high, first.currency)}"
    )
    return (
        f'<figure><svg viewBox="0 0 {_CHART_WIDTH} {_CHART_HEIGHT}" role="img" '
        f'aria-label="{escape(label)}">{lines}</svg><figcaption>{escape(label)}</figcaption>'
        "</figure>"
    )


def _height(amount_minor: int, low: int, high: int) -> float:
    share = (amount_minor - low) / (high - low) if high > low else 0.5
    return _CHART_HEIGHT - _MARGIN - share * (_CHART_HEIGHT - 2 * _MARGIN)
