"""The credit balance: whatever moves it in Stripe moves one liability account by as much.

Method: invoices and customers through `plan`; what the documents leave on the account is compared
with what Stripe says the balance became.
"""

import pytest

from tests.factories import (
    DAY_SECONDS,
    NOON,
    a_balance_change,
    a_customer,
    a_line,
    a_paid_invoice,
    a_payment,
    a_policy,
    a_tax,
    an_invoice,
    keys_of,
    planned,
    the,
    the_finding,
)
from tieout.domain.documents import (
    ArAdjustment,
    ArPayment,
    CreditApplication,
    JournalEntry,
)
from tieout.domain.effects import by_place, effects
from tieout.domain.plans import Disposition, Plan
from tieout.domain.policy import Policy
from tieout.domain.reasons import Reason
from tieout.domain.receivable_policy import CustomerCreditRules
from tieout.planning.snapshots import CustomerSnapshot

CREDIT = "2400 location=100"
CASH = "1200 location=100"


def moved(made: Plan) -> dict[str, int]:
    """What all documents together do, by account and dimensions; debits positive."""
    return {
        place: amount
        for place, amount in by_place(
            each for document in made.documents for each in effects(document)
        ).items()
        if amount
    }


def with_changes(*changes: object, **of_customer: object) -> CustomerSnapshot:
    return a_customer(balance_transactions=changes, **of_customer)


def test_what_an_invoice_used_is_a_credit_memo_on_the_liability_applied_to_it() -> None:
    made = planned(an_invoice(credit_balance_applied_minor=4_000))
    memo = the(made, "invoice/in_1/credit-balance", ArAdjustment)
    assert [(line.account, line.amount_minor) for line in memo.lines] == [("2400", -4_000)]
    assert memo.number == "ACME-0001-BALANCE"
    applied = the(made, "invoice/in_1/credit-balance/applied", CreditApplication)
    assert (applied.amount_minor, applied.invoice_key) == (4_000, "invoice/in_1")
    assert moved(made)["accounts receivable"] == 6_000


def test_an_invoice_too_small_to_charge_is_owed_on_the_balance() -> None:
    small = an_invoice(
        lines=(a_line(30),), status="paid", paid_at_unix=NOON, credit_balance_applied_minor=30
    )
    made = planned(small)
    assert moved(made) == {"4000 location=100": -30, CREDIT: 30}
    assert made.findings == ()


def test_a_payment_over_what_was_owed_before_pays_that_back() -> None:
    made = planned(a_paid_invoice(credit_balance_applied_minor=-30, payments=(a_payment(10_030),)))
    assert the(made, "receipt/inpay_1", ArPayment).amount_minor == 10_000
    entry = the(made, "receipt/inpay_1/excess", JournalEntry)
    assert [(line.account, line.amount_minor) for line in entry.lines] == [
        ("1200", 30),
        ("2400", -30),
    ]
    assert made.findings == ()


def test_what_was_overpaid_belongs_to_the_customer() -> None:
    made = planned(a_paid_invoice(payments=(a_payment(10_050),), amount_overpaid_minor=50))
    assert moved(made)[CREDIT] == -50
    assert made.findings == ()


def test_a_payment_that_only_overpays_has_no_receipt() -> None:
    again = a_payment(700, id="inpay_2", paid_at_unix=NOON + 2 * DAY_SECONDS)
    made = planned(a_paid_invoice(payments=(a_payment(), again), amount_overpaid_minor=700))
    assert "receipt/inpay_2" not in keys_of(made)
    assert the(made, "receipt/inpay_2/excess", JournalEntry).amount_minor == 700


def test_a_later_overpayment_does_not_change_an_earlier_one() -> None:
    first = a_payment(10_050)
    again = a_payment(700, id="inpay_2", paid_at_unix=NOON + 2 * DAY_SECONDS)
    before = planned(a_paid_invoice(payments=(first,), amount_overpaid_minor=50))
    after = planned(a_paid_invoice(payments=(first, again), amount_overpaid_minor=750))
    key = "receipt/inpay_1/excess"
    assert the(after, key, JournalEntry) == the(before, key, JournalEntry)


def test_what_was_overpaid_outside_stripe_is_debited_where_it_landed() -> None:
    payment = a_payment(10_050, out_of_band=True, payment_intent=None)
    made = planned(a_paid_invoice(payments=(payment,), amount_overpaid_minor=50))
    assert the(made, "receipt/inpay_1/excess", JournalEntry).lines[0].account == "1010"


def test_an_invoice_over_nothing_can_ask_for_what_was_owed_before() -> None:
    invoice = a_paid_invoice(
        lines=(a_line(0),), payments=(a_payment(30),), credit_balance_applied_minor=-30
    )
    made = planned(invoice)
    assert moved(made) == {CASH: 30, CREDIT: -30}
    assert the_finding(made, "invoice/in_1").reason is Reason.NOTHING_TO_BOOK


def test_an_invoice_over_less_than_nothing_credits_the_customer() -> None:
    lines = (a_line(-3_000), a_line(1_000, id="il_2", price="price_setup"))
    made = planned(
        an_invoice(lines=lines, taxes=(a_tax(-380),), status="paid", paid_at_unix=NOON,
                   credit_balance_applied_minor=-2_380)
    )  # fmt: skip
    entry = the(made, "invoice/in_1", JournalEntry)
    assert [(line.account, line.amount_minor) for line in entry.lines] == [
        ("4000", 3_000),
        ("4010", -1_000),
        ("2210", 380),
        ("2400", -2_380),
    ]
    assert keys_of(made) == ["customer/cus_1", "invoice/in_1"]
    assert made.findings == ()


@pytest.mark.parametrize(
    ("amount_minor", "lines"),
    [(-2_500, [("6900", 2_500), ("2400", -2_500)]), (900, [("6900", -900), ("2400", 900)])],
    ids=["granted", "removed"],
)
def test_a_change_by_hand_is_an_entry_of_its_own(
    amount_minor: int, lines: list[tuple[str, int]]
) -> None:
    made = planned(with_changes(a_balance_change(amount_minor)))
    entry = the(made, "customer_balance/cbtxn_1", JournalEntry)
    assert [(line.account, line.amount_minor) for line in entry.lines] == lines
    assert {line.customer_id for line in entry.lines} == {"cus_1"}
    assert entry.after == ("customer/cus_1",)


@pytest.mark.parametrize(
    "kind",
    [
        "applied_to_invoice",
        "unapplied_from_invoice",
        "credit_note",
        "invoice_overpaid",
        "invoice_too_small",
        "invoice_too_large",
    ],
)
def test_a_change_that_another_document_books_is_not_booked_again(kind: str) -> None:
    made = planned(with_changes(a_balance_change(-2_500, type=kind)))
    assert keys_of(made) == ["customer/cus_1"]
    assert made.findings == ()


def test_a_type_can_have_an_account_of_its_own() -> None:
    rules = CustomerCreditRules("2400", {"migration": "3900"}, None)
    change = a_balance_change(-2_500, type="migration")
    made = planned(with_changes(change), a_policy(customer_credit=rules))
    assert the(made, "customer_balance/cbtxn_1", JournalEntry).lines[0].account == "3900"


NO_CREDIT = a_policy(customer_credit=CustomerCreditRules())
NO_GRANTS = a_policy(customer_credit=CustomerCreditRules("2400"))


@pytest.mark.parametrize(
    ("policy", "setting"),
    [(NO_CREDIT, "customer_credit.granted.new_type"), (NO_GRANTS, "customer_credit.granted")],
)
def test_a_change_without_account_is_parked_and_names_the_setting(
    policy: Policy, setting: str
) -> None:
    made = planned(with_changes(a_balance_change(-2_500, type="new_type")), policy)
    finding = the_finding(made, "customer_balance/cbtxn_1")
    assert (finding.disposition, finding.reason) == (
        Disposition.PARKED,
        Reason.ACCOUNT_NOT_IN_POLICY,
    )
    assert setting in finding.text


def test_without_liability_account_everything_that_moves_it_is_parked() -> None:
    invoice = a_paid_invoice(
        credit_balance_applied_minor=400, payments=(a_payment(9_700),), amount_overpaid_minor=100
    )
    made = planned(invoice, NO_CREDIT)
    for key in ("invoice/in_1/credit-balance", "receipt/inpay_1/excess"):
        assert "customer_credit.account" in the_finding(made, key).text
    assert the(made, "receipt/inpay_1", ArPayment).amount_minor == 9_600
