"""Credit notes: on the accounts of their invoice, and never booked twice with a refund.

Method: invoices with credit notes through `plan`, for each of the subjects that Stripe shows.
"""

import dataclasses
from datetime import date

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_credit_note,
    a_credit_note_of,
    a_line,
    a_paid_invoice,
    a_payment,
    a_policy,
    a_post_payment_note,
    a_refund,
    a_refund_of,
    a_tax,
    an_invoice,
    keys_of,
    planned,
    the,
    the_finding,
)
from tieout.domain.documents import (
    Application,
    ArAdjustment,
    ArPayment,
    CreditApplication,
    JournalEntry,
    dependencies,
    digest,
)
from tieout.domain.plans import Disposition
from tieout.domain.policy import RevenueCategory
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import parts, plan
from tieout.planning.snapshots import (
    CreditNote,
    CreditNoteLine,
    CreditNoteRefund,
    InvoiceSnapshot,
    ShippingCost,
    Snapshot,
)

LINES = (a_line(6_000), a_line(4_000, id="il_2", price="price_setup"))
ISSUED_DAY = date(2026, 11, 5)
VOIDED = NOON + 6 * DAY_SECONDS


def a_setup_note(amount_minor: int = 4_000, **changes: object) -> CreditNote:
    """A credit note over the second line."""
    line = CreditNoteLine("cnli_2", amount_minor, "Setup", invoice_line="il_2")
    return a_credit_note(amount_minor, **{"lines": (line,), **changes})


def entry_lines(entry: JournalEntry) -> list[tuple[str, int]]:
    return [(line.account, line.amount_minor) for line in entry.lines]


def memo_lines(memo: ArAdjustment) -> list[tuple[str, int]]:
    return [(line.account, line.amount_minor) for line in memo.lines]


def test_before_payment_it_is_a_credit_memo_on_the_credited_lines_applied() -> None:
    invoice = an_invoice(lines=LINES, credit_notes=(a_setup_note(1_500),))
    made = planned(a_credit_note_of(invoice))
    assert keys_of(made) == ["customer/cus_1", "credit_note/cn_1", "credit_note/cn_1/applied"]
    memo = the(made, "credit_note/cn_1", ArAdjustment)
    assert memo_lines(memo) == [("4010", -1_500)]
    assert memo.lines[0].dimensions.department == "SERVICES"
    assert (memo.number, memo.invoice_number) == ("ACME-0001-CN-01", "ACME-0001")
    assert (memo.adjustment_date, memo.posting_date) == (ISSUED_DAY, ISSUED_DAY)
    applied = the(made, "credit_note/cn_1/applied", CreditApplication)
    assert applied.applications == (Application("invoice/in_1", 1_500),)
    assert made.findings == ()


def test_tax_shipping_and_discount_are_taken_back_where_they_were_booked() -> None:
    invoice = an_invoice(
        lines=(a_line(10_000, discount_minor=1_000, taxes=(a_tax(1_710),)),),
        shipping=ShippingCost(500, 95),
        taxes=(a_tax(1_805),),
    )
    line = CreditNoteLine("cnli_1", 5_000, "", 500, (a_tax(855),), "il_1")
    note = a_credit_note(5_950, lines=(line,), shipping=ShippingCost(500, 95), taxes=(a_tax(950),))
    made = planned(
        a_credit_note_of(dataclasses.replace(invoice, credit_notes=(note,))),
        a_policy(discount_account="4090"),
    )
    assert memo_lines(the(made, "credit_note/cn_1", ArAdjustment)) == [
        ("4000", -5_000),
        ("4090", 500),
        ("4030", -500),
        ("2210", -950),
    ]


def test_a_line_of_its_own_follows_the_rules_for_revenue() -> None:
    note = a_credit_note(700, lines=(CreditNoteLine("cnli_1", 700, "Goodwill"),))
    made = planned(a_credit_note_of(an_invoice(lines=LINES[1:], credit_notes=(note,))))
    memo = the(made, "credit_note/cn_1", ArAdjustment)
    assert memo_lines(memo) == [("4000", -700)]
    assert memo.lines[0].memo == "Goodwill"


def test_it_is_booked_where_its_invoice_was_whatever_the_policy_says_now() -> None:
    old, new = a_policy(), a_policy(version="policy-2")
    categories = {**new.revenue.categories, "services": RevenueCategory("services", "4999")}
    new = dataclasses.replace(new, revenue=dataclasses.replace(new.revenue, categories=categories))
    invoice = an_invoice(lines=LINES, credit_notes=(a_setup_note(),))
    subject = Subject(SubjectKind.CREDIT_NOTE, "cn_1")
    made = plan(subject, a_credit_note_of(invoice), new, {"invoice/in_1": old})
    assert memo_lines(the(made, "credit_note/cn_1", ArAdjustment)) == [("4010", -4_000)]


@pytest.mark.parametrize(
    ("changes", "key", "account"),
    [
        ({"balance_credit_minor": 4_000}, "credit_note/cn_1/credit-balance", "2400"),
        ({"out_of_band_minor": 4_000}, "credit_note/cn_1/out-of-band", "1010"),
        (
            {"refunds": (CreditNoteRefund(None, 4_000),)},
            "credit_note/cn_1/out-of-band",
            "1010",
        ),
    ],
    ids=["credit balance", "outside Stripe", "refund recorded outside Stripe"],
)
def test_after_payment_it_is_an_entry_against_where_the_money_went(
    changes: dict[str, object], key: str, account: str
) -> None:
    note = a_setup_note(4_000, pre_payment_minor=0, **changes)
    made = planned(a_credit_note_of(a_paid_invoice(lines=LINES, credit_notes=(note,))))
    entry = the(made, key, JournalEntry)
    assert entry_lines(entry) == [("4010", 4_000), (account, -4_000)]
    assert entry.after == ("invoice/in_1",)
    assert keys_of(made) == ["customer/cus_1", key]


def test_what_was_refunded_is_booked_by_the_refund_on_the_notes_lines() -> None:
    note = a_setup_note(4_000, pre_payment_minor=0, refunds=(CreditNoteRefund("re_1", 4_000),))
    invoice = a_paid_invoice(lines=LINES, credit_notes=(note,))
    of_note = planned(a_credit_note_of(invoice))
    assert of_note.documents == ()
    assert the_finding(of_note, "credit_note/cn_1").reason is Reason.NOTHING_TO_BOOK
    of_refund = planned(a_refund_of(a_refund(4_000), invoice))
    assert entry_lines(the(of_refund, "refund/re_1", JournalEntry)) == [
        ("4010", 4_000),
        ("1200", -4_000),
    ]


def test_the_parts_of_a_mixed_note_take_every_line_exactly_once() -> None:
    lines = (a_line(3_333), a_line(3_333, id="il_2", price="price_setup"))
    note = a_credit_note(
        1_001,
        lines=(
            CreditNoteLine("cnli_1", 500, invoice_line="il_1"),
            CreditNoteLine("cnli_2", 501, invoice_line="il_2"),
        ),
        pre_payment_minor=333,
        refunds=(CreditNoteRefund("re_1", 335),),
        balance_credit_minor=333,
        created_unix=NOON + 3 * DAY_SECONDS,
    )
    invoice = an_invoice(lines=lines, payments=(a_payment(5_000),), credit_notes=(note,))
    of_note = planned(a_credit_note_of(invoice))
    of_refund = planned(a_refund_of(a_refund(335), invoice))
    taken = {"4000": 0, "4010": 0}
    for line in the(of_note, "credit_note/cn_1", ArAdjustment).lines:
        taken[line.account] -= line.amount_minor
    for made, key in ((of_note, "credit_note/cn_1/credit-balance"), (of_refund, "refund/re_1")):
        for each in the(made, key, JournalEntry).lines:
            if each.account in taken:
                taken[each.account] += each.amount_minor
    assert taken == {"4000": 500, "4010": 501}


def test_another_refund_goes_over_what_the_note_left() -> None:
    note = a_setup_note(
        4_000, pre_payment_minor=0, refunds=(CreditNoteRefund("re_1", 4_000),),
        created_unix=NOON + 2 * DAY_SECONDS,
    )  # fmt: skip
    invoice = a_paid_invoice(lines=LINES, credit_notes=(note,))
    named = a_refund(4_000)
    other = a_refund(6_000, id="re_2", created_unix=NOON + 4 * DAY_SECONDS)
    made = planned(a_refund_of(other, invoice, siblings=(named, other)))
    assert entry_lines(the(made, "refund/re_2", JournalEntry)) == [
        ("4000", 6_000),
        ("1200", -6_000),
    ]


def test_a_note_that_comes_later_changes_no_earlier_refund_that_it_does_not_name() -> None:
    paid = a_paid_invoice(lines=LINES)
    plain = a_refund(1_000)
    named = a_refund(4_000, id="re_2", created_unix=NOON + 4 * DAY_SECONDS)
    before = planned(a_refund_of(plain, paid))
    note = a_setup_note(
        4_000, pre_payment_minor=0, refunds=(CreditNoteRefund("re_2", 4_000),),
        created_unix=NOON + 4 * DAY_SECONDS,
    )  # fmt: skip
    credited = dataclasses.replace(paid, credit_notes=(note,))
    after = planned(a_refund_of(plain, credited, siblings=(plain, named)))
    key = "refund/re_1"
    assert digest(the(after, key, JournalEntry)) == digest(the(before, key, JournalEntry))


def test_a_note_that_names_a_booked_refund_shows_as_another_entry() -> None:
    paid, refund = a_paid_invoice(lines=LINES), a_refund(4_000)
    note = a_setup_note(4_000, pre_payment_minor=0, refunds=(CreditNoteRefund("re_1", 4_000),))
    before = the(planned(a_refund_of(refund, paid)), "refund/re_1", JournalEntry)
    credited = dataclasses.replace(paid, credit_notes=(note,))
    after = the(planned(a_refund_of(refund, credited)), "refund/re_1", JournalEntry)
    assert digest(after) != digest(before)


def test_a_payment_after_a_note_settles_what_it_left_and_can_be_refunded_whole() -> None:
    later = a_payment(6_000, paid_at_unix=NOON + 5 * DAY_SECONDS)
    invoice = an_invoice(
        lines=LINES, status="paid", payments=(later,), credit_notes=(a_setup_note(),)
    )
    assert the(planned(invoice), "receipt/inpay_1", ArPayment).amount_minor == 6_000
    refund = a_refund(6_000, created_unix=NOON + 6 * DAY_SECONDS)
    made = planned(a_refund_of(refund, invoice))
    assert entry_lines(the(made, "refund/re_1", JournalEntry)) == [
        ("4000", 6_000),
        ("1200", -6_000),
    ]


def test_void_it_is_asked_for_again_and_the_next_payment_settles_both() -> None:
    note = a_setup_note(status="void", voided_at_unix=VOIDED)
    payment = a_payment(10_000, paid_at_unix=VOIDED + DAY_SECONDS)
    invoice = an_invoice(lines=LINES, status="paid", payments=(payment,), credit_notes=(note,))
    made = planned(a_credit_note_of(invoice))
    assert memo_lines(the(made, "credit_note/cn_1", ArAdjustment)) == [("4010", -4_000)]
    again = the(made, "credit_note/cn_1/voided", ArAdjustment)
    assert memo_lines(again) == [("4010", 4_000)]
    assert (again.number, again.adjustment_date) == ("ACME-0001-CN-01-VOID", date(2026, 11, 8))
    receipt = the(planned(invoice), "receipt/inpay_1", ArPayment)
    assert receipt.applications == (
        Application("invoice/in_1", 6_000),
        Application("credit_note/cn_1/voided", 4_000),
    )
    assert "credit_note/cn_1/voided" in dependencies(receipt)


def test_its_void_changes_no_receipt_from_before() -> None:
    before = a_payment(5_000, paid_at_unix=VOIDED - DAY_SECONDS)
    issued = an_invoice(lines=LINES, payments=(before,), credit_notes=(a_setup_note(),))
    void = dataclasses.replace(
        issued, credit_notes=(a_setup_note(status="void", voided_at_unix=VOIDED),)
    )
    one, other = (the(planned(each), "receipt/inpay_1", ArPayment) for each in (issued, void))
    assert digest(one) == digest(other)


def test_a_second_note_settles_what_the_void_of_the_first_asked_for() -> None:
    first = a_credit_note(10_000, status="void", voided_at_unix=VOIDED)
    second = a_credit_note(10_000, id="cn_2", number="CN-2", created_unix=VOIDED + 1)
    invoice = an_invoice(credit_notes=(first, second))
    made = planned(a_credit_note_of(invoice, "cn_2"))
    applied = the(made, "credit_note/cn_2/applied", CreditApplication)
    assert applied.applications == (Application("credit_note/cn_1/voided", 10_000),)


@pytest.mark.parametrize(
    "invoice",
    [
        an_invoice(credit_notes=(a_credit_note(10_001),)),
        an_invoice(payments=(a_payment(9_000),), credit_notes=(a_credit_note(1_001),)),
        an_invoice(
            credit_notes=(a_credit_note(6_000, id="cn_0"), a_credit_note(4_001)),
        ),
    ],
    ids=["over the total", "over what payments left", "over what other notes left"],
)
def test_a_note_over_its_invoice_is_parked(invoice: InvoiceSnapshot) -> None:
    finding = the_finding(planned(a_credit_note_of(invoice)), "credit_note/cn_1")
    assert (finding.disposition, finding.reason) == (
        Disposition.PARKED,
        Reason.CREDIT_NOTE_OVER_INVOICE,
    )
    assert "in_1" in finding.text
    assert "100.00 usd" in finding.text


def test_a_note_whose_parts_do_not_sum_is_parked() -> None:
    note = a_credit_note(4_000, pre_payment_minor=1_000)
    made = planned(a_credit_note_of(an_invoice(credit_notes=(note,))))
    finding = the_finding(made, "credit_note/cn_1")
    assert finding.reason is Reason.DOES_NOT_ADD_UP
    assert "4000" in finding.text


def test_a_note_that_does_not_say_where_the_money_went_is_parked() -> None:
    note = a_credit_note(4_000, pre_payment_minor=0)
    made = planned(a_credit_note_of(a_paid_invoice(credit_notes=(note,))))
    finding = the_finding(made, "credit_note/cn_1")
    assert (finding.reason, finding.amount_minor) == (Reason.DOES_NOT_ADD_UP, 4_000)


def test_a_note_in_another_currency_is_parked() -> None:
    note = a_credit_note(4_000, currency="eur")
    made = planned(a_credit_note_of(an_invoice(credit_notes=(note,))))
    assert the_finding(made, "credit_note/cn_1").reason is Reason.DOES_NOT_ADD_UP


def test_a_note_from_before_the_books_is_not_booked() -> None:
    invoice = an_invoice(credit_notes=(a_credit_note(),))
    made = planned(a_credit_note_of(invoice), a_policy(books_from=date(2026, 11, 6)))
    assert made.documents == ()
    assert the_finding(made, "credit_note/cn_1").reason is Reason.BEFORE_BOOKS


def test_each_reading_brings_the_invoice_and_all_its_notes_along() -> None:
    notes = (a_credit_note(1_000), a_post_payment_note(1_000, id="cn_2"))
    invoice = a_paid_invoice(payments=(a_payment(9_000),), credit_notes=notes)
    of_invoice = Subject(SubjectKind.INVOICE, "in_1")
    of_notes = [Subject(SubjectKind.CREDIT_NOTE, each.id) for each in notes]
    snapshots: dict[Subject, Snapshot] = {
        of_invoice: invoice,
        of_notes[0]: a_credit_note_of(invoice),
        Subject(SubjectKind.REFUND, "re_1"): a_refund_of(a_refund(), invoice),
    }
    for subject, snapshot in snapshots.items():
        found = [each for each, _ in parts(subject, snapshot)]
        assert found[0] == of_invoice
        assert set(found) == {of_invoice, *of_notes, subject}


def test_the_memo_waits_until_what_went_back_before_is_owed_again() -> None:
    back = a_payment(status="canceled", returned_at_unix=NOON + 2 * DAY_SECONDS)
    invoice = an_invoice(payments=(back,), credit_notes=(a_credit_note(),))
    applied = the(planned(a_credit_note_of(invoice)), "credit_note/cn_1/applied", CreditApplication)
    assert "receipt/inpay_1/returned" in dependencies(applied)
