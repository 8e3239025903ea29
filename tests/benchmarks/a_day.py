"""What a day of a thousand charges costs in Intacct, besides the invoices and their payments.

The next night the day's fees, conversions and sales without an invoice are journals, and the day's
payouts are; Intacct counts each of them once, however many lines it has.
"""

from collections.abc import Iterable

from tests.benchmarks.figures import Figure
from tests.oracle.verdict import differences, judge
from tests.sandbox.stripe import ChargeSpec, SteppedClock
from tests.year.business import DAY_SECONDS, Business, pass_time, set_up
from tests.year.company import chart, new_account, new_books, policy
from tests.year.product import Product
from tests.year.story import Dice

CHARGES = 1_000
CUSTOMERS = 50
# Stripe keeps a balance in both, so each night has two journals and two payouts.
CURRENCIES = ("usd", "eur")
BESIDES_PER_CHARGE = 0.02
PER_SALE = 0.01


def figures(charges: int = CHARGES) -> Iterable[Figure]:
    """Yield what the night costs per charge of the day, and what a sale without invoice does."""
    besides, sales = _Day(), _Day()
    besides.bill(charges)
    yield Figure(
        "a day: fees, payouts and journals per charge",
        besides.transactions_of_the_night() / charges,
        "",
        target=BESIDES_PER_CHARGE,
        detail=f"{charges} paid invoices in {len(CURRENCIES)} currencies",
    )
    sales.sell(charges)
    yield Figure(
        "a day: transactions per sale without an invoice",
        sales.transactions_of_the_night() / charges,
        "",
        target=PER_SALE,
        detail=f"{charges} sales in one journal for each currency",
    )


class _Day:
    """A day of the company of the year, whose customers are known."""

    def __init__(self) -> None:
        clock = SteppedClock()
        self._account = new_account(clock, "a day")
        catalog = set_up(self._account, CURRENCIES)
        self._business = Business(self._account, catalog, Dice(1), CURRENCIES)
        self._product = Product(self._account, new_books(clock), policy(catalog))
        self._chart = chart(catalog)
        for _ in range(CUSTOMERS):
            self._business.sign_up()
        self._product.poll()
        self._work()

    def bill(self, charges: int) -> None:
        """Bill and collect; both are booked during the day."""
        while charges:
            invoice = self._business.bill()
            # One over less than nothing is paid as it is.
            if self._account.retrieve("invoice", invoice)["status"] == "open":
                self._account.pay_invoice(invoice)
                charges -= 1
        self._work()

    def sell(self, charges: int) -> None:
        """Charge without an invoice; of the day's work that leaves nothing to pay for."""
        for number in range(charges):
            self._account.charge(ChargeSpec(1_000 + number, CURRENCIES[number % 2]))

    def transactions_of_the_night(self) -> int:
        """Pay out when the money is available; return what Intacct bills from now on."""
        before = self._product.intacct.counters.paid_transactions
        for _ in range(3):
            self._work()
            pass_time(self._account, DAY_SECONDS)
            self._product.poll()
        for entry in self._account.balance()["available"]:
            self._account.create_payout(currency=entry["currency"])
        self._work()
        pass_time(self._account, 2 * DAY_SECONDS)
        self._product.poll()
        self._work()
        differing = differences(judge(self._account, self._product.company, self._chart))
        assert not differing, [str(each) for each in differing]
        return self._product.intacct.counters.paid_transactions - before

    def _work(self) -> None:
        self._product.deliver()
        self._product.settle()
