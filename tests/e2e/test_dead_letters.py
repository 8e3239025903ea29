"""Goal: what nobody can book as it is reaches the dead-letter queue alone, with its reason and a
way out; after the fix a redrive books it once, and redriving what is booked books nothing.

Method: a category leads to an account that Intacct does not have, a product to no category, a
currency to no clearing account. The first waits in one batch with healthy invoices of the same
customer. Then an operator does what the list of parked documents says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.shop import DONATIONS, Invoice, Shop
from tests.sandbox.intacct.books.master import BankAccount
from tests.sandbox.intacct.sample import add_account
from tests.sandbox.policy import Additions
from tests.sandbox.stripe.specs import LineSpec

pytestmark = pytest.mark.emulator


@dataclass(frozen=True)
class Stuck:
    """What cannot be booked, and what was sold around it.

    Attributes:
        donation: its account is unknown to Intacct; paid.
        neighbours: healthy invoices of the same customer, before and after it; unpaid.
        unmapped: for a product without a revenue category; unpaid.
        foreign: in a currency without a clearing account; paid.
        dead_letters: how many messages the dead-letter queue held then.
        parked: what `tieout parked` listed then, by key.
    """

    donor: str
    donation: Invoice
    neighbours: tuple[Invoice, ...]
    product: str
    unmapped: Invoice
    foreign: Invoice
    dead_letters: int
    parked: Mapping[str, Mapping[str, Any]]

    def receipt_of(self, invoice: Invoice, shop: Shop) -> Mapping[str, Any]:
        """Return the one parked receipt of an invoice."""
        account = shop.running.account
        with account.lock:
            paid = [
                f"receipt/{each['id']}"
                for each in account.store.all("invoice_payment")
                if each["invoice"] == invoice.id and each["status"] == "paid"
            ]
        (receipt,) = (self.parked[key] for key in paid)
        return receipt


@pytest.fixture(scope="module")
def stuck(shop: Shop) -> Stuck:
    account = shop.running.account
    donor, stranger = shop.customer("Generous Ltd"), shop.customer("Stranger Ltd")
    product = str(account.create_product("Never heard of")["id"])
    price = account.create_price(product, 4_200)["id"]
    shop.running.settle()
    assert shop.dead_letters() == 0
    with shop.event_source.paused():
        before = shop.invoice(donor)
        donation = shop.invoice(donor, category=DONATIONS)
        shop.pay(donation)
        after = shop.invoice(donor)
        shop.running.deliver()
        # All of it waits now, so that the refused and the healthy are taken in one batch.
        assert shop.running.stack.event_queue().visible >= 4
    unmapped = shop.invoice_of(stranger, LineSpec(price=price, description="What is this?"))
    foreign = shop.invoice(stranger, currency="gbp")
    shop.pay(foreign)
    shop.running.settle()
    return Stuck(
        donor,
        donation,
        (before, after),
        product,
        unmapped,
        foreign,
        shop.dead_letters(),
        shop.parked(),
    )


@pytest.fixture(scope="module")
def solved(shop: Shop, stuck: Stuck) -> Stuck:
    """Accounts and mappings are added and the dead-letter queue redriven, as the runbook says."""
    company = shop.running.company
    with shop.running.gateway.lock:
        add_account(company, "1220", "Stripe clearing GBP (bank account)")
        add_account(company, "4050", "Donations")
        company.banks.put("STRIPE-GBP", BankAccount(6, "STRIPE-GBP", "Stripe", "1220", "GBP"))
        company.log.commit()
    mended = Additions(
        categories={DONATIONS: "4050"},
        products={stuck.product: "services"},
        clearing={"gbp": ("1220", "STRIPE-GBP")},
    )
    shop.add_to_policy(mended)
    assert shop.redrive() == stuck.dead_letters
    return stuck


def test_the_neighbours_are_booked(shop: Shop, stuck: Stuck) -> None:
    for neighbour in stuck.neighbours:
        shop.assert_booked_once(neighbour, receipts=0)


def test_nothing_is_guessed(shop: Shop, stuck: Stuck) -> None:
    assert stuck.dead_letters >= 5  # two invoices and their payments, an invoice
    for invoice in (stuck.donation, stuck.unmapped, stuck.foreign):
        assert shop.books.invoices(invoice.number) == []
    assert shop.books.receipts(stuck.foreign.number) == []


def test_each_is_on_the_list_with_its_amount_its_reason_and_a_way_out(
    shop: Shop, stuck: Stuck
) -> None:
    found = [
        stuck.parked[f"invoice/{stuck.donation.id}"],
        stuck.receipt_of(stuck.donation, shop),
        stuck.parked[f"invoice/{stuck.unmapped.id}"],
        stuck.parked[f"invoice/{stuck.foreign.id}"],
        stuck.receipt_of(stuck.foreign, shop),
    ]
    assert [(each["reason"], each["amount_minor"], each["currency"]) for each in found] == [
        ("unknown_account", 10_000, "usd"),
        ("waits_for_parked", 10_000, "usd"),
        ("revenue_category_missing", 4_200, "usd"),
        ("currency_not_in_policy", 10_000, "gbp"),
        ("currency_not_in_policy", 10_000, "gbp"),
    ]
    assert all(each["way_out"] for each in found)
    assert len(found) == len(stuck.parked)


def test_intacct_was_not_asked_again_and_again(shop: Shop, stuck: Stuck) -> None:
    asked = [
        request
        for request in shop.running.gateway.requests
        if stuck.donation.number.encode() in request.body
    ]
    # Once for each message at most, when it is new; never for what only came again, which each of
    # them did until it was set aside. How many came in one batch is the queue's affair.
    assert 1 <= len(asked) <= stuck.dead_letters


def test_a_redrive_books_each_once(shop: Shop, solved: Stuck) -> None:
    shop.assert_booked_once(solved.donation)
    shop.assert_booked_once(solved.unmapped, receipts=0)
    shop.assert_booked_once(solved.foreign)
    assert shop.dead_letters() == 0
    assert shop.parked() == {}


def test_redriving_what_is_booked_books_nothing(shop: Shop, solved: Stuck) -> None:
    before, meter = shop.books.everything(), shop.meter()

    assert shop.redrive() == 0
    shop.running.stack.queue_subject(f"invoice/{solved.donation.id}", solved.donor, "by-hand")
    shop.running.settle()

    assert shop.books.everything() == before
    assert shop.meter() == meter
