"""YAML without its traps: no key twice, no references, no keys but text, bounded size."""

from typing import Any

import yaml

SIZE_MAX_BYTES = 256 * 1024


class StrictYamlError(ValueError):
    """The text is not YAML that we accept; says where."""


class _StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, a key that is not text, and aliases."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node; an alias could make a small file enormous, and hides what is said."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise StrictYamlError(f"aliases (`*`) are not accepted{_place(event.start_mark)}")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Construct a mapping; YAML itself lets the last of two equal keys win in silence."""
        seen: set[str] = set()
        for key, _ in node.value:
            name = key.value
            if key.tag != "tag:yaml.org,2002:str":
                raise StrictYamlError(
                    f"the key {name} must be text: put it in quotes{_place(key.start_mark)}"
                )
            if name in seen:
                raise StrictYamlError(f"the key {name} is given twice{_place(key.start_mark)}")
            seen.add(name)
        return super().construct_mapping(node, deep)


def load(text: str) -> object:
    """Return the content of a YAML text.

    Raises:
        StrictYamlError: it is too large, not YAML, or uses what we refuse; names line and column.
    """
    if len(text.encode("utf-8", errors="replace")) > SIZE_MAX_BYTES:
        raise StrictYamlError(f"is larger than {SIZE_MAX_BYTES} bytes")
    try:
        return yaml.load(text, _StrictLoader)  # noqa: S506 - a subclass of SafeLoader
    except StrictYamlError:
        raise
    except yaml.MarkedYAMLError as error:
        problem = error.problem or "is not YAML"
        raise StrictYamlError(f"{problem}{_place(error.problem_mark)}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise StrictYamlError(f"is not YAML: {error}") from error


def _place(mark: Any) -> str:  # noqa: ANN401 - PyYAML has two classes of marks
    return "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
