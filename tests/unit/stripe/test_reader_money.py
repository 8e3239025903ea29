"""Goal: what moves money besides payments and refunds is read with all that hangs on it, in one
state, in as few reads as it takes, within bounds.

Method: the real Stripe library over a scripted wire; what was asked is looked at as well.
"""

from collections.abc import Callable

import pytest

from tests.unit.stripe import shapes
from tests.unit.stripe.fake_http import FakeHttp, Request, Response, error, paged, reader
from tests.unit.stripe.money import (
    credit_note,
    credit_note_line,
    dispute,
    moved,
    payout,
    topup,
)
from tests.unit.stripe.shapes import Facts, Json
from tieout.domain.errors import Refused, Unavailable
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import (
    CreditNoteSnapshot,
    DisputeSnapshot,
    InvoiceSnapshot,
    Origin,
    PayoutSnapshot,
    Snapshot,
    TopupSnapshot,
)
from tieout.stripe import decode

INVOICE_PATH = f"invoices/{shapes.INVOICE}"


def snapshot(http: FakeHttp, kind: SubjectKind, identifier: str) -> Snapshot:
    return reader(http).snapshot(Subject(kind, identifier))


def invoice_snapshot(http: FakeHttp) -> InvoiceSnapshot:
    found = snapshot(http, SubjectKind.INVOICE, shapes.INVOICE)
    assert isinstance(found, InvoiceSnapshot)
    return found


# --- credit notes --------------------------------------------------------------------------------


def credited(pre: int = 0, post: int = 0) -> Json:
    amounts = {
        "pre_payment_credit_notes_amount": pre,
        "post_payment_credit_notes_amount": post,
    }
    return shapes.today(Facts()) | amounts


@pytest.mark.parametrize(("pre", "post"), [(500, 0), (0, 500)])
def test_an_invoice_that_was_credited_comes_with_its_credit_notes(pre: int, post: int) -> None:
    http = FakeHttp()
    http.answer(INVOICE_PATH, credited(pre, post))
    rows = [
        credit_note("cn_2", status="void", created=200, voided_at=210),
        credit_note(pre_payment_amount=pre, post_payment_amount=post),
    ]
    http.answer("credit_notes", paged(rows))

    found = invoice_snapshot(http)

    assert [(each.id, each.status) for each in found.credit_notes] == [
        ("cn_1", "issued"),
        ("cn_2", "void"),
    ]
    assert http.paths == [INVOICE_PATH, "credit_notes"]
    assert http.requests[1].query == {"invoice": shapes.INVOICE, "limit": "100"}


def test_lines_of_a_credit_note_beyond_the_first_are_read_page_by_page() -> None:
    rows = [credit_note_line(f"cnli_{number:03}") for number in range(150)]
    http = FakeHttp()
    http.answer(INVOICE_PATH, credited(pre=500))
    beginning = {"object": "list", "data": rows[:10], "has_more": True}
    http.answer("credit_notes", paged([credit_note(lines=beginning)]))
    http.answer("credit_notes/cn_1/lines", paged(rows))

    (note,) = invoice_snapshot(http).credit_notes

    assert [each.id for each in note.lines] == [row["id"] for row in rows]
    assert http.paths[-2:] == ["credit_notes/cn_1/lines"] * 2


def test_a_credit_note_that_came_in_between_two_reads_leads_to_a_second_look() -> None:
    http = FakeHttp()
    http.answer(INVOICE_PATH, credited(pre=500), credited(pre=700))
    rows = [credit_note(), credit_note("cn_2", pre_payment_amount=200)]
    http.answer("credit_notes", paged(rows))

    found = invoice_snapshot(http)

    assert found.pre_payment_credit_notes_minor == 700
    assert len(http.requests) == 4


def test_a_credit_note_is_seen_in_the_state_of_the_invoice_with_all_its_credit_notes() -> None:
    later = credit_note(status="void", voided_at=120)
    http = FakeHttp()
    http.answer("credit_notes/cn_1", credit_note())
    http.answer(INVOICE_PATH, credited())
    http.answer("credit_notes", paged([credit_note("cn_2", status="void"), later]))

    found = snapshot(http, SubjectKind.CREDIT_NOTE, "cn_1")

    assert isinstance(found, CreditNoteSnapshot)
    assert (found.note.status, found.note.voided_at_unix) == ("void", 120)
    assert found.note in found.invoice.credit_notes
    assert len(found.invoice.credit_notes) == 2
    assert http.paths == ["credit_notes/cn_1", INVOICE_PATH, "credit_notes"]


def test_a_credit_note_that_is_not_listed_yet_is_left_for_later() -> None:
    http = FakeHttp()
    http.answer("credit_notes/cn_1", credit_note())
    http.answer(INVOICE_PATH, credited())
    http.answer("credit_notes", paged([]))

    with pytest.raises(Unavailable, match="cn_1 is not listed with its invoice yet"):
        snapshot(http, SubjectKind.CREDIT_NOTE, "cn_1")


# --- disputes, payouts, top-ups ------------------------------------------------------------------

OUT = moved("txn_1", -500, 15, source="x_1")
BACK = moved("txn_2", 500, source="x_1", created=130)


@pytest.mark.parametrize(
    ("kind", "place", "raw"),
    [
        (SubjectKind.DISPUTE, "disputes", dispute(id="x_1")),
        (SubjectKind.PAYOUT, "payouts", payout(id="x_1", automatic=False)),
        (SubjectKind.TOPUP, "topups", topup(id="x_1")),
    ],
)
def test_what_moves_the_balance_itself_comes_with_all_its_movements(
    kind: SubjectKind, place: str, raw: Json
) -> None:
    http = FakeHttp()
    http.answer(f"{place}/x_1", raw)
    http.answer("balance_transactions", paged([BACK, OUT]))

    found = snapshot(http, kind, "x_1")

    assert isinstance(found, DisputeSnapshot | PayoutSnapshot | TopupSnapshot)
    assert found.movements == (decode.movement(OUT), decode.movement(BACK))
    assert http.paths == [f"{place}/x_1", "balance_transactions"]
    assert http.requests[1].query == {"source": "x_1", "limit": "100"}


def of_payout(content: object) -> Callable[[Request], Response]:
    own = moved("txn_9", -470, type="payout", source="po_1")

    def answer(request: Request) -> Response:
        given = paged([own]) if "source" in request.query else content
        if callable(given):
            given = given(request)
        return given if isinstance(given, Response) else Response(given)

    return answer


def payout_snapshot(http: FakeHttp) -> PayoutSnapshot:
    found = snapshot(http, SubjectKind.PAYOUT, "po_1")
    assert isinstance(found, PayoutSnapshot)
    return found


def test_the_content_of_a_payout_is_the_net_of_all_but_its_own_movement() -> None:
    own = moved("txn_9", -470, type="payout", source="po_1")
    rows = [own, *(moved(f"txn_{number}", 5, 1) for number in range(100, 250))]
    http = FakeHttp()
    http.answer("payouts/po_1", payout())
    http.answer("balance_transactions", of_payout(paged(rows)))

    found = payout_snapshot(http)

    assert found.content_minor == 150 * 4
    assert [each.id for each in found.movements] == ["txn_9"]
    assert {request.query.get("payout") for request in http.requests} == {None, "po_1"}


@pytest.mark.parametrize(
    "changes", [{"automatic": False}, {"reconciliation_status": "in_progress"}]
)
def test_what_stripe_does_not_tell_of_a_payout_is_not_asked_for(changes: Json) -> None:
    http = FakeHttp()
    http.answer("payouts/po_1", payout(**changes))
    http.answer("balance_transactions", of_payout(paged([])))

    assert payout_snapshot(http).content_minor is None
    assert len(http.requests) == 2


def test_an_account_without_reconciliation_reports_does_not_stop_its_payouts() -> None:
    text = "The payout reconciliation report is not supported for auto-debits."
    http = FakeHttp()
    http.answer("payouts/po_1", payout())
    http.answer("balance_transactions", of_payout(error(400, message=text)))

    found = payout_snapshot(http)

    assert found.content_minor is None
    assert len(found.movements) == 1


def test_content_that_cannot_be_read_is_not_taken_for_content_that_is_not_told() -> None:
    http = FakeHttp()
    http.answer("payouts/po_1", payout())
    http.answer("balance_transactions", of_payout(paged([moved() | {"net": None}])))

    with pytest.raises(Refused, match="net is missing"):
        payout_snapshot(http)


def test_a_payout_of_too_many_movements_is_refused() -> None:
    rows = [moved(f"txn_{number}", 1) for number in range(20_001)]
    http = FakeHttp()
    http.answer("payouts/po_1", payout())
    http.answer("balance_transactions", of_payout(paged(rows)))

    with pytest.raises(Refused) as refused:
        payout_snapshot(http)

    assert refused.value.reason is Reason.SNAPSHOT_TOO_LARGE
    assert refused.value.text == "balance_transactions has more than 20000 rows"


# --- the balance ---------------------------------------------------------------------------------


def test_movements_of_a_time_come_in_order_with_what_is_behind_them() -> None:
    source = {"id": "ch_1", "object": "charge", "amount": 460, "currency": "eur"}
    rows = [moved("txn_3", created=300), moved("txn_2", created=200, source=source)]
    http = FakeHttp()
    http.answer("balance_transactions", paged([*rows, moved("txn_1", created=200)]))

    found = reader(http).movements(200, 300, "acct_9")

    assert [each.id for each in found] == ["txn_1", "txn_2", "txn_3"]
    assert found[1].origin == Origin("charge", "ch_1", 460, "eur")
    assert http.requests[0].headers.get("Stripe-Account") == "acct_9"
    assert http.requests[0].query == {
        "created[gte]": "200",
        "created[lte]": "300",
        "expand[0]": "data.source",
        "limit": "100",
    }


def test_too_many_movements_are_refused_by_their_bound() -> None:
    http = FakeHttp()
    http.answer("balance_transactions", paged([moved(f"txn_{n}") for n in range(20_001)]))

    with pytest.raises(Refused) as refused:
        reader(http).movements(0, 1)

    assert refused.value.reason is Reason.SNAPSHOT_TOO_LARGE
    assert refused.value.text == "balance_transactions has more than 20000 rows"


def test_the_balance_is_one_read() -> None:
    entry = {"amount": 70, "currency": "usd"}
    http = FakeHttp()
    http.answer("balance", {"object": "balance", "available": [entry], "pending": [entry]})

    assert reader(http).balance("acct_9") == {"usd": 140}
    assert http.requests[0].headers.get("Stripe-Account") == "acct_9"


def test_the_balance_of_the_other_mode_is_refused() -> None:
    http = FakeHttp()
    raw = {"object": "balance", "livemode": True, "available": [], "pending": []}
    http.answer("balance", raw)

    with pytest.raises(Refused, match="is not a test mode object"):
        reader(http).balance()
