"""Goal: a charge that pays no invoice is booked as policy says, once, whatever policy says later.

Method: charges through `plan`, in each mode and under two policies.
"""

import dataclasses
from datetime import date
from typing import Any

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    NOON_DAY,
    a_charge,
    a_customer,
    a_day,
    a_movement,
    a_payment,
    a_policy,
    a_refund,
    a_refund_of_sale,
    a_sale,
    an_origin,
    budgeted,
    keys_of,
    planned,
    selling,
    sold_as_ruled,
    the,
    the_finding,
)
from tieout.domain.documents import (
    ArInvoice,
    ArPayment,
    CashAccount,
    Dimensions,
    JournalEntry,
    OtherReceipt,
    digest,
)
from tieout.domain.plans import Disposition, Plan
from tieout.domain.policy import Periods, Policy
from tieout.domain.policy_rules import Area, Fixed
from tieout.domain.reasons import Reason
from tieout.domain.sale_decisions import IN_THE_DAY, SaleDecision
from tieout.domain.sale_decisions import planned as decision_of
from tieout.domain.sale_policy import SaleMode, SaleRules
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import plan
from tieout.planning.sales import sale_keys, summarised_sales
from tieout.planning.snapshots import BalanceTransaction, ChargeSnapshot

SALE = "sale/pi_1"
CHARGE = Subject(SubjectKind.CHARGE, "ch_1")
MODES: tuple[SaleMode, ...] = ("other_receipt", "invoice", "daily_summary", "ignore")
BOOKED: tuple[SaleMode, ...] = ("other_receipt", "invoice", "daily_summary")


def receipt(sale: ChargeSnapshot, policy: Policy | None = None) -> OtherReceipt:
    return the(planned(sale, policy or selling("other_receipt")), SALE, OtherReceipt)


def reason(made: Plan, key: str = SALE) -> tuple[Disposition, Reason]:
    finding = the_finding(made, key)
    return finding.disposition, finding.reason


# --- What is a sale -----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_a_debit_that_came_after_stripe_canceled_the_payment_is_a_second_one(
    mode: SaleMode,
) -> None:
    canceled = a_payment(0, status="canceled", paid_at_unix=None)
    late = a_sale(payments=(canceled,))
    finding = the_finding(planned(late, selling(mode)), "sale/pi_1")
    assert (finding.disposition, finding.reason) == (Disposition.PARKED, Reason.OVER_APPLICATION)
    assert finding.text.startswith(
        "charge ch_1 brought 100.00 usd for invoice in_1 after Stripe had canceled payment inpay_1"
    )
    refunded = a_refund_of_sale(a_refund(), late)
    assert the_finding(planned(refunded, selling(mode)), "refund/re_1").reason is finding.reason


@pytest.mark.parametrize("mode", MODES)
def test_a_second_payment_whose_money_went_back_is_no_sale_either(mode: SaleMode) -> None:
    """A return alone would take revenue that no sale had earned, once the other one is closed."""
    canceled = a_payment(0, status="canceled", paid_at_unix=None)
    made = planned(dataclasses.replace(failed_later(), payments=(canceled,)), selling(mode))
    assert made.documents == ()
    for key in (SALE, f"{SALE}/returned"):
        assert reason(made, key) == (Disposition.PARKED, Reason.OVER_APPLICATION)
        assert the_finding(made, key).amount_minor == 10_000


def test_a_return_before_the_books_calls_nobody() -> None:
    canceled = a_payment(0, status="canceled", paid_at_unix=None)
    early = dataclasses.replace(failed_later(), payments=(canceled,))
    made = planned(early, selling("other_receipt", books_from=date(2026, 11, 4)))
    before = (Disposition.NOT_BOOKED, Reason.BEFORE_BOOKS)
    assert (reason(made), reason(made, f"{SALE}/returned")) == (before, before)


@pytest.mark.parametrize(
    "changes",
    [{"status": "failed"}, {"status": "pending"}, {"captured": False}],
    ids=["failed", "pending", "only reserved"],
)
@pytest.mark.parametrize("mode", MODES)
def test_a_charge_that_brought_nothing_says_nothing(
    changes: dict[str, object], mode: SaleMode
) -> None:
    made = planned(a_charge(**changes), selling(mode))
    assert (made.documents, made.findings) == ((), ())


@pytest.mark.parametrize("mode", MODES)
def test_a_charge_waits_until_it_moves_the_balance(mode: SaleMode) -> None:
    made = planned(a_sale(movement=None), selling(mode))
    assert reason(made) == (Disposition.NOT_BOOKED, Reason.WAITS_FOR_STRIPE)
    assert made.documents == ()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("movement", [None, a_movement()], ids=["not moved yet", "moved"])
def test_a_charge_that_pays_an_invoice_leaves_evidence_and_books_nothing(
    movement: object, mode: SaleMode
) -> None:
    made = planned(a_sale(invoices=("in_1",), movement=movement), selling(mode))
    assert reason(made) == (Disposition.NOT_BOOKED, Reason.NOTHING_TO_BOOK)
    assert "in_1" in the_finding(made, SALE).text
    assert made.documents == ()


def test_a_person_must_decide_how_sales_are_booked() -> None:
    finding = the_finding(planned(a_sale()), SALE)
    assert (finding.disposition, finding.reason) == (
        Disposition.PARKED,
        Reason.ACCOUNT_NOT_IN_POLICY,
    )
    assert "`sales.mode`" in finding.text
    assert (finding.amount_minor, finding.currency) == (10_000, "usd")


def test_what_was_captured_of_an_authorisation_is_the_sale_on_the_day_it_moved() -> None:
    """The reader has taken the captured part for the charge's amount."""
    captured = a_sale(6_000, movement=a_movement(6_000, created_unix=NOON + 3 * DAY_SECONDS))
    booked = receipt(captured)
    assert (booked.total_minor, booked.posting_date) == (6_000, date(2026, 11, 5))


def test_a_sale_is_known_by_its_payment_intent_else_by_its_charge() -> None:
    policy = selling("other_receipt")
    assert keys_of(planned(a_sale(), policy)) == ["sale/pi_1"]
    assert keys_of(planned(a_sale(payment_intent=None), policy)) == ["sale/ch_1"]


# --- The modes ----------------------------------------------------------------------------------


def test_another_receipt_credits_revenue_with_all_that_names_a_dimension() -> None:
    policy = selling("other_receipt")
    buyer = a_customer(metadata={"class": "SMB", "region": "10001"})
    booked = receipt(a_sale(customer=buyer, metadata={"region": "10002"}), policy)
    (line,) = booked.lines
    assert (line.account, line.amount_minor, line.memo) == ("4010", 10_000, "Ticket")
    assert line.dimensions == Dimensions(
        location="100",
        department="SERVICES",
        class_id="SMB",
        user_defined=(("GLDIMREGION", "10002"),),
    )
    assert booked.cash_account == CashAccount("1200")
    assert (booked.payer, booked.reference) == ("Ada Lovelace Ltd", "ch_1")
    assert booked.posting_date == booked.payment_date == NOON_DAY


def test_a_buyer_without_a_name_is_not_named_by_an_address() -> None:
    assert receipt(a_sale()).payer == "Stripe"
    assert receipt(a_sale(customer=a_customer(name=""))).payer == "Stripe"


@pytest.mark.parametrize(
    ("method", "sent"),
    [("Credit Card", "Credit Card"), ("EFT", "EFT"), ("Online Charge Card", "EFT")],
)
def test_a_method_that_receipts_do_not_know_is_not_sent(method: str, sent: str) -> None:
    assert receipt(a_sale(), selling("other_receipt", payment_method=method)).method == sent


@pytest.mark.parametrize(
    ("metadata", "rules", "account"),
    [
        ({"revenue_category": "usage"}, SaleRules("other_receipt", "services"), "4020"),
        ({}, SaleRules("other_receipt", "services"), "4010"),
        ({}, SaleRules("other_receipt"), "4000"),
    ],
    ids=["the charge's metadata", "sales.category", "revenue.default"],
)
def test_the_first_that_names_a_category_wins(
    metadata: dict[str, str], rules: SaleRules, account: str
) -> None:
    (line,) = receipt(a_sale(metadata=metadata), a_policy(sales=rules)).lines
    assert line.account == account


@pytest.mark.parametrize("mode", BOOKED)
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"metadata": {"revenue_category": "nonsense"}}, Reason.REVENUE_CATEGORY_MISSING),
        ({"currency": "gbp"}, Reason.CURRENCY_NOT_IN_POLICY),
    ],
)
def test_what_policy_does_not_know_parks_in_every_mode(
    changes: dict[str, Any], expected: Reason, mode: SaleMode
) -> None:
    assert reason(planned(a_sale(**changes), selling(mode))) == (Disposition.PARKED, expected)


def test_no_category_at_all_parks() -> None:
    revenue = dataclasses.replace(a_policy().revenue, default=None)
    policy = a_policy(revenue=revenue, sales=SaleRules("other_receipt"))
    assert reason(planned(a_sale(), policy))[1] is Reason.REVENUE_CATEGORY_MISSING


def test_an_invoice_and_its_payment_are_of_the_buyer() -> None:
    made = planned(a_sale(customer=a_customer()), selling("invoice"))
    assert keys_of(made) == ["customer/cus_1", SALE, f"{SALE}/paid"]
    invoice, paid = the(made, SALE, ArInvoice), the(made, f"{SALE}/paid", ArPayment)
    assert (invoice.customer_id, invoice.customer_key) == ("cus_1", "customer/cus_1")
    assert (invoice.number, invoice.total_minor) == ("ch_1", 10_000)
    assert (paid.customer_id, paid.invoice_key, paid.amount_minor) == ("cus_1", SALE, 10_000)


def test_a_buyer_nobody_knows_is_the_customer_that_policy_names() -> None:
    made = planned(a_sale(), selling("invoice"))
    assert keys_of(made) == [SALE, f"{SALE}/paid"]
    invoice = the(made, SALE, ArInvoice)
    assert (invoice.customer_id, invoice.customer_key) == ("WALK-IN", "")


def test_a_buyer_nobody_knows_and_no_customer_for_them_parks() -> None:
    made = planned(a_sale(), a_policy(sales=SaleRules("invoice")))
    for key in (SALE, f"{SALE}/paid"):
        assert reason(made, key) == (Disposition.PARKED, Reason.CUSTOMER_MISSING)


def test_a_summarised_sale_names_the_day_that_books_it() -> None:
    made = planned(a_sale(), selling("daily_summary"))
    assert reason(made) == (Disposition.NOT_BOOKED, Reason.IN_DAILY_SUMMARY)
    assert "2026-11-02" in the_finding(made, SALE).text
    assert made.documents == ()


def test_an_ignored_sale_says_why() -> None:
    finding = the_finding(planned(a_sale(), selling("ignore")), SALE)
    assert (finding.disposition, finding.reason) == (
        Disposition.NOT_BOOKED,
        Reason.IGNORED_BY_POLICY,
    )
    assert "donations are booked by hand" in finding.text


@pytest.mark.parametrize("mode", MODES)
def test_what_moved_before_the_books_begin_is_in_them(mode: SaleMode) -> None:
    made = planned(a_sale(), selling(mode, books_from=date(2026, 11, 3)))
    assert reason(made) == (Disposition.NOT_BOOKED, Reason.BEFORE_BOOKS)


def test_a_closed_period_is_named_in_the_text() -> None:
    periods = Periods(closed_through=date(2026, 11, 30), when_closed="next_open_date")
    booked = receipt(a_sale(), selling("other_receipt", periods=periods))
    assert booked.posting_date == date(2026, 12, 1)
    assert booked.description == "Stripe charge ch_1, dated 2026-11-02"


# --- A charge that fails days later ------------------------------------------------------------


def failed_later() -> ChargeSnapshot:
    failure = a_movement(-10_000, type="payment_failure_refund", created_unix=NOON + DAY_SECONDS)
    return a_sale(status="failed", failure=failure)


@pytest.mark.parametrize("mode", BOOKED)
def test_a_late_failure_is_the_mirror_of_the_sale_on_its_own_day(mode: SaleMode) -> None:
    made = planned(failed_later(), selling(mode))
    entry = the(made, f"{SALE}/returned", JournalEntry)
    assert [(line.account, line.amount_minor) for line in entry.lines] == [
        ("4010", 10_000),
        ("1200", -10_000),
    ]
    assert entry.posting_date == date(2026, 11, 3)
    assert entry.after == (() if mode == "daily_summary" else (SALE,))


def test_the_failure_of_an_ignored_sale_is_ignored() -> None:
    made = planned(failed_later(), selling("ignore"))
    expected = (Disposition.NOT_BOOKED, Reason.IGNORED_BY_POLICY)
    assert (reason(made), reason(made, f"{SALE}/returned")) == (expected, expected)


# --- The mode is decided once -------------------------------------------------------------------


@pytest.mark.parametrize("before", MODES)
@pytest.mark.parametrize("after", MODES)
def test_a_new_policy_does_not_book_a_sale_another_way(before: SaleMode, after: SaleMode) -> None:
    first, second = selling(before, version="1"), selling(after, version="2")
    decided = plan(CHARGE, a_sale(), first)
    again = plan(CHARGE, a_sale(), second, {SALE: first})
    assert again.keys == decided.keys
    assert the_item(again) == the_item(decided)
    assert again.older_policies.get(SALE) == "1"


def test_the_payment_of_an_invoiced_sale_follows_though_policy_changed_in_between() -> None:
    first, second = selling("invoice", version="1"), selling("other_receipt", version="2")
    made = plan(CHARGE, a_sale(), second, {SALE: first})
    assert the(made, f"{SALE}/paid", ArPayment).customer_id == "WALK-IN"


@pytest.mark.parametrize("first", MODES)
@pytest.mark.parametrize("said", MODES)
def test_a_decided_sale_asks_no_rule(first: SaleMode, said: SaleMode) -> None:
    policy = sold_as_ruled("other_receipt")
    decided = plan(CHARGE, a_sale(metadata={"sold_as": first}), policy)
    decision = decision_of(SALE, decided)
    assert decision is not None
    edited = a_sale(metadata={"sold_as": said})
    again = plan(CHARGE, edited, policy, decided={SALE: decision})
    assert again.findings == decided.findings
    assert list(map(digest, again.documents)) == list(map(digest, decided.documents))


@pytest.mark.parametrize("said", MODES)
def test_the_first_plan_asks_the_rules_before_the_policy(said: SaleMode) -> None:
    by_rule = planned(a_sale(metadata={"sold_as": said}), sold_as_ruled("other_receipt"))
    assert by_rule.keys == planned(a_sale(), selling(said)).keys
    decision = decision_of(SALE, by_rule)
    assert decision is not None
    assert decision.mode == said


def test_a_line_names_the_rule_that_chose_how_its_sale_is_booked() -> None:
    made = receipt(a_sale(metadata={"sold_as": "other_receipt"}), sold_as_ruled("invoice"))
    assert made.lines[0].why == "sales are category services; rule sold-as"


def test_what_no_rule_answers_parks_without_a_mode() -> None:
    policy = sold_as_ruled("invoice", sales=None)
    assert reason(planned(a_sale(), policy)) == (
        Disposition.PARKED,
        Reason.ACCOUNT_NOT_IN_POLICY,
    )
    categorised = {"sold_as": "other_receipt", "revenue_category": "services"}
    assert receipt(a_sale(metadata=categorised), policy).total_minor == 10_000


@pytest.mark.parametrize("moved_days", [1, 40])
def test_rules_hold_on_the_day_that_the_charge_was_made(moved_days: int) -> None:
    policy = sold_as_ruled("other_receipt", until=NOON_DAY)
    movement = a_movement(created_unix=NOON + moved_days * DAY_SECONDS)
    said = {"sold_as": "daily_summary"}
    captured = a_sale(created_unix=NOON, movement=movement, metadata=said)
    assert reason(planned(captured, policy))[1] is Reason.IN_DAILY_SUMMARY
    made_later = a_sale(created_unix=NOON + DAY_SECONDS, movement=movement, metadata=said)
    assert receipt(made_later, policy).total_minor == 10_000


def test_a_sale_of_the_days_journal_stays_there_whatever_its_category_becomes() -> None:
    """Parked, it would look as if it were free, and be booked again once its category is known."""
    edited = a_sale(metadata={"revenue_category": "nobody knows it"})
    made = plan(CHARGE, edited, selling("other_receipt"), decided={SALE: IN_THE_DAY})
    assert reason(made) == (Disposition.NOT_BOOKED, Reason.IN_DAILY_SUMMARY)


def the_item(made: Plan) -> object:
    items = (*made.documents, *(dataclasses.replace(each, day=None) for each in made.findings))
    return next(each for each in items if each.key == SALE)


# --- The day that books them --------------------------------------------------------------------


def charge_movement(
    number: int,
    amount_minor: int = 10_000,
    **of_charge: Any,  # noqa: ANN401 - as the factory
) -> BalanceTransaction:
    origin = an_origin(amount_minor, id=f"ch_{number}", payment_intent=f"pi_{number}", **of_charge)
    return a_movement(amount_minor, id=f"txn_{number}", source=origin.id, origin=origin)


def test_a_day_sums_exactly_the_sales_that_were_decided_to_be_in_it() -> None:
    summary, receipts = selling("daily_summary"), selling("other_receipt")
    day = a_day(
        charge_movement(1, 1_000),
        charge_movement(2, 200),
        charge_movement(3, 30, metadata={"revenue_category": "usage"}),
        charge_movement(4, 4),
        charge_movement(5, 5_000, currency="eur"),
        charge_movement(6, 60_000),
    )
    decided = {f"sale/pi_{number}": summary for number in (1, 2, 3, 5)}
    lines = summarised_sales(day, {**decided, "sale/pi_4": receipts})
    assert {
        currency: [(line.account, line.amount_minor) for line in of_currency]
        for currency, of_currency in lines.items()
    } == {"usd": [("4010", -1_200), ("4020", -30)], "eur": [("4010", -5_000)]}
    assert sale_keys(day) == {f"sale/pi_{number}" for number in range(1, 7)}


def test_a_day_books_a_sale_with_the_dimensions_that_its_charge_was_decided_with() -> None:
    """The customer's metadata is not at hand, so no way of booking a summary may ask for it."""
    policy = selling("daily_summary")
    day = a_day(charge_movement(1, metadata={"region": "10002"}, customer="cus_1"))
    (line,) = summarised_sales(day, {SALE: policy})["usd"]
    buyer = a_customer(metadata={"class": "SMB"})
    failed = dataclasses.replace(failed_later(), customer=buyer, metadata={"region": "10002"})
    entry = the(planned(failed, policy), f"{SALE}/returned", JournalEntry)
    assert line.dimensions == entry.lines[0].dimensions


def test_only_charges_are_sales() -> None:
    refunded = a_movement(-500, type="refund", origin=an_origin(500, kind="refund", id="re_1"))
    day = a_day(refunded, a_movement(-9, type="stripe_fee"))
    assert sale_keys(day) == frozenset()
    assert summarised_sales(day, {SALE: selling("daily_summary")}) == {}


# --- Above the month's budget -------------------------------------------------------------------

REACHED = "9 of 9 transactions used in 2026-11"
ABOVE = f"above the budget: {REACHED}"


def test_below_the_budget_a_sale_is_booked_in_detail() -> None:
    assert receipt(a_sale(), budgeted("other_receipt", "daily_summary")).total_minor == 10_000


def test_above_the_budget_a_sale_is_summed_up_and_its_record_says_why() -> None:
    made = planned(a_sale(), budgeted("other_receipt", "daily_summary").in_month(REACHED))
    assert reason(made) == (Disposition.NOT_BOOKED, Reason.IN_DAILY_SUMMARY)
    assert made.findings[0].text.endswith(f" in usd: {ABOVE}")


def test_above_the_budget_an_invoice_may_become_a_receipt_whose_line_says_why() -> None:
    made = receipt(a_sale(), budgeted("invoice", "other_receipt").in_month(REACHED))
    assert made.lines[0].why.endswith(f"; {ABOVE}")


def test_a_rule_has_a_budget_of_its_own_or_none() -> None:
    (rule,) = sold_as_ruled("other_receipt").rules[Area.SALE]
    settings = {**rule.settings, "above_budget": Fixed("other_receipt")}
    rules = {Area.SALE: (dataclasses.replace(rule, settings=settings),)}
    policy = budgeted("other_receipt", "daily_summary", rules=rules).in_month(REACHED)

    def sold_as(mode: str) -> ChargeSnapshot:
        return a_sale(metadata={"sold_as": mode})

    as_receipt = receipt(sold_as("invoice"), policy)
    assert as_receipt.lines[0].why.endswith(f"; rule sold-as; {ABOVE}")
    # A rule's mode that costs no more than the one above the budget stays.
    assert reason(planned(sold_as("daily_summary"), policy))[1] is Reason.IN_DAILY_SUMMARY
    assert reason(planned(sold_as("ignore"), policy))[1] is Reason.IGNORED_BY_POLICY
    silent = dataclasses.replace(rule, settings={"mode": Fixed("other_receipt")})
    of_its_own = dataclasses.replace(policy, rules={Area.SALE: (silent,)})
    assert receipt(a_sale(), of_its_own).total_minor == 10_000


def test_what_was_decided_stays_whatever_the_month_has_used() -> None:
    policy = budgeted("other_receipt", "daily_summary")
    as_receipt = {SALE: SaleDecision("other_receipt")}
    made = plan(CHARGE, a_sale(), policy.in_month(REACHED), decided=as_receipt)
    assert isinstance(the_item(made), OtherReceipt)
    summed_up = {SALE: SaleDecision("daily_summary", ABOVE)}
    made = plan(CHARGE, a_sale(), policy, decided=summed_up)
    assert made.findings[0].text.endswith(f" in usd: {ABOVE}")


def test_a_further_account_is_above_the_budget_of_the_company() -> None:
    own = budgeted("other_receipt", "daily_summary", stripe_account="acct_2")
    policy = dataclasses.replace(selling("other_receipt"), accounts={"acct_2": own})
    subject = dataclasses.replace(CHARGE, account="acct_2")
    made = plan(subject, a_sale(), policy.in_month(REACHED))
    assert made.findings[0].reason is Reason.IN_DAILY_SUMMARY
