"""Play the business year and print the tie-out of every month.

make year CUSTOMERS=2000
"""

import argparse
import dataclasses
import sys
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TextIO

from tests.oracle.history import book_of
from tests.oracle.verdict import Check, differences, judge
from tests.sandbox.story import table
from tests.year.business import DAY_SECONDS
from tests.year.company import Decision, chart, new_books, policy
from tests.year.product import Product, Weather
from tests.year.story import FIRST_DAY, Story

CHANGE_OF_POLICY = date(2026, 7, 1)
WEATHER = Weather(lost=0.02, repeated=0.1, disorder=20)


class Year:
    """The story, the product and the judge.

    Attributes:
        story: what happens on Stripe. product: what books it.
    """

    def __init__(self, customers: int, seed: int) -> None:
        self.story = Story(customers, seed)
        self._decision = Decision()
        self.product = Product(
            self.story.account,
            new_books(self.story.clock),
            policy(self.story.catalog),
            weather=WEATHER,
            seed=seed,
        )
        self.product.poll()

    def play_month(self) -> None:
        """Play until the month is over and everything of it is booked; close the one before."""
        month = self.story.today.month
        while self.story.today.month == month:
            self._play_day()
            if self.story.today.day == 4 and self.story.today > FIRST_DAY.replace(month=2):
                last_day = self.story.today.replace(day=1) - timedelta(days=1)
                self._decide(dataclasses.replace(self._decision, closed_through=last_day))
            if self.story.today == CHANGE_OF_POLICY:
                self._decide(dataclasses.replace(self._decision, subscriptions="4001"))
        self._work()

    def judge(self) -> Sequence[Check]:
        """Compare the books as they are with Stripe as it is."""
        return judge(self.story.account, self.product.company, chart(self.story.catalog))

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
        self.product.forget_events(self.product.time.now() - 3 * DAY_SECONDS)

    def _work(self) -> None:
        self.product.deliver()
        self.product.settle()

    def _decide(self, decision: Decision) -> None:
        self._decision = decision
        self.product.publish(policy(self.story.catalog, self._decision))


def main(arguments: Sequence[str] | None = None, out: TextIO = sys.stdout) -> int:
    """Play the year; 0 only if every month ties out and nothing is parked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    year, started, wrong = Year(asked.customers, asked.seed), time.process_time(), 0
    for _ in range(asked.months):
        label = f"{year.story.today:%Y-%m}"
        year.play_month()
        checks = year.judge()
        _say_month(label, year, checks, time.process_time() - started, out)
        wrong += len(differences(checks)) + len(year.product.parked)
    book_of(year.story.account, chart(year.story.catalog)).check()
    print("bean-check: clean", file=out)
    return 1 if wrong else 0


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
        f"{seconds:.0f} s of CPU",
        file=out,
    )
    shown = [
        each
        for each in checks
        if each.subject.startswith(("Assets:Stripe", "Assets:Receivable", "trial"))
    ]
    rows = [
        (each.subject, each.currency, f"{each.wanted:,}", f"{each.found:,}", _difference(each))
        for each in shown
    ]
    header = ("", "unit", "Stripe", "Intacct", "difference")
    print(table(header, rows, to_the_right=("Stripe", "Intacct", "difference")), file=out)
    for each in differences(checks):
        print(f"DIFFERS: {each}", file=out)
    for posting in year.product.parked[:20]:
        print(f"PARKED: {posting.key}: {posting.reason_text}", file=out)
    out.flush()


def _difference(check: Check) -> str:
    return "0" if check.agrees else f"{check.found - check.wanted:,}"


if __name__ == "__main__":
    sys.exit(main())
