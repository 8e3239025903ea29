"""Other receipts and deposits (dossier 7.7)."""

from collections.abc import Iterator

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books import cash
from tests.sandbox.intacct.books.cash import NewDeposit, NewReceipt
from tests.sandbox.intacct.books.validation import parse_key
from tests.sandbox.intacct.functions.base import Context, legacy_line
from tests.sandbox.intacct.wire.elements import Fields
from tests.sandbox.intacct.wire.replies import KeyPayload, Payload


def record_receipt(context: Context, fields: Fields) -> Payload:
    """Run record_otherreceipt."""
    receipt = cash.record_receipt(context.company, context.scope, _receipt(context, fields))
    return KeyPayload(str(receipt.record_no))


def delete_receipt(context: Context, fields: Fields) -> Payload:
    """Run delete_otherreceipt."""
    key = parse_key(fields.attribute("key"))
    cash.delete_receipt(context.company, key)
    return KeyPayload(str(key))


def record_deposit(context: Context, fields: Fields) -> Payload:
    """Run record_deposit with the keys of receipts, or with receipts recorded on the way."""
    recorded = (
        cash.record_receipt(context.company, context.scope, _receipt(context, each)).record_no
        for each in fields.each("receipts/receipt")
    )
    new = NewDeposit(
        bank_account_id=fields.required("bankaccountid"),
        deposited_on=fields.required_legacy_date("depositdate"),
        deposit_id=context.required(fields, "depositid"),
        receipt_keys=(*_keys(fields), *recorded),
        description=context.text(fields, "description"),
    )
    deposit = cash.record_deposit(context.company, context.scope, new)
    return KeyPayload(str(deposit.record_no))


def _keys(fields: Fields) -> Iterator[int]:
    for each in fields.each("receiptkeys/receiptkey"):
        yield parse_key(each.text("."))


def _receipt(context: Context, fields: Fields) -> NewReceipt:
    if fields.has("receiptitems/updatelineitem"):
        raise errors.refuse("BL01001973", "A new receipt has no line to update")
    return NewReceipt(
        payer=context.required(fields, "payee"),
        payment_on=fields.required_legacy_date("paymentdate"),
        receipt_on=fields.required_legacy_date("receiveddate"),
        method=fields.required("paymentmethod"),
        exchange=context.legacy_exchange(fields),
        lines=tuple(legacy_line(context, line) for line in fields.each("receiptitems/lineitem")),
        bank_account_id=fields.text("bankaccountid"),
        undeposited_account_no=fields.text("undepglaccountno"),
        deposit_on=fields.legacy_date("depositdate"),
        reference=context.text(fields, "refid"),
        description=context.text(fields, "description"),
    )
