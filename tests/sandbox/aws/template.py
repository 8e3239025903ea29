"""Read template.yaml as data; short forms such as `!Ref` become the long ones."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

TEMPLATE_PATH = Path(__file__).parents[3] / "template.yaml"


class _TemplateLoader(yaml.SafeLoader):
    """Understands `!Ref Key` and its like."""


def _function(loader: _TemplateLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


_TemplateLoader.add_multi_constructor("!", _function)


@cache
def load_template() -> dict[str, Any]:
    """Return the template with every function in its long form, such as {"Ref": "Key"}."""
    with TEMPLATE_PATH.open(encoding="utf-8") as file:
        template: dict[str, Any] = yaml.load(file, Loader=_TemplateLoader)  # noqa: S506
    return template


def resources_of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of every resource of one type, by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }
