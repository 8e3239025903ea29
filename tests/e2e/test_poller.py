"""Goal: what no webhook told of is found by the poller, and booked once.

Method: the webhook endpoint is removed while an invoice is finalised and paid, others are paid,
voided and refunded. Then the poller runs, as its schedule would have it.
"""

import time
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.shop import Invoice, Shop
from tests.sandbox.tie_out import BOOKED_BY_THE_DAY

pytestmark = pytest.mark.emulator

RUNS_MAX = 6
# Within the overlap: the poller looks back behind its cursor by an hour.
HALF_AN_HOUR_SECONDS = 1_800


@dataclass(frozen=True)
class Missed:
    """What happened unseen.

    Attributes:
        found: how much the poller queued when it looked, and when it looked again.
    """

    invoice: Invoice
    paid: Invoice
    voided: Invoice
    refund: str
    found: tuple[int, int]


@pytest.fixture(scope="module")
def missed(shop: Shop, played: object) -> Missed:  # noqa: ARG001 - the month comes before the present
    running = shop.running
    customer = shop.customer("Overlooked Ltd")
    paid, voided, refunded = (shop.invoice(customer) for _ in range(3))
    charge = shop.pay(refunded)
    running.settle()
    assert poll(shop) == 0, "everything so far came by webhook"
    running.clock.set(int(time.time()) - HALF_AN_HOUR_SECONDS)
    with shop.unseen():
        invoice = shop.invoice(customer)
        shop.pay(invoice)
        shop.pay(paid)
        running.account.void_invoice(voided.id)
        refund = str(running.account.refund(charge, 2_500)["id"])
    assert running.deliver() == []
    first = poll(shop)
    running.settle()
    return Missed(invoice, paid, voided, refund, (first, poll(shop)))


def poll(shop: Shop) -> int:
    """Run the poller until it has seen all; return how many subjects it queued."""
    found = 0
    for _ in range(RUNS_MAX):
        report: dict[str, Any] = shop.running.stack.invoke("poller", {})
        found += int(report["missed"])
        if not report["budget_exhausted"]:
            return found
    raise AssertionError("the poller never came to the end")


def test_it_finds_each_of_them_and_is_then_content(missed: Missed) -> None:
    first, second = missed.found
    assert first >= 4
    assert second == 0


def test_the_invoice_and_its_payment_are_booked_once(shop: Shop, missed: Missed) -> None:
    shop.assert_booked_once(missed.invoice)


def test_the_payment_of_a_known_invoice_is_booked_once(shop: Shop, missed: Missed) -> None:
    shop.assert_booked_once(missed.paid)


def test_the_void_is_booked(shop: Shop, missed: Missed) -> None:
    (voided,) = shop.books.invoices(missed.voided.number)
    assert voided.state == "reversed"


def test_the_refund_is_booked_once(shop: Shop, missed: Missed) -> None:
    assert len(shop.books.refunds(missed.refund)) == 1


@pytest.mark.usefixtures("missed")
def test_the_books_tie_out(shop: Shop) -> None:
    # The day of now is not over: its fees are still to come.
    checks = [check for check in shop.tie_out() if check.group not in BOOKED_BY_THE_DAY]
    assert len(checks) > 10
    assert [check for check in checks if not check.agrees] == []
