"""Goal: the lists that people read say what is true now, and nothing a person solved is undone.

Method: the real processor over in-memory ports; Stripe says one thing, then another, and the
postings are compared with what the last reading called for.
"""

import dataclasses
from collections.abc import Mapping

import pytest

from tests.factories import (
    a_balance_change,
    a_customer,
    a_paid_invoice,
    a_payment,
    a_policy,
    a_refund,
    a_refund_of,
    a_sale,
    an_invoice,
    selling,
)
from tests.fakes.ledger import FakeLedger, LostAnswer
from tests.unit.services.world import CUSTOMER, INVOICE, REFUND, World, of
from tieout.domain import postings
from tieout.domain.documents import Customer
from tieout.domain.policy import CustomerOverride, CustomerRules, Policy
from tieout.domain.postings import State, Worklist
from tieout.domain.reasons import Reason
from tieout.domain.subjects import SubjectKind
from tieout.planning.snapshots import CustomerSnapshot, InvoiceSnapshot
from tieout.services.ports import NotAccepted
from tieout.services.process import Done, Retry

CHARGE = of(SubjectKind.CHARGE, "ch_1")
OPEN_STATE, PAID_STATE = "open:0:10000", "paid:10000:0"


@pytest.fixture
def world() -> World:
    made = World()
    made.stripe.snapshots[CUSTOMER] = a_customer()
    made.stripe.snapshots[INVOICE] = an_invoice()
    return made


def listed(world: World, worklist: Worklist) -> list[str]:
    return [each.key for each in world.postings.on_worklist(worklist)]


def later(world: World, invoice: InvoiceSnapshot | None = None) -> None:
    """Let a minute pass, and Stripe say something else of the invoice."""
    world.clock.advance(60)
    if invoice is not None:
        world.stripe.snapshots[INVOICE] = invoice


def unmapped(version: str = "policy-2") -> Policy:
    policy = a_policy(version=version)
    return dataclasses.replace(policy, revenue=dataclasses.replace(policy.revenue, default=None))


# --- The state that the poller compares ---------------------------------------------------------


def test_the_state_of_an_invoice_is_kept_only_when_its_receipts_are_dealt_with(
    world: World,
) -> None:
    world.bring_up_to_date(INVOICE)
    assert world.postings.by_key["invoice/in_1"].source_state == OPEN_STATE
    later(world, a_paid_invoice())
    world.ledger.script("receipt/inpay_1", LostAnswer(executed=False))
    world.bring_up_to_date(INVOICE)
    assert world.states()["receipt/inpay_1"] is State.UNKNOWN
    assert world.postings.by_key["invoice/in_1"].source_state == OPEN_STATE
    later(world)
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.postings.by_key["invoice/in_1"].source_state == PAID_STATE


def test_a_parked_receipt_is_dealt_with_so_the_poller_need_not_ask_again(world: World) -> None:
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    world.ledger.script("receipt/inpay_1", NotAccepted(Reason.PERIOD_CLOSED, "closed"))
    assert isinstance(world.bring_up_to_date(INVOICE)[0], Retry)
    assert world.postings.by_key["invoice/in_1"].source_state == PAID_STATE


def test_an_older_reading_does_not_put_an_older_state_back(world: World) -> None:
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    world.bring_up_to_date(INVOICE)
    newer = dataclasses.replace(
        world.postings.by_key["invoice/in_1"], read_at_unix=world.clock.now_unix() + 60
    )
    world.postings.by_key["invoice/in_1"] = newer
    world.stripe.snapshots[INVOICE] = an_invoice()
    world.bring_up_to_date(INVOICE)
    assert world.postings.by_key["invoice/in_1"].source_state == PAID_STATE


# --- What a newer plan no longer has ------------------------------------------------------------


OVERPAID = a_paid_invoice(payments=(a_payment(10_050),))


def test_what_is_no_longer_called_for_leaves_the_list(world: World) -> None:
    world.stripe.snapshots[INVOICE] = OVERPAID
    world.bring_up_to_date(INVOICE)
    assert listed(world, Worklist.ATTENTION) == ["receipt/inpay_1/excess"]
    later(world, a_paid_invoice())
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert listed(world, Worklist.ATTENTION) == []
    withdrawn = world.postings.by_key["receipt/inpay_1/excess"]
    assert (withdrawn.reason, withdrawn.amount_minor) == (Reason.WITHDRAWN, None)
    assert "had left to settle" in withdrawn.reason_text


def test_a_charge_that_was_read_before_its_payment_is_covered_by_the_receipt(
    world: World,
) -> None:
    world.stripe.snapshots[CHARGE] = a_sale()
    world.bring_up_to_date(CHARGE)
    assert "sale/pi_1" in listed(world, Worklist.ATTENTION)
    later(world, a_paid_invoice())
    world.bring_up_to_date(INVOICE)
    assert world.states()["receipt/inpay_1"] is State.POSTED
    assert world.postings.by_key["sale/pi_1"].reason is Reason.WITHDRAWN


def test_charge_and_receipt_agree_on_the_evidence_whoever_comes_last(world: World) -> None:
    world.stripe.snapshots[CHARGE] = a_sale(invoices=("in_1",))
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    world.bring_up_to_date(CHARGE)
    written = world.postings.by_key["sale/pi_1"]
    assert written.reason is Reason.NOTHING_TO_BOOK
    for subject in (INVOICE, CHARGE, INVOICE):
        later(world)
        assert world.bring_up_to_date(subject) == [Done()]
        assert world.postings.by_key["sale/pi_1"] == written


def test_a_sale_that_turns_out_to_pay_an_invoice_is_a_difference(world: World) -> None:
    """It is booked twice, and a person must take one of the two back."""
    world.policies.published = [selling("other_receipt")]
    world.stripe.snapshots[CHARGE] = a_sale()
    world.bring_up_to_date(CHARGE)
    later(world, a_paid_invoice())
    world.bring_up_to_date(INVOICE)
    assert listed(world, Worklist.ATTENTION) == ["sale/pi_1"]
    assert world.postings.by_key["sale/pi_1"].reason is Reason.DRIFT


def test_a_posted_receipt_that_stripe_no_longer_shows_is_a_difference_once(world: World) -> None:
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    world.bring_up_to_date(INVOICE)
    for _ in range(2):
        later(world, an_invoice())
        world.bring_up_to_date(INVOICE)
        assert listed(world, Worklist.ATTENTION) == ["receipt/inpay_1"]
        assert world.postings.by_key["receipt/inpay_1"].version == 3
    assert world.states()["receipt/inpay_1"] is State.POSTED
    later(world, a_paid_invoice())
    world.bring_up_to_date(INVOICE)
    assert listed(world, Worklist.ATTENTION) == []


def test_what_could_not_be_planned_withdraws_nothing(world: World) -> None:
    world.stripe.snapshots[INVOICE] = OVERPAID
    world.bring_up_to_date(INVOICE)
    world.clock.advance(60)
    world.stripe.snapshots[INVOICE] = KeyError("nobody foresaw this")
    message = dataclasses.replace(world.message(INVOICE), receive_count=3)
    world.process(message)
    assert "receipt/inpay_1/excess" in listed(world, Worklist.ATTENTION)


def test_a_refund_that_parks_its_invoice_does_so_for_the_invoice(world: World) -> None:
    world.policies.published.append(unmapped())
    world.stripe.snapshots[REFUND] = a_refund_of(a_refund(), a_paid_invoice())
    world.bring_up_to_date(REFUND)
    assert world.postings.by_key["invoice/in_1"].subject == INVOICE
    world.policies.published.append(a_policy(version="policy-3"))
    later(world, a_paid_invoice())
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.postings.by_key["invoice/in_1"].source_state == PAID_STATE


# --- Differences --------------------------------------------------------------------------------


def test_a_difference_that_is_no_more_clears_itself(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    later(world, an_invoice(number="ACME-9"))
    world.bring_up_to_date(INVOICE)
    assert listed(world, Worklist.ATTENTION) == ["invoice/in_1"]
    later(world, an_invoice())
    world.bring_up_to_date(INVOICE)
    assert listed(world, Worklist.ATTENTION) == []


def test_an_accepted_difference_is_reported_again_only_when_it_is_another(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    later(world, an_invoice(number="ACME-9"))
    world.bring_up_to_date(INVOICE)
    drifted = world.postings.by_key["invoice/in_1"]
    world.postings.put(postings.closed(drifted, world.clock.now_unix(), "ann", "renumbered"))
    later(world)
    world.bring_up_to_date(INVOICE)
    assert listed(world, Worklist.ATTENTION) == []
    later(world, an_invoice(number="ACME-10"))
    world.bring_up_to_date(INVOICE)
    assert listed(world, Worklist.ATTENTION) == ["invoice/in_1"]


# --- What a person solved by hand ---------------------------------------------------------------


def test_what_was_closed_is_never_sent_and_its_receipt_goes_to_the_record_named(
    world: World,
) -> None:
    world.policies.published.append(unmapped())
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    world.bring_up_to_date(INVOICE)
    parked = world.postings.by_key["invoice/in_1"]
    by_hand = postings.closed(parked, world.clock.now_unix(), "ann", "by hand", record_no="77")
    world.postings.put(by_hand)
    world.made_by_hand("77")
    world.policies.published.append(a_policy(version="policy-3"))
    later(world)
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.ledger.written("invoice/in_1") == []
    (receipt,) = [each for each in world.ledger.sent if each.document.key == "receipt/inpay_1"]
    assert receipt.record_numbers == {"invoice/in_1": "77"}
    assert listed(world, Worklist.ATTENTION) == []


def test_what_was_closed_over_another_amount_is_a_difference(world: World) -> None:
    world.policies.published.append(unmapped())
    world.bring_up_to_date(INVOICE)
    parked = world.postings.by_key["invoice/in_1"]
    other = dataclasses.replace(parked, amount_minor=9_900)
    world.postings.by_key["invoice/in_1"] = postings.closed(other, 0, "ann", "by hand")
    world.policies.published.append(a_policy(version="policy-3"))
    later(world)
    world.bring_up_to_date(INVOICE)
    assert listed(world, Worklist.ATTENTION) == ["invoice/in_1"]
    assert "99.00 USD" in world.postings.by_key["invoice/in_1"].reason_text
    assert world.ledger.written("invoice/in_1") == []


def test_what_is_reopened_is_looked_up_before_it_is_sent(world: World) -> None:
    world.policies.published.append(unmapped())
    world.bring_up_to_date(INVOICE)
    parked = world.postings.by_key["invoice/in_1"]
    world.postings.put(postings.closed(parked, 0, "ann", "by mistake"))
    world.postings.put(postings.reopened(world.postings.by_key["invoice/in_1"], 0, "ann", "again"))
    world.policies.published.append(a_policy(version="policy-3"))
    later(world)
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.ledger.finds == 1
    assert len(world.ledger.written("invoice/in_1")) == 1


# --- Customers ----------------------------------------------------------------------------------


def renamed(**changes: object) -> CustomerSnapshot:
    return a_customer(name="Acme Holding", **changes)


def test_a_refused_change_of_a_customer_does_not_fail_its_invoices(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    refusal = NotAccepted(Reason.INTACCT_REFUSED, "not this name")
    world.ledger.script("customer/cus_1", refusal, refusal)
    for paid in (False, True):
        invoice = a_paid_invoice if paid else an_invoice
        later(world, invoice(customer=renamed()))
        assert world.bring_up_to_date(INVOICE) == [Done()]
    assert world.states()["receipt/inpay_1"] is State.POSTED
    assert listed(world, Worklist.ATTENTION) == ["customer/cus_1"]
    changes = [each for each in world.ledger.sent if each.amend]
    assert len(changes) == 1, "the same change is not sent with each invoice"
    world.stripe.snapshots[CUSTOMER] = renamed()
    assert isinstance(world.bring_up_to_date(CUSTOMER)[0], Retry)
    assert world.bring_up_to_date(CUSTOMER) == [Done()]
    assert listed(world, Worklist.ATTENTION) == []


def test_a_booked_customer_keeps_its_number(world: World) -> None:
    world.bring_up_to_date(INVOICE)
    number = world.postings.by_key["customer/cus_1"].number
    other = a_customer(metadata={"intacct_customer_id": "C-2"})
    later(world, a_paid_invoice(customer=other))
    assert isinstance(world.bring_up_to_date(INVOICE)[0], Retry)
    customer = world.postings.by_key["customer/cus_1"]
    assert customer.reason is Reason.CUSTOMER_RENUMBERED
    assert (number in customer.reason_text, "C-2" in customer.reason_text) == (True, True)
    assert world.postings.by_key["receipt/inpay_1"].reason is Reason.WAITS_FOR_PARKED
    assert customers(world.ledger) == {number}
    later(world, a_paid_invoice())
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert listed(world, Worklist.ATTENTION) == []


def numbering(version: str, **changes: object) -> Policy:
    policy = a_policy(version=version)
    rules: CustomerRules = dataclasses.replace(policy.customers, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(policy, customers=rules)


@pytest.mark.parametrize(
    "way_out",
    [{"prefix": ""}, {"prefix": "S-", "overrides": {"cus_1": CustomerOverride("cus_1")}}],
    ids=["the prefix back", "the number as an override"],
)
def test_a_booked_customer_keeps_its_number_when_the_prefix_changes(
    world: World, way_out: Mapping[str, object]
) -> None:
    world.bring_up_to_date(INVOICE)
    world.policies.published.append(numbering("policy-2", prefix="S-"))
    later(world, a_paid_invoice())
    assert isinstance(world.bring_up_to_date(INVOICE)[0], Retry)
    assert listed(world, Worklist.ATTENTION) == ["customer/cus_1", "receipt/inpay_1"]
    assert world.postings.by_key["customer/cus_1"].reason is Reason.CUSTOMER_RENUMBERED
    world.policies.published.append(numbering("policy-3", **way_out))
    later(world)
    assert world.bring_up_to_date(INVOICE) == [Done()]
    assert listed(world, Worklist.ATTENTION) == []
    assert customers(world.ledger) == {"cus_1"}


def customers(ledger: FakeLedger) -> set[str]:
    return {
        each.document.customer_id for each in ledger.sent if isinstance(each.document, Customer)
    }


def test_what_was_recorded_of_a_deleted_customer_stays(world: World) -> None:
    """Stripe shows no changes of its credit balance any more: that says nothing about them."""
    changes = (a_balance_change(-500), a_balance_change(-700, id="cbtxn_2", currency="gbp"))
    world.stripe.snapshots[CUSTOMER] = a_customer(balance_transactions=changes)
    world.bring_up_to_date(CUSTOMER)
    later(world)
    world.stripe.snapshots[CUSTOMER] = CustomerSnapshot("cus_1", deleted=True)
    world.bring_up_to_date(CUSTOMER)
    booked, parked = (world.postings.by_key[f"customer_balance/cbtxn_{each}"] for each in (1, 2))
    assert (booked.state, booked.needs_attention) == (State.POSTED, False)
    assert (parked.state, parked.amount_minor) == (State.PARKED, 700)
