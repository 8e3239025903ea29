"""Goal: a month of a small business ties out to the cent, everything in it is booked once, and
nothing that is told again changes a thing.

Method: the month of the scenario is delivered in bad weather: events come twice, under two ids,
late and out of order. Then the two ledgers are compared.
"""

import pytest

from tests.e2e.shop import PlayedMonth, Shop
from tieout.domain.events import subject_of

pytestmark = pytest.mark.emulator


@pytest.mark.usefixtures("played")
def test_the_books_tie_out(shop: Shop) -> None:
    checks = shop.tie_out()
    assert len(checks) >= 6
    assert [check for check in checks if not check.agrees] == []


def test_every_invoice_receipt_and_refund_of_the_month_is_booked_once(
    shop: Shop, played: PlayedMonth
) -> None:
    account, books = shop.running.account, shop.books
    month = played.month
    for name, invoice in month.invoices.items():
        facts = account.retrieve("invoice", invoice)
        booked = books.invoices(facts["number"])
        assert len(booked) == (1 if facts["total"] else 0), name
        assert len(books.receipts(facts["number"])) == receipts_of(shop, invoice), name
    for name, refund in month.refunds.items():
        failed = account.retrieve("refund", refund)["status"] == "failed"
        assert len(books.refunds(refund)) == 1, name
        assert len(books.failures(refund)) == (1 if failed else 0), name


def receipts_of(shop: Shop, invoice: str) -> int:
    """Count what was received on an invoice: its payments, and what nobody recorded as one."""
    account = shop.running.account
    if account.retrieve("invoice", invoice)["status_transitions"]["marked_uncollectible_at"]:
        return 0  # what was given up is owed by a debit memo, which its receipt settles
    with account.lock:
        amounts = [
            each["amount_paid"]
            for each in account.store.all("invoice_payment")
            if each["invoice"] == invoice and each["status"] == "paid"
        ]
    unrecorded = account.retrieve("invoice", invoice)["amount_paid"] > sum(amounts)
    return len(amounts) + (1 if unrecorded else 0)


def test_only_the_customer_that_intacct_knew_was_looked_up(played: PlayedMonth) -> None:
    assert played.cost["lookups"] == 1
    assert played.cost["sessions_started"] <= 1
    # Adopting a customer begins with trying to create it.
    assert played.cost["failed_functions"] == 1


@pytest.mark.usefixtures("played")
def test_a_paid_invoice_costs_two_transactions(shop: Shop) -> None:
    customers = [shop.customer(f"Plain {number} Ltd") for number in range(3)]
    shop.running.settle()
    before = shop.meter()
    invoices = [shop.invoice(customer) for customer in customers]
    for invoice in invoices:
        shop.pay(invoice)
    shop.running.settle()

    for invoice in invoices:
        shop.assert_booked_once(invoice)
    assert shop.meter()["paid_transactions"] - before["paid_transactions"] == 2 * len(invoices)
    assert shop.meter()["lookups"] == before["lookups"]


@pytest.mark.usefixtures("played")
def test_everything_told_again_changes_nothing(shop: Shop) -> None:
    running = shop.running
    before, meter = shop.books.everything(), shop.meter()
    events = [record for record in running.account.event_log if record.outcomes]
    assert len(events) > 70

    attempts = [attempt for each in events for attempt in running.sender.redeliver(each.id)]
    assert len(attempts) >= len(events)
    assert {attempt.status for attempt in attempts} == {200}
    assert running.stack.event_queue().total == 0

    subjects = {subject_of(each.body(running.endpoint.api_version)) for each in events}
    for subject in sorted(str(each) for each in subjects):
        running.stack.queue_subject(subject, group=subject, trigger="told-again")
    running.settle()

    assert shop.books.everything() == before
    assert shop.meter()["records_written"] == meter["records_written"]
    assert shop.meter()["lookups"] == meter["lookups"]
    assert shop.dead_letters() == 0
