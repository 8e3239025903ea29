"""Goal: money that comes and goes back days later leaves the books as an accountant wants them.

Method: stories of one invoice, told step by step to the whole product in one process, which works
everything off before the next step. The oracle, which knows Stripe's side alone, judges the books.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.oracle.verdict import differences, judge
from tests.sandbox.stripe import InvoiceSpec, LineSpec, SteppedClock, StripeAccount
from tests.year.business import DAY_SECONDS, set_up
from tests.year.company import CURRENCIES, Decision, chart, new_account, new_books, policy
from tests.year.product import Product
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.tie_outs import OpenItem, TieOut
from tieout.services.close_check import Kind
from tieout.services.operate import CannotBeDone, Signature, close


class Shop:
    """One customer, who owes 100.00 for a service."""

    def __init__(
        self, *, reopens: bool = True, keeps: bool = True, sales: str = "daily_summary"
    ) -> None:
        clock = SteppedClock()
        self.account: StripeAccount = new_account(
            clock, "late failures", reopens=reopens, keeps=keeps
        )
        self.catalog = set_up(self.account, CURRENCIES)
        self.product = Product(
            self.account, new_books(clock), policy(self.catalog, Decision(sales=sales)), seed=1
        )
        self.customer = str(self.account.create_customer("Acme")["id"])
        self.invoice = self.bill()

    def bill(self) -> str:
        line = LineSpec("Service", amount_minor=10_000, metadata={"revenue_category": "services"})
        invoice = self.account.create_invoice(InvoiceSpec(self.customer, (line,), currency="usd"))
        self.account.finalize_invoice(invoice["id"])
        self.pass_a_day()
        return str(invoice["id"])

    def pass_a_day(self) -> None:
        """Let the product do its work, and the next day come."""
        self.product.deliver()
        self.product.settle()
        self.product.time.advance(DAY_SECONDS)

    def debit(self, amount_minor: int | None = None) -> str:
        """Have the invoice, or a part of it, paid from a bank account; return the charge."""
        paid = self.account.pay_invoice(
            self.invoice, amount_minor, payment_method="us_bank_account"
        )
        self.pass_a_day()
        intent = self.account.retrieve("payment_intent", paid["payment"]["payment_intent"])
        return str(intent["latest_charge"])

    def bounce(self, charge: str) -> None:
        self.account.fail_charge_late(charge)
        self.pass_a_day()

    def give_up(self) -> None:
        self.account.mark_uncollectible(self.invoice)
        self.pass_a_day()

    def void(self) -> None:
        self.account.void_invoice(self.invoice)
        self.pass_a_day()

    def parked(self) -> Sequence[str]:
        return [f"{each.key}: {each.reason} {each.reason_text}" for each in self.product.parked]

    def open_items(self) -> Sequence[OpenItem]:
        return [item for each in self.tie_outs() for item in each.open_items]

    def tie_outs(self) -> Sequence[TieOut]:
        self.product.time.advance(DAY_SECONDS)
        self.product.poll()
        self.product.settle()
        return self.product.tie_out()

    def posted(self, key: str) -> Posting:
        posting = self.product.postings.by_key[key]
        assert posting.state is State.POSTED
        return posting

    def balance(self, account: str) -> Decimal:
        """Return what Intacct shows on an account, debit positive."""
        entries = self.product.company.entries
        lines = (line for entry in entries for line in entry.lines)
        return sum((line.amount for line in lines if line.account_no == account), Decimal(0))

    def wrong(self) -> Sequence[str]:
        """Catch up with what came in the wrong order; return what the oracle finds."""
        self.product.poll()
        self.product.redrive()
        self.product.settle()
        checks = judge(self.account, self.product.company, chart(self.catalog))
        return [str(each) for each in differences(checks)]


@pytest.mark.parametrize("keeps", [True, False])
def test_what_is_paid_goes_back_and_is_paid_again(*, keeps: bool) -> None:
    shop = Shop(keeps=keeps)
    shop.bounce(shop.debit())
    assert shop.parked() == []
    assert shop.wrong() == []
    shop.debit()
    assert shop.parked() == []
    assert shop.wrong() == []


@pytest.mark.parametrize("keeps", [True, False])
def test_each_time_that_it_is_given_up_it_is_written_off(*, keeps: bool) -> None:
    shop = Shop(keeps=keeps)
    shop.give_up()
    shop.bounce(shop.debit())
    shop.give_up()
    assert shop.parked() == []
    assert shop.wrong() == []
    shop.bounce(shop.debit())
    assert shop.parked() == []
    shop.give_up()
    assert shop.parked() == []
    assert shop.wrong() == []
    first = f"invoice/{shop.invoice}/write-off"
    written_off = [first, f"{first}/2", f"{first}/3"]
    assert [shop.posted(key).amount_minor for key in written_off] == [-10_000] * 3


@pytest.mark.parametrize("keeps", [True, False])
def test_what_is_left_when_a_part_went_back_is_voided(*, keeps: bool) -> None:
    shop = Shop(keeps=keeps)
    shop.debit(3_000)
    shop.bounce(shop.debit(4_000))
    shop.void()
    assert shop.parked() == []
    assert shop.wrong() == []


def test_what_was_paid_too_much_is_refunded_with_the_rest() -> None:
    """Of the 30.00 that the invoice did not take, nothing stays with us."""
    shop = Shop()
    paid = shop.account.pay_invoice(shop.invoice, 13_000)
    shop.pass_a_day()
    assert shop.balance("2300") == -30
    intent = shop.account.retrieve("payment_intent", paid["payment"]["payment_intent"])
    shop.account.refund(str(intent["latest_charge"]))
    shop.pass_a_day()
    assert shop.parked() == []
    assert [shop.balance("2300"), shop.balance("4010")] == [Decimal(0), Decimal(0)]
    (tied,) = (each for each in shop.tie_outs() if each.currency == "usd")
    assert tied.residual_minor == 0


@pytest.mark.parametrize("sales", ["daily_summary", "other_receipt", "invoice"])
def test_a_debit_that_comes_after_the_invoice_was_settled_is_no_sale(sales: str) -> None:
    shop = Shop(sales=sales)
    charge = shop.account.start_payment(shop.invoice)["id"]
    shop.account.pay_out_of_band(shop.invoice)
    shop.pass_a_day()
    shop.account.finish_charge(charge)
    shop.pass_a_day()
    (posting,) = shop.product.parked
    assert (posting.reason, posting.amount_minor) == (Reason.OVER_APPLICATION, 10_000)
    assert f"charge {charge} brought 100.00 usd for invoice {shop.invoice} after" in (
        posting.reason_text
    )
    refund = shop.account.refund(charge)["id"]
    shop.pass_a_day()
    parked = {each.key: each.reason for each in shop.product.parked}
    assert parked[f"refund/{refund}"] is Reason.OVER_APPLICATION
    (tied,) = (each for each in shop.tie_outs() if each.currency == "usd")
    assert not tied.unexplained_minor


def test_what_stripe_goes_on_calling_paid_is_owed_and_a_person_lets_that_stand() -> None:
    """The money is gone and nobody collects it: somebody is called, then it holds up nothing."""
    shop = Shop(reopens=False)
    payment = shop.account.pay_invoice(shop.invoice, payment_method="us_bank_account")
    shop.pass_a_day()
    intent = shop.account.retrieve("payment_intent", payment["payment"]["payment_intent"])
    shop.bounce(intent["latest_charge"])
    key = f"invoice/{shop.invoice}/owed-again/{payment['id']}"
    assert [(each.key, each.reason) for each in shop.product.parked] == [(key, Reason.OWED_AGAIN)]
    assert shop.wrong() == []
    (item,) = shop.open_items()
    assert (item.stripe_minor, item.books_minor) == (0, 10_000)
    assert item.explained
    assert not item.accepted
    assert "which Stripe shows as paid, with that payment" in item.text

    signed = Signature("Ada", shop.product.time.now())
    close(shop.product.postings, [key], signed, "asked for a cheque")
    assert shop.parked() == []
    (item,) = shop.open_items()
    assert item.accepted
    month = datetime.fromtimestamp(shop.product.time.now(), UTC).date().replace(day=1)
    shop.product.time.advance(35 * DAY_SECONDS)
    kinds = {each.kind for each in shop.product.obstacles(month)}
    assert Kind.OPEN_ITEM not in kinds
    assert Kind.PARKED not in kinds
    with pytest.raises(CannotBeDone, match="closed already"):
        close(shop.product.postings, [key], signed, "again")
