"""read, readByName, readByQuery, readMore, query, get and get_list (dossier 2.2 and 7.9)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.functions.base import Context
from tests.sandbox.intacct.objects.catalogue import LEGACY_OBJECTS, object_type
from tests.sandbox.intacct.objects.cursors import Page
from tests.sandbox.intacct.objects.filter_sql import parse_filter
from tests.sandbox.intacct.objects.filter_xml import list_filter, query_filter
from tests.sandbox.intacct.objects.filters import (
    Dialect,
    compile_filter,
    require_column,
    sort_key,
)
from tests.sandbox.intacct.objects.types import Column, ObjectType, Value, print_value
from tests.sandbox.intacct.wire.elements import Fields
from tests.sandbox.intacct.wire.replies import ListPayload, Payload, RowsPayload

_READ_BY_QUERY_PAGE_MAX = 1000
_PAGE_DEFAULT = 100


def read(context: Context, fields: Fields) -> Payload:
    """Run read: records by RECORDNO."""
    return _read_by(context, fields, "RECORDNO")


def read_by_name(context: Context, fields: Fields) -> Payload:
    """Run readByName: records by their natural id."""
    kind = object_type(fields.required("object"))
    return _read_by(context, fields, kind.natural_key)


def read_by_query(context: Context, fields: Fields) -> Payload:
    """Run readByQuery: the first page of what the text selects."""
    kind = object_type(fields.required("object"))
    condition = parse_filter(fields.text("query"))
    matches = compile_filter(condition, kind, Dialect(letters=True))
    columns = _selected(kind, fields.text("fields"))
    page_size = _page_size(fields.text("pagesize"))
    records = [each for each in kind.visible(context.company, context.scope) if matches(each)]
    rows = [_row(columns, each) for each in records]
    return _page_payload(context.cursors.first(kind.name, rows, page_size))


def read_more(context: Context, fields: Fields) -> Payload:
    """Run readMore with a resultId."""
    result_id = fields.text("resultId")
    if not result_id:
        raise errors.refuse("Query Failed", "The double continues by resultId only")
    return _page_payload(context.cursors.more(result_id))


def query(context: Context, fields: Fields) -> Payload:
    """Run query: filter, order, aggregates, paging by offset."""
    kind = object_type(fields.required("object"))
    how = Dialect(case_insensitive=fields.text("options/caseinsensitive") == "true")
    matches = compile_filter(query_filter(fields), kind, how)
    records = [each for each in kind.visible(context.company, context.scope) if matches(each)]
    for order in reversed(list(fields.each("orderby/order"))):
        column = require_column(kind, order.required("field"))
        descending = order.has("descending")
        records.sort(key=lambda each: sort_key(column.get(each)), reverse=descending)
    rows = _query_rows(kind, fields, records)
    offset = int(fields.text("offset", "0"))
    page = rows[offset : offset + int(fields.text("pagesize", str(_PAGE_DEFAULT)))]
    attributes = {
        "listtype": kind.name,
        "totalcount": str(len(rows)),
        "offset": str(offset),
        "count": str(len(page)),
        "numremaining": str(max(len(rows) - offset - len(page), 0)),
    }
    return RowsPayload(kind.name, page, attributes)


def get_list(context: Context, fields: Fields) -> Payload:
    """Run get_list, with lower-case field names as legacy functions have them."""
    legacy_name = fields.attribute("object")
    kind = _legacy_type(legacy_name)
    matches = compile_filter(list_filter(fields), kind, Dialect(letters=False))
    records = [each for each in kind.visible(context.company, context.scope) if matches(each)]
    for sort in reversed(list(fields.each("sorts/sortfield"))):
        column = require_column(kind, sort.text("."))
        descending = sort.attribute("order") == "desc"
        records.sort(key=lambda each: sort_key(column.get(each)), reverse=descending)
    start = _count(fields.attribute("start"), 0)
    page = records[start : start + _count(fields.attribute("maxitems"), _PAGE_DEFAULT)]
    columns = _listed(kind, fields)
    rows = [_lower(_row(columns, each)) for each in page]
    return ListPayload(legacy_name, rows, start, len(records))


def get(context: Context, fields: Fields) -> Payload:
    """Run get: one record by its natural id."""
    legacy_name, key = fields.attribute("object"), fields.attribute("key")
    kind = _legacy_type(legacy_name)
    natural = require_column(kind, kind.natural_key)
    found = [
        each
        for each in kind.visible(context.company, context.scope)
        if print_value(natural.get(each)) == key
    ]
    if not found:
        raise errors.refuse("BL03002028", f"No data found for {legacy_name} {key}")
    rows = [_lower(_row(_listed(kind, fields), each)) for each in found]
    return RowsPayload(legacy_name, rows, {"listtype": legacy_name, "count": str(len(rows))})


def _read_by(context: Context, fields: Fields, key_name: str) -> Payload:
    kind = object_type(fields.required("object"))
    columns = _selected(kind, fields.text("fields"))
    keys = [key.strip() for key in fields.text("keys").split(",") if key.strip()]
    key_column = require_column(kind, key_name)
    wanted = set(keys)
    found = [
        each
        for each in kind.visible(context.company, context.scope)
        if not keys or print_value(key_column.get(each)) in wanted
    ][:_PAGE_DEFAULT]
    if keys and not found and context.company.switches.missing_read == "error":
        raise errors.no_record(", ".join(keys))
    lower = context.company.switches.read_row_tag == "lower"
    rows = [_row(columns, each) for each in found]
    attributes = {"listtype": kind.name, "count": str(len(rows))}
    return RowsPayload(kind.name.lower() if lower else kind.name, rows, attributes)


def _page_payload(page: Page) -> Payload:
    name = page.object_name.lower()
    attributes = {
        "listtype": name,
        "count": str(len(page.rows)),
        "totalcount": str(page.total),
        "numremaining": str(page.remaining),
        "resultId": page.result_id,
    }
    return RowsPayload(name, page.rows, attributes)


def _page_size(text: str) -> int:
    size = int(text) if text.isdigit() else _PAGE_DEFAULT if not text else 0
    if not 1 <= size <= _READ_BY_QUERY_PAGE_MAX:
        raise errors.illegal("pagesize", text)
    return size


def _selected(kind: ObjectType[Any], text: str) -> list[Column[Any]]:
    """Return the columns of a comma separated list; ``*`` or nothing means all."""
    if text.strip() in {"", "*"}:
        return list(kind.columns)
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if kind.column(name) is None]
    if unknown:
        raise errors.refuse(
            "DL02000001",
            f"There was an error processing the request: unknown fields {', '.join(unknown)}",
        )
    return [require_column(kind, name) for name in names]


def _row(columns: Iterable[Column[Any]], record: Any) -> dict[str, str]:  # noqa: ANN401
    return {column.name: print_value(column.get(record)) for column in columns}


def _lower(row: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in row.items()}


def _legacy_type(name: str) -> ObjectType[Any]:
    if name not in LEGACY_OBJECTS:
        raise errors.refuse("BL03002028", f"The double has no legacy object {name}")
    return object_type(LEGACY_OBJECTS[name])


def _listed(kind: ObjectType[Any], fields: Fields) -> list[Column[Any]]:
    names = [each.text(".") for each in fields.each("fields/field")]
    return [require_column(kind, name) for name in names] or list(kind.columns)


def _count(text: str, default: int) -> int:
    return int(text) if text.isdigit() else default


def _query_rows(kind: ObjectType[Any], fields: Fields, records: list[Any]) -> list[dict[str, str]]:
    selected = [(each.name, each.text(".")) for each in fields.each("select/*")]
    plain = [require_column(kind, name) for tag, name in selected if tag == "field"]
    aggregates = [(tag, require_column(kind, name)) for tag, name in selected if tag != "field"]
    if not aggregates:
        return [_row(plain, each) for each in records]
    groups: dict[tuple[str, ...], list[Any]] = {}
    for record in records:
        key = tuple(print_value(column.get(record)) for column in plain)
        groups.setdefault(key, []).append(record)
    if not plain and not groups:
        groups[()] = []
    return [
        {column.name: value for column, value in zip(plain, key, strict=True)}
        | {
            f"{tag.upper()}.{column.name}": print_value(_aggregate(tag, column, members))
            for tag, column in aggregates
        }
        for key, members in groups.items()
    ]


def _aggregate(tag: str, column: Column[Any], records: list[Any]) -> Value:
    values = [value for value in map(column.get, records) if value not in {None, ""}]
    if tag == "count":
        return len(values)
    if not values:
        return None
    match tag:
        case "min":
            return min(values, key=sort_key)
        case "max":
            return max(values, key=sort_key)
    if not all(isinstance(value, Decimal | int) for value in values):
        raise errors.refuse("Query Failed", f"{column.name} is not a number")
    total = sum((Decimal(str(value)) for value in values), Decimal(0))
    return total if tag == "sum" else total / len(values)
