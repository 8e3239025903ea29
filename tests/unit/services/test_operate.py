"""Goal: what a person decides about a posting is kept, is undone if asked, and never makes Tieout
book a movement twice or forget one.

Method: decisions on postings in memory; what follows from them is played by the real processor.
"""

import dataclasses
from itertools import count

import pytest

from tests.factories import a_customer, a_line, a_paid_invoice, a_policy
from tests.fakes import FakePostings, FakeQueue
from tests.unit.services.world import CUSTOMER, INVOICE, REFUND, World
from tieout.domain.causes import NO_CAUSE, Cause
from tieout.domain.postings import Posting, State, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.services.operate import (
    STUCK_AFTER_SECONDS,
    CannotBeDone,
    Signature,
    close,
    exceptions,
    kind_of,
    reopen,
    retry,
    subjects_of,
    totals,
    waiting_for,
)
from tieout.services.ports import NotAccepted
from tieout.services.process import BACK_OFF_FOR_PERSON_MAX_SECONDS, Done

NOW_UNIX = 1_795_161_600
ALICE = Signature("alice", NOW_UNIX)
SIGNED = "(closed by alice, 2026-11-20 08:00 UTC)"
KEY, RECEIPT = "invoice/in_1", "receipt/inpay_1"
NO_ACCOUNT = NotAccepted(Reason.UNKNOWN_ACCOUNT, "account 4999 does not exist")


def posting(key: str, state: State = State.PARKED, **changes: object) -> Posting:
    fields = {"version": 1, "updated_at_unix": NOW_UNIX} | changes
    return Posting(key, INVOICE, state, **fields)  # type: ignore[arg-type]


def stored(world: World, key: str = KEY) -> Posting:
    return world.postings.by_key[key]


@pytest.fixture
def refused() -> World:
    """An invoice that Intacct refused, and its payment, which waits for it."""
    made = World()
    made.stripe.snapshots[CUSTOMER] = a_customer()
    made.stripe.snapshots[INVOICE] = a_paid_invoice()
    made.ledger.script(KEY, NO_ACCOUNT)
    made.bring_up_to_date(INVOICE)
    made.clock.advance(60)
    return made


@pytest.fixture
def differing() -> World:
    """A posted invoice over 100.00 that Stripe now has over 99.99."""
    made = World()
    made.stripe.snapshots[CUSTOMER] = a_customer()
    made.stripe.snapshots[INVOICE] = a_paid_invoice()
    made.bring_up_to_date(INVOICE)
    change(made, 9_999)
    return made


def change(world: World, amount_minor: int) -> None:
    world.clock.advance(60)
    world.stripe.snapshots[INVOICE] = a_paid_invoice(lines=(a_line(amount_minor),))
    world.bring_up_to_date(INVOICE)


# --- lists ------------------------------------------------------------------------------------


def test_what_has_not_moved_for_longer_than_any_pause_is_stuck() -> None:
    ages = {"a": 0, "b": STUCK_AFTER_SECONDS, "c": STUCK_AFTER_SECONDS + 1}
    made = [
        posting(key, State.SENDING, updated_at_unix=NOW_UNIX - age) for key, age in ages.items()
    ]
    found = exceptions(FakePostings(*made, posting("d"), posting("e", State.POSTED)), NOW_UNIX)
    assert [each.key for each in found.stuck] == ["c"]
    assert found.in_flight == 2
    assert [each.key for each in found.parked] == ["d"]


def test_what_only_pauses_is_not_stuck() -> None:
    assert STUCK_AFTER_SECONDS > BACK_OFF_FOR_PERSON_MAX_SECONDS


def test_totals_keep_currencies_apart_and_signs() -> None:
    made = [
        posting("a", amount_minor=1_000, currency="usd"),
        posting("b", amount_minor=-250, currency="usd"),
        posting("c", amount_minor=700, currency="jpy"),
        posting("d"),
    ]
    assert totals(made) == {"jpy": 700, "usd": 750}


@pytest.mark.parametrize(
    ("key", "account", "kind"),
    [
        ("payout/po_1", None, "payout"),
        ("invoice/in_1/credit-balance", None, "invoice credit-balance"),
        ("dispute/du_1/txn_1", None, "dispute"),
        ("activity/2026-11-02/usd", None, "activity"),
        ("activity/2026-11-02/usd/from-eur", None, "activity"),
        ("acct_1/activity/2026-11-02/usd", "acct_1", "activity"),
        ("acct_1/invoice/in_1", "acct_1", "invoice"),
        ("acct_1/invoice/in_1/unread", "acct_1", "invoice unread"),
    ],
)
def test_a_kind_is_a_key_without_its_ids(key: str, account: str | None, kind: str) -> None:
    subject = Subject(SubjectKind.INVOICE, "in_1", account)
    assert kind_of(Posting(key, subject, State.NOT_BOOKED)) == kind


# --- close ------------------------------------------------------------------------------------


def test_a_payment_is_booked_against_the_record_that_was_made_by_hand(refused: World) -> None:
    (closed,) = close(refused.postings, [KEY], ALICE, "entered as INV-77", "4711")
    assert (closed.state, closed.record_no, closed.trigger) == (State.CLOSED, "4711", "alice")
    assert closed.reason_text == f"entered as INV-77 {SIGNED}"
    assert stored(refused) == closed
    assert [each.key for each in waiting_for(refused.postings, closed)] == [RECEIPT]

    refused.made_by_hand("4711")
    assert refused.bring_up_to_date(INVOICE) == [Done()]
    assert refused.ledger.written(KEY) == []
    assert stored(refused, RECEIPT).state is State.POSTED
    assert refused.ledger.sent[-1].record_numbers[KEY] == "4711"
    assert exceptions(refused.postings, refused.clock.now_unix()).parked == []
    assert stored(refused).reason_text == f"entered as INV-77 {SIGNED}", "the evidence stays"


def test_without_a_record_the_payment_goes_on_waiting(refused: World) -> None:
    close(refused.postings, [KEY], ALICE, "not worth it")
    refused.bring_up_to_date(INVOICE)
    assert refused.ledger.written(RECEIPT) == []
    assert stored(refused, RECEIPT).reason is Reason.WAITS_FOR_PARKED
    close(refused.postings, [RECEIPT], ALICE, "nor this")
    assert refused.bring_up_to_date(INVOICE) == [Done()]
    assert exceptions(refused.postings, refused.clock.now_unix()).parked == []


def test_a_new_policy_does_not_book_what_was_closed(refused: World) -> None:
    close(refused.postings, [KEY], ALICE, "by hand")
    refused.policies.published.append(a_policy(version="next"))
    refused.bring_up_to_date(INVOICE)
    assert refused.ledger.written(KEY) == []


def test_an_accepted_difference_is_not_reported_again_but_another_one_is(differing: World) -> None:
    (closed,) = close(differing.postings, [KEY], ALICE, "a cent, accepted")
    assert (closed.state, closed.reason) == (State.POSTED, None)
    differing.bring_up_to_date(INVOICE)
    assert stored(differing) == closed
    change(differing, 9_000)
    assert stored(differing).reason is Reason.DRIFT


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (posting(KEY, State.POSTED), "invoice/in_1 is posted as Stripe calls for it: there is"),
        (
            posting(KEY, State.SENDING, lease_expires_at_unix=NOW_UNIX + 42),
            "is being sent right now: try again in 42 seconds",
        ),
        (
            posting(KEY, State.CLOSED, reason_text="did it (closed by bob, yesterday)"),
            "is closed already: did it (closed by bob, yesterday)",
        ),
        (
            posting(KEY, State.NOT_BOOKED, reason=Reason.NOTHING_TO_BOOK, reason_text="over 0"),
            "is on no list: there is nothing to close (over 0)",
        ),
        (posting("invoice/in_12"), "no posting 'invoice/in_1'; did you mean invoice/in_12?"),
        (posting("payout/po_9"), "there is no posting 'invoice/in_1'"),
    ],
)
def test_what_cannot_be_closed_says_why_and_closes_nothing_else(there: Posting, told: str) -> None:
    other = posting("refund/re_7")
    postings = FakePostings(other, there)
    with pytest.raises(CannotBeDone) as refusal:
        close(postings, [other.key, KEY], ALICE, "by hand")
    assert told in str(refusal.value)
    assert postings.history == [other, there]


@pytest.mark.parametrize(
    "state", [State.PLANNED, State.SENDING, State.UNKNOWN, State.REJECTED, State.NOT_BOOKED]
)
def test_whatever_is_on_a_list_can_be_closed(state: State) -> None:
    there = posting(KEY, state, reason=Reason.NOT_YET_PLANNED, lease_expires_at_unix=NOW_UNIX)
    postings = FakePostings(there)
    close(postings, [KEY], ALICE, "by hand")
    assert all(list(postings.on_worklist(each)) == [] for each in Worklist)


def test_one_record_cannot_stand_for_two_documents() -> None:
    postings = FakePostings(posting("a/1"), posting("b/1"))
    with pytest.raises(CannotBeDone, match="name one key"):
        close(postings, ["a/1", "b/1"], ALICE, "by hand", "4711")
    (closed,) = close(postings, ["a/1", "a/1"], ALICE, "by hand", "4711")
    assert closed.record_no == "4711"


def test_of_a_worker_and_a_person_at_the_same_moment_the_first_wins() -> None:
    class Raced(FakePostings):
        def put(self, posting: Posting, cause: Cause = NO_CAUSE) -> None:
            if posting.key == "b/1" and posting.state is State.CLOSED:
                super().put(dataclasses.replace(posting, state=State.SENDING))
            super().put(posting, cause)

    postings = Raced(posting("a/1"), posting("b/1"))
    with pytest.raises(CannotBeDone, match="b/1 changed meanwhile: look again; done before it: a"):
        close(postings, ["a/1", "b/1"], ALICE, "by hand")
    assert postings.by_key["b/1"].state is State.SENDING


# --- reopen -----------------------------------------------------------------------------------


def test_what_was_closed_by_mistake_is_looked_up_before_it_is_booked(refused: World) -> None:
    close(refused.postings, [KEY], ALICE, "by hand", "4711")
    with pytest.raises(CannotBeDone, match="booked beside it"):
        reopen(refused.postings, [KEY], ALICE)
    (opened,) = reopen(refused.postings, [KEY], ALICE, record_is_gone=True)
    assert (opened.state, opened.record_no) == (State.PLANNED, None)
    finds = refused.ledger.finds
    assert refused.bring_up_to_date(INVOICE) == [Done()]
    assert refused.ledger.finds == finds + 1
    assert len(refused.ledger.written(KEY)) == 1
    assert stored(refused, RECEIPT).state is State.POSTED


def test_an_accepted_difference_comes_back_on_the_list(differing: World) -> None:
    close(differing.postings, [KEY], ALICE, "accepted")
    sent = len(differing.ledger.sent)
    (opened,) = reopen(differing.postings, [KEY], ALICE)
    assert (opened.state, opened.reason) == (State.POSTED, Reason.DRIFT)
    assert "reopened by alice" in opened.reason_text
    assert "accepted" in opened.reason_text
    differing.bring_up_to_date(INVOICE)
    assert stored(differing).reason is Reason.DRIFT
    assert len(differing.ledger.sent) == sent


@pytest.mark.parametrize(
    "there",
    [
        posting(KEY),
        posting(KEY, State.POSTED),
        posting(KEY, State.POSTED, reason=Reason.DRIFT, drift_digest="d"),
    ],
    ids=["parked", "posted", "differs"],
)
def test_what_is_not_closed_cannot_be_reopened(there: Posting) -> None:
    postings = FakePostings(there)
    with pytest.raises(CannotBeDone, match=f"is not closed: it is {there.state}"):
        reopen(postings, [KEY], ALICE)
    assert postings.history == [there]


# --- retry ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        (RECEIPT, INVOICE),
        ("invoice/in_1/unread", INVOICE),
        ("invoice/in_2/unread", Subject(SubjectKind.INVOICE, "in_2")),
        ("charge/ch_1", Subject(SubjectKind.CHARGE, "ch_1")),
        ("acct_1/payout/po_1", Subject(SubjectKind.PAYOUT, "po_1", "acct_1")),
    ],
)
def test_keys_and_stripe_objects_lead_to_a_subject(name: str, subject: Subject) -> None:
    postings = FakePostings(posting(RECEIPT), posting("invoice/in_1/unread"))
    assert subjects_of(postings, [name]) == [subject]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("receipt/inpay_2", "nor a Stripe object; did you mean receipt/inpay_1?; name the object"),
        ("receipt/inpay_2", "that it belongs to: customer/..., invoice/..., "),
        ("in_1", "'in_1' is neither a posting nor a Stripe object"),
        ("invoice/", "'invoice/' has no id"),
        ("a/b/c/d", "nor a Stripe object"),
    ],
)
def test_what_stripe_cannot_be_asked_for_is_refused_with_a_hint(name: str, told: str) -> None:
    with pytest.raises(CannotBeDone) as refusal:
        subjects_of(FakePostings(posting(RECEIPT)), [name])
    assert told in str(refusal.value)


def test_each_subject_is_queued_once_a_retry_and_anew_with_each_retry() -> None:
    queue, numbers = FakeQueue(), count()
    for _ in range(2):
        queued = retry(
            queue,
            [INVOICE, CUSTOMER, INVOICE, REFUND],
            "alice",
            lambda: str(next(numbers)),
            livemode=True,
        )
        assert queued == [INVOICE, CUSTOMER, REFUND]
    assert [each.subject for each in queue.items] == [INVOICE, CUSTOMER, REFUND] * 2
    assert [each.group for each in queue.items[:3]] == ["invoice/in_1", "cus_1", "refund/re_1"]
    assert {each.trigger for each in queue.items} == {"retry by alice"}
    assert all(each.livemode for each in queue.items)
