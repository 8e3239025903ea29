"""Goal: a Stripe key that lacks a permission stops what needs it and nothing else, and the missing
permission is named.

Method: the secret is filled with a restricted key that may not read charges and refunds, which are
one permission. With the full key back in the secret, nothing is restarted or redriven.
"""

import json
from dataclasses import dataclass

import pytest

from tests.e2e.shop import MISSING_SCOPE, RESTRICTED_KEY, Invoice, Shop

pytestmark = pytest.mark.emulator


@dataclass(frozen=True)
class Restricted:
    """A refund that the key may not read, and a sale of which it may read all but the charge.

    Attributes:
        waiting: bodies of the messages that were given back. log: what the processor logged.
    """

    refund: str
    sale: Invoice
    charge: str
    receipts_of_sale: int
    refund_was_booked: bool
    waiting: tuple[str, ...]
    log: tuple[str, ...]


@pytest.fixture(scope="module")
def restricted(shop: Shop) -> Restricted:
    running, stack = shop.running, shop.running.stack
    unhappy, happy = shop.customer("Unhappy Ltd"), shop.customer("Happy Ltd")
    charge = shop.pay(shop.invoice(unhappy))
    running.settle()
    with shop.event_source.paused():
        fill_with(shop, RESTRICTED_KEY)
        refund = str(running.account.refund(charge, 2_500)["id"])
        sale = shop.invoice(happy)
        charge_of_sale = shop.pay(sale)
        running.deliver()
        logged = len(stack.log_lines("processor"))

        given_back = shop.event_source.work()

        found = Restricted(
            refund,
            sale,
            charge_of_sale,
            len(shop.books.receipts(sale.number)),
            bool(shop.books.refunds(refund)),
            tuple(message.body for message in given_back),
            tuple(stack.log_lines("processor")[logged:]),
        )
        shop.fill_secrets()
        shop.event_source.call_back(given_back)
    running.settle()
    return found


def fill_with(shop: Shop, api_key: str) -> None:
    """Fill in a lesser key and have it in use at once: the better one was not refused."""
    shop.fill_secrets(api_key=api_key)
    shop.running.stack.restart("processor")


def test_the_missing_permission_is_named(restricted: Restricted) -> None:
    told = [json.loads(line) for line in restricted.log if line.startswith("{")]
    reasons = {line["reason"] for line in told if "reason" in line}
    assert MISSING_SCOPE == "rak_charge_read"
    assert any(f"the Stripe key lacks {MISSING_SCOPE}" in reason for reason in reasons)
    assert sum(line.get("SessionFailed", [0])[0] for line in told) >= 1


def test_what_the_key_may_read_goes_on(shop: Shop, restricted: Restricted) -> None:
    assert restricted.receipts_of_sale == 1
    shop.assert_booked_once(restricted.sale)


def test_only_what_needs_it_waits_and_is_booked_with_the_right_key(
    shop: Shop, restricted: Restricted
) -> None:
    assert {json.loads(body)["subject"] for body in restricted.waiting} == {
        f"refund/{restricted.refund}",
        f"charge/{restricted.charge}",
    }
    assert not restricted.refund_was_booked
    assert len(shop.books.refunds(restricted.refund)) == 1
