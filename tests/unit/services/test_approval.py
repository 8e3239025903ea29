"""Goal: what is posted is exactly what was approved; what has changed since is refused by name.

Method: a plan of two invoices, then one change of each kind in Stripe, the policy or the books.
"""

import dataclasses

import pytest

from tests.factories import a_line, a_paid_invoice, an_invoice, moving, selling
from tests.fakes.stripe import FakeStripe
from tests.unit.services.day_world import DAY, charged
from tests.unit.services.day_world import world as days_world
from tests.unit.services.world import INVOICE, LEASE_SECONDS, World, of
from tieout.domain.documents import digest
from tieout.domain.errors import ConfigurationFault
from tieout.domain.postings import State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import Snapshot
from tieout.services.approval import Applied, Approval, Result
from tieout.services.evidence import SUBJECTS_AT_ONCE
from tieout.services.plan_files import Approved
from tieout.services.ports import NotAccepted
from tieout.services.preview import Pinned, Previewer

OTHER = of(SubjectKind.INVOICE, "in_2")


@pytest.fixture
def world() -> World:
    world = World()
    world.stripe.snapshots[INVOICE] = an_invoice()
    world.stripe.snapshots[OTHER] = an_invoice(id="in_2", number="ACME-2")
    return world


def approved_of(world: World, *subjects: Subject) -> list[Approved]:
    policies = Pinned(world.policies.current(), world.policies)
    previewer = Previewer(world.stripe, world.postings, policies, world.clock)
    return [Approved(each.subject, each.to_send()) for each in previewer.preview(subjects)]


def apply(
    world: World, approved: list[Approved], stripe: FakeStripe | None = None
) -> dict[Subject, Applied]:
    approval = Approval(
        stripe or world.stripe,
        world.ledger,
        world.postings,
        Pinned(world.policies.current(), world.policies),
        world.clock,
        LEASE_SECONDS,
        who="ada",
        livemode=False,
    )
    return {each.subject: each for each in approval.apply(approved)}


def test_what_was_approved_is_posted(world: World) -> None:
    approved = approved_of(world, INVOICE, OTHER)
    done = apply(world, approved)
    assert {each.result for each in done.values()} == {Result.POSTED}
    promised = {key: content for each in approved for key, content in each.documents.items()}
    assert {each.document.key: digest(each.document) for each in world.ledger.sent} == promised
    assert world.postings.by_key["invoice/in_1"].trigger == "plan applied by ada"


def test_applied_twice_it_posts_nothing_twice(world: World) -> None:
    approved = approved_of(world, INVOICE, OTHER)
    apply(world, approved)
    sent = len(world.ledger.sent)
    assert {each.result for each in apply(world, approved).values()} == {Result.POSTED_BEFORE}
    assert len(world.ledger.sent) == sent


def test_what_the_processor_posted_meanwhile_is_no_change(world: World) -> None:
    approved = approved_of(world, INVOICE, OTHER)
    world.bring_up_to_date(INVOICE)
    done = apply(world, approved)
    assert (done[INVOICE].result, done[OTHER].result) == (Result.POSTED_BEFORE, Result.POSTED)


@pytest.mark.parametrize(
    ("snapshot", "told"),
    [
        (an_invoice(lines=(a_line(9_999),)), "invoice/in_1 would say something else now"),
        (a_paid_invoice(), "receipt/inpay_1 would be posted too, and was not in the plan"),
        (an_invoice(status="draft"), "customer/cus_1 is called for no more"),
    ],
)
def test_what_changed_in_stripe_is_refused_and_the_rest_is_posted(
    world: World, snapshot: Snapshot, told: str
) -> None:
    approved = approved_of(world, INVOICE, OTHER)
    world.stripe.snapshots[INVOICE] = snapshot
    done = apply(world, approved)
    assert done[INVOICE] == Applied(INVOICE, Result.CHANGED, told)
    assert done[OTHER].result is Result.POSTED
    assert {each.document.key for each in world.ledger.sent} == {"customer/cus_1", "invoice/in_2"}


def test_what_is_parked_now_is_refused(world: World) -> None:
    approved = approved_of(world, INVOICE)
    without = dataclasses.replace(world.policies.current().revenue, default=None)
    world.policies.published[:] = [dataclasses.replace(world.policies.current(), revenue=without)]
    done = apply(world, approved)
    assert done[INVOICE].text == "invoice/in_1 is parked now"
    assert world.ledger.sent == []


class ChangesAfterTheLook(FakeStripe):
    """Each subject says something else from the second reading on."""

    def __init__(self, then: Snapshot) -> None:
        super().__init__()
        self._then = then

    def snapshot(self, subject: Subject) -> Snapshot:
        found = super().snapshot(subject)
        self.snapshots[subject] = self._then
        return found


def test_what_changes_between_the_look_and_the_posting_does_not_pass(world: World) -> None:
    approved = approved_of(world, INVOICE)
    stripe = ChangesAfterTheLook(an_invoice(lines=(a_line(9_999),)))
    stripe.snapshots[INVOICE] = an_invoice()
    done = apply(world, approved, stripe)
    assert done[INVOICE].result is Result.NOT_POSTED
    assert done[INVOICE].text == "invoice/in_1: it is not what was approved"
    assert [each.document.key for each in world.ledger.sent] == ["customer/cus_1"]
    assert world.postings.by_key["invoice/in_1"].state is State.PLANNED


def test_an_intacct_that_lets_nobody_in_ends_it(world: World) -> None:
    approved = approved_of(world, INVOICE, OTHER)
    world.ledger.fault = ConfigurationFault(Reason.INTACCT_SIGN_IN, "wrong password")
    with pytest.raises(ConfigurationFault, match="wrong password"):
        apply(world, approved)
    world.ledger.fault = None
    assert {each.result for each in apply(world, approved).values()} == {Result.POSTED}


@pytest.mark.parametrize("key", ["invoice/in_1", "customer/cus_1"])
def test_what_intacct_does_not_take_is_told(world: World, key: str) -> None:
    approved = approved_of(world, INVOICE)
    world.ledger.script(key, NotAccepted(Reason.INTACCT_REFUSED, "not today"))
    done = apply(world, approved)
    assert (done[INVOICE].result, done[INVOICE].text) == (Result.NOT_POSTED, f"{key}: not today")


@pytest.mark.parametrize("count", [2, SUBJECTS_AT_ONCE + 10])
def test_a_day_is_posted_with_the_sales_that_it_sums_up(count: int) -> None:
    world = days_world(*(charged(number, fee_minor=300) for number in range(count)))
    world.policies.published = [selling("daily_summary", movements=moving().movements)]
    charges = [of(SubjectKind.CHARGE, f"ch_{number}") for number in range(count)]
    approved = [each for each in approved_of(world, *charges, DAY) if each.documents]
    assert [each.subject for each in approved] == [DAY]
    assert apply(world, approved)[DAY].result is Result.POSTED
    day = {key: each for key, each in world.postings.by_key.items() if each.subject == DAY}
    assert {key: each.digest for key, each in day.items()} == approved[0].documents
    assert day[f"{DAY}/usd/sales"].amount_minor == count * 10_000
    assert {each.state for each in day.values()} == {State.POSTED}
