"""DynamoDB's attribute values, for the few types that our items have."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

Plain = str | int | bool | bytes
Item = Mapping[str, Any]
"""An item as the low-level client gives and takes it: name -> {type: value}."""
_AS_THEY_ARE = frozenset({"S", "BOOL", "B"})


def attribute(value: Plain) -> "AttributeValueTypeDef":
    """Return a value in DynamoDB's notation; numbers are whole."""
    # A bool is an int in Python, so it must be asked first.
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, bytes):
        return {"B": value}
    return {"S": value}


def attributes(**values: Plain | None) -> "dict[str, AttributeValueTypeDef]":
    """Return the values in DynamoDB's notation, leaving out those that are None."""
    return {name: attribute(value) for name, value in values.items() if value is not None}


def plain(value: "AttributeValueTypeDef") -> Plain:
    """Return the value that `attribute` was given.

    Raises:
        ValueError: the value is of a type that we never write.
    """
    # A posting has thirty of them, and a batch reads dozens: patterns of mappings take five times
    # as long.
    ((kind, content),) = value.items()
    if kind in _AS_THEY_ARE:
        return cast("Plain", content)
    if kind == "N":
        return int(cast("str", content))
    raise ValueError(f"an attribute of type {kind} is not ours")


def plains(item: Item) -> dict[str, Any]:
    """Return an item's values under their names."""
    return {name: plain(value) for name, value in item.items()}
