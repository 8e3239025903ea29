"""Conditions and values of policy rules, in JMESPath, over facts that have a fixed shape.

What JMESPath itself would pass over in silence is refused when the policy is read: a fact that does
not exist, a function that does not exist, and text in double quotes, which means a name there.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

import jmespath
from jmespath.exceptions import JMESPathError, JMESPathTypeError, ParseError
from jmespath.functions import Functions
from jmespath.parser import ParsedResult

from tieout.domain.policy_reader import suggestion

Facts = Mapping[str, Any]
"""What is known of the thing to book: see docs/policy.md, "Facts"."""

# Of each fact, what is in it: None for a single value, an empty set for keys of the company's own.
FACTS: Mapping[str, frozenset[str] | None] = {
    "kind": None,
    "stripe_account": None,
    "currency": None,
    "amount_minor": None,
    "customer": frozenset({"id", "metadata", "country"}),
    "invoice": frozenset({"id", "number", "metadata"}),
    "line": frozenset(
        {"id", "description", "price", "product", "proration", "metadata", "amount_minor"}
    ),
    "tax": frozenset({"rate"}),
    "fee": frozenset({"category", "type", "description"}),
    "movement": frozenset({"type", "reporting_category", "description"}),
    "charge": frozenset({"id", "description", "payment_method", "metadata"}),
    "metadata": frozenset(),
}

EXPRESSION_LENGTH_MAX = 1_000
# What looks like a value, and is one only in backticks.
_LITERALS = frozenset({"true", "false", "null"})
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
# So many answers are kept for each expression.
ANSWERS_MAX = 1_000
# Their first child is asked of the facts; the others of what the first one gave.
_NARROWING = frozenset(
    {
        "subexpression",
        "index_expression",
        "pipe",
        "projection",
        "value_projection",
        "filter_projection",
        "flatten",
    }
)
# Their answer follows from those of their children.
_OF_THEIR_PARTS = frozenset(
    {
        "and_expression",
        "comparator",
        "function_expression",
        "literal",
        "multi_select_list",
        "not_expression",
        "or_expression",
    }
)

# What a search raises. JMESPath checks neither what is looked for in a text nor what is compared,
# so that Python's own errors come through.
_FAILURES = (JMESPathError, TypeError, ValueError, ArithmeticError)


class ExpressionError(ValueError):
    """The text is no usable expression; says what and, if it can, at which column (from 1)."""


class Truth(Enum):
    """What a condition says."""

    YES = "yes"
    NO = "no"
    NEITHER = "neither"  # a text, a number, a list, or an error: an answer to no question


class Condition(Protocol):
    """What can be asked of facts."""

    def holds(self, facts: Facts) -> Truth:
        """Return whether the facts satisfy the condition."""
        ...


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; two that are written alike are equal, whatever their white space.

    Attributes:
        asks: the facts that the answer depends on, each as the names that lead to it; None if that
            cannot be told.
        answers: those given before, by the facts asked for. Most lines of a year are alike.
    """

    text: str = field(compare=False)
    tree: Mapping[str, Any]
    parsed: ParsedResult = field(compare=False, repr=False)
    asks: tuple[tuple[str, ...], ...] | None = field(compare=False, repr=False)
    answers: dict[tuple[Any, ...], Truth] = field(default_factory=dict, compare=False, repr=False)

    def holds(self, facts: Facts) -> Truth:
        """Return whether the facts satisfy the condition.

        A fact that is not there makes neither a condition nor an error: the answer is no.
        """
        if self.asks is None:
            return self._holds(facts)
        asked = tuple(_at(facts, each) for each in self.asks)
        try:
            known = self.answers.get(asked)
        except TypeError:
            # Not a single value, but an object or a list.
            return self._holds(facts)
        if known is None:
            if len(self.answers) >= ANSWERS_MAX:
                self.answers.clear()
            known = self.answers[asked] = self._holds(facts)
        return known

    def _holds(self, facts: Facts) -> Truth:
        try:
            value = self.parsed.search(facts)
        except JMESPathTypeError as error:
            return Truth.NO if error.actual_type == "null" else Truth.NEITHER
        except _FAILURES as error:
            return Truth.NO if "NoneType" in str(error) else Truth.NEITHER
        if value is True:
            return Truth.YES
        return Truth.NO if value is None or value is False else Truth.NEITHER

    def value(self, facts: Facts) -> str | None:
        """Return a text or a number as text; None for everything else."""
        try:
            value = self.parsed.search(facts)
        except _FAILURES:
            return None
        is_single = isinstance(value, str | int) and not isinstance(value, bool)
        return str(value) if is_single else None


def compile_expression(text: str) -> Expression:
    """Return the expression that `text` is.

    Raises:
        ExpressionError: it is none, or asks for what does not exist.
    """
    if len(text) > EXPRESSION_LENGTH_MAX:
        raise ExpressionError(f"is longer than {EXPRESSION_LENGTH_MAX} characters")
    try:
        parsed = jmespath.compile(text)
    except ParseError as error:
        column = (error.lex_position if error.lex_position >= 0 else len(text)) + 1
        raise ExpressionError(f"column {column}: {_problem(error, text)}") from error
    except JMESPathError as error:
        raise ExpressionError(" ".join(str(error).split())) from error
    problem = next(_problems(parsed.parsed), None)
    if problem is not None:
        raise ExpressionError(problem)
    try:
        asks = tuple(dict.fromkeys(_asks(parsed.parsed)))
    except _NotToldError:
        return Expression(text, parsed.parsed, parsed, None)
    return Expression(text, parsed.parsed, parsed, asks)


class _NotToldError(Exception):
    """What an expression depends on cannot be told from its form."""


def _asks(node: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the facts that a part of an expression depends on."""
    children = node["children"]
    match node["type"]:
        case "field":
            yield (node["value"],)
        case "subexpression" if all(each["type"] == "field" for each in children):
            yield tuple(each["value"] for each in children)
        case kind if kind in _OF_THEIR_PARTS:
            for child in children:
                yield from _asks(child)
        case _:
            raise _NotToldError


def _at(facts: Facts, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - whatever the fact is
    """Return a fact as JMESPath finds it: nothing where there is no such thing."""
    value: Any = facts
    for name in path:
        if value is None:
            return None
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _problem(error: ParseError, text: str) -> str:
    number = _NUMBER.match(text, max(error.lex_position, 0))
    if number is not None:
        return f"a number goes in backticks: `{number.group()}`"
    if error.token_value:
        return f"`{error.token_value}` is not expected here"
    return "the expression is not finished"


def _problems(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a part of an expression that is asked of the facts."""
    children = node["children"]
    match node["type"]:
        case "field":
            yield from _unknown([node["value"]])
        case "subexpression" if children[0]["type"] == "field":
            names = [each.get("value") for each in children if each["type"] == "field"]
            yield from _unknown(names)
        case "function_expression":
            if node["value"] not in Functions.FUNCTION_TABLE:
                yield _no_such("function", node["value"], Functions.FUNCTION_TABLE)
            for child in children:
                yield from _problems(child)
        case "expref":
            return
        case kind:
            for child in children[:1] if kind in _NARROWING else children:
                yield from _problems(child)


def _unknown(names: list[str]) -> Iterator[str]:
    first, *rest = names
    if first in _LITERALS:
        yield f"{first} is a value only in backticks: `{first}`"
        return
    if first not in FACTS:
        yield _no_such("fact", first, FACTS) + ", or text that must be in single quotes"
        return
    parts = FACTS[first]
    if rest and parts is None:
        yield f"`{first}` is a single value: it has no `{rest[0]}`"
    elif rest and parts and rest[0] not in parts:
        yield f"`{first}.{rest[0]}` is no fact{suggestion(rest[0], parts)}"


def _no_such(what: str, name: str, known: Collection[str]) -> str:
    return f"`{name}` is no {what}{suggestion(name, known)}"
