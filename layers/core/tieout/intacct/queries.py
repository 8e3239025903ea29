"""The generic `query` function: which records, which of their fields, page by page. Pure.

Source: intacct-xml-api dossier section 7.9.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from tieout.intacct.request_xml import Function, function
from tieout.intacct.xml_values import append_text

# Source: intacct-xml-api dossier section 7.9: pagesize is at most 2000, `in` takes 1000 values.
PAGE_ROWS = 2000
VALUES_MAX = 1000

Operator = Literal[
    "equalto",
    "notequalto",
    "in",
    "between",
    "lessthanorequalto",
    "greaterthanorequalto",
    "greaterthan",
]


@dataclass(frozen=True, slots=True)
class Condition:
    """What a field must be: one value, or as many as the operator takes."""

    field: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """Records of one object.

    Attributes:
        fields: what to read of each; with `sums`, what to group by.
        conditions: all must hold.
        sums: fields to add up over each group; the answer calls them `SUM.<field>`.
    """

    object_name: str
    fields: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    sums: tuple[str, ...] = ()


def one_of(field: str, values: Sequence[str]) -> Condition:
    """Return the condition that a field has one of some values; at most `VALUES_MAX`."""
    assert 1 <= len(values) <= VALUES_MAX
    return Condition(field, "equalto" if len(values) == 1 else "in", tuple(values))


def selection_function(selection: Selection, offset: int = 0) -> Function:
    """Return the function that reads a page of the selection, from row `offset` on.

    Records come in the order of their RECORDNO, so that pages follow each other; groups are few
    enough to come in one page, in any order.
    """
    element = etree.Element("query")
    append_text(element, "object", selection.object_name)
    select = etree.SubElement(element, "select")
    for field in selection.fields:
        append_text(select, "field", field)
    for field in selection.sums:
        append_text(select, "sum", field)
    if selection.conditions:
        parent = etree.SubElement(element, "filter")
        if len(selection.conditions) > 1:
            parent = etree.SubElement(parent, "and")
        for condition in selection.conditions:
            operator = etree.SubElement(parent, condition.operator)
            append_text(operator, "field", condition.field)
            for value in condition.values:
                append_text(operator, "value", value)
    if not selection.sums:
        order = etree.SubElement(etree.SubElement(element, "orderby"), "order")
        append_text(order, "field", "RECORDNO")
        etree.SubElement(order, "ascending")
    append_text(element, "pagesize", str(PAGE_ROWS))
    if offset:
        append_text(element, "offset", str(offset))
    digest = hashlib.sha256(etree.tostring(element)).hexdigest()
    return function(f"query-{digest[:32]}", element)
