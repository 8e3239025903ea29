"""Goal: whatever the order in which a charge, its refund and its day are read, policies with other
modes are published, the metadata is edited that a rule asks for the mode, and months reach their
budget and end, the sale is in the books once, or not at all because that was decided first; and its
refund with it.

Method: the real processor over in-memory ports takes every story of a few steps, and random longer
ones; then everything is read until nothing more can come. Stripe kept no fee of the charge, so
every amount in the day's journals is of the sale.
"""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import (
    NOON_DAY,
    a_movement,
    a_refund,
    a_refund_of_sale,
    a_sale,
    an_origin,
    sold_as_ruled,
)
from tests.unit.services.world import World, of
from tieout.domain.documents import ArInvoice, Document, JournalEntry, OtherReceipt
from tieout.domain.keys import refund_key
from tieout.domain.policy import Policy
from tieout.domain.policy_rules import Area, Fixed
from tieout.domain.postings import Worklist
from tieout.domain.sale_policy import SaleMode
from tieout.domain.subjects import SubjectKind

pytestmark = pytest.mark.simulation

AMOUNT_MINOR = 10_000
REFUNDED_MINOR = 4_000
READ = {
    "read the charge": of(SubjectKind.CHARGE, "ch_1"),
    "read the refund": of(SubjectKind.REFUND, "re_1"),
    "read the day": of(SubjectKind.ACTIVITY, NOON_DAY.isoformat()),
}
CHARGE, REFUND, _ = READ.values()
MODES: tuple[SaleMode, ...] = get_args(SaleMode)
BOOKED_BY: Mapping[SaleMode | None, type[Document] | None] = {
    "other_receipt": OtherReceipt,
    "invoice": ArInvoice,
    "daily_summary": JournalEntry,
    "ignore": None,
}
EDITS: Mapping[str, Mapping[str, str]] = {
    **{f"say {mode}": {"sold_as": mode} for mode in MODES},
    "say nothing": {},
    "say nonsense": {"revenue_category": "nobody knows it"},
}
# Above the budget a sale is summed up that would be booked in detail.
MONTHS: Mapping[str, str] = {"reach the budget": "10 of 10 used", "begin a month": ""}
STEPS = (*READ, *EDITS, *MODES, *MONTHS)


@dataclasses.dataclass
class Shop:
    """A charge, its refund and its day, as Stripe shows them now, and what was decided first."""

    in_force: SaleMode
    world: World = dataclasses.field(default_factory=World)
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)
    decided: SaleMode | None = None
    reached: str = ""

    def __post_init__(self) -> None:
        self.publish(sold_as_ruled(self.in_force))
        self.edit({})

    def publish(self, policy: Policy) -> None:
        """Put a policy in force that sums up, above the budget, what is booked in detail."""
        assert policy.sales is not None
        sales = dataclasses.replace(policy.sales, above_budget="daily_summary")
        (rule,) = policy.rules[Area.SALE]
        settings = {**rule.settings, "above_budget": Fixed("daily_summary")}
        rules = {Area.SALE: (dataclasses.replace(rule, settings=settings),)}
        self.in_month(dataclasses.replace(policy, sales=sales, rules=rules))

    def in_month(self, policy: Policy) -> None:
        """Let a policy be in force in a month as it is now."""
        self.world.policies.published = [policy.in_month(self.reached)]

    def edit(self, metadata: Mapping[str, str]) -> None:
        self.metadata = metadata
        origin = an_origin(AMOUNT_MINOR, metadata=metadata)
        movement = a_movement(AMOUNT_MINOR, source="ch_1", origin=origin)
        sale = a_sale(AMOUNT_MINOR, movement=movement, metadata=metadata)
        self.world.stripe.moved[None] = [movement]
        self.world.stripe.snapshots[CHARGE] = sale
        self.world.stripe.snapshots[REFUND] = a_refund_of_sale(a_refund(REFUNDED_MINOR), sale)

    def take(self, number: int, step: str) -> None:
        self.world.clock.advance(600)
        if step in EDITS:
            self.edit(EDITS[step])
        elif step in MODES:
            self.in_force = next(mode for mode in MODES if mode == step)
            self.publish(sold_as_ruled(self.in_force, version=f"policy-{number + 2}"))
        elif step in MONTHS:
            self.reached = MONTHS[step]
            self.in_month(self.world.policies.published[-1])
        else:
            # A day has the charges read of which nothing is known, not those that are parked.
            if step != "read the day" or not self.world.states():
                self.decide()
            self.world.bring_up_to_date(READ[step])

    def decide(self) -> None:
        """Note what is decided by reading the charge, unless it is parked or decided already."""
        said = (mode for mode in MODES if mode == self.metadata.get("sold_as"))
        mode = next(said, self.in_force)
        if self.reached and mode in {"invoice", "other_receipt"}:
            mode = "daily_summary"
        if self.decided is None and (mode == "ignore" or "revenue_category" not in self.metadata):
            self.decided = mode

    @property
    def of_sale_minor(self) -> int:
        """What the books have of the sale, by whatever document."""
        return sum(_of_sale(document) for document in self.world.ledger.records.values())

    @property
    def of_refund_minor(self) -> int:
        """What the books have of the refund."""
        records = self.world.ledger.records.values()
        return sum(
            each.amount_minor
            for each in records
            if isinstance(each, JournalEntry) and each.key == refund_key("re_1")
        )


def tell(first: SaleMode, story: Sequence[str]) -> None:
    """Live through a story and look at the books after each of its steps."""
    shop = Shop(first)
    ending = ("say nothing", *READ, *READ)
    for number, step in enumerate((*story, *ending)):
        shop.take(number, step)
        assert shop.of_sale_minor <= AMOUNT_MINOR, step
        assert shop.of_refund_minor <= REFUNDED_MINOR, step
    is_booked = shop.decided != "ignore"
    assert shop.of_sale_minor == (AMOUNT_MINOR if is_booked else 0)
    assert shop.of_refund_minor == (REFUNDED_MINOR if is_booked else 0)
    kinds = {type(each) for each in shop.world.ledger.records.values() if _of_sale(each)}
    assert kinds == {BOOKED_BY[shop.decided]} - {None}
    assert list(shop.world.postings.on_worklist(Worklist.ATTENTION)) == []


def _of_sale(document: Document) -> int:
    match document:
        case OtherReceipt() | ArInvoice():
            return document.total_minor
        case JournalEntry() if document.key != refund_key("re_1"):
            return document.amount_minor
        case _:
            return 0


@pytest.mark.parametrize("first", MODES)
def test_every_story_of_policies_books_the_sale_once(first: SaleMode) -> None:
    for story in itertools.product(("read the charge", "read the day", *MODES), repeat=3):
        tell(first, story)


@pytest.mark.parametrize("first", MODES)
@pytest.mark.parametrize("read", READ)
def test_every_story_of_edits_books_the_sale_once(first: SaleMode, read: str) -> None:
    """Something is read, then edited and read again, or a policy published."""
    for story in itertools.product(EDITS, (read,), STEPS):
        tell(first, story)


@pytest.mark.parametrize("first", ["invoice", "other_receipt"])
def test_every_story_of_months_books_the_sale_once(first: SaleMode) -> None:
    for story in itertools.product((*READ, *MONTHS), repeat=4):
        tell(first, story)


@given(st.sampled_from(MODES), st.lists(st.sampled_from(STEPS), max_size=14))
def test_every_long_story_books_the_sale_once(first: SaleMode, story: list[str]) -> None:
    tell(first, story)
