"""Filters from XML: ``query``'s filter element and get_list's expressions (dossier 7.9, 1.3)."""

from collections.abc import Mapping

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.objects.filters import Comparison, Filter, Junction, Operator
from tests.sandbox.intacct.wire.elements import Fields

_OPERATORS: Mapping[str, Operator] = {
    "equalto": "=",
    "notequalto": "!=",
    "lessthan": "<",
    "lessthanorequalto": "<=",
    "greaterthan": ">",
    "greaterthanorequalto": ">=",
    "like": "like",
    "notlike": "not like",
    "between": "between",
    "in": "in",
    "notin": "not in",
    "isnull": "is null",
    "isnotnull": "is not null",
}
_EXPRESSION_OPERATORS: Mapping[str, Operator] = {
    "=": "=",
    "!=": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "like": "like",
    "is null": "is null",
}


def query_filter(query: Fields) -> Filter | None:
    """Read the one condition under ``filter``, if any; the schema has checked its form."""
    for condition in query.each("filter/*"):
        return _condition(condition)
    return None


def _condition(element: Fields) -> Filter:
    match element.name:
        case "and":
            return Junction("and", tuple(_condition(part) for part in element.each("*")))
        case "or":
            return Junction("or", tuple(_condition(part) for part in element.each("*")))
        case name:
            values = tuple(value.text(".") for value in element.each("value"))
            return Comparison(element.required("field"), _OPERATORS[name], values)


def list_filter(call: Fields) -> Filter | None:
    """Read get_list's filter; expressions side by side must all hold."""
    parts = tuple(_list_condition(part) for part in call.each("filter/*"))
    return Junction("and", parts) if parts else None


def _list_condition(element: Fields) -> Filter:
    if element.name == "logical":
        kind = element.attribute("logical_operator")
        parts = tuple(_list_condition(part) for part in element.each("*"))
        return Junction("or" if kind == "or" else "and", parts)
    operator = _EXPRESSION_OPERATORS.get(element.text("operator").lower())
    if operator is None:
        raise errors.illegal("operator", element.text("operator"))
    return Comparison(element.required("field"), operator, (element.text("value"),))
