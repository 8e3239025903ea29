"""Validates requests against Sage's own schema of dtdversion 3.0, where it is at hand.

The published schema predates two things we send, so they are checked here by hand: the control
element `showadditionalerrorinfo`, and the function `query`.
"""

import copy
import functools
from pathlib import Path

import pytest
from lxml import etree

SCHEMA = Path(__file__).parents[3] / "shared/reference/intacct-schema/api-3.0.xsd"

# Source: intacct-xml-api dossier sections 1.3 and 7.9.
_QUERY = etree.XMLSchema(
    etree.fromstring(
        b"""
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:complexType name="one"><xs:sequence>
    <xs:element name="field" type="xs:string"/><xs:element name="value" type="xs:string"/>
  </xs:sequence></xs:complexType>
  <xs:group name="operator"><xs:choice>
    <xs:element name="equalto" type="one"/>
    <xs:element name="lessthanorequalto" type="one"/>
    <xs:element name="greaterthanorequalto" type="one"/>
    <xs:element name="greaterthan" type="one"/>
    <xs:element name="notequalto" type="one"/>
    <xs:element name="between"><xs:complexType><xs:sequence>
      <xs:element name="field" type="xs:string"/>
      <xs:element name="value" type="xs:string" minOccurs="2" maxOccurs="2"/>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="in"><xs:complexType><xs:sequence>
      <xs:element name="field" type="xs:string"/>
      <xs:element name="value" type="xs:string" maxOccurs="1000"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:choice></xs:group>
  <xs:element name="query"><xs:complexType><xs:all>
    <xs:element name="object" type="xs:string"/>
    <xs:element name="select"><xs:complexType><xs:sequence>
      <xs:element name="field" type="xs:string" maxOccurs="unbounded"/>
      <xs:element name="sum" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="filter" minOccurs="0"><xs:complexType><xs:choice>
      <xs:element name="and"><xs:complexType><xs:sequence>
        <xs:group ref="operator" minOccurs="2" maxOccurs="unbounded"/>
      </xs:sequence></xs:complexType></xs:element>
      <xs:group ref="operator"/>
    </xs:choice></xs:complexType></xs:element>
    <xs:element name="orderby" minOccurs="0"><xs:complexType><xs:sequence>
      <xs:element name="order"><xs:complexType><xs:sequence>
        <xs:element name="field" type="xs:string"/><xs:element name="ascending"/>
      </xs:sequence></xs:complexType></xs:element>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="pagesize"><xs:simpleType><xs:restriction base="xs:integer">
      <xs:minInclusive value="1"/><xs:maxInclusive value="2000"/>
    </xs:restriction></xs:simpleType></xs:element>
    <xs:element name="offset" type="xs:nonNegativeInteger" minOccurs="0"/>
  </xs:all></xs:complexType></xs:element>
</xs:schema>"""
    )
)


@functools.cache
def _schema() -> etree.XMLSchema | None:
    return etree.XMLSchema(etree.parse(str(SCHEMA))) if SCHEMA.exists() else None


def assert_valid(request: bytes) -> None:
    """Assert that the gateway would not refuse the request for its shape; skip without schema."""
    if _schema() is None:
        pytest.skip(f"NOT VALIDATED: the Intacct schema is not at {SCHEMA}")
    check(request)


def check(request: bytes) -> None:
    """Assert what can be asserted: against the schema if it is at hand, never skipping."""
    root = etree.fromstring(request)
    last_of_control = root.find("control")[-1]  # type: ignore[index]
    assert last_of_control.tag == "showadditionalerrorinfo"
    last_of_control.getparent().remove(last_of_control)  # type: ignore[union-attr]
    for query in root.findall("operation/content/function/query"):
        _QUERY.assertValid(etree.ElementTree(copy.deepcopy(query)))
        query.getparent().replace(query, etree.Element("getAPISession"))  # type: ignore[union-attr]
    schema = _schema()
    if schema is not None:
        schema.assertValid(etree.ElementTree(root))
