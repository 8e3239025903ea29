"""Goal: what is wrong in Stripe, in the policy or in a plan is told word for word; nothing of it is
posted, and nothing is lost: it is on the exceptions list with its amount until it is solved.

Method: the real processor over in-memory ports; one wrong thing at a time, and where a policy
solves it, that policy afterwards.
"""

import dataclasses
import io
from collections.abc import Sequence

import pytest

from tests.factories import (
    NOON,
    NOON_DAY,
    a_credit_note,
    a_line,
    a_movement,
    a_paid_invoice,
    a_payment,
    a_payout,
    a_policy,
    a_sale,
    an_invoice,
    moving,
    selling,
)
from tests.fakes.policies import FakePolicies
from tests.unit.services.world import INVOICE, LEASE_SECONDS, World, of
from tieout.domain.documents import CashAccount
from tieout.domain.errors import PolicyErrors
from tieout.domain.movement_policy import PayoutAccounts
from tieout.domain.policy import Policy
from tieout.domain.policy_file import parse_policy
from tieout.domain.postings import Posting, State, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import Snapshot
from tieout.services.approval import Approval, Result
from tieout.services.operate import CannotBeDone
from tieout.services.plan_files import Header, PlanWriter, approved, checked
from tieout.services.preview import Pinned, Previewer
from tieout.services.process import Done, Retry

PAYOUT = of(SubjectKind.PAYOUT, "po_1")
CREDIT_NOTE = of(SubjectKind.CREDIT_NOTE, "cn_1")
CHARGE = of(SubjectKind.CHARGE, "ch_1")
DAY = of(SubjectKind.ACTIVITY, NOON_DAY.isoformat())


def a_world(policy: Policy, subject: Subject, snapshot: Snapshot) -> World:
    world = World()
    world.policies.published = [policy]
    world.stripe.snapshots[subject] = snapshot
    return world


def exceptions(world: World) -> dict[str, Posting]:
    return {each.key: each for each in world.postings.on_worklist(Worklist.ATTENTION)}


def told(world: World, key: str) -> tuple[Reason | None, str, int | None, str | None]:
    found = exceptions(world)[key]
    return found.reason, found.reason_text, found.amount_minor, found.currency


def posted(world: World) -> set[str]:
    return {key for key, state in world.states().items() if state is State.POSTED}


def solve(world: World, policy: Policy, subject: Subject) -> Sequence[object]:
    world.clock.advance(60)
    world.policies.published.append(policy)
    return world.bring_up_to_date(subject)


# --- In Stripe, or not in the policy ------------------------------------------------------------


def test_an_unmapped_product() -> None:
    strict = dataclasses.replace(a_policy().revenue, default=None)
    line = a_line(product="prod_new", price="price_new")
    world = a_world(a_policy(revenue=strict), INVOICE, a_paid_invoice(lines=(line,)))

    assert isinstance(world.bring_up_to_date(INVOICE)[0], Retry)

    text = (
        "line il_1: policy maps neither price price_new nor product prod_new, and has no default "
        "category"
    )
    assert told(world, "invoice/in_1") == (Reason.REVENUE_CATEGORY_MISSING, text, 10_000, "usd")
    waits = "receipt/inpay_1 waits for invoice/in_1, which is not posted"
    assert told(world, "receipt/inpay_1") == (Reason.WAITS_FOR_PARKED, waits, 10_000, "usd")
    assert posted(world) == {"customer/cus_1"}
    mapped = dataclasses.replace(strict, by_product={"prod_new": "usage"})
    assert solve(world, a_policy(revenue=mapped, version="policy-2"), INVOICE) == [Done()]
    assert posted(world) == {"customer/cus_1", "invoice/in_1", "receipt/inpay_1"}
    assert exceptions(world) == {}


def test_a_revenue_category_that_nobody_knows() -> None:
    odd = a_sale(metadata={"revenue_category": "hats"})
    world = a_world(selling("other_receipt"), CHARGE, odd)

    world.bring_up_to_date(CHARGE)

    text = "charge metadata names category hats, which policy does not have"
    assert told(world, "sale/pi_1") == (Reason.REVENUE_CATEGORY_MISSING, text, 10_000, "usd")
    assert world.ledger.sent == []


def test_a_category_of_movements_that_nobody_knows_parks_alone() -> None:
    odd = a_movement(-900, 20, id="txn_2", type="quantum_levy")
    world = World()
    world.policies.published = [moving()]
    world.stripe.moved[None] = [a_movement(-700, id="txn_1", type="stripe_fee"), odd]

    world.bring_up_to_date(DAY)

    text = "quantum_levy (quantum_levy): no account is named: `movements.suspense`"
    assert told(world, "movement/txn_2") == (Reason.ACCOUNT_NOT_IN_POLICY, text, -920, "usd")
    assert posted(world) == {f"{DAY}/usd"}
    with_suspense = dataclasses.replace(moving(suspense="1999"), version="policy-2")
    assert solve(world, with_suspense, DAY) == [Done()]
    assert posted(world) == {f"{DAY}/usd", "movement/txn_2"}


def test_a_currency_without_an_account() -> None:
    paid = a_paid_invoice(currency="sek", payments=(a_payment(currency="sek"),))
    world = a_world(a_policy(), INVOICE, paid)

    world.bring_up_to_date(INVOICE)

    text = "`clearing` does not name sek"
    assert told(world, "receipt/inpay_1") == (Reason.CURRENCY_NOT_IN_POLICY, text, 10_000, "sek")
    assert told(world, "invoice/in_1") == (Reason.CURRENCY_NOT_IN_POLICY, text, 10_000, "sek")
    assert posted(world) == {"customer/cus_1"}
    clearing = {**a_policy().clearing, "sek": CashAccount("1240")}
    solve(world, a_policy(clearing=clearing, version="policy-2"), INVOICE)
    assert posted(world) == {"customer/cus_1", "invoice/in_1", "receipt/inpay_1"}


def test_a_payout_in_a_currency_without_a_bank() -> None:
    movement = a_movement(-10_000, type="payout", source="po_1", currency="jpy")
    world = a_world(moving(), PAYOUT, a_payout(movement, currency="jpy"))

    world.bring_up_to_date(PAYOUT)

    text = "no account is named: `payouts.jpy.account`"
    assert told(world, "payout/po_1") == (Reason.ACCOUNT_NOT_IN_POLICY, text, -10_000, "jpy")
    assert world.ledger.sent == []
    named = moving(payouts={"jpy": PayoutAccounts("1007")})
    solve(world, dataclasses.replace(named, version="policy-2"), PAYOUT)
    assert posted(world) == {"payout/po_1"}


def test_a_credit_note_over_the_invoice() -> None:
    note = a_credit_note(14_000)
    invoice = an_invoice(credit_notes=(note,))
    world = a_world(a_policy(), INVOICE, invoice)

    world.bring_up_to_date(INVOICE)

    text = (
        "credit note cn_1 over 140.00 usd, of it 140.00 usd off what is owed, is more than invoice "
        "in_1 over 100.00 usd had left"
    )
    reason = Reason.CREDIT_NOTE_OVER_INVOICE
    assert told(world, "credit_note/cn_1") == (reason, text, 14_000, "usd")
    assert posted(world) == {"customer/cus_1", "invoice/in_1"}


def test_a_payout_whose_lines_do_not_sum() -> None:
    movement = a_movement(-10_000, type="payout", source="po_1")
    world = a_world(moving(), PAYOUT, a_payout(movement, content_minor=9_900))

    world.bring_up_to_date(PAYOUT)

    text = "payout po_1 is over 100.00 usd, but what it pays out sums to 99.00 usd"
    assert told(world, "payout/po_1") == (Reason.DOES_NOT_ADD_UP, text, -10_000, "usd")
    assert world.ledger.sent == []
    world.stripe.snapshots[PAYOUT] = a_payout(movement, content_minor=10_000)
    world.clock.advance(60)
    assert world.bring_up_to_date(PAYOUT) == [Done()]
    assert posted(world) == {"payout/po_1"}


# --- Policies -----------------------------------------------------------------------------------

POLICY = """
time_zone: Europe/Berlin
base_currency: eur
clearing:
  eur: {account: "1200", bank_account: STRIPE}
revenue:
  categories:
    all: {account: "0400"}
maps:
  regions: {values: {DE: "100"}, next: rest}
  rest: {values: {FR: "200"}, next: regions}
rules:
  - {name: winter, for: revenue, when: line.proration, from: 2026-10-01, set: {account: "4001"}}
  - {name: spring, for: revenue, when: line.proration, until: 2027-05-31, set: {account: "4002"}}
"""


def test_a_policy_with_a_circle_and_with_overlapping_dates() -> None:
    policies = FakePolicies(a_policy(), parse=parse_policy)

    with pytest.raises(PolicyErrors) as refused:
        policies.publish(POLICY, "policy-2", NOON)

    assert refused.value.errors == (
        "maps.regions.next: goes round in a circle: regions -> rest -> regions",
        "maps.rest.next: goes round in a circle: rest -> regions -> rest",
        (
            "rules[spring].when: is that of rule 'winter', and both hold from 2026-10-01 on: give "
            "them dates that do not overlap"
        ),
    )
    assert [each.version for each in policies.published] == ["policy-1"]


# --- Plans --------------------------------------------------------------------------------------

HEADER = Header("tieout-prod", "policy-1", "ada", NOON, "2026-11-01", "2026-11-02")


def a_plan_of(world: World) -> list[str]:
    stream = io.StringIO()
    writer = PlanWriter(stream, HEADER)
    policies = Pinned(world.policies.current(), world.policies)
    previewer = Previewer(world.stripe, world.postings, policies, world.clock)
    for each in previewer.preview([INVOICE]):
        writer.add(each)
    writer.seal(2)
    return stream.getvalue().splitlines(keepends=True)


def test_a_plan_that_was_edited_by_hand() -> None:
    world = a_world(a_policy(), INVOICE, an_invoice())
    header, line, seal = a_plan_of(world)

    with pytest.raises(CannotBeDone) as refused:
        checked([header, line.replace("invoice/in_1", "invoice/in_2"), seal])

    assert str(refused.value) == (
        "the plan is not as `tieout plan` wrote it: its seal does not fit. Nothing is posted; "
        "make a new one, and narrow it with ids, --since and --until instead of editing it"
    )
    assert world.states() == {}


def test_a_plan_that_was_edited_and_sealed_anew() -> None:
    world = a_world(a_policy(), INVOICE, an_invoice())
    _, line, _ = a_plan_of(world)
    (approved_now,) = approved([line])
    documents = {**approved_now.documents, "invoice/in_1": "0" * 64}
    edited = dataclasses.replace(approved_now, documents=documents)
    approval = Approval(
        world.stripe,
        world.ledger,
        world.postings,
        world.policies,
        world.clock,
        LEASE_SECONDS,
        who="eve",
        livemode=False,
    )

    (applied,) = approval.apply([edited])

    assert (applied.result, applied.text) == (
        Result.CHANGED,
        "invoice/in_1 would say something else now",
    )
    assert (world.ledger.sent, world.states()) == ([], {})
