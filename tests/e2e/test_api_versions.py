"""Goal: webhooks of an endpoint from before basil lead to the same books as those of today.

Method: the same business twice, told by one endpoint the first time and by the other the second.
"""

import pytest

from tests.e2e.books import CustomerBooks
from tests.e2e.shop import Shop
from tests.sandbox.stripe.events import WebhookEndpoint
from tests.sandbox.stripe.json_types import PINNED_VERSION, PRE_BASIL_VERSION
from tests.sandbox.stripe.specs import LineSpec, ShippingSpec

pytestmark = pytest.mark.emulator


def business(shop: Shop) -> str:
    """Let everything happen that basil changed the shape of; return the customer."""
    account, catalog = shop.running.account, shop.catalog
    customer = shop.customer("Old & New Ltd")
    seats = LineSpec(price=catalog.seat_price, quantity=3, description="3 seats")
    shop.pay(shop.invoice_of(customer, seats, tax_rates=(catalog.sales_tax,)))
    in_parts = shop.invoice_of(
        customer,
        seats,
        tax_rates=(catalog.vat_inclusive,),
        coupons=(catalog.launch_coupon,),
        shipping=ShippingSpec(990),
    )
    shop.pay(in_parts, 4_000)
    charge = shop.pay(in_parts)
    account.refund(charge, 1_000)
    unused = LineSpec(
        description="Unused time",
        amount_minor=-1_000,
        proration=True,
        metadata={"revenue_category": "subscriptions"},
    )
    shop.pay(shop.invoice_of(customer, unused, seats))
    account.pay_out_of_band(shop.invoice(customer, days_until_due=30).id, recorded=False)
    account.void_invoice(shop.invoice(customer).id)
    return customer


def books_told_by(shop: Shop, endpoint: WebhookEndpoint) -> CustomerBooks:
    endpoints = (shop.running.endpoint, shop.old_endpoint)
    before = {each.id: each.status for each in endpoints}
    try:
        for each in endpoints:
            each.status = "enabled" if each is endpoint else "disabled"
        customer = business(shop)
        attempts = shop.running.deliver()
    finally:
        for each in endpoints:
            each.status = before[each.id]
    assert attempts
    assert {(each.endpoint_id, each.status) for each in attempts} == {(endpoint.id, 200)}
    shop.running.settle()
    return shop.books.of_customer(customer)


def test_either_version_gives_the_same_books(shop: Shop) -> None:
    assert shop.running.endpoint.api_version == PINNED_VERSION
    assert shop.old_endpoint.api_version == PRE_BASIL_VERSION

    today = books_told_by(shop, shop.running.endpoint)
    before_basil = books_told_by(shop, shop.old_endpoint)

    assert before_basil == today
    assert [kind for kind, *_ in today.documents] == ["invoice"] * 5
    assert len(today.receipts) == 5
