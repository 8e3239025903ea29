"""A plan as an accountant reads it: documents with debits and credits, then what is not booked.

Made for diffs: one line a posting line, amounts in columns, nothing that is not content but the
rule that chose an account.
"""

from collections.abc import Iterator

from tieout.domain.documents import (
    ArAdjustment,
    ArInvoice,
    ArLine,
    ArPayment,
    CashAccount,
    CreditApplication,
    Customer,
    Dimensions,
    Document,
    InvoiceReversal,
    JournalEntry,
    OtherReceipt,
    PaymentReversal,
)
from tieout.domain.money import decimal_from_minor
from tieout.domain.plans import Finding, Plan
from tieout.domain.reasons import WAY_OUT

RECEIVABLE = "receivable"


def render(made: Plan) -> str:
    """The plan as text, ending in a newline."""
    parts = [_document(document) for document in made.documents]
    parts += [_finding(finding) for finding in made.findings]
    return "\n".join("\n".join(line.rstrip() for line in part) + "\n" for part in parts)


def _document(document: Document) -> list[str]:
    match document:
        case Customer():
            return list(_customer(document))
        case ArInvoice():
            return list(_invoice(document))
        case ArPayment():
            return list(_payment(document))
        case OtherReceipt():
            return list(_other_receipt(document))
        case ArAdjustment():
            return list(_adjustment(document))
        case CreditApplication():
            return list(_application(document))
        case InvoiceReversal():
            return list(_reversal(document))
        case PaymentReversal():
            return list(_payment_reversal(document))
        case JournalEntry():
            return list(_journal(document))


def _customer(customer: Customer) -> Iterator[str]:
    yield f"CUSTOMER {customer.customer_id}   [{customer.key}]"
    yield f"    name     {customer.name}"
    contact = customer.contact
    town = f"{contact.postal_code} {contact.city}".strip()
    country = " ".join(part for part in (contact.country, contact.country_code) if part)
    address = [contact.line1, contact.line2, town, contact.state, country]
    yield f"    address  {', '.join(part for part in address if part)}"
    yield f"    contact  {contact.email} {contact.phone}".rstrip()
    yield f"    term     {customer.term}; amended: {customer.amend}"


def _invoice(invoice: ArInvoice) -> Iterator[str]:
    yield f"AR INVOICE {invoice.number}   [{invoice.key}]"
    yield (
        f"    dated {invoice.invoice_date}, posted {invoice.posting_date}, due {invoice.due_date}; "
        f"customer {invoice.customer_id}; reference {invoice.reference}"
    )
    yield f'    "{invoice.description}"'
    yield _line(RECEIVABLE, invoice.total_minor, invoice.currency)
    yield from (_ar_line(line, invoice.currency) for line in invoice.lines)


def _payment(payment: ArPayment) -> Iterator[str]:
    settled = " and ".join(each.key for each in payment.applications)
    yield f"AR PAYMENT   [{payment.key}] of {settled}"
    yield (
        f"    received {payment.payment_date}, posted {payment.posting_date}; customer "
        f"{payment.customer_id}; {payment.method}; reference {payment.reference}"
    )
    yield f'    "{payment.description}"'
    yield _line(_cash(payment.cash_account), payment.amount_minor, payment.currency)
    yield _line(RECEIVABLE, -payment.amount_minor, payment.currency)


def _other_receipt(receipt: OtherReceipt) -> Iterator[str]:
    yield f"OTHER RECEIPT {receipt.reference}   [{receipt.key}]"
    yield (
        f"    received {receipt.payment_date}, posted {receipt.posting_date}; from "
        f"{receipt.payer}; {receipt.method}"
    )
    yield f'    "{receipt.description}"'
    yield _line(_cash(receipt.cash_account), receipt.total_minor, receipt.currency)
    yield from (_ar_line(line, receipt.currency) for line in receipt.lines)


def _adjustment(adjustment: ArAdjustment) -> Iterator[str]:
    yield f"AR ADJUSTMENT {adjustment.number}   [{adjustment.key}] of {adjustment.invoice_number}"
    yield (
        f"    dated {adjustment.adjustment_date}, posted {adjustment.posting_date}; customer "
        f"{adjustment.customer_id}"
    )
    yield f'    "{adjustment.description}"'
    yield from (_ar_line(line, adjustment.currency) for line in adjustment.lines)
    yield _line(RECEIVABLE, adjustment.total_minor, adjustment.currency)


def _application(application: CreditApplication) -> Iterator[str]:
    yield f"APPLY CREDIT   [{application.key}]"
    for each in application.applications:
        amount = decimal_from_minor(each.amount_minor, application.currency)
        yield (
            f"    {amount:f} {application.currency} of {application.adjustment_key} to "
            f"{each.key} on {application.application_date}"
        )


def _reversal(reversal: InvoiceReversal) -> Iterator[str]:
    yield f"REVERSE INVOICE   [{reversal.key}]"
    amount = decimal_from_minor(reversal.amount_minor, reversal.currency)
    yield f"    {reversal.invoice_key} ({amount:f} {reversal.currency}) on {reversal.reversal_date}"
    yield f'    "{reversal.description}"'


def _payment_reversal(reversal: PaymentReversal) -> Iterator[str]:
    yield f"REVERSE PAYMENT   [{reversal.key}]"
    amount = decimal_from_minor(reversal.amount_minor, reversal.currency)
    yield f"    {reversal.receipt_key} ({amount:f} {reversal.currency}) on {reversal.reversal_date}"
    yield f'    "{reversal.description}"'


def _journal(entry: JournalEntry) -> Iterator[str]:
    yield f"JOURNAL {entry.journal}   [{entry.key}]"
    yield f"    posted {entry.posting_date}; reference {entry.reference}"
    yield f'    "{entry.title}"'
    for line in entry.lines:
        details = [f"customer {line.customer_id}", _dimensions(line.dimensions), line.memo]
        yield _line(line.account, line.amount_minor, entry.currency, details)


def _ar_line(line: ArLine, currency: str) -> str:
    details = [_dimensions(line.dimensions), line.memo, f"<{line.why}>"]
    if line.deferral is not None:
        span = f"{line.deferral.start} to {line.deferral.end}"
        details.append(f"then {line.account}, {span}, {line.deferral.template}")
    return _line(line.posted_on, -line.amount_minor, currency, details)


def _line(account: str, debit_minor: int, currency: str, details: list[str] | None = None) -> str:
    amount = f"{decimal_from_minor(abs(debit_minor), currency):f} {currency}"
    columns = f"{amount:>16} {'':>16}" if debit_minor >= 0 else f"{'':>16} {amount:>16}"
    text = "  ".join(part for part in details or [] if part)
    return f"    {account:<22} {columns}   {text}"


def _cash(account: CashAccount) -> str:
    return account.account if account.bank_account is None else f"bank {account.bank_account}"


def _dimensions(dimensions: Dimensions) -> str:
    named = [
        ("location", dimensions.location),
        ("department", dimensions.department),
        ("class", dimensions.class_id),
        ("project", dimensions.project),
        ("item", dimensions.item),
        *dimensions.user_defined,
    ]
    return " ".join(f"{name}={value}" for name, value in named if value)


def _finding(finding: Finding) -> list[str]:
    amount = ""
    if finding.amount_minor is not None and finding.currency is not None:
        amount = f" {decimal_from_minor(finding.amount_minor, finding.currency):f}"
        amount += f" {finding.currency}"
    return [
        f"{finding.disposition.value.upper()}{amount}   [{finding.key}]",
        f"    {finding.reason.value}: {finding.text}",
        f"    -> {WAY_OUT[finding.reason]}",
    ]
