"""Goal: the story of `make run` can be told to its end, whatever the day on which it is told.

Method: all chapters are played on the Stripe double alone, for every day of a month on which it
may be run; by the end the balance has moved in every way that the story promises.
"""

import pytest

from tests.sandbox.aftermath import Aftermath, with_tax
from tests.sandbox.scenario import Month, beginning, set_up_catalog
from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.clock import SteppedClock
from tests.sandbox.trade import DAY_SECONDS

# The hour that the webhook misses begins two days before the end.
_AN_HOUR_MISSED = 2 * DAY_SECONDS
_NOON_UNIX = 1_793_534_400


@pytest.mark.parametrize("day", range(0, 31, 3))
def test_the_story_is_over_before_today(day: int) -> None:
    today_unix = _NOON_UNIX + day * DAY_SECONDS
    clock = SteppedClock(beginning(today_unix))
    account = StripeAccount(clock=clock)
    catalog = set_up_catalog(account)
    month = Month(account, catalog)
    for play in month.chapters().values():
        play()
    for play in Aftermath(month, catalog.sales_tax).chapters().values():
        play()
    assert clock.now() < today_unix - _AN_HOUR_MISSED


def test_the_balance_moves_in_every_way() -> None:
    account = StripeAccount()
    catalog = set_up_catalog(account)
    month = Month(account, catalog)
    for chapters in (month.chapters(), Aftermath(month, catalog.sales_tax).chapters()):
        for play in chapters.values():
            play()
    moved = {each["type"] for each in account.store.all("balance_transaction")}
    assert moved >= {
        "adjustment", "charge", "payment", "payout", "payout_cancel", "payout_failure", "refund",
        "refund_failure", "reserve_hold", "reserve_release", "stripe_fee", "tax_fee", "topup",
    }  # fmt: skip
    notes = {(each["type"], each["status"]) for each in account.store.all("credit_note")}
    assert notes == {
        ("pre_payment", "issued"), ("pre_payment", "void"),
        ("post_payment", "issued"), ("mixed", "issued"),
    }  # fmt: skip
    credit = {each["type"] for each in account.store.all("customer_balance_transaction")}
    assert credit == {
        "adjustment", "applied_to_invoice", "credit_note", "invoice_overpaid",
        "unapplied_from_invoice",
    }  # fmt: skip


def test_sales_tax_is_added_as_stripe_adds_it() -> None:
    assert with_tax(20_000) == 21_775
