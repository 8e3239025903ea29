"""DynamoDB's condition and update expressions, as far as our adapters and Powertools use them.

Source: DynamoDB developer guide, "Condition and filter expressions" and "Update expressions".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

Attribute = Mapping[str, Any]
Item = dict[str, Attribute]
Names = Mapping[str, str]
Values = Mapping[str, Attribute]
Holds = Callable[[Item, Names, Values], bool]
_Operand = Callable[[Item, Names, Values], Any]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+\[\]]|[#:]?\w+)")
_COMPARES: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one is not None and other is not None and one < other,
    "<=": lambda one, other: one is not None and other is not None and one <= other,
    ">": lambda one, other: one is not None and other is not None and one > other,
    ">=": lambda one, other: one is not None and other is not None and one >= other,
}


def plain(attribute: Attribute | None) -> Any:  # noqa: ANN401 - an attribute holds anything
    """Return the value of an attribute, comparable with others of its type; None if absent."""
    if attribute is None:
        return None
    ((kind, value),) = attribute.items()
    return int(value) if kind == "N" else value


@cache
def condition(text: str) -> Holds:
    """Return the test that a condition expression asks for."""
    tokens = _Tokens(text)
    holds = _any_of(tokens)
    assert tokens.next is None, f"{text!r} ends before {tokens.next!r}"
    return holds


def updated(item: Item, text: str, names: Names, values: Values) -> Item:
    """Return the item as an update expression leaves it."""
    after = dict(item)
    for clause in _clauses(text):
        for path, change in clause.changes:
            name = names[path]
            match clause.word:
                case "SET":
                    after[name] = _set(change, item, names, values)
                case "ADD":
                    total = (plain(item.get(name)) or 0) + plain(values[change])
                    after[name] = {"N": str(total)}
                case "REMOVE":
                    after.pop(name, None)
    return after


@dataclass(frozen=True)
class _Clause:
    word: str
    changes: tuple[tuple[str, str], ...]


@cache
def _clauses(text: str) -> tuple[_Clause, ...]:
    parts = re.split(r"\b(SET|REMOVE|ADD)\b", text)[1:]
    return tuple(
        _Clause(word, tuple(_change(word, each) for each in re.split(r",(?![^(]*\))", listed)))
        for word, listed in zip(parts[::2], parts[1::2], strict=True)
    )


def _change(word: str, text: str) -> tuple[str, str]:
    path, _, change = text.strip().partition("=" if word == "SET" else " ")
    assert path.strip().startswith("#"), f"{text!r}: our attributes go by placeholders"
    return path.strip(), change.strip()


def _set(change: str, item: Item, names: Names, values: Values) -> Attribute:
    if change.startswith(":"):
        return values[change]
    appended = re.fullmatch(r"list_append\(if_not_exists\((#\w+), (:\w+)\), (:\w+)(?:\))", change)
    assert appended is not None, f"an update that nobody wrote before: {change}"
    there = item.get(names[appended[1]], values[appended[2]])
    return {"L": [*there["L"], *values[appended[3]]["L"]]}


class _Tokens:
    def __init__(self, text: str) -> None:
        self._left: list[str] = _TOKEN.findall(text)[::-1]

    @property
    def next(self) -> str | None:
        return self._left[-1] if self._left else None

    def take(self, *expected: str) -> str:
        found = self._left.pop()
        assert not expected or found in expected, f"{found!r} instead of {expected}"
        return found


def _any_of(tokens: _Tokens) -> Holds:
    either = [_all_of(tokens)]
    while tokens.next == "OR":
        tokens.take()
        either.append(_all_of(tokens))
    return lambda item, names, values: any(each(item, names, values) for each in either)


def _all_of(tokens: _Tokens) -> Holds:
    both = [_term(tokens)]
    while tokens.next == "AND":
        tokens.take()
        both.append(_term(tokens))
    return lambda item, names, values: all(each(item, names, values) for each in both)


def _term(tokens: _Tokens) -> Holds:
    if tokens.next == "(":
        tokens.take()
        inner = _any_of(tokens)
        tokens.take(")")
        return inner
    if tokens.next in {"attribute_exists", "attribute_not_exists"}:
        wanted = tokens.take() == "attribute_exists"
        tokens.take("(")
        path = tokens.take()
        tokens.take(")")
        return lambda item, names, _: (names[path] in item) is wanted
    left = _operand(tokens)
    word = tokens.take("BETWEEN", *_COMPARES)
    if word == "BETWEEN":
        low = _operand(tokens)
        tokens.take("AND")
        high = _operand(tokens)
        return lambda *of: (at := left(*of)) is not None and low(*of) <= at <= high(*of)
    right, compare = _operand(tokens), _COMPARES[word]
    return lambda *of: compare(left(*of), right(*of))


def _operand(tokens: _Tokens) -> _Operand:
    token = tokens.take()
    if token.startswith(":"):
        return lambda _item, _names, values: plain(values[token])
    assert token.startswith("#"), f"{token!r}: our attributes go by placeholders"
    return lambda item, names, _: plain(item.get(names[token]))
