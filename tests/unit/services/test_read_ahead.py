"""Goal: subjects of a batch are read side by side, and nothing else about them is different.

Method: the real processor over in-memory ports, with a Stripe that waits until as many reads as
expected are under way at once, or that fails or tells the time.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.factories import a_customer, an_invoice
from tests.unit.services.world import World, again, of
from tieout.domain.errors import Unavailable
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import Snapshot
from tieout.services.process import Done, Retry

AT_A_TIME = 3
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


def test_nothing_that_was_begun_is_used_by_the_next_batch(ahead: World) -> None:
    processor = ahead.processor()
    now_unix = ahead.clock.now_unix()
    late = processor.process([ahead.message(INVOICES[0])], stop_reading_at_unix=now_unix)
    ahead.stripe.snapshots[INVOICES[0]] = Unavailable("Stripe is away")
    later = processor.process([ahead.message(INVOICES[0])])
    assert [type(each) for each in (*late.values(), *later.values())] == [Retry, Retry]
