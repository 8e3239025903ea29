"""Goal: the product itself says that its books and Stripe's balance agree, on the deployed stack.

Method: the month is played and booked; the operator's command reads Stripe and Intacct over their
APIs and compares yesterday, the last day that is over. What Stripe's balance was at its end is
summed from the double's movements: other tests may have moved it today.
"""

import json
from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from tests.e2e.shop import PlayedMonth, Shop
from tests.sandbox.chart import COMPANY_ZONE
from tieout.domain.dates import day_bounds

pytestmark = pytest.mark.emulator


def _closing_minor(shop: Shop, day: date) -> Counter[str]:
    _, last_unix = day_bounds(day, COMPANY_ZONE)
    closing: Counter[str] = Counter()
    with shop.running.account.lock:
        for moved in shop.running.account.store.all("balance_transaction"):
            if moved["created"] <= last_unix:
                closing[moved["currency"]] += moved["net"]
    return closing


def test_the_last_day_that_is_over_ties_out_or_says_why_not(
    shop: Shop, played: PlayedMonth
) -> None:
    assert played is not None
    yesterday = datetime.now(COMPANY_ZONE).date() - timedelta(days=1)
    arguments = ("tie-out", yesterday.isoformat(), "--now", "--json")

    done = shop.running.tieout(*arguments, "--stack", shop.running.stack.name)

    assert done.returncode == 0, done.stdout + done.stderr
    by_currency = {each["currency"]: each for each in json.loads(done.stdout)["tie_outs"]}
    closing = _closing_minor(shop, yesterday)
    assert {currency: each["closing_minor"] for currency, each in by_currency.items()} == {
        currency: closing[currency] for currency in by_currency
    }
    assert closing.keys() <= by_currency.keys()
    assert all(
        sum(residue["amount_minor"] for residue in each["residues"])
        == each["books_minor"] - each["closing_minor"]
        for each in by_currency.values()
    )
