"""Goal: subjects are read side by side, while others are sent, and not again without need; nothing
else about them is different.

Method: the real processor over in-memory ports, with a Stripe that waits until as many reads as
expected are under way at once, or that fails or tells the time.
"""

import dataclasses
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.factories import a_charge, a_customer, a_paid_invoice, a_sale, an_invoice, selling
from tests.unit.services.world import INVOICE, World, again, of
from tieout.domain.errors import Unavailable
from tieout.domain.postings import State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import InvoiceSnapshot, Snapshot
from tieout.services.ports import NotAccepted, NotExecuted, Outcome, Submission
from tieout.services.process import Done, ReceivedMessage, Retry
from tieout.services.readings import SETTLING_SECONDS

AT_A_TIME = 3
CHARGE = of(SubjectKind.CHARGE, "ch_1")
INVOICES = tuple(of(SubjectKind.INVOICE, f"in_{number}") for number in range(2, 2 + AT_A_TIME))


@pytest.fixture
def ahead(world: World) -> Iterator[World]:
    """Let the world's processor read side by side."""
    for number, subject in enumerate(INVOICES, start=2):
        customer = a_customer(id=f"cus_{number}")
        world.stripe.snapshots[subject] = an_invoice(
            id=subject.id, number=f"ACME-{number}", customer=customer
        )
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        world.pool = pool
        yield world


def test_subjects_are_read_side_by_side_and_each_once(
    ahead: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(AT_A_TIME, timeout=30)
    read = ahead.stripe.snapshot

    def waiting(subject: Subject) -> Snapshot:
        together.wait()
        return read(subject)

    monkeypatch.setattr(ahead.stripe, "snapshot", waiting)
    assert ahead.bring_up_to_date(*INVOICES, *INVOICES) == [Done()] * 2 * AT_A_TIME
    assert ahead.stripe.reads == AT_A_TIME
    assert ahead.metrics.counts["StripeReads"] == AT_A_TIME


def test_one_that_cannot_be_read_stays_alone(ahead: World) -> None:
    ahead.stripe.snapshots[INVOICES[1]] = Unavailable("Stripe is away")
    messages = [ahead.message(each) for each in INVOICES]
    results = ahead.process(*messages)
    told = [type(results[each.message_id]) for each in messages]
    assert told == [Done, Retry, Done]


def test_a_reading_is_as_old_as_the_question(ahead: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_at_unix, read = ahead.clock.now_unix(), ahead.stripe.snapshot

    def slow(subject: Subject) -> Snapshot:
        ahead.clock.advance(60)
        return read(subject)

    monkeypatch.setattr(ahead.stripe, "snapshot", slow)
    ahead.bring_up_to_date(*INVOICES)
    read_at = {ahead.postings.by_key[each.key].read_at_unix for each in INVOICES}
    assert read_at == {asked_at_unix}, "what Stripe heard of later may not be in it"


def test_what_was_parked_is_not_read_again(ahead: World) -> None:
    del ahead.stripe.snapshots[INVOICES[0]]
    message = ahead.message(INVOICES[0])
    ahead.clock.advance(60)
    ahead.process(message)
    reads = ahead.stripe.reads
    ahead.process(again(message))
    assert ahead.stripe.reads == reads


def test_nothing_that_was_begun_is_used_by_the_next_batch(
    ahead: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor, gate, read = ahead.processor(), threading.Event(), ahead.stripe.snapshot

    def slow(subject: Subject) -> Snapshot:
        found = read(subject)
        assert gate.wait(timeout=30)
        return found

    monkeypatch.setattr(ahead.stripe, "snapshot", slow)
    now_unix = ahead.clock.now_unix()
    late = processor.process([ahead.message(INVOICES[0])], stop_reading_at_unix=now_unix)
    gate.set()
    ahead.stripe.snapshots[INVOICES[0]] = Unavailable("Stripe is away")
    later = processor.process([ahead.message(INVOICES[0])])
    assert [type(each) for each in (*late.values(), *later.values())] == [Retry, Retry]


# --- While others are sent ----------------------------------------------------------------------


def test_a_batch_is_read_while_the_one_before_is_at_intacct(
    ahead: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_asked, read, submit = threading.Event(), ahead.stripe.snapshot, ahead.ledger.submit

    def telling(subject: Subject) -> Snapshot:
        if subject == INVOICES[1]:
            is_asked.set()
        return read(subject)

    def waiting(submissions: Sequence[Submission]) -> Mapping[str, Outcome]:
        assert is_asked.wait(timeout=30)
        return submit(submissions)

    monkeypatch.setattr(ahead.stripe, "snapshot", telling)
    monkeypatch.setattr(ahead.ledger, "submit", waiting)
    batches = [[ahead.message(each)] for each in INVOICES[:2]]
    results = list(ahead.processor().in_turn(batches))
    assert [list(each.values()) for each in results] == [[Done()], [Done()]]


def test_what_was_read_for_one_batch_is_not_told_to_another(ahead: World) -> None:
    def batches() -> Iterator[Sequence[ReceivedMessage]]:
        yield [ahead.message(INVOICES[0])]
        yield [ahead.message(INVOICES[0])]

    assert len(list(ahead.processor().in_turn(batches()))) == 2
    assert ahead.stripe.reads == 2


class AtOnce(Executor):
    """Has done a task by the time that it is handed over."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401 - as an executor has it
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Pending(Future[Any]):
    """Of a task that waits for a thread: who waits for it waits for ever."""

    def result(self, timeout: float | None = None) -> Any:  # noqa: ANN401, ARG002 - as a future has it
        raise AssertionError("waits for the reads of others")


class Busy(Executor):
    """Has no thread free."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401, ARG002 - as an executor has it
        return Pending()


def test_what_waits_for_a_thread_is_read_in_its_turn(ahead: World) -> None:
    """The threads may have the reads of the next batch before them."""
    ahead.pool = Busy()
    assert ahead.bring_up_to_date(*INVOICES) == [Done()] * AT_A_TIME


def test_an_older_reading_is_not_sent_over_a_newer_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read ahead is sent later than it was read; meanwhile the charge paid an invoice."""
    world.policies.published = [selling("other_receipt")]
    world.stripe.snapshots[CHARGE] = a_sale()
    world.stripe.snapshots[INVOICES[0]] = an_invoice(id=INVOICES[0].id, number="ACME-2")
    submit, at_intacct = world.ledger.submit, iter([True])

    def slow(submissions: Sequence[Submission]) -> Mapping[str, Outcome]:
        if next(at_intacct, False):
            world.clock.advance(30)
            world.stripe.snapshots[CHARGE] = dataclasses.replace(
                a_sale(), invoices=(INVOICES[0].id,)
            )
            world.pool, pool = None, world.pool
            world.bring_up_to_date(CHARGE)
            world.pool = pool
        return submit(submissions)

    monkeypatch.setattr(world.ledger, "submit", slow)
    world.pool = AtOnce()
    message = world.message(CHARGE)
    turns = list(world.processor().in_turn([[world.message(INVOICE)], [message]]))
    assert isinstance(turns[-1][message.message_id], Retry)
    assert world.states()["sale/pi_1"] is State.NOT_BOOKED
    assert world.process(again(message)) == {message.message_id: Done()}
    assert world.states()["sale/pi_1"] is State.NOT_BOOKED


def test_what_was_read_in_time_is_booked_when_it_is_too_late_to_read(
    ahead: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, now_unix = ahead.ledger.submit, ahead.clock.now_unix()

    def slow(submissions: Sequence[Submission]) -> Mapping[str, Outcome]:
        ahead.clock.advance(60)
        return submit(submissions)

    monkeypatch.setattr(ahead.ledger, "submit", slow)
    ahead.pool = AtOnce()
    batches = [[ahead.message(each)] for each in INVOICES[:2]]
    turns = ahead.processor().in_turn(batches, stop_reading_at_unix=now_unix + 30)
    assert [list(each.values()) for each in turns] == [[Done()], [Done()]]


# --- Not again without need ---------------------------------------------------------------------


def sent_before_it_was_booked(world: World, seconds: int = SETTLING_SECONDS) -> ReceivedMessage:
    """Book the invoice; return a message that was sent so long before it was read."""
    message = world.message(INVOICE)
    world.clock.advance(seconds)
    assert world.bring_up_to_date(INVOICE) == [Done()]
    return message


def test_an_invoice_that_was_read_since_is_not_read_again(world: World) -> None:
    message = sent_before_it_was_booked(world)
    assert world.process(message) == {message.message_id: Done()}
    assert world.stripe.reads == 1


def test_stripe_may_have_told_less_shortly_after(world: World) -> None:
    world.process(sent_before_it_was_booked(world, SETTLING_SECONDS - 1))
    assert world.stripe.reads == 2


def test_what_led_to_the_reading_relies_on_nobody(world: World) -> None:
    """Its worker may have died before all was booked that was read."""
    world.process(again(sent_before_it_was_booked(world)))
    assert world.stripe.reads == 2


def test_what_a_reading_parked_is_not_dealt_with(world: World) -> None:
    """A worker overtaken by its own message, come again, would delete what is parked for it."""
    paid = a_paid_invoice()
    world.stripe.snapshots[INVOICE] = paid
    refused = NotAccepted(Reason.INTACCT_REFUSED, "no")
    world.ledger.script(f"receipt/{paid.payments[0].id}", refused, refused)
    message = world.message(INVOICE)
    world.clock.advance(SETTLING_SECONDS)
    assert isinstance(world.process(again(message))[message.message_id], Retry)
    assert isinstance(world.process(message)[message.message_id], Retry)


def test_what_is_not_booked_is_read_again(world: World) -> None:
    world.ledger.script("invoice/in_1", NotAccepted(Reason.INTACCT_REFUSED, "no"))
    message = world.message(INVOICE)
    world.clock.advance(SETTLING_SECONDS)
    world.bring_up_to_date(INVOICE)
    world.process(message)
    assert world.stripe.reads == 2


def test_what_was_not_dealt_with_whole_is_read_again(world: World) -> None:
    """Whoever read it since may have had no message that comes again, as a command has none."""
    paid = a_paid_invoice()
    world.stripe.snapshots[INVOICE] = paid
    receipt = f"receipt/{paid.payments[0].id}"
    world.ledger.script(receipt, NotExecuted("no slot was free", 5))
    message = world.message(INVOICE)
    world.clock.advance(SETTLING_SECONDS)
    world.bring_up_to_date(INVOICE)
    assert world.process(message) == {message.message_id: Done()}
    assert world.states()[receipt] is State.POSTED


def test_a_later_payment_leads_to_the_invoice_all_the_same(world: World) -> None:
    paid = world.stripe.snapshots[INVOICE]
    assert isinstance(paid, InvoiceSnapshot)
    world.stripe.snapshots[INVOICE] = an_invoice()
    message = sent_before_it_was_booked(world)
    world.stripe.snapshots[INVOICE] = paid
    world.stripe.snapshots[CHARGE] = a_charge(invoices=("in_1",), payments=paid.payments)
    results = world.process(message, world.message(CHARGE))
    assert set(results.values()) == {Done()}
    assert world.postings.by_key[f"receipt/{paid.payments[0].id}"].state is State.POSTED
