"""Refunds: what they take back, on which day, and that nothing ever changes a refund afterwards.

Method: refund snapshots through `plan`; journal lines are compared as (account, amount), debits
positive.
"""

from datetime import date

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_line,
    a_paid_invoice,
    a_payment,
    a_policy,
    a_post_payment_note,
    a_refund,
    a_refund_of,
    a_tax,
    an_invoice,
    keys_of,
    planned,
    the,
    the_finding,
)
from tieout.domain.documents import Dimensions, JournalEntry, dependencies, digest
from tieout.domain.plans import Disposition, Plan
from tieout.domain.policy import Periods, Policy
from tieout.domain.reasons import Reason
from tieout.domain.receivable_policy import CustomerCreditRules
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import parts, plan
from tieout.planning.snapshots import (
    CreditNoteRefund,
    InvoiceSnapshot,
    RefundFacts,
    RefundSnapshot,
)


def taxed_invoice(**changes: object) -> InvoiceSnapshot:
    """A paid invoice: 100.00 of plan, 50.00 of services, 28.50 of tax."""
    lines = (a_line(10_000), a_line(5_000, id="il_2", price="price_setup"))
    return a_paid_invoice(**{"lines": lines, "taxes": (a_tax(2_850),), **changes})


def entry(snapshot: RefundSnapshot, suffix: str = "", policy: Policy | None = None) -> JournalEntry:
    return the(planned(snapshot, policy), f"refund/{snapshot.refund.id}{suffix}", JournalEntry)


def lines_of(journal: JournalEntry) -> list[tuple[str, int]]:
    return [(line.account, line.amount_minor) for line in journal.lines]


def summed(*journals: JournalEntry) -> dict[str, int]:
    sums: dict[str, int] = {}
    for journal in journals:
        for account, amount_minor in lines_of(journal):
            sums[account] = sums.get(account, 0) + amount_minor
    return sums


def test_a_full_refund_takes_back_every_line_from_clearing() -> None:
    journal = entry(a_refund_of(a_refund(17_850), taxed_invoice()))
    assert lines_of(journal) == [
        ("4000", 10_000),
        ("4010", 5_000),
        ("2210", 2_850),
        ("1200", -17_850),
    ]
    assert [line.customer_id for line in journal.lines] == ["cus_1"] * 4
    assert journal.lines[1].dimensions == Dimensions(location="100", department="SERVICES")
    assert (journal.journal, journal.title, journal.reference) == (
        "GJ",
        "Stripe refund re_1",
        "re_1",
    )
    assert journal.posting_date == date(2026, 11, 4)
    assert journal.after == ("invoice/in_1",)


def test_a_partial_refund_takes_back_a_proportional_part() -> None:
    journal = entry(a_refund_of(a_refund(1_785), taxed_invoice()))
    assert lines_of(journal) == [("4000", 1_000), ("4010", 500), ("2210", 285), ("1200", -1_785)]


def test_each_line_says_its_share_of_which_line_and_why_that_was_booked_so() -> None:
    journal = entry(a_refund_of(a_refund(1_785), taxed_invoice()))
    assert [line.why for line in journal.lines] == [
        "10.00 of 100.00 of line 1: as booked under policy-1, default category subscriptions",
        "5.00 of 50.00 of line 2: as booked under policy-1, price price_setup is category services",
        "2.85 of 28.50 of line 3: as booked under policy-1, tax rate txr_vat",
        "clearing account",
    ]


def test_lines_of_one_place_are_summed_and_the_first_of_them_are_named() -> None:
    lines = tuple(a_line(1_000, id=f"il_{number}") for number in range(5))
    journal = entry(a_refund_of(a_refund(5_000), a_paid_invoice(lines=lines)))
    assert lines_of(journal) == [("4000", 5_000), ("1200", -5_000)]
    shares = journal.lines[0].why.split("; ")
    assert [each.split(":")[0] for each in shares] == [
        "10.00 of 10.00 of line 1",
        "10.00 of 10.00 of line 2",
        "10.00 of 10.00 of line 3",
        "and 2 more",
    ]


def test_what_a_credit_note_says_of_a_refund_is_named_with_it() -> None:
    note = a_post_payment_note(refunds=(CreditNoteRefund("re_1", 4_000),))
    invoice = a_paid_invoice(credit_notes=(note,))
    journal = entry(a_refund_of(a_refund(4_000), invoice))
    assert journal.lines[0].why.startswith("40.00 of 100.00 of line 1, as cn_1 says: as booked")


def test_a_refund_is_planned_after_its_invoice_which_keeps_its_own_plan() -> None:
    invoice = taxed_invoice()
    snapshot = a_refund_of(a_refund(1_785), invoice)
    refund = Subject(SubjectKind.REFUND, "re_1")
    assert parts(refund, snapshot) == (
        (Subject(SubjectKind.INVOICE, "in_1"), invoice),
        (refund, snapshot),
    )
    assert keys_of(planned(snapshot)) == ["refund/re_1"]


def test_the_parts_of_what_a_connected_account_has_are_that_accounts() -> None:
    snapshot = a_refund_of(a_refund(1_785), taxed_invoice())
    subject = Subject(SubjectKind.REFUND, "re_1", "acct_1")
    invoice = Subject(SubjectKind.INVOICE, "in_1", "acct_1")
    assert [part for part, _ in parts(subject, snapshot)] == [invoice, subject]
    made = plan(subject, snapshot, a_policy())
    assert (made.documents, [each.reason for each in made.findings]) == (
        (),
        [Reason.CONNECTED_ACCOUNT],
    )


def test_several_refunds_together_take_back_every_line_exactly() -> None:
    invoice = taxed_invoice()
    refunds = [
        a_refund(amount, id=f"re_{index}", created_unix=NOON + index * DAY_SECONDS)
        for index, amount in enumerate((1, 3_333, 7_777, 6_739), start=2)
    ]
    journals = [entry(a_refund_of(refund, invoice, siblings=tuple(refunds))) for refund in refunds]
    assert summed(*journals) == {"4000": 10_000, "4010": 5_000, "2210": 2_850, "1200": -17_850}


def test_a_later_refund_does_not_change_an_earlier_one() -> None:
    invoice = taxed_invoice()
    first = a_refund(3_333)
    later = a_refund(7_777, id="re_2", created_unix=NOON + 9 * DAY_SECONDS)
    alone = entry(a_refund_of(first, invoice))
    assert digest(entry(a_refund_of(first, invoice, siblings=(later, first)))) == digest(alone)


def failed(refund: RefundFacts, returned_at_unix: int | None) -> RefundFacts:
    return a_refund(
        refund.amount_minor,
        id=refund.id,
        status="failed",
        created_unix=refund.created_unix,
        returned_at_unix=returned_at_unix,
    )


@pytest.mark.parametrize("returned_at_unix", [NOON + 20 * DAY_SECONDS, None])
def test_an_earlier_refund_that_fails_later_does_not_change_a_refund(
    returned_at_unix: int | None,
) -> None:
    invoice = taxed_invoice()
    first = a_refund(3_333)
    second = a_refund(7_777, id="re_2", created_unix=NOON + 9 * DAY_SECONDS)
    before = entry(a_refund_of(second, invoice, siblings=(first, second)))
    after = entry(a_refund_of(second, invoice, siblings=(failed(first, returned_at_unix), second)))
    assert digest(before) == digest(after)


@pytest.mark.parametrize("returned_at_unix", [NOON + 5 * DAY_SECONDS, None])
def test_a_refund_repeated_after_a_failure_takes_back_everything_exactly(
    returned_at_unix: int | None,
) -> None:
    invoice = taxed_invoice()
    first = failed(a_refund(9_999), returned_at_unix)
    second = a_refund(10_000, id="re_2", created_unix=NOON + 9 * DAY_SECONDS)
    third = a_refund(7_850, id="re_3", created_unix=NOON + 10 * DAY_SECONDS)
    siblings = (first, second, third)
    journals = [entry(a_refund_of(each, invoice, siblings=siblings)) for each in (second, third)]
    assert summed(*journals) == {"4000": 10_000, "4010": 5_000, "2210": 2_850, "1200": -17_850}


def test_a_failed_refund_is_mirrored_on_the_day_its_money_came_back() -> None:
    refund = a_refund(1_785, status="failed", returned_at_unix=NOON + 8 * DAY_SECONDS)
    snapshot = a_refund_of(refund, taxed_invoice())
    booked, mirrored = entry(snapshot), entry(snapshot, "/failed")
    assert [(account, -amount) for account, amount in lines_of(booked)] == lines_of(mirrored)
    assert mirrored.posting_date == date(2026, 11, 10)
    assert mirrored.after == ("refund/re_1",)
    assert mirrored.reference != booked.reference


def test_a_refund_that_became_failed_keeps_its_first_entry() -> None:
    invoice = taxed_invoice()
    succeeded = entry(a_refund_of(a_refund(1_785), invoice))
    refund = a_refund(1_785, status="failed", returned_at_unix=NOON + 8 * DAY_SECONDS)
    assert digest(entry(a_refund_of(refund, invoice))) == digest(succeeded)


def test_a_failed_refund_whose_money_is_not_back_is_not_mirrored_yet() -> None:
    refund = a_refund(1_785, status="failed")
    made = planned(a_refund_of(refund, taxed_invoice()))
    assert "refund/re_1" in keys_of(made)
    finding = the_finding(made, "refund/re_1/failed")
    assert (finding.disposition, finding.amount_minor) == (Disposition.NOT_BOOKED, 1_785)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("pending", Reason.WAITS_FOR_STRIPE),
        ("requires_action", Reason.WAITS_FOR_STRIPE),
        ("failed", Reason.NOTHING_TO_BOOK),
        ("canceled", Reason.NOTHING_TO_BOOK),
    ],
)
def test_a_refund_that_moved_no_money_is_not_booked(status: str, reason: Reason) -> None:
    refund = a_refund(1_785, status=status, moved_at_unix=None)
    made = planned(a_refund_of(refund, taxed_invoice()))
    assert "refund/re_1" not in keys_of(made)
    finding = the_finding(made, "refund/re_1")
    assert (finding.disposition, finding.reason) == (Disposition.NOT_BOOKED, reason)
    assert status in finding.text


@pytest.mark.parametrize("refund_id", ["re_1", "re_3MtwBwLkdIwHu7ix28a3tqPa"])
def test_a_failure_is_found_by_the_beginning_of_its_refund_and_is_not_it(refund_id: str) -> None:
    refund = a_refund(1_785, id=refund_id, status="failed", returned_at_unix=NOON + 9 * DAY_SECONDS)
    snapshot = a_refund_of(refund, taxed_invoice())
    booked, mirrored = entry(snapshot).reference, entry(snapshot, "/failed").reference
    assert booked != mirrored
    assert mirrored.startswith(refund_id[:9])


def test_a_pending_refund_that_moved_money_is_booked_and_stays_so_when_it_succeeds() -> None:
    invoice = taxed_invoice()
    pending = entry(a_refund_of(a_refund(1_785, status="pending"), invoice))
    assert digest(pending) == digest(entry(a_refund_of(a_refund(1_785), invoice)))


def test_a_refund_that_succeeded_without_moving_the_balance_is_dated_when_created() -> None:
    refund = a_refund(1_785, moved_at_unix=None, created_unix=NOON)
    assert entry(a_refund_of(refund, taxed_invoice())).posting_date == date(2026, 11, 2)


def test_a_refund_without_an_invoice_is_recorded_with_its_amount() -> None:
    made = planned(a_refund_of(a_refund(1_785)))
    finding = the_finding(made, "refund/re_1")
    assert (finding.disposition, finding.reason, finding.amount_minor) == (
        Disposition.NOT_BOOKED,
        Reason.NOT_YET_PLANNED,
        1_785,
    )


def test_a_refund_of_one_of_two_payments_takes_back_that_payments_part() -> None:
    first = a_payment(5_950, id="inpay_1", payment_intent="pi_1")
    second = a_payment(
        11_900, id="inpay_2", payment_intent="pi_2", paid_at_unix=NOON + 2 * DAY_SECONDS
    )
    invoice = taxed_invoice(payments=(first, second))
    of_first = a_refund(5_950)
    of_second = a_refund(11_900, id="re_2", payment_intent="pi_2", charge="ch_2")
    journals = [entry(a_refund_of(each, invoice)) for each in (of_first, of_second)]
    assert journals[0].amount_minor == 5_950
    assert summed(*journals) == {"4000": 10_000, "4010": 5_000, "2210": 2_850, "1200": -17_850}


def test_a_refund_of_a_payment_over_several_invoices_is_divided_by_what_it_paid_of_each() -> None:
    one = a_paid_invoice(lines=(a_line(30_000),))
    other = a_paid_invoice(
        id="in_2",
        number="ACME-0002",
        lines=(a_line(10_000, price="price_setup"),),
        payments=(a_payment(10_000, id="inpay_2", invoice="in_2"),),
    )
    journal = entry(a_refund_of(a_refund(4_000), other, one))
    assert [(line.account, line.amount_minor, line.memo) for line in journal.lines] == [
        ("4000", 3_000, "Refund of ACME-0001"),
        ("4010", 1_000, "Refund of ACME-0002"),
        ("1200", -4_000, "Stripe refund re_1"),
    ]
    assert journal.after == ("invoice/in_1", "invoice/in_2")


def test_a_charge_that_stripe_names_without_payment_intent_is_found_too() -> None:
    payment = a_payment(17_850, id="ch_1", payment_intent=None, charge="ch_1")
    refund = a_refund(1_785, payment_intent=None)
    journal = entry(a_refund_of(refund, taxed_invoice(payments=(payment,))))
    assert journal.amount_minor == 1_785


def overpaid_invoice() -> InvoiceSnapshot:
    """Of 130.00 it took 100.00; the rest is in the customer's credit balance."""
    return a_paid_invoice(payments=(a_payment(13_000),), amount_overpaid_minor=3_000)


def test_what_is_refunded_beyond_the_invoice_comes_off_the_credit_balance() -> None:
    journal = entry(a_refund_of(a_refund(12_000), overpaid_invoice()))
    assert lines_of(journal) == [("4000", 10_000), ("2400", 2_000), ("1200", -12_000)]
    assert dependencies(journal) == ("invoice/in_1", "receipt/inpay_1/excess")
    whole = entry(a_refund_of(a_refund(13_000), overpaid_invoice()))
    assert ("2400", 3_000) in lines_of(whole)
    made = planned(a_refund_of(a_refund(13_001), overpaid_invoice()))
    assert refused(made) is Reason.REFUND_OVER_PAYMENT
    assert "settled 130.00 usd" in the_finding(made, "refund/re_1").text


def test_refunds_take_the_invoice_first_and_one_that_failed_gives_back_what_it_took() -> None:
    first = a_refund(9_000, id="re_0", created_unix=NOON + DAY_SECONDS)
    second = a_refund(
        2_500,
        created_unix=NOON + 2 * DAY_SECONDS,
        status="failed",
        returned_at_unix=NOON + 3 * DAY_SECONDS,
    )
    third = a_refund(4_000, id="re_2", created_unix=NOON + 4 * DAY_SECONDS)
    siblings = (first, second, third)
    journals = [
        entry(a_refund_of(each, overpaid_invoice(), siblings=siblings)) for each in siblings
    ]
    assert [lines_of(each)[:-1] for each in journals] == [
        [("4000", 9_000)],
        [("4000", 1_000), ("2400", 1_500)],
        [("4000", 1_000), ("2400", 3_000)],
    ]
    back = entry(a_refund_of(second, overpaid_invoice(), siblings=siblings), "/failed")
    assert summed(journals[1], back) == dict.fromkeys(("4000", "2400", "1200"), 0)


def test_it_comes_off_the_account_on_which_it_was_booked() -> None:
    then, now = a_policy(), a_policy(version="new", customer_credit=CustomerCreditRules("2499"))
    snapshot = a_refund_of(a_refund(13_000), overpaid_invoice())
    subject = Subject(SubjectKind.REFUND, "re_1")
    made = plan(subject, snapshot, now, {"receipt/inpay_1/excess": then})
    assert ("2400", 3_000) in lines_of(the(made, "refund/re_1", JournalEntry))


def refused(made: Plan) -> Reason:
    finding = the_finding(made, "refund/re_1")
    assert finding.disposition is Disposition.PARKED
    return finding.reason


def test_a_refund_of_more_than_was_paid_is_parked() -> None:
    made = planned(a_refund_of(a_refund(17_851), taxed_invoice()))
    assert refused(made) is Reason.REFUND_OVER_PAYMENT
    assert "178.51 usd" in the_finding(made, "refund/re_1").text


def test_refunds_that_together_exceed_the_payment_park_the_last() -> None:
    invoice = taxed_invoice()
    first = a_refund(10_000, id="re_0", created_unix=NOON)
    second = a_refund(10_000)
    assert refused(planned(a_refund_of(second, invoice, siblings=(first, second)))) is (
        Reason.REFUND_OVER_PAYMENT
    )
    assert "refund/re_0" in keys_of(planned(a_refund_of(first, invoice, siblings=(first, second))))


def test_a_refund_of_a_payment_that_no_invoice_shows_is_parked() -> None:
    made = planned(a_refund_of(a_refund(100, payment_intent="pi_other"), taxed_invoice()))
    assert refused(made) is Reason.REFUND_OVER_PAYMENT


def test_a_refund_in_another_currency_than_the_invoice_is_parked() -> None:
    made = planned(a_refund_of(a_refund(100, currency="eur"), taxed_invoice()))
    assert refused(made) is Reason.REFUND_OVER_PAYMENT


def test_a_refund_of_a_refused_invoice_is_parked_for_the_same_reason() -> None:
    made = planned(a_refund_of(a_refund(100), taxed_invoice(metadata={"revenue_category": "?"})))
    assert refused(made) is Reason.REVENUE_CATEGORY_MISSING


def test_a_refund_in_a_closed_period_is_moved_and_says_so() -> None:
    periods = Periods(closed_through=date(2026, 11, 30), when_closed="next_open_date")
    journal = entry(a_refund_of(a_refund(1_785), taxed_invoice()), policy=a_policy(periods=periods))
    assert journal.posting_date == date(2026, 12, 1)
    assert journal.title == "Stripe refund re_1, dated 2026-11-04"


def test_a_closed_invoice_day_does_not_park_a_refund_in_an_open_period() -> None:
    periods = Periods(closed_through=date(2026, 11, 3), when_closed="park")
    made = planned(a_refund_of(a_refund(1_785), taxed_invoice()), a_policy(periods=periods))
    assert keys_of(made) == ["refund/re_1"]


def test_clearing_is_credited_in_the_location_of_what_it_pays_for() -> None:
    policy = a_policy()
    lines = (a_line(10_000), a_line(5_000, id="il_2", metadata={"place": "200"}))
    keys = {**policy.dimensions.metadata_keys, "location": "place"}
    rules = type(policy.dimensions)(policy.dimensions.defaults, keys)
    journal = entry(
        a_refund_of(a_refund(15_000), a_paid_invoice(lines=lines)),
        policy=a_policy(dimensions=rules),
    )
    assert [
        (line.account, line.dimensions.location, line.amount_minor) for line in journal.lines
    ] == [
        ("4000", "100", 10_000),
        ("4000", "200", 5_000),
        ("1200", "100", -10_000),
        ("1200", "200", -5_000),
    ]


def test_a_credit_line_in_another_location_still_balances_in_each() -> None:
    policy = a_policy()
    lines = (a_line(10_000), a_line(-4_000, id="il_2", metadata={"place": "200"}))
    rules = type(policy.dimensions)(policy.dimensions.defaults, {"location": "place"})
    journal = entry(
        a_refund_of(a_refund(6_000), a_paid_invoice(lines=lines)),
        policy=a_policy(dimensions=rules),
    )
    by_location: dict[str | None, int] = {}
    for line in journal.lines:
        location = line.dimensions.location
        by_location[location] = by_location.get(location, 0) + line.amount_minor
    assert by_location == {"100": 0, "200": 0}


def test_an_open_invoice_with_a_part_payment_can_be_refunded() -> None:
    invoice = an_invoice(payments=(a_payment(4_000),))
    journal = entry(a_refund_of(a_refund(4_000), invoice))
    assert lines_of(journal) == [("4000", 4_000), ("1200", -4_000)]
