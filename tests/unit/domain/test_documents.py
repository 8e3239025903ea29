"""Documents: they check their own sums, and a digest says what they say and no more.

Method: documents built by hand, changed in one field.
"""

import dataclasses
from datetime import date

import pytest

from tieout.domain.documents import (
    Application,
    ArAdjustment,
    ArInvoice,
    ArLine,
    ArPayment,
    CashAccount,
    Contact,
    CreditApplication,
    Customer,
    Dimensions,
    Document,
    InvoiceReversal,
    JournalEntry,
    JournalLine,
    OtherReceipt,
    PaymentReversal,
    amount_of,
    dependencies,
    digest,
    number_of,
)
from tieout.domain.errors import Refused
from tieout.domain.reasons import Reason

DAY = date(2026, 11, 2)
LINE = ArLine("4000", 1_000, "Pro plan", Dimensions(location="100"), "default category")
CUSTOMER = Customer("customer/cus_1", "C1", "cus_1", "Ada", Contact("Ada"))
INVOICE = ArInvoice(
    key="invoice/in_1",
    stripe_id="in_1",
    customer_key="customer/cus_1",
    customer_id="C1",
    number="ACME-1",
    reference="in_1",
    invoice_date=DAY,
    posting_date=DAY,
    due_date=DAY,
    currency="usd",
    description="",
    lines=(LINE,),
    total_minor=1_000,
)
PAYMENT = ArPayment(
    key="receipt/inpay_1",
    stripe_id="inpay_1",
    customer_id="C1",
    invoice_key="invoice/in_1",
    reference="inpay_1",
    payment_date=DAY,
    posting_date=DAY,
    currency="usd",
    amount_minor=1_000,
    method="Credit Card",
    cash_account=CashAccount("1200"),
    description="",
)
RECEIPT = OtherReceipt(
    key="sale/pi_1",
    stripe_id="ch_1",
    payer="Ada",
    reference="ch_1",
    payment_date=DAY,
    posting_date=DAY,
    currency="usd",
    method="EFT",
    cash_account=CashAccount("1200"),
    description="",
    lines=(LINE,),
    total_minor=1_000,
)
CREDIT_MEMO = ArAdjustment(
    key="invoice/in_1/void",
    stripe_id="in_1",
    customer_key="customer/cus_1",
    customer_id="C1",
    invoice_key="invoice/in_1",
    number="ACME-1-VOID",
    invoice_number="ACME-1",
    adjustment_date=DAY,
    posting_date=DAY,
    currency="usd",
    description="",
    lines=(dataclasses.replace(LINE, amount_minor=-1_000),),
    total_minor=-1_000,
)
APPLICATION = CreditApplication(
    "invoice/in_1/void/applied", "invoice/in_1/void", "invoice/in_1", DAY, "usd", 1_000, ""
)
REVERSAL = InvoiceReversal("invoice/in_1/void", "invoice/in_1", DAY, "usd", 1_000, "")
PAYMENT_REVERSAL = PaymentReversal(
    "receipt/inpay_1/returned", "receipt/inpay_1", DAY, "usd", 1_000, ""
)
JOURNAL = JournalEntry(
    key="refund/re_1",
    stripe_id="re_1",
    journal="GJ",
    posting_date=DAY,
    currency="usd",
    title="",
    reference="re_1",
    lines=(
        JournalLine("4000", 400, "", Dimensions()),
        JournalLine("1200", -400, "", Dimensions()),
    ),
    after=("invoice/in_1",),
)


@pytest.mark.parametrize(
    ("document", "changes"),
    [
        (INVOICE, {"total_minor": 1_001}),
        (CREDIT_MEMO, {"total_minor": 1_000}),
        (RECEIPT, {"total_minor": 999}),
        (JOURNAL, {"lines": JOURNAL.lines[:1]}),
        (PAYMENT, {"amount_minor": 0}),
        (PAYMENT, {"amount_minor": -1}),
    ],
)
def test_a_document_that_does_not_add_up_cannot_exist(
    document: ArInvoice, changes: dict[str, object]
) -> None:
    with pytest.raises(Refused) as refused:
        dataclasses.replace(document, **changes)  # type: ignore[arg-type]
    assert refused.value.reason is Reason.DOES_NOT_ADD_UP
    assert document.key in refused.value.text


def test_equal_content_has_an_equal_digest_whatever_the_evidence_says() -> None:
    reworded = dataclasses.replace(INVOICE, lines=(dataclasses.replace(LINE, why="price rule"),))
    assert digest(reworded) == digest(INVOICE)
    assert digest(dataclasses.replace(JOURNAL, after=())) == digest(JOURNAL)
    assert digest(dataclasses.replace(RECEIPT, payer="Ada King")) == digest(RECEIPT)


@pytest.mark.parametrize(
    "changed",
    [
        dataclasses.replace(INVOICE, due_date=date(2026, 11, 3)),
        dataclasses.replace(INVOICE, currency="eur"),
        dataclasses.replace(INVOICE, lines=(dataclasses.replace(LINE, account="4010"),)),
        dataclasses.replace(
            INVOICE, lines=(dataclasses.replace(LINE, dimensions=Dimensions(location="200")),)
        ),
    ],
)
def test_any_other_content_has_another_digest(changed: ArInvoice) -> None:
    assert digest(changed) != digest(INVOICE)


def test_digests_do_not_change_between_releases() -> None:
    # Posted documents are compared with digests that earlier releases stored.
    assert digest(PAYMENT) == "2d0e99ed3d8a2ef7759b10535b86c0cffe290601c7825bf36a932f05345f41bd"


def test_a_payment_settles_its_invoice_with_what_debit_memos_leave() -> None:
    memo = Application("credit_note/cn_1/voided", 300)
    some = dataclasses.replace(PAYMENT, debit_memos=(memo,))
    assert some.applications == (Application("invoice/in_1", PAYMENT.amount_minor - 300), memo)
    whole = Application(memo.key, PAYMENT.amount_minor)
    assert dataclasses.replace(PAYMENT, debit_memos=(whole,)).applications == (whole,)


@pytest.mark.parametrize(
    ("document", "keys"),
    [
        (CUSTOMER, ()),
        (INVOICE, ("customer/cus_1",)),
        (dataclasses.replace(INVOICE, customer_key=""), ()),
        (RECEIPT, ()),
        (PAYMENT, ("invoice/in_1",)),
        (CREDIT_MEMO, ("customer/cus_1", "invoice/in_1")),
        (APPLICATION, ("invoice/in_1/void", "invoice/in_1")),
        (REVERSAL, ("invoice/in_1",)),
        (PAYMENT_REVERSAL, ("receipt/inpay_1",)),
        (
            dataclasses.replace(PAYMENT, after=("receipt/x/returned",)),
            ("invoice/in_1", "receipt/x/returned"),
        ),
        (
            dataclasses.replace(PAYMENT, debit_memos=(Application("credit_note/cn_1/voided", 1),)),
            ("invoice/in_1", "credit_note/cn_1/voided"),
        ),
        (JOURNAL, ("invoice/in_1",)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_every_document_names_what_must_be_posted_first(
    document: ArInvoice, keys: tuple[str, ...]
) -> None:
    assert dependencies(document) == keys


@pytest.mark.parametrize(
    ("document", "amount"),
    [
        (CUSTOMER, None),
        (INVOICE, (1_000, "usd")),
        (CREDIT_MEMO, (-1_000, "usd")),
        (RECEIPT, (1_000, "usd")),
        (JOURNAL, (400, "usd")),
        (REVERSAL, (1_000, "usd")),
    ],
    ids=lambda each: type(each).__name__,
)
def test_every_document_but_a_customer_has_an_amount(
    document: ArInvoice, amount: tuple[int, str] | None
) -> None:
    assert amount_of(document) == amount


@pytest.mark.parametrize(
    ("document", "number"),
    [
        (CUSTOMER, "C1"),
        (INVOICE, "ACME-1"),
        (PAYMENT, "inpay_1"),
        (RECEIPT, "ch_1"),
        (CREDIT_MEMO, "ACME-1-VOID"),
        (APPLICATION, ""),
        (REVERSAL, ""),
        (JOURNAL, "re_1"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_document_is_found_in_intacct_by_its_own_number_and_no_other(
    document: Document, number: str
) -> None:
    assert number_of(document) == number


def test_the_more_specific_dimensions_win_one_by_one() -> None:
    general = Dimensions(location="100", department="SALES", user_defined=(("GLDIMA", "1"),))
    specific = Dimensions(department="SUPPORT", user_defined=(("GLDIMB", "2"),))
    assert general.overlaid(specific) == Dimensions(
        location="100", department="SUPPORT", user_defined=(("GLDIMA", "1"), ("GLDIMB", "2"))
    )
