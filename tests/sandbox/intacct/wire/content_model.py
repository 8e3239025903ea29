"""A small language for content models, and a validator for them.

A model is a regular expression over the names of an element's children; it is compiled to a
``re`` pattern over those names, each followed by a space. The notation is the dossier's
(section 1.2): ``,`` sequence, ``|`` choice, ``? * + {m,n}`` repetition, ``ALL(...)`` any order
with each child once, ``ANY`` any element (unchecked), ``TEXT``, ``EMPTY``, and ``OPEN`` for
anything at all. ``@name`` is an attribute, ``@name!`` a required one, ``:bool`` restricts a value.
``%name`` is a macro. ``parent/child = ...`` gives a name another model inside one parent.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

from lxml import etree

_VALUE_PATTERNS = {
    "text": re.compile(r".*", re.DOTALL),
    "bool": re.compile(r"true|false"),
    "flag": re.compile(r"\s*(true|false|0|1)\s*"),
    "id256": re.compile(r".{0,256}", re.DOTALL),
    "pagesize": re.compile(r"\s*(1\d{0,3}|2000|[2-9]\d{0,2})\s*"),
    "offset": re.compile(r"\s*\d+\s*"),
}
_TOKEN = re.compile(r"\s*([A-Za-z_][\w.-]*|\{\d+,\d*\}|[,|()?*+])")


@dataclass(frozen=True)
class Violation:
    """The first place where a request leaves the schema."""

    line: int
    text: str


@dataclass(frozen=True)
class Attribute:
    """One declared attribute."""

    name: str
    required: bool
    value_type: str


@dataclass(frozen=True)
class Model:
    """What an element may contain.

    ``text_type`` is set for leaves; ``names`` is the order-free form (``ALL``) as pairs of name
    and required; otherwise ``pattern`` decides.
    """

    source: str
    attributes: tuple[Attribute, ...] = ()
    text_type: str | None = None
    pattern: re.Pattern[str] | None = None
    any_order: tuple[tuple[str, bool], ...] = ()
    open_content: bool = False
    unchecked: bool = False

    def accepts(self, names: list[str]) -> bool:
        """Tell whether these child names, in this order, are allowed."""
        if self.any_order:
            return self._accepts_any_order(names)
        if self.pattern is None:
            return not names
        return self.pattern.fullmatch("".join(f"{name} " for name in names)) is not None

    def _accepts_any_order(self, names: list[str]) -> bool:
        known = {name for name, _ in self.any_order}
        needed = {name for name, required in self.any_order if required}
        return len(names) == len(set(names)) and needed <= set(names) <= known


TEXT_LEAF = Model(source="TEXT", text_type="text")


@dataclass(frozen=True)
class Schema:
    """Models by element name, or by ``parent/child`` where the parent matters."""

    models: dict[str, Model] = field(default_factory=dict)

    @classmethod
    def parse(cls, source: str) -> "Schema":
        """Read the notation described at the top of the module."""
        macros: dict[str, str] = {}
        models: dict[str, Model] = {}
        for line in _logical_lines(source):
            name, _, body = (part.strip() for part in line.partition("="))
            body = re.sub(r"%(\w+)", lambda found: macros[found.group(1)], body)
            if name.startswith("%"):
                macros[name[1:]] = body
            else:
                models[name] = _parse_model(body)
        return cls(models)

    def model(self, parent: str, name: str) -> Model:
        """Return the model of an element; undeclared names are text leaves."""
        return self.models.get(f"{parent}/{name}") or self.models.get(name) or TEXT_LEAF

    def first_violation(self, root: etree._Element, root_name: str) -> Violation | None:
        """Validate a document; None means valid."""
        if root.tag != root_name:
            return Violation(_line(root), f"Error 504: Element {root.tag} is not {root_name}")
        return self._first(root, "")

    def _first(self, element: etree._Element, parent: str) -> Violation | None:
        tag = str(element.tag)
        model = self.model(parent, tag)
        if model.unchecked:
            return None
        inner = children(element)
        found = next(_own_violations(element, model, [str(child.tag) for child in inner]), None)
        if found is not None or model.open_content:
            return found
        return next(filter(None, (self._first(child, tag) for child in inner)), None)


def children(element: etree._Element) -> list[etree._Element]:
    """Return the child elements without comments and processing instructions."""
    return [child for child in element if isinstance(child.tag, str)]


def _logical_lines(source: str) -> Iterator[str]:
    """Join indented continuation lines to the declaration they belong to."""
    current = ""
    for raw in source.splitlines():
        line = raw.split("#", 1)[0].rstrip()
        if line.startswith(" "):
            current += line
        elif line:
            if current:
                yield current
            current = line
    if current:
        yield current


def _parse_model(body: str) -> Model:
    content, *raw_attributes = (part.strip() for part in body.split("@"))
    attributes = tuple(_parse_attribute(raw) for raw in raw_attributes)
    if content.startswith("TEXT"):
        text_type = content.partition(":")[2] or "text"
        return Model(content, attributes, text_type=text_type)
    if content == "OPEN":
        return Model(content, attributes, unchecked=True)
    if content == "EMPTY":
        return Model(content, attributes)
    if content == "ANY+":
        return Model(content, attributes, pattern=re.compile(r"(?:\S+ )+"), open_content=True)
    if content.startswith("ALL("):
        inner = [name.strip() for name in content[4:-1].split(",")]
        pairs = tuple((name.rstrip("?"), not name.endswith("?")) for name in inner)
        return Model(content, attributes, any_order=pairs)
    return Model(content, attributes, pattern=re.compile(_to_regex(content)))


def _parse_attribute(raw: str) -> Attribute:
    name, _, value_type = raw.partition(":")
    return Attribute(name.rstrip("!"), name.endswith("!"), value_type or "text")


def _to_regex(content: str) -> str:
    parts: list[str] = []
    position = 0
    while position < len(content.rstrip()):
        found = _TOKEN.match(content, position)
        if found is None:
            raise ValueError(f"bad content model at {content[position:]!r}")
        position = found.end()
        token = found.group(1)
        if token == ",":
            continue
        if token == "(":
            parts.append("(?:")
        elif token[0].isalpha() or token[0] == "_":
            parts.append(f"(?:{re.escape(token)} )")
        else:
            parts.append(token)
    return "".join(parts)


def _own_violations(element: etree._Element, model: Model, names: list[str]) -> Iterator[Violation]:
    """Yield what is wrong with an element itself, whatever is inside its children."""
    if element.attrib or model.attributes:
        yield from _attribute_violations(element, model)
    if not model.accepts(names):
        yield Violation(
            _line(element),
            f"Error 504: Element {element.tag} content does not follow the DTD,"
            f" expecting ({model.source}), got ({' '.join(names)})",
        )
    yield from _text_violations(element, model)


def _attribute_violations(element: etree._Element, model: Model) -> Iterator[Violation]:
    declared = {each.name: each for each in model.attributes}
    for name, value in element.attrib.items():
        known = declared.get(str(name))
        if known is None:
            yield Violation(
                _line(element), f"Error 533: No declaration for attribute {name!s} of {element.tag}"
            )
        elif not _VALUE_PATTERNS[known.value_type].fullmatch(str(value)):
            yield Violation(
                _line(element), f"Error: illegal value of attribute {name!s} of {element.tag}"
            )
    for each in model.attributes:
        if each.required and each.name not in element.attrib:
            yield Violation(
                _line(element),
                f"Error 518: Element {element.tag} does not carry attribute {each.name}",
            )


def _text_violations(element: etree._Element, model: Model) -> Iterator[Violation]:
    if model.text_type is not None:
        text = "".join(str(piece) for piece in element.itertext()) if len(element) else element.text
        if not _VALUE_PATTERNS[model.text_type].fullmatch(text or ""):
            yield Violation(_line(element), f"Error: illegal value of element {element.tag}")
        return
    pieces = [element.text, *(child.tail for child in element)]
    if any(piece and piece.strip() for piece in pieces):
        yield Violation(_line(element), f"Error: Element {element.tag} may not contain text")


def _line(element: etree._Element) -> int:
    return cast("int", element.sourceline)
