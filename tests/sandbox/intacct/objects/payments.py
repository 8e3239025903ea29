"""Payments, advances, other receipts and deposits as they are read (dossier 7.3, 7.4, 7.7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.books.records import Application, Deposit, OtherReceipt, Payment
from tests.sandbox.intacct.objects.documents import customer_name
from tests.sandbox.intacct.objects.types import Column, ObjectType


@dataclass(frozen=True)
class PaymentView:
    """A payment or advance with the name of its customer."""

    payment: Payment
    customer_name: str
    base_currency: str


@dataclass(frozen=True)
class ApplicationView:
    """A payment's detail with the payment."""

    payment: Payment
    application: Application


_PAYMENT_LETTERS = {"draft": "D", "posted": "C", "reversed": "V"}


def _payment_views(company: IntacctCompany, *, advances: bool) -> Iterable[PaymentView]:
    for payment in company.payments:
        if (payment.kind == "advance") is advances:
            name = customer_name(company, payment.customer_id)
            yield PaymentView(payment, name, company.profile.base_currency)


def _payment_columns(record_type: str) -> tuple[Column[PaymentView], ...]:
    return (
        Column("RECORDNO", "INTEGER", lambda view: view.payment.record_no, read_only=True),
        Column("RECORDTYPE", "TEXT", lambda _: record_type, read_only=True),
        Column("RECORDID", "TEXT", lambda view: view.payment.reference),
        Column("DOCNUMBER", "TEXT", lambda view: view.payment.reference),
        Column("DESCRIPTION", "TEXT", lambda view: view.payment.description),
        Column("STATE", "TEXT", lambda view: _PAYMENT_LETTERS[view.payment.state]),
        Column("CUSTOMERID", "TEXT", lambda view: view.payment.customer_id),
        Column("CUSTOMERNAME", "TEXT", lambda view: view.customer_name, read_only=True),
        Column("BASECURR", "TEXT", lambda view: view.base_currency),
        Column("PAYERNAME", "TEXT", lambda view: view.payment.payer_name),
        Column("RECEIPTDATE", "DATE", lambda view: view.payment.receipt_on, required=True),
        Column("PAYMENTDATE", "DATE", lambda view: view.payment.payment_on),
        Column("WHENPAID", "DATE", lambda view: view.payment.receipt_on),
        Column("TOTALENTERED", "DECIMAL", lambda view: view.payment.cash_base, read_only=True),
        Column("TOTALDUE", "DECIMAL", lambda view: view.payment.unapplied_base, read_only=True),
        Column("TRX_TOTALENTERED", "DECIMAL", lambda view: view.payment.cash, read_only=True),
        Column("TRX_TOTALDUE", "DECIMAL", lambda view: view.payment.unapplied, read_only=True),
        Column("FINANCIALENTITY", "TEXT", lambda view: view.payment.bank_account_id),
        Column("UNDEPOSITEDACCOUNTNO", "TEXT", lambda view: view.payment.undeposited_account_no),
        Column("PAYMENTMETHOD", "TEXT", lambda view: view.payment.method),
        Column("CURRENCY", "TEXT", lambda view: view.payment.exchange.currency),
        Column("PRBATCHKEY", "INTEGER", lambda view: view.payment.entry_key, read_only=True),
        Column("MEGAENTITYID", "TEXT", lambda view: view.payment.entity_id, read_only=True),
        Column("WHENCREATED", "TIMESTAMP", lambda view: view.payment.created_at, read_only=True),
        Column("WHENMODIFIED", "TIMESTAMP", lambda view: view.payment.modified_at, read_only=True),
    )


ARPYMT: ObjectType[PaymentView] = ObjectType(
    "ARPYMT",
    "RECORDID",
    _payment_columns("rp"),
    lambda company: _payment_views(company, advances=False),
    entity_of=lambda view: view.payment.entity_id,
)
ARADVANCE: ObjectType[PaymentView] = ObjectType(
    "ARADVANCE",
    "RECORDID",
    _payment_columns("rr"),
    lambda company: _payment_views(company, advances=True),
    entity_of=lambda view: view.payment.entity_id,
)
ARPYMTDETAIL: ObjectType[ApplicationView] = ObjectType(
    "ARPYMTDETAIL",
    "RECORDNO",
    (
        Column("RECORDNO", "INTEGER", lambda view: view.application.record_no, read_only=True),
        Column("PAYMENTKEY", "INTEGER", lambda view: view.payment.record_no),
        Column("RECORDKEY", "INTEGER", lambda view: view.application.target_key),
        Column("ENTRYKEY", "INTEGER", lambda view: view.application.target_line_key),
        Column(
            "TRX_PAYMENTAMOUNT",
            "DECIMAL",
            lambda view: None if view.application.credit_kind else view.application.amount,
        ),
        Column(
            "ADJUSTMENTKEY",
            "INTEGER",
            lambda view: (
                view.application.credit_key
                if view.application.credit_kind == "adjustment"
                else None
            ),
        ),
        Column(
            "TRX_ADJUSTMENTAMOUNT",
            "DECIMAL",
            lambda view: (
                view.application.amount if view.application.credit_kind == "adjustment" else None
            ),
        ),
        Column("PAYMENTDATE", "DATE", lambda view: view.payment.receipt_on),
        Column("STATE", "TEXT", lambda view: _PAYMENT_LETTERS[view.payment.state]),
    ),
    lambda company: (
        ApplicationView(payment, application)
        for payment in company.payments
        for application in payment.applications
    ),
    entity_of=lambda view: view.payment.entity_id,
)

OTHERRECEIPTS: ObjectType[OtherReceipt] = ObjectType(
    "OTHERRECEIPTS",
    "RECORDID",
    (
        Column("RECORDNO", "INTEGER", lambda each: each.record_no, read_only=True),
        Column("RECORDID", "TEXT", lambda each: each.reference),
        Column("DOCNUMBER", "TEXT", lambda each: each.reference),
        Column("PAYER", "TEXT", lambda each: each.payer),
        Column("PAYMENTDATE", "DATE", lambda each: each.payment_on),
        Column("RECEIPTDATE", "DATE", lambda each: each.receipt_on),
        Column("PAYMENTMETHOD", "TEXT", lambda each: each.method),
        Column("DESCRIPTION", "TEXT", lambda each: each.description),
        Column("TOTALENTERED", "DECIMAL", lambda each: each.total_base, read_only=True),
        Column("TRX_TOTALENTERED", "DECIMAL", lambda each: each.total, read_only=True),
        Column("CURRENCY", "TEXT", lambda each: each.exchange.currency),
        Column("FINANCIALENTITY", "TEXT", lambda each: each.bank_account_id),
        Column("UNDEPOSITEDACCOUNTNO", "TEXT", lambda each: each.undeposited_account_no),
        Column("DEPOSITKEY", "INTEGER", lambda each: each.deposit_key, read_only=True),
        Column("WHENMODIFIED", "TIMESTAMP", lambda each: each.modified_at, read_only=True),
    ),
    lambda company: company.receipts,
    entity_of=lambda each: each.entity_id,
)
DEPOSIT: ObjectType[Deposit] = ObjectType(
    "DEPOSIT",
    "DEPOSITID",
    (
        Column("RECORDNO", "INTEGER", lambda each: each.record_no, read_only=True),
        Column("DEPOSITID", "TEXT", lambda each: each.deposit_id),
        Column("BANKACCOUNTID", "TEXT", lambda each: each.bank_account_id),
        Column("DEPOSITDATE", "DATE", lambda each: each.deposited_on),
        Column("DESCRIPTION", "TEXT", lambda each: each.description),
        Column("TOTALENTERED", "DECIMAL", lambda each: each.total_base, read_only=True),
        Column("TRX_TOTALENTERED", "DECIMAL", lambda each: each.total, read_only=True),
        Column("WHENMODIFIED", "TIMESTAMP", lambda each: each.modified_at, read_only=True),
    ),
    lambda company: company.deposits,
    entity_of=lambda each: each.entity_id,
)

PAYMENTS: tuple[ObjectType[Any], ...] = (ARPYMT, ARPYMTDETAIL, ARADVANCE, OTHERRECEIPTS, DEPOSIT)
