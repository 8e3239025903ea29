"""One function for each kind of document. Pure.

Legacy functions (lower-case names) are checked against the schema in strict order, generic ones
(`create`, `update`) are not. Source: intacct-xml-api dossier sections 1.3 and 7.
"""

import re
from dataclasses import dataclass
from datetime import date

from lxml import etree

from tieout.domain.documents import (
    ArAdjustment,
    ArInvoice,
    ArLine,
    ArPayment,
    Contact,
    CreditApplication,
    Customer,
    Dimensions,
    InvoiceReversal,
    JournalEntry,
    JournalLine,
    OtherReceipt,
    PaymentReversal,
)
from tieout.domain.errors import Refused
from tieout.domain.reasons import Reason
from tieout.intacct.request_xml import Function, function
from tieout.intacct.xml_values import (
    amount_text,
    append_date_parts,
    append_if_given,
    append_text,
    currency_text,
    date_text,
)
from tieout.services.ports import Submission

DEBIT, CREDIT = "1", "-1"
# A user-defined dimension is an element of its own in generic objects, such as GLDIMREGION.
_ELEMENT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class CompanyCurrencies:
    """What the encoder must know about the company.

    Attributes:
        base: the company's base currency, three lower-case letters. Where Intacct does not always
            ask for the currency it is only sent if it differs: then, and only then, a rate is
            needed too.
        rate_type: name of the exchange-rate table that Intacct is to use.
    """

    base: str
    rate_type: str = "Intacct Daily Rate"

    def is_foreign(self, currency: str) -> bool:
        """Whether `currency` must be named, with a way to find its rate."""
        return currency != self.base


def document_function(submission: Submission, currencies: CompanyCurrencies) -> Function:
    """Return the function that writes the document of `submission`.

    Raises:
        Refused: the document cannot be written as it is; nothing was sent.
    """
    document = submission.document
    if submission.amend and not isinstance(document, Customer):
        raise Refused(Reason.DRIFT, f"{document.key}: only customers can be amended")
    content: etree._Element
    match document:
        case Customer():
            content = (
                _update_customer(document, submission)
                if submission.amend
                else (_create_customer(document))
            )
        case ArInvoice():
            content = _invoice(document, currencies)
        case ArPayment():
            content = _payment(document, submission, currencies)
        case OtherReceipt():
            content = _other_receipt(document, currencies)
        case ArAdjustment():
            content = _adjustment(document, currencies)
        case CreditApplication():
            content = _credit_application(document, submission)
        case InvoiceReversal() | PaymentReversal():
            content = _reversal(document, submission)
        case JournalEntry():
            content = _journal_entry(document, currencies)
    return function(submission.control_id, content)


# --- Customer (7.1) ---------------------------------------------------------------------------


def _create_customer(document: Customer) -> etree._Element:
    create = etree.Element("create")
    customer = etree.SubElement(create, "CUSTOMER")
    append_text(customer, "CUSTOMERID", document.customer_id)
    _append_customer_content(customer, document)
    append_text(customer, "COMMENTS", f"Stripe customer {document.stripe_id}")
    return create


def _update_customer(document: Customer, submission: Submission) -> etree._Element:
    update = etree.Element("update")
    customer = etree.SubElement(update, "CUSTOMER")
    if submission.record_no is not None:
        append_text(customer, "RECORDNO", submission.record_no)
    else:
        append_text(customer, "CUSTOMERID", document.customer_id)
    _append_customer_content(customer, document)
    return update


def _append_customer_content(customer: etree._Element, document: Customer) -> None:
    append_text(customer, "NAME", document.name)
    _append_contact(customer, document.contact)
    append_if_given(customer, "TERMNAME", document.term)
    append_text(customer, "STATUS", "active" if document.active else "inactive")


def _append_contact(customer: etree._Element, contact: Contact) -> None:
    """Append the display contact.

    Its name is left to Intacct, which puts the customer's id into it: names are unique in the
    whole company, and two customers may well be called the same.
    Source: intacct-xml-api dossier section 7.1.
    """
    element = etree.SubElement(customer, "DISPLAYCONTACT")
    append_text(element, "PRINTAS", contact.print_as)
    append_if_given(element, "PHONE1", contact.phone)
    append_if_given(element, "EMAIL1", contact.email)
    address = {
        "ADDRESS1": contact.line1,
        "ADDRESS2": contact.line2,
        "CITY": contact.city,
        "STATE": contact.state,
        "ZIP": contact.postal_code,
        # A company with ISO country codes enabled refuses the one without the other.
        "COUNTRY": contact.country,
        "ISOCOUNTRYCODE": contact.country_code.upper(),
    }
    if any(address.values()):
        mail_address = etree.SubElement(element, "MAILADDRESS")
        for tag, text in address.items():
            append_if_given(mail_address, tag, text)


# --- Receivables (7.2, 7.3, 7.5) --------------------------------------------------------------


def _invoice(document: ArInvoice, currencies: CompanyCurrencies) -> etree._Element:
    element = etree.Element("create_invoice")
    append_text(element, "customerid", document.customer_id)
    append_date_parts(element, "datecreated", document.invoice_date)
    append_date_parts(element, "dateposted", document.posting_date)
    append_date_parts(element, "datedue", document.due_date)
    append_text(element, "action", "Submit")
    append_text(element, "invoiceno", document.number)
    append_if_given(element, "ponumber", document.reference)
    append_if_given(element, "description", document.description)
    _append_currency(element, document.currency, document.posting_date, currencies)
    items = etree.SubElement(element, "invoiceitems")
    for line in document.lines:
        _append_ar_line(items, line, document.currency)
    return element


def _adjustment(document: ArAdjustment, currencies: CompanyCurrencies) -> etree._Element:
    """Return a create_aradjustment; negative lines make a credit memo (7.5)."""
    element = etree.Element("create_aradjustment")
    append_text(element, "customerid", document.customer_id)
    append_date_parts(element, "datecreated", document.adjustment_date)
    append_date_parts(element, "dateposted", document.posting_date)
    append_text(element, "adjustmentno", document.number)
    append_text(element, "action", "Submit")
    append_if_given(element, "invoiceno", document.invoice_number)
    append_if_given(element, "description", document.description)
    _append_currency(element, document.currency, document.posting_date, currencies)
    items = etree.SubElement(element, "aradjustmentitems")
    for line in document.lines:
        _append_ar_line(items, line, document.currency)
    return element


def _append_currency(
    element: etree._Element, currency: str, rate_date: date, currencies: CompanyCurrencies
) -> None:
    """Append the currency group of legacy functions, if the currency is foreign.

    The rate is that of the posting date, not of the day on which the queue got round to it.
    Source: intacct-xml-api dossier section 7: a currency needs exactly one of type and rate.
    """
    if currencies.is_foreign(currency):
        append_text(element, "basecurr", currency_text(currencies.base))
        append_text(element, "currency", currency_text(currency))
        append_date_parts(element, "exchratedate", rate_date)
        append_text(element, "exchratetype", currencies.rate_type)


def _append_ar_line(items: etree._Element, line: ArLine, currency: str) -> None:
    element = etree.SubElement(items, "lineitem")
    append_text(element, "glaccountno", line.account)
    append_text(element, "amount", amount_text(line.amount_minor, currency))
    append_if_given(element, "memo", line.memo)
    append_if_given(element, "locationid", line.dimensions.location)
    append_if_given(element, "departmentid", line.dimensions.department)
    if line.dimensions.user_defined:
        fields = etree.SubElement(element, "customfields")
        for name, value in line.dimensions.user_defined:
            field = etree.SubElement(fields, "customfield")
            append_text(field, "customfieldname", name)
            append_text(field, "customfieldvalue", value)
    if line.deferral is not None:
        append_text(element, "revrectemplate", line.deferral.template)
        append_text(element, "defrevaccount", line.deferral.account)
        append_date_parts(element, "revrecstartdate", line.deferral.start)
        append_date_parts(element, "revrecenddate", line.deferral.end)
    append_if_given(element, "projectid", line.dimensions.project)
    append_if_given(element, "itemid", line.dimensions.item)
    append_if_given(element, "classid", line.dimensions.class_id)


def _payment(
    document: ArPayment, submission: Submission, currencies: CompanyCurrencies
) -> etree._Element:
    create = etree.Element("create")
    payment = etree.SubElement(create, "ARPYMT")
    if document.cash_account.bank_account:
        append_text(payment, "FINANCIALENTITY", document.cash_account.bank_account)
    else:
        append_text(payment, "UNDEPOSITEDACCOUNTNO", document.cash_account.account)
    append_text(payment, "PAYMENTMETHOD", document.method)
    append_text(payment, "CUSTOMERID", document.customer_id)
    append_text(payment, "DOCNUMBER", document.reference)
    append_if_given(payment, "DESCRIPTION", document.description)
    append_text(payment, "RECEIPTDATE", date_text(document.posting_date))
    append_text(payment, "PAYMENTDATE", date_text(document.payment_date))
    append_text(payment, "CURRENCY", currency_text(document.currency))
    if currencies.is_foreign(document.currency):
        append_text(payment, "BASECURR", currency_text(currencies.base))
        append_text(payment, "EXCH_RATE_TYPE_ID", currencies.rate_type)
    details = etree.SubElement(payment, "ARPYMTDETAILS")
    for each in document.applications:
        detail = etree.SubElement(details, "ARPYMTDETAIL")
        target = "RECORDKEY" if each.key == document.invoice_key else "POSADJKEY"
        append_text(detail, target, record_number(submission, each.key))
        amount = amount_text(each.amount_minor, document.currency)
        append_text(detail, "TRX_PAYMENTAMOUNT", amount)
    return create


def _credit_application(document: CreditApplication, submission: Submission) -> etree._Element:
    element = etree.Element("apply_arpayment")
    append_text(element, "arpaymentkey", record_number(submission, document.adjustment_key))
    append_date_parts(element, "paymentdate", document.application_date)
    append_if_given(element, "memo", document.memo)
    items = etree.SubElement(element, "arpaymentitems")
    for each in document.applications:
        item = etree.SubElement(items, "arpaymentitem")
        append_text(item, "invoicekey", record_number(submission, each.key))
        append_text(item, "amount", amount_text(each.amount_minor, document.currency))
    return element


def _reversal(
    document: InvoiceReversal | PaymentReversal, submission: Submission
) -> etree._Element:
    """Return a reverse_invoice (7.2) or reverse_arpayment (7.3): they differ in name alone."""
    if isinstance(document, InvoiceReversal):
        name, taken_back = "reverse_invoice", document.invoice_key
    else:
        name, taken_back = "reverse_arpayment", document.receipt_key
    element = etree.Element(name, key=record_number(submission, taken_back))
    append_date_parts(element, "datereversed", document.reversal_date)
    append_if_given(element, "description", document.description)
    return element


def record_number(submission: Submission, key: str) -> str:
    """Return the RECORDNO of the document `key`, which this one refers to.

    Raises:
        Refused: nobody told us; it cannot be posted yet.
    """
    number = submission.record_numbers.get(key)
    if number is None:
        text = f"{submission.document.key} refers to {key}, which has no RECORDNO yet"
        raise Refused(Reason.WAITS_FOR_PARKED, text)
    return number


# --- Cash management (7.7) --------------------------------------------------------------------


def _other_receipt(document: OtherReceipt, currencies: CompanyCurrencies) -> etree._Element:
    """Return a record_otherreceipt; `payee` is Intacct's word for who paid.

    Unlike the other legacy functions it takes no `basecurr`.
    """
    element = etree.Element("record_otherreceipt")
    append_date_parts(element, "paymentdate", document.payment_date)
    append_text(element, "payee", document.payer)
    append_date_parts(element, "receiveddate", document.posting_date)
    append_text(element, "paymentmethod", document.method)
    if document.cash_account.bank_account:
        append_text(element, "bankaccountid", document.cash_account.bank_account)
        append_date_parts(element, "depositdate", document.posting_date)
    else:
        append_text(element, "undepglaccountno", document.cash_account.account)
    append_text(element, "refid", document.reference)
    append_if_given(element, "description", document.description)
    if currencies.is_foreign(document.currency):
        append_text(element, "currency", currency_text(document.currency))
        append_date_parts(element, "exchratedate", document.posting_date)
        append_text(element, "exchratetype", currencies.rate_type)
    items = etree.SubElement(element, "receiptitems")
    for line in document.lines:
        _append_ar_line(items, line, document.currency)
    return element


# --- General ledger (7.6) ---------------------------------------------------------------------


def _journal_entry(document: JournalEntry, currencies: CompanyCurrencies) -> etree._Element:
    create = etree.Element("create")
    batch = etree.SubElement(create, "GLBATCH")
    append_text(batch, "JOURNAL", document.journal)
    append_text(batch, "BATCH_DATE", date_text(document.posting_date))
    append_text(batch, "BATCH_TITLE", document.title)
    append_text(batch, "REFERENCENO", document.reference)
    entries = etree.SubElement(batch, "ENTRIES")
    for line in document.lines:
        _append_journal_line(entries, line, document, currencies)
    return create


def _append_journal_line(
    entries: etree._Element,
    line: JournalLine,
    document: JournalEntry,
    currencies: CompanyCurrencies,
) -> None:
    """Append a GLENTRY: an absolute amount, and which side it is on."""
    entry = etree.SubElement(entries, "GLENTRY")
    # The ledger's details show this, and not the entry's own reference.
    append_text(entry, "DOCUMENT", document.reference)
    append_text(entry, "ACCOUNTNO", line.account)
    if currencies.is_foreign(document.currency):
        append_text(entry, "CURRENCY", currency_text(document.currency))
        append_text(entry, "EXCH_RATE_DATE", date_text(document.posting_date))
        append_text(entry, "EXCH_RATE_TYPE_ID", currencies.rate_type)
    append_text(entry, "TRX_AMOUNT", amount_text(abs(line.amount_minor), document.currency))
    append_text(entry, "TR_TYPE", DEBIT if line.amount_minor > 0 else CREDIT)
    append_if_given(entry, "DESCRIPTION", line.memo)
    _append_generic_dimensions(entry, line.dimensions)
    append_if_given(entry, "CUSTOMERID", line.customer_id)


def _append_generic_dimensions(entry: etree._Element, dimensions: Dimensions) -> None:
    """Append a journal line's dimensions; location and department have names of their own here."""
    append_if_given(entry, "LOCATION", dimensions.location)
    append_if_given(entry, "DEPARTMENT", dimensions.department)
    append_if_given(entry, "CLASSID", dimensions.class_id)
    append_if_given(entry, "PROJECTID", dimensions.project)
    append_if_given(entry, "ITEMID", dimensions.item)
    for name, value in dimensions.user_defined:
        if not _ELEMENT_NAME.fullmatch(name):
            raise Refused(Reason.UNKNOWN_DIMENSION, f"{name!r} cannot be a dimension's name")
        append_text(entry, name, value)
