"""Payments: generic ARPYMT and ARADVANCE, legacy create, apply, reverse (dossier 7.3 and 7.4)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books import payments
from tests.sandbox.intacct.books.credits import credit_kind, find_credit
from tests.sandbox.intacct.books.money import ZERO
from tests.sandbox.intacct.books.payments import NewApplication, NewPayment
from tests.sandbox.intacct.books.records import CreditKind, Exchange
from tests.sandbox.intacct.books.validation import (
    checked_dimensions,
    parse_key,
    require_location,
)
from tests.sandbox.intacct.functions.base import DIMENSION_FIELDS, Context, generic_dimensions
from tests.sandbox.intacct.names import names
from tests.sandbox.intacct.wire.elements import Fields
from tests.sandbox.intacct.wire.replies import KeyPayload, Payload, Row

_HEADER = frozenset(
    names(
        "FINANCIALENTITY UNDEPOSITEDACCOUNTNO PRBATCH PRBATCHKEY PAYMENTMETHOD CUSTOMERID PAYERNAME"
        " RECEIPTDATE PAYMENTDATE DOCNUMBER DESCRIPTION CURRENCY BASECURR EXCH_RATE_DATE"
        " EXCH_RATE_TYPE_ID EXCHANGE_RATE AMOUNTTOPAY TRX_AMOUNTTOPAY OVERPAYMENTAMOUNT"
        " OVERPAYMENTLOCATIONID OVERPAYMENTDEPARTMENTID ACTION BILLTOPAYTONAME WHENPAID"
        " ONLINECARDPAYMENT SUPDOCID"
    )
)
_PAYMENT = _HEADER | {"ARPYMTDETAILS"}
_ADVANCE = _HEADER | {"ARADVANCEITEMS"}

# Credit kind to its three elements in ARPYMTDETAIL (7.3).
_CREDIT_FIELDS: tuple[tuple[CreditKind, str, str, str], ...] = (
    ("adjustment", "ADJUSTMENTKEY", "ADJUSTMENTENTRYKEY", "TRX_ADJUSTMENTAMOUNT"),
    ("advance", "ADVANCEKEY", "ADVANCEENTRYKEY", "TRX_POSTEDADVANCEAMOUNT"),
    ("overpayment", "OVERPAYMENTKEY", "OVERPAYMENTENTRYKEY", "TRX_POSTEDOVERPAYMENTAMOUNT"),
    (
        "negative_invoice",
        "NEGATIVEINVOICEKEY",
        "NEGATIVEINVOICEENTRYKEY",
        "TRX_NEGATIVEINVOICEAMOUNT",
    ),
)
_DETAIL = frozenset(
    {"RECORDKEY", "ENTRYKEY", "POSADJKEY", "POSADJENTRYKEY", "TRX_PAYMENTAMOUNT"}
    | {name for _, *names in _CREDIT_FIELDS for name in names}
)
_ADVANCE_ITEM = DIMENSION_FIELDS | {
    "ACCOUNTNO",
    "TRX_AMOUNT",
    "ENTRYDESCRIPTION",
    "LOCATIONID",
    "DEPARTMENTID",
}


def create(context: Context, fields: Fields) -> Row:
    """Create an ARPYMT."""
    context.refuse_unknown(fields, _PAYMENT)
    surplus = fields.amount("OVERPAYMENTAMOUNT") or ZERO
    if surplus:
        require_location(context.company, context.scope, fields.text("OVERPAYMENTLOCATIONID"))
    applications = tuple(
        application
        for detail in fields.each("ARPYMTDETAILS/ARPYMTDETAIL")
        for application in _detail(context, detail)
    )
    credit_only = bool(applications) and all(each.credit_kind for each in applications)
    new = _generic_payment(context, fields, applications, surplus, credit_only=credit_only)
    _check_amount_to_pay(context, fields, new)
    payment = payments.create_payment(context.company, context.scope, new)
    return {"RECORDNO": str(payment.record_no)}


def create_advance(context: Context, fields: Fields) -> Row:
    """Create an ARADVANCE; its lines say which account holds the customer's money."""
    context.refuse_unknown(fields, _ADVANCE)
    items = list(fields.each("ARADVANCEITEMS/ARADVANCEITEM"))
    if not items:
        raise errors.missing("ARADVANCEITEMS")
    accounts: set[str] = set()
    total = ZERO
    for item in items:
        context.refuse_unknown(item, _ADVANCE_ITEM)
        account_no = item.required("ACCOUNTNO")
        dimensions = generic_dimensions(item, location="LOCATIONID", department="DEPARTMENTID")
        checked_dimensions(context.company, context.scope, account_no, dimensions)
        accounts.add(account_no)
        total += item.required_amount("TRX_AMOUNT")
    if len(accounts) != 1:
        raise errors.refuse("BL01001973", "The double keeps an advance in one account")
    new = NewPayment(
        customer_id=fields.required("CUSTOMERID"),
        receipt_on=fields.required_date("RECEIPTDATE"),
        payment_on=fields.required_date("PAYMENTDATE"),
        method=fields.required("PAYMENTMETHOD"),
        exchange=context.generic_exchange(fields),
        applications=(),
        kind="advance",
        reference=context.generic_text(fields, "DOCNUMBER"),
        description=context.generic_text(fields, "DESCRIPTION"),
        bank_account_id=fields.text("FINANCIALENTITY"),
        undeposited_account_no=fields.text("UNDEPOSITEDACCOUNTNO"),
        surplus=total,
        surplus_account_no=accounts.pop(),
        draft=_is_draft(fields),
    )
    payment = payments.create_payment(context.company, context.scope, new)
    return {"RECORDNO": str(payment.record_no)}


def create_legacy(context: Context, fields: Fields) -> Payload:
    """Run create_arpayment, which creates an ARPYMT underneath.

    Without items the amount becomes an advance, except for Balance Forward customers, whose
    oldest invoices it pays.
    """
    if fields.text("batchkey"):
        raise errors.refuse("BL01001973", "The double has automatic payment summaries only")
    amount = fields.required_amount("paymentamount")
    customer_id = fields.required("customerid")
    exchange = context.legacy_exchange(fields)
    applications = tuple(_legacy_items(fields.each("arpaymentitem")))
    kind = _legacy_kind(context, customer_id, applications)
    if kind == "payment" and not applications:
        applications = tuple(
            payments.oldest_first(context.company, customer_id, exchange.currency, amount)
        )
    surplus = amount - sum((each.amount for each in applications), ZERO)
    if surplus < 0:
        raise errors.refuse(
            "BL01001973", "The items of the payment add up to more than the payment amount"
        )
    if surplus:
        require_location(context.company, context.scope, fields.text("overpaylocid"))
    profile = context.company.profile
    new = NewPayment(
        customer_id=customer_id,
        receipt_on=fields.legacy_date("datereceived") or context.company.today(),
        method=fields.text("paymentmethod", "Printed Check"),
        exchange=exchange,
        applications=applications,
        kind=kind,
        reference=context.text(fields, "refid"),
        bank_account_id=fields.text("bankaccountid"),
        undeposited_account_no=fields.text("undepfundsacct"),
        surplus=surplus,
        surplus_account_no=profile.advance_account_no if kind == "advance" else "",
    )
    payment = payments.create_payment(context.company, context.scope, new)
    return KeyPayload(str(payment.record_no))


def apply_legacy(context: Context, fields: Fields) -> Payload:
    """Run apply_arpayment: settle invoices with a credit that exists already."""
    source_key = parse_key(fields.required("arpaymentkey"))
    kind = credit_kind(context.company, source_key)
    source = find_credit(context.company, kind, source_key)
    applications = tuple(
        NewApplication(each.target_key, each.amount, credit_kind=kind, credit_key=source_key)
        for each in _legacy_items(fields.each("arpaymentitems/arpaymentitem"))
    )
    if not applications:
        raise errors.missing("arpaymentitems")
    new = NewPayment(
        customer_id=source.customer_id,
        receipt_on=fields.required_legacy_date("paymentdate"),
        method="",
        exchange=Exchange(source.currency, source.rate),
        applications=applications,
        kind="application",
        description=context.text(fields, "memo"),
    )
    payment = payments.create_payment(context.company, context.scope, new)
    answers_source = context.company.switches.apply_key == "source"
    return KeyPayload(str(source_key if answers_source else payment.record_no))


def reverse_legacy(context: Context, fields: Fields) -> Payload:
    """Run reverse_arpayment."""
    key = parse_key(fields.attribute("key"))
    payments.reverse_payment(
        context.company,
        context.scope,
        key,
        fields.required_legacy_date("datereversed"),
        context.text(fields, "description"),
    )
    return KeyPayload(str(key))


def delete_legacy(context: Context, fields: Fields) -> Payload:
    """Run delete_arpayment."""
    key = parse_key(fields.attribute("key"))
    payments.delete_payment(context.company, key)
    return KeyPayload(str(key))


def delete_draft(context: Context, key: str) -> None:
    """Run a generic delete, which takes drafts only."""
    payment = context.company.payments.get(parse_key(key))
    if payment is not None and payment.state != "draft":
        raise errors.refuse("BL01001973", "Only a draft payment can be deleted")
    payments.delete_payment(context.company, parse_key(key))


def _generic_payment(
    context: Context,
    fields: Fields,
    applications: tuple[NewApplication, ...],
    surplus: Decimal,
    *,
    credit_only: bool,
) -> NewPayment:
    if fields.text("PRBATCH"):
        raise errors.refuse("BL01001973", "The double has automatic payment summaries only")
    if context.company.switches.payment_currency_required:
        fields.required("CURRENCY")
    if fields.text("CUSTOMERID") and fields.text("PAYERNAME"):
        raise errors.refuse("BL01001973", "Provide CUSTOMERID or PAYERNAME, not both")
    return NewPayment(
        customer_id=fields.text("CUSTOMERID"),
        payer_name=fields.text("PAYERNAME"),
        receipt_on=fields.required_date("RECEIPTDATE"),
        payment_on=fields.date("PAYMENTDATE"),
        method=fields.required("PAYMENTMETHOD"),
        exchange=context.generic_exchange(fields),
        applications=applications,
        kind="application" if credit_only and not surplus else "payment",
        reference=context.generic_text(fields, "DOCNUMBER"),
        description=context.generic_text(fields, "DESCRIPTION"),
        bank_account_id=fields.text("FINANCIALENTITY"),
        undeposited_account_no=fields.text("UNDEPOSITEDACCOUNTNO"),
        surplus=surplus,
        draft=_is_draft(fields),
    )


def _check_amount_to_pay(context: Context, fields: Fields, new: NewPayment) -> None:
    if new.cash and new.exchange.currency != context.company.profile.base_currency:
        wanted = context.company.switches.foreign_payment_amounts
        if wanted != "optional":
            fields.required_amount("TRX_AMOUNTTOPAY")
        if wanted == "both":
            fields.required_amount("AMOUNTTOPAY")
    stated = fields.amount("TRX_AMOUNTTOPAY")
    if stated is not None and stated != new.cash:
        raise errors.refuse(
            "BL01001973", f"TRX_AMOUNTTOPAY {stated} differs from the details' sum {new.cash}"
        )


def _detail(context: Context, fields: Fields) -> Iterator[NewApplication]:
    context.refuse_unknown(fields, _DETAIL)
    target, line = _target_keys(fields)
    cash = fields.amount("TRX_PAYMENTAMOUNT")
    used = [each for each in _CREDIT_FIELDS if fields.text(each[1])]
    if len(used) > 1:
        raise errors.refuse("BL01001973", "Use one kind of credit in each payment detail")
    if cash:
        yield NewApplication(target, cash, line)
    for kind, key_name, _, amount_name in used:
        yield NewApplication(
            target,
            fields.required_amount(amount_name),
            line,
            kind,
            parse_key(fields.text(key_name)),
        )
    if not cash and not used:
        raise errors.missing("TRX_PAYMENTAMOUNT")


def _target_keys(fields: Fields) -> tuple[int, int | None]:
    if bool(fields.text("RECORDKEY")) == bool(fields.text("POSADJKEY")):
        raise errors.refuse("BL01001973", "Provide either RECORDKEY or POSADJKEY")
    line_text = fields.text("ENTRYKEY") or fields.text("POSADJENTRYKEY")
    target = parse_key(fields.text("RECORDKEY") or fields.text("POSADJKEY"))
    return target, parse_key(line_text) if line_text else None


def _legacy_items(items: Iterator[Fields]) -> Iterator[NewApplication]:
    for item in items:
        key = parse_key(item.required("invoicekey"))
        yield NewApplication(key, item.required_amount("amount"))


def _legacy_kind(
    context: Context, customer_id: str, applications: tuple[NewApplication, ...]
) -> Literal["payment", "advance"]:
    customer = context.company.customer(customer_id)
    balance_forward = customer.fields.get("CUSTTYPE") == "Balance Forward"
    return "payment" if applications or balance_forward else "advance"


def _is_draft(fields: Fields) -> bool:
    action = fields.text("ACTION", "Submit")
    if action not in {"Submit", "Draft"}:
        raise errors.refuse("BL03002129", f"Invalid action '{action}'")
    return action == "Draft"
