"""Goal: a sale is booked the way it was decided first, and not before it is known to be one.

Method: the real processor over in-memory ports; charges are read at different ages, and policies
with other modes are published between readings.
"""

import pytest

from tests.factories import (
    a_policy,
    a_refund,
    a_refund_of_sale,
    a_sale,
    selling,
    sold_as_ruled,
)
from tests.fakes.ledger import LostAnswer
from tests.unit.services.world import World, of
from tieout.domain.documents import JournalEntry
from tieout.domain.policy import Policy
from tieout.domain.postings import State, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.sale_policy import SaleMode
from tieout.domain.subjects import SubjectKind
from tieout.services.process import Done, Retry

CHARGE = of(SubjectKind.CHARGE, "ch_1")
REFUND = of(SubjectKind.REFUND, "re_1")
SALE = "sale/pi_1"


@pytest.fixture
def world() -> World:
    made = World()
    made.policies.published = [selling("other_receipt")]
    made.stripe.snapshots[CHARGE] = a_sale()
    return made


def publish(world: World, policy: Policy) -> None:
    world.clock.advance(60)
    world.policies.published.append(policy)


# --- A charge that is too young -----------------------------------------------------------------


@pytest.mark.parametrize(("age_seconds", "pause_seconds"), [(0, 120), (90, 30), (119, 10)])
def test_a_young_charge_is_put_back_until_its_invoice_would_show(
    world: World, age_seconds: int, pause_seconds: int
) -> None:
    created_unix = world.clock.now_unix() - age_seconds
    world.stripe.snapshots[CHARGE] = a_sale(created_unix=created_unix)
    (answer,) = world.bring_up_to_date(CHARGE)
    assert isinstance(answer, Retry)
    assert answer.after_seconds == pause_seconds
    assert world.states() == {}
    world.clock.advance(120 - age_seconds)
    assert world.bring_up_to_date(CHARGE) == [Done()]
    assert world.states() == {SALE: State.POSTED}


def test_a_young_charge_that_shows_its_invoice_need_not_wait(world: World) -> None:
    now_unix = world.clock.now_unix()
    world.stripe.snapshots[CHARGE] = a_sale(created_unix=now_unix, invoices=("in_1",))
    world.bring_up_to_date(CHARGE)
    assert world.postings.by_key[SALE].reason is Reason.NOTHING_TO_BOOK


def test_a_refund_does_not_decide_about_a_young_charge(world: World) -> None:
    young = a_sale(created_unix=world.clock.now_unix())
    world.stripe.snapshots[REFUND] = a_refund_of_sale(a_refund(), young)
    (answer,) = world.bring_up_to_date(REFUND)
    assert isinstance(answer, Retry)
    assert world.states() == {}


# --- The mode stays -----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["daily_summary", "ignore"])
def test_what_was_decided_to_have_no_document_never_gets_one(world: World, mode: SaleMode) -> None:
    world.policies.published = [selling(mode)]
    world.bring_up_to_date(CHARGE)
    decided = world.postings.by_key[SALE]
    publish(world, selling("other_receipt", version="policy-2"))
    world.stripe.snapshots[CHARGE] = a_sale(9_000)  # so that the posting is written again
    for _ in range(2):
        world.clock.advance(60)
        assert world.bring_up_to_date(CHARGE) == [Done()]
        after = world.postings.by_key[SALE]
        assert (after.reason, after.policy_version) == (decided.reason, "policy-1")
        assert after.amount_minor == 9_000
    assert world.ledger.sent == []


def test_a_booked_sale_does_not_move_into_the_days_journal(world: World) -> None:
    world.bring_up_to_date(CHARGE)
    publish(world, selling("daily_summary", version="policy-2"))
    assert world.bring_up_to_date(CHARGE) == [Done()]
    posting = world.postings.by_key[SALE]
    assert (posting.state, posting.policy_version) == (State.POSTED, "policy-1")


def test_an_undecided_sale_is_booked_as_the_next_policy_says(world: World) -> None:
    world.policies.published = [a_policy()]
    assert world.bring_up_to_date(CHARGE) != [Done()]
    publish(world, selling("other_receipt", version="policy-2"))
    assert world.bring_up_to_date(CHARGE) == [Done()]
    assert world.states()[SALE] is State.POSTED


def test_a_decision_under_a_policy_that_cannot_be_read_books_nothing(world: World) -> None:
    world.policies.published = [selling("daily_summary")]
    world.bring_up_to_date(CHARGE)
    publish(world, selling("other_receipt", version="policy-2"))
    world.policies.published = world.policies.published[-1:]
    world.policies.ever.clear()
    assert isinstance(world.bring_up_to_date(CHARGE)[0], Retry)
    assert world.ledger.sent == []
    assert world.postings.by_key[SALE].reason is Reason.IN_DAILY_SUMMARY
    (listed,) = world.postings.on_worklist(Worklist.ATTENTION)
    assert (listed.key, listed.reason) == ("charge/ch_1/unread", Reason.POLICY_INVALID)


def test_a_booked_sale_stays_what_it_is_under_a_policy_that_cannot_be_read(world: World) -> None:
    world.bring_up_to_date(CHARGE)
    world.policies.published, world.policies.ever = [selling("invoice", version="policy-2")], []
    world.clock.advance(60)
    assert world.bring_up_to_date(CHARGE) == [Done()]
    assert world.states() == {SALE: State.POSTED}


def test_a_charge_that_is_edited_between_two_readings_of_a_batch_is_one_sale(world: World) -> None:
    world.policies.published = [sold_as_ruled("other_receipt")]
    edited = a_sale(metadata={"sold_as": "ignore"})
    world.stripe.snapshots[REFUND] = a_refund_of_sale(a_refund(4_000), edited)
    assert world.bring_up_to_date(CHARGE, REFUND) == [Done(), Done()]
    assert world.states() == {SALE: State.POSTED, "refund/re_1": State.POSTED}


def test_the_payment_of_a_sale_by_invoice_follows_whatever_a_rule_says_by_then(
    world: World,
) -> None:
    """Its AR invoice may be there although nobody knows: only the invoice is looked for."""
    world.policies.published = [sold_as_ruled("invoice")]
    world.ledger.script(SALE, LostAnswer(executed=True))
    world.bring_up_to_date(CHARGE)
    world.stripe.snapshots[CHARGE] = a_sale(metadata={"sold_as": "other_receipt"})
    world.clock.advance(600)
    assert world.bring_up_to_date(CHARGE) == [Done()]
    kinds = [type(each).__name__ for each in world.ledger.records.values()]
    assert kinds == ["ArInvoice", "ArPayment"]


# --- Refunds ------------------------------------------------------------------------------------


def test_a_refund_brings_its_sale_along_and_comes_after_it(world: World) -> None:
    world.stripe.snapshots[REFUND] = a_refund_of_sale(a_refund(4_000), a_sale())
    assert world.bring_up_to_date(REFUND) == [Done()]
    assert world.states() == {SALE: State.POSTED, "refund/re_1": State.POSTED}
    assert world.postings.by_key[SALE].subject == CHARGE


def test_a_refund_of_a_summarised_sale_is_of_its_policy(world: World) -> None:
    world.policies.published = [selling("daily_summary")]
    world.bring_up_to_date(CHARGE)
    publish(world, selling("ignore", version="policy-2"))
    world.stripe.snapshots[REFUND] = a_refund_of_sale(a_refund(4_000), a_sale())
    assert world.bring_up_to_date(REFUND) == [Done()]
    (entry,) = world.ledger.written("refund/re_1")
    assert isinstance(entry, JournalEntry)
    assert [line.account for line in entry.lines] == ["4010", "1200"]
