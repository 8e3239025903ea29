"""Goal: a day of the balance finds by itself what the books have no evidence of, before it is
booked; it is never booked half, and one oddity never keeps it out of the books for ever.

Method: the real processor over in-memory ports. The events of what moved the balance never came.
The mistake most likely made is to book the day first, without the sales that it should sum up.
"""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_movement,
    a_paid_invoice,
    a_payout,
    a_policy,
    a_refund,
    a_refund_of_sale,
    a_sale,
    an_origin,
    moving,
    selling,
)
from tests.fakes.policies import FakePolicies
from tests.unit.services.day_world import CHARGE, DAY, PAYOUT, charged, paid_out, world
from tests.unit.services.world import INVOICE, World, again, of
from tieout.domain.errors import Refused, Unavailable
from tieout.domain.policy import Policy
from tieout.domain.postings import State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import Origin, PayoutSnapshot
from tieout.services.evidence import SUBJECTS_AT_ONCE
from tieout.services.ports import NotAccepted
from tieout.services.process import Done, Result, Retry
from tieout.services.readings import UNEXPECTED_DELIVERIES_MAX

# It is eight in the morning, UTC.
TODAY = of(SubjectKind.ACTIVITY, "2026-11-20")


def again_and_again(made: World, times: int) -> Sequence[Result]:
    message, results = made.message(DAY), []
    for _ in range(times):
        made.clock.advance(1)
        results.append(made.process(message)[message.message_id])
        message = again(message)
    return results


def test_what_moved_the_balance_unseen_is_brought_up_to_date_with_the_day() -> None:
    made = world(charged(), paid_out())

    made.bring_up_to_date(DAY)

    assert {"sale/pi_1", "payout/po_1"} <= made.states().keys()
    assert any(key.startswith("activity/") for key in made.states())


def reason_of(made: World) -> Reason | None:
    return made.postings.by_key["payout/po_1"].reason


def test_what_was_read_before_its_movement_was_listed_is_read_again_with_the_day() -> None:
    made = world(paid_out())
    made.stripe.snapshots[PAYOUT] = a_payout()
    made.bring_up_to_date(PAYOUT)
    assert reason_of(made) == Reason.WAITS_FOR_STRIPE
    made.stripe.snapshots[PAYOUT] = a_payout(paid_out())

    made.bring_up_to_date(DAY)

    # Now it calls for a journal, and policy names no account of the bank.
    assert reason_of(made) == Reason.ACCOUNT_NOT_IN_POLICY


def test_what_a_slow_replica_took_back_agrees_again_with_its_day() -> None:
    made = world(paid_out())
    made.policies = FakePolicies(moving())
    made.bring_up_to_date(PAYOUT)
    made.clock.advance(DAY_SECONDS)
    made.stripe.snapshots[PAYOUT] = a_payout(status="pending")
    made.bring_up_to_date(PAYOUT)
    assert made.postings.by_key["payout/po_1"].reason is Reason.DRIFT
    assert again_and_again(made, 1) == [Done()], "a difference that stays does not keep the day"
    made.clock.advance(DAY_SECONDS)
    made.stripe.snapshots[PAYOUT] = a_payout(paid_out())

    made.bring_up_to_date(DAY)

    assert made.postings.by_key["payout/po_1"].reason is None


SENT_BACK = a_movement(5_000, id="txn_back", type="payout_failure", source="po_1")


def with_a_payout_that_came_back_unheard() -> World:
    """Return a world in which the day shows it, and Stripe is to be asked for the payout yet."""
    made = world(paid_out(), SENT_BACK)
    made.policies = FakePolicies(moving())
    made.stripe.snapshots[PAYOUT] = a_payout(paid_out(), amount_minor=5_000)
    return made


def came_back() -> PayoutSnapshot:
    return a_payout(paid_out(), SENT_BACK, amount_minor=5_000, status="failed")


@pytest.mark.parametrize("asked", [(DAY,), (PAYOUT, DAY), (DAY, PAYOUT)])
def test_what_was_parked_is_read_again_when_its_day_shows_that_it_moved_on(
    asked: Sequence[Subject],
) -> None:
    """Of the parked subject itself nothing new is known: the event of what happened got lost."""
    made = with_a_payout_that_came_back_unheard()
    made.ledger.script("payout/po_1", NotAccepted(Reason.INTACCT_REFUSED, "not today"))
    messages = [made.message(each) for each in asked]
    made.clock.advance(1)
    made.bring_up_to_date(PAYOUT)
    made.stripe.snapshots[PAYOUT] = came_back()

    made.process(*map(again, messages))

    assert "payout/po_1/failed" in made.states()


@pytest.mark.parametrize("asked", [(DAY,), (PAYOUT, DAY), (DAY, PAYOUT)])
def test_a_day_waits_for_what_could_not_be_read_whoever_asked_for_it(
    asked: Sequence[Subject],
) -> None:
    """However often it came: what nobody has read says nothing of what it calls for."""
    made = with_a_payout_that_came_back_unheard()
    made.bring_up_to_date(PAYOUT)
    made.stripe.snapshots[PAYOUT] = Unavailable("Stripe is slow")
    messages = [made.message(each, UNEXPECTED_DELIVERIES_MAX) for each in asked]

    waiting = made.process(*messages)

    assert isinstance(waiting[messages[asked.index(DAY)].message_id], Retry)
    assert "payout/po_1/failed" not in made.states()
    made.stripe.snapshots[PAYOUT] = came_back()
    assert set(made.process(*map(again, messages)).values()) == {Done()}
    assert made.states()["payout/po_1/failed"] is State.POSTED


def test_what_the_books_know_is_not_read_again() -> None:
    made = world(charged(), paid_out())
    made.bring_up_to_date(CHARGE, PAYOUT)
    reads = made.stripe.reads

    made.bring_up_to_date(DAY)

    assert made.stripe.reads == reads + 1


def test_the_day_is_planned_after_its_evidence_was_applied() -> None:
    made = world(charged())

    made.bring_up_to_date(DAY)

    sale, day = (
        made.postings.by_key["sale/pi_1"],
        next(each for key, each in made.postings.by_key.items() if key.startswith("activity/")),
    )
    written = list(made.postings.by_key)
    assert written.index(sale.key) < written.index(day.key)


def test_what_is_missing_is_read_some_at_a_time_and_the_day_waits_for_all() -> None:
    count = SUBJECTS_AT_ONCE + 10
    made = world(*(charged(number) for number in range(count)))

    first, second = again_and_again(made, 1), made.states()
    assert isinstance(first[0], Retry)
    assert f"{count} objects moved the balance" in first[0].reason
    assert len([key for key in second if key.startswith("sale/")]) == SUBJECTS_AT_ONCE
    assert not any(key.startswith("activity/") for key in second)

    made.bring_up_to_date(DAY)

    assert len([key for key in made.states() if key.startswith("sale/")]) == count
    assert any(key.startswith("activity/") for key in made.states())


def test_evidence_that_cannot_be_read_now_keeps_the_day_waiting() -> None:
    made = world(charged())
    made.stripe.snapshots[CHARGE] = Unavailable("Stripe is down")

    results = again_and_again(made, 5)

    assert all(isinstance(each, Retry) for each in results)
    assert not any(key.startswith("activity/") for key in made.states())


def test_evidence_that_never_can_be_read_is_parked_and_does_not_keep_the_day() -> None:
    made = world(charged(), charged(2))
    made.stripe.snapshots[CHARGE] = Refused(Reason.UNREADABLE_OBJECT, "odd")

    made.bring_up_to_date(DAY)

    states = made.states()
    assert states["charge/ch_1"] is State.PARKED
    assert "sale/pi_1" not in states
    assert "sale/pi_2" in states
    assert any(key.startswith("activity/") for key in states)


def test_a_movement_that_no_document_books_comes_to_the_exceptions_list() -> None:
    made = world(charged())
    # Read alone, the charge calls for nothing: as if planning did not know such a movement.
    made.stripe.snapshots[CHARGE] = a_sale(movement=None, status="failed", captured=False)

    first, second, third = again_and_again(made, 3)

    assert isinstance(first, Retry)
    assert isinstance(second, Retry)
    assert isinstance(third, Retry)
    parked = made.postings.by_key["sale/pi_1"]
    assert (parked.state, parked.reason) == (State.PARKED, Reason.UNEXPECTED_ERROR)
    assert parked.reason_text.startswith("charge/ch_1 moved Stripe's balance")
    assert any(key.startswith("activity/") for key in made.states())


def test_before_the_books_begin_no_evidence_is_looked_for() -> None:
    made = world(charged(), paid_out())
    made.policies = FakePolicies(a_policy(books_from=date(2026, 11, 3)))

    made.bring_up_to_date(DAY)

    assert made.stripe.reads == 1


def test_a_day_that_is_not_over_is_never_booked() -> None:
    made = world(charged())

    (result,) = made.bring_up_to_date(TODAY)

    assert isinstance(result, Retry)
    assert result.after_seconds == 16 * 3_600
    assert "2026-11-20 is not over yet" in result.reason
    assert made.states() == {}


@pytest.mark.parametrize(("zone", "is_over"), [("Pacific/Auckland", True), ("Etc/GMT+12", False)])
def test_a_day_is_over_where_the_company_is(zone: str, *, is_over: bool) -> None:
    made = world()
    made.policies = FakePolicies(a_policy(zone=ZoneInfo(zone)))

    (result,) = made.bring_up_to_date(of(SubjectKind.ACTIVITY, "2026-11-19"))

    assert isinstance(result, Done) is is_over


@pytest.mark.parametrize("identifier", ["20261102", "2026-W45-1", "2026-11-31", "yesterday"])
def test_what_is_no_day_is_parked(identifier: str) -> None:
    made = world()

    made.bring_up_to_date(of(SubjectKind.ACTIVITY, identifier))

    (posting,) = [
        each for each in made.postings.by_key.values() if not each.key.endswith("failure")
    ]
    assert (posting.state, posting.reason) == (State.PARKED, Reason.UNREADABLE_OBJECT)
    assert "is no day" in posting.reason_text


def test_a_day_of_too_many_movements_is_parked_by_its_bound() -> None:
    made = world(*(a_movement(id=f"txn_{number}", type="stripe_fee") for number in range(20_001)))

    made.bring_up_to_date(DAY)

    posting = made.postings.by_key[DAY.key]
    assert (posting.state, posting.reason) == (State.PARKED, Reason.SNAPSHOT_TOO_LARGE)
    assert "more than 20000 rows" in posting.reason_text


def test_movements_of_the_neighbouring_days_are_not_of_this_one() -> None:
    first, last = NOON - DAY_SECONDS // 2, NOON + DAY_SECONDS // 2 - 1
    made = world(
        charged(1, created_unix=first - 1),
        charged(2, created_unix=first),
        charged(3, created_unix=last),
        charged(4, created_unix=last + 1),
    )

    made.bring_up_to_date(DAY)

    sales = {key for key in made.states() if key.startswith("sale/")}
    assert sales == {"sale/pi_2", "sale/pi_3"}


@pytest.mark.parametrize("invoices", [(), ("in_1",)], ids=["sale", "invoice"])
@pytest.mark.parametrize(
    "origin",
    [
        an_origin(),
        an_origin(kind="refund", id="pyr_1", charge="ch_1"),
    ],
    ids=["by the charge", "by a refund of it"],
)
def test_a_missed_late_failure_is_found_by_the_balance(
    invoices: tuple[str, ...], origin: Origin
) -> None:
    back = a_movement(
        -10_000, id="txn_9", type="payment_failure_refund", source=origin.id, origin=origin
    )
    made = world(back)
    made.stripe.snapshots[CHARGE] = a_sale(
        failure=back, status="failed", movement=charged(), invoices=invoices
    )
    made.stripe.snapshots[INVOICE] = a_paid_invoice()

    made.bring_up_to_date(DAY)

    assert "sale/pi_1/returned" in made.states()
    assert ("invoice/in_1" in made.states()) is bool(invoices)


def test_a_missed_refund_is_found_by_the_balance() -> None:
    refund = a_refund_of_sale(a_refund(4_000), a_sale(movement=charged()))
    moved = a_movement(-4_000, id="txn_re", type="refund", source=refund.refund.id)
    made = world(charged(), moved)
    made.stripe.snapshots[of(SubjectKind.REFUND, refund.refund.id)] = refund

    made.bring_up_to_date(DAY)

    assert f"refund/{refund.refund.id}" in made.states()


# --- Sales that come too late for the journal of their day ---------------------------------------


def summing_up(version: str) -> Policy:
    return selling("daily_summary", movements=moving().movements, version=version)


@pytest.mark.parametrize("fee_minor", [0, 300], ids=["a quiet day", "a day with fees"])
def test_a_sale_that_was_parked_when_its_day_was_booked_comes_into_the_books_with_it(
    fee_minor: int,
) -> None:
    made = world(charged(fee_minor=fee_minor))
    made.policies.published = [moving()]
    made.bring_up_to_date(CHARGE, DAY)
    made.clock.advance(30 * DAY_SECONDS)
    made.policies.published.append(summing_up("policy-2"))

    assert made.bring_up_to_date(CHARGE) == [Done()]

    assert made.postings.by_key["sale/pi_1"].reason is Reason.IN_DAILY_SUMMARY
    journal = made.postings.by_key["activity/2026-11-02/usd/sales"]
    assert (journal.state, journal.amount_minor) == (State.POSTED, 10_000)


def test_a_sale_whose_journal_was_refused_asks_for_it_until_it_is_booked() -> None:
    """The day's own message was done long ago: a redrive has only the sale's."""
    made = world(charged())
    made.policies.published = [moving()]
    made.bring_up_to_date(CHARGE, DAY)
    made.clock.advance(30 * DAY_SECONDS)
    made.policies.published.append(summing_up("policy-2"))
    journal = "activity/2026-11-02/usd/sales"
    made.ledger.script(journal, *[NotAccepted(Reason.PERIOD_CLOSED, "closed")] * 3)
    message = made.message(CHARGE)
    for _ in range(3):
        made.clock.advance(1)
        assert isinstance(made.process(message)[message.message_id], Retry)
        assert made.states()[journal] is State.REJECTED
        message = again(message)
    made.clock.advance(1)

    assert made.bring_up_to_date(CHARGE) == [Done()]

    assert made.states()[journal] is State.POSTED


def test_a_sale_that_is_missing_in_a_posted_journal_comes_to_the_exceptions_list() -> None:
    odd = Refused(Reason.UNREADABLE_OBJECT, "charge ch_2 has no status")
    made = world(charged(1), charged(2))
    made.policies.published = [summing_up("policy-1")]
    second = of(SubjectKind.CHARGE, "ch_2")
    readable = made.stripe.snapshots[second]
    made.stripe.snapshots[second] = odd
    again_and_again(made, 4)
    made.clock.advance(30 * DAY_SECONDS)
    made.stripe.snapshots[second] = readable

    assert made.bring_up_to_date(second) == [Done()]

    journal = made.postings.by_key["activity/2026-11-02/usd/sales"]
    assert (journal.reason, journal.amount_minor) == (Reason.DRIFT, 10_000)
    assert "now planned as 200.00 USD" in journal.reason_text
    reads = made.stripe.reads
    made.bring_up_to_date(second)
    assert made.stripe.reads == reads + 1


def test_a_sale_of_a_day_that_was_not_read_yet_waits_for_it() -> None:
    made = world(charged())
    made.policies.published = [summing_up("policy-1")]
    made.bring_up_to_date(CHARGE)
    assert made.states() == {"sale/pi_1": State.NOT_BOOKED}
