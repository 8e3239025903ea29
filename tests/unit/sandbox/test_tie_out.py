"""Goal: the tie-out sees every way in which the books can be wrong, and says so with its exit code.

Method: the month of the scenario is booked in one process by the real planner and client; then the
books are spoiled in one respect, and the comparison that is about it must differ. Amounts that are
divided are compared with examples worked out by hand.
"""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.benchmarks.spine import Spine
from tests.sandbox.chart import COMPANY_ZONE, Chart
from tests.sandbox.earnings import divided, earned
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.books.records import JournalEntry, Payment
from tests.sandbox.policy import chart_of, mended_policy
from tests.sandbox.scenario import Month, beginning
from tests.sandbox.story import tie_out_text, verdict
from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.specs import InvoiceSpec, LineSpec
from tests.sandbox.tie_out import Check, tie_out

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Played:
    """A month that was booked."""

    month: Month
    account: StripeAccount
    company: IntacctCompany
    chart: Chart

    def differing(self) -> set[str]:
        """Return what the tie-out finds fault with."""
        checks = tie_out(self.account, self.company, self.chart)
        return {f"{check.group}: {check.name}" for check in checks if not check.agrees}


@pytest.fixture(scope="module")
def played() -> Played:
    spine = Spine(mended_policy)
    month = Month(spine.account, spine.catalog)
    for play in month.chapters().values():
        play()
        spine.process(spine.new_messages())
    return Played(month, spine.account, spine.company, chart_of(spine.catalog))


def test_the_books_of_the_month_tie_out(played: Played) -> None:
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


def _lose_a_payment(company: IntacctCompany) -> None:
    payment = next(each for each in company.payments if each.cash)
    company.payments.remove(payment.record_no)


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


def _lose_a_customer(company: IntacctCompany) -> None:
    company.customers.remove(next(iter(company.customers)).customer_id)


def _refund(company: IntacctCompany) -> JournalEntry:
    return next(each for each in company.entries if each.module == "2.GL")


SPOILERS: dict[str, tuple[Callable[[IntacctCompany], None], str]] = {
    "a payment lost": (_lose_a_payment, "receipts"),
    "a payment lost in the ledger": (_lose_the_entry_of_a_payment, "1205 clearing"),
    "a refund booked twice": (_book_a_refund_twice, "How many: journal entries"),
    "a refund a day late": (_date_a_refund_by_utc, "On the day"),
    "a cent between tax accounts": (_move_a_cent("2200", "2210"), "Tax payable"),
    "a cent between revenue accounts": (_move_a_cent("4000", "4030"), "Revenue"),
    "a cent past Stripe": (_move_a_cent("1010", "4000"), "1010 paid past Stripe"),
    "a cent on suspense": (_move_a_cent("9999", "4000"), "nothing below covers"),
    "a cent of receivables": (_move_a_cent("1100", "4000"), "AR subledger"),
    "a customer lost": (_lose_a_customer, "customers"),
}


@pytest.mark.parametrize("name", SPOILERS)
def test_books_that_are_wrong_are_found_out(
    played: Played, spoilt: IntacctCompany, name: str
) -> None:
    spoil, expected = SPOILERS[name]
    spoil(spoilt)
    assert any(expected in each for each in played.differing()), played.differing()


def test_an_invoice_that_was_never_booked_is_found_out(played: Played) -> None:
    account = StripeAccount()
    customer = account.create_customer("Forgotten Ltd")["id"]
    line = LineSpec("Seat", amount_minor=1_000, metadata={"revenue_category": "usage"})
    account.finalize_invoice(account.create_invoice(InvoiceSpec(customer, (line,)))["id"])
    checks = tie_out(account, played.company, played.chart)
    missing = {check.name for check in checks if check.difference == -10}
    assert f"customer {customer}" in missing


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


def test_an_amount_is_divided_by_the_largest_remainder() -> None:
    # The example of docs/posting-rules.md: plan, onboarding and tax of 161.29.
    assert divided(5_000, (9_900, 5_000, 1_229)) == (3_069, 1_550, 381)
    assert divided(1, (1, 1, 1)) == (1, 0, 0)
    assert divided(100, (-50, 150, 100)) == (-25, 75, 50)


def test_what_is_earned_is_less_voids_and_refunds_but_not_less_failed_ones(played: Played) -> None:
    account = StripeAccount()
    rate = account.create_tax_rate("Sales tax", "10", country="US", state="NY")["id"]
    customer = account.create_customer("Example Ltd")["id"]

    def bill(*amounts: tuple[int, str]) -> str:
        lines = tuple(
            LineSpec(name, amount_minor=amount, metadata={"revenue_category": name})
            for amount, name in amounts
        )
        spec = InvoiceSpec(customer, lines, tax_rates=(rate,), days_until_due=30)
        return str(account.finalize_invoice(account.create_invoice(spec)["id"])["id"])

    def charge(payment: dict[str, dict[str, str]]) -> str:
        intent = account.retrieve("payment_intent", payment["payment"]["payment_intent"])
        return str(intent["latest_charge"])

    # 99.00 of plan, 50.00 of onboarding, 14.90 of tax; 50.00 is refunded for good.
    sold = charge(account.pay_invoice(bill((9_900, "subscriptions"), (5_000, "services"))))
    account.refund(sold, 5_000)
    account.fail_refund(account.refund(sold, 6_000)["id"])
    # 200.00, 100.00 and 30.00; a third is paid before the void, so a third stays earned.
    voided = bill((20_000, "subscriptions"), (10_000, "services"))
    account.pay_invoice(voided, 11_000)
    account.void_invoice(voided)

    assert earned(account, played.chart) == {
        ("4000", "usd"): 9_900 - 3_020 + 6_667,
        ("4010", "usd"): 5_000 - 1_525 + 3_333,
        ("2200", "usd"): 1_490 - 455 + 1_000,
    }


def test_the_story_begins_before_the_end_of_a_month_and_is_over_by_now() -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=COMPANY_ZONE)
    for days in range(400):
        now = int((noon + timedelta(days=days)).timestamp())
        begun = datetime.fromtimestamp(beginning(now), COMPANY_ZONE)
        ends = (begun + timedelta(days=4)).date()
        assert ends.month != begun.month
        assert datetime.fromtimestamp(now, COMPANY_ZONE).date() - ends >= timedelta(days=5)
