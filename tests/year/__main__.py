"""Play the business year and print the tie-out of every month.

make year CUSTOMERS=2000
"""

import argparse
import dataclasses
import gc
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TextIO

from tests.oracle.history import book_of
from tests.oracle.verdict import Check, differences, judge
from tests.sandbox.story import table
from tests.year.business import DAY_SECONDS
from tests.year.company import Decision, chart, new_books, policy
from tests.year.product import Product, Weather
from tests.year.story import FIRST_DAY, Dice, Story
from tieout.domain.documents import OtherReceipt
from tieout.domain.money import exponent
from tieout.domain.postings import State
from tieout.services.replay import Outcome, Replayed, Tally

CLOSING_DAY = 4
# The product ties out every day; it is told the same by some of them, and sooner over.
TIE_OUT_EVERY_DAYS = 10
CHANGE_OF_POLICY = date(2026, 7, 1)
# Sales are booked one by one in this month, until it has reached its budget.
IN_DETAIL_FROM, IN_DETAIL_UNTIL = date(2026, 5, 1), date(2026, 6, 1)
WEATHER = Weather(lost=0.02, repeated=0.1, disorder=20)


class Year:
    """The story, the product and the judge.

    Attributes:
        story: what happens on Stripe. product: what books it.
        wrong: what the product itself said in this month that is wrong, or stands in the way of a
            close.
        tied_out: how many balances it compared.
    """

    def __init__(self, customers: int, seed: int) -> None:
        self.story = Story(customers, seed)
        self._decision = Decision()
        # Some two thirds of what a month takes.
        self._budget = 80 + 2 * customers
        self.product = Product(
            self.story.account,
            new_books(self.story.clock),
            policy(self.story.catalog),
            weather=WEATHER,
            seed=seed,
        )
        self.wrong: list[str] = []
        self.tied_out = 0
        self._dice = Dice(seed)
        self.product.poll()

    def play_month(self) -> None:
        """Play until the month is over and everything of it is booked; close the one before."""
        month = self.story.today.month
        while self.story.today.month == month:
            self._play_day()
            if self.story.today.day == CLOSING_DAY and self.story.today > FIRST_DAY.replace(
                month=2
            ):
                self._close_month()
            if self.story.today == IN_DETAIL_FROM:
                self._decide(
                    dataclasses.replace(self._decision, sales="other_receipt", budget=self._budget)
                )
            if self.story.today == IN_DETAIL_UNTIL:
                self._decide(
                    dataclasses.replace(self._decision, sales="daily_summary", budget=None)
                )
            if self.story.today == CHANGE_OF_POLICY:
                self._decide(dataclasses.replace(self._decision, subscriptions="4001"))
        self._work()

    def judge(self) -> Sequence[Check]:
        """Compare the books as they are with Stripe as it is."""
        return judge(self.story.account, self.product.company, chart(self.story.catalog))

    def by_budget(self) -> tuple[int, int]:
        """Return how many sales were booked one by one, and summed up above the budget."""
        postings = self.product.postings.by_key.values()
        return (
            sum(each.document_type == OtherReceipt.__name__ for each in postings),
            sum("above the budget" in each.reason_text for each in postings),
        )

    def replay(self) -> tuple[Sequence[Replayed], Tally]:
        """Plan everything so far again: all of it must be posted so, under whatever policy."""
        return self.product.replay(FIRST_DAY, self.story.today)

    def _play_day(self) -> None:
        self.story.morning()
        self._work()
        self.story.afternoon()
        self._work()
        self.story.evening()
        self._work()
        self.story.night()
        self.product.poll()
        self._work()
        if self.story.today.day == 1 or self._dice.below(TIE_OUT_EVERY_DAYS) == 0:
            self._tie_out()
        self.product.forget_events(self.product.time.now() - 3 * DAY_SECONDS)

    def _tie_out(self) -> None:
        """Let the product compare the day that is over; it must explain whatever differs."""
        nets = self.story.account.balance_after_fees()
        for made in self.product.tie_out():
            self.tied_out += 1
            if made.closing_minor != nets.get(made.currency, 0):
                self.wrong.append(f"{made.day} {made.currency}: Stripe has {made.closing_minor}")
            if not made.is_explained:
                self.wrong.append(f"{made.day} {made.currency}: {made.residues} {made.open_items}")

    def _close_month(self) -> None:
        last_day = self.story.today.replace(day=1) - timedelta(days=1)
        obstacles = self.product.obstacles(last_day.replace(day=1))
        self.wrong += [f"{last_day:%Y-%m} cannot be closed: {each}" for each in obstacles]
        if not obstacles:
            self.product.company.close_period(last_day.year, last_day.month)
            self._decide(dataclasses.replace(self._decision, closed_through=last_day))

    def _work(self) -> None:
        self.product.deliver()
        self.product.settle()

    def _decide(self, decision: Decision) -> None:
        self._decision = decision
        self.product.publish(policy(self.story.catalog, self._decision))


def main(arguments: Sequence[str] | None = None, out: TextIO = sys.stdout) -> int:
    """Play the year and return the exit code.

    0 only if every month ties out, nothing is parked, and a replay of it all finds it posted so.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    year, started = Year(asked.customers, asked.seed), time.process_time()
    wrong: dict[str, int] = {}
    for _ in range(asked.months):
        label = f"{year.story.today:%Y-%m}"
        year.play_month()
        checks = year.judge()
        _say_month(label, year, checks, time.process_time() - started, out)
        wrong[label] = len(differences(checks)) + len(year.product.parked) + len(year.wrong)
        year.wrong.clear()
        # The history is kept to the end: to look through it for garbage again and again is in vain.
        gc.freeze()
    book_of(year.story.account, chart(year.story.catalog)).check()
    print("bean-check: clean", file=out)
    _say_cost(year, out)
    print("sales: {} one by one, {} above the month's budget".format(*year.by_budget()), file=out)
    is_posted_so = _say_replay(year, out)
    print(f"\n{verdict(wrong)}", file=out)
    return 1 if any(wrong.values()) or not is_posted_so else 0


def _say_replay(year: Year, out: TextIO) -> bool:
    """Tell what planning everything again comes to; return whether all of it is posted so."""
    told, tally = year.replay()
    total, same = tally.documents.total(), tally.documents[Outcome.SAME]
    print(
        f"\nreplay: {total:,} documents, {same:,} posted with the same digest, "
        f"{tally.documents[Outcome.NEW]:,} new",
        file=out,
    )
    for each in told:
        print(f"REPLAY: {each.outcome} {each.key}: {each.text} {each.corrections}", file=out)
    return total == same and tally.agrees


def verdict(wrong: Mapping[str, int]) -> str:
    """Return the last line: whether every month ties out, by how many things are wrong in each."""
    failed = [f"{label} ({count} wrong)" for label, count in wrong.items() if count]
    if failed:
        return f"{len(failed)} of {len(wrong)} months do not tie out: {', '.join(failed)}"
    return f"all {len(wrong)} months tie out, nothing is parked"


def _say_month(
    label: str, year: Year, checks: Sequence[Check], seconds: float, out: TextIO
) -> None:
    counts = year.story.account.counts()
    billed = year.product.intacct.counters.paid_transactions
    charges = max(1, counts.get("charge", 0))
    print(
        f"\n{label}: {counts.get('invoice', 0)} invoices, {counts.get('charge', 0)} charges, "
        f"{counts.get('balance_transaction', 0)} movements; {billed} Intacct transactions "
        f"({billed / charges:.2f} per charge); {len(year.product.parked)} parked; "
        f"{year.tied_out} balances tied out; "
        f"{seconds:.0f} s of CPU",
        file=out,
    )
    shown = [
        each
        for each in checks
        if each.subject.startswith(("Assets:Stripe", "Assets:Receivable", "trial"))
    ]
    rows = [
        (
            each.subject,
            each.currency,
            *(_amount(one, each) for one in (each.wanted, each.found, each.found - each.wanted)),
        )
        for each in shown
    ]
    header = ("", "unit", "Stripe", "Intacct", "difference")
    print(table(header, rows, to_the_right=("Stripe", "Intacct", "difference")), file=out)
    for each in differences(checks):
        print(f"DIFFERS: {each}", file=out)
    for said in year.wrong[:20]:
        print(f"WRONG: {said}", file=out)
    for posting in year.product.parked[:20]:
        print(f"PARKED: {posting.key}: {posting.reason_text}", file=out)
    out.flush()


def _say_cost(year: Year, out: TextIO) -> None:
    """Tell how many documents of each kind there are, and how many for each charge."""
    charges = max(1, year.story.account.counts().get("charge", 0))
    posted = Counter(
        posting.key.split("/", 1)[0]
        for posting in year.product.postings.by_key.values()
        if posting.state is State.POSTED
    )
    rows = [
        (kind, f"{count:,}", f"{count / charges:.3f}") for kind, count in sorted(posted.items())
    ]
    header = ("documents", "number", "per charge")
    print(f"\n{table(header, rows, to_the_right=('number', 'per charge'))}", file=out)


def _amount(amount: Decimal, check: Check) -> str:
    """Return an amount as its currency writes it; a yen has no parts."""
    return f"{amount:,.{exponent(check.currency)}f}"


if __name__ == "__main__":
    sys.exit(main())
