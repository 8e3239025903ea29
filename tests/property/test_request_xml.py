"""Goal: no text, amount or currency that Stripe can send changes its meaning on the way to Intacct.

Method: hypothesis makes hostile text and amounts of every exponent; what an XML parser reads back
from the request must be what was put in, and the request must stay valid.
"""

import dataclasses
import unicodedata
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.support import intacct_schema
from tests.support.intacct_documents import (
    INVOICE_KEY,
    adjustment,
    customer,
    invoice,
    journal_entry,
    payment,
    submission,
)
from tests.support.intacct_gateway import CREDENTIALS
from tieout.domain.documents import ArLine, Dimensions, JournalLine
from tieout.domain.money import (
    THREE_DECIMAL_CURRENCIES,
    ZERO_DECIMAL_CURRENCIES,
    exponent,
    minor_from_decimal,
)
from tieout.intacct.document_xml import CompanyCurrencies, document_function
from tieout.intacct.lookups import query_for, query_function
from tieout.intacct.request_xml import session_request
from tieout.intacct.xml_values import sendable
from tieout.services.ports import Submission

USD = CompanyCurrencies("usd")
NUMBERS = {INVOICE_KEY: "9"}

# Everything Python can hold in a string, with what breaks XML, SQL and terminals made frequent.
HOSTILE = st.text(
    st.one_of(
        st.characters(codec=None),
        st.sampled_from("<>&'\"\\]]>\x00\x07\x1b\x7f\x85\ufffe\uffff\ud800\u2028\u202e\U0001f4b8"),
    ),
    max_size=60,
)
CURRENCIES = st.sampled_from(
    ["usd", "eur", "isk", "ugx", *sorted(ZERO_DECIMAL_CURRENCIES | THREE_DECIMAL_CURRENCIES)]
)
LINE_AMOUNTS = st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=8)


def read_back(given_submission: Submission) -> etree._Element:
    """Encode a whole request, check it and parse it."""
    function = document_function(given_submission, USD)
    request = session_request(CREDENTIALS, "s-1", [function], unique_id=True)
    intacct_schema.check(request)
    return etree.fromstring(request)


def fits(amount_minor: int, currency: str) -> int:
    """Return the amount, in steps that Intacct's two decimals can hold."""
    return amount_minor * 10 if exponent(currency) == 3 else amount_minor


@given(HOSTILE)
def test_text_arrives_as_it_was_but_for_what_xml_cannot_carry(text: str) -> None:
    document = dataclasses.replace(invoice(), description=text, lines=(
        ArLine("4000", 12_000, text, Dimensions(location=text, user_defined=(("GLDIMX", text),))),
    ))  # fmt: skip
    root = read_back(submission(document))
    expected = sendable(text)
    for tag in ("create_invoice/description", "memo", "locationid"):
        assert (root.findtext(f".//{tag}") or "") == expected
    assert (root.findtext(".//customfieldvalue") or "") == expected


@given(HOSTILE)
def test_text_in_generic_objects_arrives_as_it_was(text: str) -> None:
    root = read_back(submission(customer(name=text)))
    assert (root.findtext(".//CUSTOMER/NAME") or "") == sendable(text)
    assert (root.findtext(".//PRINTAS") or "") == sendable(text)


@given(HOSTILE)
def test_text_in_a_look_up_arrives_as_it_was(text: str) -> None:
    function = query_function(query_for(submission(invoice(number=text))))
    request = session_request(CREDENTIALS, "s-1", [function], unique_id=False)
    intacct_schema.check(request)
    root = etree.fromstring(request)
    assert (root.findtext(".//filter/equalto/value") or "") == sendable(text)


@given(HOSTILE)
def test_what_is_sent_has_no_control_characters_and_is_stable(text: str) -> None:
    sent = sendable(text)
    assert sendable(sent) == sent
    assert not any(
        unicodedata.category(each) in {"Cs", "Cc"} for each in sent if each not in "\t\n"
    )
    assert sent == "".join(each for each in text if each in sent)


@given(LINE_AMOUNTS, CURRENCIES)
def test_invoice_lines_read_back_sum_to_the_total(amounts: list[int], currency: str) -> None:
    amounts = [fits(each, currency) for each in amounts]
    document = invoice(*amounts, currency=currency)
    written = [Decimal(str(each.text)) for each in read_back(submission(document)).iter("amount")]
    assert [minor_from_decimal(each, currency) for each in written] == amounts
    assert minor_from_decimal(sum(written, Decimal(0)), currency) == document.total_minor


@given(LINE_AMOUNTS, CURRENCIES)
def test_adjustment_lines_keep_their_sign(amounts: list[int], currency: str) -> None:
    amounts = [-abs(fits(each, currency)) for each in amounts]
    root = read_back(submission(adjustment(*amounts, currency=currency)))
    written = [Decimal(str(each.text)) for each in root.iter("amount")]
    assert [minor_from_decimal(each, currency) for each in written] == amounts
    assert all(each <= 0 for each in written)


@given(st.integers(1, 10**15), CURRENCIES)
def test_a_payment_is_applied_to_the_last_minor_unit(amount: int, currency: str) -> None:
    amount = fits(amount, currency)
    root = read_back(submission(payment(amount, currency=currency), NUMBERS))
    written = Decimal(str(root.findtext(".//TRX_PAYMENTAMOUNT")))
    assert minor_from_decimal(written, currency) == amount
    assert root.findtext(".//ARPYMT/CURRENCY") == currency.upper()


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=6), CURRENCIES)
def test_journals_balance_after_the_way_there_and_back(debits: list[int], currency: str) -> None:
    debits = [fits(each, currency) for each in debits]
    lines = [JournalLine("4000", each, "", Dimensions()) for each in debits]
    lines.append(JournalLine("1200", -sum(debits), "", Dimensions()))
    document = dataclasses.replace(journal_entry(), currency=currency, lines=tuple(lines))
    entries = list(read_back(submission(document)).iter("GLENTRY"))
    amounts = [Decimal(each.findtext("TRX_AMOUNT") or "") for each in entries]
    sides = [int(each.findtext("TR_TYPE") or "") for each in entries]
    assert all(amount > 0 for amount in amounts)
    assert sum(side * amount for side, amount in zip(sides, amounts, strict=True)) == 0
    assert [minor_from_decimal(side * amount, currency) for side, amount in
            zip(sides, amounts, strict=True)] == [line.amount_minor for line in lines]  # fmt: skip


@given(CURRENCIES, st.sampled_from(["usd", "eur", "jpy"]))
def test_a_rate_is_named_exactly_where_the_currency_is_not_the_company_s(
    currency: str, base: str
) -> None:
    document = journal_entry(amount_minor=fits(100, currency), currency=currency)
    root = etree.fromstring(document_function(submission(document), CompanyCurrencies(base)).xml)
    foreign = currency != base
    for tag in ("CURRENCY", "EXCH_RATE_TYPE_ID", "EXCH_RATE_DATE"):
        assert len(list(root.iter(tag))) == (2 if foreign else 0)
