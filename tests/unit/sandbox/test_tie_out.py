"""Goal: the tie-out sees every way in which the books can be wrong, and says so with its exit code.

Method: the whole story is booked in one process between the two doubles; then the books are spoiled
in one respect, and the comparison that is about it must differ.
"""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.oracle.chart import Chart
from tests.sandbox.aftermath import Aftermath
from tests.sandbox.chart import COMPANY_ZONE, open_accounts
from tests.sandbox.intacct import sample_company
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.books.records import JournalEntry, Payment
from tests.sandbox.policy import chart_of, mended_policy
from tests.sandbox.product import keep_known_customer
from tests.sandbox.scenario import Month, beginning, set_up_catalog
from tests.sandbox.story import tie_out_text, verdict
from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.clock import SteppedClock
from tests.sandbox.stripe.options import AccountOptions
from tests.sandbox.stripe.specs import InvoiceSpec, LineSpec
from tests.sandbox.tie_out import Check, tie_out
from tests.sandbox.trade import DAY_SECONDS
from tests.year.product import Product

CENT = Decimal("0.01")
DAYS_OF_THE_STORY = 14


@dataclass(frozen=True)
class Played:
    """A month that was booked."""

    month: Month
    product: Product
    chart: Chart

    @property
    def account(self) -> StripeAccount:
        """Stripe's side."""
        return self.product.account

    @property
    def company(self) -> IntacctCompany:
        """Intacct's side."""
        return self.product.company

    def differing(self) -> set[str]:
        """Return what the tie-out finds fault with."""
        checks = tie_out(self.account, self.company, self.chart)
        return {f"{check.group}: {check.name}" for check in checks if not check.agrees}


@pytest.fixture(scope="module")
def played() -> Played:
    clock = SteppedClock()
    account = StripeAccount(clock=clock)
    catalog = set_up_catalog(account)
    company = sample_company(clock=lambda: datetime.fromtimestamp(clock.now(), UTC))
    keep_known_customer(company)
    open_accounts(company)
    product = Product(account, company, mended_policy(catalog))
    month = Month(account, catalog)
    product.poll()
    for play in {**month.chapters(), **Aftermath(month, catalog.sales_tax).chapters()}.values():
        play()
        product.deliver()
        product.settle()
    for _ in range(DAYS_OF_THE_STORY):
        clock.advance(DAY_SECONDS)
        product.poll()
        product.settle()
    return Played(month, product, chart_of(catalog))


def test_the_books_of_the_month_tie_out(played: Played) -> None:
    assert [str(each.key) for each in played.product.parked] == []
    assert played.differing() == set()


def test_the_month_has_a_sale_on_the_last_day_that_is_another_month_in_utc(played: Played) -> None:
    invoice = played.account.retrieve("invoice", played.month.invoices["last minute"])
    at_unix = invoice["status_transitions"]["finalized_at"]
    local = datetime.fromtimestamp(at_unix, COMPANY_ZONE)
    assert datetime.fromtimestamp(at_unix, UTC).month != local.month
    assert (local + timedelta(minutes=1)).day == 1


class _UndoneError(Exception):
    """Raised to take a spoilt set of books back."""


@pytest.fixture
def spoilt(played: Played) -> Iterator[IntacctCompany]:
    """The books, to be spoiled; they are as before afterwards."""
    with suppress(_UndoneError), played.company.unit_of_work():
        yield played.company
        raise _UndoneError


def _lose_the_entry_of_a_payment(company: IntacctCompany) -> None:
    payment: Payment = next(
        each for each in company.payments if each.bank_account_id == "STRIPE-USD"
    )
    assert payment.entry_key is not None
    company.entries.remove(payment.entry_key)


def _book_a_refund_twice(company: IntacctCompany) -> None:
    entry = _refund(company)
    twice = dataclasses.replace(entry, record_no=company.next_number("entry"))
    company.entries.put(twice.record_no, twice)


def _date_a_refund_by_utc(company: IntacctCompany) -> None:
    entry = _refund(company)
    later = dataclasses.replace(entry, posted_on=entry.posted_on + timedelta(days=1))
    company.entries.put(entry.record_no, later)


def _move_a_cent(source: str, target: str) -> Callable[[IntacctCompany], None]:
    def move(company: IntacctCompany) -> None:
        entry = _refund(company)
        pattern = entry.lines[0]
        lines = (
            dataclasses.replace(pattern, account_no=source, amount=-CENT, base_amount=-CENT),
            dataclasses.replace(pattern, account_no=target, amount=CENT, base_amount=CENT),
        )
        more = dataclasses.replace(entry, lines=(*entry.lines, *lines))
        company.entries.put(entry.record_no, more)

    return move


def _date_an_invoice_by_utc(company: IntacctCompany) -> None:
    invoice = next(each for each in company.documents if each.kind == "invoice")
    later = dataclasses.replace(invoice, posted_on=invoice.posted_on + timedelta(days=1))
    company.documents.put(invoice.record_no, later)


def _refund(company: IntacctCompany) -> JournalEntry:
    return next(each for each in company.entries if each.title.startswith("Stripe refund"))


SPOILERS: dict[str, tuple[Callable[[IntacctCompany], None], str]] = {
    "a payment lost in the ledger": (_lose_the_entry_of_a_payment, "(1205)"),
    "a refund booked twice": (_book_a_refund_twice, "(1205)"),
    "a refund a day late": (_date_a_refund_by_utc, "days on which clearing moved"),
    "an invoice a day late": (_date_an_invoice_by_utc, "invoices on their day"),
    "a cent between tax accounts": (_move_a_cent("2200", "2210"), "Tax payable"),
    "a cent between revenue accounts": (_move_a_cent("4000", "4030"), "Revenue"),
    "a cent past Stripe": (_move_a_cent("1010", "4000"), "(1010)"),
    "a cent on suspense": (_move_a_cent("9999", "4000"), "nothing else covers"),
    "a cent of receivables": (_move_a_cent("1100", "4000"), "Receivables"),
}


@pytest.mark.parametrize("name", SPOILERS)
def test_books_that_are_wrong_are_found_out(
    played: Played, spoilt: IntacctCompany, name: str
) -> None:
    spoil, expected = SPOILERS[name]
    spoil(spoilt)
    assert any(expected in each for each in played.differing()), played.differing()


def test_an_invoice_that_was_never_booked_is_found_out(played: Played) -> None:
    account = StripeAccount(AccountOptions(seed="forgotten"))
    customer = account.create_customer("Forgotten Ltd")["id"]
    line = LineSpec("Seat", amount_minor=1_000, metadata={"revenue_category": "usage"})
    account.finalize_invoice(account.create_invoice(InvoiceSpec(customer, (line,)))["id"])
    checks = tie_out(account, played.company, played.chart)
    missing = {check.name for check in checks if check.difference == -10}
    assert f"owed by {customer}" in missing


@pytest.mark.parametrize(
    ("checks", "exit_code"),
    [
        ([], 1),
        ([Check("g", "a", "usd", Decimal(1), Decimal(1))], 0),
        (
            [
                Check("g", "a", "usd", Decimal(1), Decimal(1)),
                Check("g", "b", "usd", Decimal("1234.50"), Decimal("1234.49")),
            ],
            1,
        ),
    ],
)
def test_the_exit_code_is_zero_only_if_all_agrees(checks: list[Check], exit_code: int) -> None:
    said: list[str] = []
    assert verdict(checks, said.append) == exit_code
    assert ("NOT" in said[0]) is bool(exit_code)


def test_a_difference_is_shown_with_both_sides() -> None:
    text = tie_out_text([Check("Money", "1205", "usd", Decimal("1234.50"), Decimal("1234.49"))])
    assert text.splitlines()[-1].split() == [
        "1205", "usd", "1,234.50", "1,234.49", "-0.01", "<--", "DIFFERS",
    ]  # fmt: skip


def test_the_story_begins_before_the_end_of_a_month_and_is_over_by_now() -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=COMPANY_ZONE)
    for days in range(400):
        now = int((noon + timedelta(days=days)).timestamp())
        begun = datetime.fromtimestamp(beginning(now), COMPANY_ZONE)
        ends = (begun + timedelta(days=4)).date()
        assert ends.month != begun.month
        assert datetime.fromtimestamp(now, COMPANY_ZONE).date() - ends >= timedelta(days=5)
