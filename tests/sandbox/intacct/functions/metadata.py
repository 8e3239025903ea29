"""What the company says of itself: lookup, inspect, get_closedbooksdate (dossier 2.2, 7.9)."""

from typing import Any

from lxml import etree

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.functions.base import Context
from tests.sandbox.intacct.objects.catalogue import OBJECT_TYPES, object_type
from tests.sandbox.intacct.objects.types import ObjectType
from tests.sandbox.intacct.wire.elements import Fields
from tests.sandbox.intacct.wire.replies import DataPayload, Payload


def lookup(_: Context, fields: Fields) -> Payload:
    """Describe an object's fields with their properties."""
    kind = object_type(fields.required("object"))
    data = etree.Element("data")
    described = etree.SubElement(data, "Type", Name=kind.name, DocumentType="")
    listed = etree.SubElement(described, "Fields")
    for column in kind.columns:
        field = etree.SubElement(listed, "Field")
        for name, text in (
            ("ID", column.name),
            ("LABEL", column.name.title()),
            ("DESCRIPTION", ""),
            ("REQUIRED", "true" if column.required else "false"),
            ("READONLY", "true" if column.read_only else "false"),
            ("DATATYPE", column.data_type),
            ("ISCUSTOM", "false"),
        ):
            etree.SubElement(field, name).text = text
    etree.SubElement(described, "Relationships")
    return DataPayload(data)


def inspect(_: Context, fields: Fields) -> Payload:
    """List the fields of an object, or with ``*`` the objects there are."""
    name = fields.text("object") or fields.text("name")
    kinds = list(OBJECT_TYPES.values()) if name == "*" else [object_type(name)]
    data = etree.Element("data", listtype="All", count=str(len(kinds)))
    for kind in kinds:
        described = etree.SubElement(data, "Type", Name=kind.name)
        if name != "*":
            _append_fields(described, kind, detail=fields.attribute("detail") == "1")
    return DataPayload(data)


def closed_books_date(context: Context, _: Fields) -> Payload:
    """Tell through which day the books of the session's entity are closed; nothing if they are not.

    The schema knows the element's parts; how a reply holds them, nobody says, so it is a switch.
    """
    shape = context.company.switches.closed_books_date
    if shape == "unknown_function":
        raise errors.refuse(errors.SCHEMA_ERROR, "The function get_closedbooksdate is not known")
    data = etree.Element("data")
    closed = context.company.closed_through(context.scope.entity_id)
    if closed is None:
        return DataPayload(data)
    if shape != "parts":
        parent = etree.SubElement(data, "closedbooks")
        told = etree.SubElement(parent, "closedbooksdate")
        told.text = f"{closed:%m/%d/%Y}" if shape == "text" else "the end of last month"
        return DataPayload(data)
    element = etree.SubElement(data, "closedbooksdate")
    for name, number in (("year", closed.year), ("month", closed.month), ("day", closed.day)):
        etree.SubElement(element, name).text = str(number)
    return DataPayload(data)


def _append_fields(described: etree._Element, kind: ObjectType[Any], *, detail: bool) -> None:
    listed = etree.SubElement(described, "Fields")
    for column in kind.columns:
        field = etree.SubElement(listed, "Field")
        if not detail:
            field.text = column.name
            continue
        for name, text in (
            ("Name", column.name),
            ("DataType", column.data_type),
            ("MaxLength", "0"),
        ):
            etree.SubElement(field, name).text = text
