"""Customers: which CUSTOMERID and name a Stripe customer gets, and what is never sent.

Method: one customer snapshot per case through `plan`, looking at the document it gives.
"""

import dataclasses

import pytest

from tests.factories import a_customer, a_policy, an_invoice, planned, the, the_finding
from tieout.domain.documents import Contact, Customer, digest
from tieout.domain.plans import Disposition
from tieout.domain.policy import CustomerOverride, CustomerRules, Policy
from tieout.domain.reasons import Reason
from tieout.planning.fields import CUSTOMER_ID_LENGTH_MAX
from tieout.planning.snapshots import CustomerSnapshot


def with_customers(**changes: object) -> Policy:
    policy = a_policy()
    rules: CustomerRules = dataclasses.replace(policy.customers, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(policy, customers=rules)


def customer_of(snapshot: CustomerSnapshot, policy: Policy | None = None) -> Customer:
    return the(planned(snapshot, policy), f"customer/{snapshot.id}", Customer)


def test_a_customer_gets_name_and_address_from_stripe() -> None:
    customer = customer_of(a_customer())
    assert (customer.customer_id, customer.name) == ("cus_1", "Ada Lovelace Ltd")
    assert customer.contact == Contact(
        print_as="Ada Lovelace Ltd",
        email="billing@example.com",
        phone="+1 555 0100",
        line1="1 Engine Row",
        city="London",
        postal_code="N1 9GU",
        country_code="GB",
    )


@pytest.mark.parametrize(
    ("code", "country"), [("GB", "United Kingdom"), ("gb", "United Kingdom"), ("FR", ""), ("", "")]
)
def test_a_country_is_called_as_the_policy_says_and_else_by_its_code_alone(
    code: str, country: str
) -> None:
    policy = with_customers(countries={"GB": "United Kingdom", "DE": "Germany"})
    address = dataclasses.replace(a_customer().address, country_code=code)
    contact = customer_of(a_customer(address=address), policy).contact
    assert (contact.country, contact.country_code) == (country, code)


def test_the_customer_id_is_prefix_and_stripe_id() -> None:
    assert customer_of(a_customer(), with_customers(prefix="S-")).customer_id == "S-cus_1"


def test_a_customer_id_that_is_too_long_is_shortened_and_stays_unique() -> None:
    policy = with_customers(prefix="STRIPE-")
    first = customer_of(a_customer(id="cus_Abcdefghijklmn"), policy).customer_id
    second = customer_of(a_customer(id="cus_Abcdefghijklmo"), policy).customer_id
    assert len(first) == len(second) == CUSTOMER_ID_LENGTH_MAX
    assert first != second
    assert first.startswith("STRIPE-")


def test_metadata_names_an_existing_customer() -> None:
    snapshot = a_customer(metadata={"intacct_customer_id": " 10042 "})
    assert customer_of(snapshot).customer_id == "10042"


def test_an_override_in_policy_beats_metadata() -> None:
    snapshot = a_customer(metadata={"intacct_customer_id": "10042"})
    policy = with_customers(overrides={"cus_1": CustomerOverride(customer_id="10001")})
    assert customer_of(snapshot, policy).customer_id == "10001"


@pytest.mark.parametrize("named", ["10\x07042", "A" * 21, "10042\U0001f600"])
def test_an_id_that_would_have_to_be_changed_is_parked(named: str) -> None:
    made = planned(a_customer(metadata={"intacct_customer_id": named}))
    finding = the_finding(made, "customer/cus_1")
    assert (finding.disposition, finding.reason) == (Disposition.PARKED, Reason.UNKNOWN_CUSTOMER)


def test_a_name_loses_emoji_and_control_characters_and_is_cut_to_length() -> None:
    assert customer_of(a_customer(name="Ad\x00a\t\U0001f680  Ltd ")).name == "Ada Ltd"
    long_name = customer_of(a_customer(name="x" * 150)).name
    assert long_name == "x" * 99 + "…"


@pytest.mark.parametrize("nameless", ["", "  ", "\U0001f680"])
def test_a_missing_name_becomes_the_stripe_id_and_never_the_email(nameless: str) -> None:
    customer = customer_of(a_customer(name=nameless))
    assert customer.name == customer.contact.print_as == "cus_1"


def test_a_missing_name_is_parked_if_policy_says_so() -> None:
    made = planned(a_customer(name=""), with_customers(name_fallback="park"))
    assert the_finding(made, "customer/cus_1").reason is Reason.CUSTOMER_NAME_MISSING
    assert made.documents == ()


def test_what_is_useless_when_cut_is_left_out() -> None:
    contact = customer_of(a_customer(email="a" * 201, phone="1" * 31, name="Ada")).contact
    assert (contact.email, contact.phone) == ("", "")


@pytest.mark.parametrize(("amend_adopted", "amend"), [(False, "if_created"), (True, "always")])
def test_policy_decides_whether_adopted_customers_are_overwritten(
    amend_adopted: bool, amend: str
) -> None:
    assert customer_of(a_customer(), with_customers(amend_adopted=amend_adopted)).amend == amend


def test_a_customer_deleted_in_stripe_calls_for_nothing_of_its_own() -> None:
    made = planned(CustomerSnapshot(id="cus_1", deleted=True))
    assert made.documents == ()
    finding = the_finding(made, "customer/cus_1/deleted")
    assert (finding.disposition, finding.reason) == (
        Disposition.NOT_BOOKED,
        Reason.NOTHING_TO_BOOK,
    )


def test_the_invoice_of_a_deleted_customer_still_has_its_debtor_but_never_amends_it() -> None:
    made = planned(an_invoice(customer=a_customer(deleted=True)))
    assert the(made, "customer/cus_1", Customer).amend == "never"


def test_an_invoice_calls_for_the_same_customer_as_the_customer_itself() -> None:
    on_its_own = customer_of(a_customer())
    on_invoice = the(planned(an_invoice()), "customer/cus_1", Customer)
    assert digest(on_its_own) == digest(on_invoice)


def test_the_payment_term_of_new_customers_comes_from_policy() -> None:
    assert customer_of(a_customer(), with_customers(term="Net 30")).term == "Net 30"
