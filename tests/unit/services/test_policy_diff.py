"""Goal: history planned again under two policies shows the money that would move, and only that.

Method: Stripe in memory, two policies that differ in one category.
"""

import dataclasses

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_charge,
    a_line,
    a_movement,
    a_paid_invoice,
    a_policy,
    a_refund,
    a_refund_of,
    a_sale,
    an_invoice,
    selling,
)
from tests.fakes import FakeClock, FakePolicies, FakeStripe
from tests.unit.services.day_world import DAY, charged
from tieout.domain.documents import CashAccount
from tieout.domain.effects import cash_text
from tieout.domain.errors import ConfigurationFault
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.policy_diff import PolicyDiff

INVOICE, OTHER = (Subject(SubjectKind.INVOICE, each) for each in ("in_1", "in_2"))
CHARGE = Subject(SubjectKind.CHARGE, "ch_1")
REFUND = Subject(SubjectKind.REFUND, "re_1")
OLD = a_policy()
NEW = a_policy(version="policy-2", revenue=dataclasses.replace(OLD.revenue, default="usage"))


def diff_of(stripe: FakeStripe) -> PolicyDiff:
    return PolicyDiff(stripe, FakePolicies(OLD), OLD, NEW, FakeClock(NOON + 86_400))


def test_the_money_that_would_move_is_summed_by_month_and_place() -> None:
    stripe = FakeStripe()
    stripe.snapshots[INVOICE] = a_paid_invoice()
    stripe.snapshots[OTHER] = an_invoice(id="in_2", lines=(a_line(2_500),))
    diff = diff_of(stripe)
    changes = list(diff.changes([INVOICE, OTHER]))
    assert [each.key for each in changes] == ["invoice/in_1", "invoice/in_2"]
    assert {
        (place.month, place.account): amount for place, amount in diff.moved.places.items()
    } == {
        ("2026-11", "4000 location=100"): 12_500,
        ("2026-11", "4020 location=100"): -12_500,
    }
    assert dict(diff.moved.money) == {("2026-11", "usd"): 12_500}
    assert (diff.moved.subjects, diff.moved.documents) == (2, 2)


def test_a_refund_is_counted_without_the_invoice_that_it_is_read_with() -> None:
    stripe = FakeStripe()
    stripe.snapshots[REFUND] = a_refund_of(a_refund(), a_paid_invoice())
    diff = diff_of(stripe)
    assert [each.key for each in diff.changes([REFUND])] == ["refund/re_1"]


def test_a_void_moves_the_money_back_in_its_own_month() -> None:
    stripe = FakeStripe()
    stripe.snapshots[INVOICE] = an_invoice(status="void", voided_at_unix=NOON + 40 * DAY_SECONDS)
    diff = diff_of(stripe)
    assert [each.key for each in diff.changes([INVOICE])] == ["invoice/in_1", "invoice/in_1/void"]
    assert {
        (place.month, place.account): amount for place, amount in diff.moved.places.items()
    } == {
        ("2026-11", "4000 location=100"): 10_000,
        ("2026-11", "4020 location=100"): -10_000,
        ("2026-12", "4000 location=100"): -10_000,
        ("2026-12", "4020 location=100"): 10_000,
    }


def test_a_late_failure_takes_back_what_the_receipt_of_its_invoice_moves() -> None:
    failure = a_movement(-10_000, id="txn_back", type="payment_failure_refund")
    invoice = a_paid_invoice()
    stripe = FakeStripe()
    stripe.snapshots[CHARGE] = a_charge(
        status="failed",
        payment_intent="pi_1",
        invoices=("in_1",),
        payments=invoice.payments,
        failure=failure,
        paid_invoices=(invoice,),
    )
    elsewhere = a_policy(version="policy-2", clearing={"usd": CashAccount("1299")})
    clock = FakeClock(NOON + 9 * DAY_SECONDS)
    diff = PolicyDiff(stripe, FakePolicies(OLD), OLD, elsewhere, clock)
    (change,) = diff.changes([CHARGE])
    assert change.key == "receipt/inpay_1/returned"
    assert {each.place.account: (each.before_minor, each.after_minor) for each in change.moves} == {
        cash_text(OLD.clearing["usd"]): (-10_000, 0),
        "1299": (0, -10_000),
    }


def test_what_stripe_does_not_show_is_told() -> None:
    diff = diff_of(FakeStripe())
    assert list(diff.changes([INVOICE])) == []
    assert diff.moved.unread == ["invoice/in_1"]


def test_a_key_that_stripe_refuses_stops_the_work() -> None:
    stripe = FakeStripe()
    stripe.fault = ConfigurationFault(Reason.STRIPE_KEY, "the key is revoked")
    with pytest.raises(ConfigurationFault, match="revoked"):
        list(diff_of(stripe).changes([INVOICE]))


def test_what_is_kept_does_not_grow_with_the_history() -> None:
    stripe = FakeStripe()
    diff = diff_of(stripe)
    subjects = [Subject(SubjectKind.INVOICE, f"in_{number}") for number in range(300)]
    for subject in subjects:
        stripe.snapshots[subject] = an_invoice(id=subject.id)
    for _ in diff.changes(subjects):
        pass
    assert len(diff.moved.places) == 2
    assert diff.moved.money == {("2026-11", "usd"): 3_000_000}


def test_a_days_journal_sums_up_sales_and_not_what_pays_an_invoice() -> None:
    stripe = FakeStripe()
    stripe.moved[None] = [charged(1), charged(2), charged(3)]
    for number, invoices in ((1, ("in_1",)), (2, ()), (3, ())):
        stripe.snapshots[Subject(SubjectKind.CHARGE, f"ch_{number}")] = a_sale(
            id=f"ch_{number}",
            payment_intent=f"pi_{number}",
            movement=charged(number),
            invoices=invoices,
        )
    old, new = selling("ignore"), selling("daily_summary", version="policy-2")
    diff = PolicyDiff(stripe, FakePolicies(old), old, new, FakeClock(NOON + 5 * 86_400))
    # The third was made on the day before, so it is not among those of the range.
    charges = [Subject(SubjectKind.CHARGE, each) for each in ("ch_1", "ch_2")]
    list(diff.changes([*charges, DAY]))
    assert dict(diff.moved.money) == {("2026-11", "usd"): 20_000}
    assert stripe.reads == 4
