"""Goal: what is counted of the month's budget is what Intacct bills.

Method: the scenario's month is booked in one process, in calm and in rough weather; what the meter
adds up is compared with the strict double's count of records written and calls that read.
"""

import pytest

from tests.sandbox.chart import open_accounts
from tests.sandbox.intacct.sample import sample_company
from tests.sandbox.policy import Additions, mended_policy
from tests.sandbox.scenario import Month, set_up_catalog
from tests.sandbox.stripe.account import StripeAccount
from tests.year.product import CALM, Product, Weather
from tieout.services import metric_names

ROUGH = Weather(unanswered=0.2)


@pytest.mark.parametrize("weather", [CALM, ROUGH], ids=["calm", "rough"])
def test_what_is_counted_is_what_intacct_bills(weather: Weather) -> None:
    account, company = StripeAccount(), sample_company()
    open_accounts(company)
    catalog = set_up_catalog(account)
    product = Product(account, company, mended_policy(catalog, Additions()), weather=weather)
    for play in Month(account, catalog).chapters().values():
        play()
        product.deliver()
        product.settle()
    counts, billed = product.metrics.counts, product.intacct.counters
    assert billed.records_written > 20
    assert bool(billed.lookups) is (weather is ROUGH)
    counted = counts[metric_names.POSTED] + product.ledger.reads
    assert counted == billed.paid_transactions
