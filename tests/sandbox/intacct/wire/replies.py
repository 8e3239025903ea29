"""Writing replies in the shapes of dossier section 2."""

import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from lxml import etree

from tests.sandbox.intacct.errors import ErrorEntry, with_ids
from tests.sandbox.intacct.wire.envelope import Control

Row = Mapping[str, str]
ResultStatus = Literal["success", "failure", "aborted"]


@dataclass(frozen=True)
class KeyPayload:
    """Legacy functions answer a ``key`` (2.2)."""

    key: str


@dataclass(frozen=True)
class ObjectsPayload:
    """Generic create and update answer the objects' keys (2.2)."""

    tag: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class RowsPayload:
    """Reads answer rows; ``attributes`` go on ``data`` in order."""

    tag: str
    rows: Sequence[Row]
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class ListPayload:
    """get_list answers a ``listtype`` element with the range, then the data (2.2)."""

    tag: str
    rows: Sequence[Row]
    start: int
    total: int


@dataclass(frozen=True)
class DataPayload:
    """A ready-made ``data`` element (getAPISession, lookup, inspect)."""

    data: etree._Element


@dataclass(frozen=True)
class NothingPayload:
    """Success without data (generic delete, 2.2)."""


Payload = KeyPayload | ObjectsPayload | RowsPayload | ListPayload | DataPayload | NothingPayload


@dataclass(frozen=True)
class FunctionResult:
    """The outcome of one function."""

    function: str
    control_id: str
    status: ResultStatus
    payload: Payload = field(default_factory=NothingPayload)
    errors: tuple[ErrorEntry, ...] = ()


@dataclass(frozen=True)
class AuthenticationBlock:
    """The authentication element; times are present only after success (2.1)."""

    status: Literal["success", "failure"]
    user_id: str
    company_id: str
    location_id: str = ""
    session_started: datetime | None = None
    session_ends: datetime | None = None


class ReplyWriter:
    """Writes the replies to one request, whose control block decides about form and detail."""

    def __init__(self, control: Control, support_id: str) -> None:
        self._control = control
        self._support_id = support_id

    def control_failure(self, entries: Iterable[ErrorEntry], *, short: bool = False) -> bytes:
        """Write a failure of the whole request; ``short`` is the edge's bare control block."""
        root = etree.Element("response")
        root.append(self._control_block("failure", short=short))
        self._append_errors(root, entries)
        return self._serialize(root)

    def authentication_failure(
        self, block: AuthenticationBlock, entries: Iterable[ErrorEntry]
    ) -> bytes:
        """Write a failure to sign in: control success, no result."""
        root, operation = self._operation(block)
        self._append_errors(operation, entries)
        return self._serialize(root)

    def results(self, block: AuthenticationBlock, results: Iterable[FunctionResult]) -> bytes:
        """Write the results of an executed operation."""
        root, operation = self._operation(block)
        for result in results:
            operation.append(self._result(result))
        return self._serialize(root)

    def _control_block(self, status: str, *, short: bool = False) -> etree._Element:
        block = etree.Element("control")
        _text(block, "status", status)
        if not short:
            _text(block, "senderid", self._control.sender_id)
            _text(block, "controlid", self._control.control_id)
            _text(block, "uniqueid", "true" if self._control.unique_id else "false")
            _text(block, "dtdversion", self._control.dtd_version)
        return block

    def _operation(self, block: AuthenticationBlock) -> tuple[etree._Element, etree._Element]:
        root = etree.Element("response")
        root.append(self._control_block("success"))
        operation = etree.SubElement(root, "operation")
        authentication = etree.SubElement(operation, "authentication")
        _text(authentication, "status", block.status)
        _text(authentication, "userid", block.user_id)
        _text(authentication, "companyid", block.company_id)
        _text(authentication, "locationid", block.location_id)
        if block.session_started is not None and block.session_ends is not None:
            _text(authentication, "sessiontimestamp", _moment(block.session_started))
            _text(authentication, "sessiontimeout", _moment(block.session_ends))
        return root, operation

    def _result(self, result: FunctionResult) -> etree._Element:
        element = etree.Element("result")
        _text(element, "status", result.status)
        _text(element, "function", result.function)
        _text(element, "controlid", result.control_id)
        _append_payload(element, result.payload)
        if result.errors:
            self._append_errors(element, result.errors)
        return element

    def _append_errors(self, parent: etree._Element, entries: Iterable[ErrorEntry]) -> None:
        message = etree.SubElement(parent, "errormessage")
        for each in entries:
            entry = with_ids(each)
            error = etree.SubElement(message, "error")
            _text(error, "errorno", entry.errorno)
            _text(error, "description", entry.description)
            _text(error, "description2", self._with_support_id(entry.description2))
            _text(error, "correction", entry.correction)
            if self._control.show_additional_error_info:
                error.append(_additional_info(entry))

    def _with_support_id(self, text: str) -> str:
        token = urllib.parse.quote(self._support_id, safe="")
        return f"{text} [Support ID: {token}]"

    def _serialize(self, root: etree._Element) -> bytes:
        return etree.tostring(
            root,
            encoding="UTF-8",
            xml_declaration=True,
            pretty_print=self._control.include_whitespace,
        )


def _append_payload(result: etree._Element, payload: Payload) -> None:
    match payload:
        case KeyPayload(key):
            _text(result, "key", key)
        case ObjectsPayload(tag, rows):
            data = etree.SubElement(result, "data", listtype="objects", count=str(len(rows)))
            _append_rows(data, tag, rows)
        case RowsPayload(tag, rows, attributes):
            data = etree.SubElement(result, "data", dict(attributes))
            _append_rows(data, tag, rows)
        case ListPayload(tag, rows, start, total):
            end = str(start + max(len(rows) - 1, 0))
            extent = {"start": str(start), "end": end, "total": str(total)}
            listtype = etree.SubElement(result, "listtype", extent)
            listtype.text = tag
            _append_rows(etree.SubElement(result, "data"), tag, rows)
        case DataPayload(data):
            result.append(data)
        case NothingPayload():
            pass


def _append_rows(data: etree._Element, tag: str, rows: Sequence[Row]) -> None:
    for row in rows:
        element = etree.SubElement(data, tag)
        for name, value in row.items():
            _text(element, name, value)


def _additional_info(entry: ErrorEntry) -> etree._Element:
    """Write the element of showadditionalerrorinfo (2.6); its ids are the double's own."""
    info = etree.Element("additionalinfo")
    _text(info, "errorid", entry.error_id)
    _text(info, "category", "")
    target = etree.SubElement(info, "target")
    for name in ("domain", "requestinfo", "object", "field", "businessinfo"):
        target.set(name, "")
    for name in ("description", "cdescription", "correction"):
        part = etree.SubElement(info, name)
        _text(part, "messageid", f"IA.{entry.error_id.replace('-', '_').upper()}")
    return info


def _moment(moment: datetime) -> str:
    return replace_microseconds(moment).isoformat()


def replace_microseconds(moment: datetime) -> datetime:
    """Drop the fraction of a second, which the gateway never shows."""
    return moment.replace(microsecond=0)


def _text(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text or None


def with_errors(result: FunctionResult, *entries: ErrorEntry) -> FunctionResult:
    """Return the result with further errors behind its own."""
    return replace(result, errors=(*result.errors, *entries))
