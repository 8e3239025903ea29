"""A platform earns from its connected accounts, reads them and hears of them.

Method: the balance after transfers and fees; then two accounts side by side, read with the
library's ``stripe_account`` and heard of through an endpoint for connected accounts.
"""

import json

import pytest
import stripe

from tests.sandbox.stripe import (
    FULL_KEY,
    PINNED_VERSION,
    AccountOptions,
    ChargeSpec,
    StripeAccount,
    StripeError,
    StripeServer,
    WebhookSender,
)

SELLER = "acct_1Seller"


def platform_and_seller() -> tuple[StripeAccount, StripeAccount]:
    platform = StripeAccount()
    seller = StripeAccount(AccountOptions(account_id=SELLER, seed="seller"))
    platform.connect(seller)
    return platform, seller


def test_a_transfer_leaves_and_comes_back_in_parts() -> None:
    account = StripeAccount()
    transfer = account.create_transfer(SELLER, 2_000)["id"]
    account.reverse_transfer(transfer, 500)
    with pytest.raises(StripeError):
        account.reverse_transfer(transfer, 1_501)
    assert account.balance_after_fees() == {"usd": -1_500}
    account.reverse_transfer(transfer)
    shown = account.retrieve("transfer", transfer)
    assert (shown["reversed"], shown["amount_reversed"]) == (True, 2_000)
    assert [each["amount"] for each in shown["reversals"]["data"]] == [1_500, 500]
    assert account.balance_after_fees() == {"usd": 0}
    assert [each.type for each in account.event_log] == [
        "transfer.created",
        "transfer.reversed",
        "transfer.reversed",
    ]


def test_an_application_fee_is_earned_and_given_back() -> None:
    account = StripeAccount()
    fee = account.earn_application_fee(SELLER, "ch_of_seller", 300)["id"]
    account.refund_application_fee(fee, 100)
    assert account.balance_after_fees() == {"usd": 200}
    assert [each["reporting_category"] for each in account.store.all("balance_transaction")] == [
        "platform_earning",
        "platform_earning_refund",
    ]
    account.refund_application_fee(fee)
    assert account.retrieve("application_fee", fee)["refunded"] is True
    with pytest.raises(StripeError):
        account.refund_application_fee(fee, 1)


def test_each_source_of_a_platforms_movements_can_be_read_along() -> None:
    account = StripeAccount()
    account.reverse_transfer(account.create_transfer(SELLER, 2_000)["id"])
    account.refund_application_fee(account.earn_application_fee(SELLER, "ch_x", 300)["id"])
    account.succeed_topup(account.create_topup(100)["id"])
    account.adjust_balance(-9, kind="stripe_fee", reporting_category="fee")
    with StripeServer(account) as server:
        client = stripe.StripeClient(FULL_KEY, base_addresses={"api": server.url})
        listed = client.v1.balance_transactions.list({"expand": ["data.source"]})
    sources = [None if each.source is None else each.source.object for each in listed.data]  # type: ignore[union-attr]
    assert sources == [
        None,
        "topup",
        "fee_refund",
        "application_fee",
        "transfer_reversal",
        "transfer",
    ]


def test_a_connected_account_is_read_with_its_name() -> None:
    platform, seller = platform_and_seller()
    sold = seller.charge(ChargeSpec(3_000))["id"]
    with StripeServer(platform) as server:
        client = stripe.StripeClient(FULL_KEY, base_addresses={"api": server.url})
        assert client.v1.charges.list().data == []
        theirs = client.v1.charges.list(options={"stripe_account": SELLER})
        assert [each.id for each in theirs.data] == [sold]
        events = client.v1.events.list(options={"stripe_account": SELLER})
        assert len(events.data) == len(seller.event_log)
        with pytest.raises(stripe.PermissionError, match="acct_stranger"):
            client.v1.charges.list(options={"stripe_account": "acct_stranger"})


def test_an_endpoint_for_connected_accounts_hears_of_them_only() -> None:
    platform, seller = platform_and_seller()
    own = platform.register_endpoint("http://own")
    above = platform.register_endpoint("http://connected", connect=True)
    sold = seller.charge(ChargeSpec(3_000))["id"]
    platform.create_topup(100)
    heard: list[tuple[str, bytes]] = []

    def take(url: str, body: bytes, _headers: object) -> int:
        heard.append((url, body))
        return 200

    WebhookSender(platform, take).deliver_all()
    events = [(url, stripe.Event.construct_from(_json(body), None)) for url, body in heard]
    theirs = [each for url, each in events if url == above.url]
    assert {each.account for each in theirs} == {SELLER}
    assert sold in {each.data.object.id for each in theirs}
    assert [each.type for url, each in events if url == own.url] == ["topup.created"]
    assert [each.id for each in theirs] == [each.id for each in seller.event_log]


def test_an_account_of_its_own_has_no_account_in_its_events() -> None:
    account = StripeAccount()
    account.create_topup(100)
    assert "account" not in account.event_log[0].body(PINNED_VERSION)


def test_accounts_side_by_side_must_differ() -> None:
    platform = StripeAccount()
    with pytest.raises(ValueError, match="itself"):
        platform.connect(StripeAccount(AccountOptions(seed="other")))
    with pytest.raises(ValueError, match="seed"):
        platform.connect(StripeAccount(AccountOptions(account_id=SELLER)))


def _json(body: bytes) -> dict[str, object]:
    found = json.loads(body)
    assert isinstance(found, dict)
    return found
