"""Goal: the oracle's ledger is what an accountant would write, and agrees with Stripe's own sums.

Method: small businesses whose balances are worked out by hand, in minor units; then any business at
all, where the ledger must load without errors and add up to what Stripe says of itself.
"""

import random

import pytest

from tests.oracle.book import major
from tests.oracle.history import book_of
from tests.oracle.verdict import differences, own_checks
from tests.sandbox.stripe import (
    ChargeSpec,
    CreditLineSpec,
    CreditNoteSpec,
    InvoiceSpec,
    LineSpec,
    SteppedClock,
    StripeAccount,
)
from tests.year.business import Business, Catalog, pass_time, set_up
from tests.year.company import CURRENCIES, chart, new_account

SERVICES = "Income:Revenue:Services"
STRIPE = "Assets:Stripe:USD"
TAX = "Liabilities:Tax:Default"
# On 100.00: 2.9 % and 30 cents.
FEE_MINOR = 320


class Shop:
    """One customer who buys a service for 100.00."""

    def __init__(self) -> None:
        self.account: StripeAccount = new_account(SteppedClock(), "shop")
        self.catalog: Catalog = set_up(self.account, CURRENCIES)
        self.customer = str(self.account.create_customer("Acme")["id"])

    def bill(self, currency: str = "usd", *, taxed: bool = False) -> str:
        line = LineSpec("Service", amount_minor=10_000, metadata={"revenue_category": "services"})
        taxes = self.catalog.taxes[1] if taxed else ()
        spec = InvoiceSpec(self.customer, (line,), currency=currency, tax_rates=taxes)
        invoice = self.account.create_invoice(spec)
        self.account.finalize_invoice(invoice["id"])
        return str(invoice["id"])

    def pay(self, invoice: str, amount_minor: int | None = None) -> str:
        intent = self.account.pay_invoice(invoice, amount_minor)["payment"]["payment_intent"]
        return str(self.account.retrieve("payment_intent", intent)["latest_charge"])

    def debit(self, invoice: str) -> str:
        """Collect an invoice from a bank account."""
        charge = str(self.account.start_payment(invoice)["id"])
        self.account.finish_charge(charge)
        return charge

    def credit(
        self, invoice: str, amount_minor: int, *, refund_minor: int = 0, credit_minor: int = 0
    ) -> None:
        line = self.account.store.lines[invoice][0]["id"]
        self.account.create_credit_note(
            CreditNoteSpec(
                invoice,
                (CreditLineSpec(line, amount_minor),),
                refund_minor=refund_minor,
                credit_minor=credit_minor,
            )
        )

    def balances(self) -> dict[tuple[str, str], int]:
        """Return what is on each account in minor units, receivables of the customer as one."""
        book = book_of(self.account, chart(self.catalog))
        book.check()
        return {
            ("Receivable" if "Receivable" in account else account, currency): int(
                amount / major(1, currency)
            )
            for (account, currency), amount in book.balances().items()
        }

    def in_dollars(self) -> dict[str, int]:
        return {
            account: minor for (account, unit), minor in self.balances().items() if unit == "usd"
        }


@pytest.fixture
def shop() -> Shop:
    return Shop()


def assert_agrees(shop: Shop) -> None:
    """Hold the ledger to Stripe's own sums."""
    book = book_of(shop.account, chart(shop.catalog))
    assert not [str(each) for each in differences(list(own_checks(shop.account, book)))]


def test_a_paid_invoice_with_tax(shop: Shop) -> None:
    shop.pay(shop.bill(taxed=True))

    fee_minor = 346  # 2.9 % of 108.88, and 30 cents
    assert shop.in_dollars() == {
        SERVICES: -10_000,
        TAX: -888,
        STRIPE: 10_888 - fee_minor,
        "Expenses:Fees": fee_minor,
    }


def test_a_refund_takes_revenue_and_tax_back_in_proportion(shop: Shop) -> None:
    shop.account.refund(shop.pay(shop.bill(taxed=True)), 5_444)

    assert shop.in_dollars()[SERVICES] == -5_000
    assert shop.in_dollars()[TAX] == -444


def test_a_credit_note_and_the_refund_that_pays_it_are_one_thing(shop: Shop) -> None:
    invoice = shop.bill()
    shop.pay(invoice)
    shop.credit(invoice, 4_000, refund_minor=4_000)

    assert shop.in_dollars()[SERVICES] == -6_000
    assert shop.in_dollars()[STRIPE] == 6_000 - FEE_MINOR


def test_a_credit_note_to_the_balance_is_owed_to_the_customer(shop: Shop) -> None:
    invoice = shop.bill()
    shop.pay(invoice)
    shop.credit(invoice, 4_000, credit_minor=4_000)

    assert shop.in_dollars()["Liabilities:CustomerCredit"] == -4_000
    assert "Receivable" not in shop.in_dollars()


def test_credit_pays_a_part_of_the_next_invoice(shop: Shop) -> None:
    shop.account.adjust_customer_balance(shop.customer, -3_000)
    shop.bill()

    assert shop.in_dollars() == {
        SERVICES: -10_000,
        "Receivable": 7_000,
        "Expenses:GivenByHand": 3_000,
    }


def test_what_is_given_up_and_paid_in_part_afterwards(shop: Shop) -> None:
    invoice = shop.bill()
    shop.account.mark_uncollectible(invoice)
    shop.pay(invoice, 2_500)

    assert shop.in_dollars()["Expenses:BadDebt"] == 7_500
    assert "Receivable" not in shop.in_dollars()


def test_what_is_given_up_and_voided_afterwards_was_no_sale(shop: Shop) -> None:
    invoice = shop.bill()
    shop.account.mark_uncollectible(invoice)
    shop.account.void_invoice(invoice)

    assert shop.in_dollars() == {}


def test_what_was_given_up_came_and_went_back_is_owed_again(shop: Shop) -> None:
    """Stripe goes on calling the invoice paid."""
    invoice = shop.bill()
    charge = shop.account.start_payment(invoice)["id"]
    pass_time(shop.account, 60)
    shop.account.mark_uncollectible(invoice)
    pass_time(shop.account, 60)
    shop.account.finish_charge(charge)
    shop.account.fail_charge_late(charge)

    assert shop.in_dollars()["Receivable"] == 10_000
    assert "Expenses:BadDebt" not in shop.in_dollars()
    assert_agrees(shop)


def test_debt_from_before_is_a_debt_again_when_its_payment_goes_back(shop: Shop) -> None:
    """The customer owed 3.00 before the invoice over 100.00; no sale ever asked for them."""
    shop.account.adjust_customer_balance(shop.customer, 300)
    invoice = shop.bill()
    charge = shop.debit(invoice)
    assert "Liabilities:CustomerCredit" not in shop.in_dollars()

    shop.account.fail_charge_late(charge)

    assert shop.in_dollars()["Receivable"] == 10_000
    assert shop.in_dollars()["Liabilities:CustomerCredit"] == 300
    assert_agrees(shop)


def test_a_card_payment_stays_when_the_debit_of_the_rest_goes_back(shop: Shop) -> None:
    invoice = shop.bill()
    shop.pay(invoice, 2_500)
    shop.account.fail_charge_late(shop.debit(invoice))

    assert shop.in_dollars()["Receivable"] == 7_500
    assert_agrees(shop)


def test_a_payment_that_stripe_converts_leaves_its_own_currency_at_nothing(shop: Shop) -> None:
    shop.pay(shop.bill("gbp"))

    balances = shop.balances()
    assert ("Assets:Stripe:GBP", "gbp") not in balances
    assert balances["Equity:Exchange", "gbp"] == 10_000
    assert balances["Equity:Exchange", "usd"] == -12_713


def test_a_sale_without_an_invoice(shop: Shop) -> None:
    shop.account.charge(ChargeSpec(10_000))

    assert shop.in_dollars()["Income:Sales"] == -10_000


class _Dice:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a simulation

    def below(self, limit: int) -> int:
        return self._random.randrange(limit)


@pytest.mark.parametrize("seed", range(10))
def test_after_any_business_the_oracle_agrees_with_stripe_itself(seed: int) -> None:
    account, dice = new_account(SteppedClock(), "any"), _Dice(seed)
    catalog = set_up(account, CURRENCIES)
    business = Business(account, catalog, dice, CURRENCIES)
    names = tuple(business.ACTIONS)
    for name in ("bill", "bill", "pay", *(names[dice.below(len(names))] for _ in range(60))):
        business.act(name)
        pass_time(account, dice.below(80_000))

    book = book_of(account, chart(catalog))

    book.check()
    checks = list(own_checks(account, book))
    assert checks
    assert not [str(each) for each in differences(checks)]
