"""Goal: the business year ties out every month, through a change of policy, a month that reaches
its budget of transactions, and closed months.

Method: a small company plays it, far enough to have seen both; `make year` plays a large one.
"""

import io
import re

import pytest

from tests.benchmarks import a_day
from tests.year.__main__ import main, verdict

# Until the end of July: the policy changes on its first day.
MONTHS = 7
CUSTOMERS = 15


@pytest.mark.simulation
def test_a_small_company_ties_out_every_month() -> None:
    told = io.StringIO()
    wrong = main(["--customers", str(CUSTOMERS), "--months", str(MONTHS)], told)
    assert wrong == 0, told.getvalue()
    assert "2026-07" in told.getvalue()
    assert told.getvalue().endswith(f"\nall {MONTHS} months tie out, nothing is parked\n")
    by_budget = re.search(r"^sales: (\d+) one by one, (\d+) above", told.getvalue(), re.MULTILINE)
    assert by_budget is not None
    assert all(int(each) > 0 for each in by_budget.groups())
    yen = [line.split()[-3:] for line in told.getvalue().splitlines() if " jpy " in line]
    assert yen
    assert not any("." in amount for amounts in yen for amount in amounts)


def test_the_last_line_names_the_months_that_do_not_tie_out() -> None:
    assert verdict({"2026-01": 0, "2026-02": 2, "2026-03": 1}) == (
        "2 of 3 months do not tie out: 2026-02 (2 wrong), 2026-03 (1 wrong)"
    )


def test_the_night_costs_as_much_whatever_the_day_was() -> None:
    """A journal and a payout for each of two currencies; sales have a journal of their own."""
    charges = 100
    assert [figure.value * charges for figure in a_day.figures(charges)] == [4, 6]
