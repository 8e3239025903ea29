"""Goal: the totals that a controller approves are those of the documents, each counted once.

Method: previews of the processor's world added up; the likeliest mistake is counting a customer
with each invoice, or an invoice again with its refund.
"""

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_paid_invoice,
    a_payment,
    a_policy,
    a_refund,
    a_refund_of,
    an_invoice,
)
from tests.unit.services.world import INVOICE, REFUND, World, of
from tieout.domain.documents import CashAccount
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.preview import Change, Pinned, Previewer
from tieout.services.totals import (
    INCLUDED_TRANSACTIONS,
    Place,
    Sum,
    Totals,
    overage_cents,
)


def totals_of(world: World, *subjects: Subject, since_unix: int = 0) -> Totals:
    totals = Totals(since_unix)
    policies = Pinned(world.policies.current(), world.policies)
    for each in Previewer(world.stripe, world.postings, policies, world.clock).preview(subjects):
        totals.add(each)
    return totals


@pytest.fixture
def world() -> World:
    world = World()
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    return world


def test_documents_and_transactions_are_counted(world: World) -> None:
    totals = totals_of(world, INVOICE)
    assert totals.documents == {
        ("Customer", Change.NEW): 1,
        ("ArInvoice", Change.NEW): 1,
        ("ArPayment", Change.NEW): 1,
    }
    assert totals.transactions == 3
    world.bring_up_to_date(INVOICE)
    assert totals_of(world, INVOICE).transactions == 0
    assert totals_of(world, INVOICE).accounts == {}


def test_accounts_are_summed_by_the_month_of_the_ledger(world: World) -> None:
    later = a_payment(paid_at_unix=NOON + 30 * DAY_SECONDS)
    world.stripe.snapshots[INVOICE] = a_paid_invoice(
        payments=(later,), amount_paid_minor=10_000, amount_remaining_minor=0
    )
    november, december = "2026-11", "2026-12"
    assert totals_of(world, INVOICE).accounts == {
        Place(november, "accounts receivable", "usd"): Sum(10_000, 0),
        Place(november, "4000", "usd"): Sum(0, 10_000),
        Place(december, "1200", "usd"): Sum(10_000, 0),
        Place(december, "accounts receivable", "usd"): Sum(0, 10_000),
    }


def test_a_bank_account_and_its_ledger_account_are_one(world: World) -> None:
    stripe = {"usd": CashAccount("1205", "STRIPE-USD")}
    world.policies.published[:] = [a_policy(clearing=stripe)]
    world.stripe.snapshots[REFUND] = a_refund_of(a_refund(4_000), a_paid_invoice())
    accounts = totals_of(world, INVOICE, REFUND).accounts
    assert accounts[Place("2026-11", "1205", "usd")] == Sum(10_000, 4_000)
    assert not [each for each in accounts if "STRIPE-USD" in each.account]


def test_a_customer_is_counted_once_however_many_invoices_come_with_it(world: World) -> None:
    other = of(SubjectKind.INVOICE, "in_2")
    world.stripe.snapshots[other] = an_invoice(id="in_2", number="ACME-0002")
    totals = totals_of(world, INVOICE, other)
    assert totals.documents["Customer", Change.NEW] == 1
    assert totals.documents["ArInvoice", Change.NEW] == 2


def test_an_invoice_is_not_counted_again_with_its_refund(world: World) -> None:
    world.stripe.snapshots[REFUND] = a_refund_of(a_refund(), a_paid_invoice())
    totals = totals_of(world, INVOICE, REFUND, since_unix=NOON)
    assert totals.documents["ArInvoice", Change.NEW] == 1
    assert totals.documents["JournalEntry", Change.NEW] == 1


def test_an_invoice_from_before_the_range_is_counted_with_its_refund_once(world: World) -> None:
    for number in (1, 2):
        refund = a_refund(5_000, id=f"re_{number}")
        world.stripe.snapshots[of(SubjectKind.REFUND, refund.id)] = a_refund_of(
            refund, a_paid_invoice()
        )
    both = [of(SubjectKind.REFUND, "re_1"), of(SubjectKind.REFUND, "re_2")]
    totals = totals_of(world, *both, since_unix=NOON + 1)
    assert totals.documents["ArInvoice", Change.NEW] == 1
    assert totals.documents["JournalEntry", Change.NEW] == 2


def test_what_is_parked_is_summed_by_reason(world: World) -> None:
    world.policies.published[:] = [a_policy(clearing={})]
    totals = totals_of(world, INVOICE)
    reason = Reason.CURRENCY_NOT_IN_POLICY
    # The invoice and its receipt, as `tieout parked` sums them too.
    assert totals.findings == {(reason, Change.PARKED): 2}
    assert totals.amounts == {(reason, "usd"): 20_000}


@pytest.mark.parametrize(
    ("transactions", "used_before", "cents"),
    [
        (INCLUDED_TRANSACTIONS, 0, 0),
        (INCLUDED_TRANSACTIONS + 1, 0, 15),
        (INCLUDED_TRANSACTIONS + 10, 0, 15),
        (INCLUDED_TRANSACTIONS + 11, 0, 30),
        (10, INCLUDED_TRANSACTIONS, 15),
        (10, 2 * INCLUDED_TRANSACTIONS, 15),
        (0, INCLUDED_TRANSACTIONS, 0),
    ],
)
def test_what_is_beyond_the_first_tier_is_billed_by_ten(
    transactions: int, used_before: int, cents: int
) -> None:
    assert overage_cents(transactions, used_before) == cents
