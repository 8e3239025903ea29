"""Other receipts and deposits.

Source: dossier 7.7. An other receipt debits the bank's or the undeposited-funds account and
credits its lines; a deposit moves receipts from undeposited funds to a bank account, each once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books import ledger
from tests.sandbox.intacct.books.company import IntacctCompany, Scope
from tests.sandbox.intacct.books.document_lines import NewLine, build_lines, line_credits
from tests.sandbox.intacct.books.master import Dimensions
from tests.sandbox.intacct.books.money import ZERO
from tests.sandbox.intacct.books.records import (
    Deposit,
    DocumentLine,
    Exchange,
    LedgerLine,
    OtherReceipt,
    Payment,
)
from tests.sandbox.intacct.books.validation import (
    check_bank_currency,
    check_cash_target,
    check_payment_method,
)


@dataclass(frozen=True)
class NewReceipt:
    """An other receipt as the request gives it."""

    payer: str
    payment_on: date
    receipt_on: date
    method: str
    exchange: Exchange
    lines: tuple[NewLine, ...]
    bank_account_id: str = ""
    undeposited_account_no: str = ""
    deposit_on: date | None = None
    reference: str = ""
    description: str = ""


def record_receipt(company: IntacctCompany, scope: Scope, new: NewReceipt) -> OtherReceipt:
    """Record and post an other receipt.

    Raises:
        FunctionFailedError: bad account, dimension, method or currency, closed period, or a
            negative line while the switch forbids it (U8).
    """
    check_payment_method(new.method)
    cash_account = check_cash_target(company, new.bank_account_id, new.undeposited_account_no)
    if new.bank_account_id:
        check_bank_currency(company, new.bank_account_id, new.exchange.currency)
    lines = tuple(build_lines(company, scope, new.exchange, new.lines))
    _check_amounts(company, lines)
    now = company.now()
    receipt = OtherReceipt(
        record_no=company.next_number("subledger"),
        payer=new.payer,
        payment_on=new.payment_on,
        receipt_on=new.receipt_on,
        posted_on=new.deposit_on or new.receipt_on,
        method=new.method,
        exchange=new.exchange,
        lines=lines,
        created_at=now,
        modified_at=now,
        reference=new.reference,
        description=new.description,
        bank_account_id=new.bank_account_id,
        undeposited_account_no=new.undeposited_account_no,
        entity_id=scope.entity_id,
    )
    entry_key = ledger.post_subledger(
        company,
        scope,
        module="11.CM",
        posted_on=receipt.posted_on,
        title=f"Receipt {receipt.reference or receipt.record_no}",
        lines=_ledger_lines(receipt, cash_account),
        source_key=receipt.record_no,
    )
    receipt = replace(receipt, entry_key=entry_key)
    company.receipts.put(receipt.record_no, receipt)
    return receipt


def delete_receipt(company: IntacctCompany, key: int) -> None:
    """Delete an other receipt of an open period that is in no deposit."""
    receipt = company.receipts.get(key)
    if receipt is None:
        raise errors.no_record(str(key))
    if receipt.deposit_key is not None:
        raise errors.refuse("BL01001973", "The receipt is in a deposit; undo the deposit first")
    ledger.withdraw(company, receipt.entry_key)
    company.receipts.remove(key)


@dataclass(frozen=True)
class NewDeposit:
    """A deposit of receipts by their keys."""

    bank_account_id: str
    deposited_on: date
    deposit_id: str
    receipt_keys: tuple[int, ...]
    description: str = ""


def record_deposit(company: IntacctCompany, scope: Scope, new: NewDeposit) -> Deposit:
    """Bring undeposited receipts to a bank account, each of them once.

    Raises:
        FunctionFailedError: a key is unknown, deposited, reversed or not undeposited; mixed
            accounts or currencies; a duplicate deposit id while the switch forbids it (U8).
    """
    bank = company.bank(new.bank_account_id)
    receipts = [_depositable(company, key) for key in new.receipt_keys]
    undeposited = _check_deposit(company, new, bank.currency, receipts)
    now = company.now()
    deposit = Deposit(
        record_no=company.next_number("subledger"),
        deposit_id=new.deposit_id,
        bank_account_id=new.bank_account_id,
        deposited_on=new.deposited_on,
        receipt_keys=new.receipt_keys,
        total=sum((_total(each) for each in receipts), ZERO),
        total_base=sum((_total_base(each) for each in receipts), ZERO),
        created_at=now,
        modified_at=now,
        description=new.description,
        entity_id=scope.entity_id,
    )
    lines = (
        LedgerLine(bank.account_no, deposit.total_base, deposit.total, bank.currency),
        LedgerLine(undeposited, -deposit.total_base, -deposit.total, bank.currency),
    )
    entry_key = ledger.post_subledger(
        company,
        scope,
        module="11.CM",
        posted_on=new.deposited_on,
        title=f"Deposit {new.deposit_id}",
        lines=(replace(line, document=new.deposit_id) for line in lines),
        source_key=deposit.record_no,
    )
    deposit = replace(deposit, entry_key=entry_key)
    company.deposits.put(deposit.record_no, deposit)
    for receipt in receipts:
        _mark_deposited(company, receipt, deposit.record_no)
    return deposit


def _check_deposit(
    company: IntacctCompany,
    new: NewDeposit,
    currency: str,
    receipts: Sequence[Payment | OtherReceipt],
) -> str:
    """Return the one undeposited-funds account that all receipts sit on."""
    if company.switches.duplicate_deposit_id == "refuse" and any(
        each.deposit_id == new.deposit_id for each in company.deposits
    ):
        raise errors.duplicate_number(new.deposit_id)
    if len(set(new.receipt_keys)) != len(new.receipt_keys):
        raise errors.refuse("BL01001973", "A receipt is named twice in the deposit")
    accounts = {each.undeposited_account_no for each in receipts}
    if len(accounts) != 1 or {each.exchange.currency for each in receipts} != {currency}:
        raise errors.refuse(
            "BL01001973", "Deposit receipts of one undeposited funds account and currency only"
        )
    return accounts.pop()


def _depositable(company: IntacctCompany, key: int) -> Payment | OtherReceipt:
    payment = company.payments.get(key)
    found: Payment | OtherReceipt | None = payment or company.receipts.get(key)
    if found is None:
        raise errors.no_record(str(key))
    if not found.undeposited_account_no:
        raise errors.refuse("BL01001973", f"The receipt {key} is not in undeposited funds")
    if found.deposit_key is not None:
        raise errors.refuse("BL01001973", f"The receipt {key} has been deposited already")
    if payment is not None and payment.state != "posted":
        raise errors.refuse("BL01001973", f"The payment {key} is not posted or was reversed")
    return found


def _mark_deposited(
    company: IntacctCompany, receipt: Payment | OtherReceipt, deposit_key: int
) -> None:
    now = company.now()
    if isinstance(receipt, Payment):
        changed = replace(receipt, deposit_key=deposit_key, modified_at=now)
        company.payments.put(receipt.record_no, changed)
    else:
        other = replace(receipt, deposit_key=deposit_key, modified_at=now)
        company.receipts.put(receipt.record_no, other)


def _total(receipt: Payment | OtherReceipt) -> Decimal:
    return receipt.cash if isinstance(receipt, Payment) else receipt.total


def _total_base(receipt: Payment | OtherReceipt) -> Decimal:
    return receipt.cash_base if isinstance(receipt, Payment) else receipt.total_base


def _check_amounts(company: IntacctCompany, lines: tuple[DocumentLine, ...]) -> None:
    if not company.switches.negative_receipt_lines and any(line.amount < 0 for line in lines):
        raise errors.illegal("amount", "negative")
    if sum((line.total for line in lines), ZERO) <= 0:
        raise errors.illegal("receipt total", "zero or negative")


def _ledger_lines(receipt: OtherReceipt, cash_account: str) -> Iterable[LedgerLine]:
    """Yield what a receipt posts: every location has the money of its own lines."""
    currency = receipt.exchange.currency
    for line in receipt.lines:
        yield LedgerLine(
            cash_account,
            line.base_amount + line.base_tax,
            line.total,
            currency,
            Dimensions(location=line.dimensions.location),
            description=receipt.description,
            document=receipt.reference,
        )
        yield from line_credits(line, currency, receipt.reference)
