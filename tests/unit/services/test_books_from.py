"""Goal: from the first day on, nothing that was booked by hand is booked again, and what happens to
it since is booked as soon as a person names its record.

Method: the real processor over in-memory ports, under a policy with `books_from`; `close` is the
operator's.
"""

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_customer,
    a_paid_invoice,
    a_payment,
    a_policy,
    a_refund,
    a_refund_of,
    an_invoice,
)
from tests.unit.planning.test_books_from import FROM_NEXT_DAY, LATER, books_from
from tests.unit.services.world import CUSTOMER, INVOICE, REFUND, World
from tieout.domain.postings import State, Worklist
from tieout.domain.reasons import Reason
from tieout.services.operate import Signature, close
from tieout.services.process import Done, Retry

RECORD_NO = "4711"


@pytest.fixture
def world() -> World:
    made = World()
    made.policies.published.append(books_from(FROM_NEXT_DAY))
    made.stripe.snapshots[CUSTOMER] = a_customer()
    return made


def listed(world: World) -> dict[str, Reason | None]:
    every = [each for worklist in Worklist for each in world.postings.on_worklist(worklist)]
    return {each.key: each.reason for each in every}


def close_with_record_no(world: World, key: str) -> None:
    signature = Signature("controller", world.clock.now_unix())
    close(world.postings, [key], signature, "was booked by hand", RECORD_NO)
    world.made_by_hand(RECORD_NO)
    world.clock.advance(60)


def test_an_untouched_invoice_is_on_no_list_and_the_poller_has_its_state(world: World) -> None:
    world.stripe.snapshots[INVOICE] = an_invoice()
    assert world.bring_up_to_date(INVOICE) == [Done()]
    posting = world.postings.by_key["invoice/in_1"]
    assert (posting.state, posting.reason) == (State.NOT_BOOKED, Reason.BEFORE_BOOKS)
    assert posting.source_state == "open:0:10000"
    assert listed(world) == {}
    assert world.ledger.records == {}


def test_a_receipt_is_booked_against_the_record_that_a_person_names(world: World) -> None:
    world.stripe.snapshots[INVOICE] = an_invoice()
    world.bring_up_to_date(INVOICE)
    world.clock.advance(60)
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    assert isinstance(world.bring_up_to_date(INVOICE)[0], Retry)
    assert listed(world) == {
        "invoice/in_1": Reason.RECORD_NO_MISSING,
        "receipt/inpay_1": Reason.WAITS_FOR_PARKED,
    }
    close_with_record_no(world, "invoice/in_1")
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.states()["receipt/inpay_1"] is State.POSTED
    assert world.ledger.written("invoice/in_1") == []
    sent = {each.document.key: each for request in world.ledger.requests for each in request}
    assert dict(sent["receipt/inpay_1"].record_numbers) == {"invoice/in_1": RECORD_NO}
    assert listed(world) == {}


@pytest.mark.parametrize("paid_minor", [0, 4_000], ids=["reversed", "credited"])
def test_a_void_is_booked_against_the_record_that_a_person_names(
    world: World, paid_minor: int
) -> None:
    before = (a_payment(paid_minor, paid_at_unix=NOON),) if paid_minor else ()
    world.stripe.snapshots[INVOICE] = an_invoice(
        status="void", voided_at_unix=NOON + DAY_SECONDS, payments=before
    )
    assert isinstance(world.bring_up_to_date(INVOICE)[0], Retry)
    close_with_record_no(world, "invoice/in_1")
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.states()["invoice/in_1/void"] is State.POSTED
    assert world.ledger.written("invoice/in_1") == []
    assert listed(world) == {}


def test_a_refund_says_which_record_it_needs_and_is_booked_then(world: World) -> None:
    world.policies.published.append(books_from(FROM_NEXT_DAY, version="policy-2"))
    invoice = a_paid_invoice(payments=(a_payment(paid_at_unix=NOON),))
    world.stripe.snapshots[REFUND] = a_refund_of(a_refund(), invoice)
    assert isinstance(world.bring_up_to_date(REFUND)[0], Retry)
    assert listed(world) == {"refund/re_1": Reason.RECORD_NO_MISSING}
    text = world.postings.by_key["refund/re_1"].reason_text
    assert text == (
        "refund/re_1 waits for invoice/in_1, which is dated 2026-11-02, before `books_from` "
        "(2026-11-03)"
    )
    close_with_record_no(world, "invoice/in_1")
    assert world.bring_up_to_date(REFUND) == [Done()]
    assert world.states()["refund/re_1"] is State.POSTED
    assert listed(world) == {}


def test_a_failure_is_booked_once_the_refund_made_by_hand_is_named(world: World) -> None:
    world.policies.published.append(books_from(LATER, version="policy-2"))
    refund = a_refund(status="failed", returned_at_unix=NOON + 40 * DAY_SECONDS)
    world.stripe.snapshots[REFUND] = a_refund_of(refund, a_paid_invoice())
    assert isinstance(world.bring_up_to_date(REFUND)[0], Retry)
    assert listed(world) == {
        "refund/re_1": Reason.RECORD_NO_MISSING,
        "refund/re_1/failed": Reason.WAITS_FOR_PARKED,
    }
    close_with_record_no(world, "refund/re_1")
    assert world.bring_up_to_date(REFUND) == [Done()]
    assert world.states()["refund/re_1/failed"] is State.POSTED
    assert world.ledger.written("refund/re_1") == []


def test_a_customer_on_its_own_account_is_not_held_up(world: World) -> None:
    assert world.bring_up_to_date(CUSTOMER) == [Done()]
    assert world.states() == {"customer/cus_1": State.POSTED}


def test_a_later_day_in_a_new_policy_takes_nothing_back(world: World) -> None:
    world.policies.published.append(a_policy(version="policy-2"))
    world.stripe.snapshots[INVOICE] = a_paid_invoice(payments=(a_payment(4_000),))
    world.bring_up_to_date(INVOICE)
    world.policies.published.append(books_from(LATER, version="policy-3"))
    world.clock.advance(60)
    late = a_payment(6_000, id="inpay_2", paid_at_unix=NOON + 40 * DAY_SECONDS)
    world.stripe.snapshots[INVOICE] = a_paid_invoice(payments=(a_payment(4_000), late))
    assert world.bring_up_to_date(INVOICE) == [Done()]
    states = world.states()
    assert states["invoice/in_1"] is states["receipt/inpay_1"] is State.POSTED
    assert states["receipt/inpay_2"] is State.POSTED
    assert listed(world) == {}


def test_a_void_that_is_booked_stays_so_whatever_a_new_policy_says(world: World) -> None:
    world.policies.published.append(a_policy(version="policy-2"))
    world.stripe.snapshots[INVOICE] = an_invoice(status="void", voided_at_unix=NOON + 1)
    world.bring_up_to_date(INVOICE)
    world.policies.published.append(books_from(LATER, version="policy-3"))
    world.clock.advance(60)
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.states()["invoice/in_1/void"] is State.POSTED
    assert listed(world) == {}, "it is no difference that Stripe calls for it no more"


def test_an_earlier_day_in_a_new_policy_books_what_is_looked_at_again(world: World) -> None:
    world.stripe.snapshots[INVOICE] = an_invoice()
    world.bring_up_to_date(INVOICE)
    world.policies.published.append(a_policy(version="policy-2"))
    world.clock.advance(60)
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.states()["invoice/in_1"] is State.POSTED
