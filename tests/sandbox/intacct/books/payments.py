"""AR payments, advances, and the application of credits.

Source: dossier 7.3 (ARPYMT, create_arpayment, apply_arpayment, reverse_arpayment), 7.4 (ARADVANCE),
section 5 (XL03000027 over-application, BL02000051 foreign currency and undeposited funds).

Cash debits the bank's or the undeposited-funds account and credits AR. A credit that sits on the
same AR account moves nothing in the ledger; an advance moves from its own account to AR. The
difference between the rate of a payment and that of its invoice goes to the company's exchange
difference account, so that AR is relieved by exactly what the invoice put there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books import ledger
from tests.sandbox.intacct.books.company import IntacctCompany, Scope
from tests.sandbox.intacct.books.credits import CreditSource, consume, find_credit
from tests.sandbox.intacct.books.documents import settle
from tests.sandbox.intacct.books.master import Dimensions
from tests.sandbox.intacct.books.money import ZERO, convert
from tests.sandbox.intacct.books.records import (
    Application,
    CreditKind,
    Exchange,
    LedgerLine,
    Payment,
    ReceivableDocument,
)
from tests.sandbox.intacct.books.validation import (
    check_bank_currency,
    check_cash_target,
    check_payment_method,
)


@dataclass(frozen=True)
class NewApplication:
    """One amount on one target, from cash (no ``credit_kind``) or from a credit."""

    target_key: int
    amount: Decimal
    target_line_key: int | None = None
    credit_kind: CreditKind | None = None
    credit_key: int | None = None


@dataclass(frozen=True)
class NewPayment:
    """A payment as the request gives it; ``surplus`` is cash beyond the applications."""

    customer_id: str
    receipt_on: date
    method: str
    exchange: Exchange
    applications: tuple[NewApplication, ...]
    kind: Literal["payment", "advance", "application"] = "payment"
    payer_name: str = ""
    payment_on: date | None = None
    reference: str = ""
    description: str = ""
    bank_account_id: str = ""
    undeposited_account_no: str = ""
    surplus: Decimal = ZERO
    surplus_account_no: str = ""
    draft: bool = False

    @property
    def cash(self) -> Decimal:
        """Money that comes in."""
        applied = (each.amount for each in self.applications if each.credit_kind is None)
        return sum(applied, self.surplus)


def create_payment(company: IntacctCompany, scope: Scope, new: NewPayment) -> Payment:
    """Create a payment and settle what it applies to.

    Raises:
        FunctionFailedError: unknown or foreign target, over-application, a closed period, a
            foreign-currency invoice with undeposited funds...
    """
    _check_header(company, new)
    cash_account = ""
    if new.kind != "application":
        cash_account = check_cash_target(company, new.bank_account_id, new.undeposited_account_no)
    _check_currencies(company, new)
    now = company.now()
    payment = Payment(
        record_no=company.next_number("subledger"),
        kind=new.kind,
        customer_id=new.customer_id,
        receipt_on=new.receipt_on,
        payment_on=new.payment_on or new.receipt_on,
        method=new.method,
        exchange=new.exchange,
        cash=new.cash,
        cash_base=ZERO,
        applications=(),
        surplus=new.surplus,
        surplus_base=convert(new.surplus, new.exchange.rate),
        surplus_account_no=new.surplus_account_no or company.profile.receivable_account_no,
        state="draft",
        created_at=now,
        modified_at=now,
        payer_name=new.payer_name,
        reference=new.reference,
        description=new.description,
        bank_account_id=new.bank_account_id,
        undeposited_account_no=new.undeposited_account_no,
        entity_id=scope.entity_id,
    )
    payment = _applied(company, scope, payment, new, cash_account)
    company.payments.put(payment.record_no, payment)
    return payment


def _applied(
    company: IntacctCompany, scope: Scope, payment: Payment, new: NewPayment, cash_account: str
) -> Payment:
    if new.draft:
        return payment
    applications: list[Application] = []
    lines: list[LedgerLine] = []
    for each in new.applications:
        so_far = replace(payment, applications=tuple(applications))
        application, moved = _apply(company, so_far, each)
        applications.append(application)
        lines.extend(moved)
    if payment.surplus:
        lines.append(_line(payment, payment.surplus_account_no, -payment.surplus_base,
                           -payment.surplus))  # fmt: skip
    cash_base = convert(payment.cash, payment.exchange.rate)
    if payment.cash:
        lines.append(_line(payment, cash_account, cash_base, payment.cash))
    difference = sum((line.base_amount for line in lines), ZERO)
    if difference:
        lines.append(_line(payment, company.profile.exchange_difference_account_no,
                           -difference, ZERO))  # fmt: skip
    entry_key = ledger.post_subledger(
        company,
        scope,
        module="4.AR",
        posted_on=payment.receipt_on,
        title=f"{payment.kind.capitalize()} {payment.reference or payment.record_no}",
        lines=lines,
        source_key=payment.record_no,
    )
    return replace(
        payment,
        state="posted",
        applications=tuple(applications),
        cash_base=cash_base,
        entry_key=entry_key,
    )


def _apply(
    company: IntacctCompany, payment: Payment, new: NewApplication
) -> tuple[Application, list[LedgerLine]]:
    target = _target(company, payment, new)
    relief = target.due_base if new.amount == target.due else convert(
        new.amount, target.exchange.rate
    )  # fmt: skip
    settle(company, target.record_no, new.amount, relief, payment.receipt_on)
    moved = [_line(payment, target.ar_account_no, -relief, -new.amount, target.customer_id)]
    credit_base = ZERO
    if new.credit_kind is not None and new.credit_key is not None:
        source = find_credit(company, new.credit_kind, new.credit_key)
        _check_source(payment, target, source)
        credit_base = consume(company, source, new.amount, payment.receipt_on)
        moved.append(_line(payment, source.account_no, credit_base, new.amount, target.customer_id))
        if source.account_no == target.ar_account_no and credit_base == relief:
            moved = []
    application = Application(
        record_no=company.next_number("application"),
        target_key=target.record_no,
        target_line_key=new.target_line_key,
        amount=new.amount,
        base_amount=relief,
        credit_kind=new.credit_kind,
        credit_key=new.credit_key,
        credit_base=credit_base,
    )
    return application, moved


def _target(company: IntacctCompany, payment: Payment, new: NewApplication) -> ReceivableDocument:
    target = company.document(new.target_key)
    if target.state != "posted" or target.total <= 0:
        raise errors.refuse("BL01001973", f"The transaction {new.target_key} cannot be paid")
    if payment.customer_id and not _pays_for(company, payment.customer_id, target.customer_id):
        raise errors.refuse(
            "BL01001973",
            f"The invoice {new.target_key} does not belong to customer {payment.customer_id}",
        )
    if target.exchange.currency != payment.exchange.currency:
        raise errors.refuse(
            "BL01001973", f"The payment currency differs from that of invoice {new.target_key}"
        )
    if new.amount <= 0:
        raise errors.illegal("payment amount", str(new.amount))
    if new.amount > target.due or new.amount > _line_due(
        company, payment, target, new.target_line_key
    ):
        raise errors.over_applied(str(new.target_key))
    return target


def _line_due(
    company: IntacctCompany, payment: Payment, target: ReceivableDocument, line_key: int | None
) -> Decimal:
    if line_key is None:
        return target.due
    line = next((each for each in target.lines if each.record_no == line_key), None)
    if line is None:
        raise errors.no_record(str(line_key))
    paid = (
        each.amount
        for other in (*company.payments, payment)
        if other is payment or other.state == "posted"
        for each in other.applications
        if each.target_line_key == line_key
    )
    return line.total - sum(paid, ZERO)


def _pays_for(company: IntacctCompany, payer: str, debtor: str) -> bool:
    """Tell whether the payer is the debtor or its parent."""
    return debtor == payer or company.customers[debtor].fields.get("PARENTID") == payer


def _check_source(payment: Payment, target: ReceivableDocument, source: CreditSource) -> None:
    if source.customer_id not in {target.customer_id, payment.customer_id}:
        raise errors.refuse("BL01001973", "The credit belongs to another customer")
    if source.currency != target.exchange.currency:
        raise errors.refuse("BL01001973", "The credit is in another currency than the invoice")


def _check_header(company: IntacctCompany, new: NewPayment) -> None:
    if new.customer_id:
        company.customer(new.customer_id)
    elif not new.payer_name:
        raise errors.missing("CUSTOMERID")
    if new.kind != "application":
        check_payment_method(new.method)
    if new.surplus < 0:
        raise errors.illegal("overpayment amount", str(new.surplus))
    if not new.applications and not new.surplus:
        raise errors.missing("ARPYMTDETAILS")


def _check_currencies(company: IntacctCompany, new: NewPayment) -> None:
    foreign = new.exchange.currency != company.profile.base_currency
    if new.kind == "application":
        return
    if new.undeposited_account_no and foreign:
        raise errors.foreign_currency_undeposited()
    targets = (company.document(each.target_key) for each in new.applications)
    if new.undeposited_account_no and any(
        target.exchange.currency != company.profile.base_currency for target in targets
    ):
        raise errors.foreign_currency_undeposited()
    if new.bank_account_id:
        check_bank_currency(company, new.bank_account_id, new.exchange.currency)


def _line(
    payment: Payment, account_no: str, base: Decimal, amount: Decimal, customer_id: str = ""
) -> LedgerLine:
    dimensions = Dimensions(customer=customer_id or payment.customer_id, location=payment.entity_id)
    return LedgerLine(
        account_no,
        base,
        amount,
        payment.exchange.currency,
        dimensions,
        payment.description,
        payment.reference,
    )


def oldest_first(
    company: IntacctCompany, customer_id: str, currency: str, amount: Decimal
) -> Iterator[NewApplication]:
    """Spread an amount over a Balance Forward customer's open invoices, oldest first (7.3)."""
    open_documents = sorted(
        (
            document
            for document in company.documents
            if document.customer_id == customer_id
            and document.due > 0
            and document.exchange.currency == currency
        ),
        key=lambda document: (document.due_on or document.created_on, document.record_no),
    )
    for document in open_documents:
        part = min(amount, document.due)
        if part > 0:
            yield NewApplication(document.record_no, part)
            amount -= part


def reverse_payment(
    company: IntacctCompany, scope: Scope, key: int, on: date, description: str
) -> None:
    """Reverse the whole payment, dated ``on``, and re-open what it settled (7.3).

    Raises:
        FunctionFailedError: not a posted payment, part of a deposit, or its surplus is used.
    """
    payment = company.payments.get(key)
    if payment is None:
        raise errors.no_record(str(key))
    if payment.state != "posted":
        raise errors.refuse("BL01001973", f"Only a posted payment can be reversed, not {key}")
    if payment.deposit_key is not None:
        raise errors.refuse("BL01001973", "The payment is in a deposit; undo the deposit first")
    if payment.consumed:
        raise errors.refuse("BL01001973", "The overpayment or advance has been applied already")
    if on < payment.receipt_on:
        raise errors.refuse("BL01001973", "The reversal date is before the receipt date")
    title = description or f"Reversal of payment {payment.reference or key}"
    ledger.reverse(company, scope, payment.entry_key, on, title)
    _take_back(company, payment.applications, on)
    company.payments.put(
        key, replace(payment, state="reversed", reversed_on=on, modified_at=company.now())
    )


def delete_payment(company: IntacctCompany, key: int) -> None:
    """Delete a payment of an open period that is in no deposit."""
    payment = company.payments.get(key)
    if payment is None:
        raise errors.no_record(str(key))
    if payment.state == "reversed" or payment.deposit_key is not None or payment.consumed:
        raise errors.refuse("BL01001973", f"The payment {key} cannot be deleted")
    ledger.withdraw(company, payment.entry_key)
    _take_back(company, payment.applications, payment.receipt_on)
    company.payments.remove(key)


def _take_back(company: IntacctCompany, applications: Iterable[Application], on: date) -> None:
    for each in applications:
        settle(company, each.target_key, -each.amount, -each.base_amount, on)
        if each.credit_kind is not None and each.credit_key is not None:
            source = find_credit(company, each.credit_kind, each.credit_key)
            consume(company, source, -each.amount, on, base_amount=-each.credit_base)
