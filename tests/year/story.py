"""A year of a company that sells subscriptions: what happens on Stripe, day by day.

Who is billed when follows from the subscriptions; what goes wrong, and when, is chance with a seed.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from tests.sandbox.stripe import InvoiceSpec, LineSpec, SteppedClock, StripeAccount, StripeError
from tests.year.business import Business, Catalog, set_up
from tests.year.company import CURRENCIES, ZONE, new_account

FIRST_DAY = date(2026, 1, 1)
# Most customers pay in the company's own currency.
_CURRENCY_OF_TEN = ("usd", "usd", "usd", "usd", "usd", "eur", "eur", "gbp", "jpy", "chf")
# How often in a thousand days of one customer; what is not here, only subscriptions do.
_PER_MILLE: Mapping[str, float] = {
    "sell": 20,
    "refund": 2,
    "refund slowly": 0.4,
    "complete a refund": 0.4,
    "fail a refund": 0.3,
    "credit": 1.5,
    "void a credit note": 0.4,
    "void": 0.6,
    "start a debit": 1,
    "start a debit without an invoice": 0.5,
    "finish a debit": 1.2,
    "reject a debit": 0.1,
    "fail a debit late": 0.3,
    "give up": 0.4,
    "overpay": 0.1,
    "pay": 1,
    "pay together": 0.4,
    "pay past Stripe": 0.6,
    "bill": 1,
    "bill nothing or less": 0.4,
    "bill a year": 0.3,
    "change a year": 0.3,
    "cancel a year": 0.1,
    "change a credit balance": 0.5,
    "reserve": 0.5,
    "capture": 0.4,
    "dispute": 0.4,
    "withdraw": 0.4,
    "reinstate": 0.2,
    "close a dispute": 0.3,
    "top up": 0.05,
    "reverse a top-up": 0.02,
    "pay out at once": 0.05,
    "cancel a payout": 0.02,
    "fail a payout": 0.02,
    "bill by Stripe": 0.1,
    "transfer": 0.2,
    "earn an application fee": 0.2,
    "rename": 0.5,
}


@dataclass
class Subscription:
    """A customer's.

    Attributes:
        day: of the month on which it is billed. month: of an annual one; None for a monthly one.
        by_invoice: whether the customer is sent invoices instead of being charged.
    """

    customer: str
    currency: str
    day: int
    month: int | None
    seats: int
    by_invoice: bool
    tax_rates: tuple[str, ...]
    last_invoice: str | None = None


class Dice:
    """Chance with a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a simulation

    def below(self, limit: int) -> int:
        return self._random.randrange(limit)

    def often(self, mean: float) -> int:
        """Return a number whose mean is as given."""
        whole = int(mean)
        return whole + (self._random.random() < mean - whole)


class Story:
    """What happens.

    Attributes:
        account, clock: Stripe, and the time. today: the day that is being played.
    """

    def __init__(self, customers: int, seed: int) -> None:
        self.today = FIRST_DAY
        self.clock = SteppedClock(_at(FIRST_DAY, hour=6))
        # Were the invoice still paid in Stripe, what the books then ask for would be an open item
        # that calls a person, each day until it is settled.
        self.account: StripeAccount = new_account(self.clock, f"year {seed}", reopens=True)
        self.catalog: Catalog = set_up(self.account, CURRENCIES)
        self._customers, self._dice = customers, Dice(seed)
        self._business = Business(self.account, self.catalog, self._dice, CURRENCIES)
        self._subscriptions: list[Subscription] = []
        self._later: defaultdict[date, list[Callable[[], object]]] = defaultdict(list)

    def morning(self) -> None:
        """Sign customers up in the first four weeks, then bill whoever is due."""
        self.clock.set(max(self.clock.now(), _at(self.today, hour=9)))
        if len(self._subscriptions) < self._customers:
            for _ in range(-(-self._customers // 28)):
                self._subscribe()
        for each in self._subscriptions:
            is_due = each.day == min(self.today.day, 28) and self.today.day <= 28
            if is_due and each.month in {None, self.today.month}:
                self._bill(each)
        for action in self._later.pop(self.today, ()):
            self._try(action)

    def afternoon(self) -> None:
        """Let happen what happens by chance."""
        due = [
            name
            for name, per_mille in _PER_MILLE.items()
            for _ in range(self._dice.often(per_mille * len(self._subscriptions) / 1_000))
        ]
        pause_seconds = 8 * 3_600 // (len(due) + 1)
        while due:
            name = due.pop(self._dice.below(len(due)))
            self._business.act(name)
            self.clock.advance(pause_seconds)

    def evening(self) -> None:
        """Pay out what Stripe has, or lacks, of every currency; earlier payouts arrive."""
        self.clock.set(max(self.clock.now(), _at(self.today, hour=22)))
        for payout in self.account.store.newest("payout", 2 * len(CURRENCIES)):
            if payout["status"] in {"pending", "in_transit"}:
                self.account.pay_payout(payout["id"])
        for entry in self.account.balance()["available"]:
            if entry["amount"]:
                self._try(partial(self.account.create_payout, currency=entry["currency"]))

    def night(self) -> None:
        """Let the next day come, until the one before can be read to its end."""
        self.today += timedelta(days=1)
        self.clock.set(max(self.clock.now(), _at(self.today, hour=4)))

    def _subscribe(self) -> None:
        number = len(self._subscriptions)
        customer = self._business.sign_up()
        annual = self._dice.below(10) == 0
        self._subscriptions.append(
            Subscription(
                customer,
                _CURRENCY_OF_TEN[number % len(_CURRENCY_OF_TEN)],
                min(self.today.day, 28),
                self.today.month if annual else None,
                1 + self._dice.below(20),
                self._dice.below(8) == 0,
                self.catalog.taxes[number % len(self.catalog.taxes)],
            )
        )

    def _bill(self, of: Subscription) -> None:
        lines: Sequence[LineSpec] = [self._seats(of)]
        if of.last_invoice is not None and of.month is None and self._dice.below(25) == 0:
            lines = self._upgraded(of)
        coupon = (self.catalog.coupon,) if self._dice.below(20) == 0 else ()
        invoice = self._business.finalise(
            InvoiceSpec(
                of.customer,
                tuple(lines),
                currency=of.currency,
                tax_rates=of.tax_rates,
                coupons=coupon,
                days_until_due=30 if of.by_invoice else None,
            )
        )
        of.last_invoice = invoice
        self._collect(of, invoice)

    def _upgraded(self, of: Subscription) -> Sequence[LineSpec]:
        """Return a credit for unused time on the last invoice, and the larger subscription."""
        assert of.last_invoice is not None
        seats = self.account.store.lines[of.last_invoice][-1]
        of.seats += 1 + self._dice.below(5)
        credit = LineSpec(
            "Unused time",
            amount_minor=-(1 + self._dice.below(max(1, seats["amount"] // 2))),
            proration=True,
            credited_invoice=of.last_invoice,
            credited_lines=(seats["id"],),
            metadata={"revenue_category": "subscriptions"},
        )
        return [credit, self._seats(of)]

    def _seats(self, of: Subscription) -> LineSpec:
        if of.month is not None:
            return self._business.year(of.currency, of.seats)
        now = self.clock.now()
        return LineSpec(
            f"{of.seats} seats",
            self.catalog.seats[of.currency],
            of.seats,
            period=(now, now + 30 * 86_400),
        )

    def _collect(self, of: Subscription, invoice: str) -> None:
        """Charge the card; who is sent invoices pays later, past Stripe, or not at all."""
        fate = self._dice.below(100)
        if not of.by_invoice and fate < 95:
            self._try(lambda: self.account.pay_invoice(invoice))
        elif not of.by_invoice:
            self._try(lambda: self.account.fail_payment(invoice))
            self._in_days(5, lambda: self.account.pay_invoice(invoice))
        elif fate < 60:
            self._in_days(3 + fate // 3, lambda: self.account.pay_invoice(invoice))
        elif fate < 90:
            recorded = fate % 2 == 0
            self._in_days(20, lambda: self.account.pay_out_of_band(invoice, recorded=recorded))
        else:
            self._in_days(45, lambda: self._business.give_up_on(invoice))

    def _in_days(self, days: int, action: Callable[[], object]) -> None:
        self._later[self.today + timedelta(days=days)].append(action)

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except StripeError:
            return


def _at(day: date, *, hour: int) -> int:
    return int(datetime.combine(day, time(hour), ZONE).timestamp())
