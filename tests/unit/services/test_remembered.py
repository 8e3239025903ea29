"""Goal: what Stripe no longer tells does not change what is booked.

Method: the real processor over in-memory ports books what Stripe shows; then Stripe forgets it, as
it may, and the lists must stay empty. What is completed is also compared with what was there.
"""

import dataclasses

import pytest
from hypothesis import given

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_charge,
    a_customer,
    a_movement,
    a_paid_invoice,
    a_payment,
    a_refund,
    a_refund_of,
    a_refund_of_sale,
    a_sale,
    an_invoice,
    selling,
)
from tests.property.invoices import contradictory_invoices
from tests.unit.services.world import INVOICE, REFUND, World, of
from tieout.domain import effects
from tieout.domain.postings import Worklist
from tieout.domain.sale_policy import SaleMode
from tieout.domain.subjects import SubjectKind
from tieout.planning.remembered import keys_to_remember, remembering
from tieout.planning.snapshots import CustomerSnapshot, InvoiceSnapshot

CHARGE = of(SubjectKind.CHARGE, "ch_1")
RETURNED = NOON + 6 * DAY_SECONDS
FORGOTTEN = a_payment(0, status="canceled", paid_at_unix=None, returned_at_unix=RETURNED)


def attention(world: World) -> list[str]:
    return [
        f"{each.key}: {each.reason_text}" for each in world.postings.on_worklist(Worklist.ATTENTION)
    ]


def test_a_receipt_that_stripe_forgets_is_reversed_and_stands() -> None:
    world = World()
    world.stripe.snapshots[INVOICE] = a_paid_invoice()
    world.bring_up_to_date(INVOICE)
    before = world.postings.by_key["receipt/inpay_1"]
    reopened = an_invoice(payments=(FORGOTTEN,))
    world.stripe.snapshots[INVOICE] = reopened
    world.stripe.snapshots[CHARGE] = a_charge(
        status="failed",
        payment_intent="pi_1",
        payments=(FORGOTTEN,),
        paid_invoices=(reopened,),
        movement=a_movement(),
        failure=a_movement(-10_000, type="payment_failure_refund", created_unix=RETURNED),
    )
    world.clock.unix = RETURNED + 600
    world.bring_up_to_date(INVOICE, CHARGE)
    assert attention(world) == []
    assert world.postings.by_key["receipt/inpay_1"].digest == before.digest
    assert world.postings.by_key["receipt/inpay_1/returned"].amount_minor == 10_000
    assert world.postings.by_key["sale/pi_1"].document_type == ""


def test_what_was_asked_again_stands_when_another_payment_pays_it() -> None:
    """Once the invoice is paid, nothing of Stripe's tells the payment from a mere attempt."""
    world, given_up = World(), NOON + 5 * DAY_SECONDS
    reopened = an_invoice(payments=(FORGOTTEN,), marked_uncollectible_at_unix=given_up)
    world.clock.unix = RETURNED + 600
    world.stripe.snapshots[INVOICE] = reopened
    world.bring_up_to_date(INVOICE)
    before = world.postings.by_key["receipt/inpay_1/recovered"]
    assert before.record_no
    paid_at = RETURNED + DAY_SECONDS
    again = a_payment(id="inpay_2", payment_intent="pi_2", paid_at_unix=paid_at)
    world.clock.unix = paid_at + 600
    world.stripe.snapshots[INVOICE] = dataclasses.replace(
        a_paid_invoice(payments=(FORGOTTEN, again)), marked_uncollectible_at_unix=given_up
    )
    world.bring_up_to_date(INVOICE)
    assert attention(world) == []
    assert world.postings.by_key["receipt/inpay_1/recovered"].digest == before.digest
    assert "receipt/inpay_2" in world.postings.by_key
    assert "receipt/inpay_2/recovered" not in world.postings.by_key


def test_a_payment_that_was_never_booked_is_not_invented() -> None:
    world = World()
    world.stripe.snapshots[INVOICE] = an_invoice(payments=(FORGOTTEN,))
    world.bring_up_to_date(INVOICE)
    assert set(world.postings.by_key) == {"customer/cus_1", "invoice/in_1"}


def deleted(invoice: InvoiceSnapshot) -> InvoiceSnapshot:
    """The invoice of a customer that is no more: its name is frozen, its metadata is gone."""
    return dataclasses.replace(invoice, customer=a_customer(deleted=True))


def test_a_deleted_customer_keeps_the_number_that_its_metadata_named() -> None:
    named = a_customer(metadata={"intacct_customer_id": "ACME-1"})
    world, paid = World(), a_paid_invoice(customer=named)
    world.stripe.snapshots[INVOICE] = paid
    world.bring_up_to_date(INVOICE)
    world.clock.advance(60)
    world.stripe.snapshots[INVOICE] = deleted(paid)
    world.stripe.snapshots[REFUND] = a_refund_of(a_refund(1_000), deleted(paid))
    world.bring_up_to_date(INVOICE, REFUND)
    assert attention(world) == []
    assert world.postings.by_key["customer/cus_1"].number == "ACME-1"
    assert "refund/re_1" in world.postings.by_key


@pytest.mark.parametrize("is_booked", [True, False])
def test_so_does_the_customer_of_a_sale(*, is_booked: bool) -> None:
    named = a_customer(metadata={"intacct_customer_id": "ACME-1"})
    world = World()
    world.policies.published.append(selling("invoice"))
    if is_booked:
        world.stripe.snapshots[CHARGE] = a_sale(customer=named)
        world.bring_up_to_date(CHARGE)
        world.clock.advance(60)
    world.stripe.snapshots[CHARGE] = a_sale(customer=CustomerSnapshot("cus_1", deleted=True))
    world.bring_up_to_date(CHARGE)
    assert attention(world) == []
    number = world.postings.by_key["customer/cus_1"].number
    assert number == ("ACME-1" if is_booked else "cus_1")


@pytest.mark.parametrize("mode", ["other_receipt", "invoice"])
def test_a_sale_is_taken_back_from_where_it_was_booked_whatever_metadata_says(
    mode: SaleMode,
) -> None:
    """What a customer or a charge is called can change between a sale and its refund."""
    world = World()
    world.policies.published.append(selling(mode))
    small = a_customer(metadata={"class": "SMB", "region": "10 0"})
    sold = a_sale(customer=small, metadata={"revenue_category": "usage"})
    world.stripe.snapshots[CHARGE] = sold
    world.bring_up_to_date(CHARGE)
    booked = effects.read(world.postings.by_key["sale/pi_1"].effects)
    (place,) = (each for each, amount_minor in booked.items() if amount_minor < 0)
    assert place == "4020 location=100 class=SMB GLDIMREGION=10 0"
    world.clock.advance(60)
    renamed = dataclasses.replace(sold, customer=a_customer(), metadata={})
    failed = a_refund(2_500, status="failed", returned_at_unix=NOON)
    world.stripe.snapshots[REFUND] = a_refund_of_sale(failed, renamed)
    world.bring_up_to_date(REFUND)
    refund, failure = (world.postings.by_key[f"refund/re_1{end}"] for end in ("", "/failed"))
    assert effects.read(refund.effects)[place] == 2_500
    assert effects.read(failure.effects)[place] == -2_500
    assert "charge metadata names category usage" in refund.chosen_by
    assert "cash account" not in refund.chosen_by


@given(contradictory_invoices())
def test_without_postings_nothing_is_remembered(invoice: InvoiceSnapshot) -> None:
    in_order = sorted(
        invoice.payments,
        key=lambda each: (each.paid_at_unix is None, each.paid_at_unix or 0, each.id),
    )
    invoice = dataclasses.replace(invoice, payments=tuple(in_order))
    assert remembering(invoice, {}) == invoice
    assert all(
        key.startswith(("customer/", "receipt/", "invoice/")) for key in keys_to_remember(invoice)
    )
