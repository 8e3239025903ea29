"""YAML without its traps: no key twice, no references, no keys but text, bounded size.

Only `true`, `false`, numbers and null are more than text. A day stays text, so that one that no
calendar has is an error of its setting; `no` and `off` stay text, too.
"""

import re
from dataclasses import dataclass
from typing import Any

import yaml

SIZE_MAX_BYTES = 256 * 1024


class StrictYamlError(ValueError):
    """The text is not YAML at all, or too large; says where."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a text says.

    Attributes:
        content: with what was refused left out.
        errors: everything in it that we refuse, each with line and column.
    """

    content: object
    errors: tuple[str, ...]


class _StrictLoader(yaml.SafeLoader):
    """A safe loader that notes keys given twice, keys that are not text, and aliases."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.errors: list[str] = []

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node; an alias could make a small file enormous, and hides what is said."""
        if not self.check_event(yaml.AliasEvent):
            return super().compose_node(parent, index)
        alias = self.get_event()  # type: ignore[no-untyped-call]
        self._note("aliases (`*`) are not accepted", alias.start_mark)
        return yaml.ScalarNode("tag:yaml.org,2002:str", "", alias.start_mark, alias.end_mark)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Construct a mapping; YAML itself lets the last of two equal keys win in silence."""
        mapping: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag != "tag:yaml.org,2002:str":
                name = key.value if isinstance(key, yaml.ScalarNode) else "at this place"
                self._note(f"the key {name} must be text: put it in quotes", key.start_mark)
            elif key.value in mapping:
                self._note(f"the key {key.value} is given twice", key.start_mark)
            else:
                mapping[key.value] = self.construct_object(value, deep=deep)
        return mapping

    def _note(self, problem: str, mark: yaml.Mark) -> None:
        self.errors.append(problem + _place(mark))


# PyYAML looks resolvers up by the first character of a scalar.
_StrictLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), "tf")


def load(text: str) -> Loaded:
    """Return the content of a YAML text, and what of it we do not accept.

    Raises:
        StrictYamlError: it is too large or not YAML, so that nothing can be said about the rest;
            names line and column.
    """
    if len(text.encode("utf-8", errors="replace")) > SIZE_MAX_BYTES:
        raise StrictYamlError(f"is larger than {SIZE_MAX_BYTES} bytes")
    try:
        loader = _StrictLoader(text)
        content = loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        problem = error.problem or "is not YAML"
        raise StrictYamlError(f"{problem}{_place(error.problem_mark)}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise StrictYamlError(f"is not YAML: {error}") from error
    return Loaded(content, tuple(loader.errors))


def _place(mark: Any) -> str:  # noqa: ANN401 - PyYAML has two classes of marks
    return "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
