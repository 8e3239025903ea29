"""Goal: every fact lands in its place with its sign, and what cannot be read is refused by name.

Method: a well-formed object per kind, one field changed per test.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.stripe import shapes
from tests.unit.stripe.money import moved
from tests.unit.stripe.shapes import Facts, Json, Line, Tax
from tieout.domain.errors import Refused
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import (
    Address,
    ChargeSnapshot,
    CustomerSnapshot,
    Fee,
    InvoicePayment,
    OtherSnapshot,
    RefundFacts,
    ShippingCost,
    TaxAmount,
)
from tieout.stripe import decode

Read = Callable[[Any], object]


def refused_text(read: Read, raw: object) -> str:
    with pytest.raises(Refused) as refused:
        read(raw)
    assert refused.value.reason is Reason.UNREADABLE_OBJECT
    return refused.value.text


def customer(**changes: object) -> Json:
    return {
        "id": "cus_1",
        "object": "customer",
        "name": "Ada \u0007Lovelace",
        "email": "ada@example.com",
        "phone": None,
        "address": {"line1": "1 Road", "city": None, "country": "GB"},
        "metadata": {"tier": "gold"},
        **changes,
    }


def refund(**changes: object) -> Json:
    return {
        "id": "re_1",
        "object": "refund",
        "amount": 500,
        "currency": "usd",
        "status": "succeeded",
        "created": 100,
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "balance_transaction": moved(amount=-500),
        "failure_balance_transaction": None,
        "reason": None,
        **changes,
    }


def payment(**changes: object) -> Json:
    return {
        "id": "inpay_1",
        "object": "invoice_payment",
        "invoice": "in_1",
        "amount_paid": 700,
        "amount_requested": 900,
        "currency": "eur",
        "status": "paid",
        "status_transitions": {"paid_at": 120, "canceled_at": None},
        "payment": {"type": "payment_intent", "payment_intent": "pi_1"},
        **changes,
    }


def invoice(**changes: object) -> Json:
    return {**shapes.today(Facts(status="paid")), **changes}


def with_line(**changes: object) -> Json:
    raw = invoice()
    raw["lines"]["data"][0].update(changes)
    return raw


# --- customers -----------------------------------------------------------------------------------


def test_a_customer_keeps_its_text_as_stripe_has_it() -> None:
    assert decode.customer(customer()) == CustomerSnapshot(
        id="cus_1",
        name="Ada \u0007Lovelace",
        email="ada@example.com",
        address=Address(line1="1 Road", country_code="GB"),
        metadata={"tier": "gold"},
    )


def test_a_customer_without_a_name_takes_the_finer_names() -> None:
    raw = customer(name=None, business_name="Ada Ltd", individual_name="Ada")

    assert decode.customer(raw).name == "Ada Ltd"
    assert decode.customer({**raw, "business_name": None}).name == "Ada"


def test_a_deleted_customer_is_only_an_id() -> None:
    raw = {"id": "cus_1", "object": "customer", "deleted": True}

    assert decode.customer(raw) == CustomerSnapshot(id="cus_1", deleted=True)


@pytest.mark.parametrize("given", ["cus_9", {"id": "cus_9", "object": "customer", "deleted": True}])
def test_without_a_live_customer_the_frozen_name_stands(given: object) -> None:
    found = decode.invoice(invoice(customer=given)).customer

    assert found is not None
    assert (found.id, found.name, found.address.city) == ("cus_9", "Frozen Ltd", "Oldtown")
    assert found.deleted is isinstance(given, dict)


def test_a_live_customer_wins_over_the_frozen_name() -> None:
    found = decode.invoice(invoice()).customer

    assert found is not None
    assert (found.name, found.metadata) == ("Live Ltd", {"department": "D100"})


def test_an_invoice_may_have_no_customer() -> None:
    assert decode.invoice(invoice(customer=None)).customer is None


# --- invoices ------------------------------------------------------------------------------------


def test_the_heads_facts_land_in_their_places() -> None:
    found = decode.invoice(invoice(due_date=200, amount_overpaid=3, total=2_003))

    assert (found.number, found.currency, found.status) == ("SHAPE-0001", "usd", "paid")
    assert (found.finalized_at_unix, found.paid_at_unix) == (shapes.FINALIZED_AT, shapes.PAID_AT)
    assert (found.due_date_unix, found.amount_overpaid_minor, found.total_minor) == (200, 3, 2_003)
    assert found.metadata == {"order": "42"}


def test_the_legal_date_wins_over_the_finalisation() -> None:
    assert decode.invoice(invoice(effective_at=150)).effective_at_unix == 150


def test_without_a_legal_date_the_finalisation_stands() -> None:
    assert decode.invoice(invoice(effective_at=None)).effective_at_unix == shapes.FINALIZED_AT


@pytest.mark.parametrize(
    ("starting", "ending", "applied"), [(-500, 0, 500), (0, -500, -500), (300, 0, -300)]
)
def test_credit_balance_used_is_positive(starting: int, ending: int, applied: int) -> None:
    raw = invoice(starting_balance=starting, ending_balance=ending)

    assert decode.invoice(raw).credit_balance_applied_minor == applied


def test_no_credit_balance_is_used_before_finalisation() -> None:
    raw = invoice(starting_balance=-500, ending_balance=None)

    assert decode.invoice(raw).credit_balance_applied_minor == 0


@pytest.mark.parametrize("subtotal", [500, 600])
def test_shipping_is_before_tax_whether_its_subtotal_includes_tax_or_not(subtotal: int) -> None:
    cost = {"amount_subtotal": subtotal, "amount_tax": 100, "amount_total": 600}

    assert decode.invoice(invoice(shipping_cost=cost)).shipping == ShippingCost(500, 100)


def test_total_taxes_keep_their_rates_and_behaviour() -> None:
    raw = shapes.today(
        Facts(lines=(Line("il_1", 2_000, taxes=(Tax(190), Tax(10, inclusive=True))),))
    )
    raw["total_taxes"][0]["tax_rate_details"]["tax_rate"] = {"id": "txr_9", "object": "tax_rate"}

    assert decode.invoice(raw).taxes == (
        TaxAmount(190, inclusive=False, tax_rate="txr_9"),
        TaxAmount(10, inclusive=True, tax_rate="txr_1Shape"),
    )


def test_a_lone_sum_of_tax_is_refused() -> None:
    raw = shapes.before_basil(Facts(lines=(Line("il_1", 2_000, taxes=(Tax(190),)),)))
    del raw["total_tax_amounts"]

    text = "total_taxes is missing, but there is tax"
    assert refused_text(decode.invoice, raw) == f"invoice in_1Shape: {text}"


def test_lines_handed_in_replace_the_embedded_first_page() -> None:
    first = shapes.today(Facts())["lines"]["data"][0]
    raw = invoice()
    raw["lines"]["has_more"] = True

    found = decode.invoice(raw, lines=[first, {**first, "id": "il_2"}])

    assert [line.id for line in found.lines] == ["il_1", "il_2"]


@pytest.mark.parametrize("name", ["lines", "payments"])
def test_an_incomplete_list_is_never_taken_for_the_whole(name: str) -> None:
    raw = invoice()
    raw[name]["has_more"] = True

    text = f"invoice in_1Shape: {name} is incomplete: list the rest first"
    assert refused_text(decode.invoice, raw) == text


# --- lines ---------------------------------------------------------------------------------------


def test_a_billing_credit_is_told_from_the_discounts_beside_it() -> None:
    raw = with_line(
        discount_amounts=[{"amount": 300, "discount": "di_1"}],
        pretax_credit_amounts=[
            {"amount": 300, "type": "discount", "discount": "di_1"},
            {"amount": 200, "type": "credit_balance_transaction"},
        ],
    )

    (line,) = decode.invoice(raw).lines

    assert (line.discount_minor, line.billing_credit_minor) == (300, 200)


def test_an_expanded_price_gives_its_id() -> None:
    details = {"price": {"id": "price_9", "object": "price"}, "product": "prod_9"}
    raw = with_line(pricing={"type": "price_details", "price_details": details})

    (line,) = decode.invoice(raw).lines

    assert (line.price, line.product) == ("price_9", "prod_9")


def test_proration_is_read_from_the_parent_that_the_type_names() -> None:
    parent = {
        "type": "invoice_item_details",
        "invoice_item_details": {"proration": False},
        "subscription_item_details": {"proration": True},
    }

    (line,) = decode.invoice(with_line(parent=parent)).lines

    assert not line.proration


def test_a_line_keeps_period_and_metadata() -> None:
    (line,) = decode.invoice(with_line(metadata={"a": "b"})).lines

    assert (line.period_start_unix, line.period_end_unix) == (1_760_000_000, 1_762_592_000)
    assert line.metadata == {"a": "b"}


# --- payments ------------------------------------------------------------------------------------


def test_a_paid_payment() -> None:
    assert decode.invoice_payment(payment()) == InvoicePayment(
        id="inpay_1",
        invoice="in_1",
        amount_paid_minor=700,
        currency="eur",
        status="paid",
        paid_at_unix=120,
        payment_intent="pi_1",
    )


def test_a_payment_that_was_canceled_after_it_was_paid_says_when() -> None:
    raw = payment(status="canceled", status_transitions={"paid_at": 120, "canceled_at": 150})

    found = decode.invoice_payment(raw)

    assert found.amount_paid_minor > 0
    assert (found.paid_at_unix, found.returned_at_unix) == (120, 150)


@pytest.mark.parametrize("status", ["open", "canceled"])
def test_what_is_not_paid_has_settled_nothing(status: str) -> None:
    raw = payment(status=status, amount_paid=None, status_transitions={"paid_at": None})

    found = decode.invoice_payment(raw)

    assert (found.amount_paid_minor, found.paid_at_unix) == (0, None)


def test_a_payment_record_is_out_of_band() -> None:
    raw = payment(payment={"type": "payment_record", "payment_record": "pr_1"})

    assert decode.invoice_payment(raw).out_of_band


def test_payments_are_in_the_order_they_were_paid_and_unpaid_ones_last() -> None:
    rows = [
        payment(id="inpay_a", status="open", amount_paid=None),
        payment(id="inpay_c", status_transitions={"paid_at": 300}),
        payment(id="inpay_b", status_transitions={"paid_at": 300}),
        payment(id="inpay_d", status_transitions={"paid_at": 200}),
    ]

    found = decode.invoice(invoice(), payments=rows).payments

    assert [each.id for each in found] == ["inpay_d", "inpay_b", "inpay_c", "inpay_a"]


def test_without_payments_something_paid_is_not_taken_for_out_of_band() -> None:
    raw = invoice()
    del raw["payments"]

    text = "payments is missing, so nothing says how it was paid"
    assert refused_text(decode.invoice, raw) == f"invoice in_1Shape: {text}"


def test_without_payments_an_unpaid_invoice_can_be_read() -> None:
    raw = shapes.today(Facts())
    del raw["payments"]

    assert decode.invoice(raw).payments == ()


# --- refunds, charges, others --------------------------------------------------------------------


def test_a_refund_tells_when_the_money_moved_and_came_back() -> None:
    back = moved("txn_2", created=130)
    raw = refund(status="failed", failure_balance_transaction=back)

    assert decode.refund(raw) == RefundFacts(
        id="re_1",
        amount_minor=500,
        currency="usd",
        status="failed",
        created_unix=100,
        moved_at_unix=110,
        returned_at_unix=130,
        charge="ch_1",
        payment_intent="pi_1",
    )


def test_a_pending_refund_has_moved_nothing() -> None:
    assert decode.refund(refund(status="pending", balance_transaction=None)).moved_at_unix is None


def test_a_balance_transaction_that_is_only_named_does_not_say_when() -> None:
    text = refused_text(decode.refund, refund(balance_transaction="txn_1"))

    assert text == "refund re_1: balance_transaction.created is missing: it is not expanded"


def test_what_stripe_kept_or_gave_back_of_a_refund_is_in_the_currency_of_its_balance() -> None:
    out = moved(amount=-500, fee=25, currency="eur")
    back = moved("txn_2", 500, -25, currency="eur")

    found = decode.refund(refund(balance_transaction=out, failure_balance_transaction=back))

    assert found.fees == (Fee("txn_1", 25, "eur"), Fee("txn_2", -25, "eur"))


CHARGE: Json = {
    "id": "ch_1",
    "object": "charge",
    "amount": 900,
    "currency": "usd",
    "status": "succeeded",
    "created": 100,
    "captured": True,
}


def test_a_charge_that_has_not_moved_the_balance_yet_has_no_fee() -> None:
    found = decode.charge({**CHARGE, "balance_transaction": None})

    assert found == ChargeSnapshot("ch_1", 900, "usd", "succeeded", 100, captured=True)


def test_what_stripe_kept_of_a_charge_is_in_the_currency_of_its_balance() -> None:
    movement = moved(amount=840, fee=54, currency="eur")

    found = decode.charge({**CHARGE, "balance_transaction": movement})

    assert (found.fees, found.moved_at_unix) == ((Fee("txn_1", 54, "eur"),), 110)
    assert (found.movement, found.failure) == (decode.movement(movement), None)
    assert decode.charge({**CHARGE, "balance_transaction": moved()}).fees == ()


def test_a_late_failure_of_a_charge_is_a_movement_of_its_own() -> None:
    back = moved("txn_2", -840, created=130)
    raw = {**CHARGE, "balance_transaction": moved(), "failure_balance_transaction": back}

    found = decode.charge(raw)

    assert found.failure == decode.movement(back)
    assert found.moved_at_unix == 130


def test_a_charge_says_who_paid_what_for_and_how() -> None:
    raw = {
        **CHARGE,
        "customer": customer(),
        "description": "Seat",
        "payment_method_details": {"type": "us_bank_account", "us_bank_account": {}},
        "metadata": {"order": "7"},
    }

    found = decode.charge(raw)

    assert found.customer == decode.customer(customer())
    assert (found.description, found.payment_method) == ("Seat", "us_bank_account")
    assert found.metadata == {"order": "7"}
    assert decode.charge({**CHARGE, "customer": "cus_9"}).customer == CustomerSnapshot("cus_9")


def test_a_charge_names_every_invoice_once_that_its_payments_did_pay() -> None:
    payments = [
        decode.invoice_payment(payment(id=f"inpay_{number}", invoice=invoice, status=status))
        for number, (invoice, status) in enumerate(
            [("in_1", "paid"), ("in_1", "open"), ("in_3", "paid")]
        )
    ]
    never_paid = payment(
        id="inpay_9", invoice="in_2", status="canceled", status_transitions={"paid_at": None}
    )
    payments.append(decode.invoice_payment(never_paid))

    found = decode.charge(CHARGE, payments)

    assert found.invoices == ("in_1", "in_3")
    assert found.payments == tuple(payments)


@pytest.mark.parametrize(
    ("movement", "problem"),
    [
        ("txn_1", "charge ch_1: balance_transaction.created is missing: it is not expanded"),
        (moved() | {"fee": None}, "balance_transaction txn_1: fee is missing"),
        (moved() | {"currency": None}, "balance_transaction txn_1: currency is missing"),
    ],
)
def test_a_fee_that_cannot_be_read_is_not_taken_for_none(movement: object, problem: str) -> None:
    text = refused_text(decode.charge, {**CHARGE, "balance_transaction": movement})

    assert text == problem


def test_of_what_was_authorised_only_what_was_captured_is_a_sale() -> None:
    assert decode.charge({**CHARGE, "amount_captured": 300}).amount_minor == 300


def test_a_charge_of_an_old_shape_names_its_invoice() -> None:
    assert decode.charge({**CHARGE, "invoice": "in_1"}).invoices == ("in_1",)


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        ({"object": "payout", "status": "paid", "amount": -5, "currency": "usd"}, -5),
        ({"object": "checkout.session", "amount_total": 7, "currency": "usd"}, 7),
        ({"object": "checkout.session", "amount_total": None, "currency": None}, None),
    ],
)
def test_what_is_not_booked_yet_can_be_found(raw: Json, amount: int | None) -> None:
    found = decode.other({"id": "x_1", **raw}, raw["object"])

    assert found == OtherSnapshot(
        "x_1", raw["object"], raw.get("status", ""), amount, raw["currency"]
    )


# --- events and rows -----------------------------------------------------------------------------


def event(**changes: object) -> Json:
    return {
        "id": "evt_1",
        "object": "event",
        "type": "invoice_payment.paid",
        "created": 100,
        "livemode": True,
        "api_version": "2020-03-02",
        "data": {"object": {"id": "inpay_1", "invoice": "in_1", "customer": "cus_1"}},
        **changes,
    }


def test_an_event_is_a_hint_of_its_subject() -> None:
    hint = decode.event_hint(event())

    assert hint is not None
    assert hint.subject == Subject(SubjectKind.INVOICE, "in_1")
    assert (hint.group, hint.livemode, hint.api_version) == ("cus_1", True, "2020-03-02")


def test_an_event_of_another_type_is_no_hint() -> None:
    assert decode.event_hint(event(type="plan.created")) is None


@pytest.mark.parametrize("data", [None, [], {}, {"object": "in_1"}, {"object": {"id": "inpay_1"}}])
def test_an_event_without_an_object_is_refused(data: object) -> None:
    assert "event evt_1: data.object is not usable" in refused_text(
        decode.event_hint, event(data=data)
    )


def test_a_row_has_the_fingerprint_that_the_books_keep() -> None:
    row = decode.invoice_row(invoice())

    assert (row.invoice, row.customer, row.state) == (
        shapes.INVOICE,
        shapes.CUSTOMER,
        "paid:2000:0",
    )


@pytest.mark.parametrize(
    ("starting", "ending", "left"),
    [(20, 0, 980), (-20, 0, 1_000), (20, None, 1_000), (0, 0, 1_000)],
)
def test_a_row_leaves_out_what_the_customer_owed_from_before(
    starting: int, ending: int | None, left: int
) -> None:
    shown = invoice(starting_balance=starting, ending_balance=ending, amount_remaining=1_000)
    assert decode.invoice_row(shown).remaining_minor == left


def test_a_row_of_unreadable_amounts_still_appears_in_a_state_no_books_have() -> None:
    row = decode.invoice_row(invoice(amount_paid="2000"))

    assert row.state == "unreadable"


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("read", "raw", "text"),
    [
        (decode.invoice, [], "the invoice is not a JSON object"),
        (decode.invoice, {}, "invoice: id is missing"),
        (decode.invoice, invoice(object="charge"), "invoice in_1Shape: object is not 'invoice'"),
        (decode.invoice, with_line(amount=None), "lines.data[0].amount is missing"),
        (decode.invoice, with_line(amount=True), "lines.data[0].amount is not an integer"),
        (decode.invoice, with_line(amount=10.0), "lines.data[0].amount is not an integer"),
        (decode.invoice, with_line(amount="10"), "lines.data[0].amount is not an integer"),
        (decode.invoice, with_line(id=None), "lines.data[0].id is missing"),
        (decode.invoice, with_line(taxes=[1]), "lines.data[0].taxes[0] is not an object"),
        (
            decode.invoice,
            with_line(taxes=[{"amount": 1, "tax_behavior": "unspecified"}]),
            "lines.data[0].taxes[0].tax_behavior is 'unspecified', which is not known",
        ),
        (
            decode.invoice,
            with_line(pretax_credit_amounts=[{"amount": 1, "type": "gift"}]),
            "lines.data[0].pretax_credit_amounts[0].type is 'gift', which is not known",
        ),
        (
            decode.invoice,
            with_line(taxes=None, tax_amounts=[{"amount": 1}]),
            "lines.data[0].tax_amounts[0].inclusive is missing",
        ),
        (decode.invoice, invoice(lines={}), "lines.data is missing"),
        (decode.invoice, invoice(lines=None), "lines is missing"),
        (decode.invoice, invoice(lines={"data": "x"}), "lines.data is not an array"),
        (decode.invoice, invoice(payments={}), "payments.data is missing"),
        (decode.invoice, invoice(status=None), "status is missing"),
        (decode.invoice, invoice(status="deleted"), "status is 'deleted', which is not known"),
        (decode.invoice, invoice(currency="USD"), "currency is not a currency code"),
        (decode.invoice, invoice(total=None), "total is missing"),
        (decode.invoice, invoice(status_transitions=None), "status_transitions is missing"),
        (decode.invoice, invoice(number=7), "number is not text"),
        (decode.invoice, invoice(customer="c" * 256), "customer is too long for an id"),
        (decode.invoice, invoice(metadata=[]), "metadata is not an object"),
        (decode.invoice, invoice(metadata={"a": 1}), "metadata has a value that is not text"),
        (decode.invoice, invoice(metadata={"a": "v" * 501}), "metadata has a key or value"),
        (
            decode.invoice,
            invoice(metadata={str(number): "" for number in range(51)}),
            "metadata has more than 50 keys",
        ),
        (decode.invoice_payment, payment(status="new"), "status is 'new', which is not known"),
        (decode.invoice_payment, payment(amount_paid=None), "amount_paid is missing"),
        (decode.invoice_payment, payment(invoice=None), "invoice is missing"),
        (decode.invoice_payment, payment(payment=None), "payment is missing"),
        (decode.invoice_payment, payment(payment={"type": "cash"}), "payment.type is 'cash'"),
        (decode.invoice_payment, payment(status_transitions=None), "status_transitions is missing"),
        (decode.refund, refund(status="lost"), "refund re_1: status is 'lost', which is not known"),
        (decode.refund, refund(amount=None), "amount is missing"),
        (decode.customer, customer(deleted="yes"), "deleted is not a boolean"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_path_of_the_field(
    read: Read, raw: object, text: str
) -> None:
    assert text in refused_text(read, raw)


def test_a_refusal_names_the_object_and_the_whole_way_to_the_field() -> None:
    text = "invoice in_1Shape: lines.data[0].amount is missing"

    assert refused_text(decode.invoice, with_line(amount=None)) == text


def test_unknown_fields_are_ignored_everywhere() -> None:
    raw = with_line(new_in_2027={"x": [1]})
    raw["new_in_2027"] = 1.5

    assert decode.invoice(raw) == decode.invoice(invoice())
