"""Goal: whatever the way to Intacct does to a request or to its answer, each document is in the
books exactly once in the end, and the session is shared.

Method: each trouble hits the request of a customer of its own. What was in doubt comes again by
the queue's own back-off; all of them wait for that together.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.e2e.shop import Invoice, Shop
from tests.sandbox.intacct.faults import Fault, FaultKind

pytestmark = pytest.mark.emulator

TIMEOUT_SECONDS = 120
INVOICE_TROUBLES = (
    FaultKind.SERVER_ERROR_AFTER_COMMIT,
    FaultKind.CUT_AFTER_COMMIT,
    FaultKind.CDN_TIMEOUT_AFTER_COMMIT,
    FaultKind.MALFORMED_XML_AFTER_COMMIT,
    FaultKind.EMPTY_AFTER_COMMIT,
    FaultKind.SESSION_EXPIRED,
    FaultKind.RATE_LIMITED,
)
RECEIPT_TROUBLES = (FaultKind.CUT_AFTER_COMMIT, FaultKind.CDN_TIMEOUT_AFTER_COMMIT)


@dataclass(frozen=True)
class Survived:
    """What went through the troubles.

    Attributes:
        invoices, receipts: the invoice, or the invoice whose receipt, met this trouble.
        sessions_started: how many sign-ins all of it took.
    """

    invoices: dict[FaultKind, Invoice]
    receipts: dict[FaultKind, Invoice]
    sessions_started: int


@pytest.fixture(scope="module")
def survived(shop: Shop) -> Survived:
    buyers = {kind: shop.customer(f"Buyer {kind}") for kind in INVOICE_TROUBLES}
    unpaid = {kind: shop.invoice(shop.customer(f"Payer {kind}")) for kind in RECEIPT_TROUBLES}
    shop.running.settle()
    before = shop.meter()["sessions_started"]
    for kind, invoice in unpaid.items():

        def pay(invoice: Invoice = invoice) -> None:
            shop.pay(invoice)

        payer = shop.running.account.retrieve("invoice", invoice.id)["customer"]
        meet(shop, Fault(kind, function="create", text=payer), pay)
    invoices = {}
    for kind, buyer in buyers.items():

        def buy(kind: FaultKind = kind, buyer: str = buyer) -> None:
            invoices[kind] = shop.invoice(buyer)
            shop.pay(invoices[kind])

        meet(shop, Fault(kind, function="create_invoice", text=buyer), buy)
    shop.running.settle()
    return Survived(invoices, unpaid, shop.meter()["sessions_started"] - before)


def meet(shop: Shop, fault: Fault, business: Callable[[], None]) -> None:
    """Let the request that this business leads to meet the fault."""
    gateway = shop.running.gateway
    gateway.faults.push(fault)
    business()
    shop.running.deliver()
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while gateway.faults.pending:
        assert time.monotonic() < deadline, f"nothing met {fault}"
        time.sleep(0.1)


@pytest.mark.parametrize("kind", INVOICE_TROUBLES)
def test_an_invoice_is_booked_once(shop: Shop, survived: Survived, kind: FaultKind) -> None:
    invoice = survived.invoices[kind]
    assert invoice.number in values_hit(shop, kind, "create_invoice", "invoiceno")
    shop.assert_booked_once(invoice)


@pytest.mark.parametrize("kind", RECEIPT_TROUBLES)
def test_a_receipt_is_booked_once(shop: Shop, survived: Survived, kind: FaultKind) -> None:
    invoice = survived.receipts[kind]
    payer = shop.running.account.retrieve("invoice", invoice.id)["customer"]
    assert values_hit(shop, kind, "create", "CUSTOMERID") == [payer]
    shop.assert_booked_once(invoice)


def values_hit(shop: Shop, kind: FaultKind, function: str, element: str) -> list[str]:
    """Return what stood in an element of the requests that met this trouble."""
    return [
        value
        for request in shop.running.gateway.requests
        if request.fault is kind and function in request.functions
        for value in re.findall(f"<{element}>([^<]*)", request.body.decode())
    ]


def test_only_the_expired_session_was_replaced(survived: Survived) -> None:
    assert survived.sessions_started == 1


@pytest.mark.usefixtures("survived")
def test_nothing_was_given_up(shop: Shop) -> None:
    assert shop.dead_letters() == 0
