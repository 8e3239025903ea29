"""Goal: what the golden files cannot show: what is refused, and what is left out.

Method: encode single documents and look at single elements.
"""

import dataclasses
from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from tests.support.intacct_documents import (
    CUSTOMER_KEY,
    INVOICE_KEY,
    application,
    customer,
    invoice,
    journal_entry,
    payment,
    reversal,
    submission,
)
from tieout.domain.documents import Dimensions, Document, digest
from tieout.domain.errors import Refused
from tieout.domain.reasons import Reason
from tieout.intacct.document_xml import CompanyCurrencies, document_function
from tieout.services.ports import Submission

USD, EUR = CompanyCurrencies("usd"), CompanyCurrencies("eur")


def encoded(given: Submission, currencies: CompanyCurrencies = USD) -> etree._Element:
    return etree.fromstring(document_function(given, currencies).xml)


def texts(element: etree._Element, tag: str) -> list[str | None]:
    return [each.text for each in element.iter(tag)]


def test_the_function_carries_the_control_id_of_the_submission() -> None:
    given = submission(customer())
    assert encoded(given).get("controlid") == given.control_id
    assert given.control_id.endswith(digest(given.document)[:16])


def test_what_stripe_does_not_know_of_a_customer_is_left_alone() -> None:
    bare = customer()
    bare = dataclasses.replace(
        bare,
        term=None,
        contact=dataclasses.replace(
            bare.contact, email="", phone="", line1="", city="", postal_code="", country_code=""
        ),
    )
    element = encoded(submission(bare, amend=True, record_no="5"))
    assert not list(element.iter("EMAIL1", "PHONE1", "MAILADDRESS", "TERMNAME"))
    assert all(each.text for each in element.iter() if not len(each))


@pytest.mark.parametrize(
    ("country", "told"),
    [
        ("", [("ZIP", "10969"), ("ISOCOUNTRYCODE", "DE")]),
        ("Germany", [("ZIP", "10969"), ("COUNTRY", "Germany"), ("ISOCOUNTRYCODE", "DE")]),
    ],
)
def test_the_name_of_a_country_stands_before_its_code(
    country: str, told: list[tuple[str, str]]
) -> None:
    contact = dataclasses.replace(customer().contact, country=country)
    given = submission(dataclasses.replace(customer(), contact=contact))
    (address,) = encoded(given).iter("MAILADDRESS")
    assert [(each.tag, each.text) for each in address][2:] == told


def test_an_amended_customer_is_named_by_its_record_number() -> None:
    element = encoded(submission(customer(), amend=True, record_no="5"))
    assert texts(element, "RECORDNO") == ["5"]
    assert not list(element.iter("CUSTOMERID"))


def test_an_amended_customer_whose_number_we_lost_is_named_by_its_id() -> None:
    element = encoded(submission(customer(), amend=True))
    assert texts(element, "CUSTOMERID") == ["S-cus_Anna"]


def test_amending_does_not_overwrite_the_company_s_comments() -> None:
    assert list(encoded(submission(customer())).iter("COMMENTS"))
    assert not list(encoded(submission(customer(), amend=True, record_no="5")).iter("COMMENTS"))


def test_a_customer_that_is_gone_in_stripe_becomes_inactive() -> None:
    assert texts(encoded(submission(customer(active=False))), "STATUS") == ["inactive"]


@pytest.mark.parametrize("document", [invoice(), payment(), journal_entry()])
def test_nothing_but_customers_can_be_amended(document: Document) -> None:
    with pytest.raises(Refused) as refused:
        encoded(submission(document, {INVOICE_KEY: "9"}, amend=True, record_no="5"))
    assert refused.value.reason is Reason.DRIFT


@pytest.mark.parametrize("document", [payment(), application(), reversal()])
def test_a_document_that_refers_to_an_unposted_one_is_refused(document: Document) -> None:
    with pytest.raises(Refused) as refused:
        encoded(submission(document, {CUSTOMER_KEY: "3"}))
    assert refused.value.reason is Reason.WAITS_FOR_PARKED
    assert "no RECORDNO" in refused.value.text


def test_the_base_currency_needs_no_rate() -> None:
    assert not list(encoded(submission(invoice())).iter("currency", "exchratetype", "basecurr"))
    assert not list(encoded(submission(journal_entry())).iter("CURRENCY", "EXCH_RATE_TYPE_ID"))


def test_a_foreign_currency_comes_with_a_rate_of_the_posting_date() -> None:
    element = encoded(submission(invoice(currency="usd")), EUR)
    assert texts(element, "basecurr") == ["EUR"]
    assert texts(element, "currency") == ["USD"]
    assert texts(element, "exchratetype") == ["Intacct Daily Rate"]
    assert [each.text for each in element.find(".//exchratedate")] == ["2026", "11", "21"]  # type: ignore[union-attr]


def test_a_payment_always_names_its_currency() -> None:
    element = encoded(submission(payment(), {INVOICE_KEY: "9"}))
    assert texts(element, "CURRENCY") == ["USD"]
    assert not list(element.iter("BASECURR", "EXCH_RATE_TYPE_ID"))


def test_a_payment_goes_to_the_bank_account_if_there_is_one() -> None:
    element = encoded(submission(payment(currency="eur"), {INVOICE_KEY: "9"}))
    assert texts(element, "FINANCIALENTITY") == ["STRIPE-EUR"]
    assert not list(element.iter("UNDEPOSITEDACCOUNTNO"))


def test_a_journal_line_s_side_is_told_by_its_type_never_by_a_sign() -> None:
    element = encoded(submission(journal_entry(amount_minor=5_000)))
    assert texts(element, "TR_TYPE") == ["1", "-1"]
    assert texts(element, "TRX_AMOUNT") == ["50.00", "50.00"]


def test_an_amount_that_intacct_would_round_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        encoded(submission(invoice(1_234, currency="kwd")))
    assert refused.value.reason is Reason.DOES_NOT_ADD_UP
    assert "1.234 kwd" in refused.value.text


def test_a_three_decimal_amount_that_fits_is_sent() -> None:
    assert texts(encoded(submission(invoice(1_230, currency="kwd"))), "amount") == ["1.23"]


def test_a_currency_without_decimals_gets_none() -> None:
    assert texts(encoded(submission(invoice(500, currency="jpy"))), "amount") == ["500"]


def test_amounts_are_never_written_with_an_exponent() -> None:
    huge = encoded(submission(invoice(10**30, currency="jpy")))
    assert texts(huge, "amount") == ["1" + "0" * 30]
    assert Decimal(str(texts(huge, "amount")[0])) == 10**30


def with_dimension(name: str) -> Submission:
    entry = journal_entry()
    lines = tuple(
        dataclasses.replace(line, dimensions=Dimensions(user_defined=((name, "7"),)))
        for line in entry.lines
    )
    return submission(dataclasses.replace(entry, lines=lines))


def test_a_user_defined_dimension_is_an_element_of_its_own_in_a_journal() -> None:
    assert texts(encoded(with_dimension("GLDIMREGION")), "GLDIMREGION") == ["7", "7"]


@pytest.mark.parametrize("name", ["GL DIM", "<x>", "1ST", "", "xml:lang", "ÄRGER"])
def test_a_dimension_whose_name_is_no_element_name_is_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        encoded(with_dimension(name))
    assert refused.value.reason is Reason.UNKNOWN_DIMENSION


def test_dates_have_two_spellings() -> None:
    early = date(2027, 3, 4)
    legacy = dataclasses.replace(invoice(), due_date=early)
    assert [each.text for each in encoded(submission(legacy)).find(".//datedue")] == [  # type: ignore[union-attr]
        "2027",
        "03",
        "04",
    ]
    generic = dataclasses.replace(journal_entry(), posting_date=early)
    assert texts(encoded(submission(generic)), "BATCH_DATE") == ["03/04/2027"]
