"""Invoices: lines, accounts, tax, discounts, dates, numbers, and what is refused with a reason.

Method: one invoice snapshot per case through `plan`; lines are compared as (account, amount).
"""

import dataclasses
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    NOON_DAY,
    a_customer,
    a_line,
    a_payment,
    a_policy,
    a_tax,
    an_invoice,
    keys_of,
    planned,
    the,
    the_finding,
)
from tieout.domain.documents import ArInvoice, ArPayment, CashAccount, Dimensions
from tieout.domain.plans import Disposition
from tieout.domain.policy import CustomerOverride, Periods, Policy, TaxAccounts
from tieout.domain.reasons import Reason
from tieout.planning.snapshots import InvoiceSnapshot, ShippingCost


def ar_invoice(snapshot: InvoiceSnapshot, policy: Policy | None = None) -> ArInvoice:
    return the(planned(snapshot, policy), f"invoice/{snapshot.id}", ArInvoice)


def lines_of(snapshot: InvoiceSnapshot, policy: Policy | None = None) -> list[tuple[str, int]]:
    return [(line.account, line.amount_minor) for line in ar_invoice(snapshot, policy).lines]


def refusal_of(snapshot: InvoiceSnapshot, policy: Policy | None = None) -> tuple[Reason, str]:
    finding = the_finding(planned(snapshot, policy), f"invoice/{snapshot.id}")
    assert finding.disposition is Disposition.PARKED
    assert (finding.amount_minor, finding.currency) == (snapshot.total_minor, snapshot.currency)
    return finding.reason, finding.text


# --- what becomes a document ------------------------------------------------------------------


def test_a_finalised_invoice_becomes_customer_and_invoice() -> None:
    made = planned(an_invoice())
    assert keys_of(made) == ["customer/cus_1", "invoice/in_1"]
    assert made.findings == ()
    assert made.policy_version == "policy-1"
    assert made.source_state == "open:0:10000"


def test_a_draft_calls_for_nothing() -> None:
    made = planned(an_invoice(status="draft", finalized_at_unix=None))
    assert (made.documents, made.findings) == ((), ())


def test_a_draft_that_was_voided_is_recorded_so_that_the_poller_need_not_ask_again() -> None:
    made = planned(an_invoice(status="void", finalized_at_unix=None, voided_at_unix=NOON))
    assert made.documents == ()
    assert the_finding(made, "invoice/in_1").reason is Reason.NOTHING_TO_BOOK


def test_an_invoice_over_nothing_is_recorded_and_not_booked() -> None:
    made = planned(an_invoice(lines=(a_line(0),)))
    assert made.documents == ()
    finding = the_finding(made, "invoice/in_1")
    assert (finding.reason, finding.amount_minor) == (Reason.NOTHING_TO_BOOK, 0)


def test_an_invoice_over_nothing_is_booked_if_policy_says_so() -> None:
    policy = a_policy(zero_invoices="book", discount_account="4090")
    snapshot = an_invoice(lines=(a_line(5_000, discount_minor=5_000),))
    assert lines_of(snapshot, policy) == [("4000", 5_000), ("4090", -5_000)]


def test_lines_over_nothing_are_left_out_unless_there_are_no_others() -> None:
    trial = a_line(0, id="il_trial")
    assert lines_of(an_invoice(lines=(a_line(), trial))) == [("4000", 10_000)]
    policy = a_policy(zero_invoices="book")
    assert lines_of(an_invoice(lines=(trial,)), policy) == [("4000", 0)]


# --- accounts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "account", "why"),
    [
        (a_line(), "4000", "default category subscriptions"),
        (a_line(product="prod_usage"), "4020", "product prod_usage is category usage"),
        (
            a_line(product="prod_usage", price="price_setup"),
            "4010",
            "price price_setup is category services",
        ),
        (
            a_line(price="price_setup", metadata={"revenue_category": "usage"}),
            "4020",
            "line metadata names category usage",
        ),
    ],
)
def test_the_first_rule_that_answers_chooses_the_account(
    line: object, account: str, why: str
) -> None:
    (booked,) = ar_invoice(an_invoice(lines=(line,))).lines
    assert (booked.account, booked.why) == (account, why)


def test_invoice_metadata_beats_the_product_and_line_metadata_beats_both() -> None:
    lines = (
        a_line(1_000, product="prod_usage"),
        a_line(2_000, id="il_2", metadata={"revenue_category": "subscriptions"}),
    )
    snapshot = an_invoice(lines=lines, metadata={"revenue_category": "services"})
    assert lines_of(snapshot) == [("4010", 1_000), ("4000", 2_000)]


def test_a_line_that_nothing_maps_is_parked_with_price_and_product() -> None:
    policy = a_policy()
    policy = dataclasses.replace(policy, revenue=dataclasses.replace(policy.revenue, default=None))
    reason, text = refusal_of(
        an_invoice(lines=(a_line(product="prod_new", price="price_new"),)), policy
    )
    assert reason is Reason.REVENUE_CATEGORY_MISSING
    assert "prod_new" in text
    assert "price_new" in text


def test_metadata_that_names_an_unknown_category_is_parked_not_ignored() -> None:
    reason, text = refusal_of(an_invoice(metadata={"revenue_category": "sass"}))
    assert reason is Reason.REVENUE_CATEGORY_MISSING
    assert "sass" in text


# --- tax, discounts, shipping -----------------------------------------------------------------


def test_exclusive_tax_is_a_line_of_its_own() -> None:
    snapshot = an_invoice(lines=(a_line(taxes=(a_tax(1_900),)),), taxes=(a_tax(1_900),))
    assert snapshot.total_minor == 11_900
    assert lines_of(snapshot) == [("4000", 10_000), ("2210", 1_900)]


def test_inclusive_tax_is_taken_out_of_revenue() -> None:
    tax = a_tax(1_900, inclusive=True)
    snapshot = an_invoice(lines=(a_line(11_900, taxes=(tax,)),), taxes=(tax,))
    assert snapshot.total_minor == 11_900
    assert lines_of(snapshot) == [("4000", 10_000), ("2210", 1_900)]


def test_there_is_one_tax_line_for_each_rate() -> None:
    taxes = (a_tax(700, rate="txr_state"), a_tax(100, rate=None), a_tax(200, rate="txr_vat"))
    assert lines_of(an_invoice(taxes=taxes)) == [
        ("4000", 10_000),
        ("2200", 100),
        ("2200", 700),
        ("2210", 200),
    ]


def test_a_tax_rate_without_an_account_is_named() -> None:
    policy = a_policy(tax=TaxAccounts(by_tax_rate={}, default=None))
    reason, text = refusal_of(an_invoice(taxes=(a_tax(700, rate="txr_new"),)), policy)
    assert reason is Reason.ACCOUNT_NOT_IN_POLICY
    assert "txr_new" in text


def test_reverse_charge_books_no_tax_line() -> None:
    policy = a_policy(tax=TaxAccounts(by_tax_rate={}, default=None))
    assert lines_of(an_invoice(taxes=(a_tax(0, rate="txr_rc"),)), policy) == [("4000", 10_000)]


def test_a_unit_of_tax_rounding_goes_to_the_largest_line() -> None:
    # Each line's tax is rounded up, the invoice's once: 2 x 17 against 33.
    lines = (
        a_line(104, taxes=(a_tax(17, inclusive=True),)),
        a_line(105, id="il_2", taxes=(a_tax(17, inclusive=True),), price="price_setup"),
    )
    snapshot = an_invoice(lines=lines, taxes=(a_tax(33, inclusive=True),))
    assert lines_of(snapshot) == [("4000", 87), ("4010", 89), ("2210", 33)]


def test_more_than_rounding_is_refused_with_both_sums() -> None:
    line = a_line(11_900, taxes=(a_tax(1_900, inclusive=True),))
    snapshot = an_invoice(lines=(line,), taxes=(a_tax(1_800, inclusive=True),))
    reason, text = refusal_of(snapshot)
    assert reason is Reason.DOES_NOT_ADD_UP
    assert "11800" in text
    assert "11900" in text


def test_lines_that_do_not_sum_to_stripes_total_are_refused_with_both_sums() -> None:
    reason, text = refusal_of(an_invoice(total_minor=10_001))
    assert reason is Reason.DOES_NOT_ADD_UP
    assert "10000" in text
    assert "10001" in text


def test_a_discount_reduces_the_revenue_line_by_default() -> None:
    assert lines_of(an_invoice(lines=(a_line(discount_minor=2_500),))) == [("4000", 7_500)]


def test_with_a_discount_account_revenue_is_gross_and_discounts_are_summed_per_dimensions() -> None:
    lines = (
        a_line(10_000, discount_minor=1_000),
        a_line(20_000, id="il_2", discount_minor=2_000),
        a_line(5_000, id="il_3", discount_minor=500, price="price_setup"),
    )
    booked = ar_invoice(an_invoice(lines=lines), a_policy(discount_account="4090")).lines
    assert [(line.account, line.amount_minor, line.dimensions.department) for line in booked] == [
        ("4000", 10_000, None),
        ("4000", 20_000, None),
        ("4010", 5_000, "SERVICES"),
        ("4090", -3_000, None),
        ("4090", -500, "SERVICES"),
    ]


def test_a_discount_line_is_free_of_the_tax_inside_the_price() -> None:
    tax = a_tax(1_710, inclusive=True)
    line = a_line(11_900, discount_minor=1_190, taxes=(tax,))
    snapshot = an_invoice(lines=(line,), taxes=(tax,))
    assert lines_of(snapshot, a_policy(discount_account="4090")) == [
        ("4000", 10_000),
        ("4090", -1_000),
        ("2210", 1_710),
    ]


def test_shipping_has_its_own_account_and_its_tax_is_in_the_totals() -> None:
    snapshot = an_invoice(shipping=ShippingCost(1_000, 190), taxes=(a_tax(190),))
    assert snapshot.total_minor == 11_190
    assert lines_of(snapshot) == [("4000", 10_000), ("4030", 1_000), ("2210", 190)]


def test_inclusive_tax_on_shipping_adds_up() -> None:
    # Shipping costs 1190 with 190 of tax inside; the snapshot's amount is before tax.
    snapshot = an_invoice(
        shipping=ShippingCost(1_000, 190), taxes=(a_tax(190, inclusive=True),), total_minor=11_190
    )
    assert lines_of(snapshot) == [("4000", 10_000), ("4030", 1_000), ("2210", 190)]


def test_shipping_without_an_account_is_parked() -> None:
    policy = a_policy(shipping_account=None)
    reason, text = refusal_of(an_invoice(shipping=ShippingCost(1_000, 0)), policy)
    assert reason is Reason.ACCOUNT_NOT_IN_POLICY
    assert "shipping_account" in text


def test_a_proration_credit_is_a_negative_line() -> None:
    lines = (a_line(10_000), a_line(-3_000, id="il_2", proration=True))
    assert lines_of(an_invoice(lines=lines)) == [("4000", 10_000), ("4000", -3_000)]


def test_billing_credits_are_parked() -> None:
    line = a_line(billing_credit_minor=400)
    reason, text = refusal_of(an_invoice(lines=(line,), total_minor=9_600))
    assert reason is Reason.BILLING_CREDITS
    assert "4.00 usd" in text


# --- dimensions -------------------------------------------------------------------------------


def test_dimensions_come_from_the_most_specific_place_that_names_them() -> None:
    policy = a_policy()
    overrides = {"cus_1": CustomerOverride(dimensions=Dimensions(class_id="ENT", project="P1"))}
    policy = dataclasses.replace(
        policy, customers=dataclasses.replace(policy.customers, overrides=overrides)
    )
    snapshot = an_invoice(
        customer=a_customer(metadata={"class": "SMB", "region": "EU", "department": "SALES"}),
        metadata={"region": "US"},
        lines=(
            a_line(1_000, price="price_setup"),
            a_line(2_000, id="il_2", metadata={"department": "SUPPORT"}),
        ),
        taxes=(a_tax(500),),
    )
    services, plan_line, tax = ar_invoice(snapshot, policy).lines
    everywhere = Dimensions(
        location="100",
        department="SALES",
        class_id="SMB",
        project="P1",
        user_defined=(("GLDIMREGION", "US"),),
    )
    assert services.dimensions == everywhere
    assert plan_line.dimensions == dataclasses.replace(everywhere, department="SUPPORT")
    assert tax.dimensions == everywhere


def test_a_category_gives_dimensions_that_nothing_else_names() -> None:
    (booked,) = ar_invoice(an_invoice(lines=(a_line(price="price_setup"),))).lines
    assert booked.dimensions == Dimensions(location="100", department="SERVICES")


# --- dates, numbers, text ---------------------------------------------------------------------


def test_days_begin_in_the_companys_time_zone() -> None:
    # 2026-11-03 03:30 UTC is still the evening of the 2nd in New York.
    snapshot = an_invoice(effective_at_unix=NOON + 15 * 3600 + 1800)
    assert ar_invoice(snapshot).invoice_date == date(2026, 11, 3)
    new_york = a_policy(zone=ZoneInfo("America/New_York"))
    assert ar_invoice(snapshot, new_york).invoice_date == date(2026, 11, 2)


def test_the_legal_date_is_the_effective_date_else_finalisation() -> None:
    effective = an_invoice(effective_at_unix=NOON - DAY_SECONDS)
    assert ar_invoice(effective).invoice_date == date(2026, 11, 1)
    finalised = an_invoice(effective_at_unix=None, created_unix=NOON - 9 * DAY_SECONDS)
    assert ar_invoice(finalised).invoice_date == NOON_DAY


def test_the_due_date_is_stripes_else_policy_counts_days() -> None:
    stripes = an_invoice(due_date_unix=NOON + 30 * DAY_SECONDS)
    assert ar_invoice(stripes).due_date == date(2026, 12, 2)
    assert ar_invoice(an_invoice(), a_policy(due_days=14)).due_date == date(2026, 11, 16)


def test_a_closed_period_parks_the_invoice() -> None:
    policy = a_policy(periods=Periods(closed_through=NOON_DAY, when_closed="park"))
    reason, text = refusal_of(an_invoice(), policy)
    assert reason is Reason.PERIOD_CLOSED_BY_POLICY
    assert "2026-11-02" in text


def test_the_day_after_the_closed_period_is_open() -> None:
    policy = a_policy(periods=Periods(closed_through=date(2026, 11, 1), when_closed="park"))
    assert ar_invoice(an_invoice(), policy).posting_date == NOON_DAY


def test_a_closed_period_moves_the_posting_and_says_so() -> None:
    periods = Periods(closed_through=date(2026, 11, 30), when_closed="next_open_date")
    invoice = ar_invoice(an_invoice(), a_policy(periods=periods))
    assert invoice.invoice_date == invoice.due_date == NOON_DAY
    assert invoice.posting_date == date(2026, 12, 1)
    assert invoice.description == "Stripe invoice in_1, dated 2026-11-02"


@pytest.mark.parametrize(
    ("number", "policy", "expected"),
    [
        ("ACME-0001", a_policy(), "ACME-0001"),
        ("ACME-0001", a_policy(invoice_number="id"), "in_1"),
        (None, a_policy(), "in_1"),
    ],
)
def test_policy_chooses_the_number(number: str | None, policy: Policy, expected: str) -> None:
    assert ar_invoice(an_invoice(number=number), policy).number == expected


def test_a_number_that_is_too_long_is_shortened_and_stays_unique() -> None:
    first = ar_invoice(an_invoice(number="CUSTOMER-PREFIX-2026-" + "0" * 20 + "1")).number
    second = ar_invoice(an_invoice(number="CUSTOMER-PREFIX-2026-" + "0" * 20 + "2")).number
    assert len(first) == len(second) == 30
    assert first.startswith("CUSTOMER-PREFIX-202")
    assert first != second


def test_the_stripe_id_can_be_found_in_description_and_reference() -> None:
    invoice = ar_invoice(an_invoice(id="in_1MtHbELkdIwHu7ixl4OzzPMv"))
    assert invoice.description == "Stripe invoice in_1MtHbELkdIwHu7ixl4OzzPMv"
    assert len(invoice.reference) == 20


def test_memos_are_cleaned_and_never_empty() -> None:
    lines = (a_line(description="1 x Pro\n\x0b\U0001f680"), a_line(id="il_2", description=" "))
    memos = [line.memo for line in ar_invoice(an_invoice(lines=lines)).lines]
    assert memos == ["1 x Pro", "Stripe line il_2"]


# --- what is missing or not booked ------------------------------------------------------------


def test_an_invoice_without_a_customer_is_parked() -> None:
    reason, _ = refusal_of(an_invoice(customer=None))
    assert reason is Reason.CUSTOMER_MISSING


def test_a_nameless_customer_is_parked_and_its_invoice_still_planned() -> None:
    policy = a_policy()
    policy = dataclasses.replace(
        policy, customers=dataclasses.replace(policy.customers, name_fallback="park")
    )
    made = planned(an_invoice(customer=a_customer(name="")), policy)
    assert keys_of(made) == ["invoice/in_1"]
    assert the_finding(made, "customer/cus_1").reason is Reason.CUSTOMER_NAME_MISSING


def test_credit_notes_are_listed_by_their_own_subjects_and_not_a_second_time() -> None:
    assert planned(an_invoice(pre_payment_credit_notes_minor=300)).findings == ()


def test_the_receipt_of_a_refused_invoice_is_still_planned() -> None:
    made = planned(an_invoice(metadata={"revenue_category": "?"}, payments=(a_payment(),)))
    assert the(made, "receipt/inpay_1", ArPayment).amount_minor == 10_000


def test_every_currency_of_the_policy_can_be_invoiced_whatever_its_exponent() -> None:
    assert ar_invoice(an_invoice(currency="jpy")).currency == "jpy"


def test_a_balance_owed_from_before_is_not_missing_from_this_invoice() -> None:
    assert planned(an_invoice(credit_balance_applied_minor=-700)).findings == ()


def test_an_invoice_in_a_currency_without_clearing_account_is_parked_whole() -> None:
    policy = a_policy(clearing={"eur": CashAccount("1210", "STRIPE-EUR")})
    made = planned(an_invoice(), policy)
    assert keys_of(made) == ["customer/cus_1"]
    (finding,) = made.findings
    assert (finding.key, finding.disposition, finding.reason, finding.amount_minor) == (
        "invoice/in_1",
        Disposition.PARKED,
        Reason.CURRENCY_NOT_IN_POLICY,
        10_000,
    )


def test_nothing_in_a_currency_without_clearing_account_is_nothing_still() -> None:
    policy = a_policy(clearing={"eur": CashAccount("1210", "STRIPE-EUR")})
    made = planned(an_invoice(lines=(a_line(0),)), policy)
    assert made.documents == ()
    assert the_finding(made, "invoice/in_1").reason is Reason.NOTHING_TO_BOOK
