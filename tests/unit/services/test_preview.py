"""Goal: a preview says exactly what the processor would do, and does none of it.

Method: the world of the processor's tests; what was previewed is compared with what is booked then.
"""

import dataclasses

import pytest

from tests.factories import (
    NOON,
    a_charge,
    a_line,
    a_paid_invoice,
    a_policy,
    a_refund,
    a_refund_of,
    a_sale,
    an_invoice,
    selling,
)
from tests.unit.services.day_world import DAY, charged
from tests.unit.services.day_world import world as days_world
from tests.unit.services.world import CUSTOMER, INVOICE, REFUND, World, of
from tieout.domain import postings as posting_states
from tieout.domain.documents import CashAccount, digest
from tieout.domain.errors import ConfigurationFault, Unavailable
from tieout.domain.policy import Policy
from tieout.domain.postings import State
from tieout.domain.reasons import Reason
from tieout.domain.sale_policy import SaleRules
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.ports import NotAccepted
from tieout.services.preview import (
    SUBJECTS_AT_ONCE,
    Change,
    Difference,
    Pinned,
    Preview,
    Previewer,
)

REVENUE = "4000 location=100"


def previews(world: World, *subjects: Subject) -> list[Preview]:
    policies = Pinned(world.policies.current(), world.policies)
    return list(Previewer(world.stripe, world.postings, policies, world.clock).preview(subjects))


def preview(world: World, subject: Subject = INVOICE, policy: Policy | None = None) -> Preview:
    policies = Pinned(policy or world.policies.current(), world.policies)
    previewer = Previewer(world.stripe, world.postings, policies, world.clock)
    (made,) = previewer.preview([subject])
    return made


def changes(made: Preview) -> dict[str, Change]:
    return {each.key: each.change for each in made.items}


@pytest.fixture
def world() -> World:
    world = World()
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    return world


def test_what_is_not_posted_is_new_and_nothing_is_written(world: World) -> None:
    made = preview(world)
    assert changes(made) == {
        "customer/cus_1": Change.NEW,
        "invoice/in_1": Change.NEW,
        "receipt/inpay_1": Change.NEW,
    }
    assert (world.postings.history, world.ledger.requests) == ([], [])


def test_what_was_previewed_is_what_is_sent(world: World) -> None:
    promised = preview(world).to_send()
    world.bring_up_to_date(INVOICE)
    assert {each.document.key: digest(each.document) for each in world.ledger.sent} == promised


def test_what_is_posted_the_same_is_said_to_be(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    assert set(changes(preview(world)).values()) == {Change.POSTED}
    assert preview(world).to_send() == {}


def test_lines_that_differ_from_what_is_posted_are_named(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    world.stripe.snapshots[INVOICE] = a_paid_invoice(lines=(a_line(12_000),))
    items = {each.key: each for each in preview(world).items}
    assert items["invoice/in_1"].change is Change.DIFFERS
    assert items["invoice/in_1"].differences == [
        Difference(REVENUE, -10_000, -12_000),
        Difference("accounts receivable", 10_000, 12_000),
    ]


def test_other_words_on_the_same_lines_are_told_from_other_lines(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    world.stripe.snapshots[INVOICE] = a_paid_invoice(lines=(a_line(description="Other words"),))
    (item,) = (each for each in preview(world).items if each.key == "invoice/in_1")
    assert (item.change, item.differences) == (Change.DIFFERS, [])
    assert item.text == "the same amounts on the same accounts; texts, numbers or names differ"


def test_another_day_is_named(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    world.stripe.snapshots[INVOICE] = a_paid_invoice(effective_at_unix=NOON - 86_400)
    (item,) = (each for each in preview(world).items if each.key == "invoice/in_1")
    assert item.text == "posted on 2026-11-02, now dated 2026-11-01"


def test_a_customer_whose_name_changed_would_be_amended(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    invoice = a_paid_invoice()
    assert invoice.customer is not None
    renamed = dataclasses.replace(invoice.customer, name="Ada & Sons")
    world.stripe.snapshots[CUSTOMER] = renamed
    assert changes(preview(world, CUSTOMER)) == {"customer/cus_1": Change.AMENDED}


def test_what_hangs_on_something_parked_waits_for_it(world: World) -> None:
    no_default = dataclasses.replace(a_policy().revenue, default=None)
    made = preview(world, policy=a_policy(revenue=no_default))
    assert changes(made)["invoice/in_1"] is Change.PARKED
    (receipt,) = (each for each in made.items if each.key == "receipt/inpay_1")
    assert receipt.change is Change.WAITS
    assert receipt.text == "waits for invoice/in_1, which is not posted"
    assert made.to_send().keys() == {"customer/cus_1"}


def test_what_others_hang_on_comes_first_booked_or_not(world: World) -> None:
    no_default = dataclasses.replace(a_policy().revenue, default=None)
    made = preview(world, policy=a_policy(revenue=no_default))
    assert list(changes(made)) == ["customer/cus_1", "invoice/in_1", "receipt/inpay_1"]


def test_a_customer_that_intacct_had_before_stays_as_it_is(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    posted = world.postings.by_key["customer/cus_1"]
    world.postings.by_key[posted.key] = dataclasses.replace(posted, adopted=True)
    customer, invoice, _ = preview(world).items
    assert (customer.key, customer.change, customer.stays_as_it_is) == (
        "customer/cus_1",
        Change.POSTED,
        True,
    )
    assert not invoice.stays_as_it_is
    kept_up = a_policy(customers=dataclasses.replace(a_policy().customers, amend_adopted=True))
    assert not preview(world, policy=kept_up).items[0].stays_as_it_is


def test_what_intacct_refused_would_be_tried_again(world: World) -> None:
    world.ledger.script("invoice/in_1", NotAccepted(Reason.UNKNOWN_ACCOUNT, "no 4000"))
    world.bring_up_to_date(INVOICE)
    made = {each.key: each for each in preview(world).items}
    assert made["invoice/in_1"].change is Change.NEW
    assert made["invoice/in_1"].posting == world.postings.by_key["invoice/in_1"]


def test_what_may_have_been_sent_is_in_doubt_and_what_is_being_sent_is_under_way(
    world: World,
) -> None:
    world.bring_up_to_date(INVOICE)
    posting = world.postings.by_key["receipt/inpay_1"]
    for state, lease, change in (
        (State.UNKNOWN, 0, Change.IN_DOUBT),
        (State.SENDING, world.clock.now_unix() + 60, Change.UNDER_WAY),
    ):
        world.postings.by_key["receipt/inpay_1"] = dataclasses.replace(
            posting, state=state, record_no=None, lease_expires_at_unix=lease
        )
        assert changes(preview(world))["receipt/inpay_1"] is change


def test_what_a_person_closed_stays_closed(world: World) -> None:
    world.ledger.script("receipt/inpay_1", NotAccepted(Reason.OVER_APPLICATION, "no"))
    world.bring_up_to_date(INVOICE)
    parked = world.postings.by_key["receipt/inpay_1"]
    closed = posting_states.closed(parked, world.clock.now_unix(), "ada", "by hand", "77")
    world.postings.put(closed)
    assert changes(preview(world))["receipt/inpay_1"] is Change.CLOSED


def test_a_refund_comes_with_its_invoice_as_context(world: World) -> None:
    world.stripe.snapshots[REFUND] = a_refund_of(a_refund(), a_paid_invoice())
    made = preview(world, REFUND)
    assert changes(made) == {"refund/re_1": Change.NEW}
    assert {each.key for each in made.context} == {
        "customer/cus_1",
        "invoice/in_1",
        "receipt/inpay_1",
    }
    assert made.to_send().keys() == {each.key for each in made.everything}


def test_another_policy_can_be_asked_about_without_moving_what_is_booked(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    other = a_policy(version="what-if", clearing={**a_policy().clearing, "usd": _other_cash()})
    assert set(changes(preview(world, policy=other)).values()) == {Change.POSTED}
    world.postings.by_key.clear()
    (receipt,) = (e for e in preview(world, policy=other).items if e.key == "receipt/inpay_1")
    assert receipt.policy_version == "what-if"


def _other_cash() -> CashAccount:
    return dataclasses.replace(a_policy().clearing["usd"], account="1999")


def test_what_stripe_does_not_have_is_told_with_its_reason(world: World) -> None:
    made = preview(world, Subject(SubjectKind.INVOICE, "in_none"))
    assert changes(made) == {"invoice/in_none": Change.PARKED}
    world.stripe.snapshots[INVOICE] = Unavailable("Stripe is down")
    unread = preview(world)
    assert changes(unread) == {"invoice/in_1/unread": Change.PARKED}
    assert unread.text == "Stripe is down"


def test_a_key_that_stripe_refuses_ends_it(world: World) -> None:
    world.stripe.snapshots[INVOICE] = ConfigurationFault(Reason.STRIPE_KEY, "wrong key")
    with pytest.raises(ConfigurationFault, match="wrong key"):
        preview(world)


def test_only_some_subjects_are_held_at_a_time(world: World) -> None:
    subjects = [Subject(SubjectKind.INVOICE, f"in_{n}") for n in range(SUBJECTS_AT_ONCE + 1)]
    for each in subjects:
        world.stripe.snapshots[each] = an_invoice(id=each.id)
    policies = Pinned(world.policies.current(), world.policies)
    previews = Previewer(world.stripe, world.postings, policies, world.clock).preview(subjects)
    next(previews)
    assert world.stripe.reads == SUBJECTS_AT_ONCE
    assert len(list(previews)) == SUBJECTS_AT_ONCE


# --- Days of the balance ------------------------------------------------------------------------


@pytest.mark.parametrize("after_its_charge", [True, False])
def test_a_day_comes_with_the_sales_that_it_would_sum_up(*, after_its_charge: bool) -> None:
    world = days_world(charged())
    world.policies.published = [selling("daily_summary")]
    charge = [of(SubjectKind.CHARGE, "ch_1")] if after_its_charge else []
    *_, day = previews(world, *charge, DAY)
    assert [each.key for each in day.items] == [f"{DAY}/usd/sales"]
    assert day.items[0].change is Change.NEW
    assert world.stripe.reads == 2
    assert world.states() == {}


def test_a_charge_that_pays_an_invoice_or_is_parked_is_not_in_its_days_journal() -> None:
    world = days_world(charged(1), charged(2))
    sales = SaleRules("daily_summary", category="services")
    world.policies.published = [a_policy(sales=sales)]
    paying, odd = (of(SubjectKind.CHARGE, each) for each in ("ch_1", "ch_2"))
    world.stripe.snapshots[paying] = a_charge(
        payment_intent="pi_1", invoices=("in_1",), movement=charged()
    )
    metadata = {"revenue_category": "nobody knows"}
    world.stripe.snapshots[odd] = a_sale(id="ch_2", payment_intent="pi_2", metadata=metadata)
    (day,) = previews(world, DAY)
    assert [each.key for each in day.items] == [str(DAY)]
    assert day.items[0].change is Change.NOT_BOOKED
