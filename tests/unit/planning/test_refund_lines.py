"""Which part of which line a plain refund takes back, where credit notes come between.

Method: an invoice over 60.00 of plan (account 4000) and 40.00 of onboarding (4010) on 2 November;
what happened to it day by day, and the shares that follow from it by hand.
"""

import dataclasses

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_credit_note,
    a_line,
    a_payment,
    a_post_payment_note,
    a_refund,
    a_refund_of,
    an_invoice,
    planned,
    the,
)
from tieout.domain.documents import ArAdjustment, JournalEntry
from tieout.planning.snapshots import (
    CreditNote,
    CreditNoteLine,
    InvoicePayment,
    InvoiceSnapshot,
    RefundFacts,
)

PLAN, ONBOARDING = a_line(6_000), a_line(4_000, id="il_2", price="price_setup")


def day(number: int) -> int:
    return NOON + number * DAY_SECONDS


def an_invoice_with(*notes: CreditNote, paid: tuple[InvoicePayment, ...]) -> InvoiceSnapshot:
    return an_invoice(lines=(PLAN, ONBOARDING), credit_notes=notes, payments=paid)


def a_note(amount_minor: int, line: str | None, on: int) -> CreditNote:
    """A credit note that takes something off what is owed; without a line, of account 4000."""
    lines = (CreditNoteLine(f"cnli_{on}", amount_minor, "Goodwill", invoice_line=line),)
    return a_credit_note(amount_minor, id=f"cn_{on}", created_unix=day(on), lines=lines)


def a_refund_on(number: int, amount_minor: int, **changes: object) -> RefundFacts:
    return a_refund(amount_minor, id=f"re_{number}", created_unix=day(number), **changes)


def taken(invoice: InvoiceSnapshot, *refunds: RefundFacts) -> list[dict[str, int]]:
    """What each refund debits, by account."""
    entries = [
        the(
            planned(a_refund_of(each, invoice, siblings=refunds)), f"refund/{each.id}", JournalEntry
        )
        for each in refunds
    ]
    return [
        {line.account: line.amount_minor for line in entry.lines if line.account != "1200"}
        for entry in entries
    ]


def test_what_a_note_took_before_the_payment_is_not_refunded_again() -> None:
    invoice = an_invoice_with(a_note(4_000, "il_2", on=1), paid=(a_payment(6_000),))
    assert taken(invoice, a_refund_on(3, 1_500)) == [{"4000": 1_500}]


def test_a_note_on_one_line_moves_an_earlier_part_payment_to_the_others() -> None:
    """Of the 50.00 that were paid, 20.00 were of the onboarding until the note took it."""
    note = a_note(4_000, "il_2", on=2)
    invoice = an_invoice_with(note, paid=(a_payment(5_000, paid_at_unix=day(1)),))
    assert taken(invoice, a_refund_on(3, 5_000)) == [{"4000": 5_000}]


def test_a_line_that_a_note_takes_after_a_refund_took_its_share_is_left_alone() -> None:
    """The first 25.00 are 15.00 of plan and 10.00 of onboarding, which the note then takes whole.

    The 50.00 that were paid are now all of plan: 35.00 of it are left, and the onboarding is 10.00
    overdrawn. That is the note's doing; no later refund gives it back.
    """
    note = a_note(4_000, "il_2", on=3)
    invoice = an_invoice_with(note, paid=(a_payment(5_000, paid_at_unix=day(1)),))
    first, *later = taken(
        invoice, a_refund_on(2, 2_500), a_refund_on(4, 2_000), a_refund_on(5, 500)
    )
    assert first == {"4000": 1_500, "4010": 1_000}
    assert later == [{"4000": 2_000}, {"4000": 500}]


def test_a_note_over_a_part_of_a_line_leaves_the_rest_of_it_to_be_refunded() -> None:
    """60.00 of plan and 10.00 of onboarding are left: of 35.00, 30.00 and 5.00, in this ratio."""
    note = a_note(3_000, "il_2", on=2)
    invoice = an_invoice_with(note, paid=(a_payment(3_500, paid_at_unix=day(1)),))
    assert taken(invoice, a_refund_on(3, 700), a_refund_on(4, 2_800)) == [
        {"4000": 600, "4010": 100},
        {"4000": 2_400, "4010": 400},
    ]


def test_what_was_given_on_no_line_is_not_taken_back_by_refunds() -> None:
    """4000 is 20.00 below nothing by the note; the 80.00 that were paid are all of the setup."""
    goodwill = a_note(2_000, None, on=1)
    setup = a_line(10_000, price="price_setup")
    invoice = an_invoice(lines=(setup,), credit_notes=(goodwill,), payments=(a_payment(8_000),))
    assert taken(invoice, a_refund_on(3, 4_000)) == [{"4010": 4_000}]


def test_a_void_takes_back_all_that_no_payment_paid_and_what_was_given_on_no_line() -> None:
    """30.00 were paid, all of the setup: 70.00 of it are left, less the 20.00 given on 4000."""
    goodwill = a_note(2_000, None, on=1)
    invoice = an_invoice(
        lines=(a_line(10_000, price="price_setup"),),
        credit_notes=(goodwill,),
        payments=(a_payment(3_000),),
        status="void",
        voided_at_unix=day(5),
    )
    memo = the(planned(invoice), "invoice/in_1/void", ArAdjustment)
    assert [(line.account, line.amount_minor) for line in memo.lines] == [
        ("4010", -7_000),
        ("4000", 2_000),
    ]
    assert taken(invoice, a_refund_on(6, 3_000)) == [{"4010": 3_000}]


def test_a_credit_within_the_invoice_goes_along_with_the_other_lines() -> None:
    lines = (a_line(10_000), a_line(-2_000, id="il_2", price="price_setup"))
    invoice = an_invoice(lines=lines, payments=(a_payment(8_000),))
    assert taken(invoice, a_refund_on(3, 4_000)) == [{"4000": 5_000, "4010": -1_000}]


def test_credit_of_the_customer_pays_first_and_then_each_payment_of_what_is_left() -> None:
    """3 units of three lines: the credit pays one of the first, so the payment one of the second.

    The refund of a payment is of what that paid, to the unit.
    """
    lines = tuple(a_line(1, id=f"il_{number}", price="price_setup") for number in range(3))
    invoice = an_invoice(
        lines=(a_line(1), *lines[1:]), credit_balance_applied_minor=1, payments=(a_payment(1),)
    )
    assert taken(invoice, a_refund_on(3, 1)) == [{"4010": 1}]


@pytest.mark.parametrize("back_on", [5, None])
def test_an_earlier_payment_counts_until_its_money_goes_back(back_on: int | None) -> None:
    """Two units of two lines, one paid by each payment; the first goes back after the refund."""
    first = a_payment(
        1,
        id="inpay_0",
        payment_intent="pi_0",
        paid_at_unix=day(1),
        status="paid" if back_on is None else "canceled",
        returned_at_unix=None if back_on is None else day(back_on),
    )
    lines = (a_line(1), a_line(1, id="il_2", price="price_setup"))
    invoice = an_invoice(lines=lines, payments=(first, a_payment(1, paid_at_unix=day(2))))
    assert taken(invoice, a_refund_on(3, 1)) == [{"4010": 1}]


def test_a_note_to_the_credit_balance_leaves_the_other_lines_to_be_refunded() -> None:
    lines = (CreditNoteLine("cnli_1", 4_000, "Onboarding", invoice_line="il_2"),)
    note = a_post_payment_note(4_000, created_unix=day(2), lines=lines)
    invoice = an_invoice_with(note, paid=(a_payment(10_000),))
    assert taken(invoice, a_refund_on(3, 6_000)) == [{"4000": 6_000}]


def test_a_note_takes_its_own_line_of_two_that_are_booked_alike() -> None:
    """99 units of the second are taken: the 101 that were paid are 100 of the first and its 1."""
    alike = a_line(100, price="price_setup")
    lines = (alike, dataclasses.replace(alike, id="il_2"), a_line(100, id="il_3"))
    note = a_note(99, "il_2", on=1)
    invoice = an_invoice(lines=lines, credit_notes=(note,), payments=(a_payment(201),))
    entry = the(planned(a_refund_of(a_refund_on(3, 201), invoice)), "refund/re_3", JournalEntry)
    shares = [each.split(":")[0] for each in entry.lines[0].why.split("; ")]
    assert shares == ["1.00 of 1.00 of line 1", "0.01 of 1.00 of line 2"]
