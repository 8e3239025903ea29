"""Filters from the SQL-like text of readByQuery.

Source: dossier 7.9 (operators) and 1.5 (single-quoted literals, a quote is escaped by a
backslash).
"""

import re
from dataclasses import dataclass, field

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.objects.filters import Comparison, Filter, Junction, Operator

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:[^'\\]|\\.)*')|(?P<word>[A-Za-z_][\w.]*)|(?P<number>-?\d+(\.\d+)?)
        |(?P<symbol><=|>=|!=|<>|[=<>(),]))""",
    re.VERBOSE,
)
_SYMBOLS: dict[str, Operator] = {
    "=": "=",
    "!=": "!=",
    "<>": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


@dataclass
class _Parser:
    tokens: list[_Token]
    position: int = 0
    source: str = field(default="", repr=False)

    def word(self) -> str:
        """Return the next token in lower case if it is a word, without taking it."""
        token = self.peek()
        return token.text.lower() if token and token.kind == "word" else ""

    def peek(self) -> _Token | None:
        """Return the next token without taking it."""
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def take(self) -> _Token:
        """Take the next token."""
        token = self.peek()
        if token is None:
            raise _malformed(self.source)
        self.position += 1
        return token

    def expect(self, text: str) -> None:
        """Take a token that must be the given one."""
        if self.take().text.lower() != text:
            raise _malformed(self.source)

    def either(self) -> Filter:
        """Read conditions joined by OR."""
        parts = [self.both()]
        while self.word() == "or":
            self.take()
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Junction("or", tuple(parts))

    def both(self) -> Filter:
        """Read conditions joined by AND, which binds tighter."""
        parts = [self.condition()]
        while self.word() == "and":
            self.take()
            parts.append(self.condition())
        return parts[0] if len(parts) == 1 else Junction("and", tuple(parts))

    def condition(self) -> Filter:
        """Read one comparison or a parenthesised expression."""
        token = self.take()
        if token.text == "(":
            inner = self.either()
            self.expect(")")
            return inner
        if token.kind != "word":
            raise _malformed(self.source)
        operator = self.operator()
        if operator in {"is null", "is not null"}:
            return Comparison(token.text, operator)
        if operator in {"in", "not in"}:
            return Comparison(token.text, operator, self.value_list())
        return Comparison(token.text, operator, (self.value(),))

    def operator(self) -> Operator:
        """Read a symbol or a word operator."""
        token = self.take()
        if token.kind == "symbol" and token.text in _SYMBOLS:
            return _SYMBOLS[token.text]
        match token.text.lower():
            case "like":
                return "like"
            case "in":
                return "in"
            case "not":
                return self._negated()
            case "is":
                return self._null_test()
        raise _malformed(self.source)

    def _negated(self) -> Operator:
        match self.take().text.lower():
            case "like":
                return "not like"
            case "in":
                return "not in"
        raise _malformed(self.source)

    def _null_test(self) -> Operator:
        if self.word() == "not":
            self.take()
            self.expect("null")
            return "is not null"
        self.expect("null")
        return "is null"

    def value_list(self) -> tuple[str, ...]:
        """Read values in parentheses."""
        self.expect("(")
        values = [self.value()]
        while self.peek() == _Token("symbol", ","):
            self.take()
            values.append(self.value())
        self.expect(")")
        return tuple(values)

    def value(self) -> str:
        """Read a literal; bare words such as true are taken as they are."""
        token = self.take()
        if token.kind == "string":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        if token.kind in {"number", "word"}:
            return token.text
        raise _malformed(self.source)


def parse_filter(text: str) -> Filter | None:
    """Parse the text; empty means everything.

    Raises:
        FunctionFailedError: ``Query Failed`` (an errorno that carries text, dossier 2.6).
    """
    if not text.strip():
        return None
    parser = _Parser(_tokens(text), source=text)
    found = parser.either()
    if parser.peek() is not None:
        raise _malformed(text)
    return found


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise _malformed(text)
        kind = next(name for name, value in found.groupdict().items() if value is not None)
        tokens.append(_Token(kind, found.group(kind)))
        position = found.end()
    return tokens


def _malformed(text: str) -> errors.FunctionFailedError:
    return errors.refuse("Query Failed", f"The query cannot be understood: {text}")
