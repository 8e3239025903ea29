"""What Stripe keeps of a charge, gives back with a refund, and bills for a conversion.

Method: one charge per setting of the account; the transaction's ``fee`` is always the sum of its
``fee_details`` and each switch of the options is tried in both positions.
"""

import pytest

from tests.sandbox.stripe import (
    AccountOptions,
    ChargeSpec,
    FeeSchedule,
    Settlement,
    StripeAccount,
)
from tests.sandbox.stripe.json_types import JsonObject

TAXED = FeeSchedule(basis_points=290, fixed_minor=30, tax_percent="20")


def transactions(account: StripeAccount) -> list[JsonObject]:
    return [account.show(each) for each in account.store.all("balance_transaction")]


def details(transaction: JsonObject) -> list[tuple[str, int]]:
    assert transaction["fee"] == sum(each["amount"] for each in transaction["fee_details"])
    return [(each["type"], each["amount"]) for each in transaction["fee_details"]]


def test_a_fee_is_made_of_kinds() -> None:
    account = StripeAccount(AccountOptions(fees=TAXED))
    account.charge(ChargeSpec(10_000, application_fee_minor=500))
    (charged,) = transactions(account)
    assert details(charged) == [("stripe_fee", 320), ("tax", 64), ("application_fee", 500)]
    assert charged["net"] == 10_000 - 320 - 64 - 500


@pytest.mark.parametrize("returned", [False, True])
def test_a_refund_returns_its_part_of_the_fee_or_nothing(returned: bool) -> None:
    account = StripeAccount(AccountOptions(fees=TAXED, refunds_return_fees=returned))
    charge = account.charge(ChargeSpec(10_000))["id"]
    refund = account.refund(charge, 2_500)["id"]
    given = [("stripe_fee", -80), ("tax", -16)] if returned else []
    assert details(transactions(account)[-1]) == given
    account.fail_refund(refund)
    assert details(transactions(account)[-1]) == [(kind, -amount) for kind, amount in given]
    assert account.balance_after_fees() == {"usd": 10_000 - 384}


@pytest.mark.parametrize("basis_points", [0, 100])
def test_a_conversion_costs_by_its_rate_or_by_a_movement_of_its_own(basis_points: int) -> None:
    settlements = {"eur": Settlement("usd", "1.5")}
    account = StripeAccount(
        AccountOptions(settlements=settlements, conversion_fee_basis_points=basis_points)
    )
    account.charge(ChargeSpec(1_000, currency="eur"))
    charged, *billed = transactions(account)
    assert (charged["amount"], charged["currency"]) == (1_500, "usd")
    assert [(each["type"], each["amount"]) for each in billed] == (
        [("stripe_fx_fee", -15)] if basis_points else []
    )


def test_stripes_own_bills_have_no_source() -> None:
    account = StripeAccount()
    account.adjust_balance(
        -900, kind="stripe_fee", reporting_category="fee", description="Billing (2026-10)"
    )
    account.adjust_balance(-171, kind="tax_fee", reporting_category="tax")
    account.adjust_balance(-500, kind="payout_minimum_balance_hold", reporting_category="payout")
    account.adjust_balance(7, kind="type_of_2031", reporting_category="category_of_2031")
    assert {each["source"] for each in transactions(account)} == {None}
    assert account.balance_after_fees() == {"usd": -900 - 171 - 500 + 7}
    assert account.event_log == []
