"""Goal: money never settles the wrong invoice because a person mistyped its record number.

Method: the real processor over in-memory ports. The policy cannot book an invoice, a person closes
it with a RECORDNO, and what Intacct has under that number is made right or wrong.
"""

import dataclasses

import pytest

from tests.factories import a_customer, a_paid_invoice, a_payment, a_policy
from tests.unit.services.world import CUSTOMER, INVOICE, World
from tieout.domain.errors import ConfigurationFault, Unavailable
from tieout.domain.postings import State, Worklist
from tieout.domain.reasons import Reason
from tieout.services import metric_names
from tieout.services.operate import Signature, close, reopen, waiting_for
from tieout.services.process import Done, Retry

KEY, RECEIPT = "invoice/in_1", "receipt/inpay_1"
RECORD_NO = "4711"


@pytest.fixture
def world() -> World:
    """An invoice that the policy cannot book, closed with a record number, and its payment."""
    made = World()
    policy = a_policy()
    revenue = dataclasses.replace(policy.revenue, default=None)
    made.policies.published.append(dataclasses.replace(policy, version="policy-2", revenue=revenue))
    made.stripe.snapshots[CUSTOMER] = a_customer()
    made.stripe.snapshots[INVOICE] = a_paid_invoice()
    made.bring_up_to_date(INVOICE)
    close_with(made, RECORD_NO)
    return made


def close_with(world: World, record_no: str | None) -> None:
    signature = Signature("ann", world.clock.now_unix())
    close(world.postings, [KEY], signature, "entered by hand", record_no)
    world.clock.advance(60)


def book_it_after_all(world: World) -> None:
    """Publish a policy under which Tieout could book the invoice itself."""
    world.policies.published.append(a_policy(version="policy-3"))


def sent(world: World) -> list[str]:
    return [each.document.key for each in world.ledger.sent if each.document.key == RECEIPT]


@pytest.mark.parametrize("planned", [False, True], ids=["as a finding", "as a document"])
def test_the_right_record_is_looked_at_before_the_payment_goes_out(
    world: World, *, planned: bool
) -> None:
    world.made_by_hand(RECORD_NO)
    if planned:
        book_it_after_all(world)
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert (world.ledger.checks, sent(world)) == (1, [RECEIPT])
    closed = world.postings.by_key[KEY]
    assert (closed.state, closed.record_no) == (State.CLOSED, RECORD_NO)
    assert (closed.trigger, closed.reason) == ("ann", None), "the evidence stays"
    assert list(world.postings.on_worklist(Worklist.ATTENTION)) == []


def test_it_is_looked_at_once_not_with_each_payment(world: World) -> None:
    world.made_by_hand(RECORD_NO)
    first, second = a_payment(4_000), a_payment(6_000, id="inpay_2")
    world.stripe.snapshots[INVOICE] = a_paid_invoice(payments=(first,))
    world.bring_up_to_date(INVOICE)
    world.clock.advance(60)
    world.stripe.snapshots[INVOICE] = a_paid_invoice(payments=(first, second))
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.states()["receipt/inpay_2"] is State.POSTED
    assert world.ledger.checks == 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"customer_id": "cus_other"}, "cus_other"),
        ({"total_minor": 9_900}, "9900"),
        (None, "Intacct has no AR invoice 4711; expected is one over 100.00 USD"),
    ],
    ids=["another customer's", "over another total", "nobody's"],
)
@pytest.mark.parametrize("planned", [False, True], ids=["as a finding", "as a document"])
def test_a_wrong_record_is_on_the_list_and_no_payment_goes_out(
    world: World, wrong: dict[str, object] | None, told: str, *, planned: bool
) -> None:
    if wrong is not None:
        world.made_by_hand(RECORD_NO, **wrong)  # type: ignore[arg-type]
    if planned:
        book_it_after_all(world)
    for _ in range(2):
        assert isinstance(world.bring_up_to_date(INVOICE)[0], Retry)
        world.clock.advance(60)
    closed = world.postings.by_key[KEY]
    assert (closed.reason, closed.record_no) == (Reason.RECORD_NO_DIFFERS, None)
    assert told in closed.reason_text
    assert "entered by hand" in closed.decision
    assert closed.needs_attention
    assert [each.key for each in waiting_for(world.postings, closed)] == [RECEIPT]
    assert sent(world) == []
    assert world.ledger.written(KEY) == [], "it is never booked beside what was made by hand"
    assert world.ledger.checks == 1


def test_closed_again_with_the_right_record_the_payment_goes_there(world: World) -> None:
    world.made_by_hand(RECORD_NO, 9_900)
    world.made_by_hand("4712")
    world.bring_up_to_date(INVOICE)
    close_with(world, "4712")
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.ledger.sent[-1].record_numbers == {KEY: "4712"}
    assert world.ledger.checks == 2


def test_a_record_that_a_person_insists_on_is_believed(world: World) -> None:
    world.made_by_hand(RECORD_NO, 6_000)
    world.bring_up_to_date(INVOICE)
    close_with(world, RECORD_NO)
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert (world.ledger.checks, sent(world)) == (1, [RECEIPT])


def test_nobody_can_insist_on_a_record_that_there_is_not(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    close_with(world, RECORD_NO)
    world.bring_up_to_date(INVOICE)
    assert world.postings.by_key[KEY].reason is Reason.RECORD_NO_DIFFERS
    assert (world.ledger.checks, sent(world)) == (2, [])


def test_a_second_close_has_its_record_looked_at_too(world: World) -> None:
    world.made_by_hand(RECORD_NO)
    world.stripe.snapshots[INVOICE] = a_paid_invoice(payments=(a_payment(4_000),))
    world.bring_up_to_date(INVOICE)
    signature = Signature("ann", world.clock.now_unix())
    reopen(world.postings, [KEY], signature, record_is_gone=True)
    close_with(world, "999999")
    world.stripe.snapshots[INVOICE] = a_paid_invoice(
        payments=(a_payment(4_000), a_payment(6_000, id="inpay_2"))
    )
    world.bring_up_to_date(INVOICE)
    assert world.postings.by_key[KEY].reason is Reason.RECORD_NO_DIFFERS
    assert world.states()["receipt/inpay_2"] is State.PARKED


@pytest.mark.parametrize(
    ("fault", "counted"),
    [
        (Unavailable("no answer"), None),
        (KeyError("nobody foresaw this"), metric_names.UNEXPECTED_ERROR),
        (
            ConfigurationFault(Reason.PERMISSION_MISSING, "may not read ARINVOICE"),
            metric_names.SESSION_FAILED,
        ),
    ],
    ids=lambda each: type(each).__name__,
)
def test_without_an_answer_the_payment_waits_and_nothing_is_decided(
    world: World, fault: Exception, counted: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.made_by_hand(RECORD_NO)
    before = world.postings.by_key[KEY]

    def fail(_: object) -> None:
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(world.ledger, "check", fail)
        assert isinstance(world.bring_up_to_date(INVOICE)[0], Retry)
    assert world.postings.by_key[KEY] == before
    assert sent(world) == []
    assert counted is None or world.metrics.counts[counted] == 1
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert sent(world) == [RECEIPT]


def test_without_time_the_payment_waits(world: World) -> None:
    world.made_by_hand(RECORD_NO)
    now_unix = world.clock.now_unix()
    (result,) = world.process(world.message(INVOICE), stop_sending_at_unix=now_unix).values()
    assert isinstance(result, Retry)
    assert (world.ledger.checks, sent(world)) == (0, [])
