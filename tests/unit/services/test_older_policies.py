"""Goal: a new policy speaks about the future; what is booked stays, and is taken back as booked.

Method: the real processor over in-memory ports; a policy with other accounts is published between
an invoice, its refund and the refund's failure, and the accounts of the documents are compared.
"""

import dataclasses

from tests.factories import (
    NOON,
    a_customer,
    a_paid_invoice,
    a_payment,
    a_policy,
    a_refund,
    a_refund_of,
    an_invoice,
)
from tests.unit.services.world import CUSTOMER, INVOICE, REFUND, World
from tieout.domain.documents import ArAdjustment, CashAccount, JournalEntry
from tieout.domain.policy import Policy
from tieout.domain.postings import Worklist
from tieout.services.process import Done


def other_accounts(version: str = "policy-2") -> Policy:
    """The factories' policy, with other revenue and clearing accounts."""
    policy = a_policy(version=version)
    revenue = dataclasses.replace(
        policy.revenue,
        categories={
            name: dataclasses.replace(each, account="4999")
            for name, each in policy.revenue.categories.items()
        },
    )
    return dataclasses.replace(
        policy, revenue=revenue, clearing={**policy.clearing, "usd": CashAccount("1299")}
    )


def publish(world: World, policy: Policy) -> None:
    world.clock.advance(60)
    world.policies.published.append(policy)


def refund(world: World, *, failed: bool = False) -> None:
    facts = a_refund(
        4_000,
        status="failed" if failed else "succeeded",
        returned_at_unix=NOON + 400_000 if failed else None,
    )
    world.clock.advance(60)
    world.stripe.snapshots[REFUND] = a_refund_of(facts, a_paid_invoice())
    assert world.bring_up_to_date(REFUND) == [Done()]


def lines(world: World, key: str) -> list[tuple[str, int]]:
    (journal,) = world.ledger.written(key)
    assert isinstance(journal, JournalEntry)
    return [(line.account, line.amount_minor) for line in journal.lines]


def test_a_refund_takes_back_from_the_account_that_its_invoice_earned_on(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    publish(world, other_accounts())
    refund(world)
    assert lines(world, "refund/re_1") == [("4000", 4_000), ("1299", -4_000)]


def test_a_failure_gives_back_what_the_refund_took(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    refund(world)
    publish(world, other_accounts())
    refund(world, failed=True)
    assert lines(world, "refund/re_1/failed") == [("4000", -4_000), ("1200", 4_000)]


def test_each_of_three_documents_under_three_policies_keeps_its_own(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    publish(world, other_accounts())
    refund(world)
    publish(world, a_policy(version="policy-3"))
    refund(world, failed=True)
    assert lines(world, "refund/re_1/failed") == [("4000", -4_000), ("1299", 4_000)]
    refund(world, failed=True)
    assert list(world.postings.on_worklist(Worklist.ATTENTION)) == []
    versions = {key: each.policy_version for key, each in world.postings.by_key.items()}
    assert versions["invoice/in_1"] == "policy-1"
    assert versions["refund/re_1"] == "policy-2"
    assert versions["refund/re_1/failed"] == "policy-3"


def test_what_is_left_of_a_voided_invoice_is_taken_back_where_it_was_earned(world: World) -> None:
    part = (a_payment(4_000),)
    world.stripe.snapshots[INVOICE] = an_invoice(payments=part)
    world.bring_up_to_date(INVOICE)
    publish(world, other_accounts())
    world.stripe.snapshots[INVOICE] = an_invoice(
        payments=part, status="void", voided_at_unix=NOON + 90_000
    )
    assert world.bring_up_to_date(INVOICE) == [Done()]
    (memo,) = world.ledger.written("invoice/in_1/void")
    assert isinstance(memo, ArAdjustment)
    assert {line.account for line in memo.lines} == {"4000"}


def test_a_new_policy_does_not_hide_that_stripe_says_something_else(world: World) -> None:
    """The amount is the same, so under the new policy alone nothing would be seen."""
    world.bring_up_to_date(INVOICE)
    publish(world, other_accounts())
    world.bring_up_to_date(INVOICE)
    assert list(world.postings.on_worklist(Worklist.ATTENTION)) == []
    world.stripe.snapshots[INVOICE] = a_paid_invoice(number="ACME-9")
    world.bring_up_to_date(INVOICE)
    assert [each.key for each in world.postings.on_worklist(Worklist.ATTENTION)] == ["invoice/in_1"]


def test_a_policy_that_can_no_longer_be_read_raises_no_false_alarm(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    publish(world, other_accounts())
    world.policies.ever.clear()
    world.policies.published = world.policies.published[-1:]
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert list(world.postings.on_worklist(Worklist.ATTENTION)) == []


def test_an_older_policy_that_nobody_can_plan_under_stops_only_its_subject(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    broken = dataclasses.replace(world.policies.published[0], revenue=None)  # type: ignore[arg-type]
    publish(world, other_accounts())
    world.policies.ever[:] = [broken]
    world.stripe.snapshots[CUSTOMER] = a_customer(name="Acme Holding")
    results = world.bring_up_to_date(INVOICE, CUSTOMER)
    assert [isinstance(each, Done) for each in results] == [False, True]
    assert [each.key for each in world.postings.on_worklist(Worklist.ATTENTION)] == [
        "invoice/in_1/unread"
    ]
