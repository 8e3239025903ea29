"""Invoices add up like Stripe's.

Method: fixed examples worked out by hand, then properties over random lines, discounts and taxes:
the identities of the dossier hold to the unit, and allocation loses nothing.
"""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.stripe import (
    AccountOptions,
    InvoiceSpec,
    LineSpec,
    ShippingSpec,
    StripeAccount,
)
from tests.sandbox.stripe.amounts import allocate, rounded
from tests.sandbox.stripe.figures import TaxTerm, tax_shares
from tests.sandbox.stripe.json_types import JsonObject
from tests.unit.sandbox.stripe.business import rich_invoice


def invoice_with(account: StripeAccount, spec_lines: tuple[LineSpec, ...]) -> JsonObject:
    customer = account.create_customer("Acme")["id"]
    return account.create_invoice(InvoiceSpec(customer, spec_lines))


def test_the_rich_invoice_worked_out_by_hand() -> None:
    account = StripeAccount()
    invoice = rich_invoice(account, account.create_customer("Acme")["id"])
    # Lines 3000 + 125 (1001 x 0.125 = 125.125) + 777 - 300, less 10 % of 3000.
    assert invoice["subtotal"] == 3_302
    # 500 off over 2700, 125 and 777: 374.79, 17.35, 107.86 -> 375, 17, 108.
    lines = account.store.lines[invoice["id"]]
    assert [line["amount"] for line in lines] == [3_000, 125, 777, -300]
    assert [sum(each["amount"] for each in line["discount_amounts"]) for line in lines] == [
        675,
        17,
        108,
        0,
    ]
    # 20 % of 2325, 108 and -300 on top; 7 % inside 669 is 43.77; 100 on shipping.
    assert [[each["amount"] for each in line["taxes"]] for line in lines] == [
        [465],
        [22],
        [44],
        [-60],
    ]
    assert invoice["shipping_cost"]["amount_total"] == 600
    assert invoice["total"] == 3_302 - 500 + 465 + 22 - 60 + 600
    assert invoice["total_excluding_tax"] == invoice["total"] - 465 - 22 + 60 - 44 - 100
    assert [each["amount"] for each in invoice["total_taxes"]] == [527, 44]
    assert [each["amount"] for each in invoice["total_discount_amounts"]] == [300, 500]


@pytest.mark.parametrize(
    ("tax_exempt", "reason"), [("exempt", "customer_exempt"), ("reverse", "reverse_charge")]
)
def test_an_exempt_customer_pays_no_tax_but_sees_why(tax_exempt: str, reason: str) -> None:
    account = StripeAccount()
    rate = account.create_tax_rate("VAT", "20")["id"]
    customer = account.create_customer("Acme", tax_exempt=tax_exempt)["id"]
    invoice = account.create_invoice(
        InvoiceSpec(customer, (LineSpec(amount_minor=1_000),), tax_rates=(rate,))
    )
    assert invoice["total"] == 1_000
    assert [(each["amount"], each["taxability_reason"]) for each in invoice["total_taxes"]] == [
        (0, reason)
    ]


def test_rounding_per_invoice_can_differ_from_the_lines() -> None:
    account = StripeAccount(AccountOptions(tax_rounding="invoice"))
    rate = account.create_tax_rate("VAT", "10")["id"]
    invoice = invoice_with(
        account, tuple(LineSpec(amount_minor=15, tax_rates=(rate,)) for _ in range(3))
    )
    assert [line["taxes"][0]["amount"] for line in account.store.lines[invoice["id"]]] == [2, 2, 2]
    assert invoice["total_taxes"][0]["amount"] == 5
    assert invoice["total"] == 50


@pytest.mark.parametrize(
    ("value", "expected"), [("1/2", 1), ("-1/2", -1), ("3/2", 2), ("-3/2", -2), ("5/4", 1)]
)
def test_halves_round_away_from_zero(value: str, expected: int) -> None:
    assert rounded(Fraction(value)) == expected


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_allocation_is_exact_and_fair(total: int, weights: list[int]) -> None:
    if not any(weights):
        weights[0] = 1
    parts = allocate(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(part) - Fraction(total * weight, whole)) < 1


@given(st.integers(-(10**7), 10**7), st.lists(st.integers(0, 3000), max_size=3))
def test_inclusive_taxes_and_net_make_up_the_amount(amount: int, basis_points: list[int]) -> None:
    terms = [TaxTerm(f"txr_{bp}", Fraction(bp, 100), inclusive=True) for bp in basis_points]
    shares = tax_shares(amount, terms)
    assert all(
        share.taxable_minor + sum(s.amount_minor for s in shares) == amount for share in shares
    )


LINES = st.lists(
    st.builds(
        lambda amount, exclusive, own: (amount, exclusive, own),
        st.integers(-50_000, 500_000),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@given(LINES, st.booleans(), st.integers(0, 5_000), st.booleans())
def test_the_identities_hold_to_the_unit(
    lines: list[tuple[int, bool, bool]], discounted: bool, shipping: int, inclusive_shipping: bool
) -> None:
    account = StripeAccount()
    exclusive = account.create_tax_rate("VAT", "19.6")["id"]
    inclusive = account.create_tax_rate("GST", "8.875", inclusive=True)["id"]
    own = account.create_coupon("own", percent_off="12.5")["id"]
    whole = account.create_coupon("whole", amount_off=1_234)["id"]
    customer = account.create_customer("Acme")["id"]
    invoice = account.create_invoice(
        InvoiceSpec(
            customer,
            tuple(
                LineSpec(
                    amount_minor=amount,
                    tax_rates=(exclusive,) if on_top else (inclusive,),
                    coupons=(own,) if with_own else (),
                    proration=amount < 0,
                )
                for amount, on_top, with_own in lines
            ),
            coupons=(whole,) if discounted else (),
            shipping=ShippingSpec(shipping, (inclusive if inclusive_shipping else exclusive,)),
        )
    )
    stored = account.store.lines[invoice["id"]]
    nets = [_net(line) for line in stored]
    cost = invoice["shipping_cost"]
    all_taxes = sum(each["amount"] for each in invoice["total_taxes"])
    on_top = sum(
        each["amount"]
        for line in stored
        for each in line["taxes"]
        if each["tax_behavior"] == "exclusive"
    )
    off = sum(each["amount"] for line in stored for each in line["discount_amounts"])
    assert sum(nets) + cost["amount_subtotal"] == invoice["total_excluding_tax"]
    assert invoice["total_excluding_tax"] + all_taxes == invoice["total"]
    assert cost["amount_subtotal"] + cost["amount_tax"] == cost["amount_total"]
    assert (
        sum(line["amount"] for line in stored) - off + on_top + cost["amount_total"]
        == invoice["total"]
    )
    assert off == sum(each["amount"] for each in invoice["total_discount_amounts"])
    assert [each["amount"] for each in invoice["total_discount_amounts"]] == [
        each["amount"] for each in invoice["total_pretax_credit_amounts"]
    ]


def _net(line: JsonObject) -> int:
    off: int = sum(each["amount"] for each in line["discount_amounts"])
    inside: int = sum(
        each["amount"] for each in line["taxes"] if each["tax_behavior"] == "inclusive"
    )
    return int(line["amount"]) - off - inside
