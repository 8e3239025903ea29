"""Goal: an invoice reads the same in every shape Stripe has given it since 2020.

Method: render one set of facts in today's shape and in the one before basil, decode both, compare.
The one honest difference is the payment's id, and listing the InvoicePayments removes even that.
"""

from dataclasses import replace

import pytest

from tests.factories import planned
from tests.unit.stripe import shapes
from tests.unit.stripe.shapes import Facts, Line, Tax
from tieout.domain.documents import ArPayment, Document
from tieout.planning.snapshots import InvoiceSnapshot
from tieout.stripe import decode

FACTS = {
    "draft": Facts(status="draft"),
    "open": Facts(),
    "paid": Facts(status="paid"),
    "paid by a charge": Facts(status="paid", by_charge=True),
    "paid outside Stripe": Facts(status="paid", out_of_band=True),
    "free": Facts(status="paid", lines=(Line("il_1", 0),), amount_due=0, total=0),
    "void": Facts(status="void"),
    "uncollectible": Facts(status="uncollectible"),
    "taxed": Facts(
        status="paid",
        lines=(
            Line("il_1", 1_000, taxes=(Tax(190), Tax(10, rate="txr_2"))),
            Line("il_2", 1_190, taxes=(Tax(190, inclusive=True),)),
        ),
        amount_due=2_390,
        total=2_390,
    ),
    "discounted": Facts(
        lines=(Line("il_1", 3_000, discounts=(400, 100)),), total=2_500, amount_due=2_500
    ),
    "prorated": Facts(
        lines=(
            Line("il_1", -500, proration=True, from_subscription=False),
            Line("il_2", 2_500, proration=True, metadata={"class": "C1"}),
        ),
    ),
    "of no product": Facts(lines=(Line("il_1", 2_000, product=None, price=None),)),
    "shipped": Facts(
        shipping={"amount_subtotal": 500, "amount_tax": 100, "amount_total": 600}, total=2_600
    ),
    "paid in part from the balance": Facts(
        status="paid", starting_balance=-700, ending_balance=0, amount_due=1_300
    ),
    "of a deleted customer": Facts(deleted_customer=True),
}


def comparable(invoice: InvoiceSnapshot) -> InvoiceSnapshot:
    payments = tuple(replace(payment, id="") for payment in invoice.payments)
    return replace(invoice, payments=payments, api_paid_out_of_band=False)


@pytest.mark.parametrize("facts", FACTS.values(), ids=FACTS.keys())
def test_both_shapes_give_one_snapshot(facts: Facts) -> None:
    new = decode.invoice(shapes.today(facts))
    old = decode.invoice(shapes.before_basil(facts))

    assert comparable(old) == comparable(new)


@pytest.mark.parametrize("facts", FACTS.values(), ids=FACTS.keys())
def test_both_shapes_give_one_plan_once_the_payments_are_listed(facts: Facts) -> None:
    new = shapes.today(facts)
    old = decode.invoice(shapes.before_basil(facts), payments=new["payments"]["data"])

    assert planned(old) == planned(decode.invoice(new))


@pytest.mark.parametrize("facts", FACTS.values(), ids=FACTS.keys())
def test_without_listing_them_only_the_receipts_name_differs(facts: Facts) -> None:
    new = planned(decode.invoice(shapes.today(facts)))
    old = planned(decode.invoice(shapes.before_basil(facts)))

    assert [unnamed(each) for each in old.documents] == [unnamed(each) for each in new.documents]
    assert old.source_state == new.source_state


def unnamed(document: Document) -> Document:
    if not isinstance(document, ArPayment):
        return document
    return replace(document, key="", stripe_id="", reference="", description="")


@pytest.mark.parametrize("by_charge", [False, True])
def test_a_payment_known_only_by_its_charge_or_intent_stands_under_that_id(
    by_charge: bool,
) -> None:
    facts = Facts(status="paid", by_charge=by_charge)

    (old,) = decode.invoice(shapes.before_basil(facts)).payments

    assert old.id == (shapes.CHARGE if by_charge else shapes.PAYMENT_INTENT)


def test_listing_the_payments_gives_an_old_shape_todays_ids_too() -> None:
    facts = Facts(status="paid")
    new = shapes.today(facts)

    old = decode.invoice(shapes.before_basil(facts), payments=new["payments"]["data"])

    assert old == decode.invoice(new)


def test_out_of_band_is_told_by_the_flag_before_basil_and_by_the_amounts_since() -> None:
    facts = Facts(status="paid", out_of_band=True)

    old = decode.invoice(shapes.before_basil(facts))

    assert old.api_paid_out_of_band
    assert (old.amount_paid_minor, old.amount_remaining_minor) == (2_000, 0)
    assert old.payments == ()


def test_a_cancelled_intent_of_an_invoice_paid_out_of_band_brought_nothing() -> None:
    raw = shapes.before_basil(Facts(status="paid", out_of_band=True)) | {"amount_paid": 2_000}

    assert decode.invoice(raw).payments == ()


def test_a_part_paid_through_stripe_keeps_its_payment_beside_the_rest_out_of_band() -> None:
    raw = shapes.before_basil(Facts(status="paid", out_of_band=True))
    raw |= {"amount_paid": 500, "charge": shapes.CHARGE}

    found = decode.invoice(raw)

    assert [payment.amount_paid_minor for payment in found.payments] == [500]
    assert found.amount_paid_minor == 2_000


def test_a_plan_stands_for_a_price_where_there_are_no_prices_yet() -> None:
    raw = shapes.before_basil(Facts())
    del raw["lines"]["data"][0]["price"]

    (line,) = decode.invoice(raw).lines

    assert (line.product, line.price) == ("prod_1", "price_1")
