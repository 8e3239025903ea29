"""Customers as they are read (dossier 7.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.books.money import ZERO
from tests.sandbox.intacct.books.records import Customer
from tests.sandbox.intacct.names import names
from tests.sandbox.intacct.objects.types import Column, ObjectType, Value, status_letter


@dataclass(frozen=True)
class CustomerView:
    """A customer with its company, which knows what it owes."""

    customer: Customer
    company: IntacctCompany

    @property
    def total_due(self) -> Decimal:
        """Open amount in the base currency; computed only when asked for."""
        own = self.customer.customer_id
        documents = (each for each in self.company.documents if each.customer_id == own)
        return sum((each.due_base for each in documents), ZERO)


def _customer_views(company: IntacctCompany) -> Iterable[CustomerView]:
    return (CustomerView(customer, company) for customer in company.customers)


def _customer_field(name: str) -> Column[CustomerView]:
    def get(view: CustomerView) -> Value:
        if name.endswith(".MAILADDRESS.COUNTRYCODE"):
            # The ISO code is written as ISOCOUNTRYCODE and read as COUNTRYCODE (7.1).
            written = name.replace("COUNTRYCODE", "ISOCOUNTRYCODE")
            return view.customer.fields.get(written, "")
        return view.customer.fields.get(name, "")

    return Column(name, "TEXT", get)


_ADDRESS = names("ADDRESS1 ADDRESS2 ADDRESS3 CITY STATE ZIP COUNTRY COUNTRYCODE")
_CONTACT = names(
    "CONTACTNAME PRINTAS COMPANYNAME TAXABLE TAXGROUP PREFIX FIRSTNAME LASTNAME INITIAL PHONE1"
    " PHONE2 CELLPHONE PAGER FAX EMAIL1 EMAIL2 URL1 URL2"
)
_PLAIN = names(
    "PARENTID TERMNAME CUSTREPID CUSTTYPE TERRITORYID RESALENO TAXID CREDITLIMIT ONHOLD CURRENCY"
    " OFFSETGLACCOUNTNO ARACCOUNT SHIPPINGMETHOD DELIVERY_OPTIONS COMMENTS SUPDOCID"
    " OBJECTRESTRICTION RESTRICTEDLOCATIONS RESTRICTEDDEPARTMENTS CONTACTINFO.CONTACTNAME"
    " BILLTO.CONTACTNAME SHIPTO.CONTACTNAME"
)

CUSTOMER: ObjectType[CustomerView] = ObjectType(
    "CUSTOMER",
    "CUSTOMERID",
    (
        Column("RECORDNO", "INTEGER", lambda view: view.customer.record_no, read_only=True),
        Column("CUSTOMERID", "TEXT", lambda view: view.customer.customer_id, required=True),
        Column("NAME", "TEXT", lambda view: view.customer.fields["NAME"], required=True),
        Column("ENTITY", "TEXT", lambda view: f"C{view.customer.customer_id}", read_only=True),
        Column(
            "STATUS",
            "TEXT",
            lambda view: view.customer.fields["STATUS"],
            letter=lambda view: status_letter(view.customer.fields["STATUS"]),
        ),
        Column("TOTALDUE", "DECIMAL", lambda view: view.total_due, read_only=True),
        *(_customer_field(name) for name in _PLAIN),
        *(_customer_field(f"DISPLAYCONTACT.{name}") for name in _CONTACT),
        *(_customer_field(f"DISPLAYCONTACT.MAILADDRESS.{name}") for name in _ADDRESS),
        Column("MEGAENTITYID", "TEXT", lambda view: view.customer.entity_id, read_only=True),
        Column("WHENCREATED", "TIMESTAMP", lambda view: view.customer.created_at, read_only=True),
        Column("WHENMODIFIED", "TIMESTAMP", lambda view: view.customer.modified_at, read_only=True),
    ),
    _customer_views,
    entity_of=lambda view: view.customer.entity_id,
)
