"""Generic and legacy customer functions (dossier 7.1)."""

from collections.abc import Iterator, Mapping

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books import customers
from tests.sandbox.intacct.books.validation import parse_key
from tests.sandbox.intacct.functions.base import Context
from tests.sandbox.intacct.names import names
from tests.sandbox.intacct.wire.content_model import children
from tests.sandbox.intacct.wire.elements import Fields
from tests.sandbox.intacct.wire.replies import KeyPayload, Payload, Row

_FIELDS = frozenset(
    names(
        "RECORDNO CUSTOMERID NAME DISPLAYCONTACT STATUS ONETIME HIDEDISPLAYCONTACT CUSTTYPE"
        " CUSTREPID"
        " PARENTID GLGROUP TERRITORYID SUPDOCID TERMNAME OFFSETGLACCOUNTNO ARACCOUNT SHIPPINGMETHOD"
        " RESALENO TAXID CREDITLIMIT ONHOLD DELIVERY_OPTIONS CUSTMESSAGEID COMMENTS CURRENCY"
        " CONTACTINFO BILLTO SHIPTO CONTACT_LIST_INFO CUSTOMERCONTACTS OBJECTRESTRICTION"
        " RESTRICTEDLOCATIONS RESTRICTEDDEPARTMENTS RETAINAGEPERCENTAGE PRICELIST PRICESCHEDULE"
        " VSOEPRICELIST"
    )
)

# Legacy element to the field it is read back as.
_LEGACY_FIELDS: Mapping[str, str] = {
    "name": "NAME",
    "parentid": "PARENTID",
    "termname": "TERMNAME",
    "custrepid": "CUSTREPID",
    "shippingmethod": "SHIPPINGMETHOD",
    "custtype": "CUSTTYPE",
    "taxid": "TAXID",
    "creditlimit": "CREDITLIMIT",
    "territoryid": "TERRITORYID",
    "resaleno": "RESALENO",
    "glaccountno": "ARACCOUNT",
    "glgroup": "GLGROUP",
    "onhold": "ONHOLD",
    "comments": "COMMENTS",
    "status": "STATUS",
    "currency": "CURRENCY",
    "supdocid": "SUPDOCID",
    "offsetglaccountno": "OFFSETGLACCOUNTNO",
}
_LEGACY_CONTACT_ROLES: Mapping[str, str] = {
    "billto": "BILLTO",
    "shipto": "SHIPTO",
    "contactinfo": "CONTACTINFO",
}


# An address is written with ISOCOUNTRYCODE and read with COUNTRYCODE (7.1).
_ADDRESS = frozenset(
    names("ADDRESS1 ADDRESS2 ADDRESS3 CITY STATE ZIP COUNTRY ISOCOUNTRYCODE LATITUDE LONGITUDE")
)


def create(context: Context, fields: Fields) -> Row:
    """Create a CUSTOMER from the children of a generic ``create``."""
    _refuse_unknown(context, fields)
    values = dict(_flattened(context, fields))
    customer_id = values.pop("CUSTOMERID", "")
    customer = customers.create_customer(context.company, context.scope, customer_id, values)
    return {"RECORDNO": str(customer.record_no), "CUSTOMERID": customer.customer_id}


def update(context: Context, fields: Fields) -> Row:
    """Change a CUSTOMER named by CUSTOMERID or RECORDNO; absent elements stay untouched."""
    _refuse_unknown(context, fields)
    values = dict(_flattened(context, fields))
    customer_id, record_no = values.pop("CUSTOMERID", ""), values.pop("RECORDNO", "")
    if not customer_id:
        if not record_no:
            raise errors.missing("CUSTOMERID")
        found = customers.by_record_no(context.company, parse_key(record_no))
        customer_id = found.customer_id
    if not context.company.switches.empty_clears_on_update:
        values = {path: value for path, value in values.items() if value}
    customer = customers.update_customer(context.company, customer_id, values)
    return {"RECORDNO": str(customer.record_no), "CUSTOMERID": customer.customer_id}


def delete(context: Context, key: str) -> None:
    """Delete a CUSTOMER by RECORDNO."""
    found = customers.by_record_no(context.company, parse_key(key))
    customers.delete_customer(context.company, found.customer_id)


def create_legacy(context: Context, fields: Fields) -> Payload:
    """Run create_customer; ``ignoreduplicates`` makes a taken id a success."""
    customer_id = context.required(fields, "customerid")
    ignore = fields.attribute("ignoreduplicates") == "true"
    if ignore and customer_id in context.company.customers:
        return KeyPayload(customer_id)
    values = dict(_legacy_values(context, fields))
    values.setdefault("DISPLAYCONTACT.PRINTAS", values.get("NAME", ""))
    customers.create_customer(context.company, context.scope, customer_id, values)
    return KeyPayload(customer_id)


def update_legacy(context: Context, fields: Fields) -> Payload:
    """Run update_customer; empty elements count only with ``set_nulls``."""
    customer_id = fields.attribute("customerid")
    values = dict(_legacy_values(context, fields))
    if fields.attribute("set_nulls") != "true":
        values = {path: value for path, value in values.items() if value}
    customers.update_customer(context.company, customer_id, values)
    return KeyPayload(customer_id)


def delete_legacy(context: Context, fields: Fields) -> Payload:
    """Run delete_customer."""
    customer_id = fields.attribute("customerid")
    customers.delete_customer(context.company, customer_id)
    return KeyPayload(customer_id)


def _refuse_unknown(context: Context, fields: Fields) -> None:
    context.refuse_unknown(fields, _FIELDS)
    for address in fields.each("DISPLAYCONTACT/MAILADDRESS"):
        context.refuse_unknown(address, _ADDRESS)


def _flattened(context: Context, fields: Fields, prefix: str = "") -> Iterator[tuple[str, str]]:
    for child in children(fields.element):
        path = f"{prefix}{child.tag!s}".upper()
        if children(child):
            yield from _flattened(context, Fields(child), f"{path}.")
        else:
            text = (child.text or "").strip()
            context.check_generic_length(path, text)
            yield path, text


def _legacy_values(context: Context, fields: Fields) -> Iterator[tuple[str, str]]:
    for name, path in _LEGACY_FIELDS.items():
        if fields.has(name):
            yield path, context.text(fields, name)
    for contact in fields.each("primary/contact"):
        yield from _legacy_contact(contact)
    for role, path in _LEGACY_CONTACT_ROLES.items():
        if fields.text(f"{role}/contactname"):
            yield f"{path}.CONTACTNAME", fields.text(f"{role}/contactname")
    # In the older form the display contact comes as the contact of contactinfo.
    if not fields.has("primary/contact"):
        for contact in fields.each("contactinfo/contact"):
            yield from _legacy_contact(contact)
    options = [each.text(".") for each in fields.each("deliveryoptions/deliveryoption")]
    if options:
        yield "DELIVERY_OPTIONS", "#~#".join(options)
    yield from fields.custom_fields().items()


def _legacy_contact(contact: Fields) -> Iterator[tuple[str, str]]:
    for child in children(contact.element):
        name = str(child.tag).upper()
        if name == "MAILADDRESS":
            for part in children(child):
                path = f"DISPLAYCONTACT.MAILADDRESS.{str(part.tag).upper()}"
                yield path, (part.text or "").strip()
        else:
            yield f"DISPLAYCONTACT.{name}", (child.text or "").strip()
