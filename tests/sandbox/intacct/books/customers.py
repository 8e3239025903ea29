"""Customers and the contacts that come with them.

Source: dossier 7.1. A customer's values are kept by upper-case path (``DISPLAYCONTACT.EMAIL1``),
which is also how they are read back.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books.company import IntacctCompany, Scope
from tests.sandbox.intacct.books.records import Customer

CONTACT_NAME = "DISPLAYCONTACT.CONTACTNAME"
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
_EMAIL_PATHS = ("DISPLAYCONTACT.EMAIL1", "DISPLAYCONTACT.EMAIL2")
_COUNTRY = ("COUNTRY", "ISOCOUNTRYCODE")
_CONTACT_REFERENCES = ("CONTACTINFO.CONTACTNAME", "BILLTO.CONTACTNAME", "SHIPTO.CONTACTNAME")


def create_customer(
    company: IntacctCompany, scope: Scope, customer_id: str, values: Mapping[str, str]
) -> Customer:
    """Create a customer and its display contact.

    Raises:
        FunctionFailedError: missing name, print-as name or id, taken id or contact name, unknown
            term, account, parent or currency, malformed e-mail address.
    """
    if not customer_id:
        if "customer" not in company.profile.sequences:
            raise errors.missing("CUSTOMERID")
        customer_id = f"{company.next_number('customer id', 10001)}"
    for required in ("NAME", "DISPLAYCONTACT.PRINTAS"):
        if not values.get(required):
            raise errors.missing(required)
    if customer_id in company.customers:
        raise errors.duplicate_value("Customer", customer_id)
    contact = values.get(CONTACT_NAME) or f"{values['NAME']}(C{customer_id})"
    if contact in company.contact_owners:
        raise errors.duplicate_value("Contact", contact)
    company.contact_owners.put(contact, customer_id)
    filled = {"STATUS": "active", **_without_empty(values), CONTACT_NAME: contact}
    _check_values(company, filled)
    now = company.now()
    customer = Customer(
        record_no=company.next_number("customer"),
        customer_id=customer_id,
        fields=MappingProxyType(filled),
        created_at=now,
        modified_at=now,
        entity_id=scope.entity_id,
    )
    company.customers.put(customer_id, customer)
    return customer


def update_customer(
    company: IntacctCompany, customer_id: str, values: Mapping[str, str]
) -> Customer:
    """Change the values given; an empty value clears the field.

    Raises:
        FunctionFailedError: unknown customer, or a value that creating would refuse.
    """
    customer = company.customers.get(customer_id)
    if customer is None:
        raise errors.invalid_reference("Customer", customer_id)
    changed = dict(customer.fields)
    for path, value in values.items():
        if value:
            changed[path] = value
        else:
            changed.pop(path, None)
    for required in ("NAME", "DISPLAYCONTACT.PRINTAS"):
        if not changed.get(required):
            raise errors.missing(required)
    changed.setdefault("STATUS", "active")
    _rename_contact(company, customer, changed)
    _check_values(company, changed)
    updated = replace(customer, fields=MappingProxyType(changed), modified_at=company.now())
    company.customers.put(customer_id, updated)
    return updated


def delete_customer(company: IntacctCompany, customer_id: str) -> None:
    """Delete a customer that nothing uses."""
    customer = company.customers.get(customer_id)
    if customer is None:
        raise errors.invalid_reference("Customer", customer_id)
    used = any(each.customer_id == customer_id for each in company.documents) or any(
        each.customer_id == customer_id for each in company.payments
    )
    if used:
        raise errors.refuse("BL01001973", f"Customer {customer_id} is in use, cannot delete it")
    company.contact_owners.remove(customer.fields[CONTACT_NAME])
    company.customers.remove(customer_id)


def by_record_no(company: IntacctCompany, record_no: int) -> Customer:
    """Return a customer by RECORDNO."""
    found = next((each for each in company.customers if each.record_no == record_no), None)
    if found is None:
        raise errors.no_record(str(record_no))
    return found


def _rename_contact(company: IntacctCompany, customer: Customer, changed: dict[str, str]) -> None:
    before = customer.fields[CONTACT_NAME]
    after = changed.setdefault(CONTACT_NAME, before)
    if after == before:
        return
    if after in company.contact_owners:
        raise errors.duplicate_value("Contact", after)
    company.contact_owners.remove(before)
    company.contact_owners.put(after, customer.customer_id)


def _check_values(company: IntacctCompany, values: Mapping[str, str]) -> None:
    for path in _EMAIL_PATHS:
        if values.get(path) and not _EMAIL.fullmatch(values[path]):
            raise errors.illegal(path, values[path])
    if values["STATUS"] not in {"active", "inactive"}:
        raise errors.illegal("STATUS", values["STATUS"])
    _check_references(company, values)
    country, code = (values.get(f"DISPLAYCONTACT.MAILADDRESS.{name}") for name in _COUNTRY)
    if company.switches.iso_country_codes and bool(country) != bool(code):
        raise errors.missing("COUNTRY" if code else "ISOCOUNTRYCODE")
    if "E-Mail" in values.get("DELIVERY_OPTIONS", "") and not values.get("DISPLAYCONTACT.EMAIL1"):
        raise errors.refuse("BL01001973", "Delivery by E-Mail needs a contact e-mail address")


def _check_references(company: IntacctCompany, values: Mapping[str, str]) -> None:
    term, parent, currency = (values.get(name, "") for name in ("TERMNAME", "PARENTID", "CURRENCY"))
    if term and term not in company.terms:
        raise errors.invalid_reference("term", term)
    if parent and parent not in company.customers:
        raise errors.invalid_reference("Customer", parent)
    if currency not in {"", company.profile.base_currency, *company.profile.rates}:
        raise errors.invalid_reference("currency", currency)
    for account in (values.get("OFFSETGLACCOUNTNO"), values.get("ARACCOUNT")):
        if account:
            company.account(account)
    for path in _CONTACT_REFERENCES:
        if values.get(path) and values[path] not in company.contact_owners:
            raise errors.invalid_reference("Contact", values[path])


def _without_empty(values: Mapping[str, str]) -> dict[str, str]:
    return {path: value for path, value in values.items() if value}
