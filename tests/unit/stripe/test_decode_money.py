"""Goal: what moves money besides invoices lands in its place, with its sign, and odd values of
Stripe's own words never stop it.

Method: a well-formed object per kind; one field changed per test.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.stripe import shapes
from tests.unit.stripe.money import (
    balance_change,
    credit_note,
    credit_note_line,
    dispute,
    moved,
    payout,
    topup,
)
from tests.unit.stripe.shapes import Facts, Json
from tieout.domain.errors import Refused
from tieout.domain.reasons import Reason
from tieout.planning.snapshots import (
    BalanceTransaction,
    CreditNote,
    CreditNoteLine,
    CreditNoteRefund,
    CustomerBalanceTransaction,
    DisputeSnapshot,
    FeeDetail,
    Origin,
    PayoutSnapshot,
    ShippingCost,
    TaxAmount,
    TopupSnapshot,
)
from tieout.stripe import decode


def refused_text(read: Callable[[Any], object], raw: object) -> str:
    with pytest.raises(Refused) as refused:
        read(raw)
    assert refused.value.reason is Reason.UNREADABLE_OBJECT
    return refused.value.text


# --- movements -----------------------------------------------------------------------------------


def test_a_movement_keeps_gross_fee_and_what_the_fee_is_made_of() -> None:
    details = [
        {"type": "stripe_fee", "amount": 40, "description": "Stripe processing fees"},
        {"type": "tax", "amount": 8, "description": None},
    ]
    raw = moved(
        "txn_9", 1_000, 50, fee_details=details, source="ch_1", description="Seat", currency="eur"
    )

    assert decode.movement(raw) == BalanceTransaction(
        id="txn_9",
        type="charge",
        reporting_category="charge",
        amount_minor=1_000,
        fee_minor=50,
        currency="eur",
        created_unix=110,
        source="ch_1",
        description="Seat",
        fees=(
            FeeDetail("stripe_fee", 40, "Stripe processing fees"),
            FeeDetail("tax", 8),
        ),
    )
    assert decode.movement(raw).net_minor == 950


def test_a_movement_of_a_type_nobody_has_seen_is_still_a_movement() -> None:
    found = decode.movement(moved(type="moon_tax", reporting_category="moon"))

    assert (found.type, found.reporting_category) == ("moon_tax", "moon")


def test_the_object_behind_a_movement_has_its_own_amount_and_currency() -> None:
    source = {
        "id": "re_1",
        "object": "refund",
        "amount": 920,
        "currency": "eur",
        "charge": "ch_1",
        "payment_intent": {"id": "pi_1", "object": "payment_intent"},
        "customer": "cus_1",
        "description": "Seat",
        "metadata": {"order": "7"},
    }

    found = decode.movement(moved(amount=-1_000, source=source))

    assert found.source == "re_1"
    assert found.origin == Origin(
        "refund", "re_1", 920, "eur", "ch_1", "pi_1", "cus_1", "Seat", {"order": "7"}
    )


def test_what_a_charge_brought_is_what_was_captured_of_it() -> None:
    source = {"id": "ch_1", "object": "charge", "amount": 900, "amount_captured": 300}

    found = decode.movement(moved(source=source))

    assert found.origin == Origin("charge", "ch_1", 300)


def test_the_amount_behind_a_debit_has_no_sign() -> None:
    source = {"id": "po_1", "object": "payout", "amount": -70, "currency": "usd"}

    assert decode.movement(moved(source=source)).origin == Origin("payout", "po_1", 70, "usd")


def test_an_object_without_an_amount_is_still_named() -> None:
    source = {"id": "ccsbtxn_1", "object": "customer_cash_balance_transaction"}

    found = decode.movement(moved(source=source))

    assert found.origin == Origin("customer_cash_balance_transaction", "ccsbtxn_1")


@pytest.mark.parametrize("name", ["type", "reporting_category", "amount", "fee", "net", "currency"])
def test_a_movement_that_lacks_what_is_booked_is_refused(name: str) -> None:
    text = refused_text(decode.movement, moved() | {name: None})

    assert text == f"balance_transaction txn_1: {name} is missing"


def test_a_movement_whose_net_is_not_amount_less_fee_is_refused() -> None:
    text = refused_text(decode.movement, moved(fee=20) | {"net": 500})

    assert text == "balance_transaction txn_1: net is not amount less fee"


# --- credit notes --------------------------------------------------------------------------------


def test_a_credit_note_with_every_way_of_giving_back() -> None:
    tax = {
        "amount": 100,
        "tax_behavior": "exclusive",
        "tax_rate_details": {"tax_rate": "txr_1"},
    }
    refunds = [
        {"type": "refund", "refund": "re_1", "amount_refunded": 300},
        {"type": "payment_record_refund", "refund": None, "amount_refunded": 50},
    ]
    raw = credit_note(
        total=1_000,
        pre_payment_amount=400,
        post_payment_amount=600,
        refunds=refunds,
        out_of_band_amount=60,
        customer_balance_transaction="cbtxn_1",
        total_taxes=[tax],
        shipping_cost={"amount_subtotal": 20, "amount_tax": 4, "amount_total": 24},
        metadata={"why": "late"},
        lines={"data": [credit_note_line(amount=900, discount_amount=24, taxes=[tax])]},
    )

    assert decode.credit_note(raw) == CreditNote(
        id="cn_1",
        number="A-1-CN-01",
        invoice="in_1Shape",
        status="issued",
        currency="usd",
        created_unix=100,
        effective_at_unix=90,
        voided_at_unix=None,
        total_minor=1_000,
        pre_payment_minor=400,
        lines=(
            CreditNoteLine("cnli_1", 900, "Seats", 24, (TaxAmount(100, False, "txr_1"),), "il_1"),
        ),
        taxes=(TaxAmount(100, False, "txr_1"),),
        shipping=ShippingCost(20, 4),
        refunds=(CreditNoteRefund("re_1", 300), CreditNoteRefund(None, 50)),
        balance_credit_minor=190,
        out_of_band_minor=60,
        metadata={"why": "late"},
    )


def test_nothing_went_to_the_credit_balance_unless_stripe_names_the_change() -> None:
    raw = credit_note(pre_payment_amount=0, post_payment_amount=500)

    assert decode.credit_note(raw).balance_credit_minor == 0


def test_a_void_credit_note_keeps_when() -> None:
    found = decode.credit_note(credit_note(status="void", voided_at=130))

    assert (found.status, found.voided_at_unix) == ("void", 130)


def test_a_line_of_its_own_takes_no_line_back() -> None:
    (line,) = decode.credit_note(
        credit_note(lines={"data": [credit_note_line(invoice_line_item=None)]})
    ).lines

    assert line.invoice_line is None


def test_lines_handed_in_replace_the_embedded_first_page() -> None:
    raw = credit_note(lines={"data": [credit_note_line()], "has_more": True})

    found = decode.credit_note(raw, [credit_note_line("cnli_8"), credit_note_line("cnli_9")])

    assert [each.id for each in found.lines] == ["cnli_8", "cnli_9"]
    assert "lines is incomplete" in refused_text(decode.credit_note, raw)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"status": "draft"}, "status is 'draft', which is not known"),
        ({"invoice": None}, "invoice is missing"),
        ({"total": None}, "total is missing"),
        ({"pre_payment_amount": None}, "pre_payment_amount is missing"),
        ({"lines": None}, "lines is missing"),
        ({"refunds": [{"refund": "re_1"}]}, "refunds[0].amount_refunded is missing"),
    ],
)
def test_a_credit_note_that_lacks_what_is_booked_is_refused(changes: Json, text: str) -> None:
    assert refused_text(decode.credit_note, credit_note(**changes)) == f"credit_note cn_1: {text}"


def test_an_invoice_has_its_credit_notes_in_the_order_they_were_issued() -> None:
    notes = [
        decode.credit_note(credit_note(identifier, created=created))
        for identifier, created in (("cn_3", 200), ("cn_2", 100), ("cn_1", 200))
    ]
    raw = shapes.today(Facts()) | {"post_payment_credit_notes_amount": 70}

    found = decode.invoice(raw, credit_notes=notes)

    assert [each.id for each in found.credit_notes] == ["cn_2", "cn_1", "cn_3"]
    assert found.post_payment_credit_notes_minor == 70


# --- customers' credit balance -------------------------------------------------------------------


def test_a_change_of_the_credit_balance_keeps_stripes_sign_and_its_cause() -> None:
    raw = balance_change(
        type="credit_note", credit_note="cn_1", invoice="in_1", metadata={"by": "Ada"}
    )

    assert decode.balance_change(raw) == CustomerBalanceTransaction(
        id="cbtxn_1",
        type="credit_note",
        amount_minor=-300,
        currency="usd",
        created_unix=100,
        invoice="in_1",
        credit_note="cn_1",
        metadata={"by": "Ada"},
    )


def test_changes_are_in_order_and_none_is_not_the_same_as_not_read() -> None:
    raw = {"id": "cus_1", "object": "customer"}
    rows = [balance_change("cbtxn_2", created=200), balance_change("cbtxn_1", created=100)]

    found = decode.customer(raw, map(decode.balance_change, rows)).balance_transactions

    assert [each.id for each in found or ()] == ["cbtxn_1", "cbtxn_2"]
    assert decode.customer(raw, ()).balance_transactions == ()
    assert decode.customer(raw).balance_transactions is None


# --- lines that take earlier ones back -----------------------------------------------------------


def line_with(details: Json | None, **changes: object) -> Json:
    raw = shapes.today(Facts())
    kind = "invoice_item_details"
    parent = None if details is None else {"type": kind, kind: details}
    raw["lines"]["data"][0] |= {"parent": parent, **changes}
    return raw


CREDITED: Json = {
    "credited_items": {"invoice": "in_0", "invoice_line_items": ["il_7", "il_8"]},
}


@pytest.mark.parametrize(
    "raw",
    [
        line_with({"proration": True, "proration_details": CREDITED}),
        line_with(None, proration=True, proration_details=CREDITED),
    ],
    ids=["today", "before basil"],
)
def test_a_proration_credit_names_what_it_takes_back(raw: Json) -> None:
    (line,) = decode.invoice(raw).lines

    assert line.proration
    assert (line.credited_invoice, line.credited_lines) == ("in_0", ("il_7", "il_8"))


@pytest.mark.parametrize("details", [None, {"credited_items": None}])
def test_what_takes_nothing_back_names_nothing(details: Json | None) -> None:
    (line,) = decode.invoice(line_with({"proration": True, "proration_details": details})).lines

    assert (line.credited_invoice, line.credited_lines) == (None, ())


def test_credited_lines_that_are_not_ids_are_refused() -> None:
    details = {"credited_items": {"invoice": "in_0", "invoice_line_items": [1]}}

    text = refused_text(decode.invoice, line_with({"proration_details": details}))

    assert text.endswith("credited_items.invoice_line_items is not an array of texts")


# --- disputes, payouts, top-ups ------------------------------------------------------------------

MOVEMENTS = [
    decode.movement(moved("txn_3", created=300)),
    decode.movement(moved("txn_2", created=200)),
    decode.movement(moved("txn_1", created=300)),
]
ORDERED = (MOVEMENTS[1], MOVEMENTS[2], MOVEMENTS[0])


def test_a_dispute_with_its_movements_in_order() -> None:
    assert decode.dispute(dispute(), MOVEMENTS) == DisputeSnapshot(
        id="du_1",
        status="needs_response",
        amount_minor=500,
        currency="usd",
        created_unix=100,
        movements=ORDERED,
        charge="ch_1",
        payment_intent="pi_1",
        reason="fraudulent",
    )


def test_a_payout_with_its_movements_in_order() -> None:
    assert decode.payout(payout(), MOVEMENTS, 470) == PayoutSnapshot(
        id="po_1",
        status="paid",
        amount_minor=470,
        currency="usd",
        created_unix=100,
        arrival_unix=200,
        automatic=True,
        method="standard",
        movements=ORDERED,
        content_minor=470,
        trace_id="REF7",
    )


@pytest.mark.parametrize("trace", [None, {"status": "pending", "value": None}])
def test_a_payout_may_have_no_trace_yet(trace: Json | None) -> None:
    assert decode.payout(payout(trace_id=trace), ()).trace_id == ""


@pytest.mark.parametrize(
    ("changes", "tells"),
    [
        ({}, True),
        ({"automatic": False}, False),
        ({"reconciliation_status": "in_progress"}, False),
        ({"reconciliation_status": "not_applicable"}, False),
    ],
)
def test_only_of_automatic_reconciled_payouts_the_content_is_told(
    changes: Json, tells: bool
) -> None:
    assert decode.tells_content(payout(**changes)) is tells


def test_a_topup_with_its_movements_in_order() -> None:
    assert decode.topup(topup(), MOVEMENTS) == TopupSnapshot(
        "tu_1", "succeeded", 500, "usd", 100, ORDERED
    )


@pytest.mark.parametrize(
    ("read", "raw"),
    [
        (decode.dispute, dispute(status="appealed_to_the_king")),
        (decode.payout, payout(status="lost_at_sea")),
        (decode.topup, topup(status="floating")),
    ],
)
def test_a_status_nobody_has_seen_is_kept_as_it_is(read: Callable[..., Any], raw: Json) -> None:
    assert read(raw, ()).status == raw["status"]


@pytest.mark.parametrize("name", ["status", "amount", "currency", "created"])
@pytest.mark.parametrize(
    ("read", "raw"),
    [(decode.dispute, dispute()), (decode.payout, payout()), (decode.topup, topup())],
)
def test_what_lacks_what_is_booked_is_refused(
    read: Callable[..., Any], raw: Json, name: str
) -> None:
    text = refused_text(lambda given: read(given, ()), raw | {name: None})

    assert text == f"{raw['object']} {raw['id']}: {name} is missing"


# --- the balance ---------------------------------------------------------------------------------


def test_the_balance_is_what_all_movements_sum_to() -> None:
    def entry(amount: int, currency: str = "usd") -> Json:
        return {"amount": amount, "currency": currency}

    raw = {
        "object": "balance",
        "available": [entry(1_000), entry(-50, "eur")],
        "pending": [entry(200)],
        "issuing": {"available": [entry(30)]},
        "refund_and_dispute_prefunding": {"available": [entry(4)], "pending": [entry(5)]},
        "connect_reserved": [entry(10_000)],
        "instant_available": [entry(1_000)],
    }

    assert decode.balance(raw) == {"usd": 1_239, "eur": -50}


@pytest.mark.parametrize("name", ["available", "pending"])
def test_a_balance_without_its_parts_is_refused(name: str) -> None:
    raw: Json = {"object": "balance", "available": [], "pending": []}

    assert refused_text(decode.balance, raw | {name: None}) == f"balance: {name} is missing"
