"""Goal: an accountant sees in a diff what is sent to Intacct for each kind of document.

Method: each document below is encoded and compared with its file; the comment at the top of a file
says in words what its XML must mean. Every function is validated as part of a whole request.

    UPDATE_GOLDEN=1 pytest tests/golden/intacct        rewrites the files; read the diff
"""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from tests.support import intacct_schema
from tests.support.intacct_documents import (
    ADJUSTMENT_KEY,
    CUSTOMER_ID,
    DAY,
    DEBIT_MEMO_KEY,
    INVOICE_KEY,
    RECEIPT_KEY,
    adjustment,
    application,
    customer,
    invoice,
    journal_entry,
    other_receipt,
    payment,
    payment_reversal,
    payment_with_debit_memo,
    reversal,
    submission,
)
from tieout.domain.documents import (
    ArInvoice,
    ArLine,
    CashAccount,
    Contact,
    Customer,
    Deferral,
    Dimensions,
    Document,
    JournalEntry,
    JournalLine,
)
from tieout.intacct.document_xml import CompanyCurrencies, document_function
from tieout.intacct.lookups import lines_query, query_for, query_function, record_query
from tieout.intacct.request_xml import Function, session_request, sign_in_request
from tieout.services.ports import IntacctCredentials, NamedRecord, Submission

FOLDER = Path(__file__).parent
NUMBERS: Mapping[str, str] = {
    INVOICE_KEY: "1042",
    ADJUSTMENT_KEY: "1077",
    DEBIT_MEMO_KEY: "1078",
    RECEIPT_KEY: "1043",
}
CREDENTIALS = IntacctCredentials(
    "SENDER-ID", "SENDER-PASSWORD", "COMPANY-ID", "USER-ID", "USER-PASSWORD", "200"
)


@dataclass(frozen=True)
class Case:
    """A document, and in the accountant's words what is to be booked."""

    name: str
    says: str
    submission: Submission
    base_currency: str = "usd"

    @property
    def function(self) -> Function:
        return document_function(self.submission, CompanyCurrencies(self.base_currency))


def customer_in(country: str) -> Customer:
    contact = dataclasses.replace(customer().contact, country=country)
    return dataclasses.replace(customer(), contact=contact)


def bare_customer() -> Customer:
    return dataclasses.replace(
        customer("cus_Bob"), contact=Contact(print_as="cus_Bob"), term=None, active=False
    )


def taxed_invoice() -> ArInvoice:
    """A plan with a discount, a proration credit and sales tax."""
    plan = Dimensions(location="100", department="SALES", item="PLAN-PRO", class_id="SMB")
    tax = Dimensions(location="100")
    region = Dimensions(location="100", project="ONBOARD", user_defined=(("GLDIMREGION", "10001"),))
    return dataclasses.replace(
        invoice(),
        lines=(
            ArLine("4000", 10_000, "Pro plan, November", plan),
            ArLine("4090", -1_000, "Discount WELCOME10", plan),
            ArLine("4000", -333, "Unused time on Basic plan", plan),
            ArLine("4010", 5_000, "Onboarding & training <remote>", region),
            ArLine("2200", 1_128, "Sales tax NY 8.25 %", tax),
        ),
        total_minor=14_795,
    )


def deferred_invoice() -> ArInvoice:
    """A year's plan, and the credit for the rest of the month's plan that it replaces."""
    dimensions = Dimensions(location="100", project="ONBOARD", item="PLAN-PRO")
    daily = "Straight line daily"
    year = Deferral("2400", daily, DAY, date(2027, 11, 19))
    rest = Deferral("2400", daily, DAY, date(2026, 12, 1))
    return dataclasses.replace(
        invoice(),
        lines=(
            ArLine("4000", 120_000, "Pro plan, a year", dimensions, deferral=year),
            ArLine("4000", -4_000, "Unused time on Basic plan", dimensions, deferral=rest),
        ),
        total_minor=116_000,
    )


def refund_with_tax() -> JournalEntry:
    lines = (
        JournalLine("4000", 4_621, "Refund: Pro plan", Dimensions("100", "SALES"), CUSTOMER_ID),
        JournalLine("2200", 379, "Refund: sales tax", Dimensions("100"), CUSTOMER_ID),
        JournalLine("1200", -5_000, "Refund re_1", Dimensions("100")),
    )
    return dataclasses.replace(journal_entry(), lines=lines)


def euro_payment() -> Submission:
    document = dataclasses.replace(
        payment(currency="eur"), cash_account=CashAccount("1210", "STRIPE-EUR")
    )
    return submission(document, NUMBERS)


CASES = (
    Case(
        "customer_create",
        "New customer S-cus_Anna, Berlin, term Net 30.",
        submission(customer()),
    ),
    Case(
        "customer_create_bare",
        "New customer of whom Stripe knows nothing but its id; inactive.",
        submission(bare_customer()),
    ),
    Case(
        "customer_create_country_named",
        "New customer S-cus_Anna in a company that wants the country's name beside its code.",
        submission(customer_in("Germany")),
    ),
    Case(
        "customer_update",
        "The customer behind record 7: name and address as Stripe has them now.",
        submission(customer("Anna M\u00fcller GmbH"), amend=True, record_no="7"),
    ),
    Case(
        "invoice",
        "Invoice INV-0042 of 20 November, in the ledger on the 21st: 120.00 USD in two lines.",
        submission(invoice()),
    ),
    Case(
        "invoice_with_tax_discount_and_proration",
        "147.95 USD: revenue 100.00 - 10.00 - 3.33 + 50.00, sales tax 11.28.",
        submission(taxed_invoice()),
    ),
    Case(
        "invoice_foreign_currency",
        "Invoice over 120.00 EUR; the company's books are in USD; rate of the posting date.",
        submission(invoice(currency="eur")),
    ),
    Case(
        "invoice_with_deferred_revenue",
        "1,160.00 USD: a year for 1,200.00, less 40.00 for twelve unused days, both over time.",
        submission(deferred_invoice()),
    ),
    Case(
        "invoice_currency_without_decimals",
        "Invoice over 12,000 yen.",
        submission(invoice(currency="jpy")),
    ),
    Case(
        "payment",
        "120.00 USD received in Stripe, applied to the invoice that is record 1042.",
        submission(payment(), NUMBERS),
    ),
    Case(
        "payment_foreign_currency",
        "120.00 EUR received on the bank account STRIPE-EUR, applied to record 1042.",
        euro_payment(),
    ),
    Case(
        "payment_with_debit_memo",
        "150.00 USD: 120.00 on the invoice, record 1042, and 30.00 on the debit memo, record 1078.",
        submission(payment_with_debit_memo(), NUMBERS),
    ),
    Case(
        "payment_reversal",
        "The payment that is record 1043 is reversed as of 27 November.",
        submission(payment_reversal(), NUMBERS),
    ),
    Case(
        "other_receipt",
        "A sale nobody was invoiced for: 120.00 USD into undeposited funds, two revenue lines.",
        submission(other_receipt()),
    ),
    Case(
        "other_receipt_foreign_currency",
        "A sale over 120.00 EUR on the bank account STRIPE-EUR; the company's books are in USD.",
        submission(other_receipt(currency="eur")),
    ),
    Case(
        "credit_memo",
        "Credit memo VOID-42 over 120.00 USD on the accounts of invoice INV-0042.",
        submission(adjustment()),
    ),
    Case(
        "debit_memo_foreign_currency",
        "Debit memo over 30.00 EUR; the company's books are in USD.",
        submission(adjustment(3_000, currency="eur")),
    ),
    Case(
        "credit_application",
        "The credit that is record 1077 settles 120.00 of the invoice that is record 1042.",
        submission(application(), NUMBERS),
    ),
    Case(
        "invoice_reversal",
        "The invoice that is record 1042 is reversed as of 25 November.",
        submission(reversal(), NUMBERS),
    ),
    Case(
        "journal_refund",
        "Refund of 50.00 USD: revenue 46.21 and tax 3.79 debit, Stripe clearing 50.00 credit.",
        submission(refund_with_tax()),
    ),
    Case(
        "journal_foreign_currency",
        "50.00 EUR: revenue debit, clearing credit; the company's books are in USD.",
        submission(journal_entry(credit_account="1210", currency="eur")),
    ),
)


def request_of(*functions: Function) -> bytes:
    return session_request(CREDENTIALS, "SESSION-ID", functions, unique_id=True)


def readable(says: str, xml: bytes) -> str:
    """Return the XML indented below a comment; passwords and hashes would only make noise."""
    root = etree.fromstring(xml)
    etree.indent(root)
    text = etree.tostring(root, encoding="unicode")
    return f"<!-- {says} -->\n{text}\n"


def compare(name: str, actual: str) -> None:
    path = FOLDER / f"{name}.xml"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(actual, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: run with UPDATE_GOLDEN=1 and read it"
    assert actual == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_document_is_written_as_its_file_says(case: Case) -> None:
    compare(case.name, readable(case.says, case.function.xml))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_document_is_valid_in_intacct_s_own_schema(case: Case) -> None:
    intacct_schema.assert_valid(request_of(case.function))


def test_all_of_them_are_valid_in_one_request() -> None:
    intacct_schema.assert_valid(request_of(*(case.function for case in CASES)))


def test_a_whole_request_is_written_as_its_file_says() -> None:
    compare(
        "request",
        readable("Two documents in one request.", request_of(CASES[0].function, CASES[4].function)),
    )


def test_signing_in_is_written_as_its_file_says() -> None:
    compare("sign_in", readable("A session for entity 200.", sign_in_request(CREDENTIALS)))


LOOK_UPS: Mapping[str, Document] = {
    "look_up_customer": customer(),
    "look_up_invoice": invoice(),
    "look_up_payment": payment(),
    "look_up_other_receipt": other_receipt(),
    "look_up_adjustment": adjustment(),
    "look_up_credit_application": application(),
    "look_up_invoice_reversal": reversal(),
    "look_up_payment_reversal": payment_reversal(),
    "look_up_journal_entry": journal_entry(),
}


@pytest.mark.parametrize("name", LOOK_UPS)
def test_a_look_up_is_written_as_its_file_says(name: str) -> None:
    document = LOOK_UPS[name]
    function = query_function(query_for(submission(document, NUMBERS)))
    compare(name, readable(f"What became of {document.key}?", function.xml))


@pytest.mark.parametrize("name", LOOK_UPS)
def test_a_look_up_is_valid(name: str) -> None:
    function = query_function(query_for(submission(LOOK_UPS[name], NUMBERS)))
    request = session_request(CREDENTIALS, "SESSION-ID", [function], unique_id=False)
    intacct_schema.assert_valid(request)


def test_the_lines_of_journal_entries_are_looked_up_as_their_file_says() -> None:
    function = query_function(lines_query([{"RECORDNO": "5001"}, {"RECORDNO": "5002"}]))
    says = "The lines of the journal entries that are records 5001 and 5002."
    compare("look_up_journal_lines", readable(says, function.xml))


def test_a_record_that_a_person_named_is_read_as_its_file_says() -> None:
    function = query_function(record_query(NamedRecord("4711", ArInvoice)))
    compare("look_up_named_record", readable("What is AR invoice 4711?", function.xml))
    request = session_request(CREDENTIALS, "SESSION-ID", [function], unique_id=False)
    intacct_schema.assert_valid(request)


def test_there_is_no_file_without_a_case() -> None:
    expected = {case.name for case in CASES} | LOOK_UPS.keys()
    others = {"request", "sign_in", "look_up_journal_lines", "look_up_named_record"}
    assert {path.stem for path in FOLDER.glob("*.xml")} == expected | others
