"""A small business whose history touches every kind of object and state of the double."""

from decimal import Decimal

from tests.sandbox.stripe import (
    PRE_BASIL_VERSION,
    AccountOptions,
    ChargeSpec,
    CreditLineSpec,
    CreditNoteSpec,
    InvoiceSpec,
    LineSpec,
    Settlement,
    ShippingSpec,
    SteppedClock,
    StripeAccount,
)
from tests.sandbox.stripe.json_types import JsonObject

OPTIONS = AccountOptions(settlements={"eur": Settlement("usd", "1.0837")})


def invoice_of(
    account: StripeAccount, customer: str, amount_minor: int, *, currency: str = "usd"
) -> JsonObject:
    """Return an open invoice over one line of ``amount_minor``."""
    draft = account.create_invoice(
        InvoiceSpec(
            customer=customer,
            lines=(LineSpec("Consulting", amount_minor=amount_minor),),
            currency=currency,
        )
    )
    return account.finalize_invoice(draft["id"])


def rich_invoice(account: StripeAccount, customer: str) -> JsonObject:
    """Return an open invoice with every feature at once."""
    product = account.create_product("Seats", metadata={"revenue": "subscription"})
    price = account.create_price(product["id"], 1000, interval="month")
    fraction = account.create_price(product["id"], Decimal("0.125"))
    vat = account.create_tax_rate("VAT", "20")
    inside = account.create_tax_rate("GST", "7", inclusive=True)
    ten_percent = account.create_coupon("10 % off", percent_off="10")
    five_off = account.create_coupon("5 off", amount_off=500)
    draft = account.create_invoice(
        InvoiceSpec(
            customer=customer,
            lines=(
                LineSpec("Seats", price["id"], 3, coupons=(ten_percent["id"],)),
                LineSpec("Calls", fraction["id"], 1001),
                LineSpec("Book", amount_minor=777, tax_rates=(inside["id"],)),
                LineSpec(
                    "Unused time",
                    amount_minor=-300,
                    proration=True,
                    credited_invoice="in_earlier",
                    credited_lines=("il_earlier",),
                    subscription_item="si_1",
                ),
            ),
            coupons=(five_off["id"],),
            tax_rates=(vat["id"],),
            shipping=ShippingSpec(500, (vat["id"],)),
            metadata={"department": "10"},
            subscription="sub_1",
            days_until_due=30,
        )
    )
    return account.finalize_invoice(draft["id"])


def busy_account() -> StripeAccount:
    """Return an account with a long history and two webhook endpoints of different age."""
    clock = SteppedClock()
    account = StripeAccount(OPTIONS, clock)
    account.register_endpoint("http://127.0.0.1:1/new")
    account.register_endpoint("http://127.0.0.1:1/old", api_version=PRE_BASIL_VERSION)
    acme = account.create_customer(
        "Acme Ltd",
        email="books@example.com",
        address={"line1": "1 High St", "city": "Leeds", "country": "GB"},
        metadata={"department": "10"},
    )["id"]
    _invoices(account, acme)
    _money_back(account, acme)
    _bank_debits(account, acme)
    _platform(account)
    clock.advance(3 * 86_400)
    paid_out = account.create_payout()["id"]
    account.pay_payout(paid_out)
    account.reconcile_payout(paid_out)
    account.fail_payout(paid_out)
    account.create_payout(amount_minor=1_000)
    account.cancel_payout(account.create_payout(amount_minor=500)["id"])
    account.create_payout(amount_minor=700, instant=True)
    return account


def _invoices(account: StripeAccount, acme: str) -> None:
    rich = rich_invoice(account, acme)["id"]
    account.fail_payment(rich)
    account.pay_invoice(rich, 1_000)
    account.pay_invoice(rich)
    first, second = (invoice_of(account, acme, amount)["id"] for amount in (5_000, 7_000))
    account.pay_invoices_together({first: None, second: 3_000})
    account.void_invoice(second)
    account.pay_out_of_band(invoice_of(account, acme, 2_500)["id"], reference="cheque 7")
    account.pay_out_of_band(invoice_of(account, acme, 2_600)["id"], recorded=False)
    account.mark_uncollectible(invoice_of(account, acme, 900)["id"])
    account.adjust_customer_balance(acme, -400)
    account.pay_invoice(invoice_of(account, acme, 1_000)["id"], 700)
    invoice_of(account, acme, 0)
    invoice_of(account, acme, 45_00, currency="eur")
    account.create_invoice(InvoiceSpec(acme, (LineSpec("Draft", amount_minor=100),)))


def _money_back(account: StripeAccount, acme: str) -> None:
    goodwill = CreditLineSpec(None, 50, "Goodwill", (account.create_tax_rate("VAT", "20")["id"],))
    owed = rich_invoice(account, acme)["id"]
    note = CreditNoteSpec(owed, (goodwill,), shipping_minor=200)
    account.void_credit_note(account.create_credit_note(note)["id"])
    credited = rich_invoice(account, acme)
    line = credited["lines"]["data"][0]["id"]
    account.pay_invoice(credited["id"], credited["amount_remaining"] - 1_000)
    account.create_credit_note(
        CreditNoteSpec(
            credited["id"],
            (CreditLineSpec(line, 2_000),),
            reason="order_change",
            refund_minor=500,
            credit_minor=360,
        )
    )
    charge = account.charge(ChargeSpec(9_000, customer=acme, description="Walk-in"))["id"]
    account.refund(charge, 1_000)
    account.complete_refund(account.refund(charge, 500, pending_reason="processing")["id"])
    account.refund(charge, 600, pending_reason="insufficient_funds")
    account.fail_refund(account.refund(charge, 700)["id"])
    authorised = account.charge(ChargeSpec(4_000, currency="eur", capture=False))["id"]
    account.capture_charge(authorised, 3_000)
    disputed = account.charge(ChargeSpec(8_000, customer=acme))["id"]
    dispute = account.create_dispute(disputed)["id"]
    account.withdraw_dispute_funds(dispute)
    account.submit_dispute_evidence(dispute)
    account.reinstate_dispute_funds(dispute)
    account.close_dispute(dispute, won=True)
    account.adjust_balance(-250, kind="stripe_fee", reporting_category="fee")


def _bank_debits(account: StripeAccount, acme: str) -> None:
    arrived = account.start_payment(invoice_of(account, acme, 3_100)["id"])["id"]
    account.finish_charge(arrived)
    account.fail_charge_late(arrived)
    account.reject_charge(account.start_payment(invoice_of(account, acme, 3_200)["id"])["id"])
    account.start_charge(ChargeSpec(2_100, payment_method="sepa_debit"))


def _platform(account: StripeAccount) -> None:
    topup = account.create_topup(20_000)["id"]
    account.succeed_topup(topup)
    account.reverse_topup(topup)
    account.fail_topup(account.create_topup(30_000)["id"])
    account.create_topup(40_000)
    transfer = account.create_transfer("acct_seller", 2_000)["id"]
    account.reverse_transfer(transfer, 300)
    fee = account.earn_application_fee("acct_seller", "ch_seller", 150)["id"]
    account.refund_application_fee(fee, 50)
