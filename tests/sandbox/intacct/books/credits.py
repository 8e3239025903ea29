"""What an invoice can be settled with besides cash.

Source: dossier 7.3: a credit memo (ADJUSTMENTKEY), an advance, an overpayment, a negative invoice.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.books.documents import settle
from tests.sandbox.intacct.books.money import convert
from tests.sandbox.intacct.books.records import CreditKind, Payment, ReceivableDocument


@dataclass(frozen=True)
class CreditSource:
    """A credit with what is left of it, both positive."""

    kind: CreditKind
    key: int
    customer_id: str
    currency: str
    rate: Decimal
    account_no: str
    available: Decimal
    available_base: Decimal


def find_credit(company: IntacctCompany, kind: CreditKind, key: int) -> CreditSource:
    """Return the credit of that kind and RECORDNO.

    Raises:
        FunctionFailedError: DL03000005, nothing of that kind has the key.
    """
    if kind in {"advance", "overpayment"}:
        payment = company.payments.get(key)
        if payment is not None and (payment.kind == "advance") == (kind == "advance"):
            return _from_payment(kind, payment)
    else:
        document = company.documents.get(key)
        wanted = "adjustment" if kind == "adjustment" else "invoice"
        if document is not None and document.kind == wanted and document.total < 0:
            return _from_document(kind, document)
    raise errors.no_record(str(key))


def credit_kind(company: IntacctCompany, key: int) -> CreditKind:
    """Tell what kind of credit a RECORDNO is, for apply_arpayment, which does not say."""
    payment = company.payments.get(key)
    if payment is not None:
        return "advance" if payment.kind == "advance" else "overpayment"
    return "adjustment" if company.document(key).kind == "adjustment" else "negative_invoice"


def consume(
    company: IntacctCompany,
    source: CreditSource,
    amount: Decimal,
    on: date,
    *,
    base_amount: Decimal | None = None,
) -> Decimal:
    """Use an amount of a credit (or give it back, if negative) and return its base amount.

    Raises:
        FunctionFailedError: XL03000027, more than is left.
    """
    if amount > source.available:
        raise errors.over_applied(str(source.key))
    if base_amount is None:
        whole = amount == source.available
        base_amount = source.available_base if whole else convert(amount, source.rate)
    if source.kind in {"advance", "overpayment"}:
        payment = company.payments[source.key]
        used = replace(
            payment,
            consumed=payment.consumed + amount,
            consumed_base=payment.consumed_base + base_amount,
            modified_at=company.now(),
        )
        company.payments.put(source.key, used)
    else:
        settle(company, source.key, -amount, -base_amount, on)
    return base_amount


def _from_payment(kind: CreditKind, payment: Payment) -> CreditSource:
    return CreditSource(
        kind,
        payment.record_no,
        payment.customer_id,
        payment.exchange.currency,
        payment.exchange.rate,
        payment.surplus_account_no,
        payment.unapplied,
        payment.unapplied_base,
    )


def _from_document(kind: CreditKind, document: ReceivableDocument) -> CreditSource:
    return CreditSource(
        kind,
        document.record_no,
        document.customer_id,
        document.exchange.currency,
        document.exchange.rate,
        document.ar_account_no,
        -document.due,
        -document.due_base,
    )
