"""Goal: rules choose where what Stripe keeps belongs, and the day's journal stays as small as that.

Method: days and single movements through `plan`, under a policy file with rules. The mistake most
likely made is a rule that takes one part of a fee, or the fee of one document, and leaves another.
"""

from tests.factories import a_day, a_dispute, a_movement, a_payout, an_origin, keys_of, planned, the
from tests.support.journals import debits
from tieout.domain.documents import Dimensions, JournalEntry
from tieout.domain.policy import Policy
from tieout.domain.policy_file import parse_policy
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import plan
from tieout.planning.snapshots import BalanceTransaction, FeeDetail

DAY_USD = "activity/2026-11-02/usd"
BASE = """\
time_zone: America/New_York
base_currency: usd
clearing: {usd: {account: "1200"}, eur: {account: "1201", bank_account: EUR}}
revenue: {categories: {all: {account: "4000"}}, default: all}
movements:
  accounts:
    {processing_fees: "6200", fee_tax: "6205", stripe_billing_fees: "6210", disputes: "1290",
     transfers: "1300"}
  dimensions: {processing_fees: {department: FIN}}
payouts: {usd: {account: "1000"}}
dimensions: {defaults: {location: "100"}}
"""


def policy_of(*rules: str, base: str = BASE) -> Policy:
    return parse_policy(
        base + "rules:\n" + "".join(f"  - {{for: fees, {each}}}\n" for each in rules)
    )


def a_charge_of(fee_minor: int, *parts: FeeDetail, **changes: object) -> BalanceTransaction:
    origin = an_origin(10_000, currency=str(changes.get("currency", "usd")))
    return a_movement(10_000, fee_minor, origin=origin, source="ch_1", fees=parts, **changes)


def test_the_first_rule_that_matches_chooses_the_account_and_the_dimensions() -> None:
    policy = policy_of(
        "name: taxes, when: fee.type == 'tax', set: {account: '6206'}",
        "name: all, set: {account: '6201', dimensions: {department: OPS}}",
    )
    parts = (FeeDetail("stripe_fee", 282), FeeDetail("tax", 38))
    entry = the(planned(a_day(a_charge_of(320, *parts)), policy), DAY_USD, JournalEntry)
    stripes, tax, cash = entry.lines
    assert (stripes.account, stripes.amount_minor, stripes.why) == ("6201", 282, "rule all")
    assert stripes.dimensions == Dimensions(location="100", department="OPS")
    assert (tax.account, tax.amount_minor, tax.why) == ("6206", 38, "rule taxes")
    assert cash.amount_minor == -320


def test_a_thousand_fees_are_one_line_for_each_rule_account_and_its_dimensions() -> None:
    policy = policy_of(
        "name: visa, when: \"starts_with(fee.description, 'Visa')\", set: {account: '6201'}"
    )
    fees = [
        a_charge_of(320, FeeDetail("stripe_fee", 300, which), id=f"txn_{number}")
        for number in range(500)
        for which in ("Visa fees", "Stripe processing fees")
    ]
    made = planned(a_day(*fees), policy)
    assert keys_of(made) == [DAY_USD]
    lines = the(made, DAY_USD, JournalEntry).lines
    assert [(each.account, each.amount_minor, each.why) for each in lines] == [
        ("6200", 170_000, "movements.accounts.processing_fees"),
        ("6201", 150_000, "rule visa"),
        ("1200", -320_000, "clearing account"),
    ]


def test_lines_that_differ_by_dimensions_alone_stand_in_one_order_whichever_moved_first() -> None:
    policy = policy_of(
        "name: cards, set: {dimensions: {class: {map: cards, key: fee.description}}}",
        base=BASE + "maps: {cards: {values: {Visa: VISA, Amex: AMEX}}}\n",
    )
    fees = [
        a_charge_of(320, FeeDetail("stripe_fee", 320, which), id=f"txn_{which}")
        for which in ("Visa", "Amex")
    ]
    orders = [
        [
            each.dimensions.class_id
            for each in the(planned(a_day(*day), policy), DAY_USD, JournalEntry).lines
        ]
        for day in (fees, fees[::-1])
    ]
    assert orders == [["AMEX", "VISA", None]] * 2


def test_a_rule_that_names_dimensions_alone_leaves_the_account_to_its_category() -> None:
    policy = policy_of("name: cards, set: {dimensions: {class: CARD}}")
    fee, _ = the(planned(a_day(a_charge_of(320)), policy), DAY_USD, JournalEntry).lines
    assert (fee.account, fee.why) == ("6200", "movements.accounts.processing_fees; rule cards")
    assert fee.dimensions == Dimensions(location="100", department="FIN", class_id="CARD")


def test_stripes_own_bills_are_told_apart_by_what_stripe_calls_them() -> None:
    policy = policy_of(
        "name: radar, when: \"starts_with(movement.description, 'Radar')\", set: {account: '6211'}",
        "name: none-of-these, when: movement.type == 'transfer', set: {account: '6999'}",
    )
    bills = a_day(
        a_movement(-700, type="stripe_fee", description="Radar (2026-11-01)"),
        a_movement(-1_200, id="txn_2", type="stripe_fee", description="Billing - Usage Fee"),
        a_movement(-5_000, id="txn_3", type="transfer"),
    )
    assert debits(planned(bills, policy), DAY_USD) == {
        "6210": 1_200,
        "6211": 700,
        "1300": 5_000,
        "1200": -6_900,
    }


def test_a_fee_can_be_told_by_its_balance_its_category_and_its_movement() -> None:
    policy = policy_of(
        "name: euros, when: currency == 'eur', set: {account: '6202'}",
        "name: bills, when: movement.reporting_category == 'fee', set: {account: '6212'}",
        "name: given-back, when: amount_minor < `0`, set: {account: '6290'}",
        "name: own, when: fee.category == 'processing_fees', set: {account: '6201'}",
    )
    day = a_day(
        a_charge_of(320),
        a_charge_of(100, id="txn_2", currency="eur"),
        a_movement(-900, id="txn_3", type="stripe_fee", reporting_category="fee"),
        a_movement(-500, -20, id="txn_4", type="refund", source="re_1", origin=an_origin(500)),
    )
    made = planned(day, policy)
    assert debits(made, DAY_USD) == {"6201": 320, "6212": 900, "6290": -20, "1200": -1_200}
    assert debits(made, "activity/2026-11-02/eur") == {"6202": 100, "1201": -100}


def test_a_rule_holds_on_its_days() -> None:
    rule = "name: later, from: 2026-11-03, set: {account: '6201'}"
    assert "6200" in debits(planned(a_day(a_charge_of(320)), policy_of(rule)), DAY_USD)
    rule = rule.replace("-03", "-02")
    assert "6201" in debits(planned(a_day(a_charge_of(320)), policy_of(rule)), DAY_USD)


def test_a_rule_can_stand_for_a_category_that_has_no_account() -> None:
    fee = a_movement(-300, type="stripe_fx_fee")
    (finding,) = planned(
        a_day(fee), policy_of("name: r, when: currency == 'eur', set: {account: '1'}")
    ).findings
    assert finding.reason is Reason.ACCOUNT_NOT_IN_POLICY
    policy = policy_of("name: r, when: fee.category == 'fx_fees', set: {account: '6220'}")
    assert debits(planned(a_day(fee), policy), DAY_USD) == {"6220": 300, "1200": -300}


def test_the_fees_of_disputes_and_payouts_follow_the_same_rules() -> None:
    policy = policy_of("name: all, set: {account: '6201'}")
    claim = a_movement(
        -10_000, 1_500, type="adjustment", reporting_category="dispute", source="dp_1"
    )
    made = planned(a_dispute(movements=(claim,)), policy)
    (key,) = keys_of(made)
    assert debits(made, key) == {"1290": 10_000, "6201": 1_500, "1200": -11_500}
    instant = a_movement(-9_900, 100, type="payout", source="po_1")
    made = planned(a_payout(movements=(instant,)), policy)
    assert debits(made, "payout/po_1")["6201"] == 100


def test_an_account_of_stripes_is_a_fact_of_every_rule() -> None:
    base = BASE + 'stripe_accounts: {acct_2: {clearing: {usd: {account: "1207"}}}}\n'
    policy = policy_of(
        "name: shop, when: stripe_account == 'acct_2', set: {account: '6201'}", base=base
    )
    day = a_day(a_charge_of(320))
    assert debits(planned(day, policy), DAY_USD) == {"6200": 320, "1200": -320}
    other = Subject(SubjectKind.ACTIVITY, "2026-11-02", "acct_2")
    made = plan(other, day, policy)
    assert debits(made, f"acct_2/{DAY_USD}") == {"6201": 320, "1207": -320}
