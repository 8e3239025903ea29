"""Every movement of the balance is in one document, and all of them sum to what the balance did.

Method: random days of every type that the table knows, some of other subjects, some converted. What
other subjects book in a currency is taken from Stripe's own amounts, so that the day's conversions
must carry it over.
"""

import dataclasses
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.factories import (
    a_day,
    a_dispute,
    a_movement,
    a_payout,
    a_topup,
    an_origin,
    moving,
    planned,
)
from tieout.domain.documents import JournalEntry
from tieout.domain.plans import Plan
from tieout.domain.reasons import Reason
from tieout.planning.activity import evidence
from tieout.planning.balance_types import ADJUSTMENTS, TYPES, BookedBy, row_of
from tieout.planning.conversion import GROSS_BOOKED_ELSEWHERE
from tieout.planning.snapshots import ActivitySnapshot, BalanceTransaction, FeeDetail, Snapshot

POLICY = moving(suspense="9999")
CLEARING = {account.account: currency for currency, account in POLICY.clearing.items()}
CURRENCIES = ("usd", "eur")
SOURCES = {
    BookedBy.SALE: ("charge", "ch"),
    BookedBy.RETURNED_SALE: ("charge", "ch"),
    BookedBy.REFUND: ("refund", "re"),
    BookedBy.RETURNED_REFUND: ("refund", "re"),
    BookedBy.DISPUTE: ("dispute", "du"),
    BookedBy.PAYOUT: ("payout", "po"),
    BookedBy.RETURNED_PAYOUT: ("payout", "po"),
    BookedBy.TOPUP: ("topup", "tu"),
    BookedBy.RETURNED_TOPUP: ("topup", "tu"),
}
COMES_IN = {BookedBy.SALE, BookedBy.RETURNED_REFUND}


@st.composite
def movements(draw: st.DrawFn, number: int) -> BalanceTransaction:
    type_ = draw(st.sampled_from([*TYPES, "teleportation"]))
    category = draw(st.sampled_from([*ADJUSTMENTS, "other_adjustment"]))
    amount = draw(st.integers(-10_000, 10_000))
    movement = a_movement(
        amount,
        draw(st.integers(-300, 300)),
        id=f"txn_{number}",
        type=type_,
        reporting_category=category if type_ == "adjustment" else type_,
        currency=draw(st.sampled_from(CURRENCIES)),
        fees=tuple(
            FeeDetail(draw(st.sampled_from(["stripe_fee", "tax", "unheard_of"])), part)
            for part in draw(st.lists(st.integers(-200, 200), max_size=2))
        ),
    )
    booked_by = row_of(movement).booked_by
    if booked_by not in SOURCES:
        return movement
    kind, prefix = SOURCES[booked_by]
    if booked_by in GROSS_BOOKED_ELSEWHERE:
        amount = abs(amount) if booked_by in COMES_IN else -abs(amount)
    currency = draw(st.sampled_from(CURRENCIES))
    own_minor = draw(st.integers(1, 10_000)) if currency != movement.currency else abs(amount)
    identifier = f"{prefix}_{number}"
    origin = an_origin(
        own_minor, kind=kind, id=identifier, currency=currency, payment_intent=f"pi_{number}"
    )
    return dataclasses.replace(movement, amount_minor=amount, source=identifier, origin=origin)


@st.composite
def days(draw: st.DrawFn) -> ActivitySnapshot:
    return a_day(*(draw(movements(number)) for number in range(draw(st.integers(0, 12)))))


def subject_of(movement: BalanceTransaction) -> Snapshot | None:
    """The snapshot of the subject that books a movement in the balance's own currency."""
    assert movement.source is not None
    match row_of(movement).booked_by:
        case BookedBy.DISPUTE:
            return a_dispute(movement, id=movement.source)
        case BookedBy.PAYOUT | BookedBy.RETURNED_PAYOUT:
            return a_payout(movement, id=movement.source, status="in_transit")
        case BookedBy.TOPUP | BookedBy.RETURNED_TOPUP:
            return a_topup(movement, id=movement.source)
    return None


def on_clearing(made: Plan) -> Counter[str]:
    """What the documents move on each currency's clearing account."""
    moved: Counter[str] = Counter()
    for entry in made.documents:
        assert isinstance(entry, JournalEntry)
        for line in entry.lines:
            if line.account in CLEARING:
                assert CLEARING[line.account] == entry.currency
                moved[entry.currency] += line.amount_minor
    return moved


@given(days())
def test_all_documents_together_move_clearing_as_stripe_moved_its_balance(
    day: ActivitySnapshot,
) -> None:
    made = planned(day, POLICY)
    assert {each.reason for each in made.findings} <= {Reason.NOTHING_TO_BOOK}
    moved = on_clearing(made)
    for movement in day.movements:
        booked_by = row_of(movement).booked_by
        if booked_by in GROSS_BOOKED_ELSEWHERE:
            assert movement.origin is not None
            assert movement.origin.amount_minor is not None
            sign = 1 if booked_by in COMES_IN else -1
            moved[str(movement.origin.currency)] += sign * movement.origin.amount_minor
        elif movement.source is not None:
            snapshot = subject_of(movement)
            assert snapshot is not None
            moved.update(on_clearing(planned(snapshot, POLICY)))
    balance: Counter[str] = Counter()
    for movement in day.movements:
        balance[movement.currency] += movement.net_minor
    assert {each: moved[each] for each in CURRENCIES} == {
        each: balance[each] for each in CURRENCIES
    }


@given(days())
def test_every_movement_is_covered_by_one_key_and_no_key_covers_two(day: ActivitySnapshot) -> None:
    """One of another subject, one of its own, or the day's."""
    covering = []
    for movement in day.movements:
        alone = a_day(movement)
        own = {key for key in planned(alone, POLICY).keys if key.startswith("movement/")}
        keys = [*evidence(alone), *own]
        assert len(keys) == (0 if row_of(movement).booked_by is BookedBy.DAY else 1)
        covering += keys
    assert len(set(covering)) == len(covering)
    assert set(covering) == set(evidence(day)) | {
        key for key in planned(day, POLICY).keys if key.startswith("movement/")
    }
