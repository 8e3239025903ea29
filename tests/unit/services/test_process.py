"""Goal: a batch of messages brings the books up to date once, whatever goes wrong on the way.

Method: the real processor over in-memory ports; assertions on what is in the ledger and on the
postings, never on calls. The last test crashes at every outside call of a scenario, one at a time.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar

import pytest

from tests.factories import (
    NOON,
    a_charge,
    a_customer,
    a_line,
    a_paid_invoice,
    a_policy,
    a_refund,
    a_refund_of,
    an_invoice,
    an_other,
)
from tests.fakes.ledger import FakeLedger, LostAnswer
from tests.unit.services.world import CUSTOMER, INVOICE, LEASE_SECONDS, REFUND, World, again, of
from tieout.domain.documents import ArInvoice, CashAccount, Customer, JournalEntry
from tieout.domain.errors import ConfigurationFault, LeaseHeld, Refused, Unavailable
from tieout.domain.policy import Policy
from tieout.domain.postings import State, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.subjects import SubjectKind
from tieout.services import metric_names
from tieout.services.ports import NotAccepted, NotExecuted, Outcome, Submission
from tieout.services.process import Done, ReceivedMessage, Retry


def test_a_paid_invoice_is_booked_in_dependency_order_one_request_a_wave(world: World) -> None:
    assert world.bring_up_to_date(INVOICE) == [Done()]
    waves = [[type(each.document).__name__ for each in wave] for wave in world.ledger.requests]
    assert waves == [["Customer"], ["ArInvoice"], ["ArPayment"]]
    assert set(world.states().values()) == {State.POSTED}
    assert world.ledger.finds == 0


def test_doing_it_again_sends_nothing(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    sent = len(world.ledger.sent)
    assert world.bring_up_to_date(INVOICE, CUSTOMER) == [Done(), Done()]
    assert len(world.ledger.sent) == sent


def test_messages_of_one_subject_are_read_once(world: World) -> None:
    assert world.bring_up_to_date(INVOICE, INVOICE, INVOICE) == [Done()] * 3
    assert world.stripe.reads == 1


def test_subjects_travel_in_the_same_requests(world: World) -> None:
    for number in range(2, 5):
        customer = a_customer(id=f"cus_{number}")
        world.stripe.snapshots[of(SubjectKind.INVOICE, f"in_{number}")] = an_invoice(
            id=f"in_{number}", number=f"ACME-{number}", customer=customer
        )
    world.bring_up_to_date(*(of(SubjectKind.INVOICE, f"in_{number}") for number in range(1, 5)))
    assert [len(wave) for wave in world.ledger.requests] == [4, 4, 1]


def test_a_charge_leads_to_its_invoices(world: World) -> None:
    charge = of(SubjectKind.CHARGE, "ch_1")
    world.stripe.snapshots[charge] = a_charge(invoices=("in_1",))
    assert world.bring_up_to_date(charge) == [Done()]
    assert world.states()["receipt/inpay_1"] is State.POSTED


def test_a_refund_before_its_invoice_brings_the_invoice_along(world: World) -> None:
    world.stripe.snapshots[REFUND] = a_refund_of(a_refund(), a_paid_invoice())
    assert world.bring_up_to_date(REFUND) == [Done()]
    assert world.states()["invoice/in_1"] is State.POSTED
    assert len(world.ledger.written("refund/re_1")) == 1
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert len(world.ledger.written("invoice/in_1")) == 1


def test_what_is_not_planned_yet_is_recorded_and_done(world: World) -> None:
    payout = of(SubjectKind.PAYOUT, "po_1")
    world.stripe.snapshots[payout] = an_other(id="po_1", kind="payout")
    assert world.bring_up_to_date(payout) == [Done()]
    posting = world.postings.by_key["payout/po_1"]
    assert posting.state is State.NOT_BOOKED
    assert posting.reason is Reason.NOT_YET_PLANNED
    writes = len(world.postings.history)
    world.bring_up_to_date(payout)
    assert len(world.postings.history) == writes, "saying it again writes nothing"


def unmapped() -> Policy:
    policy = a_policy()
    return dataclasses.replace(policy, revenue=dataclasses.replace(policy.revenue, default=None))


def test_a_parked_invoice_keeps_its_receipt_waiting_and_both_are_booked_after_the_fix(
    world: World,
) -> None:
    world.policies.published = [unmapped()]
    message = world.message(INVOICE)
    assert isinstance(world.process(message)["message-1"], Retry)
    assert world.states()["invoice/in_1"] is State.PARKED
    assert world.postings.by_key["receipt/inpay_1"].reason is Reason.WAITS_FOR_PARKED
    world.policies.published.append(dataclasses.replace(a_policy(), version="policy-2"))
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.states()["receipt/inpay_1"] is State.POSTED
    assert world.postings.by_key["invoice/in_1"].policy_version == "policy-2"


def test_a_parked_message_fails_again_without_asking_anyone(world: World) -> None:
    world.policies.published = [unmapped()]
    message = world.message(INVOICE)
    world.clock.advance(1)
    world.process(message)
    reads, requests = world.stripe.reads, len(world.ledger.requests)
    for _ in range(5):
        message = again(message)
        assert world.process(message)[message.message_id] == Retry(
            0, "parked before, nothing changed"
        )
    assert (world.stripe.reads, len(world.ledger.requests)) == (reads, requests)


def test_a_redriven_message_is_tried_again_though_nothing_changed_here(world: World) -> None:
    refusal = NotAccepted(Reason.PERIOD_CLOSED, "closed")
    world.ledger.script("invoice/in_1", refusal)
    first = world.message(INVOICE)
    world.clock.advance(1)
    world.process(first)
    assert world.states()["invoice/in_1"] is State.REJECTED
    world.clock.advance(60)
    redriven = again(world.message(INVOICE))
    assert world.process(redriven)[redriven.message_id] == Done()
    assert len(world.ledger.written("invoice/in_1")) == 1


def test_a_poison_message_does_not_stop_its_neighbours(world: World) -> None:
    bad = of(SubjectKind.INVOICE, "in_bad")
    world.stripe.snapshots[bad] = KeyError("nobody foresaw this")
    results = world.bring_up_to_date(bad, INVOICE)
    assert isinstance(results[0], Retry)
    assert results[1] == Done()
    assert world.metrics.counts[metric_names.UNEXPECTED_ERROR] == 1


def test_an_unforeseen_error_is_parked_in_the_end(world: World) -> None:
    world.stripe.snapshots[INVOICE] = KeyError("nobody foresaw this")
    message = dataclasses.replace(world.message(INVOICE), receive_count=3)
    world.process(message)
    assert world.postings.by_key["invoice/in_1"].reason is Reason.UNEXPECTED_ERROR


def test_an_unforeseen_error_while_sending_is_kept_to_its_own_subject(world: World) -> None:
    other = of(SubjectKind.CUSTOMER, "cus_2")
    world.stripe.snapshots[other] = a_customer(id="cus_2", name="Poison")
    submit = world.ledger.submit

    def explode(submissions: Sequence[Submission]) -> Mapping[str, Outcome]:
        if any(getattr(each.document, "name", "") == "Poison" for each in submissions):
            raise RuntimeError("encoder")
        return submit(submissions)

    world.ledger.submit = explode  # type: ignore[method-assign]
    results = world.bring_up_to_date(other, INVOICE)
    assert isinstance(results[0], Retry)
    assert results[1] == Done()
    assert world.states()["customer/cus_2"] is State.UNKNOWN


def test_what_an_unforeseen_error_may_have_left_executed_stays_in_doubt(world: World) -> None:
    """That nothing more is sent now says nothing about what was sent before."""
    other = of(SubjectKind.CUSTOMER, "cus_2")
    world.stripe.snapshots[other] = a_customer(id="cus_2")
    submit = world.ledger.submit

    def executed_and_then_throttled(submissions: Sequence[Submission]) -> Mapping[str, Outcome]:
        if len(submissions) == 1:
            return {each.control_id: NotExecuted("HTTP 429") for each in submissions}
        submit(submissions)
        raise RuntimeError("reply")

    world.ledger.submit = executed_and_then_throttled  # type: ignore[method-assign]
    world.bring_up_to_date(CUSTOMER, other)
    assert set(world.states().values()) == {State.UNKNOWN}


@pytest.mark.parametrize("executed", [True, False])
def test_after_a_lost_answer_the_document_is_looked_up_and_posted_once(
    world: World, executed: bool
) -> None:
    world.ledger.script("receipt/inpay_1", LostAnswer(executed=executed))
    message = world.message(INVOICE)
    result = world.process(message)[message.message_id]
    assert isinstance(result, Retry)
    assert result.after_seconds >= 30
    assert world.states()["receipt/inpay_1"] is State.UNKNOWN
    assert world.process(again(message))[message.message_id] == Done()
    assert len(world.ledger.written("receipt/inpay_1")) == 1
    assert world.ledger.finds == 1
    control_ids = {each.control_id for each in world.ledger.sent if "receipt" in each.control_id}
    assert len(control_ids) == 1


def test_a_send_of_another_worker_is_waited_for(world: World) -> None:
    world.ledger.script("customer/cus_1", LostAnswer(executed=True))
    world.process(world.message(CUSTOMER))
    stuck = dataclasses.replace(
        world.postings.by_key["customer/cus_1"],
        state=State.SENDING,
        lease_expires_at_unix=world.clock.now_unix() + 100,
    )
    world.postings.by_key["customer/cus_1"] = stuck
    assert isinstance(world.bring_up_to_date(INVOICE)[0], Retry)
    assert world.ledger.finds == 0
    world.clock.advance(101)
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert len(world.ledger.written("customer/cus_1")) == 1


def test_an_existing_customer_is_adopted_and_left_as_it_is(world: World) -> None:
    record_no = world.ledger.exists(
        Customer("manual", "cus_1", "", "Known for years", contact=None)  # type: ignore[arg-type]
    )
    assert world.bring_up_to_date(CUSTOMER) == [Done()]
    posting = world.postings.by_key["customer/cus_1"]
    assert (posting.record_no, posting.adopted) == (record_no, True)
    world.stripe.snapshots[CUSTOMER] = a_customer(name="Renamed in Stripe")
    assert world.bring_up_to_date(CUSTOMER) == [Done()]
    assert world.ledger.records[record_no].name == "Known for years"  # type: ignore[union-attr]


def test_a_customer_of_ours_follows_stripe(world: World) -> None:
    world.bring_up_to_date(CUSTOMER)
    world.clock.advance(10)
    world.stripe.snapshots[CUSTOMER] = a_customer(name="Renamed in Stripe")
    assert world.bring_up_to_date(CUSTOMER) == [Done()]
    names = [each.name for each in world.ledger.records.values() if isinstance(each, Customer)]
    assert names == ["Renamed in Stripe"]


def test_a_number_taken_by_something_else_is_parked(world: World) -> None:
    world.bring_up_to_date(CUSTOMER)
    other = an_invoice(lines=(a_line(1),))
    made = World()
    made.stripe.snapshots[INVOICE] = other
    made.bring_up_to_date(INVOICE)
    (manual,) = (each for each in made.ledger.records.values() if isinstance(each, ArInvoice))
    world.ledger.exists(manual)
    assert isinstance(world.bring_up_to_date(INVOICE)[0], Retry)
    assert world.postings.by_key["invoice/in_1"].reason is Reason.NUMBER_TAKEN


def test_drift_is_put_on_the_exceptions_list_once_and_nothing_is_sent(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    sent = len(world.ledger.sent)
    world.clock.advance(10)
    world.stripe.snapshots[INVOICE] = a_paid_invoice(lines=(a_line(9_999),))
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.postings.by_key["invoice/in_1"].reason is Reason.DRIFT
    assert world.metrics.counts[metric_names.DRIFT] == 2, "the invoice and its receipt"
    world.bring_up_to_date(INVOICE)
    assert world.metrics.counts[metric_names.DRIFT] == 2
    assert len(world.ledger.sent) == sent


def test_the_invoices_state_is_kept_for_the_poller(world: World) -> None:
    world.stripe.snapshots[INVOICE] = an_invoice()
    world.bring_up_to_date(INVOICE)
    assert world.postings.by_key["invoice/in_1"].source_state == "open:0:10000"
    created_unix = an_invoice().created_unix
    assert list(world.postings.open_invoices(created_unix, created_unix)) == ["in_1"]
    world.clock.advance(10)
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    world.bring_up_to_date(INVOICE)
    posting = world.postings.by_key["invoice/in_1"]
    assert (posting.source_state, posting.state) == ("paid:10000:0", State.POSTED)
    assert list(world.postings.open_invoices(0, None)) == []


def test_a_throttled_request_leaves_nothing_in_doubt(world: World) -> None:
    world.ledger.script("invoice/in_1", NotExecuted("slow down", retry_after_seconds=77))
    message = world.message(INVOICE)
    result = world.process(message)[message.message_id]
    assert isinstance(result, Retry)
    assert result.after_seconds == 77
    assert world.states()["invoice/in_1"] is State.PLANNED
    assert world.process(again(message))[message.message_id] == Done()
    assert world.ledger.finds == 0


@pytest.mark.parametrize(
    "fault",
    [ConfigurationFault(Reason.INTACCT_SIGN_IN, "sign-in refused"), LeaseHeld("signing in")],
)
def test_when_intacct_cannot_be_used_every_message_comes_back_and_nothing_is_lost(
    world: World, fault: Exception
) -> None:
    world.ledger.fault = fault
    messages = [world.message(INVOICE), world.message(CUSTOMER)]
    results = world.process(*messages)
    assert all(isinstance(result, Retry) for result in results.values())
    assert world.states() == {"customer/cus_1": State.PLANNED}
    world.ledger.fault = None
    assert set(world.process(*map(again, messages)).values()) == {Done()}
    assert len(world.ledger.records) == 3


def test_a_missing_permission_of_the_stripe_key_stops_only_what_it_hides(world: World) -> None:
    dispute = of(SubjectKind.DISPUTE, "dp_1")
    world.stripe.snapshots[dispute] = ConfigurationFault(
        Reason.STRIPE_PERMISSION, "the key lacks rak_dispute_read"
    )
    results = world.bring_up_to_date(dispute, INVOICE)
    assert results == [Retry(10, "the key lacks rak_dispute_read"), Done()]
    (listed,) = world.postings.on_worklist(Worklist.ATTENTION)
    assert (listed.key, listed.reason) == ("dispute/dp_1/unread", Reason.STRIPE_PERMISSION)
    assert listed.reason_text == "the key lacks rak_dispute_read"


def test_what_a_key_could_not_read_leaves_the_list_once_it_can(world: World) -> None:
    dispute = of(SubjectKind.DISPUTE, "dp_1")
    world.stripe.snapshots[dispute] = ConfigurationFault(Reason.STRIPE_PERMISSION, "may not")
    message = world.message(dispute)
    for _ in range(3):
        world.clock.advance(10)
        world.process(message)
        message = again(message)
    assert len(world.postings.history) == 1, "saying it again writes nothing"
    world.stripe.snapshots[dispute] = an_other(id="dp_1", kind="dispute")
    world.clock.advance(10)
    assert world.process(message)[message.message_id] == Done()
    assert list(world.postings.on_worklist(Worklist.ATTENTION)) == []


def test_what_stripe_never_answered_for_is_listed_after_a_while(world: World) -> None:
    world.stripe.fault = Unavailable("down")
    message = world.message(INVOICE)
    for receive_count in range(1, 7):
        assert world.postings.by_key == {}
        message = dataclasses.replace(message, receive_count=receive_count)
        assert isinstance(world.process(message)[message.message_id], Retry)
    (listed,) = world.postings.on_worklist(Worklist.ATTENTION)
    assert (listed.key, listed.reason) == ("invoice/in_1/unread", Reason.NOT_READ)
    world.stripe.fault = None
    world.clock.advance(60)
    assert world.process(again(message))[message.message_id] == Done()
    assert list(world.postings.on_worklist(Worklist.ATTENTION)) == []


def test_a_missing_permission_in_intacct_is_asked_again_rarely(world: World) -> None:
    refused = NotAccepted(Reason.PERMISSION_MISSING, "no create")
    world.ledger.script("customer/cus_1", *[refused] * 12)
    message = world.message(CUSTOMER)
    assert pauses(world, message, 12) == [10, 20, 40, 80, 160, 320, 640, 1280, 2560] + [3600] * 3
    assert world.metrics.counts[metric_names.SESSION_FAILED] == 12
    assert world.bring_up_to_date(CUSTOMER) == [Done()]


def test_what_waits_for_a_permission_is_booked_by_the_same_message(world: World) -> None:
    refusal = NotAccepted(Reason.PERMISSION_MISSING, "no create")
    world.ledger.script("invoice/in_1", refusal, refusal)
    message = world.message(INVOICE)
    for _ in range(2):
        world.clock.advance(900)
        assert isinstance(world.process(message)[message.message_id], Retry)
        message = again(message)
    assert world.process(message)[message.message_id] == Done()
    assert len(world.ledger.written("invoice/in_1")) == 1


def test_without_a_policy_everything_waits(world: World) -> None:
    world.policies.published.clear()
    assert world.bring_up_to_date(INVOICE) == [Retry(10, "no policy is published")]


def test_pauses_double_with_each_delivery_up_to_a_quarter_of_an_hour(world: World) -> None:
    world.stripe.fault = Unavailable("down")
    found = pauses(world, world.message(INVOICE), 9)
    assert found == [10, 20, 40, 80, 160, 320, 640, 900, 900]


def pauses(world: World, message: ReceivedMessage, deliveries: int) -> list[int]:
    found = []
    for receive_count in range(1, deliveries + 1):
        message = dataclasses.replace(message, receive_count=receive_count)
        result = world.process(message)[message.message_id]
        assert isinstance(result, Retry)
        found.append(result.after_seconds)
    return found


def test_no_subject_is_begun_when_the_time_is_up(world: World) -> None:
    message = world.message(INVOICE)
    results = world.process(message, stop_reading_at_unix=world.clock.now_unix())
    assert isinstance(results[message.message_id], Retry)
    assert world.stripe.reads == 0


def test_no_wave_is_begun_when_the_time_is_up(world: World) -> None:
    started_unix = world.clock.now_unix()

    def slow(submissions: Sequence[Submission]) -> Mapping[str, Outcome]:
        world.clock.advance(60)
        return FakeLedger.submit(world.ledger, submissions)

    world.ledger.submit = slow  # type: ignore[method-assign]
    message = world.message(INVOICE)
    results = world.process(message, stop_sending_at_unix=started_unix + 90)
    assert results[message.message_id] == Retry(10, "no time left in this invocation")
    assert world.states() == {
        "customer/cus_1": State.POSTED,
        "invoice/in_1": State.POSTED,
    }
    assert world.process(again(message))[message.message_id] == Done()
    assert [len(world.ledger.written(key)) for key in world.states()] == [1, 1, 1]


def test_an_unreadable_message_comes_back_alone(world: World) -> None:
    odd = ReceivedMessage("odd", '{"version": 99}', 1, NOON)
    good = world.message(INVOICE)
    results = world.process(odd, good)
    assert isinstance(results["odd"], Retry)
    assert results[good.message_id] == Done()


@pytest.mark.parametrize(
    "trouble", [Refused(Reason.UNREADABLE_OBJECT, "odd"), KeyError("nobody foresaw this")]
)
def test_a_posted_invoice_that_cannot_be_read_is_parked_until_it_can(
    world: World, trouble: Exception
) -> None:
    world.stripe.snapshots[INVOICE] = an_invoice()
    world.bring_up_to_date(INVOICE)
    world.stripe.snapshots[INVOICE] = trouble
    message = dataclasses.replace(world.message(INVOICE), receive_count=3)
    assert isinstance(world.process(message)[message.message_id], Retry)
    assert [each.key for each in world.postings.on_worklist(Worklist.ATTENTION)] == [
        "invoice/in_1/unread"
    ]
    assert world.states()["invoice/in_1"] is State.POSTED
    world.clock.advance(60)
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.states()["receipt/inpay_1"] is State.POSTED
    assert list(world.postings.on_worklist(Worklist.ATTENTION)) == []


def test_doubt_outlives_a_refusal_and_a_throttle_and_keeps_the_control_id(world: World) -> None:
    world.ledger.script(
        "receipt/inpay_1",
        LostAnswer(executed=False),
        NotExecuted("concurrent request in process"),
        NotAccepted(Reason.PERIOD_CLOSED, "closed"),
    )
    for tries in range(1, 4):
        assert isinstance(world.bring_up_to_date(INVOICE)[0], Retry)
        assert world.ledger.finds == tries - 1
        world.clock.advance(60)
        moved = a_policy(version=f"policy-{tries}", clearing={"usd": CashAccount(f"12{tries}0")})
        world.policies.published.append(moved)
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.ledger.finds == 3, "each send after the first is preceded by a look-up"
    control_ids = {each.control_id for each in world.ledger.sent if "receipt" in each.control_id}
    assert len(control_ids) == 1


def test_a_document_counts_before_an_older_plans_finding_in_the_same_batch(world: World) -> None:
    seen_early = an_invoice(amount_paid_minor=10_000, amount_remaining_minor=0)
    world.stripe.snapshots[REFUND] = a_refund_of(a_refund(), seen_early)
    world.stripe.snapshots[INVOICE] = a_paid_invoice(payments=(), amount_paid_minor=10_000)
    world.bring_up_to_date(REFUND, INVOICE)
    assert world.states()["receipt/in_1/out-of-band"] is State.POSTED
    assert world.postings.by_key["invoice/in_1"].source_state == "paid:10000:0"


def test_what_is_not_booked_now_but_was_sent_without_an_answer_stays_open(world: World) -> None:
    world.stripe.snapshots[REFUND] = a_refund_of(a_refund(), a_paid_invoice())
    world.ledger.script("refund/re_1", LostAnswer(executed=True))
    world.bring_up_to_date(REFUND)
    pending = a_refund(status="pending", moved_at_unix=None)
    world.stripe.snapshots[REFUND] = a_refund_of(pending, a_paid_invoice())
    assert isinstance(world.bring_up_to_date(REFUND)[0], Retry)


class _Crash(BaseException):
    """The process is gone: nothing may catch this."""


Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class _CrashingCalls:
    """Lets the process die before or after its n-th outside call that changes something."""

    def __init__(self, crash_at: int, *, after: bool) -> None:
        self.calls = 0
        self._crash_at = crash_at
        self._after = after

    def around(self, call: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
        def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
            self.calls += 1
            due = self.calls == self._crash_at
            if due and not self._after:
                raise _Crash
            answer = call(*args, **kwargs)
            if due:
                raise _Crash
            return answer

        return run


def _reference_world() -> World:
    made = World()
    made.stripe.snapshots[REFUND] = a_refund_of(
        a_refund(4_000, status="failed", returned_at_unix=NOON + 400_000), a_paid_invoice()
    )
    made.stripe.snapshots[INVOICE] = a_paid_invoice()
    return made


def _crash(world: World, crashing: _CrashingCalls) -> bool:
    put, submit, find = world.postings.put, world.ledger.submit, world.ledger.find
    world.postings.put = crashing.around(put)  # type: ignore[method-assign]
    world.ledger.submit = crashing.around(submit)  # type: ignore[method-assign]
    world.ledger.find = crashing.around(find)  # type: ignore[method-assign]
    try:
        world.bring_up_to_date(INVOICE, REFUND)
    except _Crash:
        return True
    finally:
        world.postings.put = put  # type: ignore[method-assign]
        world.ledger.submit = submit  # type: ignore[method-assign]
        world.ledger.find = find  # type: ignore[method-assign]
    return False


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_outside_call_is_survived_without_a_second_document(after: bool) -> None:
    crash_at = 1
    while True:
        world = _reference_world()
        if not _crash(world, _CrashingCalls(crash_at, after=after)):
            break
        world.clock.advance(LEASE_SECONDS)
        results = world.bring_up_to_date(INVOICE, REFUND)
        assert results == [Done(), Done()], f"crash at call {crash_at}"
        keys = [document.key for document in world.ledger.records.values()]
        assert sorted(keys) == [
            "customer/cus_1",
            "invoice/in_1",
            "receipt/inpay_1",
            "refund/re_1",
            "refund/re_1/failed",
        ], f"crash at call {crash_at}"
        journals = [
            line.amount_minor
            for document in world.ledger.records.values()
            if isinstance(document, JournalEntry)
            for line in document.lines
            if line.account == "1200"
        ]
        assert sum(journals) == 0
        crash_at += 1
    assert crash_at > 10, "the scenario makes more outside calls than this"
