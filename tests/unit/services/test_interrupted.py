"""Goal: what was interrupted, overtaken or answered too late is neither forgotten nor doubled.

Method: the real processor over in-memory ports; a delivery is cut short in the ways that the cloud
knows, or another worker gets in between, and later deliveries must bring the books up to date.
"""

from collections.abc import Mapping, Sequence

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_charge,
    a_customer,
    a_line,
    a_paid_invoice,
    a_payment,
    a_refund,
    a_refund_of,
    an_invoice,
)
from tests.fakes.ledger import LostAnswer
from tests.unit.services.test_older_policies import lines, other_accounts, publish
from tests.unit.services.world import (
    CUSTOMER,
    DELIVERIES,
    INVOICE,
    REFUND,
    World,
    again,
    deliver,
    of,
)
from tieout.domain import postings
from tieout.domain.errors import ConfigurationFault
from tieout.domain.postings import State, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import InvoiceSnapshot, Snapshot
from tieout.services.ports import NotAccepted, NotExecuted, Outcome, Submission
from tieout.services.process import Done, Retry

CHARGE = of(SubjectKind.CHARGE, "ch_1")


def paid_twice() -> InvoiceSnapshot:
    """An invoice of which the second payment finds nothing left to settle: that one is parked."""
    second = a_payment(id="inpay_2", payment_intent="pi_2", paid_at_unix=NOON + 2 * DAY_SECONDS)
    return a_paid_invoice(payments=(a_payment(), second))


def wrong_password(_: Sequence[Submission]) -> Mapping[str, Outcome]:
    raise ConfigurationFault(Reason.INTACCT_SIGN_IN, "wrong password")


@pytest.mark.parametrize("trouble", ["throttled", "wrong password", "out of time"])
def test_what_was_never_begun_is_not_forgotten_for_what_is_parked(
    world: World, trouble: str
) -> None:
    world.stripe.snapshots[INVOICE] = paid_twice()
    message = world.message(INVOICE)
    world.clock.advance(1)
    stop_at_unix = world.clock.now_unix() if trouble == "out of time" else None
    submit = world.ledger.submit
    if trouble == "wrong password":
        world.ledger.submit = wrong_password  # type: ignore[method-assign, assignment]
    if trouble == "throttled":
        world.ledger.script("customer/cus_1", NotExecuted("slow down"))
    world.process(message, stop_sending_at_unix=stop_at_unix)
    world.ledger.submit = submit  # type: ignore[method-assign]
    world.clock.advance(600)
    world.process(again(message))
    assert world.states()["receipt/inpay_1"] is State.POSTED
    assert world.states()["receipt/inpay_2"] is State.PARKED


def test_a_refund_whose_invoice_has_a_refused_receipt_asks_once(world: World) -> None:
    refusals = [NotAccepted(Reason.PERIOD_CLOSED, "closed")] * 2 * DELIVERIES
    world.ledger.script("receipt/inpay_1", *refusals)
    world.bring_up_to_date(INVOICE)
    world.stripe.snapshots[REFUND] = a_refund_of(a_refund(4_000), a_paid_invoice())
    sent, reads = len(world.ledger.sent), world.stripe.reads
    deliver(world, REFUND)
    assert (len(world.ledger.sent) - sent, world.stripe.reads - reads) == (2, 1)


def test_each_event_of_a_renumbered_customer_asks_once(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    renumbered = a_customer(metadata={"intacct_customer_id": "C-2"})
    world.stripe.snapshots[CUSTOMER] = renumbered
    reads = world.stripe.reads
    for events in (1, 2):
        world.clock.advance(60)
        deliver(world, CUSTOMER)
        assert world.stripe.reads - reads == events


def test_a_charge_whose_first_delivery_came_to_nothing_asks_once(world: World) -> None:
    world.stripe.snapshots[CHARGE] = a_charge(invoices=("in_1",))
    odd = a_paid_invoice(lines=(a_line(9_000),), total_minor=10_000)
    world.stripe.snapshots[INVOICE] = odd
    world.bring_up_to_date(INVOICE)
    reads = world.stripe.reads
    deliver(world, CHARGE, first=2)
    assert world.stripe.reads - reads <= 2


def test_a_closed_invoice_of_a_refused_customer_sends_it_once(world: World) -> None:
    refusals = [NotAccepted(Reason.INTACCT_REFUSED, "no country")] * 2 * DELIVERIES
    world.ledger.script("customer/cus_1", *refusals)
    world.stripe.snapshots[INVOICE] = an_invoice()
    world.bring_up_to_date(INVOICE)
    waiting = world.postings.by_key["invoice/in_1"]
    world.postings.put(postings.closed(waiting, world.clock.now_unix(), "ann", "by hand"))
    sent = len(world.ledger.sent)
    deliver(world, INVOICE)
    assert len(world.ledger.sent) - sent == 1


def test_an_older_reading_hides_nothing_that_a_newer_one_recorded(world: World) -> None:
    older = a_refund_of(a_refund(4_000, status="pending", moved_at_unix=None))
    world.stripe.snapshots[REFUND] = a_refund_of(a_refund(4_000))
    read = world.stripe.snapshot

    def slow(_: Subject) -> Snapshot:
        world.stripe.snapshot = read  # type: ignore[method-assign]
        world.clock.advance(5)
        world.bring_up_to_date(REFUND)
        return older

    world.stripe.snapshot = slow  # type: ignore[method-assign, assignment]
    assert isinstance(world.bring_up_to_date(REFUND)[0], Retry)
    listed = [each.key for each in world.postings.on_worklist(Worklist.NOT_BOOKED)]
    assert listed == ["refund/re_1"]


def test_what_is_planned_as_of_before_takes_back_what_was_booked_as_of_today(
    world: World,
) -> None:
    """A policy is published, undone and published again, while a refund's answer is lost."""
    first, second = world.policies.published[0], other_accounts()
    publish(world, second)
    world.policies.ever = [first]
    world.bring_up_to_date(INVOICE)
    publish(world, first)
    world.stripe.snapshots[REFUND] = a_refund_of(a_refund(4_000), a_paid_invoice())
    world.ledger.script("refund/re_1", LostAnswer(executed=False))
    world.bring_up_to_date(REFUND)
    publish(world, second)
    world.clock.advance(600)
    assert world.bring_up_to_date(REFUND) == [Done()]
    assert lines(world, "refund/re_1")[0] == ("4999", 4_000)


def test_what_intacct_says_it_has_is_not_hidden_by_a_finding(world: World) -> None:
    world.stripe.snapshots[REFUND] = a_refund_of(
        a_refund(4_000, moved_at_unix=None), a_paid_invoice()
    )
    world.bring_up_to_date(INVOICE)
    world.ledger.script("refund/re_1", LostAnswer(executed=True))
    world.bring_up_to_date(REFUND)
    world.ledger.find = lambda _: None  # type: ignore[method-assign, assignment]
    world.clock.advance(600)
    world.bring_up_to_date(REFUND)
    assert world.postings.by_key["refund/re_1"].reason is Reason.RECORDED_BUT_NOT_FOUND
    world.clock.advance(60)
    world.stripe.snapshots[REFUND] = a_refund_of(
        a_refund(4_000, moved_at_unix=None, status="failed"), a_paid_invoice()
    )
    assert isinstance(world.bring_up_to_date(REFUND)[0], Retry)
    listed = [each.key for each in world.postings.on_worklist(Worklist.ATTENTION)]
    assert listed == ["refund/re_1"]


def test_what_was_made_by_hand_under_our_number_says_what_it_holds(world: World) -> None:
    world.ledger.script("invoice/in_1", NotAccepted(Reason.UNKNOWN_ACCOUNT, "no 4000"))
    world.stripe.snapshots[INVOICE] = an_invoice(total_minor=10_000, lines=(a_line(9_000),))
    world.bring_up_to_date(INVOICE)
    parked = world.postings.by_key["invoice/in_1"]
    assert parked.digest == ""
    world.postings.put(postings.closed(parked, world.clock.now_unix(), "ann", "by mistake"))
    closed = world.postings.by_key["invoice/in_1"]
    world.postings.put(postings.reopened(closed, world.clock.now_unix(), "ann", "again"))
    world.stripe.snapshots[INVOICE] = an_invoice()
    other = World(stripe=world.stripe)
    other.bring_up_to_date(INVOICE)
    (by_hand,) = other.ledger.written("invoice/in_1")
    world.ledger.exists(by_hand)
    world.clock.advance(60)
    assert world.bring_up_to_date(INVOICE) == [Done()]
    found = world.postings.by_key["invoice/in_1"]
    assert (found.is_open_invoice, found.differs) == (True, False)
    assert len(world.ledger.written("invoice/in_1")) == 1
