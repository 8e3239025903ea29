"""Filters: one small tree for the XML of ``query``, the text of ``readByQuery``, and get_list.

Source: dossier 7.9 (operators; unknown field XL03000006).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books.money import parse_decimal
from tests.sandbox.intacct.objects.types import Column, ObjectType, Value

Operator = Literal[
    "=", "!=", "<", "<=", ">", ">=", "like", "not like", "between", "in", "not in",
    "is null", "is not null",
]  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """A field compared with values."""

    field: str
    operator: Operator
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Junction:
    """Several conditions of which all or any must hold."""

    kind: Literal["and", "or"]
    parts: "tuple[Filter, ...]"


Filter = Comparison | Junction
Predicate = Callable[[Any], bool]


@dataclass(frozen=True)
class Dialect:
    """How values compare: letters instead of labels (readByQuery), case folded or not."""

    letters: bool = False
    case_insensitive: bool = False


def compile_filter(node: Filter | None, object_type: ObjectType[Any], how: Dialect) -> Predicate:
    """Turn a filter into a predicate over records.

    Raises:
        FunctionFailedError: unknown field, or a value that does not fit its type.
    """
    if node is None:
        return lambda _: True
    if isinstance(node, Junction):
        parts = [compile_filter(part, object_type, how) for part in node.parts]
        return _all_of(parts) if node.kind == "and" else _any_of(parts)
    column = require_column(object_type, node.field)
    return _comparison(node, column, how)


def _all_of(parts: Sequence[Predicate]) -> Predicate:
    def matches(record: Any) -> bool:  # noqa: ANN401 - records of any type
        for part in parts:  # noqa: SIM110 - a ledger has too many lines for a generator each
            if not part(record):
                return False
        return True

    return matches


def _any_of(parts: Sequence[Predicate]) -> Predicate:
    return lambda record: any(part(record) for part in parts)


def require_column(object_type: ObjectType[Any], name: str) -> Column[Any]:
    """Return a column.

    Raises:
        FunctionFailedError: XL03000006, the field cannot be queried.
    """
    column = object_type.column(name)
    if column is None:
        raise errors.refuse(
            errors.SIGN_IN_ERROR,
            f"The following fields cannot be queried: {name} of {object_type.name}",
        )
    return column


def sort_key(value: Value) -> tuple[bool, Any]:
    """Order values of one column, empty ones first."""
    empty = value is None or value == ""
    return (not empty, "" if empty else value)


def _comparison(node: Comparison, column: Column[Any], how: Dialect) -> Predicate:
    get = column.letter if how.letters and column.letter else column.get
    if node.operator in {"is null", "is not null"}:
        wanted = node.operator == "is null"
        return lambda record: (get(record) in {None, ""}) is wanted
    if node.operator in {"like", "not like"}:
        pattern = _like_pattern(node.values[0], how)
        wanted = node.operator == "like"
        return lambda record: bool(pattern.fullmatch(str(get(record) or ""))) is wanted
    values = [_parse(column, text, how) for text in node.values]
    test = _test(node.operator, values)

    def matches(record: Any) -> bool:  # noqa: ANN401 - records of any type
        value = _normal(get(record), how)
        if value is None or value == "":
            return node.operator == "=" and values == [""]
        return test(value)

    return matches


def _test(operator: Operator, values: list[Any]) -> Callable[[Any], bool]:
    first = values[0]
    tests: dict[str, Callable[[Any], bool]] = {
        "=": lambda value: bool(value == first),
        "!=": lambda value: bool(value != first),
        "<": lambda value: bool(value < first),
        "<=": lambda value: bool(value <= first),
        ">": lambda value: bool(value > first),
        ">=": lambda value: bool(value >= first),
        "between": lambda value: bool(first <= value <= values[-1]),
        "in": lambda value: value in values,
        "not in": lambda value: value not in values,
    }
    return tests[operator]


def _parse(column: Column[Any], text: str, how: Dialect) -> Value:
    try:
        return _normal(_typed(column, text), how)
    except ValueError:
        raise errors.refuse(
            "DL02000001", f"There was an error processing the request: {column.name} = {text}"
        ) from None


def _typed(column: Column[Any], text: str) -> Value:
    if not text:
        return ""
    match column.data_type:
        case "INTEGER":
            return int(text)
        case "DECIMAL":
            return parse_decimal(text)
        case "DATE":
            return _moment(text).date()
        case "TIMESTAMP":
            return _moment(text)
        case "BOOLEAN":
            return text.lower() in {"true", "t"}
        case _:
            return text


def _moment(text: str) -> datetime:
    for form in ("%m/%d/%Y", "%m/%d/%Y %H:%M:%S"):
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - compared without a zone below
        except ValueError:
            continue
    raise ValueError(text)


def _normal(value: Value, how: Dialect) -> Value:
    if how.case_insensitive and isinstance(value, str):
        return value.casefold()
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _like_pattern(text: str, how: Dialect) -> re.Pattern[str]:
    parts = {"%": ".*", "_": "."}
    source = "".join(parts.get(character, re.escape(character)) for character in text)
    return re.compile(source, re.DOTALL | (re.IGNORECASE if how.case_insensitive else 0))
