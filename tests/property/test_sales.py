"""Goal: whatever the order in which a charge and its day are read and policies with other modes are
published, the sale is in the books once, or not at all because the first policy said so.

Method: the real processor over in-memory ports takes every story of three steps, and random longer
ones; then charge and day are read until nothing more can come. Stripe kept no fee of the charge, so
every amount in the day's journals is of the sale.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import NOON_DAY, a_movement, a_sale, an_origin, selling
from tests.unit.services.world import World, of
from tieout.domain.documents import ArInvoice, Document, JournalEntry, OtherReceipt
from tieout.domain.postings import Worklist
from tieout.domain.sale_policy import SaleMode
from tieout.domain.subjects import SubjectKind

AMOUNT_MINOR = 10_000
DAY = of(SubjectKind.ACTIVITY, NOON_DAY.isoformat())
CHARGE = of(SubjectKind.CHARGE, "ch_1")
MODES: tuple[SaleMode, ...] = get_args(SaleMode)
BOOKED_BY: Mapping[SaleMode | None, type[Document] | None] = {
    "other_receipt": OtherReceipt,
    "invoice": ArInvoice,
    "daily_summary": JournalEntry,
    "ignore": None,
}
STEPS = ("read the charge", "read the day", *MODES)


def tell(first: SaleMode, story: Sequence[str]) -> None:
    """Live through a story and look at the books after each of its steps."""
    world = World()
    world.policies.published = [selling(first)]
    origin = an_origin(AMOUNT_MINOR, metadata={})
    movement = a_movement(AMOUNT_MINOR, source="ch_1", origin=origin)
    world.stripe.moved[None] = [movement]
    world.stripe.snapshots[CHARGE] = a_sale(AMOUNT_MINOR, movement=movement)
    in_force, decided = first, None
    for number, step in enumerate((*story, *("read the charge", "read the day") * 2)):
        world.clock.advance(600)
        if step in MODES:
            in_force = next(mode for mode in MODES if mode == step)
            world.policies.published.append(selling(in_force, version=f"policy-{number + 2}"))
            continue
        # A day has its charges read before it is booked, so either step decides.
        decided = decided or in_force
        world.bring_up_to_date(CHARGE if step == "read the charge" else DAY)
        assert booked_minor(world) <= AMOUNT_MINOR, step
    assert booked_minor(world) == (0 if decided == "ignore" else AMOUNT_MINOR)
    kinds = {type(each) for each in world.ledger.records.values() if _of_sale(each)}
    assert kinds == {BOOKED_BY[decided]} - {None}
    assert list(world.postings.on_worklist(Worklist.ATTENTION)) == []


def booked_minor(world: World) -> int:
    """What the books have of the sale, by whatever document."""
    return sum(_of_sale(document) for document in world.ledger.records.values())


def _of_sale(document: Document) -> int:
    match document:
        case OtherReceipt() | ArInvoice():
            return document.total_minor
        case JournalEntry():
            return document.amount_minor
        case _:
            return 0


@pytest.mark.parametrize("first", MODES)
def test_every_short_story_books_the_sale_once(first: SaleMode) -> None:
    for story in itertools.product(STEPS, repeat=3):
        tell(first, story)


@given(st.sampled_from(MODES), st.lists(st.sampled_from(STEPS), max_size=12))
def test_every_long_story_books_the_sale_once(first: SaleMode, story: list[str]) -> None:
    tell(first, story)
