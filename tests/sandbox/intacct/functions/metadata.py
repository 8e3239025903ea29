"""lookup and inspect (dossier 2.2 and 7.9)."""

from typing import Any

from lxml import etree

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
