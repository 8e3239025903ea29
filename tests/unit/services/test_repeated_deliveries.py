"""Goal: trouble with one document stays with it, costs little however often it comes, and ends.

Method: the real processor over in-memory ports; the same message is delivered again and again, as
the queue does, while Intacct or a person stands in the way; what Stripe and Intacct were asked is
counted.
"""

import dataclasses
from collections.abc import Callable

import pytest

from tests.factories import (
    NOON,
    a_charge,
    a_customer,
    a_line,
    a_paid_invoice,
    a_payment,
    a_policy,
    a_refund,
    a_refund_of,
    an_invoice,
)
from tests.fakes.ledger import LostAnswer
from tests.unit.services.test_older_policies import other_accounts, publish
from tests.unit.services.world import (
    CUSTOMER,
    DELIVERIES,
    INVOICE,
    REFUND,
    World,
    deliver,
    of,
)
from tieout.domain import postings
from tieout.domain.documents import ArInvoice, JournalEntry
from tieout.domain.errors import ConfigurationFault
from tieout.domain.postings import State, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import InvoiceSnapshot
from tieout.services.operate import subjects_of
from tieout.services.ports import Found, NotAccepted, Submission
from tieout.services.process import Done, Retry

CHARGE = of(SubjectKind.CHARGE, "ch_1")
OTHER = of(SubjectKind.INVOICE, "in_2")


def listed(world: World) -> list[str]:
    return [each.key for each in world.postings.on_worklist(Worklist.ATTENTION)]


def other_invoice(*, paid: bool) -> InvoiceSnapshot:
    """An invoice of another customer."""
    customer = a_customer(id="cus_2")
    if not paid:
        return an_invoice(id="in_2", number="ACME-2", customer=customer)
    payment = a_payment(id="inpay_2", invoice="in_2", payment_intent="pi_2")
    return a_paid_invoice(id="in_2", number="ACME-2", customer=customer, payments=(payment,))


# --- What is parked fails without asking anybody ------------------------------------------------


def test_a_refused_change_of_a_customer_is_sent_once(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    world.stripe.snapshots[CUSTOMER] = a_customer(name="Acme Holding")
    refusal = NotAccepted(Reason.INTACCT_REFUSED, "not this name")
    world.ledger.script("customer/cus_1", *[refusal] * DELIVERIES)
    sent, reads = len(world.ledger.sent), world.stripe.reads
    deliver(world, CUSTOMER)
    assert (len(world.ledger.sent) - sent, world.stripe.reads - reads) == (1, 1)


def test_a_renumbered_customer_is_read_once(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    renumbered = a_customer(metadata={"intacct_customer_id": "C-2"})
    world.stripe.snapshots[CUSTOMER] = renumbered
    reads = world.stripe.reads
    deliver(world, CUSTOMER)
    assert world.stripe.reads - reads == 1


def test_a_charge_of_a_parked_invoice_is_read_once_and_leaves_the_list_with_it(
    world: World,
) -> None:
    world.stripe.snapshots[CHARGE] = a_charge(invoices=("in_1",), payment_intent="pi_1")
    lines = world.stripe.snapshots[INVOICE]
    odd = a_paid_invoice(lines=(a_line(9_000),), total_minor=10_000)
    world.stripe.snapshots[INVOICE] = odd
    deliver(world, CHARGE)
    assert world.stripe.reads == 2
    deliver(world, CHARGE)
    assert world.stripe.reads == 4, "a redrive asks again, once"
    world.stripe.snapshots[INVOICE] = lines
    world.clock.advance(60)
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert listed(world) == []


def test_what_was_found_changed_in_intacct_is_looked_up_once_under_any_policy(
    world: World,
) -> None:
    world.ledger.script("invoice/in_1", LostAnswer(executed=True))
    world.bring_up_to_date(INVOICE)
    for record_no, document in world.ledger.records.items():
        if isinstance(document, ArInvoice):
            changed = dataclasses.replace(document, customer_id="somebody else")
            world.ledger.records[record_no] = changed
    publish(world, other_accounts())
    finds = world.ledger.finds
    deliver(world, INVOICE)
    assert world.ledger.finds - finds == 1


# --- A look-up that fails or takes long ---------------------------------------------------------


def test_a_look_up_without_permission_stops_only_its_document(world: World) -> None:
    world.stripe.snapshots[OTHER] = other_invoice(paid=False)
    world.bring_up_to_date(OTHER)
    world.ledger.script("receipt/inpay_1", LostAnswer(executed=False))
    world.bring_up_to_date(INVOICE)

    def find(_: Submission) -> Found | None:
        raise ConfigurationFault(Reason.PERMISSION_MISSING, "may not read payments")

    world.ledger.find = find  # type: ignore[method-assign, assignment]
    world.stripe.snapshots[OTHER] = other_invoice(paid=True)
    world.clock.advance(600)
    results = world.bring_up_to_date(OTHER, INVOICE)
    assert results == [Done(), Retry(10, "may not read payments")]
    assert world.states()["receipt/inpay_2"] is State.POSTED


def test_a_fault_in_a_look_up_leaves_nothing_that_says_it_is_being_sent(world: World) -> None:
    world.stripe.snapshots[OTHER] = other_invoice(paid=False)
    world.bring_up_to_date(OTHER)
    world.ledger.script("receipt/inpay_1", LostAnswer(executed=False))
    world.bring_up_to_date(INVOICE)

    def find(_: Submission) -> Found | None:
        raise ConfigurationFault(Reason.INTACCT_SIGN_IN, "wrong password")

    world.ledger.find = find  # type: ignore[method-assign, assignment]
    world.stripe.snapshots[OTHER] = other_invoice(paid=True)
    world.clock.advance(600)
    world.bring_up_to_date(OTHER, INVOICE)
    assert State.SENDING not in world.states().values()


def test_slow_look_ups_leave_time_to_send_what_they_found_missing(world: World) -> None:
    subjects = [of(SubjectKind.INVOICE, f"in_{number}") for number in range(1, 6)]
    for number, subject in enumerate(subjects, start=1):
        world.stripe.snapshots[subject] = an_invoice(id=subject.id, number=f"ACME-{number}")
        world.ledger.script(f"invoice/{subject.id}", LostAnswer(executed=False))
    world.bring_up_to_date(*subjects)
    find = world.ledger.find

    def slow(submission: Submission) -> Found | None:
        world.clock.advance(30)
        return find(submission)

    world.ledger.find = slow  # type: ignore[method-assign]
    for _ in subjects:
        world.clock.advance(600)
        messages = [world.message(each) for each in subjects]
        world.process(*messages, stop_sending_at_unix=world.clock.now_unix() + 50)
    assert {world.states()[f"invoice/{each.id}"] for each in subjects} == {State.POSTED}


# --- What a person asks for ---------------------------------------------------------------------


def test_retrying_a_customer_brings_the_customer_itself_up_to_date(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    changed = a_customer(name="Acme Holding")
    world.stripe.snapshots[CUSTOMER] = changed
    refusal = NotAccepted(Reason.INTACCT_REFUSED, "not this name")
    world.ledger.script("customer/cus_1", refusal)
    world.clock.advance(60)
    world.bring_up_to_date(CUSTOMER)
    assert subjects_of(world.postings, ["customer/cus_1"]) == [CUSTOMER]
    assert world.bring_up_to_date(CUSTOMER) == [Done()]
    assert listed(world) == []


def test_a_closed_change_of_a_customer_does_not_hold_back_the_next(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    world.stripe.snapshots[CUSTOMER] = a_customer(name="Acme Holding")
    world.ledger.script("customer/cus_1", NotAccepted(Reason.INTACCT_REFUSED, "not this name"))
    world.clock.advance(60)
    world.bring_up_to_date(CUSTOMER)
    refused = world.postings.by_key["customer/cus_1"]
    world.postings.put(postings.closed(refused, world.clock.now_unix(), "ann", "done by hand"))
    sent = len(world.ledger.sent)
    assert world.bring_up_to_date(CUSTOMER) == [Done()]
    assert len(world.ledger.sent) == sent
    world.stripe.snapshots[CUSTOMER] = a_customer(name="Acme Group")
    world.clock.advance(60)
    assert world.bring_up_to_date(CUSTOMER) == [Done()]
    assert len(world.ledger.sent) == sent + 1


# --- What is posted, and now calls for something that is no document ----------------------------


def lines_do_not_add_up(world: World) -> None:
    world.stripe.snapshots[INVOICE] = a_paid_invoice(lines=(a_line(9_000),), total_minor=10_000)


def refund_failed_without_money_coming_back(world: World) -> None:
    failed = a_refund(4_000, moved_at_unix=None, status="failed")
    world.stripe.snapshots[REFUND] = a_refund_of(failed, a_paid_invoice())


@pytest.mark.parametrize(
    ("change", "subject"),
    [(lines_do_not_add_up, INVOICE), (refund_failed_without_money_coming_back, REFUND)],
    ids=["lines do not add up", "refund failed"],
)
def test_a_posted_document_that_is_none_any_more_is_a_difference_once(
    world: World, change: Callable[[World], None], subject: Subject
) -> None:
    world.stripe.snapshots[REFUND] = a_refund_of(
        a_refund(4_000, moved_at_unix=None), a_paid_invoice()
    )
    world.bring_up_to_date(INVOICE, REFUND)
    for _ in range(2):
        world.clock.advance(60)
        change(world)
        world.bring_up_to_date(subject)
        assert listed(world) == [str(subject)]
    found = world.postings.by_key[str(subject)]
    assert found.state is State.POSTED
    world.postings.put(postings.closed(found, world.clock.now_unix(), "ann", "accepted"))
    world.clock.advance(60)
    world.bring_up_to_date(subject)
    assert listed(world) == []


# --- Older policies -----------------------------------------------------------------------------


def accounts(world: World, key: str) -> list[str]:
    (journal,) = world.ledger.written(key)
    assert isinstance(journal, JournalEntry)
    return [line.account for line in journal.lines]


def refunded(world: World) -> None:
    world.clock.advance(60)
    world.stripe.snapshots[REFUND] = a_refund_of(a_refund(4_000), a_paid_invoice())
    world.bring_up_to_date(REFUND)


def test_a_refund_does_not_need_todays_policy_to_know_its_invoice(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    policy = a_policy(version="policy-2")
    no_default = dataclasses.replace(policy.revenue, default=None)
    publish(world, dataclasses.replace(policy, revenue=no_default))
    refunded(world)
    assert accounts(world, "refund/re_1") == ["4000", "1200"]


def test_a_refund_is_parked_if_nobody_can_tell_where_its_invoice_was_booked(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    publish(world, other_accounts())
    world.policies.ever.clear()
    world.policies.published = world.policies.published[-1:]
    refunded(world)
    assert world.ledger.written("refund/re_1") == []
    assert world.postings.by_key["refund/re_1"].reason is Reason.POLICY_INVALID
    assert "policy-1" in world.postings.by_key["refund/re_1"].reason_text


def test_what_was_found_late_keeps_the_policy_that_it_was_sent_under(world: World) -> None:
    """Intacct knows the control id, but its reading lags behind, and a policy is published."""
    world.ledger.script("invoice/in_1", LostAnswer(executed=True))
    world.bring_up_to_date(INVOICE)
    find = world.ledger.find
    world.ledger.find = lambda _: None  # type: ignore[method-assign, assignment]
    world.clock.advance(600)
    world.bring_up_to_date(INVOICE)
    assert world.postings.by_key["invoice/in_1"].reason is Reason.RECORDED_BUT_NOT_FOUND
    publish(world, other_accounts())
    world.ledger.find = find  # type: ignore[method-assign]
    world.bring_up_to_date(INVOICE)
    assert world.postings.by_key["invoice/in_1"].policy_version == "policy-1"
    refunded(world)
    assert accounts(world, "refund/re_1") == ["4000", "1299"]


def test_an_invoice_over_nothing_that_was_booked_is_taken_back_when_it_is_voided(
    world: World,
) -> None:
    lines = (a_line(10_000), a_line(-10_000, id="il_2", product="prod_usage"))
    world.policies.published = [a_policy(zero_invoices="book")]
    world.stripe.snapshots[INVOICE] = an_invoice(lines=lines)
    world.bring_up_to_date(INVOICE)
    publish(world, a_policy(version="policy-2", zero_invoices="skip"))
    voided = an_invoice(lines=lines, status="void", voided_at_unix=NOON + 90_000)
    world.stripe.snapshots[INVOICE] = voided
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.states()["invoice/in_1/void"] is State.POSTED
