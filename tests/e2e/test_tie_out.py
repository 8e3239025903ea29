"""Goal: the product itself says that its books and Stripe's balance agree, on the deployed stack.

Method: the month is played and booked; the operator's command reads Stripe and Intacct over their
APIs and compares. What Stripe's balance is comes from its double.
"""

import json
from datetime import datetime

import pytest

from tests.e2e.shop import PlayedMonth, Shop
from tests.sandbox.chart import COMPANY_ZONE

pytestmark = pytest.mark.emulator


def test_the_last_day_of_the_month_ties_out_or_says_why_not(
    shop: Shop, played: PlayedMonth
) -> None:
    running = shop.running
    assert played is not None
    day = datetime.fromtimestamp(running.clock.now(), COMPANY_ZONE).date().isoformat()

    done = running.tieout("tie-out", day, "--now", "--json", "--stack", running.stack.name)

    assert done.returncode == 0, done.stdout + done.stderr
    by_currency = {each["currency"]: each for each in json.loads(done.stdout)}
    balance = running.account.balance_after_fees()
    assert {currency: each["closing_minor"] for currency, each in by_currency.items()} == {
        currency: balance.get(currency, 0) for currency in by_currency
    }
    assert all(
        sum(residue["amount_minor"] for residue in each["residues"])
        == each["books_minor"] - each["closing_minor"]
        for each in by_currency.values()
    )
