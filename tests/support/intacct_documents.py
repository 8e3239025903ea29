"""Documents and submissions for tests of the Intacct client; valid by default.

The accounts and ids are those of the sample company in `tests.sandbox.intacct.sample`.
"""

import dataclasses
from collections.abc import Mapping
from datetime import date

from tieout.domain import keys
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
    digest,
)
from tieout.services.ports import Submission

CUSTOMER_ID = "S-cus_Anna"
CUSTOMER_KEY = keys.customer_key(CUSTOMER_ID)
INVOICE_KEY = keys.invoice_key("in_1")
RECEIPT_KEY = keys.receipt_key("inpay_1")
DEBIT_MEMO_KEY = "credit_note/cn_1/voided"
ADJUSTMENT_KEY = "invoice/in_1/void/credit"
DAY = date(2026, 11, 20)
DIMENSIONS = Dimensions(location="100", department="SALES", class_id="SMB", item="PLAN-PRO")


def customer(name: str = "Anna Müller & Söhne", *, active: bool = True) -> Customer:
    return Customer(
        key=CUSTOMER_KEY,
        customer_id=CUSTOMER_ID,
        stripe_id="cus_Anna",
        name=name,
        contact=Contact(
            print_as=name,
            email="billing@example.com",
            phone="+49 30 1234",
            line1="Lindenstraße 1",
            city="Berlin",
            postal_code="10969",
            country_code="de",
        ),
        term="Net 30",
        active=active,
    )


def invoice(
    *amounts_minor: int, currency: str = "usd", number: str = "INV-0042", account: str = "4000"
) -> ArInvoice:
    amounts = amounts_minor or (10_000, 2_000)
    return ArInvoice(
        key=INVOICE_KEY,
        stripe_id="in_1",
        customer_key=CUSTOMER_KEY,
        customer_id=CUSTOMER_ID,
        number=number,
        reference="in_1",
        invoice_date=DAY,
        posting_date=date(2026, 11, 21),
        due_date=date(2026, 12, 20),
        currency=currency,
        description="Stripe invoice in_1",
        lines=tuple(
            ArLine(account, amount, f"Pro plan, seat {seat}", DIMENSIONS)
            for seat, amount in enumerate(amounts, start=1)
        ),
        total_minor=sum(amounts),
    )


def payment(amount_minor: int = 12_000, *, currency: str = "usd") -> ArPayment:
    return ArPayment(
        key=keys.receipt_key("inpay_1"),
        stripe_id="inpay_1",
        customer_id=CUSTOMER_ID,
        invoice_key=INVOICE_KEY,
        reference="inpay_1",
        payment_date=DAY,
        posting_date=date(2026, 11, 21),
        currency=currency,
        amount_minor=amount_minor,
        method="EFT",
        cash_account=CashAccount("1200", None if currency == "usd" else "STRIPE-EUR"),
        description="Stripe payment inpay_1",
    )


def other_receipt(*amounts_minor: int, currency: str = "usd") -> OtherReceipt:
    amounts = amounts_minor or (10_000, 2_000)
    return OtherReceipt(
        key=keys.sale_key("pi_1"),
        stripe_id="ch_1",
        payer="Anna M\u00fcller & S\u00f6hne",
        reference="ch_1",
        payment_date=DAY,
        posting_date=date(2026, 11, 21),
        currency=currency,
        method="Credit Card",
        cash_account=CashAccount("1200", None if currency == "usd" else "STRIPE-EUR"),
        description="Stripe charge ch_1",
        lines=tuple(ArLine("4000", amount, "Ticket", DIMENSIONS) for amount in amounts),
        total_minor=sum(amounts),
    )


def adjustment(*amounts_minor: int, currency: str = "usd", number: str = "VOID-42") -> ArAdjustment:
    amounts = amounts_minor or (-10_000, -2_000)
    return ArAdjustment(
        key=ADJUSTMENT_KEY,
        stripe_id="in_1",
        customer_key=CUSTOMER_KEY,
        customer_id=CUSTOMER_ID,
        invoice_key=INVOICE_KEY,
        number=number,
        invoice_number="INV-0042",
        adjustment_date=DAY,
        posting_date=DAY,
        currency=currency,
        description="Void of in_1",
        lines=tuple(ArLine("4000", amount, "Pro plan", DIMENSIONS) for amount in amounts),
        total_minor=sum(amounts),
    )


def debit_memo(amount_minor: int = 3_000) -> ArAdjustment:
    """Ask for more of the invoice, as when a credit note is voided."""
    return dataclasses.replace(
        adjustment(amount_minor, number="CN-42-VOID"),
        key=DEBIT_MEMO_KEY,
        description="Void of cn_1",
    )


def payment_with_debit_memo() -> ArPayment:
    """Pay the invoice and the debit memo at once."""
    memo = debit_memo()
    return dataclasses.replace(
        payment(12_000 + memo.total_minor),
        debit_memos=(Application(memo.key, memo.total_minor),),
    )


def application(amount_minor: int = 12_000) -> CreditApplication:
    return CreditApplication(
        key=keys.void_application_key("in_1"),
        adjustment_key=ADJUSTMENT_KEY,
        invoice_key=INVOICE_KEY,
        application_date=DAY,
        currency="usd",
        amount_minor=amount_minor,
        memo="Void of in_1",
    )


def reversal() -> InvoiceReversal:
    return InvoiceReversal(
        key=keys.void_key("in_1"),
        invoice_key=INVOICE_KEY,
        reversal_date=date(2026, 11, 25),
        currency="usd",
        amount_minor=12_000,
        description="Voided in Stripe: in_1",
    )


def payment_reversal() -> PaymentReversal:
    return PaymentReversal(
        key=keys.returned_receipt_key("inpay_1"),
        receipt_key=RECEIPT_KEY,
        reversal_date=date(2026, 11, 27),
        currency="usd",
        amount_minor=12_000,
        description="Money of inpay_1 went back",
    )


def journal_entry(
    debit_account: str = "4000",
    credit_account: str = "1200",
    amount_minor: int = 5_000,
    *,
    currency: str = "usd",
    reference: str = "re_1",
) -> JournalEntry:
    return JournalEntry(
        key=keys.refund_key(reference),
        stripe_id=reference,
        journal="GJ",
        posting_date=DAY,
        currency=currency,
        title=f"Stripe refund {reference}",
        reference=reference,
        lines=(
            JournalLine(debit_account, amount_minor, "Refund", DIMENSIONS, CUSTOMER_ID),
            JournalLine(credit_account, -amount_minor, "Refund", Dimensions(location="100")),
        ),
    )


def submission(
    document: Document,
    record_numbers: Mapping[str, str] | None = None,
    *,
    amend: bool = False,
    record_no: str | None = None,
    revision: int = 0,
) -> Submission:
    return Submission(
        document=document,
        control_id=keys.control_id(document.key, revision, digest(document)),
        amend=amend,
        record_no=record_no,
        record_numbers={} if record_numbers is None else record_numbers,
    )
