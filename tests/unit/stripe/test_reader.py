"""Goal: each subject is read whole, in one state, in as few reads as it takes, within bounds.

Method: the real Stripe library over a scripted wire; what was asked is looked at as well.
"""

from collections.abc import Callable, Sequence

import pytest

from tests.unit.stripe import shapes
from tests.unit.stripe.fake_http import FakeHttp, Request, Response, error, paged, reader
from tests.unit.stripe.money import (
    balance_change,
    credit_note,
    moved,
)
from tests.unit.stripe.shapes import Facts, Json, Line
from tieout.domain.errors import ConfigurationFault, Refused, Throttled, Unavailable
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import (
    ChargeSnapshot,
    CustomerSnapshot,
    Fee,
    InvoiceSnapshot,
    OtherSnapshot,
    RefundSnapshot,
    Snapshot,
)
from tieout.stripe import decode

INVOICE_PATH = f"invoices/{shapes.INVOICE}"
LINES_PATH = f"{INVOICE_PATH}/lines"


def snapshot(http: FakeHttp, kind: SubjectKind, identifier: str) -> Snapshot:
    return reader(http).snapshot(Subject(kind, identifier))


def invoice_snapshot(http: FakeHttp) -> InvoiceSnapshot:
    found = snapshot(http, SubjectKind.INVOICE, shapes.INVOICE)
    assert isinstance(found, InvoiceSnapshot)
    return found


def lines(count: int) -> list[Json]:
    rendered = shapes.today(Facts(lines=tuple(Line(f"il_{number}", 1) for number in range(count))))
    rows: list[Json] = rendered["lines"]["data"]
    return rows


def payment(identifier: str, amount: int, invoice: str = shapes.INVOICE, **changes: object) -> Json:
    whole = shapes.today(Facts(status="paid"))["payments"]["data"][0]
    return {**whole, "id": identifier, "amount_paid": amount, "invoice": invoice, **changes}


# --- invoices ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["draft", "open"])
def test_an_invoice_to_which_nothing_happened_is_one_read(status: str) -> None:
    raw = shapes.today(Facts(status=status))
    raw["payments"]["data"] = [payment("inpay_1", 0, status="open")]
    http = FakeHttp()
    http.answer(INVOICE_PATH, raw)

    assert invoice_snapshot(http).status == status
    assert http.paths == [INVOICE_PATH]


def test_a_paid_invoice_is_two_reads() -> None:
    """A voided credit note leaves no trace in its amounts, but what was paid after it differs."""
    http = FakeHttp(credit_notes=paged([credit_note(status="void", voided_at=120)]))
    http.answer(INVOICE_PATH, shapes.today(Facts(status="paid")))
    stripe = reader(http)

    found = stripe.snapshot(Subject(SubjectKind.INVOICE, shapes.INVOICE))

    assert stripe.reads == 2
    assert http.paths == [INVOICE_PATH, "credit_notes"]
    assert http.requests[0].query == {"expand[0]": "customer", "expand[1]": "payments"}
    assert isinstance(found, InvoiceSnapshot)
    assert found.customer is not None
    assert found.customer.name == "Live Ltd"
    assert [each.id for each in found.payments] == [shapes.INVOICE_PAYMENT]
    assert [each.status for each in found.credit_notes] == ["void"]


@pytest.mark.parametrize("status", ["void", "uncollectible"])
def test_what_an_invoice_ends_with_depends_on_void_credit_notes_too(status: str) -> None:
    http = FakeHttp(credit_notes=paged([credit_note(status="void")]))
    http.answer(INVOICE_PATH, shapes.today(Facts(status=status)))

    assert [each.status for each in invoice_snapshot(http).credit_notes] == ["void"]


def test_so_does_a_payment_that_failed_afterwards() -> None:
    raw = shapes.today(Facts(status="open"))
    raw["payments"]["data"] = [payment("inpay_1", 0, status="canceled")]
    http = FakeHttp(credit_notes=paged([credit_note(status="void")]))
    http.answer(INVOICE_PATH, raw)

    assert [each.status for each in invoice_snapshot(http).credit_notes] == ["void"]


def test_an_invoice_paid_outside_stripe_is_two_reads_too() -> None:
    http = FakeHttp(credit_notes=paged([]))
    http.answer(INVOICE_PATH, shapes.today(Facts(status="paid", out_of_band=True)))

    assert invoice_snapshot(http).payments == ()
    assert http.paths == [INVOICE_PATH, "credit_notes"]


def test_lines_beyond_the_first_are_read_page_by_page() -> None:
    raw = shapes.today(Facts())
    raw["lines"]["has_more"] = True
    http = FakeHttp()
    http.answer(INVOICE_PATH, raw)
    http.answer(LINES_PATH, paged(lines(250)))

    found = invoice_snapshot(http)

    assert [line.id for line in found.lines] == [f"il_{number}" for number in range(250)]
    assert http.paths == [INVOICE_PATH, LINES_PATH, LINES_PATH, LINES_PATH]
    assert [request.query.get("starting_after") for request in http.requests[1:]] == [
        None,
        "il_99",
        "il_199",
    ]


def test_too_many_lines_are_refused_before_all_are_read() -> None:
    raw = shapes.today(Facts())
    raw["lines"]["has_more"] = True
    http = FakeHttp()
    http.answer(INVOICE_PATH, raw)
    http.answer(LINES_PATH, paged(lines(5_300)))

    with pytest.raises(Refused) as refused:
        invoice_snapshot(http)

    assert refused.value.reason is Reason.SNAPSHOT_TOO_LARGE
    assert refused.value.text == f"{LINES_PATH} has more than 5000 rows"
    assert len(http.requests) == 52


def test_the_greatest_number_of_lines_is_still_read() -> None:
    raw = shapes.today(Facts())
    raw["lines"]["has_more"] = True
    http = FakeHttp()
    http.answer(INVOICE_PATH, raw)
    http.answer(LINES_PATH, paged(lines(5_000)))

    assert len(invoice_snapshot(http).lines) == 5_000


@pytest.mark.parametrize("embedded", [None, {"object": "list", "data": [], "has_more": True}])
def test_payments_that_are_not_all_embedded_are_listed(embedded: Json | None) -> None:
    raw = {**shapes.today(Facts(status="paid")), "payments": embedded}
    rows = [payment(f"inpay_{number:03}", 10) for number in range(200)]
    http = FakeHttp(credit_notes=paged([]))
    http.answer(INVOICE_PATH, raw)
    http.answer("invoice_payments", paged(rows))

    found = invoice_snapshot(http)

    assert len(found.payments) == 200
    assert http.requests[1].query == {"invoice": shapes.INVOICE, "limit": "100"}
    assert http.paths == [INVOICE_PATH, *["invoice_payments"] * 2, "credit_notes"]


def test_a_payment_that_came_in_between_two_reads_leads_to_a_second_look() -> None:
    older = shapes.today(Facts()) | {"payments": None}
    newer = shapes.today(Facts(status="paid")) | {"payments": None}
    http = FakeHttp(credit_notes=paged([]))
    http.answer(INVOICE_PATH, older, newer)
    http.answer("invoice_payments", paged([payment("inpay_1", 2_000)]))

    found = invoice_snapshot(http)

    assert (found.status, found.amount_paid_minor) == ("paid", 2_000)
    assert http.paths.count(INVOICE_PATH) == 2


def test_amounts_that_never_sum_up_are_read_twice_and_believed_when_nothing_moved() -> None:
    raw = shapes.today(Facts(status="paid", out_of_band=True)) | {"payments": None}
    http = FakeHttp(credit_notes=paged([]))
    http.answer(INVOICE_PATH, raw)
    http.answer("invoice_payments", paged([]))

    assert invoice_snapshot(http).amount_paid_minor == 2_000
    assert http.paths.count(INVOICE_PATH) == 2


def test_an_invoice_that_keeps_changing_is_left_for_later() -> None:
    first = shapes.today(Facts(status="paid")) | {"payments": None}
    http = FakeHttp(credit_notes=paged([]))
    http.answer(INVOICE_PATH, first, first | {"amount_paid": 1_900})
    http.answer("invoice_payments", paged([]))

    with pytest.raises(Unavailable, match="is changing while it is read"):
        invoice_snapshot(http)


def test_an_object_of_the_other_mode_is_refused() -> None:
    http = FakeHttp()
    http.answer(INVOICE_PATH, shapes.today(Facts()) | {"livemode": True})

    with pytest.raises(Refused) as refused:
        invoice_snapshot(http)

    assert refused.value.reason is Reason.OBJECT_MISSING_IN_STRIPE
    assert "is not a test mode object" in refused.value.text


def test_every_read_of_a_connected_account_says_so() -> None:
    raw = shapes.today(Facts(status="paid")) | {"payments": None}
    http = FakeHttp(credit_notes=paged([]))
    http.answer(INVOICE_PATH, raw)
    http.answer("invoice_payments", paged([payment("inpay_1", 2_000)]))

    reader(http).snapshot(Subject(SubjectKind.INVOICE, shapes.INVOICE, "acct_9"))

    assert {request.headers.get("Stripe-Account") for request in http.requests} == {"acct_9"}


# --- refunds and charges -------------------------------------------------------------------------


def refund(identifier: str = "re_1", **changes: object) -> Json:
    return {
        "id": identifier,
        "object": "refund",
        "amount": 500,
        "currency": "usd",
        "status": "succeeded",
        "created": 100,
        "charge": "ch_1",
        "payment_intent": "pi_1",
        "balance_transaction": moved(amount=-500),
        "failure_balance_transaction": None,
        **changes,
    }


def refund_snapshot(http: FakeHttp) -> RefundSnapshot:
    found = snapshot(http, SubjectKind.REFUND, "re_1")
    assert isinstance(found, RefundSnapshot)
    return found


def test_a_refund_comes_with_its_siblings_and_the_invoices_it_takes_from() -> None:
    http = FakeHttp(credit_notes=paged([]))
    http.answer("refunds/re_1", refund())
    http.answer("refunds", paged([refund("re_2", created=200), refund(), refund("re_0")]))
    rows = [
        payment("inpay_1", 2_000),
        payment("inpay_2", 0, "in_2", status="canceled"),
        payment("inpay_3", 2_000),
    ]
    http.answer("invoice_payments", paged(rows))
    http.answer(INVOICE_PATH, shapes.today(Facts(status="paid")))

    found = refund_snapshot(http)

    assert found.refund.id == "re_1"
    assert [each.id for each in found.siblings] == ["re_0", "re_1", "re_2"]
    assert [each.id for each in found.invoices] == [shapes.INVOICE]
    of_refund = ["refunds/re_1", "refunds", "invoice_payments"]
    assert http.paths == [*of_refund, INVOICE_PATH, "credit_notes"]
    assert http.requests[1].query == {
        "payment_intent": "pi_1",
        "expand[0]": "data.balance_transaction",
        "expand[1]": "data.failure_balance_transaction",
        "limit": "100",
    }
    assert http.requests[2].query == {
        "payment[type]": "payment_intent",
        "payment[payment_intent]": "pi_1",
        "limit": "100",
    }


def test_a_refund_is_seen_in_the_state_of_its_siblings() -> None:
    back = moved("txn_2", created=130)
    later = refund(status="failed", failure_balance_transaction=back)
    http = FakeHttp(credit_notes=paged([]))
    http.answer("refunds/re_1", refund())
    http.answer("refunds", paged([later]))
    http.answer("invoice_payments", paged([payment("inpay_1", 2_000)]))
    http.answer(INVOICE_PATH, shapes.today(Facts(status="paid")))

    found = refund_snapshot(http)

    assert found.refund == found.siblings[0]
    assert (found.refund.status, found.refund.returned_at_unix) == ("failed", 130)


def test_a_refund_of_a_charge_without_intent_is_grouped_by_the_charge() -> None:
    alone = refund(payment_intent=None)
    http = FakeHttp()
    http.answer("refunds/re_1", alone)
    http.answer("refunds", paged([alone]))
    http.answer("charges/ch_1", charge(payment_intent=None))

    assert refund_snapshot(http).invoices == ()
    assert http.paths == ["refunds/re_1", "refunds", "charges/ch_1"]
    assert http.requests[1].query["charge"] == "ch_1"


def test_a_refund_of_neither_is_its_only_sibling() -> None:
    http = FakeHttp()
    http.answer("refunds/re_1", refund(payment_intent=None, charge=None))

    found = refund_snapshot(http)

    assert found.siblings == (found.refund,)
    assert http.paths == ["refunds/re_1"]


def test_a_refund_of_a_sale_without_invoice_comes_with_the_charge() -> None:
    http = FakeHttp()
    http.answer("refunds/re_1", refund())
    http.answer("refunds", paged([refund()]))
    http.answer("invoice_payments", paged([payment("inpay_1", 0, status="canceled")]))
    http.answer("charges/ch_1", charge(balance_transaction=moved(amount=2_000, fee=88)))

    found = refund_snapshot(http)

    assert found.invoices == ()
    assert found.sale is not None
    assert found.sale.movement == decode.movement(moved(amount=2_000, fee=88))
    assert found.sale.invoices == ()
    assert http.paths == ["refunds/re_1", "refunds", "invoice_payments", "charges/ch_1"]


def test_a_refund_of_an_invoices_payment_needs_no_charge() -> None:
    http = FakeHttp(credit_notes=paged([]))
    http.answer("refunds/re_1", refund())
    http.answer("refunds", paged([refund()]))
    http.answer("invoice_payments", paged([payment("inpay_1", 2_000)]))
    http.answer(INVOICE_PATH, shapes.today(Facts(status="paid")))

    assert refund_snapshot(http).sale is None


def test_a_refund_of_a_payment_that_went_back_later_is_still_of_its_invoice() -> None:
    """What it took back of the invoice's lines is booked, and must not become a sale's."""
    http = FakeHttp(credit_notes=paged([]))
    http.answer("refunds/re_1", refund())
    http.answer("refunds", paged([refund()]))
    http.answer("invoice_payments", paged([payment("inpay_1", 2_000, status="canceled")]))
    http.answer(INVOICE_PATH, shapes.today(Facts(status="paid")))

    found = refund_snapshot(http)

    assert [each.id for each in found.invoices] == [shapes.INVOICE]
    assert found.sale is None


def charge(**changes: object) -> Json:
    return {
        "id": "ch_1",
        "object": "charge",
        "amount": 2_000,
        "currency": "usd",
        "status": "succeeded",
        "created": 100,
        "captured": True,
        "livemode": False,
        "payment_intent": "pi_1",
        **changes,
    }


def test_a_charge_names_every_invoice_its_intent_pays_once() -> None:
    rows = [payment("inpay_1", 1, "in_1"), payment("inpay_2", 1, "in_2")]
    http = FakeHttp()
    http.answer("charges/ch_1", charge())
    http.answer("invoice_payments", paged([*rows, payment("inpay_3", 1, "in_1")]))

    found = snapshot(http, SubjectKind.CHARGE, "ch_1")

    assert isinstance(found, ChargeSnapshot)
    assert found.invoices == ("in_1", "in_2")


def test_a_charge_brings_its_fee_along_in_the_same_read() -> None:
    movement = moved(fee=88, currency="eur")
    http = FakeHttp()
    http.answer("charges/ch_1", charge(balance_transaction=movement))
    http.answer("invoice_payments", paged([]))

    found = snapshot(http, SubjectKind.CHARGE, "ch_1")

    assert isinstance(found, ChargeSnapshot)
    assert found.fees == (Fee("txn_1", 88, "eur"),)
    assert http.paths == ["charges/ch_1", "invoice_payments"]
    assert http.requests[0].query == {
        "expand[0]": "customer",
        "expand[1]": "balance_transaction",
        "expand[2]": "failure_balance_transaction",
    }


def test_a_charge_whose_money_went_back_brings_the_invoices_it_paid_along() -> None:
    http = FakeHttp()
    http.answer("charges/ch_1", charge(failure_balance_transaction=moved(amount=-2_000)))
    http.answer("invoice_payments", paged([payment("inpay_1", 2_000)]))
    http.answer(INVOICE_PATH, shapes.today(Facts(status="paid")))
    http.answer("credit_notes", paged([]))

    found = snapshot(http, SubjectKind.CHARGE, "ch_1")

    assert isinstance(found, ChargeSnapshot)
    assert [each.id for each in found.paid_invoices] == list(found.invoices)
    assert found.paid_invoices


def test_a_charge_without_intent_is_one_read() -> None:
    http = FakeHttp()
    http.answer("charges/ch_1", charge(payment_intent=None))

    found = snapshot(http, SubjectKind.CHARGE, "ch_1")

    assert isinstance(found, ChargeSnapshot)
    assert found.invoices == ()
    assert http.paths == ["charges/ch_1"]


# --- customers and the rest ----------------------------------------------------------------------


def test_a_deleted_customer_can_be_read() -> None:
    http = FakeHttp()
    http.answer("customers/cus_1", {"id": "cus_1", "object": "customer", "deleted": True})

    found = snapshot(http, SubjectKind.CUSTOMER, "cus_1")

    assert found == CustomerSnapshot("cus_1", deleted=True)


def test_a_customer_comes_with_every_change_of_the_credit_balance() -> None:
    http = FakeHttp()
    http.answer("customers/cus_1", {"id": "cus_1", "object": "customer", "name": "Ada"})
    rows = [balance_change(f"cbtxn_{number:03}") for number in reversed(range(120))]
    http.answer("customers/cus_1/balance_transactions", paged(rows))

    found = snapshot(http, SubjectKind.CUSTOMER, "cus_1")

    assert isinstance(found, CustomerSnapshot)
    assert [each.id for each in found.balance_transactions or ()] == [
        f"cbtxn_{number:03}" for number in range(120)
    ]
    assert len(http.requests) == 3


def test_a_checkout_session_is_one_read() -> None:
    http = FakeHttp()
    raw = {"id": "x_1", "object": "checkout.session", "amount_total": 5, "currency": "usd"}
    http.answer("checkout/sessions/x_1", raw)

    found = snapshot(http, SubjectKind.CHECKOUT_SESSION, "x_1")

    assert found == OtherSnapshot("x_1", "checkout.session", amount_minor=5, currency="usd")
    assert http.paths == ["checkout/sessions/x_1"]


@pytest.mark.parametrize("kind", list(SubjectKind))
def test_every_kind_of_subject_is_read_and_missing_ones_are_refused(kind: SubjectKind) -> None:
    places = ("invoices", "customers", "charges", "refunds", "credit_notes", "disputes")
    http = FakeHttp()
    for place in (*places, "payouts", "topups", "checkout/sessions"):
        http.answer(f"{place}/x_1", error(404, code="resource_missing", message="No such x"))

    with pytest.raises(Refused) as refused:
        snapshot(http, kind, "x_1")

    assert refused.value.reason is Reason.OBJECT_MISSING_IN_STRIPE


# --- lists ---------------------------------------------------------------------------------------


def event(number: int, created: int, **changes: object) -> Json:
    return {
        "id": f"evt_{number}",
        "object": "event",
        "type": "invoice.paid",
        "created": created,
        "livemode": False,
        "data": {"object": {"id": f"in_{number}", "customer": "cus_1"}},
        **changes,
    }


def listed(rows: Sequence[Json]) -> Callable[[Request], Response]:
    """Return what lists the rows, newest first, as Stripe does: by time and by pages of 100."""

    def answer(request: Request) -> Response:
        since = int(request.query.get("created[gte]", 0))
        until = int(request.query.get("created[lte]", 2**40))
        found = [row for row in rows if since <= row["created"] <= until]
        if "starting_after" in request.query:
            after = [row["id"] for row in found].index(request.query["starting_after"]) + 1
            found = found[after:]
        page = {"object": "list", "data": found[:100], "has_more": len(found) > 100}
        return Response(page)

    return answer


def test_a_page_of_events_is_a_stretch_down_to_the_second_that_may_go_on() -> None:
    rows = [event(number, created=1_000 + number) for number in reversed(range(150))]
    http = FakeHttp()
    http.answer("events", listed(rows))
    stripe = reader(http)

    newest = stripe.events(["invoice.paid"], 1_000, None)
    rest = stripe.events(["invoice.paid"], 1_000, newest.reached_unix - 1)

    assert [hint.event_id for hint in newest.rows] == [f"evt_{n}" for n in range(149, 50, -1)]
    assert newest.reached_unix == 1_051
    assert [hint.event_id for hint in rest.rows] == [f"evt_{n}" for n in range(50, -1, -1)]
    assert rest.reached_unix == 1_000
    assert [request.query for request in http.requests] == [
        {"types[0]": "invoice.paid", "created[gte]": "1000", "limit": "100"},
        {
            "types[0]": "invoice.paid",
            "created[gte]": "1000",
            "created[lte]": "1050",
            "limit": "100",
        },
    ]


def test_types_are_asked_for_twenty_at_a_time_and_merged_in_order() -> None:
    def by_type(request: Request) -> Response:
        second = "invoice.20" in request.query.values()
        row = event(2, 1_001) if second else event(1, 1_002)
        return Response({"object": "list", "data": [row], "has_more": False})

    http = FakeHttp()
    http.answer("events", by_type)

    types = [f"invoice.{number}" for number in range(40)]
    found = reader(http).events(types, 1_000, None)

    assert [hint.event_id for hint in found.rows] == ["evt_1", "evt_2"]
    sizes = [sum(key.startswith("types") for key in each.query) for each in http.requests]
    assert sizes == [20, 20]


def test_events_reach_only_as_far_as_every_list_of_types_was_read() -> None:
    busy = listed([event(number, created=5_000 - number) for number in range(150)])
    quiet = listed([event(1_000, created=4_999), event(1_001, created=1_500)])

    def by_type(request: Request) -> Response:
        return (quiet if "invoice.20" in request.query.values() else busy)(request)

    http = FakeHttp()
    http.answer("events", by_type)

    types = [f"invoice.{number}" for number in range(40)]
    found = reader(http).events(types, 1_000, None)

    assert found.reached_unix == 4_902
    assert [hint.event_id for hint in found.rows[:3]] == ["evt_0", "evt_1000", "evt_1"]
    assert (len(found.rows), found.rows[-1].event_id) == (100, "evt_98")


def test_an_unreadable_event_is_skipped_and_logged_by_its_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    http = FakeHttp()
    http.answer("events", paged([event(2, 1_001), event(1, 1_000, data={"object": {}})]))

    found = reader(http).events(["invoice.paid"], 1_000, None)

    assert [hint.event_id for hint in found.rows] == ["evt_2"]
    assert found.reached_unix == 1_000
    assert "event evt_1: data.object is not usable" in caplog.text


def invoice_row(number: int, created: int) -> Json:
    return shapes.today(Facts(status="paid")) | {"id": f"in_{number}", "created": created}


def test_invoices_are_asked_for_by_creation_a_page_at_a_time() -> None:
    http = FakeHttp()
    http.answer("invoices", listed([invoice_row(number, 900 - number) for number in range(150)]))
    stripe = reader(http)

    found = stripe.invoices(77, 900)

    assert (found.rows[0].invoice, found.rows[0].state) == ("in_0", "paid:2000:0")
    assert (len(found.rows), found.reached_unix, stripe.reads) == (99, 802, 1)
    assert http.requests[0].query == {
        "created[gte]": "77",
        "created[lte]": "900",
        "limit": "100",
    }


def test_a_stretch_takes_the_pages_that_show_one_whole_second() -> None:
    same = [invoice_row(number, 900) for number in range(230)]
    http = FakeHttp()
    http.answer("invoices", listed([*same, invoice_row(230, 800)]))
    stripe = reader(http)

    newest = stripe.invoices(77, None)
    whole = stripe.invoices(77, newest.reached_unix - 1)

    assert (newest.rows, newest.reached_unix) == ([], 901)
    assert (len(whole.rows), whole.reached_unix) == (231, 77)
    assert stripe.reads == 1 + 3


def test_a_page_without_one_readable_row_is_passed_over() -> None:
    odd: list[Json] = [{"id": f"in_{number}"} for number in range(100)]
    http = FakeHttp()
    http.answer(
        "invoices",
        {"data": odd, "has_more": True},
        {"data": [invoice_row(1, 800)], "has_more": False},
    )

    found = reader(http).invoices(77, None)

    assert ([row.invoice for row in found.rows], found.reached_unix) == (["in_1"], 77)


def test_open_invoices_are_asked_for_by_status() -> None:
    http = FakeHttp()
    http.answer("invoices", paged([]))

    assert reader(http).open_invoices(0, None).rows == []
    assert http.requests[0].query == {"status": "open", "created[gte]": "0", "limit": "100"}


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"data": {}}, "did not answer with a list"),
        ({"data": ["in_1"]}, "did not answer with a list"),
        ({"data": [], "has_more": True}, "there is more, but not where"),
    ],
)
def test_a_list_that_does_not_lead_on_is_no_list(answer: Json, text: str) -> None:
    http = FakeHttp()
    http.answer("invoices", answer)

    with pytest.raises(Unavailable, match=text):
        reader(http).open_invoices(0, None)


def test_a_list_that_goes_round_in_circles_ends() -> None:
    http = FakeHttp()
    http.answer("invoices", {"data": [{"id": "in_1"}], "has_more": True})

    with pytest.raises(Unavailable, match="there is more, but not where"):
        reader(http).open_invoices(0, None)
    assert len(http.requests) == 2


def test_faults_reach_the_caller_of_a_list() -> None:
    http = FakeHttp()
    http.answer("invoices", error(429, code="rate_limit"), error(401, message="no"))

    with pytest.raises(Throttled):
        reader(http).open_invoices(0, None)
    with pytest.raises(ConfigurationFault):
        reader(http).open_invoices(0, None)
